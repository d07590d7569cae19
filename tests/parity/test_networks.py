"""Training steps of networks: compiled as eagerly, and as in torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import wengert as wg
from parity.networks import Network, block, perceptron

MAKERS = {
    "perceptron": lambda dtype: perceptron(6, (9, 7, 5, 3), dtype),
    "block": lambda dtype: block(2, 5, 8, 11, dtype),
    "wide block": lambda dtype: block(2, 12, 64, 20, dtype),
}
TOLERANCES = {np.float32: 2e-5, np.float64: 1e-12}


def in_torch(network: Network) -> list[np.ndarray]:
    parameters = [torch.from_numpy(p.copy()).requires_grad_() for p in network.parameters]
    x = torch.from_numpy(network.inputs).requires_grad_()
    loss = network.loss(torch, parameters, x, torch.from_numpy(network.targets))
    loss.backward()
    return [a.detach().numpy() for a in (loss, x.grad, *(p.grad for p in parameters))]


def step(network: Network):
    """value_and_grad of the loss, of the inputs and all parameters."""

    def loss(x, parameters, targets):
        return network.loss(wg, parameters, x, targets)

    return wg.func.value_and_grad(loss, argnums=(0, 1))


def ours(function, network: Network) -> list[np.ndarray]:
    parameters = [wg.from_numpy(p) for p in network.parameters]
    targets = wg.from_numpy(network.targets)
    value, (x, rest) = function(wg.from_numpy(network.inputs), parameters, targets)
    return [np.asarray(t._data) for t in (value, x, *rest)]


def assert_near(found: list[np.ndarray], expected: list[np.ndarray], tolerance: float) -> None:
    """Relative to the largest element of each array: small ones are differences of larger."""
    assert len(found) == len(expected)
    for mine, other in zip(found, expected, strict=True):
        assert mine.dtype == other.dtype
        np.testing.assert_allclose(mine, other, rtol=0, atol=tolerance * np.abs(other).max())


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("name", MAKERS)
def test_as_in_torch(name, dtype):
    network = MAKERS[name](dtype)

    assert_near(ours(step(network), network), in_torch(network), TOLERANCES[dtype])


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("name", MAKERS)
def test_compiled(name, dtype):
    network = MAKERS[name](dtype)
    compiled = wg.compile(step(network))

    expected = ours(step(network), network)
    for _ in range(2):
        assert_near(ours(compiled, network), expected, TOLERANCES[dtype])
