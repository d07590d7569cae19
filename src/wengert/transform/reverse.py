"""Reverse mode: cotangents swept from the outputs to the inputs, each node once.

The nodes that the roots depend on are collected and sorted by the number they got when they were
made: newest first is an order in which every consumer comes before its producers. One sweep
serves first derivatives, with rules on plain arrays, and higher ones, with rules on tensors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import add, attrgetter
from typing import Any, Final

import numpy as np

from wengert.core.aval import Aval
from wengert.core.node import PROJECTION_PLAN, Node, project
from wengert.core.tensor import Tensor
from wengert.errors import DTypeError, FreedError, ShapeError, StaleError
from wengert.modes import current
from wengert.sites import Site

_by_sequence = attrgetter("sequence")
_ndarray: Final = np.ndarray


def conform(cotangent: Any, aval: Aval) -> Any:
    """Undo broadcasting and promotion: the cotangent in its primal's shape and dtype.

    Sums over the axes that were broadcast; takes the real part for a real primal.
    """
    if isinstance(cotangent, Tensor):
        return _conform_tensor(cotangent, aval)
    if not isinstance(cotangent, (_ndarray, np.generic)):
        cotangent = np.asarray(cotangent)
    if cotangent.shape != aval.shape:
        cotangent = _unbroadcast(cotangent, aval.shape)
    if cotangent.dtype != aval.dtype:
        if cotangent.dtype.kind == "c" and aval.dtype.kind != "c":
            cotangent = cotangent.real
        cotangent = cotangent.astype(aval.dtype)
    return cotangent[()] if not aval.shape and type(cotangent) is _ndarray else cotangent


def _conform_tensor(cotangent: Tensor, aval: Aval) -> Tensor:
    have = cotangent._data
    result: Any = cotangent
    if have.shape != aval.shape:
        result = _unbroadcast(result, aval.shape)
    if have.dtype != aval.dtype:
        if have.dtype.kind == "c" and aval.dtype.kind != "c":
            result = result.real
        result = result.to(aval.dtype)
    conformed: Tensor = result
    return conformed


def _unbroadcast(cotangent: Any, shape: tuple[int, ...]) -> Any:
    lead = cotangent.ndim - len(shape)
    if lead < 0:
        raise ShapeError(f"a cotangent of shape {tuple(cotangent.shape)} for a primal of {shape}")
    axes = tuple(range(lead)) + tuple(
        lead + i for i, length in enumerate(shape) if length == 1 and cotangent.shape[lead + i] != 1
    )
    summed = cotangent.sum(axes, keepdims=True) if axes else cotangent
    if summed.shape[lead:] != shape:
        raise ShapeError(f"a cotangent of shape {tuple(cotangent.shape)} for a primal of {shape}")
    return summed.reshape(shape)


class Rewrapped:
    """A node as the rules see it when they run on tensors: residuals carry their history.

    Without it the second derivative through a residual would silently be lost.
    """

    __slots__ = ("attrs", "node")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.attrs = node.attrs

    @property
    def value(self) -> Any:
        node = self.node
        if type(node.value) is tuple:
            return tuple(_output(node, i) for i in range(len(node.value)))
        return rewrap(node.value, node)

    @property
    def operands(self) -> tuple[Any, ...]:
        node = self.node
        values = node.operands or (None,) * len(node.inputs)
        return tuple(
            rewrap(value, source if isinstance(source, Node) else None)
            for value, source in zip(values, node.inputs, strict=True)
        )

    def operand_aval(self, i: int) -> Aval:
        return self.node.operand_aval(i)

    def operand_avals(self) -> tuple[Aval, ...]:
        return self.node.operand_avals()


def rewrap(value: Any, node: Node | None) -> Any:
    """A residual array as a tensor that comes from `node`; numbers and None as they are."""
    if not isinstance(value, (_ndarray, np.generic)):
        return value
    return from_node(value, node)


def from_node(data: Any, node: Node | None) -> Tensor:
    """A tensor handle on an array and its place in a graph."""
    tensor = Tensor.__new__(Tensor)
    tensor._data = data
    tensor._node = node
    tensor._memory = node._memory if node is not None else None
    tensor._extra = None
    return tensor


def _output(node: Node, i: int) -> Tensor:
    """Output i of a node with several: with the projection its own tensor has, if that lives."""
    value = node.value[i]
    known = node.extra.projections[i]() if node.extra is not None else None
    if known is None and value.dtype.kind in "fc":
        known = project(node, i, value, node.aval[i])
    return from_node(value, known)


def upstream(roots: Iterable[Node]) -> list[Node]:
    """The nodes that cotangents of the roots flow to, newest first; no recursion.

    A node is newer than all it depends on, so every consumer comes before its producers.
    """
    nodes = list(roots)
    seen = set(nodes)
    for node in nodes:  # grows while it is walked
        inputs = node.inputs
        for i in node.plan.wanted:
            source = inputs[i]
            if source not in seen:
                seen.add(source)
                nodes.append(source)
    nodes.sort(key=_by_sequence, reverse=True)
    return nodes


class Reach:
    """What a sweep is limited to: the targets, and the nodes through which they are reached."""

    __slots__ = ("sources", "targets", "through")

    def __init__(self, targets: set[Node], order: Sequence[Node]) -> None:
        self.targets = targets
        self.through: set[Node] = set()
        for node in reversed(order):
            for source in node.inputs:
                if isinstance(source, Node) and (source in self.through or source in targets):
                    self.through.add(node)
                    break
        self.sources = targets | self.through


def sweep_arrays(
    cotangents: dict[Node, Any], order: Sequence[Node], reach: Reach | None = None
) -> list[tuple[Node, Any]]:
    """Sweep cotangents back, with the rules on plain arrays.

    cotangents: of the roots, in their avals; used up. order: upstream of the roots. Returns the
    cotangents of the targets, or without `reach` of the leaves, and of nodes that retain theirs.
    Nothing is stored and nothing is freed, so an interrupt leaves gradients and graph as they were.
    """
    # The loop in which every backward pass spends its time: in one piece, its names local.
    run = current().run
    captured: list[tuple[Node, Any]] = []
    pop, get = cotangents.pop, cotangents.get
    for node in order:
        ct = pop(node, None)
        if ct is None:
            continue
        if reach is None:
            if node.grad is not None or not node.inputs:
                captured.append((node, ct))
        else:
            if node in reach.targets or (node.grad is not None and node.inputs):
                captured.append((node, ct))
            if node not in reach.through:
                continue
        plan = node.plan
        if plan.keeps_any:
            check_residuals(node)
        elif plan is PROJECTION_PLAN:
            _bundle(node, ct, cotangents)
            continue
        if type(ct) is list:
            ct = _materialised(node, ct)
        inputs = node.inputs
        for i, pull in plan.steps:
            source = inputs[i]
            if reach is not None and source not in reach.sources:
                continue
            pulled = ct if pull is None else run(pull, node, ct)
            value = source.value
            kind = type(pulled)
            if kind is not type(value):
                if pulled is None:
                    continue
                pulled = run(conform, pulled, source.aval)
            elif kind is _ndarray and (
                pulled.shape != value.shape or pulled.dtype is not value.dtype
            ):
                pulled = run(conform, pulled, source.aval)
            before = get(source)
            cotangents[source] = pulled if before is None else run(add, before, pulled)
    return captured


def sweep_tensors(
    cotangents: dict[Node, Any], order: Sequence[Node], reach: Reach | None = None
) -> list[tuple[Node, Any]]:
    """The same with the rules on tensors, so that what they compute is recorded in turn."""
    captured: list[tuple[Node, Any]] = []
    for node in order:
        ct = cotangents.pop(node, None)
        if ct is None:
            continue
        retains = node.grad is not None and bool(node.inputs)
        if retains or (not node.inputs if reach is None else node in reach.targets):
            captured.append((node, ct))
        if reach is None or node in reach.through:
            _pull_tensors(node, ct, cotangents, reach)
    return captured


def _pull_tensors(node: Node, ct: Any, cotangents: dict[Node, Any], reach: Reach | None) -> None:
    plan = node.plan
    if plan.keeps_any:
        check_residuals(node)
    elif plan is PROJECTION_PLAN:
        _bundle(node, ct, cotangents)
        return
    if type(ct) is list:
        ct = tuple(rewrap(c, None) for c in _materialised(node, ct))
    seen = Rewrapped(node)
    for i, pull in plan.steps:
        source = node.inputs[i]
        if reach is not None and source not in reach.sources:
            continue
        pulled = ct if pull is None else pull(seen, ct)
        if pulled is None:
            continue
        if not isinstance(pulled, Tensor):
            pulled = from_node(np.asarray(pulled)[()], None)
        pulled = conform(pulled, source.aval)
        before = cotangents.get(source)
        cotangents[source] = pulled if before is None else before + pulled


def free(order: Sequence[Node], freed: Site | str, reach: Reach | None = None) -> None:
    """Free the nodes that were swept: large residuals, constants and values go.

    freed: the line that did it, for the error of a second pass.
    """
    for node in order:
        if reach is None or node in reach.through:
            if node.plan.keeps_any:
                node.freed = freed
            if node._aval is not None:
                node.drop_large()
                continue
            operands = node.operands
            if operands is not None:
                for operand in operands:
                    if type(operand) is _ndarray:
                        node.drop_large()
                        break


def _bundle(projection: Node, ct: Any, cotangents: dict[Node, Any]) -> None:
    """Put the cotangent of one output beside those of the operation's other outputs."""
    source = projection.inputs[0]
    bundle = cotangents.get(source)
    if bundle is None:
        bundle = cotangents[source] = [None] * len(source.aval)
    assert projection.attrs is not None
    bundle[projection.attrs["index"]] = ct


def _materialised(node: Node, bundle: list[Any]) -> tuple[Any, ...]:
    """Zeros for the outputs that nothing depends on."""
    return tuple(
        np.zeros(aval.shape, aval.dtype)[()] if ct is None else ct
        for ct, aval in zip(bundle, node.aval, strict=True)
    )


def check_residuals(node: Node) -> None:
    """Raise FreedError or StaleError if a value that the pullback needs is gone or overwritten."""
    if node.freed is not None:
        raise FreedError(
            f"{node.name()}: the values saved for backward were freed by an earlier backward pass"
            + _at(node.freed),
            "Pass retain_graph=True to the earlier call, or compute the loss anew.",
        )
    sequence = node.sequence
    for i in node.plan.residuals:
        source = node.inputs[i]
        if source is None:
            continue
        memory = source._memory
        if memory is not None and memory.written > sequence:
            _raise_stale(node, memory, f"its input {i + 1}")
    memory = node._memory
    if node.plan.keeps_out and memory is not None and memory.written > sequence:
        _raise_stale(node, memory, "its output")


def _raise_stale(node: Node, memory: Any, what: str) -> None:
    raise StaleError(
        f"{node.name()} needs {what} for the backward pass, but it was modified by an inplace "
        f"operation: {memory.writer}{_at(memory.site)}\n  saved by {node.op.name}{_at(node.site)}",
        "Write the result into a new tensor, or clone() before the in-place operation.",
    )


def _at(site: Any) -> str:
    return f" at {site}" if site is not None else ""


def check_seed(output: Aval, seed: Aval, name: str) -> None:
    """Raise where a cotangent given by the user does not fit the output."""
    if output.shape != seed.shape:
        raise ShapeError(
            f"{name}: the gradient has shape {seed.shape}, the output {output.shape}",
            "They must be equal: one number per element of the output.",
        )
    if output.dtype.kind != "c" and seed.dtype.kind == "c":
        raise DTypeError(
            f"{name}: the gradient is {seed.dtype}, a complex dtype, the output {output.dtype}",
            "Take its real part: gradient.real.",
        )
