"""Choosing between elements: where, the larger and the smaller."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.computing import cast
from wengert.core.dtype import common_dtype
from wengert.core.rules import Select
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, DTypeError
from wengert.ops.checks import pointwise, refuse
from wengert.ops.define import public, publish
from wengert.ops.kinds import elementwise


def _where(condition: Any, x: Any, y: Any) -> Any:
    # The condition takes no part in promotion, so that it happens here.
    if not isinstance(condition, bool) and condition.dtype.kind != "b":
        condition = _as_mask(condition)
    x, y = _of_one_dtype(x, y)
    if type(condition) is np.ndarray and condition.size >= _LARGE and x.dtype in _BITS:
        return _chosen_bits(condition, x, y)
    return np.where(condition, x, y)


_LARGE = 4096
_BITS = {np.dtype(f"f{size}"): np.dtype(f"i{size}") for size in (2, 4, 8)}


def _chosen_bits(condition: Any, x: Any, y: Any) -> Any:
    """np.where, six times as fast if the condition follows no pattern.

    Each element of np.where is a branch for the processor to guess. Masks of integers need none:
    y ^ ((x ^ y) * condition) has the bits of x or those of y.
    """
    bits = _BITS[x.dtype]
    a, b = x.view(bits), y.view(bits)
    if isinstance(y, np.generic) and b == 0:
        return (a * condition).view(x.dtype)
    return (b ^ ((a ^ b) * condition)).view(x.dtype)


def _of_one_dtype(x: Any, y: Any) -> tuple[Any, Any]:
    if type(x) is np.ndarray and x.dtype.kind == "f" and x.ndim:
        if type(y) is np.ndarray and y.dtype is x.dtype:
            return x, y
        if type(y) is int or type(y) is float:
            return x, x.dtype.type(y)
    dtype = common_dtype((x, y))
    return cast(x, dtype), cast(y, dtype)


def _as_mask(condition: Any) -> Any:
    if condition.dtype != np.uint8:
        raise DTypeError(
            f"where: the condition must be boolean, not {condition.dtype}",
            "Compare it: wengert.where(c != 0, x, y).",
        )
    return condition != 0


def _where_code(code: Any, condition: Any, x: Any, y: Any) -> Any:
    # A truth value that is chosen beside numbers comes as one: it looks like a condition.
    x, y = (code.converted(a, b.type) if a.type == "i1" else a for a, b in ((x, y), (y, x)))
    return code.select(code.truth(condition), x, y)


where_op = elementwise(
    "where", _where, torch="where", promotion="none",
    partials=[
        None, Select(lambda condition: condition), Select(lambda condition: ~_mask(condition)),
    ],
    latex=r"\mathrm{{where}}\left({},\,{},\,{}\right)",
    lower=_where_code,
    vanishing="masked",
    explain="slope 1 in the branch that was taken, 0 in the other",
)  # fmt: skip


def _mask(condition: Any) -> Any:
    # Python's ~True is -2.
    return np.bool_(condition) if isinstance(condition, bool) else condition


def _branches(s: Any) -> Any:
    condition, first, second = s.broadcastable(3)
    return (s.mask(condition), s.array(first), s.array(second)), {}


def _method_where(self: Tensor, condition: Any, other: Any) -> Any:
    """The elements of this tensor where condition is true, of other elsewhere."""
    return where_op(condition, self, other)


# The method's arguments come in another order: it must be there before the function is entered.
setattr(Tensor, "where", _method_where)  # noqa: B010


@public(torch="where", samples=_branches, numpy=(np.where,))
def where(condition: Any, input: Any = None, other: Any = None) -> Any:
    """input where condition is true, other elsewhere; all broadcast against each other.

    With the condition alone: the indices where it is true, one tensor per dimension. Raises
    DTypeError for a condition that is not boolean.

    >>> import wengert as wg
    >>> x = wg.tensor([-1., 4.])
    >>> wg.where(x > 0, x, 0)
    tensor([0., 4.])
    """
    if input is None and other is None:
        from wengert.ops.finding import nonzero  # a room that loads on first use

        return nonzero(condition, as_tuple=True)
    if input is None or other is None:
        raise ArgumentError(
            "where: give the condition alone, or both values",
            "wengert.where(condition, input, other)",
        )
    return where_op(condition, input, other)


# The larger and the smaller. At a tie each gets half of the cotangent, as in torch.


def _maximum(x: Any, y: Any) -> Any:
    refuse("maximum", "c", x)
    return np.maximum(x, y)


def _minimum(x: Any, y: Any) -> Any:
    refuse("minimum", "c", x)
    return np.minimum(x, y)


def _share(ct: Any, loses: Any, ties: Any) -> Any:
    """Nothing where the other one won, half at a tie, all of it elsewhere (NaN included)."""
    return where_op(loses, 0, where_op(ties, ct / 2, ct))


maximum = publish(pointwise(
    "maximum", _maximum, torch="maximum", promotion="common", numpy=(np.maximum,),
    pullbacks=[
        lambda ct, x, y: _share(ct, x < y, x == y),
        lambda ct, x, y: _share(ct, y < x, x == y),
    ],
    latex=r"\max\left({},\,{}\right)", lower=lambda code, x, y: code.larger(x, y),
    vanishing="not selected",
    explain="slope 1 in the larger, 0 in the smaller; half each at a tie",
))  # fmt: skip
minimum = publish(pointwise(
    "minimum", _minimum, torch="minimum", promotion="common", numpy=(np.minimum,),
    pullbacks=[
        lambda ct, x, y: _share(ct, x > y, x == y),
        lambda ct, x, y: _share(ct, y > x, x == y),
    ],
    latex=r"\min\left({},\,{}\right)", lower=lambda code, x, y: code.smaller(x, y),
    vanishing="not selected",
    explain="slope 1 in the smaller, 0 in the larger; half each at a tie",
))  # fmt: skip


def _fmax(x: Any, y: Any) -> Any:
    refuse("fmax", "c", x)
    return np.fmax(y, x)  # at a tie of 0 and -0 the second one is taken: torch takes x


def _fmin(x: Any, y: Any) -> Any:
    refuse("fmin", "c", x)
    return np.fmin(y, x)


def _wins(code: Any, predicate: str, x: Any, y: Any) -> Any:
    """y where it wins or x is NaN, else x; also at a tie, and where both are NaN."""
    return code.select(code.either(code.compare(predicate, y, x), code.isnan(x)), y, x)


fmax = publish(elementwise(
    "fmax", _fmax, torch="fmax", promotion="common", numpy=(np.fmax,),
    lower=lambda code, x, y: _wins(code, "ogt", x, y),
    partials=[
        Select(lambda x, y: (x >= y) | np.isnan(y)),
        Select(lambda x, y: np.logical_not((x >= y) | np.isnan(y))),
    ],
    vanishing="not selected",
    explain="slope 1 in the larger, 0 in the other; at a tie the first has it all",
))  # fmt: skip
fmin = publish(elementwise(
    "fmin", _fmin, torch="fmin", promotion="common", numpy=(np.fmin,),
    lower=lambda code, x, y: _wins(code, "olt", x, y),
    partials=[
        Select(lambda x, y: (x <= y) | np.isnan(y)),
        Select(lambda x, y: np.logical_not((x <= y) | np.isnan(y))),
    ],
    vanishing="not selected",
    explain="slope 1 in the smaller, 0 in the other; at a tie the first has it all",
))  # fmt: skip
