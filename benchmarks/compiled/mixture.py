"""The log-likelihood of a Gaussian mixture with a Wishart prior, ADBench's first objective.

Each component's inverse covariance is Q^T Q, where Q is a lower triangular matrix whose diagonal
is kept as its logarithm: icf has d logarithms, then the columns below the diagonal, one after the
other. Formulas: Srajer, Kukelova, Fitzgibbon, "A benchmark of selected algorithmic differentiation
tools on some problems in computer vision and machine learning", 2018.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmarks import isolate
from benchmarks.compiled import rivals
from benchmarks.harness import Options, Pace, Samples
from benchmarks.peers import check_agreement
from benchmarks.report import Case

DIMENSIONS, COMPONENTS, POINTS = 10, 25, 1000
GAMMA, FREEDOM = 1.0, 0


def places(d: int) -> Any:
    """Where in icf the element (i, j) of Q is, for i > j; 0 elsewhere: (d * d,)."""
    table = np.zeros((d, d), np.int64)
    rows, columns = np.tril_indices(d, -1)
    order = np.lexsort((rows, columns))
    table[rows[order], columns[order]] = d + np.arange(len(order))
    return table.reshape(-1)


def torch_like(m: Any, table: Any, lower: Any, x: Any, alphas: Any, means: Any, icf: Any) -> Any:
    """x: (n, d), alphas: (k,), means: (k, d), icf: (k, d + d (d - 1) / 2).

    table: `places`. lower: 1 below the diagonal, else 0.
    """
    n, d = x.shape
    k = alphas.shape[0]
    logarithms = icf[:, :d]
    below = icf[:, table].reshape(k, d, d) * lower
    diagonal, sums = m.exp(logarithms), logarithms.sum(1)
    apart = x.T - means[:, :, None]
    scaled = diagonal[:, :, None] * apart + below @ apart
    inner = (alphas + sums)[:, None] - 0.5 * (scaled * scaled).sum(1)
    likelihood = m.logsumexp(inner, 0).sum() - n * m.logsumexp(alphas, 0)
    squares = (diagonal * diagonal).sum() + (below * below).sum()
    return _constant(n, d, k) + likelihood + 0.5 * GAMMA**2 * squares - FREEDOM * sums.sum()


def in_jax(
    jax: Any, jnp: Any, table: Any, lower: Any, x: Any, alphas: Any, means: Any, icf: Any
) -> Any:
    """The same."""
    n, d = x.shape
    k = alphas.shape[0]
    logarithms = icf[:, :d]
    below = icf[:, table].reshape(k, d, d) * lower
    diagonal, sums = jnp.exp(logarithms), logarithms.sum(1)
    apart = x.T - means[:, :, None]
    scaled = diagonal[:, :, None] * apart + below @ apart
    inner = (alphas + sums)[:, None] - 0.5 * (scaled * scaled).sum(1)
    logsumexp = jax.scipy.special.logsumexp
    likelihood = logsumexp(inner, 0).sum() - n * logsumexp(alphas, 0)
    squares = (diagonal * diagonal).sum() + (below * below).sum()
    return _constant(n, d, k) + likelihood + 0.5 * GAMMA**2 * squares - FREEDOM * sums.sum()


def _constant(n: int, d: int, k: int) -> float:
    """What does not depend on the parameters: of the likelihood, and of the prior."""
    freedom = d + FREEDOM + 1
    normal = -n * d * 0.5 * math.log(2 * math.pi)
    gammas = sum(math.lgamma(0.5 * freedom + 0.5 * (1 - j)) for j in range(1, d + 1))
    gammas += 0.25 * d * (d - 1) * math.log(math.pi)
    return normal - k * (freedom * d * math.log(GAMMA / math.sqrt(2)) - gammas)


def arrays(d: int, k: int, n: int) -> list[Any]:
    """Which places, which of them count, points and parameters."""
    rng = np.random.default_rng(0)
    return [
        places(d), np.tri(d, k=-1),
        rng.standard_normal((n, d)), rng.standard_normal(k), rng.standard_normal((k, d)),
        0.5 * rng.standard_normal((k, d + d * (d - 1) // 2)),
    ]  # fmt: skip


def by_loops(x: Any, alphas: Any, means: Any, icf: Any) -> float:
    """The same, point by point and component by component, in NumPy."""
    (n, d), k = x.shape, len(alphas)
    total, matrices = 0.0, []
    for row in icf:
        matrix = np.diag(np.exp(row[:d]))
        matrix.T[np.triu_indices(d, 1)] = row[d:]
        matrices.append(matrix)
    for point in x:
        terms = [
            alphas[c] + icf[c, :d].sum() - 0.5 * np.sum((matrices[c] @ (point - means[c])) ** 2)
            for c in range(k)
        ]
        total += np.logaddexp.reduce(terms)
    prior = sum(0.5 * GAMMA**2 * np.sum(matrix**2) for matrix in matrices)
    prior -= FREEDOM * icf[:, :d].sum()
    return float(_constant(n, d, k) + total - n * np.logaddexp.reduce(alphas) + prior)


def task(d: int = DIMENSIONS, k: int = COMPONENTS, n: int = POINTS) -> rivals.Task:
    """Gradients of alphas, means and icf."""
    return rivals.Task(torch_like, in_jax, arrays(d, k, n), (3, 4, 5))


def measure(pace: dict[str, Any]) -> Samples:
    """Verify, then time."""
    everyone = rivals.peers(task())
    check_agreement(everyone, rtol=1e-9)
    return rivals.timed({peer.name: peer.run for peer in everyone}, Pace(**pace))


def run(options: Options) -> Case:
    """d 10, k 25, n 1000 in float64."""
    title = "Gaussian mixture, d 10, 25 components, 1000 points, float64"
    pace = asdict(options.pace(repeats=21, block=0.2, pause=0.1))
    samples = isolate.call(measure, pace=pace)
    claims = rivals.against_best(title, samples, 0.3)
    return Case("mixture", title, "ms", claims, rivals.rows(samples, 1e3))
