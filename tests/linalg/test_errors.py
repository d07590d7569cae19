"""What bad matrices get: torch's exceptions, with the matrix and the remedy named."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert import linalg

SINGULAR = wg.ones(2, 2)
BATCH = wg.stack([wg.eye(2), wg.ones(2, 2)])
WIDE = wg.ones(2, 3)
LINALG_ERRORS = {
    "inv": (lambda: linalg.inv(SINGULAR), "diagonal element 2 is zero"),
    "inv of a batch": (lambda: linalg.inv(BATCH), r"\(Batch element 1\)"),
    "inverse": (lambda: wg.inverse(SINGULAR), "singular"),
    "solve": (lambda: linalg.solve(SINGULAR, wg.ones(2)), "the input matrix is singular"),
    "cholesky": (lambda: linalg.cholesky(-wg.eye(3)), "leading minor of order 1"),
    "cholesky of a batch": (lambda: linalg.cholesky(BATCH - wg.eye(2)), r"\(Batch element 0\)"),
    "cholesky_ex": (lambda: linalg.cholesky_ex(-wg.eye(2), check_errors=True), "minor of order 1"),
    "inv_ex": (lambda: linalg.inv_ex(SINGULAR, check_errors=True), "singular"),
    "lu_factor": (lambda: linalg.lu_factor(SINGULAR), r"U\[2,2\] is zero"),
    "matrix_power": (lambda: linalg.matrix_power(SINGULAR, -1), "singular"),
    "tensorinv": (lambda: linalg.tensorinv(wg.ones(2, 1, 2)), "singular"),
    "svd": (lambda: linalg.svd(wg.tensor([[float("nan"), 1.0]])), "non-finite values"),
    "eig": (lambda: linalg.eig(wg.full((2, 2), float("inf"))), "infs or NaNs"),
}
SHAPE_ERRORS = {
    "not square": (lambda: linalg.inv(WIDE), "batches of square matrices, but they are 2 by 3"),
    "a vector": (lambda: linalg.det(wg.ones(2)), "at least 2 dimensions"),
    "solve": (lambda: linalg.solve(wg.eye(2), wg.ones(3)), "2x2 and 3x1"),
    "lstsq": (lambda: linalg.lstsq(WIDE, wg.ones(3, 1)), "should match"),
    "triangular": (lambda: linalg.solve_triangular(wg.eye(2), wg.ones(2), upper=True), "B must"),
    "tensorsolve": (lambda: linalg.tensorsolve(wg.ones(2, 3), wg.ones(2)), "requirement"),
    "norm": (lambda: linalg.norm(wg.ones(2, 2, 2), 2), "must be 1D or 2D"),
    "integers": (lambda: linalg.inv(wg.ones(2, 2).long()), "Got int64"),
    "half": (lambda: linalg.inv(wg.ones(2, 2).half()), "Low precision"),
    "dtypes": (lambda: linalg.solve(wg.eye(2), wg.ones(2).double()), "same dtype"),
    "order": (lambda: linalg.matrix_norm(WIDE, 3), "Order 3 not supported"),
    "mode": (lambda: linalg.qr(WIDE, "x"), "unrecognized mode"),
    "triangle": (lambda: linalg.eigh(wg.eye(2), "X"), "'L' or 'U'"),
}


@pytest.mark.parametrize("name", LINALG_ERRORS)
def test_failures_are_linalg_errors(name):
    call, message = LINALG_ERRORS[name]

    with pytest.raises(linalg.LinAlgError, match=message) as caught:
        call()

    assert isinstance(caught.value, RuntimeError)  # what torch raises
    assert isinstance(caught.value, np.linalg.LinAlgError)  # what NumPy raises
    assert "test_errors.py" in str(caught.value)


@pytest.mark.parametrize("name", SHAPE_ERRORS)
def test_misuse_is_a_runtime_error(name):
    call, message = SHAPE_ERRORS[name]

    with pytest.raises(RuntimeError, match=message):
        call()


def test_without_a_check_the_failure_is_in_the_result():
    assert linalg.inv_ex(BATCH).info.tolist() == [0, 2]
    assert linalg.inv_ex(BATCH).inverse[0].tolist() == wg.eye(2).tolist()
    assert linalg.cholesky_ex(wg.stack([wg.eye(2), -wg.eye(2)])).info.tolist() == [0, 1]
    assert linalg.solve_ex(SINGULAR, wg.ones(2)).info.item() == 2


def test_a_loss_that_depends_on_a_phase_is_refused():
    x = wg.tensor([[2.0, 1j], [-1j, 1.0]], dtype=wg.complex128, requires_grad=True)

    with pytest.raises(RuntimeError, match=r"e\^\(i phi\)"):
        linalg.eigh(x).eigenvectors.sum().imag.backward()


def test_columns_that_are_arbitrary_have_no_slope():
    x = wg.ones(3, 2, requires_grad=True) + wg.tensor([[1.0, 0], [0, 2], [0, 0]])

    with pytest.raises(RuntimeError, match="nrows > ncols"):
        linalg.qr(x, "complete").Q.sum().backward()
