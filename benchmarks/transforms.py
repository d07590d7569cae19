"""Transforms: a Hessian, a Hessian-vector product, and the gradients of each sample of a batch.

hessian: of the Rosenbrock function of 50 variables. hvp: of the MLP 784-512-256-10 at batch 128.
per-sample: a 64-32-10 tanh network with cross-entropy, 256 samples, vmap of grad.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmarks import isolate, mlp
from benchmarks.harness import SUBJECT, Options, Pace, Samples, Spread, interleave
from benchmarks.peers import Gradients, Peer, check_agreement, importable
from benchmarks.report import Case, Row, against_peers

VARIABLES = 50
SAMPLES = 256
WIDTHS = (64, 32, 10)

HESSIAN_LIMITS = {
    "torch.autograd.functional": 0.15,
    "torch, vectorize=True": 1.5,
    "torch.func": 0.4,
}
PRODUCT_LIMITS = {"torch.autograd.functional.hvp": 0.6}
SAMPLE_LIMITS = {"torch.func": 0.8}

HESSIAN_NOTE = (
    "`autograd.functional.hessian` with `vectorize=True`, the fastest way to the matrix here and "
    "in torch, against torch's three ways; *row by row* is without `vectorize`, *func* is "
    "`func.hessian`, forward over reverse mode."
)
PRODUCT_NOTE = (
    "`autograd.functional.hvp` of both; *vhp* is the same product, as a Hessian is symmetric, and "
    "*jvp of grad* is forward over reverse mode by `func`."
)


def one(value: Any) -> Gradients:
    """A result that is a single tensor."""
    return {"found": value.detach().numpy()}


def several(values: Any) -> Gradients:
    """Results by their place."""
    return {str(i): value.detach().numpy() for i, value in enumerate(values)}


# The Hessian of the Rosenbrock function ----------------------------------------------------------


def rosenbrock(x: Any) -> Any:
    """The sum of 100 (x_i+1 - x_i^2)^2 + (1 - x_i)^2."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def closed_form(x: Any) -> Any:
    """Its Hessian, which is tridiagonal, by hand."""
    main = np.zeros(len(x))
    main[:-1] = 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    main[1:] += 200
    side = -400 * x[:-1]
    return np.diag(main) + np.diag(side, 1) + np.diag(side, -1)


def hessians(subject: str, peers: bool = True) -> list[Peer]:
    """Everyone who computes the Hessian; the subject alone without its peers."""
    at = np.linspace(-1, 1, VARIABLES)

    def ways(library: Any) -> list[Callable[[], Any]]:
        x = library.tensor(at)
        func, functional = library.func, library.autograd.functional
        return [
            lambda: functional.hessian(rosenbrock, x, vectorize=True),
            lambda: functional.hessian(rosenbrock, x),
            lambda: func.hessian(rosenbrock)(x),
        ]

    mine = ways(importlib.import_module(subject))
    names = [SUBJECT, f"{SUBJECT}, row by row", f"{SUBJECT}, func"]
    if peers and importable(["torch"]):
        mine += ways(importlib.import_module("torch"))
        names += ["torch, vectorize=True", "torch.autograd.functional", "torch.func"]
    return [Peer(name, run, one) for name, run in zip(names, mine, strict=True)]


def measure_hessian(subject: str, pace: dict[str, Any]) -> Samples:
    """Verify the matrices, then time everyone."""
    peers = hessians(subject)
    check_agreement(peers, 1e-9, {"found": closed_form(np.linspace(-1, 1, VARIABLES))})
    return interleave({peer.name: peer.run for peer in peers}, Pace(**pace))


# The Hessian-vector product of a network ---------------------------------------------------------


def products(subject: str) -> list[Peer]:
    """Everyone who computes the product."""
    arrays = mlp.data(mlp.BATCH, mlp.WIDTHS)
    random = np.random.default_rng(1)
    directions = [
        random.standard_normal(arrays[n].shape).astype(arrays[n].dtype) for n in mlp.NAMES
    ]

    def ways(library: Any) -> list[Callable[[], Any]]:
        x, y = library.from_numpy(arrays["x"]), library.from_numpy(arrays["y"])
        params = tuple(library.from_numpy(arrays[name]) for name in mlp.NAMES)
        v = tuple(library.from_numpy(direction) for direction in directions)
        cross_entropy = library.nn.functional.cross_entropy

        def loss(w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any) -> Any:
            h = (x @ w1 + b1).relu()
            h = (h @ w2 + b2).relu()
            return cross_entropy(h @ w3 + b3, y)

        gradient = library.func.grad(loss, tuple(range(6)))
        return [
            lambda: library.autograd.functional.hvp(loss, params, v)[1],
            lambda: library.autograd.functional.vhp(loss, params, v)[1],
            lambda: library.func.jvp(gradient, params, v)[1],
        ]

    mine = ways(importlib.import_module(subject))
    names = [SUBJECT, f"{SUBJECT}, vhp", f"{SUBJECT}, jvp of grad"]
    if importable(["torch"]):
        mine += ways(importlib.import_module("torch"))
        names += ["torch.autograd.functional.hvp", "torch, vhp", "torch, jvp of grad"]
    return [Peer(name, run, several) for name, run in zip(names, mine, strict=True)]


def measure_products(subject: str, pace: dict[str, Any]) -> Samples:
    """Verify the products, then time everyone."""
    peers = products(subject)
    check_agreement(peers, rtol=1e-3)
    return interleave({peer.name: peer.run for peer in peers}, Pace(**pace))


# Gradients per sample ----------------------------------------------------------------------------


def per_sample(label: str, module: str) -> Peer:
    """The gradients of every sample, by one library."""
    library = importlib.import_module(module)
    random = np.random.default_rng(2)
    wide, hidden, classes = WIDTHS
    x = library.from_numpy(random.standard_normal((SAMPLES, wide), dtype=np.float32))
    y = library.from_numpy(random.integers(0, classes, SAMPLES))
    shapes = [(wide, hidden), (hidden,), (hidden, classes), (classes,)]
    arrays = [random.standard_normal(shape, dtype=np.float32) * np.float32(0.2) for shape in shapes]
    params = tuple(library.from_numpy(array) for array in arrays)
    cross_entropy = library.nn.functional.cross_entropy

    def loss(params: Any, x: Any, y: Any) -> Any:
        w1, b1, w2, b2 = params
        return cross_entropy((x @ w1 + b1).tanh() @ w2 + b2, y)

    gradients = library.func.vmap(library.func.grad(loss), in_dims=(None, 0, 0))
    return Peer(label, lambda: gradients(params, x, y), several)


def measure_samples(subject: str, pace: dict[str, Any]) -> Samples:
    """Verify the gradients, then time both."""
    peers = [per_sample(SUBJECT, subject)]
    if importable(["torch"]):
        peers.append(per_sample("torch.func", "torch"))
    check_agreement(peers, rtol=1e-4)
    return interleave({peer.name: peer.run for peer in peers}, Pace(**pace))


# The report --------------------------------------------------------------------------------------


def hessian(options: Options) -> Case:
    """The Hessian."""
    pace = asdict(options.pace(repeats=15, block=0.2))
    samples = isolate.call(measure_hessian, subject=options.subject, pace=pace)
    title = f"Hessian of the Rosenbrock function of {VARIABLES} variables"
    return _case("hessian", title, samples, HESSIAN_LIMITS, [HESSIAN_NOTE])


def hvp(options: Options) -> Case:
    """The Hessian-vector product."""
    pace = asdict(options.pace(repeats=15, block=0.2, pause=0.25))
    samples = isolate.call(measure_products, subject=options.subject, pace=pace)
    title = "Hessian-vector product of the MLP 784-512-256-10, batch 128, float32"
    return _case("hvp", title, samples, PRODUCT_LIMITS, [PRODUCT_NOTE])


def samples(options: Options) -> Case:
    """The gradients per sample."""
    pace = asdict(options.pace(repeats=15, block=0.2, pause=0.25))
    found = isolate.call(measure_samples, subject=options.subject, pace=pace)
    title = f"gradients per sample, 64-32-10 tanh network, {SAMPLES} samples, float32"
    return _case("per-sample", title, found, SAMPLE_LIMITS, [])


def _case(
    name: str, title: str, samples: Samples, limits: dict[str, float], notes: list[str]
) -> Case:
    rows = [Row(label, Spread.of(times, 1e3)) for label, times in samples.items()]
    return Case(name, title, "ms", against_peers(title, samples, limits), rows, notes)
