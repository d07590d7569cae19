"""What forward functions of elementwise operations refuse, and slopes that are selected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from wengert.core.aval import Aval
from wengert.core.op import Op
from wengert.core.rules import Rule, Select
from wengert.errors import ArgumentError, DivisionError, DTypeError
from wengert.ops.arguments import is_number
from wengert.ops.kinds import _broadcast_aval as broadcast_aval
from wengert.ops.kinds import general

_REMEDIES: Final = {
    "b": "Cast it first: x.int() or x.float().",
    "i": "Cast it to floating point first: x.float().",
    "u": "Cast it to floating point first: x.float().",
    "c": "Take x.real, x.imag or x.abs() first.",
}

NOWHERE: Final = Select(lambda: False)
"""The partial of what is constant between steps: 0, even for an infinite cotangent."""


def refuse(name: str, kinds: str, *values: Any) -> None:
    """Raise DTypeError if a value's dtype is of one of NumPy's kinds: b, i, u, f, c."""
    for value in values:
        kind = value.dtype.kind
        if kind in kinds:
            raise DTypeError(f"{name} is not defined for {value.dtype}", _REMEDIES.get(kind, ""))


def own_dtype(name: str, kinds: str) -> Rule:
    """The aval of an operation on one input that keeps its dtype, and refuses some kinds.

    For functions of SciPy's: to ask the function itself takes 0.3 s, as it is loaded for that.
    """

    def aval(x: Aval) -> Aval:
        refuse(name, kinds, x)
        return x

    aval.broadcasts = True  # type: ignore[attr-defined]  # so it applies to mapped values, too
    return aval


def number(name: str, value: Any) -> Any:
    """An argument that is a number. Raises ArgumentError for anything else, tensors included."""
    if not is_number(value):
        raise ArgumentError(f"{name} must be a number, not {type(value).__name__}")
    return value


def nonzero_divisor(name: str, divisor: Any) -> None:
    """Raise DivisionError if an integer divisor is zero anywhere; floats divide by zero."""
    if divisor.dtype.kind in "iu" and not np.all(divisor):
        raise DivisionError(
            f"{name}: integer division by zero",
            "Divide floats, or replace the zeros first: wengert.where(y == 0, 1, y).",
        )


def pointwise(
    name: str, forward: Any, *, pullbacks: Sequence[Rule | None], **facts: Any
) -> Op:  # fmt: skip
    """An operation on each element whose cotangent is selected before it is scaled.

    Where the derivative is 0 an infinite cotangent must not become NaN (0 * inf), so the
    pullback is written whole, not as a partial that multiplies.
    """
    facts.setdefault("promotion", "float")
    facts.setdefault("aval", broadcast_aval(forward))
    facts.setdefault("samples", _drawn(len(pullbacks), facts.get("domain", (-3.0, 3.0))))
    return general(name, forward, pullbacks=pullbacks, **facts)


def _drawn(count: int, domain: tuple[float, float]) -> Rule:
    """Samples as elementwise operations have them: arrays that broadcast, from the domain."""

    def draw(s: Any) -> Any:
        return tuple(s.array(shape, *domain) for shape in s.broadcastable(count)), {}

    return draw


__all__ = [
    "NOWHERE", "broadcast_aval", "nonzero_divisor", "number", "own_dtype", "pointwise", "refuse",
]  # fmt: skip


def named_by_numbers(name: str, *slots: int, tensors: int = 1) -> Callable[[Any], str]:
    """torch's name of a node that ends in `tensors` if an input in `slots` is a tensor.

    Otherwise those inputs are numbers, and it ends in the other of 0 and 1.
    """

    def grad_name(node: Any) -> str:
        has_tensor = any(node.inputs[slot] is not None for slot in slots)
        return f"{name}Backward{tensors if has_tensor else 1 - tensors}"

    return grad_name
