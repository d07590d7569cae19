"""Networks as programs for both modules: a perceptron and a block of a transformer."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np


class Network(NamedTuple):
    """A loss, as a function of the module, the parameters, the inputs and the targets."""

    loss: Any
    parameters: list[np.ndarray]
    inputs: np.ndarray
    targets: np.ndarray


def perceptron_loss(m: Any, parameters: list[Any], x: Any, targets: Any) -> Any:
    """Layers with relu between them; weights are (out, in)."""
    F = m.nn.functional
    *layers, (weight, bias) = zip(parameters[::2], parameters[1::2], strict=True)
    for w, b in layers:
        x = m.relu(F.linear(x, w, b))
    return F.cross_entropy(F.linear(x, weight, bias), targets)


def block_loss(m: Any, parameters: list[Any], x: Any, targets: Any) -> Any:
    """Causal attention and a perceptron, each after a layer norm and added to x; then classes."""
    F = m.nn.functional
    scale_1, shift_1, w_qkv, b_qkv, w_out, b_out = parameters[:6]
    scale_2, shift_2, w_up, b_up, w_down, b_down, w_classes, b_classes = parameters[6:]
    batch, tokens, width = x.shape
    heads = width // 32 if width >= 64 else 2

    normal = F.layer_norm(x, (width,), scale_1, shift_1)
    qkv = F.linear(normal, w_qkv, b_qkv).reshape(batch, tokens, 3, heads, width // heads)
    q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
    attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    x = x + F.linear(attended.transpose(1, 2).reshape(batch, tokens, width), w_out, b_out)

    normal = F.layer_norm(x, (width,), scale_2, shift_2)
    x = x + F.linear(F.gelu(F.linear(normal, w_up, b_up)), w_down, b_down)
    logits = F.linear(x, w_classes, b_classes)
    return F.cross_entropy(logits.reshape(batch * tokens, -1), targets.reshape(batch * tokens))


def perceptron(rows: int, widths: tuple[int, ...], dtype: type) -> Network:
    """With random parameters, about as large as those of a trained one."""
    rng = np.random.default_rng(0)
    parameters = []
    for inside, outside in pairwise(widths):
        parameters.append(rng.standard_normal((outside, inside)) / inside**0.5)
        parameters.append(rng.standard_normal(outside) * 0.1)
    x = rng.standard_normal((rows, widths[0])).astype(dtype)
    targets = rng.integers(0, widths[-1], rows)
    return Network(perceptron_loss, [p.astype(dtype) for p in parameters], x, targets)


def block(batch: int, tokens: int, width: int, classes: int, dtype: type) -> Network:
    """A block with a hidden layer four times as wide."""
    rng = np.random.default_rng(0)

    def layer(inside: int, outside: int) -> list[np.ndarray]:
        weight = rng.standard_normal((outside, inside)) / inside**0.5
        return [weight, rng.standard_normal(outside) * 0.1]

    def norm() -> list[np.ndarray]:
        return [1 + rng.standard_normal(width) * 0.1, rng.standard_normal(width) * 0.1]

    parameters = [
        *norm(), *layer(width, 3 * width), *layer(width, width),
        *norm(), *layer(width, 4 * width), *layer(4 * width, width), *layer(width, classes),
    ]  # fmt: skip
    x = rng.standard_normal((batch, tokens, width)).astype(dtype)
    targets = rng.integers(0, classes, (batch, tokens))
    return Network(block_loss, [p.astype(dtype) for p in parameters], x, targets)
