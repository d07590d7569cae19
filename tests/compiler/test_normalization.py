"""Normalisations, attention and embedding, compiled: as eagerly, and all of it native."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.errors import TraceError

F = wg.nn.functional


def numbers(*shape: int, seed: int = 0, dtype: type = np.float64) -> wg.Tensor:
    return wg.from_numpy(np.random.default_rng(seed).standard_normal(shape).astype(dtype))


X, WEIGHT, BIAS = numbers(4, 6, 5), numbers(6, seed=1), numbers(6, seed=2)
LAST, MEAN, VARIANCE = numbers(5, seed=3), numbers(6, seed=4), numbers(6, seed=5).abs()
CALLS = {
    "layer_norm": lambda x, w, b: F.layer_norm(x, (6, 5), None, x[0] * 2),
    "layer_norm of one": lambda x, w, b: F.layer_norm(x, (5,), LAST, LAST),
    "rms_norm": lambda x, w, b: F.rms_norm(x, (5,), LAST),
    "group_norm": lambda x, w, b: F.group_norm(x, 3, w, b),
    "batch_norm": lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True),
    "batch_norm, asked": lambda x, w, b: F.batch_norm(x, MEAN, VARIANCE, w, b),
    "attention": lambda x, w, b: F.scaled_dot_product_attention(x, x * 2, x.exp()),
    "causal attention": lambda x, w, b: F.scaled_dot_product_attention(x, x, x, is_causal=True),
    "masked attention": lambda x, w, b: F.scaled_dot_product_attention(
        x, x, x, wg.ones(6, 6, dtype=wg.bool).tril(-1)
    ),
}


def same(found: object, expected: object) -> None:
    np.testing.assert_allclose(found._data, expected._data, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", CALLS)
def test_values_and_gradients(name):
    step = wg.func.value_and_grad(
        lambda x, w, b: (CALLS[name](x, w, b) * x).square().sum(), argnums=(0, 1, 2)
    )
    compiled = wg.compile(step)

    (value, gradients), (found, slopes) = step(X, WEIGHT, BIAS), compiled(X, WEIGHT, BIAS)

    same(found, value)
    for mine, other in zip(slopes, gradients, strict=True):
        same(mine, other)
    assert compiled.report(X, WEIGHT, BIAS).coverage == 1


def test_running_statistics_as_arguments():
    compiled = wg.compile(F.batch_norm)

    same(compiled(X, MEAN, VARIANCE), F.batch_norm(X, MEAN, VARIANCE))


def test_running_statistics_do_not_move():
    step = wg.compile(lambda x, mean, variance: F.batch_norm(x, mean, variance, training=True))

    with pytest.raises(TraceError, match="Give None for both"):
        step(X, MEAN, VARIANCE)


@pytest.mark.parametrize("options", [{}, {"padding_idx": 1}, {"scale_grad_by_freq": True}])
def test_embedding(options):
    table, indices = numbers(4, 3), wg.tensor([[1, 2, 2], [0, 1, 1]])

    def loss(table, indices):
        return F.embedding(indices, table, **options).square().sum()

    step = wg.func.value_and_grad(loss)
    compiled = wg.compile(step)

    for mine, other in zip(compiled(table, indices), step(table, indices), strict=True):
        same(mine, other)
    assert compiled.report(table, indices).coverage == 1
    with pytest.raises(IndexError):
        compiled(table, wg.tensor([[1, 2, 2], [0, 4, 1]]))
