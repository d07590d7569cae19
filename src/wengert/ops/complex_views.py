"""Complex tensors as pairs of real numbers and back, and torch's names about conjugates.

In torch `conj()` and the negation of imaginary parts are put off, marked by a bit; here they are
computed at once, so no tensor has such a bit and nothing needs to be resolved.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.dtype import dtype_of
from wengert.core.tensor import Tensor
from wengert.errors import DTypeError, ShapeError
from wengert.ops.about import expect_tensor
from wengert.ops.arguments import array_of
from wengert.ops.batching import broadcast_rule
from wengert.ops.complex import complex_samples
from wengert.ops.complex_numbers import complex_op
from wengert.ops.define import public
from wengert.ops.kinds import linear
from wengert.ops.samples import Call, Sampler


def _as_real(x: Any) -> Any:
    return np.asarray(x)[..., None].view(x.real.dtype)


def _as_complex(x: Any) -> Any:
    # What stands in for a tensor of which only the shape matters has strides of 0.
    pairs = x if x.strides[-1] == x.itemsize else np.ascontiguousarray(x)
    return pairs.view(np.result_type(x.dtype, np.complex64))[..., 0]


def _paired(ct: Any) -> Any:
    return np.stack([np.real(ct), np.imag(ct)], -1)


view_as_real_op = linear(
    "view_as_real", _as_real, transpose=lambda ct: complex_op(ct[..., 0], ct[..., 1]),
    view=True, torch="view_as_real", holomorphic=False, batch=broadcast_rule,
    explain="slope 1 for each part: it only stands elsewhere",
)  # fmt: skip
view_as_complex_op = linear(
    "view_as_complex", _as_complex, transpose=_paired,
    view=True, torch="view_as_complex", holomorphic=False, batch=broadcast_rule,
    explain="slope 1 in the first number of a pair, i in the second",
)  # fmt: skip
conj_physical_op = linear(
    "conj_physical", lambda x: np.conj(x), transpose=lambda ct: np.conj(ct),
    torch="conj_physical", holomorphic=False, batch=broadcast_rule,
    latex=r"\overline{{{}}}", explain="mirrors the change at the real line",
)  # fmt: skip


@public(torch="view_as_real", method=False, samples=complex_samples)
def view_as_real(input: Tensor) -> Any:
    """The parts of a complex tensor as pairs of real numbers, sharing memory.

    x: (...) -> (..., 2). Raises DTypeError for real tensors.

    >>> import wengert as wg
    >>> wg.view_as_real(wg.tensor([1 + 2j]))
    tensor([[1., 2.]])
    """
    dtype = array_of(input).dtype
    if dtype.kind != "c":
        raise DTypeError(
            f"view_as_real is only supported for complex tensors, not {dtype_of(dtype).name}",
            "wengert.complex(x, wengert.zeros_like(x)) makes it complex.",
        )
    return view_as_real_op(input)


def _pair_samples(s: Sampler) -> Call:
    return (np.ascontiguousarray(s.array((*s.shape(), 2))),), {}


@public(torch="view_as_complex", method=False, samples=_pair_samples)
def view_as_complex(input: Tensor) -> Any:
    """Pairs of real numbers as complex numbers, sharing memory.

    x: (..., 2), float32 or float64 -> (...). Raises DTypeError for other dtypes, ShapeError unless
    the last dimension has length 2 and its pairs lie side by side.

    >>> import wengert as wg
    >>> wg.view_as_complex(wg.tensor([[1.0, 2.0]]))
    tensor([1.+2.j])
    """
    x = array_of(input)
    if x.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise DTypeError(
            "view_as_complex is only supported for float and double tensors, but got a tensor of "
            f"type {dtype_of(x.dtype).name}"
        )
    _check_pairs(x, getattr(input, "_level", 0) > 0)
    return view_as_complex_op(input)


def _check_pairs(x: Any, is_shape_only: bool) -> None:
    """Raise ShapeError where torch cannot show pairs as complex numbers."""
    if x.ndim == 0:
        raise ShapeError("view_as_complex: Input tensor must have one or more dimensions")
    if x.shape[-1] != 2:
        raise ShapeError(
            f"view_as_complex: Tensor must have a last dimension of size 2, not {x.shape[-1]}"
        )
    if not x.size or is_shape_only:
        return
    remedy = "Copy it first: x.contiguous()."
    if x.strides[-1] != x.itemsize:
        raise ShapeError("view_as_complex: Tensor must have a last dimension with stride 1", remedy)
    if any(stride % (2 * x.itemsize) for stride in x.strides[:-1]):
        raise ShapeError(
            "view_as_complex: Tensor must have a stride divisible by 2 for all but last dimension",
            remedy,
        )


@public(torch="conj_physical", samples=complex_samples, in_place=True)
def conj_physical(input: Tensor) -> Any:
    """The complex conjugate; a real tensor is its own. The same as `conj`."""
    return conj_physical_op(input) if array_of(input).dtype.kind == "c" else input


@public(torch="resolve_conj", samples=complex_samples)
def resolve_conj(input: Tensor) -> Any:
    """The tensor itself: a conjugate is computed at once, and not put off as in torch."""
    return expect_tensor("resolve_conj", input)


@public(torch="resolve_neg", samples=complex_samples)
def resolve_neg(input: Tensor) -> Any:
    """The tensor itself: a negation is computed at once, and not put off as in torch."""
    return expect_tensor("resolve_neg", input)


@public(torch="is_conj", differentiable=False, samples=complex_samples)
def is_conj(input: Tensor) -> bool:
    """False: no tensor waits for being conjugated."""
    expect_tensor("is_conj", input)
    return False


@public(torch="is_neg", differentiable=False, samples=complex_samples)
def is_neg(input: Tensor) -> bool:
    """False: no tensor waits for being negated."""
    expect_tensor("is_neg", input)
    return False
