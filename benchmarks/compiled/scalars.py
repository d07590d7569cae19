"""Programs of scalars: the founding computation, and graphs of 10,000 operations."""

from __future__ import annotations

import importlib
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np

from benchmarks import isolate
from benchmarks.compiled import rivals
from benchmarks.harness import SUBJECT, Options, Pace, Samples, Spread
from benchmarks.peers import check_agreement
from benchmarks.report import Case, Row, at_most

LENGTH = 10_000
INPUTS = 10
SHAPES = ("chain", "random DAG")

# The founding computation ------------------------------------------------------------------------


def founding(a: Any, b: Any) -> Any:
    """e = c * d of c = a + b, d = b + 1."""
    return (a + b) * (b + 1)


def founding_task(tensors: bool) -> rivals.Task:
    """On two floats, or on two tensors of one element."""
    one_element = [np.array([2.0], np.float32), np.array([1.0], np.float32)]

    def torch_like(module: Any, a: Any, b: Any) -> Any:
        e = founding(a, b)
        return e.sum() if tensors else e

    def in_jax(jax: Any, jnp: Any, a: Any, b: Any) -> Any:
        e = founding(a, b)
        return e.sum() if tensors else e

    return rivals.Task(torch_like, in_jax, one_element if tensors else [2.0, 1.0], (0, 1))


def measure_founding(tensors: bool, pace: dict[str, Any]) -> Samples:
    """Verify, then time."""
    everyone = rivals.peers(founding_task(tensors))
    check_agreement(everyone, 0.0, rivals.named([6.0, 2.0, 5.0]))
    return rivals.timed({peer.name: peer.run for peer in everyone}, Pace(**pace))


def _founding_case(name: str, title: str, tensors: bool, limit: float, options: Options) -> Case:
    pace = asdict(options.pace(repeats=31, block=0.05, pause=0.01))
    samples = isolate.call(measure_founding, tensors=tensors, pace=pace)
    claims = rivals.against(
        title, samples, {rivals.JAX: limit, rivals.EAGER: None, rivals.COMPILED: None}
    )
    return Case(name, title, "us", claims, rivals.rows(samples, 1e6))


def floats(options: Options) -> Case:
    """Numbers of Python in and out."""
    return _founding_case(
        "founding", "founding computation, floats in and out", False, 0.05, options
    )


def tensors(options: Options) -> Case:
    """Tensors of one element in and out."""
    return _founding_case(
        "founding-tensors", "founding computation, 1-element tensors in and out", True, 0.2, options
    )


# Graphs of 10,000 operations ---------------------------------------------------------------------

Instruction = tuple[str, int, int]


def instructions(shape: str, length: int) -> list[Instruction]:
    """(operation, first, second), by the numbers of earlier values; the inputs are the first."""
    draw = random.Random(0)
    found: list[Instruction] = []
    for i in range(length):
        last = INPUTS + i - 1
        if shape == "chain":
            # Factors below 1 and sums of small numbers: values stay where floats are.
            found.append((("mul", "add", "sub")[i % 3], last, i % INPUTS))
        else:
            reach = range(max(0, last - 200), last + 1)
            found.append((draw.choice(["mul", "add", "sub"]), draw.choice(reach), last))
    return found


def inputs() -> list[float]:
    """Numbers around 0.5."""
    return [float(x) for x in np.random.default_rng(0).uniform(0.2, 0.6, INPUTS)]


def program(steps: Sequence[Instruction]) -> Callable[..., Any]:
    """The graph as a function of its inputs: the last value."""

    def run(*xs: Any) -> Any:
        values = list(xs)
        for operation, i, j in steps:
            x, y = values[i], values[j]
            values.append(x * y if operation == "mul" else x + y if operation == "add" else x - y)
        return values[-1] * 1.0 if len(values) == len(xs) else values[-1]

    return run


def by_hand(steps: Sequence[Instruction], xs: Sequence[float]) -> list[float]:
    """The value and the derivatives, by the rules, from the last step to the first."""
    values = [np.float64(x) for x in xs]
    for operation, i, j in steps:
        x, y = values[i], values[j]
        values.append(x * y if operation == "mul" else x + y if operation == "add" else x - y)
    slopes = [0.0] * len(values)
    slopes[-1] = 1.0
    for n in reversed(range(len(steps))):
        operation, i, j = steps[n]
        slope = slopes[len(xs) + n]
        if operation == "mul":
            slopes[i] += slope * values[j]
            slopes[j] += slope * values[i]
        else:
            slopes[i] += slope
            slopes[j] += slope if operation == "add" else -slope
    return [values[-1], *slopes[: len(xs)]]


def measure_graph(shape: str, length: int, pace: dict[str, Any]) -> dict[str, Any]:
    """Seconds of the first call, without the disk cache, and seconds of a call."""
    wengert = importlib.import_module(SUBJECT)
    wengert.compile(lambda x: x * 2)(1.0)  # llvmlite is imported, and LLVM started
    steps, xs = instructions(shape, length), inputs()
    step = wengert.compile(
        wengert.func.value_and_grad(program(steps), argnums=tuple(range(INPUTS)))
    )
    start = time.perf_counter()
    value, slopes = step(*xs)
    first = time.perf_counter() - start
    found, wanted = rivals.named([value, *slopes]), rivals.named(by_hand(steps, xs))
    for key, number in wanted.items():
        np.testing.assert_allclose(found[key], number, rtol=1e-9, err_msg=f"{shape}: {key}")
    samples = rivals.timed({SUBJECT: partial(step, *xs)}, Pace(**pace))
    return {"first": first, "call": samples[SUBJECT]}


def graphs(options: Options) -> Case:
    """A chain and a random graph, each with the derivatives for all inputs."""
    length = 500 if options.quick else LENGTH
    title = f"scalar graphs of {length:,} operations with all derivatives"
    case = Case("scalars", title, "ns per operation")
    pace = asdict(options.pace(repeats=31, block=0.02))
    repeats = 1 if options.quick else 5
    for shape in SHAPES:
        runs = [
            isolate.call(
                measure_graph, env={"WENGERT_CACHE_DIR": ""}, shape=shape, length=length, pace=pace
            )
            for _ in range(repeats)
        ]
        first = Spread.of([run["first"] for run in runs])
        calls = Spread.of([call for run in runs for call in run["call"]], 1e9 / length)
        case.claims.append(at_most(f"{shape}, traced and compiled", first, 1.0, "s"))
        case.claims.append(at_most(f"{shape}, an operation with its derivative", calls, 2.0, "ns"))
        case.rows.append(Row(shape, calls))
    return case
