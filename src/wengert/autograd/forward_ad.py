"""torch.autograd.forward_ad: dual numbers, whose tangents go along with the computation.

>>> import wengert as wg
>>> import wengert.autograd.forward_ad as fwAD
>>> with fwAD.dual_level():
...     x = fwAD.make_dual(wg.tensor(3.0), wg.tensor(1.0))
...     fwAD.unpack_dual(x * x).tangent
tensor(6.)
"""

from __future__ import annotations

import contextvars
from typing import Any, Final, NamedTuple

from wengert.core.dtype import is_differentiable
from wengert.core.node import Carrier
from wengert.core.registry import OPS
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, DTypeError, GradientError
from wengert.modes import State, current, entered
from wengert.transform.forward import ForwardLevel, check_tangent

_LEVEL: Final[contextvars.ContextVar[ForwardLevel | None]] = contextvars.ContextVar(
    "wengert_dual_level", default=None
)
_NONE = "Open one first: `with forward_ad.dual_level():`."


class UnpackedDualTensor(NamedTuple):
    """The primal and the tangent of a tensor; the tangent is None if it has none."""

    primal: Tensor
    tangent: Tensor | None


def enter_dual_level() -> int:
    """Open the level at which tangents live; there is one. Prefer `with dual_level():`."""
    if _LEVEL.get() is not None:
        raise GradientError(
            "nested forward mode AD is not supported at the moment",
            "Use wengert.func.jvp, which nests.",
        )
    level = ForwardLevel()
    _LEVEL.set(level)
    _enter(current().but(levels=(*current().levels, level)))
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """Close the level: all tangents are gone."""
    open_level = _LEVEL.get()
    if open_level is None:
        raise GradientError("trying to exit a forward AD level that was not entered", _NONE)
    _check_level(level)
    _LEVEL.set(None)
    open_level.close()
    state = current()
    _enter(state.but(levels=tuple(x for x in state.levels if x is not open_level)))


def _enter(state: State) -> None:
    entered(state).__enter__()


class dual_level:
    """The scope in which dual tensors keep their tangents."""

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exc: object) -> None:
        exit_dual_level()


def _check_level(level: int | None) -> None:
    if level not in (None, 0):
        raise GradientError(
            f"invalid forward AD level {level}: the only one there is has number 0",
            "Leave `level` out, or use wengert.func.jvp, which nests.",
        )


def _open(name: str) -> ForwardLevel:
    level = _LEVEL.get()
    if level is None:
        raise GradientError(
            f"{name}: trying to use a dual tensor, but no dual level has been entered", _NONE
        )
    return level


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Any:
    """A view of `tensor` that has a tangent of the same shape and dtype."""
    here = _open("make_dual")
    _check_level(level)
    if not isinstance(tensor, Tensor):
        raise ArgumentError(f"make_dual: the primal is a tensor, not a {type(tensor).__name__}")
    check_tangent(tensor, tangent, "make_dual")
    for what, given in (("primal", tensor), ("tangent", tangent)):
        if not is_differentiable(given._data.dtype):
            raise ArgumentValueError(
                f"make_dual: expected the {what} to be floating point or complex, got {given.dtype}"
            )
    if tensor._data.dtype != tangent._data.dtype:
        raise DTypeError(
            f"make_dual: the tangent is {tangent.dtype}, and the primal {tensor.dtype}"
        )
    if here.tangent(tensor) is not None:
        raise GradientError("make_dual: the tensor has a tangent at this level already")
    dual = OPS["alias"](tensor)
    here.attach(dual, tangent)
    return dual


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """The primal, a view of the tensor without tangent, and the tangent or None."""
    here = _LEVEL.get()
    _check_level(level)
    if here is None:
        return UnpackedDualTensor(tensor, None)
    tangent = here.tangent(tensor)
    if tangent is None:
        return UnpackedDualTensor(tensor, None)
    primal = tensor._handle()
    node = primal._node
    if type(node) is Carrier:
        primal._node = None
    else:
        state = current()
        with entered(here.below(state)):
            primal = OPS["alias"](tensor)
    return UnpackedDualTensor(primal, tangent)


__all__ = [
    "UnpackedDualTensor",
    "dual_level",
    "enter_dual_level",
    "exit_dual_level",
    "make_dual",
    "unpack_dual",
]
