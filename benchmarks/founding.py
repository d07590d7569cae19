"""The founding computation, e = (a + b) * (b + 1): leaves made, built, differentiated, freed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np

from benchmarks import isolate
from benchmarks.harness import Options, Pace, Samples, Spread, interleave
from benchmarks.peers import Gradients, Peer, check_agreement, contestants
from benchmarks.report import Case, Row, against_peers

TWO, ONE = 2.0, 1.0
EXPECTED = {"a": 2.0, "b": 5.0, "c": 2.0, "d": 3.0, "e": 1.0}
NAMES = ("a", "b", "c", "d", "e")
VECTOR_PEERS = ("torch", "autograd", "mygrad")
SCALAR_PEERS = ("torch", "micrograd", "autograd", "mygrad")

NOTE = (
    "The leaves are made, c = a + b, d = b + 1, e = c * d are built, c, d and e retain their "
    "gradients, e is differentiated, everything is freed. micrograd and mygrad keep all "
    "gradients unasked; autograd gives those of a and b only."
)


def torch_like(library: Any, two: Any, one: Any) -> tuple[Any, ...]:
    """The computation as it is written for torch and for wengert."""
    a = library.tensor(two, requires_grad=True)
    b = library.tensor(one, requires_grad=True)
    c = a + b
    d = b + 1
    e = c * d
    c.retain_grad()
    d.retain_grad()
    e.retain_grad()
    e.backward()
    return a, b, c, d, e


def with_mygrad(library: Any, two: Any, one: Any) -> tuple[Any, ...]:
    """mygrad keeps every gradient; its tensors need no flag."""
    a = library.tensor(two)
    b = library.tensor(one)
    c = a + b
    d = b + 1
    e = c * d
    e.backward()
    return a, b, c, d, e


def with_micrograd(value: Any) -> tuple[Any, ...]:
    """micrograd has scalars only, and keeps every gradient."""
    a = value(TWO)
    b = value(ONE)
    c = a + b
    d = b + 1
    e = c * d
    e.backward()
    return a, b, c, d, e


def formula(a: Any, b: Any) -> Any:
    """The computation as a function, for autograd."""
    c = a + b
    d = b + 1
    return c * d


def with_autograd(gradient: Any, leaf: Callable[[float], Any]) -> tuple[Any, ...]:
    """autograd gives the gradients of the inputs; it has none for intermediate values."""
    return gradient(leaf(TWO), leaf(ONE))


def item(gradient: Any) -> float:
    """The only element of whatever a peer uses for a gradient."""
    return float(gradient.item()) if hasattr(gradient, "item") else float(gradient)


def of_variables(variables: tuple[Any, ...]) -> Gradients:
    """Gradients that are read from the variables."""
    return {name: item(v.grad) for name, v in zip(NAMES, variables, strict=True)}


def of_inputs(gradients: tuple[Any, ...]) -> Gradients:
    """Gradients that were returned, of a and b."""
    return dict(zip(NAMES, map(item, gradients), strict=False))


def contestant(label: str, module: str, scalar: bool) -> Peer:
    """The computation by one library, on 0-d tensors or on tensors of shape (1,)."""
    two, one = (TWO, ONE) if scalar else ([TWO], [ONE])
    if module == "micrograd":
        engine = importlib.import_module("micrograd.engine")
        return Peer(label, partial(with_micrograd, engine.Value), of_variables)
    library = importlib.import_module(module)
    if module == "autograd":
        leaf = float if scalar else np.atleast_1d
        return Peer(label, partial(with_autograd, library.grad(formula, (0, 1)), leaf), of_inputs)
    build = with_mygrad if module == "mygrad" else torch_like
    return Peer(label, partial(build, library, two, one), of_variables)


def measure(subject: str, scalar: bool, pace: dict[str, Any]) -> Samples:
    """Verify every gradient against the known ones, then time all peers."""
    names = SCALAR_PEERS if scalar else VECTOR_PEERS
    peers = contestants(subject, names, partial(contestant, scalar=scalar))
    check_agreement(peers, rtol=0.0, reference=EXPECTED)
    return interleave({peer.name: peer.run for peer in peers}, Pace(**pace))


def vectors(options: Options) -> Case:
    """On tensors of shape (1,), as the founding computation is written."""
    title = "founding computation, shape-(1,) tensors"
    return _case("founding", title, False, {"torch": 0.35}, options)


def scalars(options: Options) -> Case:
    """On 0-d tensors."""
    title = "founding computation, 0-d tensors"
    return _case("founding-0d", title, True, {"torch": 0.25, "micrograd": 1.4}, options)


def _case(name: str, title: str, scalar: bool, limits: dict[str, float], options: Options) -> Case:
    pace = asdict(options.pace(repeats=31, block=0.05))
    samples = isolate.call(measure, subject=options.subject, scalar=scalar, pace=pace)
    claims = against_peers(title, samples, limits)
    rows = [Row(label, Spread.of(times, 1e6)) for label, times in samples.items()]
    return Case(name, title, "us", claims, rows, [NOTE])
