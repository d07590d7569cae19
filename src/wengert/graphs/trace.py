"""Tracing: the graph of a function from shapes and dtypes alone.

The same apply; the inputs carry an aval and no data. Their `_data` is one zero, broadcast to the
shape, so that shapes and dtypes are there; whatever would read a value raises TraceError.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from wengert.core.aval import Aval, aval_of, stand_in
from wengert.core.computing import as_operand, cast
from wengert.core.cut import DETACH
from wengert.core.dtype import default_float, is_differentiable, weak_dtype
from wengert.core.half import arithmetic
from wengert.core.node import Applied, Leaf, Node, project
from wengert.core.op import Op, Plan
from wengert.core.tensor import Tensor
from wengert.core.view import Wrapped, attach
from wengert.errors import ArgumentError, ShapeError, TraceError, WengertError
from wengert.graphs.names import Names
from wengert.graphs.verify import infer, promoted_operands
from wengert.modes import current
from wengert.sites import user_site

_DETACHED: Final = (DETACH.name, ())


class Traced(Wrapped):
    """A tensor that is being traced: shape, dtype and history, but no numbers."""

    __slots__ = ()
    _level = 1

    def _concrete(self, what: str) -> Any:
        node = self._node
        name = node.extra.name if isinstance(node, Leaf) and node.extra is not None else None
        remedy = (
            "Use wengert.where for a choice between values; make sizes and flags plain Python "
            "arguments (under wengert.compile, static ones); or record a run with numbers: "
            "wengert.graph(f(x))."
        )
        if name is not None and not self._data.ndim:
            remedy = f"If {name} is a size or a flag: wengert.compile(f, static={name!r}). {remedy}"
        whose = f"{name}, which" if name is not None else "a tensor that"
        raise TraceError(
            f"{what} needs the value of {whose} is being traced, and it has none", remedy
        )

    def _apply(self, op: Op, args: Sequence[Any], attrs: dict[str, Any] | None) -> Any:
        return _record(op, args, attrs)

    @property
    def _has_leaves(self) -> bool:
        # What stands for an argument is a leaf, and the argument itself need be none. Where the
        # function runs for its result, as under compile, a write into it would be lost.
        return bool(current().started)

    def _refuse_write(self, name: str, target: Tensor, result: Tensor) -> None:
        if not isinstance(target, Traced):
            raise TraceError(
                f"{name} writes a tensor that is being traced into one that is not",
                "Compute a new tensor, with wengert.stack, cat or where, and return it.",
            )
        if _DETACHED in target._steps:
            self._refuse_write_through(name, target)
        written = target if target._base_tensor is None else target._base_tensor
        node = written._node
        if not current().grad and (node is None or node.op is not DETACH):
            # Its value would be new and its history old, which no node of a graph stands for.
            raise TraceError(
                f"{name} under no_grad writes a tensor whose history goes on, in a function that "
                "is being traced",
                "Compute a new tensor, and return it if it is an argument.",
            )

    def _refuse_write_through(self, name: str, target: Traced) -> None:
        """Raise where a detached tensor is written whose source is still used, with its history.

        Where nobody has the source any more, the tensor is one of its own from now on.
        """
        base = target._base_tensor
        # Referred to by the variable, by the target, and by the call.
        if sys.getrefcount(base) <= 3:
            target._leave_base()
        elif base is not None and base._node is not None and base._node.op is not DETACH:
            raise TraceError(
                f"{name} writes a tensor that shares the memory of one whose history goes on, by "
                "way of detach(), in a function that is being traced",
                "Write into a copy: x.detach().clone().",
            )

    def _unrecorded(self, old: Node | None, new: Node | None) -> Node | None:
        return new  # which has no history: what is traced under no_grad is detached

    def _handle(self) -> Traced:
        return _symbol(self._data, self._node)

    def _snapshot(self) -> Traced:
        return self._handle()

    def _bare(self) -> Tensor:
        bare: Tensor = DETACH(self)  # without its node it would be a tensor of zeros
        return bare

    def detach(self) -> Tensor:
        detached: Traced = DETACH(self)
        attach(detached, self, DETACH, None, current())  # it follows when its source is written
        detached._refusal = self._refusal
        return detached

    def detach_(self) -> Tensor:
        self._node = DETACH(self)._node
        return self

    def backward(self, *_: Any, **__: Any) -> None:
        raise TraceError(
            "backward() writes into .grad, which a traced function cannot do",
            "Return the gradients: of wengert.func.value_and_grad, or of wengert.autograd.grad.",
        )

    def __repr__(self) -> str:
        return f"Traced({self._aval})"


def _symbol(data: Any, node: Node | None) -> Traced:
    """A traced tensor; data is what stands in for its numbers."""
    made = Traced.__new__(Traced)
    made._data = data
    made._memory = None
    made._extra = None
    made._base_tensor = None
    made._steps = ()
    made._refusal = ""
    made._followed = 0
    made._node = node
    return made


def output_of(node: Node) -> Any:
    """A traced tensor for what a node makes; a tuple of them for several outputs."""
    if not isinstance(node.aval, tuple):
        return _symbol(stand_in(node.aval), node)
    return tuple(_symbol(stand_in(a), project(node, i, None, a)) for i, a in enumerate(node.aval))


def symbol(aval: Aval) -> Traced:
    """A traced tensor that is an input."""
    made = _symbol(stand_in(aval), None)
    leaf = made._node = Leaf(made, user_site())
    leaf._aval = aval
    leaf.value = None
    return made


def _record(op: Op, args: Sequence[Any], attrs: dict[str, Any] | None) -> Any:
    """Apply an operation to tensors of which some are traced: infer, and append the node."""
    sources, operands, kinds, mask = _operands(op, args)
    if attrs:
        found = _worked_out(op, _seen(kinds, operands), mask, attrs)
    else:
        found = _known(op, kinds, mask, default_float())
    state = current()
    site = user_site() if state.sites else None
    kept = _kept(operands, found.computed)
    node = Applied(found.plan, tuple(sources), kept, attrs or None, None, found.avals, site)
    if state.scope:
        node.get_extra().scope = state.scope
    if found.stand is None:
        made = output_of(node)
    else:
        made = _symbol(found.stand, node)
        # Under no_grad it is computed, but nothing is differentiated through it.
        if not state.grad and found.plan.wanted:
            made = DETACH(made)
        if op.view and isinstance(args[0], Traced):
            attach(made, args[0], op, attrs, state)
    for level in state.levels:
        level.push(op, args, attrs or {}, made)
    return made


class _Found(NamedTuple):
    """What an application comes to: all but its inputs.

    computed: the operands in the dtypes that they are computed in. stand: what stands in for the
    numbers of a single output; None where there are several.
    """

    avals: Any
    computed: Sequence[Any]
    plan: Plan
    stand: Any


def _worked_out(op: Op, seen: Sequence[Any], mask: int, attrs: dict[str, Any]) -> _Found:
    avals = _inferred(op, seen, attrs)
    computed = promoted_operands(op, seen)
    plan = op.plan(mask if op.differentiable else 0, arithmetic(computed), len(seen))
    return _Found(avals, computed, plan, None if isinstance(avals, tuple) else stand_in(avals))


@functools.lru_cache(maxsize=4096)
def _known(op: Op, kinds: tuple[Any, ...], mask: int, default: Any) -> _Found:
    """The same, remembered: a chain repeats the same few applications, and this was half its time.

    kinds: as _operands gives them. default: the default dtype, which numbers among themselves have.
    """
    return _worked_out(op, _seen(kinds, [_example(kind) for kind in kinds]), mask, {})


def _example(kind: Any) -> Any:
    """A number of a kind."""
    if isinstance(kind, tuple):
        return kind[1]
    return None if kind is None else kind(1.5)


def _seen(kinds: Sequence[Any], numbers: Sequence[Any]) -> list[Any]:
    """What shape inference sees: the avals of tensors, and numbers."""
    pairs = zip(kinds, numbers, strict=True)
    return [Aval(*k) if type(k) is tuple and type(k[0]) is tuple else n for k, n in pairs]


def _kept(operands: Sequence[Any], computed: Sequence[Any]) -> tuple[Any, ...] | None:
    """The operands as a node keeps them: tensors in the dtype that they are computed in."""
    if not any(o is not None for o in operands):
        return None
    return tuple(
        cast(o, c.dtype) if o is not None and isinstance(c, Aval) else o
        for o, c in zip(operands, computed, strict=True)
    )


def _operands(
    op: Op, args: Sequence[Any]
) -> tuple[list[Any], list[Any], tuple[Any, ...], int]:  # fmt: skip
    """Per argument its source, what is kept of it, and its kind; which can have slopes.

    A kind is the shape and the dtype of a tensor, and of a number its type; of an integer also the
    value, which may be too large for a dtype.
    """
    sources: list[Any] = []
    operands: list[Any] = []
    kinds: list[Any] = []
    mask = 0
    for i, a in enumerate(args):
        if isinstance(a, np.ndarray):
            a = _constant(a)
        if isinstance(a, Tensor):
            node, data = a._node, a._data
            sources.append(a if node is None else node)
            operands.append(data if node is None else None)
            kinds.append((data.shape, data.dtype))
            mask |= (node is not None and is_differentiable(data.dtype)) << i
        else:
            value = a if a is None else as_operand(op, a)
            kind = None if a is None else type(value)
            sources.append(None)
            operands.append(value)
            kinds.append((kind, value) if kind is int or kind is bool else kind)
    return sources, operands, tuple(kinds), mask


def _constant(array: np.ndarray[Any, Any]) -> Tensor:
    made = Tensor.__new__(Tensor)
    made._data = array
    made._node = made._memory = made._extra = None
    return made


def _inferred(op: Op, seen: Sequence[Any], attrs: dict[str, Any]) -> Any:
    try:
        return infer(op, seen, attrs)
    except WengertError:
        raise
    except (ValueError, IndexError, TypeError) as error:
        avals = ", ".join(str(s) for s in seen)
        raise ShapeError(f"{op.name}: {error} (operands {avals})") from None


def traced(
    function: Callable[..., Any], examples: Sequence[Any], names: dict[str, Any]
) -> tuple[list[Node], Names, list[Node]]:
    """The output nodes of function(*examples), the names of its parameters, and their leaves.

    examples: tensors, arrays, numbers or Avals. Where all have values, the graph has, too.
    """
    parameters = _parameter_names(function, len(examples))
    inputs = [_input(e, p) for e, p in zip(examples, parameters, strict=True)]
    leaves = [tensor._node for tensor in inputs]
    outputs = _tensors(function(*inputs))
    explicit = dict(zip(parameters, leaves, strict=True)) | names
    nodes = [_output_node(t) for t in outputs]
    _fill(inputs, leaves, examples)
    return nodes, Names(explicit), [leaf for leaf in leaves if leaf is not None]


def _input(example: Any, name: str) -> Traced:
    if not isinstance(example, (Tensor, Aval, np.ndarray, np.generic, int, float, complex)):
        raise ArgumentError(
            f"the example for {name} is a {type(example).__name__}",
            "Give a tensor, an array, a number, or wengert.Aval(shape, dtype).",
        )
    return symbol(example if isinstance(example, Aval) else _example_aval(example))


def _example_aval(example: Any) -> Aval:
    if isinstance(example, Tensor):
        return example._aval
    if isinstance(example, (np.ndarray, np.generic)):
        return aval_of(example)
    return Aval((), weak_dtype(example))


def _fill(inputs: Sequence[Traced], leaves: Sequence[Any], examples: Sequence[Any]) -> None:
    """Give the inputs the examples' values, so that questions about numbers have answers."""
    if any(isinstance(e, Aval) for e in examples):
        return
    for tensor, leaf, example in zip(inputs, leaves, examples, strict=True):
        data = example._data if isinstance(example, Tensor) else np.asarray(example)
        leaf.value = np.array(data, tensor._data.dtype)[()]


def _parameter_names(function: Callable[..., Any], count: int) -> list[str]:
    """The names of the parameters that `count` positional arguments go to."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    known = [p.name for p in parameters
             if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]  # fmt: skip
    rest = next((p.name for p in parameters if p.kind == p.VAR_POSITIONAL), "x")
    return known[:count] + [f"{rest}{i}" for i in range(count - len(known[:count]))]


def _tensors(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (tuple, list)) else [result]


def _output_node(output: Any) -> Node:
    if not isinstance(output, Tensor) or output._node is None:
        raise TraceError(
            f"the function returned {_described(output)}, which does not depend on its inputs",
            "Return tensors that are computed from the arguments.",
        )
    return output._node


def _described(output: Any) -> str:
    return (
        "a constant tensor"
        if isinstance(output, Tensor)
        else f"a value of type {type(output).__name__}"
    )
