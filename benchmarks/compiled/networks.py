"""Training steps without their optimiser: a perceptron, and a block of a transformer.

Both are bounded by their matrix products, which are timed alone beside them: through the same
OpenBLAS with its own threads, through NumPy, and through jax.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks import isolate
from benchmarks.compiled import rivals
from benchmarks.compiled.products import Shape, in_jax, in_numpy, in_openblas
from benchmarks.harness import Options, Pace, Samples
from benchmarks.peers import check_agreement, importable
from benchmarks.report import Case

BATCH, WIDTHS = 128, (784, 512, 256, 10)
ROWS, TOKENS, WIDTH, HEADS, CLASSES = 8, 128, 256, 8, 1000
ALONE, IN_NUMPY, IN_JAX = "products alone, OpenBLAS", "products alone, NumPy", "products alone, jax"


# The perceptron ----------------------------------------------------------------------------------


def perceptron(m: Any, x: Any, targets: Any, *parameters: Any) -> Any:
    """Layers with relu between them, and cross-entropy."""
    F = m.nn.functional
    w1, b1, w2, b2, w3, b3 = parameters
    h = F.relu(F.linear(x, w1, b1))
    h = F.relu(F.linear(h, w2, b2))
    return F.cross_entropy(F.linear(h, w3, b3), targets)


def perceptron_in_jax(jax: Any, jnp: Any, x: Any, targets: Any, *parameters: Any) -> Any:
    """The same."""
    w1, b1, w2, b2, w3, b3 = parameters
    h = jax.nn.relu(x @ w1.T + b1)
    h = jax.nn.relu(h @ w2.T + b2)
    return _cross_entropy(jax, jnp, h @ w3.T + b3, targets)


def _cross_entropy(jax: Any, jnp: Any, logits: Any, targets: Any) -> Any:
    scores = jax.nn.log_softmax(logits)
    return -jnp.mean(jnp.take_along_axis(scores, targets[:, None], axis=1))


def perceptron_task(batch: int = BATCH, widths: Sequence[int] = WIDTHS) -> rivals.Task:
    """With random parameters; gradients of all of them."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((batch, widths[0]), dtype=np.float32)
    parameters = [p for wide, narrow in pairwise(widths) for p in _layer(rng, wide, narrow)]
    targets = rng.integers(0, widths[-1], batch)
    wanted = tuple(range(2, 2 + len(parameters)))
    return rivals.Task(perceptron, perceptron_in_jax, [x, targets, *parameters], wanted)


def _layer(rng: Any, inside: int, outside: int) -> list[Any]:
    """A weight (out, in), as torch's Linear has it, and a bias."""
    weight = rng.standard_normal((outside, inside), dtype=np.float32)
    weight *= np.float32((2 / inside) ** 0.5)
    return [weight, 0.1 * rng.standard_normal(outside, dtype=np.float32)]


def perceptron_products() -> list[Shape]:
    """Three forward, three for the weights, two for hidden values."""
    found = []
    for layer, (wide, narrow) in enumerate(pairwise(WIDTHS)):
        found.append(Shape(BATCH, wide, narrow, right_turned=True))
        found.append(Shape(narrow, BATCH, wide, left_turned=True))
        if layer:
            found.append(Shape(BATCH, narrow, wide))
    return found


# The block ---------------------------------------------------------------------------------------


def block(m: Any, x: Any, targets: Any, *parameters: Any) -> Any:
    """Causal attention and a perceptron, each after a layer norm and added to x; then classes."""
    F = m.nn.functional
    scale_1, shift_1, w_qkv, b_qkv, w_out, b_out = parameters[:6]
    scale_2, shift_2, w_up, b_up, w_down, b_down, w_classes, b_classes = parameters[6:]
    rows, tokens, width = x.shape
    normal = F.layer_norm(x, (width,), scale_1, shift_1)
    qkv = F.linear(normal, w_qkv, b_qkv).reshape(rows, tokens, 3, HEADS, width // HEADS)
    q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
    attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    x = x + F.linear(attended.transpose(1, 2).reshape(rows, tokens, width), w_out, b_out)
    normal = F.layer_norm(x, (width,), scale_2, shift_2)
    x = x + F.linear(F.gelu(F.linear(normal, w_up, b_up)), w_down, b_down)
    logits = F.linear(x, w_classes, b_classes).reshape(rows * tokens, -1)
    return F.cross_entropy(logits, targets.reshape(rows * tokens))


def block_in_jax(jax: Any, jnp: Any, x: Any, targets: Any, *parameters: Any) -> Any:
    """The same."""
    scale_1, shift_1, w_qkv, b_qkv, w_out, b_out = parameters[:6]
    scale_2, shift_2, w_up, b_up, w_down, b_down, w_classes, b_classes = parameters[6:]
    rows, tokens, width = x.shape
    normal = _layer_norm(jax, jnp, x, scale_1, shift_1)
    qkv = (normal @ w_qkv.T + b_qkv).reshape(rows, tokens, 3, HEADS, width // HEADS)
    q, k, v = jnp.transpose(qkv, (2, 0, 3, 1, 4))
    scores = (q @ jnp.swapaxes(k, -1, -2)) / (width // HEADS) ** 0.5
    scores = jnp.where(jnp.tri(tokens, dtype=bool), scores, -jnp.inf)
    attended = jax.nn.softmax(scores) @ v
    x = x + jnp.swapaxes(attended, 1, 2).reshape(rows, tokens, width) @ w_out.T + b_out
    normal = _layer_norm(jax, jnp, x, scale_2, shift_2)
    x = x + jax.nn.gelu(normal @ w_up.T + b_up, approximate=False) @ w_down.T + b_down
    logits = (x @ w_classes.T + b_classes).reshape(rows * tokens, -1)
    return _cross_entropy(jax, jnp, logits, targets.reshape(-1))


def _layer_norm(jax: Any, jnp: Any, x: Any, scale: Any, shift: Any) -> Any:
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-5) * scale + shift


def block_task(
    rows: int = ROWS, tokens: int = TOKENS, width: int = WIDTH, classes: int = CLASSES
) -> rivals.Task:
    """With random parameters; gradients of all of them and of the inputs."""
    rng = np.random.default_rng(0)

    def norm() -> list[Any]:
        draw = rng.standard_normal((2, width), dtype=np.float32) * np.float32(0.1)
        return [1 + draw[0], draw[1]]

    parameters = [
        *norm(), *_layer(rng, width, 3 * width), *_layer(rng, width, width),
        *norm(), *_layer(rng, width, 4 * width), *_layer(rng, 4 * width, width),
        *_layer(rng, width, classes),
    ]  # fmt: skip
    x = rng.standard_normal((rows, tokens, width), dtype=np.float32)
    targets = rng.integers(0, classes, (rows, tokens))
    wanted = (0, *range(2, 2 + len(parameters)))
    return rivals.Task(block, block_in_jax, [x, targets, *parameters], wanted)


def block_products() -> list[Shape]:
    """Of each layer one forward and two backward; of attention two and four, head by head."""
    rows, heads, inner = ROWS * TOKENS, ROWS * HEADS, WIDTH // HEADS
    found = []
    for inside, outside in (
        (WIDTH, 3 * WIDTH), (WIDTH, WIDTH), (WIDTH, 4 * WIDTH), (4 * WIDTH, WIDTH),
        (WIDTH, CLASSES),
    ):  # fmt: skip
        found.append(Shape(rows, inside, outside, right_turned=True))
        found.append(Shape(rows, outside, inside))
        found.append(Shape(outside, rows, inside, left_turned=True))
    scores = Shape(TOKENS, inner, TOKENS, right_turned=True, batch=heads)
    mixed = Shape(TOKENS, TOKENS, inner, batch=heads)
    turned = Shape(TOKENS, TOKENS, inner, left_turned=True, batch=heads)
    return [*found, scores, mixed, scores, turned, mixed, turned]


# Both --------------------------------------------------------------------------------------------

TASKS: dict[str, tuple[Callable[[], rivals.Task], Callable[[], list[Shape]]]] = {
    "mlp": (perceptron_task, perceptron_products),
    "transformer": (block_task, block_products),
}


def measure(name: str, pace: dict[str, Any]) -> Samples:
    """Verify, then time everyone, and the products alone."""
    make, shapes = TASKS[name]
    everyone = rivals.peers(make())
    check_agreement(everyone, rtol=1e-3)
    actions = {peer.name: peer.run for peer in everyone}
    alone = in_openblas(shapes())
    if alone is not None:
        actions[ALONE] = alone
    actions[IN_NUMPY] = in_numpy(shapes())
    if importable(["jax"]):
        actions[IN_JAX] = in_jax(importlib.import_module("jax"), shapes())
    return rivals.timed(actions, Pace(**pace))


def _case(name: str, title: str, best: float, alone: float, options: Options) -> Case:
    pace = asdict(options.pace(repeats=21, block=0.2, pause=0.1))
    samples = isolate.call(measure, name=name, pace=pace)
    claims = rivals.against_best(title, samples, best)
    claims += rivals.against(title, samples, {ALONE: alone, IN_NUMPY: None, IN_JAX: None})
    return Case(name, title, "ms", claims, rivals.rows(samples, 1e3))


def mlp(options: Options) -> Case:
    """128 x 784-512-256-10."""
    title = "MLP step, 128 x 784-512-256-10, float32"
    return _case("mlp", title, 0.85, 1.15, options)


def transformer(options: Options) -> Case:
    """Batch 8, 128 tokens, width 256, 8 heads, 1000 classes."""
    title = "transformer block, 8 x 128 x 256, 8 heads, 1000 classes, float32"
    return _case("transformer", title, 0.75, 1.25, options)
