"""The programs of tests/numpy_users as one writes them with torch: the same gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from numpy_users.programs import PROGRAMS
from wengert.func import grad_and_value


def heat(u, conductivity):
    for _ in range(20):
        flux = conductivity * torch.diff(u)
        inner = u[1:-1] + 0.2 * (flux[1:] - flux[:-1])
        u = torch.cat([u[:1], inner, u[-1:]])
    return ((u - 0.5) ** 2).sum()


def kalman(noise, observations):
    q, r = torch.exp(noise)
    one = torch.eye(2, dtype=torch.float64)
    f = torch.tensor([[1.0, 0.5], [0.0, 1.0]], dtype=torch.float64)
    h = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    state, p, total = torch.zeros(2, dtype=torch.float64), one, 0.0
    for z in observations:
        state = f @ state
        p = f @ p @ f.T + q * one
        s = h @ p @ h.T + r
        off = z - h @ state
        gain = p @ h.T @ torch.linalg.inv(s)
        state = state + gain @ off
        p = (one - gain @ h) @ p
        fit = torch.log(2 * math.pi * torch.linalg.det(s)) + off @ torch.linalg.inv(s) @ off
        total = total - 0.5 * fit
    return total


def logistic(weights, features):
    labels = torch.arange(len(features)) % 2
    logits = features @ weights[:-1] + weights[-1]
    losses = torch.nn.functional.softplus(logits, threshold=1e9) - labels * logits
    return losses.mean() + 0.1 * torch.linalg.norm(weights[:-1]) ** 2


def bodies(positions, velocities):
    masses = torch.linspace(1, 2, len(positions), dtype=torch.float64)
    one = torch.eye(len(positions), dtype=torch.bool)

    def acceleration(x):
        apart = x[None, :, :] - x[:, None, :]
        distance = torch.sqrt((apart**2).sum(-1) + 0.1).masked_fill(one, 1.0)
        return (masses[None, :, None] * apart / distance[..., None] ** 3).sum(1)

    for _ in range(3):
        velocities = velocities + 0.05 * acceleration(positions)
        positions = positions + 0.1 * velocities
        velocities = velocities + 0.05 * acceleration(positions)
    i, j = torch.triu_indices(len(positions), len(positions), 1)
    gaps = torch.sqrt(((positions[i] - positions[j]) ** 2).sum(-1) + 0.1)
    kinetic = 0.5 * (masses[:, None] * velocities**2).sum()
    return kinetic - (masses[i] * masses[j] / gaps).sum()


def gaussian_process(parameters, targets):
    scale, length, noise = torch.exp(parameters)
    points = torch.linspace(0, 1, len(targets), dtype=torch.float64)
    squares = (points[:, None] - points[None, :]) ** 2
    one = torch.eye(len(targets), dtype=torch.float64)
    k = scale * torch.exp(-0.5 * squares / length**2) + noise * one
    mean = torch.zeros(len(targets), dtype=torch.float64)
    return torch.distributions.MultivariateNormal(mean, k).log_prob(targets)


def drawdown(returns, weights):
    daily = returns @ torch.softmax(weights, 0)
    wealth = torch.cumprod(1 + daily, 0)
    peak = torch.cummax(wealth, 0).values
    return ((peak - wealth) / peak).max() + daily.mean() / daily.std()


def blur(image, kernel):
    padded = torch.nn.functional.pad(image[None, None], (1, 1, 1, 1), mode="replicate")
    out = torch.nn.functional.conv2d(padded, kernel[None, None])[0, 0] / kernel.sum()
    return torch.sqrt(((out - image) ** 2).mean())


def predators(state, rates):
    a, b, c, d = rates

    def slope(y):
        return torch.stack([a * y[0] - b * y[0] * y[1], d * y[0] * y[1] - c * y[1]])

    path = [state]
    for _ in range(20):
        y = path[-1]
        k1 = slope(y)
        k2 = slope(y + 0.05 * k1)
        k3 = slope(y + 0.05 * k2)
        k4 = slope(y + 0.1 * k3)
        path.append(y + 0.1 / 6 * (k1 + 2 * k2 + 2 * k3 + k4))
    whole = torch.stack(path)
    return torch.trapezoid(whole[:, 0] * whole[:, 1], dx=0.1)


def time_warping(first, second):
    cost = (first[:, None] - second[None, :]).abs()
    n, m = cost.shape
    far = torch.tensor(1e3, dtype=torch.float64)
    table = {(i, j): far for i in range(n + 1) for j in range(m + 1)}
    table[0, 0] = torch.zeros((), dtype=torch.float64)
    for i in range(n):
        for j in range(m):
            around = torch.stack([table[i, j], table[i, j + 1], table[i + 1, j]])
            table[i + 1, j + 1] = cost[i, j] - torch.logsumexp(-around, 0)
    return table[n, m]


def chain(energies):
    j, h = energies
    spins = torch.tensor([1.0, -1.0], dtype=torch.float64)
    transfer = torch.exp(j * torch.outer(spins, spins) + h * (spins[:, None] + spins) / 2)
    values = torch.linalg.eigvalsh(transfer)
    power = torch.linalg.matrix_power(transfer, 8)
    return torch.log(torch.trace(power)) + torch.log(values[-1] / values[0])


def histogram_of_ranks(scores):
    bins = torch.bucketize(scores.detach(), torch.tensor([0.3, 0.6, 0.9]), right=True)
    mass = torch.zeros(4, dtype=torch.float64).index_add(0, bins, scores**2)
    return torch.special.entr(mass / mass.sum()).sum()


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_gradients(name):
    function, arguments = PROGRAMS[name]
    tensors = [torch.tensor(a, requires_grad=True) for a in arguments]

    expected = globals()[name](*tensors)
    expected.backward()
    gradients, value = grad_and_value(function, argnums=tuple(range(len(arguments))))(*arguments)

    np.testing.assert_allclose(value, expected.item(), rtol=1e-11)
    for found, tensor in zip(gradients, tensors, strict=True):
        np.testing.assert_allclose(found, tensor.grad.numpy(), rtol=1e-9, atol=1e-12)
