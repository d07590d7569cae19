"""The constructors of operations: one per kind of derivative rule.

- elementwise: one partial derivative per input
- linear: the transpose
- multilinear: the transpose, per input
- general: the pullback, per input
- discrete: none; the output is an integer, a boolean or locally constant

The composite kind has no constructor: it is a function written in other operations (define.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.op import Op
from wengert.core.registry import register
from wengert.core.rules import Partial, Rule, forward_signature
from wengert.modes import silently
from wengert.ops.batching import broadcast_rule

_UFUNC_INPUTS = ("x", "y", "z")


def elementwise(
    name: str, forward: Callable[..., Any], *, partials: Sequence[Partial], **facts: Any
) -> Op:
    """An operation applied to each element, its inputs broadcast against each other.

    forward: a NumPy ufunc, whose inputs are then called x, y, z in the rules, or a function.
    partials: per input, the partial derivative as a number, a rule or a Select; None where there
    is no derivative. Integers become floats unless `promotion="common"` is given.
    """
    if isinstance(forward, np.ufunc):
        facts.setdefault("numpy", (forward,))
    signature = _signature(forward, len(partials))
    facts.setdefault("promotion", "float")
    facts.setdefault("aval", _broadcast_aval(forward, keeps=True))
    return _define(name, "elementwise", forward, tuple(partials), signature, facts)


def linear(name: str, forward: Callable[..., Any], *, transpose: Rule, **facts: Any) -> Op:
    """An operation that is linear in its first input, whose name means its aval in `transpose`."""
    return _define(name, "linear", forward, (transpose,), _signature(forward, 1), facts)


def multilinear(
    name: str, forward: Callable[..., Any], *, transposes: Sequence[Rule], **facts: Any
) -> Op:
    """An operation that is linear in each input while the others are held.

    In the transpose for x, `x` is x's aval, and the other inputs' names are their values.
    """
    facts.setdefault("promotion", "common")
    signature = _signature(forward, len(transposes))
    return _define(name, "multilinear", forward, tuple(transposes), signature, facts)


def general(
    name: str, forward: Callable[..., Any], *, pullbacks: Sequence[Rule | None], **facts: Any
) -> Op:
    """Any other differentiable operation: per input, its pullback, or None."""
    signature = _signature(forward, len(pullbacks))
    return _define(name, "general", forward, tuple(pullbacks), signature, facts)


def discrete(name: str, forward: Callable[..., Any], **facts: Any) -> Op:
    """An operation whose output carries no derivative: comparisons, indices, counts."""
    if isinstance(forward, np.ufunc):
        facts.setdefault("numpy", (forward,))
        facts.setdefault("batch", broadcast_rule)
    count = forward.nin if isinstance(forward, np.ufunc) else 0
    return _define(name, "discrete", forward, (), _signature(forward, count), facts)


def _signature(
    forward: Callable[..., Any], count: int
) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    if hasattr(forward, "__code__"):
        return forward_signature(forward)
    return _UFUNC_INPUTS[:count], (), False


def _define(
    name: str,
    kind: str,
    forward: Callable[..., Any],
    rules: tuple[Partial, ...],
    signature: tuple[tuple[str, ...], tuple[str, ...], bool],
    facts: dict[str, Any],
) -> Op:
    inputs, attributes, variadic = signature
    if getattr(facts.get("aval"), "broadcasts", False):
        facts.setdefault("batch", broadcast_rule)
    rules += (None,) * (0 if variadic or not rules else len(inputs) - len(rules))
    return register(
        Op(name, kind, forward, rules, inputs=inputs, attributes=attributes,
           variadic=variadic, **facts)
    )  # fmt: skip


def _broadcast_aval(forward: Callable[..., Any], *, keeps: bool = False) -> Rule:
    """Shape by broadcasting; dtype by running the forward function on one element.

    It has a dimension where the operand has some: `where` promotes those without more weakly.
    keeps: whether a function of one real number gives one, which need not be tried then: nobody
    waits for SciPy to be imported.
    """

    def aval(*avals: Aval, **attrs: Any) -> Aval:
        if keeps and len(avals) == 1 and avals[0].dtype.kind == "f":
            return avals[0]
        shape = np.broadcast_shapes(*(a.shape for a in avals))
        ones = [np.ones((1,) * min(len(a.shape), 1), a.dtype)[()] for a in avals]
        return Aval(shape, np.asarray(silently(forward, *ones, **attrs)).dtype)

    aval.broadcasts = True  # type: ignore[attr-defined]  # so it applies to mapped values, too
    return aval
