"""Forward mode: tangents pushed along as operations are applied.

A level is one nesting of forward mode. While it is active, every operation on a tensor that has a
tangent at this level computes the tangent of its output at once and leaves it on the output's
node, under the level's key. The arithmetic of a level runs with it and all inner levels hidden;
outer levels see it, so levels nest without confusion.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from wengert.core.dtype import is_differentiable
from wengert.core.half import widened
from wengert.core.node import Carrier, Node
from wengert.core.op import OPS, Op, parameters
from wengert.core.record import _new, apply, make_leaf
from wengert.core.tensor import Tensor
from wengert.core.view import attach
from wengert.errors import ShapeError, TransformError
from wengert.modes import State, current, entered, using
from wengert.transform.batch import Batched, BatchLevel, lifted, promoted_tensors
from wengert.transform.plain import SEEN
from wengert.transform.pushed import named, on_arrays, sum_of_terms
from wengert.transform.residuals import without_history
from wengert.transform.reverse import Reach, sweep_tensors, upstream
from wengert.transform.tree import tree_map

_ndarray: Final = np.ndarray


class ForwardLevel:
    """One nesting of forward mode.

    started: the number of a node, older than all that is made inside; 0 if it has no such scope.
    basis: the level of a map that only the tangents are in: many of them for each primal.
    """

    size = None  # it is no map

    def __init__(self, started: int = 0, basis: BatchLevel | None = None) -> None:
        self.started = started
        self.basis = basis
        self._opened = (basis,) if basis is not None else ()
        self._carriers: weakref.WeakSet[Carrier] = weakref.WeakSet()
        # A backward pass inside of this level reads the tangents of all outputs that were saved,
        # those too whose tensors are gone: see tests/checks/test_gradcheck.py on svdvals.
        self._projections: list[Node] = []

    def below(self, state: State) -> State:
        """What tangents are computed in: this level and all inner ones are hidden."""
        return state.below(state.levels.index(self), self._opened)

    def refuse_draws(self, name: str) -> None:
        """Raise BatchingError where random numbers are drawn for many tangents, if not allowed."""
        if self.basis is not None:
            self.basis.refuse_draws(name)

    def push(self, op: Op, args: Sequence[Any], attrs: dict[str, Any], out: Any) -> None:
        """Give the output of an application its tangent, if any of the inputs has one."""
        if not op.differentiable:
            return
        tangents = [self.tangent(a) for a in args]
        if not any(t is not None for t in tangents):
            return
        below = self.below(current())
        pushed: Any = SEEN
        if type(out) is not tuple:
            arrays = [self._array(a, below) for a in args]
            pushed = on_arrays(op, arrays, tangents, attrs, self._array(out, below), below)
        if pushed is SEEN:
            pushed = self._pushed_on_tensors(op, args, tangents, attrs, out, below)
        if isinstance(out, tuple):
            self.give(out, pushed)
        elif pushed is not None:
            self.attach(out, pushed)

    def give(self, outputs: Sequence[Any], tangents: Sequence[Any]) -> None:
        """Give several outputs of one application their tangents; None is none."""
        for one, tangent in zip(outputs, tangents, strict=True):
            if tangent is not None and is_differentiable(one._data.dtype):
                self.attach(one, tangent)
                if type(one._node) is not Carrier:
                    self._projections.append(one._node)

    def _pushed_on_tensors(
        self, op: Op, args: Sequence[Any], tangents: Sequence[Any], attrs: dict[str, Any],
        out: Any, below: State,
    ) -> Any:  # fmt: skip
        args = [self._outside(a, below) for a in args]
        if isinstance(out, tuple):
            shown: Any = tuple(self._outside(o, below) for o in out)
        else:
            shown = self._outside(out, below)
        with entered(below):
            return pushforward(op, args, tangents, attrs, shown, below)

    def _array(self, value: Any, below: State) -> Any:
        """An argument as an array, if nothing outside of this level has to see it; else SEEN."""
        if not isinstance(value, Tensor):
            return value
        if value._level:
            return SEEN
        node = value._node
        if node is None:
            return value._data
        if type(node) is not Carrier and self._is_seen(node):
            return SEEN
        tangents = node.extra.tangents if node.extra is not None else None
        if tangents and below.levels and any(level in below.levels for level in tangents):
            return SEEN
        return value._data

    def _outside(self, value: Any, below: State) -> Any:
        """A tensor as it is outside of this level: what is inside has no part in tangents."""
        if not isinstance(value, Tensor):
            return value
        node = value._node
        if node is None or (type(node) is not Carrier and self._is_seen(node)):
            return value
        shown = value._handle()
        shown._node = None
        tangents = node.extra.tangents if node.extra is not None else None
        if tangents and below.levels:
            for level, tangent in tangents.items():
                if level in below.levels:
                    level.attach(shown, tangent)
        return shown

    def _is_seen(self, node: Node) -> bool:
        """Whether the history of a node made inside leads to anything older than the level."""
        if node.sequence < self.started or not self.started:
            return True
        extra = node.extra
        known = extra.seen.get(self) if extra is not None and extra.seen is not None else None
        return self._look(node) if known is None else known

    def _look(self, node: Node) -> bool:
        """The same, for all the nodes on the way that have not been asked about."""
        found = [node]
        met = {node}
        for one in found:  # grows while it is walked
            for source in one.inputs:
                if isinstance(source, Node) and source not in met and self._is_unknown(source):
                    met.add(source)
                    found.append(source)
        for one in sorted(found, key=lambda n: n.sequence):
            sources = (s for s in one.inputs if isinstance(s, Node))
            extra = one.get_extra()
            seen = any(self._is_seen(s) for s in sources)
            extra.seen = {**(extra.seen or {}), self: seen}
        return self._is_seen(node)

    def _is_unknown(self, node: Node) -> bool:
        if node.sequence < self.started:
            return False
        extra = node.extra
        return extra is None or extra.seen is None or self not in extra.seen

    def tangent(self, value: Any) -> Any:
        """The tangent of a tensor at this level, or None."""
        if not isinstance(value, Tensor):
            return None
        node = value._node
        if node is None or node.extra is None or node.extra.tangents is None:
            return None
        return node.extra.tangents.get(self)

    def attach(self, tensor: Tensor, tangent: Tensor) -> None:
        """Give a tensor its tangent at this level."""
        node = tensor._node
        if node is None:
            node = tensor._node = Carrier(tensor)
            self._carriers.add(node)
        extra = node.get_extra()
        extra.tangents = {**(extra.tangents or {}), self: tangent}

    def close(self) -> None:
        """End the level: tensors that outlive it are ordinary ones again."""
        self._projections.clear()
        for carrier in list(self._carriers):
            extra = carrier.extra
            if extra is not None and extra.tangents is not None:
                extra.tangents.pop(self, None)
                tensor = carrier.handle()
                if not extra.tangents and tensor is not None and tensor._node is carrier:
                    tensor._node = None


def pushforward(
    op: Op, args: Sequence[Any], tangents: Sequence[Any], attrs: dict[str, Any], out: Any,
    state: State,
) -> Any:  # fmt: skip
    """The tangent of an application's output (a tuple for several), from those of its inputs."""
    if op.promotion != "none":
        args = promoted_tensors(op, args)
    if op.pushforward is not None:
        return _expanded(_by_rule(op, args, tangents, attrs, out), out)
    if op.kind == "elementwise":
        return _elementwise(op, args, tangents, attrs, out)
    if op.kind == "linear":
        return _linear(op, args, tangents, attrs)
    if op.kind == "multilinear":
        return _multilinear(op, args, tangents, attrs)
    return _transposed(op, args, tangents, attrs, out)


def _elementwise(
    op: Op, args: Sequence[Any], tangents: Sequence[Any], attrs: dict[str, Any], out: Tensor
) -> Any:
    """The same on tensors, for other levels to see."""
    total = sum_of_terms(op, args, tangents, attrs, out)
    return None if total is None else _expanded(total, out)


def _by_rule(
    op: Op, args: Sequence[Any], tangents: Sequence[Any], attrs: dict[str, Any], out: Any
) -> Any:
    """The operation's own pushforward; x_dot is the tangent of x, None if that is zero."""
    rule = op.pushforward
    assert rule is not None
    args, tangents, out = widened(tuple(args)), widened(tuple(tangents)), widened(out)
    found: list[Any] = []
    for name in parameters(rule):
        if name.endswith("_dot"):
            found.append(named(op, name.removesuffix("_dot"), tangents, attrs, out))
        else:
            found.append(named(op, name, args, attrs, out))
    return rule(*found)


def _expanded(tangent: Any, out: Any) -> Any:
    """A tangent in the shape and dtype of its primal: the mirror of conform."""
    if isinstance(out, tuple):
        return tuple(_expanded(t, o) for t, o in zip(tangent, out, strict=True))
    if tangent is None:
        return None
    if not isinstance(tangent, Tensor):
        tangent = _new(np.asarray(tangent)[()], None)
    if tangent._data.shape != out._data.shape:
        tangent = OPS["expand"](tangent, shape=tuple(out._data.shape))
    if tangent._data.dtype != out._data.dtype:
        tangent = OPS["to"](tangent, dtype=out._data.dtype)
    return tangent


def _linear(op: Op, args: Sequence[Any], tangents: Sequence[Any], attrs: dict[str, Any]) -> Any:
    """The operation itself, on the tangents; what it is not linear in stays."""
    given = [a if op.rule(i) is None else _or_zero(tangents[i], a) for i, a in enumerate(args)]
    return apply(op, given, attrs or None)


def _or_zero(tangent: Any, primal: Any) -> Any:
    if tangent is not None or primal is None:
        return tangent
    if not isinstance(primal, Tensor):
        return np.zeros(np.shape(primal), np.asarray(primal).dtype)[()]
    return _new(np.zeros(primal._data.shape, primal._data.dtype)[()], None)


def _multilinear(
    op: Op, args: Sequence[Any], tangents: Sequence[Any], attrs: dict[str, Any]
) -> Any:
    """The sum over the inputs of the operation with that input replaced by its tangent."""
    total: Any = None
    for i, tangent in enumerate(tangents):
        if tangent is None or op.rule(i) is None:
            continue
        term = apply(op, [*args[:i], tangent, *args[i + 1 :]], attrs or None)
        total = term if total is None else total + term
    return total


def _transposed(
    op: Op, args: Sequence[Any], tangents: Sequence[Any], attrs: dict[str, Any], out: Any
) -> Any:
    """J t, from the pullback alone: ct -> J^T ct is linear in ct, and its transpose is J.

    The operation is applied again to fresh aliases, its pullbacks are recorded as functions of a
    cotangent, and these are pulled back in turn.
    """
    with using(grad=True, inference=False, saved=()):
        inputs = [a if t is None else alias_leaf(a) for a, t in zip(args, tangents, strict=True)]
        outs = apply(op, inputs, attrs or None)
        several = outs if isinstance(outs, tuple) else (outs,)
        cotangents = [zero_leaf(o) if o._node is not None else None for o in several]
        roots = {o._node: c for o, c in zip(several, cotangents, strict=True) if c is not None}
        if not roots:
            return None if not isinstance(out, tuple) else (None,) * len(out)
        order = upstream(roots)
        targets = {x._node for x, t in zip(inputs, tangents, strict=True) if t is not None}
        pulled = dict(sweep_tensors(dict(roots), order, Reach(targets, order)))
        found = _pulled_back(inputs, tangents, pulled, [c for c in cotangents if c is not None])
    results = [
        None if c is None else _without_reverse(found.get(c._node), args, tangents)
        for c in cotangents
    ]
    return tuple(results) if isinstance(out, tuple) else results[0]


def _pulled_back(
    inputs: Sequence[Any], tangents: Sequence[Any], pulled: dict[Any, Any], seeds: list[Any]
) -> dict[Any, Any]:
    """The transpose of ct -> J^T ct, applied to the tangents."""
    again: dict[Any, Any] = {}
    for x, tangent in zip(inputs, tangents, strict=True):
        value = pulled.get(x._node) if tangent is not None else None
        if value is not None and value._node is not None:
            node = value._node
            again[node] = again[node] + tangent if node in again else tangent
    order = upstream(again)
    reach = Reach({seed._node for seed in seeds}, order)
    return dict(sweep_tensors(again, order, reach))


def alias_leaf(tensor: Tensor) -> Any:
    """A fresh alias of a tensor, with a node of its own to differentiate with respect to."""
    inner = lifted(tensor)
    if isinstance(inner, Batched) and (inner._node is None or type(inner._node) is Carrier):
        alias: Any = inner._handle()
        if inner._node is not None:
            alias._node = copied(inner._node, alias)
        attach(alias, inner, OPS["alias"], None, current())
    else:
        alias = OPS["alias"](inner)
    node = alias._node
    if node is None or type(node) is Carrier:
        extra = node.extra if node is not None else None
        alias._node = None
        leaf = make_leaf(alias)
        leaf.extra = extra
    return alias


def copied(carrier: Node, tensor: Tensor) -> Carrier:
    """The same tangents for another handle."""
    made = Carrier(tensor)
    extra = carrier.extra
    if extra is not None and extra.tangents:
        made.get_extra().tangents = dict(extra.tangents)
    return made


def zero_leaf(like: Tensor) -> Tensor:
    """Zeros to differentiate with respect to: what a linear function is recorded at."""
    zero = lifted(_new(np.zeros(like._data.shape, like._data.dtype)[()], None))
    make_leaf(zero)
    return zero


def _without_reverse(tangent: Any, args: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """A tangent without history, if nothing that it was made from has any."""
    if tangent is None or any(map(_has_history, (*args, *tangents))):
        return tangent
    return without_history(tangent)


def outside(tree: Any, started: int, recording: bool) -> Any:
    """Results as they are outside of the transform that made them.

    History that leads to nothing older than the transform is its own, and ends here.
    """
    return tree_map(lambda value: outside_of(value, started, recording), tree)


def outside_of(value: Any, started: int, recording: bool) -> Any:
    """The same for one value."""
    if not isinstance(value, Tensor) or value._node is None:
        return value
    if recording and upstream([value._node])[-1].sequence < started:
        return value
    return without_history(value)


def _has_history(value: Any) -> bool:
    return isinstance(value, Tensor) and (value._node is not None or bool(value._level))


def _bare(value: Any) -> Any:
    return value._data if isinstance(value, Tensor) else value


def check_tangent(primal: Tensor, tangent: Any, name: str) -> None:
    """Raise where a tangent given by the user does not fit its primal."""
    if not isinstance(tangent, Tensor):
        raise TransformError(f"{name}: a tangent is a tensor, not a {type(tangent).__name__}")
    if tangent._aval.shape != primal._aval.shape:
        raise ShapeError(
            f"{name}: the tangent has shape {tuple(tangent.shape)}, its primal "
            f"{tuple(primal.shape)}",
            "They must be equal: one number per element.",
        )
