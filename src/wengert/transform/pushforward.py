"""Pushforwards on tensors: the tangent of an output from those of the inputs, for others to see.

By kind: an elementwise operation multiplies by its partial derivatives, a linear one is applied to
the tangents, a multilinear one once per input; a general one has a rule of its own, or its pullback
is transposed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.core.half import widened
from wengert.core.handles import _new, fresh
from wengert.core.op import Op
from wengert.core.record import apply
from wengert.core.registry import OPS
from wengert.core.rules import parameters
from wengert.core.tensor import Tensor
from wengert.modes import State, using
from wengert.transform.aliases import alias_leaf, zero_leaf
from wengert.transform.batch import promoted_tensors
from wengert.transform.pushed import named, sum_of_terms
from wengert.transform.residuals import without_history
from wengert.transform.reverse import Reach, sweep_tensors, upstream


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
    return fresh(np.zeros(primal._data.shape, primal._data.dtype)[()])


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
        outs = op.applied(inputs, attrs)
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


def _without_reverse(tangent: Any, args: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """A tangent without history, if nothing that it was made from has any."""
    if tangent is None or any(map(_has_history, (*args, *tangents))):
        return tangent
    return without_history(tangent)


def _has_history(value: Any) -> bool:
    return isinstance(value, Tensor) and (value._node is not None or bool(value._level))
