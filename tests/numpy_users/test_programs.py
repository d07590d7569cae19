"""Programs written with `import numpy as np` only, differentiated as they are."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from laws.numeric import directional
from numpy_users.programs import PROGRAMS
from wengert.func import grad, grad_and_value, hessian, jvp, vmap


def directions(arguments, seed):
    generator = np.random.default_rng(seed)
    return [generator.normal(size=a.shape) for a in arguments]


@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients_are_those_measured(name):
    function, arguments = PROGRAMS[name]
    every = tuple(range(len(arguments)))

    gradients, value = grad_and_value(function, argnums=every)(*arguments)

    np.testing.assert_allclose(value, function(*arguments), rtol=1e-12)
    for seed in range(3):
        step = directions(arguments, seed)
        found = sum(np.sum(g * d) for g, d in zip(gradients, step, strict=True))
        measured, error = directional(lambda at: function(*at), arguments, step)
        assert abs(found - measured) <= 1e-7 * max(1, abs(measured)) + 10 * error
    assert all(type(g) is np.ndarray and g.dtype == np.float64 for g in gradients)


@pytest.mark.parametrize("name", PROGRAMS)
def test_forward_mode_agrees(name):
    function, arguments = PROGRAMS[name]
    step = directions(arguments, 4)
    gradients = grad(function, argnums=tuple(range(len(arguments))))(*arguments)

    _, tangent = jvp(function, arguments, tuple(step))

    pulled = sum(np.sum(g * d) for g, d in zip(gradients, step, strict=True))
    np.testing.assert_allclose(tangent, pulled, rtol=1e-9)


@pytest.mark.parametrize("name", sorted(set(PROGRAMS) - {"bodies", "blur", "drawdown"}))
def test_second_derivatives_are_those_measured(name):
    function, arguments = PROGRAMS[name]
    first, rest = arguments[0], arguments[1:]
    step = directions([first], 5)[0]

    h = hessian(function)(first, *rest)

    slope = grad(function)
    ahead, behind = slope(first + 1e-5 * step, *rest), slope(first - 1e-5 * step, *rest)
    np.testing.assert_allclose(h @ step, (ahead - behind) / 2e-5, rtol=1e-5, atol=1e-6)


# Without the one whose places depend on values.
@pytest.mark.parametrize("name", sorted(set(PROGRAMS) - {"histogram_of_ranks"}))
def test_a_map_over_the_first_argument(name):
    function, (first, *rest) = PROGRAMS[name]
    slope = grad(function)

    found = vmap(slope, in_dims=(0, *(None for _ in rest)))(np.stack([first, 1.01 * first]), *rest)

    np.testing.assert_allclose(
        found, [slope(first, *rest), slope(1.01 * first, *rest)], rtol=1e-7, atol=1e-10
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_program_leaves_its_arguments_alone(name):
    function, arguments = PROGRAMS[name]
    before = [a.copy() for a in arguments]

    grad(function, argnums=tuple(range(len(arguments))))(*arguments)

    for a, b in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_jitter_is_found_inside_a_transform():
    """A covariance that is not positive definite: NumPy's LinAlgError is raised and caught."""

    def likelihood(x):
        k = np.outer(x, x)
        try:
            lower = np.linalg.cholesky(k)
        except np.linalg.LinAlgError:
            lower = np.linalg.cholesky(k + 1e-3 * np.eye(3))
        return np.log(np.diagonal(lower)).sum()

    x = np.array([1.0, 2.0, -1.0])
    found = grad(likelihood)(x)

    inverse = np.linalg.inv(np.outer(x, x) + 1e-3 * np.eye(3))
    np.testing.assert_allclose(found, inverse @ x, rtol=1e-6)


def test_tensors_go_through_the_same_programs():
    function, arguments = PROGRAMS["kalman"]
    tensors = [wg.tensor(a, requires_grad=True) for a in arguments]

    function(*tensors).backward()

    found = grad(function)(*arguments)
    np.testing.assert_allclose(tensors[0].grad.numpy(), found)
