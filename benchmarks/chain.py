"""A chain of 0-d operations: h = h * x; h = h + x; and so on, with x and the first h as leaves.

x is 1 - 2**-13, which float32 represents exactly and which keeps the gradients of long chains
away from zero.
"""

from __future__ import annotations

import importlib
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np

from benchmarks import isolate
from benchmarks.harness import SUBJECT, Options, Pace, Samples, Spread, interleave, ratios
from benchmarks.peers import Gradients, Peer, check_agreement, contestants
from benchmarks.report import Case, Row, against_peers, at_most

FIRST = 0.25
FACTOR = 1 - 2**-13

# mygrad and micrograd recurse over the graph and cannot differentiate a chain of this length.
PEERS = ("torch", "autograd")

SCOPED = f"{SUBJECT}, inside large_graph()"
BARE = "a bare loop"

NOTES = [
    "h = h * x and h = h + x in turn, x and the first h require grad; built, differentiated and "
    "freed; per operation. mygrad and micrograd recurse, and fail on a chain of this length.",
    "*inside large_graph()* the cyclic collector pauses. With it on, a full collection walks all "
    "that the process holds, what torch has imported included, each time a quarter of that has "
    "been added: the more is imported, the more a growing graph of Python objects pays.",
    "*a bare loop* does only what no engine in Python can leave out: per operation one object with "
    "slots and one operation on NumPy's scalars, and on the way back one or two of these.",
]


def extend(h: Any, x: Any, length: int) -> Any:
    """h after `length` operations, an even number."""
    for _ in range(length // 2):
        h = h * x
        h = h + x
    return h


def expected(length: int) -> Gradients:
    """The gradients in double precision, by carrying the derivatives along."""
    h, by_first, by_x = FIRST, 1.0, 0.0
    for _ in range(length // 2):
        by_x = by_x * FACTOR + h + 1
        by_first = by_first * FACTOR
        h = h * FACTOR + FACTOR
    return {"first": by_first, "x": by_x}


def torch_like(library: Any, length: int) -> tuple[Any, Any]:
    """The chain as it is written for torch and for wengert; returns the two gradients."""
    first = library.tensor(FIRST, requires_grad=True)
    x = library.tensor(FACTOR, requires_grad=True)
    extend(first, x, length).backward()
    return first.grad, x.grad


def in_scope(library: Any, length: int) -> tuple[Any, Any]:
    """The same while the collector pauses."""
    with library.large_graph():
        return torch_like(library, length)


class Step:
    """All that the bare loop keeps of an operation."""

    __slots__ = ("before", "grad", "value", "x")

    before: Any
    grad: Any
    value: Any
    x: Any


def bare(length: int) -> tuple[Any, Any]:
    """The chain without an engine: a list of objects in slots, forwards and backwards."""
    x = np.float32(FACTOR)
    last = Step()
    last.before, last.value, last.x = None, np.float32(FIRST), None
    for _ in range(length // 2):
        step = Step()
        step.before, step.value, step.x = last, last.value * x, x
        last = Step()
        last.before, last.value, last.x = step, step.value + x, None
    ct, by_x = np.float32(1), np.float32(0)
    while last.before is not None:
        if last.x is None:
            by_x = by_x + ct
        else:
            by_x = by_x + ct * last.before.value
            ct = ct * last.x
        last = last.before
    return ct, by_x


def with_autograd(gradient: Any, length: int) -> tuple[Any, Any]:
    """autograd differentiates the function `extend` itself."""
    by_first, by_x = gradient(FIRST, FACTOR, length)
    return by_first, by_x


def read(gradients: tuple[Any, Any]) -> Gradients:
    """The two gradients as floats."""
    return {"first": float(gradients[0]), "x": float(gradients[1])}


def contestant(label: str, module: str, length: int) -> Peer:
    """The chain by one library."""
    library = importlib.import_module(module)
    if module == "autograd":
        return Peer(label, partial(with_autograd, library.grad(extend, (0, 1)), length), read)
    return Peer(label, partial(torch_like, library, length), read)


def measure(subject: str, length: int, pace: dict[str, Any]) -> Samples:
    """Verify the gradients, then time all peers."""
    peers = contestants(subject, PEERS, partial(contestant, length=length))
    if subject == SUBJECT:
        library = importlib.import_module(subject)
        peers.append(Peer(SCOPED, partial(in_scope, library, length), read))
    peers.append(Peer(BARE, partial(bare, length), read))
    check_agreement(peers, rtol=1e-3, reference=expected(length))
    return interleave({peer.name: peer.run for peer in peers}, Pace(**pace))


def run(options: Options) -> Case:
    """10,000 operations."""
    length = 1_000 if options.quick else 10_000
    title = f"chain of {length:,} 0-d operations, forward + backward"
    pace = asdict(options.pace(repeats=15, block=0.3))
    samples = isolate.call(measure, subject=options.subject, length=length, pace=pace)
    claims = against_peers(title, samples, {"torch": 0.25})
    if "torch" in samples:
        claims += [
            at_most(f"{title}, {name}", ratios(samples, name, "torch"), None, "x torch")
            for name in (SCOPED, BARE)
            if name in samples
        ]
    rows = [Row(label, Spread.of(times, 1e6 / length)) for label, times in samples.items()]
    return Case("chain", title, "us per operation", claims, rows, NOTES)
