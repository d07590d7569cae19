"""Scientific programs as NumPy users write them: nothing here knows of wengert.

Each takes arrays and returns a number. PROGRAMS: name -> (function, arguments).
"""

from __future__ import annotations

from typing import Any

import numpy as np

RNG = np.random.default_rng(7)


def heat(u, conductivity):
    """Twenty explicit steps of the heat equation, in place, with fixed ends."""
    u = u.copy()
    for _ in range(20):
        new = np.empty_like(u)
        new[0], new[-1] = u[0], u[-1]
        flux = conductivity * np.diff(u)
        new[1:-1] = u[1:-1] + 0.2 * (flux[1:] - flux[:-1])
        u = new
    return np.sum((u - 0.5) ** 2)


def kalman(noise, observations):
    """The log-likelihood of a constant-velocity model under a Kalman filter."""
    q, r = np.exp(noise)
    f = np.array([[1.0, 0.5], [0.0, 1.0]])
    h = np.array([[1.0, 0.0]])
    state, p = np.zeros(2), np.eye(2)
    total = 0.0
    for z in observations:
        state = f @ state
        p = f @ p @ f.T + q * np.eye(2)
        s = h @ p @ h.T + r
        off = z - h @ state
        gain = np.linalg.solve(s.T, (p @ h.T).T).T
        state = state + gain @ off
        p = (np.eye(2) - gain @ h) @ p
        total += -0.5 * (np.log(2 * np.pi * np.linalg.det(s)) + off @ np.linalg.inv(s) @ off)
    return total


def logistic(weights, features):
    """The mean log-loss of logistic regression with an intercept, and a penalty."""
    labels = np.arange(len(features)) % 2
    logits = features @ weights[:-1] + weights[-1]
    losses = np.logaddexp(0, logits) - labels * logits
    return losses.mean() + 0.1 * np.linalg.norm(weights[:-1]) ** 2


def bodies(positions, velocities):
    """The energy of five bodies after three leapfrog steps."""
    masses = np.linspace(1, 2, len(positions))

    def acceleration(x):
        apart = x[None, :, :] - x[:, None, :]
        distance = np.sqrt((apart**2).sum(axis=-1) + 0.1)
        np.fill_diagonal(distance, 1.0)
        return (masses[None, :, None] * apart / distance[..., None] ** 3).sum(axis=1)

    for _ in range(3):
        velocities = velocities + 0.05 * acceleration(positions)
        positions = positions + 0.1 * velocities
        velocities = velocities + 0.05 * acceleration(positions)
    i, j = np.triu_indices(len(positions), 1)
    gaps = np.sqrt(((positions[i] - positions[j]) ** 2).sum(-1) + 0.1)
    kinetic = 0.5 * np.einsum("i,ij,ij->", masses, velocities, velocities)
    return kinetic - np.sum(masses[i] * masses[j] / gaps)


def gaussian_process(parameters, targets):
    """The log marginal likelihood; jitter is added while Cholesky's factor does not exist."""
    scale, length, noise = np.exp(parameters)
    points = np.linspace(0, 1, len(targets))
    squares = (points[:, None] - points[None, :]) ** 2
    k = scale * np.exp(-0.5 * squares / length**2) + noise * np.eye(len(targets))
    jitter = 0.0
    while True:
        try:
            lower = np.linalg.cholesky(k + jitter * np.eye(len(targets)))
            break
        except np.linalg.LinAlgError:
            jitter = 10 * jitter or 1e-10
    alpha = np.linalg.solve(lower.T, np.linalg.solve(lower, targets))
    fit = -0.5 * targets @ alpha - np.log(np.diag(lower)).sum()
    return fit - 0.5 * len(targets) * np.log(2 * np.pi)


def drawdown(returns, weights):
    """The largest loss from a peak of a portfolio's cumulative returns, and its Sharpe ratio."""
    shares = np.exp(weights) / np.exp(weights).sum()
    daily = returns @ shares
    wealth = np.cumprod(1 + daily)
    peak = np.maximum.accumulate(wealth)
    return np.max((peak - wealth) / peak) + daily.mean() / daily.std(ddof=1)


def blur(image, kernel):
    """An image blurred by shifted slices, its edges repeated; how far it is from the image."""
    padded = np.pad(image, 1, mode="edge")
    rows, columns = image.shape
    out = np.zeros_like(image)
    for i in range(3):
        for j in range(3):
            out += kernel[i, j] * padded[i : i + rows, j : j + columns]
    out /= kernel.sum()
    return np.sqrt(np.mean((out - image) ** 2))


def predators(state, rates):
    """Lotka and Volterra's equations by Runge and Kutta's method, twenty steps."""
    a, b, c, d = rates

    def slope(y):
        prey, predators = y
        return np.stack([a * prey - b * prey * predators, d * prey * predators - c * predators])

    path = np.empty_like(state, shape=(21, 2))
    path[0] = state
    for t in range(20):
        y = path[t]
        k1 = slope(y)
        k2 = slope(y + 0.05 * k1)
        k3 = slope(y + 0.05 * k2)
        k4 = slope(y + 0.1 * k3)
        path[t + 1] = y + 0.1 / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return np.trapezoid(path[:, 0] * path[:, 1], dx=0.1)


def time_warping(first, second):
    """Soft dynamic time warping: a table filled element by element."""
    cost = np.abs(np.subtract.outer(first, second))
    n, m = cost.shape
    table = np.full_like(cost, 1e3, shape=(n + 1, m + 1))
    table[0, 0] = 0
    for i in range(n):
        for j in range(m):
            around = np.stack([table[i, j], table[i, j + 1], table[i + 1, j]])
            table[i + 1, j + 1] = cost[i, j] - np.logaddexp.reduce(-around)
    return table[n, m]


def chain(energies):
    """The free energy of a ring of spins by powers of the transfer matrix, and its gap."""
    j, h = energies
    spins = np.array([1.0, -1.0])
    transfer = np.exp(j * np.outer(spins, spins) + h * np.add.outer(spins, spins) / 2)
    values = np.linalg.eigvalsh(transfer)
    return np.log(np.trace(np.linalg.matrix_power(transfer, 8))) + np.log(values[-1] / values[0])


def histogram_of_ranks(scores):
    """Scores collected into bins by np.add.at, and the entropy of the bins."""
    bins = np.digitize(scores, [0.3, 0.6, 0.9])
    mass = np.zeros_like(scores, shape=4)
    np.add.at(mass, bins, np.square(scores))
    share = mass / mass.sum()
    return -np.sum(np.where(share > 0, share * np.log(np.where(share > 0, share, 1)), 0))


PROGRAMS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "heat": (heat, (RNG.random(12), 0.5 + RNG.random(11))),
    "kalman": (kalman, (np.array([-1.0, -0.5]), RNG.normal(size=6).cumsum())),
    "logistic": (logistic, (RNG.normal(size=4), RNG.normal(size=(10, 3)))),
    "bodies": (bodies, (RNG.normal(size=(5, 3)), RNG.normal(size=(5, 3)))),
    "gaussian_process": (gaussian_process, (np.array([0.3, -1.2, -2.0]), RNG.normal(size=8))),
    "drawdown": (drawdown, (0.1 * RNG.normal(size=(15, 3)), RNG.normal(size=3))),
    "blur": (blur, (RNG.random((6, 5)), 0.2 + RNG.random((3, 3)))),
    "predators": (predators, (np.array([1.2, 0.7]), np.array([1.1, 0.4, 0.4, 0.1]))),
    "time_warping": (time_warping, (RNG.normal(size=5), RNG.normal(size=4))),
    "chain": (chain, (np.array([0.4, 0.2]),)),
    "histogram_of_ranks": (histogram_of_ranks, (np.array([0.1, 0.45, 0.5, 0.8, 1.2, 0.2]),)),
}
