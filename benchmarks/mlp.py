"""One training step of a network without its optimiser: 128 x 784-512-256-10 in float32.

Two hidden layers with relu, cross-entropy, the gradients of all weights and biases.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks import isolate
from benchmarks.harness import SUBJECT, Options, Pace, Samples, Spread, interleave
from benchmarks.peers import Gradients, Peer, check_agreement, importable
from benchmarks.report import Case, Row, against_peers

BATCH = 128
WIDTHS = (784, 512, 256, 10)
NAMES = ("w1", "b1", "w2", "b2", "w3", "b3")
LIMITS = {"torch": 0.65, "NumPy by hand": 1.25}

Arrays = dict[str, Any]

# What keeps every library of this comparison to one thread.
ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}

NOTES = [
    "The same program for wengert and torch: `(x @ w + b).relu()`, `cross_entropy`, `backward()`. "
    "*torch, addmm* fuses bias and product, as torch's own Linear does. *NumPy by hand* is the "
    "step written out with its derivative, in place where that helps. *jax* is jit-compiled.",
    "*the products alone* are the eight matrix products of the step (three forward, three for "
    "weights, two for hidden values) in NumPy, into arrays that are there already: no library on "
    "NumPy can be faster. torch brings MKL, which picks slow kernels on processors that are not "
    "Intel's; there, a win over torch is partly the machine's, and *torch's products* show by how "
    "much: the same eight products in torch, without gradients.",
]


def data(batch: int, widths: tuple[int, ...]) -> Arrays:
    """Inputs, labels and parameters, the same for everyone."""
    random = np.random.default_rng(0)
    arrays: Arrays = {
        "x": random.standard_normal((batch, widths[0]), dtype=np.float32),
        "y": random.integers(0, widths[3], batch),
    }
    for layer, (wide, narrow) in enumerate(pairwise(widths), start=1):
        weights = random.standard_normal((wide, narrow), dtype=np.float32)
        arrays[f"w{layer}"] = weights * np.float32((2 / wide) ** 0.5)
        arrays[f"b{layer}"] = 0.1 * random.standard_normal(narrow, dtype=np.float32)
    return arrays


def torch_like(library: Any, arrays: Arrays, fused: bool = False) -> Callable[[], list[Any]]:
    """The step as it is written for torch and for wengert."""
    cross_entropy = library.nn.functional.cross_entropy
    x = library.from_numpy(arrays["x"])
    y = library.from_numpy(arrays["y"])
    params = [library.tensor(arrays[name], requires_grad=True) for name in NAMES]
    w1, b1, w2, b2, w3, b3 = params

    def step() -> list[Any]:
        for param in params:
            param.grad = None
        h = (x @ w1 + b1).relu()
        h = (h @ w2 + b2).relu()
        cross_entropy(h @ w3 + b3, y).backward()
        return [param.grad for param in params]

    def step_fused() -> list[Any]:
        for param in params:
            param.grad = None
        h = library.addmm(b1, x, w1).relu()
        h = library.addmm(b2, h, w2).relu()
        cross_entropy(library.addmm(b3, h, w3), y).backward()
        return [param.grad for param in params]

    return step_fused if fused else step


def by_hand(arrays: Arrays) -> Callable[[], list[Any]]:
    """The step in NumPy, forward and backward written out."""
    x, y = arrays["x"], arrays["y"]
    w1, b1, w2, b2, w3, b3 = (arrays[name] for name in NAMES)
    rows = np.arange(len(y))

    def step() -> list[Any]:
        h1 = x @ w1
        h1 += b1
        np.maximum(h1, 0, out=h1)
        h2 = h1 @ w2
        h2 += b2
        np.maximum(h2, 0, out=h2)
        z = h2 @ w3
        z += b3

        z -= z.max(axis=1, keepdims=True)
        picked = z[rows, y]
        np.exp(z, out=z)
        total = z.sum(axis=1, keepdims=True)
        _loss = np.mean(np.log(total[:, 0]) - picked)

        z /= total
        z[rows, y] -= 1
        z /= len(y)
        g2 = z @ w3.T
        g2 *= h2 > 0
        g1 = g2 @ w2.T
        g1 *= h1 > 0
        return [x.T @ g1, g1.sum(axis=0), h1.T @ g2, g2.sum(axis=0), h2.T @ z, z.sum(axis=0)]

    return step


def with_jax(jax: Any, arrays: Arrays) -> Callable[[], list[Any]]:
    """The step compiled by jax, which returns when it is computed."""
    jnp = importlib.import_module("jax.numpy")
    x, y = jnp.asarray(arrays["x"]), jnp.asarray(arrays["y"])
    params = [jnp.asarray(arrays[name]) for name in NAMES]

    def loss(params: list[Any], x: Any, y: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = params
        h = jax.nn.relu(x @ w1 + b1)
        h = jax.nn.relu(h @ w2 + b2)
        scores = jax.nn.log_softmax(h @ w3 + b3)
        return -jnp.mean(jnp.take_along_axis(scores, y[:, None], axis=1))

    compiled = jax.jit(jax.value_and_grad(loss))

    def step() -> list[Any]:
        _loss, gradients = compiled(params, x, y)
        return list(jax.block_until_ready(gradients))

    return step


def products(module: Any, convert: Callable[..., Any], arrays: Arrays) -> Callable[[], None]:
    """The eight matrix products of the step and nothing else, into arrays that are there.

    module, convert: numpy and numpy.asarray, or torch and torch.from_numpy.
    """
    matmul = module.matmul
    x, w1, w2, w3 = (convert(arrays[name]) for name in ("x", "w1", "w2", "w3"))
    h1, h2, h3 = (module.empty_like(x @ w) for w in (w1, w1 @ w2, w1 @ w2 @ w3))
    g1, g2 = module.empty_like(h1), module.empty_like(h2)
    d1, d2, d3 = (module.empty_like(w) for w in (w1, w2, w3))

    def step() -> None:
        matmul(x, w1, out=h1)
        matmul(h1, w2, out=h2)
        matmul(h2, w3, out=h3)
        matmul(h2.T, h3, out=d3)
        matmul(h3, w3.T, out=g2)
        matmul(h1.T, g2, out=d2)
        matmul(g2, w2.T, out=g1)
        matmul(x.T, g1, out=d1)

    return step


def contestants_of(subject: str, arrays: Arrays) -> list[Peer]:
    """Everyone who computes the step."""

    def peer(label: str, run: Callable[[], list[Any]]) -> Peer:
        return Peer(label, run, read)

    everyone = [
        peer(SUBJECT, torch_like(importlib.import_module(subject), arrays)),
        peer("NumPy by hand", by_hand(arrays)),
    ]
    if importable(["torch"]):
        torch = importlib.import_module("torch")
        everyone.append(peer("torch", torch_like(torch, arrays)))
        everyone.append(peer("torch, addmm", torch_like(torch, arrays, fused=True)))
    if importable(["jax"]):
        everyone.append(peer("jax", with_jax(importlib.import_module("jax"), arrays)))
    return everyone


def read(gradients: list[Any]) -> Gradients:
    """The gradients by the names of their parameters."""
    return dict(zip(NAMES, gradients, strict=True))


def measure(subject: str, pace: dict[str, Any]) -> Samples:
    """Verify the gradients, then time everyone, and the products that bound them."""
    arrays = data(BATCH, WIDTHS)
    everyone = contestants_of(subject, arrays)
    check_agreement(everyone, rtol=1e-4)
    actions: dict[str, Callable[[], object]] = {peer.name: peer.run for peer in everyone}
    actions["the products alone"] = products(np, np.asarray, arrays)
    if importable(["torch"]):
        torch = importlib.import_module("torch")
        actions["torch's products"] = products(torch, torch.from_numpy, arrays)
    return interleave(actions, Pace(**pace))


def run(options: Options) -> Case:
    """With the threads that the libraries take by themselves, and with one thread."""
    pace = asdict(options.pace(repeats=21, block=0.2, pause=0.25))
    title = "MLP step, 128 x 784-512-256-10, float32"
    case = Case("mlp", title, "ms", notes=NOTES)
    for threads, env in (("default threads", {}), ("one thread", ONE_THREAD)):
        samples = isolate.call(measure, env=env, subject=options.subject, pace=pace)
        limits = {} if env else LIMITS
        case.claims.extend(against_peers(f"{title}, {threads}", samples, limits))
        case.rows.extend(
            Row(f"{label}, {threads}", Spread.of(times, 1e3)) for label, times in samples.items()
        )
    return case
