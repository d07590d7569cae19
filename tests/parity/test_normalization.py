"""Normalisation and attention beside torch: running statistics, masks, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from parity.scenario import leaf, raised, same_as_torch


def numbers(m, *shape, dtype=None):
    values = np.random.default_rng(0).standard_normal(shape)
    return m.tensor(values.tolist(), dtype=dtype or m.float64).requires_grad_()


def rounded(tensor):
    """Sums are taken in another order."""
    return np.round(tensor.detach().tolist(), 10).tolist()


@pytest.mark.parametrize("momentum", [0.1, 0.5, 1.0])
def test_running_statistics(momentum):
    @same_as_torch
    def test(m):
        x = numbers(m, 4, 3, 2)
        mean, variance = m.zeros(3, dtype=m.float64), m.ones(3, dtype=m.float64)
        F = m.nn.functional
        trained = F.batch_norm(x, mean, variance, training=True, momentum=momentum)
        asked = F.batch_norm(x, mean, variance, x[0, :, 0], x[1, :, 1])
        (trained * trained * asked).sum().backward()
        return [rounded(t) for t in (trained, asked, mean, variance, x.grad)]

    test()


@same_as_torch
def test_statistics_move_also_without_history(m):
    mean, variance = m.zeros(3, dtype=m.float64), m.ones(3, dtype=m.float64)
    with m.no_grad():
        m.nn.functional.batch_norm(numbers(m, 2, 3), mean, variance, training=True)
    return mean, variance, mean.requires_grad


@same_as_torch
def test_batch_norm_refuses(m):
    norm, x = m.nn.functional.batch_norm, numbers(m, 2, 3)
    mean, variance = m.zeros(3, dtype=m.float64), m.ones(3, dtype=m.float64)
    return (
        raised(lambda: norm(x, None, None)),
        raised(lambda: norm(x, mean, None, training=True)),
        raised(lambda: norm(x, mean[:2], variance)),
        raised(lambda: norm(x, mean, variance, m.ones(2, dtype=m.float64))),
        raised(lambda: norm(x[:1], mean, variance, training=True)),
        raised(lambda: norm(x[0], mean, variance)),
        raised(lambda: norm(x.float(), mean, variance)),
        raised(lambda: norm(x.long(), mean, variance)),
        raised(lambda: norm(x, mean.clone().requires_grad_(), variance, training=True)),
    )


@same_as_torch
def test_last_dimensions_refuse(m):
    F, x = m.nn.functional, numbers(m, 2, 3)
    one = m.ones(2, dtype=m.float64)
    return (
        raised(lambda: F.layer_norm(x, 3)),
        raised(lambda: F.layer_norm(x, [])),
        raised(lambda: F.layer_norm(x, [2])),
        raised(lambda: F.layer_norm(x[0], [2, 3])),
        raised(lambda: F.layer_norm(x, [3], one)),
        raised(lambda: F.layer_norm(x, [3], None, one)),
        raised(lambda: F.layer_norm(x, [3], m.ones(3))),
        raised(lambda: F.layer_norm(x.long(), [3])),
        raised(lambda: F.rms_norm(x, [2])),
        raised(lambda: F.rms_norm(x, [3], one)),
        raised(lambda: F.rms_norm(x.long(), [3])),
        raised(lambda: F.group_norm(x, 2)),
        raised(lambda: F.group_norm(x[0], 1)),
        raised(lambda: F.group_norm(x, 3, one)),
        raised(lambda: F.group_norm(x[:1], 3)),
    )


@same_as_torch
def test_half_precision_is_rounded_once(m):
    x = numbers(m, 4, 6, dtype=m.float16)
    scale = numbers(m, 6, dtype=m.float32)
    F = m.nn.functional
    return F.layer_norm(x, (6,), scale, scale).detach(), F.layer_norm(x, (6,)).detach()


def attend(m, mask=None, **options):
    q, k, v = (numbers(m, 2, 3, n, 4) for n in (3, 5, 5))
    out = m.nn.functional.scaled_dot_product_attention(q, k * 2, v + k, mask, **options)
    (out * out).sum().backward()
    return [rounded(t) for t in (out, q.grad, k.grad, v.grad)]


MASKS = {
    "bools": lambda m: m.tensor(np.tri(3, 5, 1, dtype=bool).tolist()),
    "a query that looks nowhere": lambda m: m.tensor(np.tri(3, 5, -1, dtype=bool).tolist()),
    "of each head": lambda m: m.tensor((np.arange(15).reshape(3, 1, 5) % 4 > 0).tolist()),
    "floats": lambda m: numbers(m, 3, 5).detach(),
    "minus infinity": lambda m: m.tensor(
        [[0.0, 1, 2, 3, 4], [float("-inf")] * 5, [1, float("-inf"), 0, 0, 0]], dtype=m.float64
    ),
}


@pytest.mark.parametrize("name", MASKS)
def test_masks(name):
    same_as_torch(lambda m: attend(m, MASKS[name](m)))()


@pytest.mark.parametrize("options", [{"is_causal": True}, {"scale": -0.3}, {}])
def test_attention(options):
    same_as_torch(lambda m: attend(m, **options))()


@same_as_torch
def test_heads_that_share_keys(m):
    q, k, v = numbers(m, 1, 6, 2, 4), numbers(m, 1, 3, 5, 4), numbers(m, 1, 3, 5, 2)
    out = m.nn.functional.scaled_dot_product_attention(q, k, v, enable_gqa=True)
    out.sum().backward()
    return [rounded(t) for t in (out, k.grad, v.grad)]


@same_as_torch
def test_no_keys(m):
    q, k = numbers(m, 2, 3, 4), m.zeros(2, 0, 4, dtype=m.float64)
    return m.nn.functional.scaled_dot_product_attention(q, k, k).detach()


@same_as_torch
def test_attention_refuses(m):
    attention = m.nn.functional.scaled_dot_product_attention
    q, k = numbers(m, 2, 3, 4), numbers(m, 2, 5, 4)
    mask = m.ones(3, 5, dtype=m.bool)
    return (
        raised(lambda: attention(q[0, 0], k, k)),
        raised(lambda: attention(q, k.float(), k)),
        raised(lambda: attention(q, k[..., :3], k)),
        raised(lambda: attention(q, k, k[:, :3])),
        raised(lambda: attention(q, k, k, mask, is_causal=True)),
        raised(lambda: attention(q, k, k, mask[:2])),
        raised(lambda: attention(q, k, k, mask.long())),
        raised(lambda: attention(q, k, k, dropout_p=1.5)),
        raised(lambda: attention(q.long(), k.long(), k.long())),
        raised(lambda: attention(leaf(m, 1.0), k, k)),
    )
