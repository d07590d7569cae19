"""Eigenvalues and eigenvectors, of Hermitian and of general matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentValueError, GradientError, LinAlgError
from wengert.ops.arguments import array_of
from wengert.ops.batching import behind_first
from wengert.ops.define import public
from wengert.ops.inverse import solve_op
from wengert.ops.kinds import general
from wengert.ops.matrices import (
    adjoint,
    check_square,
    complex_dtype,
    concrete,
    diagonal_matrix,
    eye_like,
    from_triangle,
    hermitian_part,
    is_complex,
    quotient,
    real_dtype,
)
from wengert.ops.named_parts import EighResult, EigResult
from wengert.ops.samples import Call, Sampler


def check_phase(name: str, turned: Any) -> None:
    """Raise GradientError where a loss depends on the phases of complex vectors.

    They are arbitrary, so there is no such slope. turned: real numbers, zero for a loss that does
    not. The tolerance is torch's.
    """
    found = concrete(turned)
    if found is not None and not np.allclose(found, 0, rtol=1e-2, atol=1e-2):
        raise GradientError(
            f"{name}: complex vectors are defined up to multiplication by e^(i phi), and the loss "
            "depends on phi, so its derivative is ill-defined",
            "Let the loss depend on absolute values, or on projections such as v v^H.",
        )


def _gaps(values: Any) -> Any:
    """values[j] - values[i], and ones on the diagonal."""
    gaps = values[..., None, :] - values[..., :, None]
    return gaps + eye_like(gaps)


def _off_diagonal(x: Any) -> Any:
    return x * (1 - eye_like(x))


# Hermitian ---------------------------------------------------------------------------------------


def _eigh(x: Any) -> tuple[Any, Any]:
    """Of the Hermitian part."""
    check_square("linalg.eigh", x)
    try:
        values, vectors = np.linalg.eigh(hermitian_part(x))
    except np.linalg.LinAlgError as error:
        raise LinAlgError(f"linalg.eigh: {error}") from None
    return values, vectors


def _eigh_aval(x: Aval) -> tuple[Aval, Aval]:
    check_square("linalg.eigh", x)
    return Aval(x.shape[:-1], real_dtype(x.dtype)), x


def _eigh_pullback(ct: Any, out: Any) -> Any:
    (by_value, by_vector), (values, vectors) = ct, out
    turned = adjoint(vectors) @ by_vector
    if is_complex(turned):
        check_phase("linalg.eigh", np.imag(np.diagonal(turned, axis1=-2, axis2=-1)))
    skew = _off_diagonal((turned - adjoint(turned)) / 2)
    middle = quotient(skew, _gaps(values)) + diagonal_matrix(by_value)
    return vectors @ middle @ adjoint(vectors)


def _eigh_pushed(x_dot: Any, out: Any) -> Any:
    values, vectors = out
    step = adjoint(vectors) @ hermitian_part(x_dot) @ vectors
    moved = np.real(np.diagonal(step, axis1=-2, axis2=-1))
    return moved, vectors @ quotient(_off_diagonal(step), _gaps(values))


eigh_op: Op = general(
    "linalg_eigh", _eigh, pullbacks=[_eigh_pullback], pushforward=_eigh_pushed, outputs=2,
    results_as=("eigenvalues", "eigenvectors"),
    holomorphic=False, torch="linalg.eigh", aval=_eigh_aval,
    explain="an eigenvalue moves by v^H dA v; vectors turn towards each other, the faster the "
    "closer their eigenvalues are",
    source="dw_i = v_i^H dA v_i, dV = V (V^H dA V / (w_j - w_i)), M. Giles, 2008",
    batch=behind_first,
)  # fmt: skip


def _read(name: str, A: Any, UPLO: Any) -> Any:
    """The Hermitian matrix of the triangle that UPLO names."""
    if str(UPLO).upper() not in ("L", "U"):
        raise ArgumentValueError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    check_square(name, array_of(A))
    return from_triangle(A, str(UPLO).upper() == "U")


@public(torch="linalg.eigh", room="linalg")
def eigh(A: Tensor, UPLO: str = "L") -> Any:
    """(eigenvalues, eigenvectors) of Hermitian matrices: ascending, and as columns.

    A: (..., n, n), of which the triangle that UPLO names is read -> (..., n), (..., n, n). The
    gradient is Hermitian. That of vectors is infinite where eigenvalues are equal.

    >>> import wengert as wg
    >>> wg.linalg.eigh(wg.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    tensor([1., 2.])
    """
    array_of(A)
    return EighResult(*eigh_op(_read("linalg.eigh", A, UPLO)))


@public(torch="linalg.eigvalsh", room="linalg")
def eigvalsh(A: Tensor, UPLO: str = "L") -> Any:
    """The eigenvalues of Hermitian matrices, ascending. Differentiable where some are equal, too,
    in the sense that their sum is.
    """
    array_of(A)
    return eigh_op(_read("linalg.eigh", A, UPLO))[0]


# General -----------------------------------------------------------------------------------------


def _eig(x: Any) -> tuple[Any, Any]:
    check_square("linalg.eig", x)
    try:
        values, vectors = np.linalg.eig(x)
    except np.linalg.LinAlgError:
        raise LinAlgError(
            "linalg.eig: input tensor should not contain infs or NaNs."
            if not np.isfinite(x).all()
            else "linalg.eig: the algorithm failed to converge."
        ) from None
    dtype = complex_dtype(x.dtype)
    return values.astype(dtype), vectors.astype(dtype)


def _eig_aval(x: Aval) -> tuple[Aval, Aval]:
    check_square("linalg.eig", x)
    dtype = complex_dtype(x.dtype)
    return Aval(x.shape[:-1], dtype), Aval(x.shape, dtype)


def _eig_pullback(ct: Any, out: Any) -> Any:
    (by_value, by_vector), (values, vectors) = ct, out
    turned = adjoint(vectors) @ by_vector
    diagonal = np.diagonal(turned, axis1=-2, axis2=-1)
    check_phase("linalg.eig", np.imag(diagonal))
    # The vectors keep length 1: what would stretch them is taken out.
    stretched = (adjoint(vectors) @ vectors) * np.real(diagonal)[..., None, :]
    moved = quotient(_off_diagonal(turned - stretched), np.conj(_gaps(values)))
    middle = moved + diagonal_matrix(by_value)
    return solve_op(adjoint(vectors), middle @ adjoint(vectors), check=False)


def _eig_pushed(x_dot: Any, out: Any) -> Any:
    values, vectors = out
    step = solve_op(vectors, (x_dot + 0 * vectors) @ vectors, check=False)
    turned = vectors @ quotient(_off_diagonal(step), _gaps(values))
    length = np.real(np.sum(np.conj(vectors) * turned, axis=-2))
    return np.diagonal(step, axis1=-2, axis2=-1), turned - vectors * length[..., None, :]


eig_op: Op = general(
    "linalg_eig", _eig, pullbacks=[_eig_pullback], pushforward=_eig_pushed, outputs=2,
    results_as=("eigenvalues", "eigenvectors"),
    holomorphic=False, torch="linalg.eig", aval=_eig_aval,
    explain="an eigenvalue moves by the left vector times the step times the right one",
    source="dw = diag(V^-1 dA V), dV = V (V^-1 dA V / (w_j - w_i)), each column kept at length 1",
    batch=behind_first,
)  # fmt: skip


def _apart(s: Sampler) -> Call:
    """Matrices with eigenvalues that are far apart."""
    n = s.integer(1, 3)
    return (s.array((*s.shape(0, 1, 1, 2), n, n), -1, 1) + np.diag([1.0, 6.0, 12.0][:n]),), {}


@public(torch="linalg.eig", room="linalg")
def eig(A: Tensor) -> Any:
    """(eigenvalues, eigenvectors) of square matrices: complex, in no order, vectors as columns.

    A: (..., n, n) -> (..., n), (..., n, n). The vectors have length 1 and an arbitrary phase: a
    loss that depends on that raises GradientError in the backward pass.

    >>> import wengert as wg
    >>> wg.linalg.eig(wg.tensor([[0.0, 1.0], [-1.0, 0.0]])).eigenvalues
    tensor([0.+1.j, 0.-1.j])
    """
    array_of(A)
    return EigResult(*eig_op(A))


@public(torch="linalg.eigvals", room="linalg", samples=_apart)
def eigvals(A: Tensor) -> Any:
    """The eigenvalues of square matrices, complex: (..., n, n) -> (..., n)."""
    array_of(A)
    return eig_op(A)[0]
