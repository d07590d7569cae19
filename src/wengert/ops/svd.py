"""Singular values and vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.errors import LinAlgError
from wengert.ops.arguments import array_of
from wengert.ops.batching import behind_first
from wengert.ops.define import public
from wengert.ops.eigen import check_phase
from wengert.ops.kinds import general
from wengert.ops.matrices import (
    adjoint,
    check_matrix,
    diagonal_matrix,
    eye_like,
    is_complex,
    quotient,
    real_dtype,
)
from wengert.ops.named_parts import LinalgSvdResult, SvdResult
from wengert.ops.samples import Sampler


def _svd(x: Any, *, full_matrices: bool) -> tuple[Any, Any, Any]:
    check_matrix("linalg.svd", x)
    try:
        u, s, vh = np.linalg.svd(x, full_matrices)
    except np.linalg.LinAlgError:
        why = "the input matrix is ill-conditioned or has too many repeated singular values."
        if not np.isfinite(x).all():
            why = "the input matrix contained non-finite values."
        raise LinAlgError(f"linalg.svd: The algorithm failed to converge because {why}") from None
    return u, s, vh


def _aval(x: Aval, full_matrices: bool) -> tuple[Aval, Aval, Aval]:
    check_matrix("linalg.svd", x)
    *batch, rows, columns = x.shape
    k = min(rows, columns)
    left, right = (rows, columns) if full_matrices else (k, k)
    return (
        Aval((*batch, rows, left), x.dtype),
        Aval((*batch, k), real_dtype(x.dtype)),
        Aval((*batch, right, columns), x.dtype),
    )


def _pullback(ct: Any, out: Any, full_matrices: bool) -> Any:
    """Only the first min(m, n) vectors have a slope; what full_matrices adds is arbitrary."""
    k = out[1].shape[-1]
    by_u, by_s, by_vh = ct[0][..., :k], ct[1], ct[2][..., :k, :]
    u, s, vh = out[0][..., :k], out[1], out[2][..., :k, :]
    turned_u, turned_v = adjoint(u) @ by_u, vh @ adjoint(by_vh)
    row, column = s[..., None, :], s[..., :, None]
    gaps = (row - column) * (row + column) + eye_like(s)
    middle = quotient(turned_u - adjoint(turned_u), gaps) * row
    middle = middle + column * quotient(turned_v - adjoint(turned_v), gaps)
    middle = _off_diagonal(middle) + diagonal_matrix(by_s)
    if is_complex(turned_u):
        middle = middle + diagonal_matrix(_phase(turned_u, turned_v, s))
    found = u @ middle @ vh
    if u.shape[-2] > k:
        rest = by_u - u @ turned_u
        found = found + quotient(rest, row) @ vh
    if vh.shape[-1] > k:
        rest = by_vh - adjoint(turned_v) @ vh
        found = found + u @ quotient(rest, column)
    return found


def _off_diagonal(x: Any) -> Any:
    return x * (1 - eye_like(x))


def _phase(turned_u: Any, turned_v: Any, s: Any) -> Any:
    """What the phases that u and v do not share add to the diagonal."""
    by_u = np.imag(np.diagonal(turned_u, axis1=-2, axis2=-1))
    by_v = np.imag(np.diagonal(turned_v, axis1=-2, axis2=-1))
    check_phase("linalg.svd", by_u + by_v)
    return 1j * quotient(by_u - by_v, 2 * s)


svd_op: Op = general(
    "linalg_svd", _svd, pullbacks=[_pullback], outputs=3, holomorphic=False,
    results_as=("U", "S", "Vh"),
    torch="linalg.svd", aval=_aval,
    explain="a singular value moves by u^H dA v; vectors turn, the faster the closer their values "
    "are",
    source="J. Townsend, Differentiating the singular value decomposition, 2016; the complex "
    "phase from d(u) = -d(v) = i Im(u^H dA v) / 2s",
    batch=behind_first,
)  # fmt: skip


def matrix_samples(s: Sampler) -> Any:
    """A wide, tall or square matrix, or a batch, with singular values that are apart."""
    rows, columns = s.integer(1, 3), s.integer(1, 3)
    x = s.array((*s.shape(0, 1, 1, 2), rows, columns), -1, 1)
    x[..., range(min(rows, columns)), range(min(rows, columns))] += [3, 8, 15][: min(x.shape[-2:])]
    return x


@public(torch="linalg.svd", room="linalg")
def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> Any:
    """(U, S, Vh) with A = U @ diag(S) @ Vh, the singular values S descending.

    A: (..., m, n) -> (..., m, k), (..., k), (..., k, n), k = min(m, n); with full_matrices U and
    Vh are square. driver is accepted, and means nothing on a CPU. Gradients of vectors are
    infinite where singular values are equal; signs and phases are arbitrary, and a loss that
    depends on a phase raises GradientError in the backward pass.

    >>> import wengert as wg
    >>> wg.linalg.svd(wg.tensor([[0.0, 2.0], [1.0, 0.0]])).S
    tensor([2., 1.])
    """
    array_of(A)
    return LinalgSvdResult(*svd_op(A, full_matrices=bool(full_matrices)))


@public(torch="linalg.svdvals", room="linalg", samples=lambda s: ((matrix_samples(s),), {}))
def svdvals(A: Tensor, *, driver: str | None = None) -> Any:
    """The singular values, descending: (..., m, n) -> (..., min(m, n))."""
    array_of(A)
    return svd_op(A, full_matrices=False)[1]


@public(torch="svd")
def svd_(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """torch.svd, the older form of linalg.svd: (U, S, V), with A = U @ diag(S) @ V^H.

    some: the first min(m, n) vectors only. compute_uv=False gives zeros for U and V.
    """
    rows, columns = array_of(input).shape[-2:]
    u, s, vh = svd_op(input, full_matrices=not some)
    if compute_uv:
        return SvdResult(u, s, adjoint(vh))
    return SvdResult(input.new_zeros(rows, rows), s, input.new_zeros(columns, columns))
