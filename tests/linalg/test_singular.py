"""Where formulas divide by zero and mathematics does not: singular matrices, equal eigenvalues."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import wengert as wg
from wengert import linalg
from wengert.func import grad, hessian


def permanent_sign(p):
    return np.linalg.det(np.eye(len(p))[list(p)])


def leibniz(a):
    """The determinant as a polynomial: a sum over permutations."""
    n = a.shape[0]
    total = 0.0
    for p in itertools.permutations(range(n)):
        term = permanent_sign(p)
        for i in range(n):
            term = term * a[i, p[i]]
        total = total + term
    return total


RANKS = {
    "regular": np.array([[2.0, 1.0, 0.5], [0.3, 1.0, 0.2], [0.1, 0.4, 3.0]]),
    "rank 2": np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]]),
    "rank 1": np.outer([1.0, 2.0, 3.0], [1.0, -1.0, 0.5]),
    "zero": np.zeros((3, 3)),
}


@pytest.mark.parametrize("name", RANKS)
def test_det_has_exact_derivatives_for_every_rank(name):
    a = RANKS[name]

    np.testing.assert_allclose(grad(linalg.det)(a), grad(leibniz)(a), atol=1e-12)
    np.testing.assert_allclose(hessian(linalg.det)(a), hessian(leibniz)(a), atol=1e-12)


def test_third_derivatives_of_det_of_a_regular_matrix():
    a = RANKS["regular"]

    def along(f):
        return lambda a: (hessian(f)(a)[0, 1, 2, 2] + hessian(f)(a)[1, 1, 2, 0]) * 1.0

    np.testing.assert_allclose(grad(along(linalg.det))(a), grad(along(leibniz))(a), atol=1e-10)


def test_a_complex_determinant():
    a = np.array([[1.0, 2j, 0.5], [2.0, 4j, 1.0], [0.3, 1.0, 1j]])  # singular

    found = grad(lambda a: linalg.det(a).real)(a)

    np.testing.assert_allclose(found, grad(lambda a: leibniz(a).real)(a), atol=1e-12)


def test_eigenvalues_that_are_equal():
    """Their sum has a slope, whatever vectors were found."""
    np.testing.assert_allclose(grad(lambda a: linalg.eigvalsh(a).sum())(np.eye(3)), np.eye(3))
    np.testing.assert_allclose(grad(lambda a: linalg.svdvals(a).sum())(np.eye(3)), np.eye(3))


def test_a_projector_onto_equal_eigenvalues():
    """A function that does not depend on the choice of vectors in their space."""
    a = np.diag([1.0, 1.0, 4.0])

    def smallest_two(a):
        v = linalg.eigh(a).eigenvectors[:, :2]
        return (v @ v.mT)[0, 2]

    found = grad(smallest_two)(a)

    expected = np.zeros((3, 3))
    expected[0, 2] = expected[2, 0] = -1 / 3 / 2
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_the_logarithm_of_a_singular_determinant():
    sign, logarithm = linalg.slogdet(wg.zeros(2, 2))

    assert (sign.item(), logarithm.item()) == (0, -np.inf)
    assert np.isnan(wg.logdet(wg.tensor([[0.0, 1.0], [1.0, 0.0]])).item())


def test_pinv_of_constant_rank():
    """x x^T has rank 1 for every x: its pseudo-inverse is x x^T / |x|^4."""
    x = np.array([1.0, -2.0, 0.5])

    found = grad(lambda x: linalg.pinv(np.outer(x, x), rtol=1e-8)[0, 1])(x)

    expected = grad(lambda x: x[0] * x[1] / (x @ x) ** 2)(x)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
