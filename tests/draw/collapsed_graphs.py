"""Graphs that are too large to be drawn whole, which the tests of drawing share."""

from __future__ import annotations

import random

import wengert as wg


def linear(x: wg.Tensor, m: int, name: str) -> wg.Tensor:
    """An affine layer, filed under its name."""
    with wg.scope(name):
        W = wg.full((x.shape[-1], m), 0.1, requires_grad=True)
        b = wg.zeros(m, requires_grad=True)
        return x @ W + b


def softmax(s: wg.Tensor) -> wg.Tensor:
    """Five operations; the maximum and the difference use what comes in."""
    with wg.scope("softmax"):
        e = (s - s.amax(-1, keepdim=True)).exp()
        return e / e.sum(-1, keepdim=True)


def encoder(blocks: int = 12, name: str = "block{}") -> wg.Graph:
    """Residual blocks of attention and a network, a head and a loss: 23 operations a block."""
    x = wg.ones(3, 4, requires_grad=True)
    h = linear(x, 4, "embed")
    for i in range(blocks):
        with wg.scope(name.format(i)):
            with wg.scope("attention"):
                q, k, v = (linear(h, 4, part) for part in "qkv")
                h = h + linear(softmax(q @ k.transpose(0, 1)) @ v, 4, "out")
            with wg.scope("mlp"):
                h = h + linear(wg.tanh(linear(h, 8, "up")), 4, "down")
    with wg.scope("loss"):
        loss = linear(h, 1, "head").square().mean()
    return wg.graph(loss, x=x, loss=loss)


def tangled(seed: int, count: int) -> wg.Graph:
    """Operations at random on earlier values, now and then under one of a few scopes."""
    rng = random.Random(seed)
    values = [wg.tensor(1.0 + i / 8, requires_grad=True) for i in range(5)]
    values += [wg.ones(2, requires_grad=True) for _ in range(5)]
    values += [wg.zeros(2) for _ in range(5)]
    while len(values) < count:
        a, b = (values[-rng.randint(1, min(len(values), 30))] for _ in "ab")
        with wg.scope(rng.choice("abc")) if rng.random() < 0.7 else wg.enable_grad():
            for _ in range(rng.randint(1, 6)):
                a = rng.choice([lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a.sin()])(a, b)
                values.append(a)
    return wg.graph(sum(value.sum() for value in values[-10:]))
