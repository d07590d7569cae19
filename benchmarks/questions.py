"""Questions to graphs, and pictures of them: seconds, as there is no peer to ask."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from benchmarks import isolate
from benchmarks.harness import Options, Pace, Samples, Spread, interleave
from benchmarks.peers import importable
from benchmarks.report import Case, Claim, Row, at_most

LIMITS = {
    "the founding computation: graph, names, text and SVG": 5.0,
    "layout of a training graph of 2,000 nodes, expanded": 2_000.0,
    "the same, collapsed to at most 150 boxes": 100.0,
    "100,000 nodes: the number of paths": 3_000.0,
    "100,000 nodes: the ten largest contributions": 3_000.0,
    "100,000 nodes: why": 3_000.0,
    "100,000 nodes: memory": 3_000.0,
    "100,000 nodes: the collapsed picture": 3_000.0,
    "check of a graph of 200 nodes of small arrays": 2_000.0,
    "reading a graph of torch's of 5,000 nodes": 500.0,
}
"""What is timed, and the milliseconds that it may take."""

NOTE = (
    "Absolute times of this machine. Each is taken on a graph that is there; what a graph keeps "
    "once it was worked out (consumers, names) is worked out anew for the first and the last row "
    "only."
)


def founding(wg: Any) -> Any:
    """e = (a + b) * (b + 1)."""
    a = wg.tensor([2.0], requires_grad=True)
    b = wg.tensor([1.0], requires_grad=True)
    c = a + b
    d = b + 1
    return c * d


def training(wg: Any, blocks: int) -> Any:
    """Residual blocks of five operations, each with parameters of its own, and a loss."""
    wg.manual_seed(0)
    h = wg.ones(4, 8)
    for _ in range(blocks):
        W, b = wg.randn(8, 8, requires_grad=True), wg.zeros(8, requires_grad=True)
        with wg.scope("block"):
            branch = wg.tanh(h @ W + b) * 0.1
            h = h + branch
    return h.square().mean()


def chain(wg: Any, length: int) -> tuple[Any, Any]:
    """A chain in which paths part and meet again at every tenth step."""
    with wg.large_graph():
        x = h = wg.tensor(0.5, requires_grad=True)
        for step in range(length // 2):
            h = wg.cos(h) + 0.5 if step % 10 else h * h
    return x, h


def small_arrays(wg: Any, length: int) -> Any:
    """A graph of elementwise operations and products of small arrays."""
    wg.manual_seed(0)
    h = wg.randn(3, 3, requires_grad=True)
    W = wg.randn(3, 3, requires_grad=True)
    for step in range(length // 3):
        h = wg.tanh(h @ W) + 0.1 * h if step % 2 else wg.sin(h) * wg.cos(h)
    return h.sum()


def torch_chain(length: int) -> Any:
    """The same kind of chain, recorded by torch."""
    torch = importlib.import_module("torch")
    h = torch.tensor([0.1, 0.2], requires_grad=True)
    for _ in range(length // 2):
        h = torch.cos(h) + 0.5
    return h.sum()


def actions(subject: str, quick: bool) -> dict[str, Callable[[], object]]:
    """What is timed, by the names in LIMITS; smaller graphs for a quick run."""
    wg: Any = importlib.import_module(subject)
    names = list(LIMITS)
    shrink = 50 if quick else 1
    e = founding(wg)
    trained = wg.graph(training(wg, 285 // shrink + 1))
    x, y = chain(wg, 100_000 // shrink)
    long = wg.graph(y)
    paths = long.paths(x, y)
    small = wg.graph(small_arrays(wg, 200 // (10 if quick else 1)))
    timed: dict[str, Callable[[], object]] = {
        names[0]: lambda: _shown(wg.graph(e)),
        names[1]: lambda: trained.draw(collapse=False).svg(),
        names[2]: lambda: trained.draw().svg(),
        names[3]: paths.count,
        names[4]: lambda: paths.top(10),
        names[5]: lambda: str(long.why(x)),
        names[6]: lambda: str(long.memory()),
        names[7]: lambda: long.draw().svg(),
        names[8]: small.check,
    }
    if importable(["torch"]):
        loss = torch_chain(5_000 // shrink)
        timed[names[9]] = partial(wg.graph, loss)
    return timed


def _shown(graph: Any) -> tuple[str, str]:
    picture = graph.draw(derivatives=True)
    return picture.text(), picture.svg()


def measure(subject: str, quick: bool, pace: dict[str, Any]) -> Samples:
    """Each in turn."""
    return interleave(actions(subject, quick), Pace(**pace))


def run(options: Options) -> Case:
    """Every question a few times; the long ones take seconds each."""
    pace = asdict(options.pace(repeats=5, block=0.02))
    samples = isolate.call(measure, subject=options.subject, quick=options.quick, pace=pace)
    claims: list[Claim] = []
    rows: list[Row] = []
    for what, times in samples.items():
        claims.append(at_most(what, Spread.of(times, 1e3), LIMITS[what], "ms"))
        rows.append(Row(what, Spread.of(times, 1e3)))
    return Case("questions", "questions and pictures", "ms", claims, rows, [NOTE])
