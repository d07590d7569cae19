"""How long the first call takes: of the MLP step, cold, and warm from the disk cache."""

from __future__ import annotations

import importlib
import tempfile
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks import isolate
from benchmarks.compiled import rivals
from benchmarks.compiled.networks import perceptron_task
from benchmarks.harness import SUBJECT, Options, Spread
from benchmarks.peers import importable
from benchmarks.report import Case, Row, at_most


def first_call(run: Callable[[], Any]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def ours() -> float:
    """Seconds of tracing, compiling and running.

    Before that the libraries are loaded, llvmlite and OpenBLAS, and what loads on first use: by
    another program with a product, and by a small network that is not compiled.
    """
    wengert = importlib.import_module(SUBJECT)
    wengert.compile(lambda x: x @ x)(wengert.ones(3, 3))
    small = perceptron_task(1, (2, 2, 2, 2))
    loss = partial(small.torch_like, wengert)
    tensors = rivals.converted(wengert.from_numpy, small.arguments)
    wengert.func.value_and_grad(loss, argnums=small.wanted)(*tensors)
    return first_call(rivals.ours(perceptron_task()).run)


def in_jax() -> float:
    """Seconds of jax's first call of it; another program was compiled before."""
    jax = importlib.import_module("jax")
    jax.jit(lambda x: x @ x)(jax.numpy.ones((3, 3))).block_until_ready()
    return first_call(rivals.jax_jit(perceptron_task()).run)


def in_torch() -> float:
    """Seconds of torch.compile's first call, with an empty cache of its own."""
    return first_call(rivals.torch_compile(perceptron_task()).run)


def run(options: Options) -> Case:
    """Each in a fresh process."""
    title = "compile time of the MLP step"
    case = Case("compiling", title, "ms")
    repeats = 2 if options.quick else 7
    cold, warm, jax, torch = [], [], [], []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            env = {"WENGERT_CACHE_DIR": folder, "TORCHINDUCTOR_CACHE_DIR": folder}
            cold.append(isolate.call(ours, env=env))
            warm.append(isolate.call(ours, env=env))
            if importable(["jax"]):
                jax.append(isolate.call(in_jax))
            if importable(["torch"]) and len(torch) < 2:
                torch.append(isolate.call(in_torch, env=env))
    case.rows.append(Row(f"{SUBJECT}, cold", Spread.of(cold, 1e3)))
    case.rows.append(Row(f"{SUBJECT}, warm from disk", Spread.of(warm, 1e3)))
    for name, times in ((rivals.JAX, jax), (rivals.COMPILED, torch)):
        if times:
            case.rows.append(Row(name, Spread.of(times, 1e3)))
    if jax:
        pairs = [mine / theirs for mine, theirs in zip(cold, jax, strict=True)]
        case.claims.append(at_most(f"{title}, cold", Spread.of(pairs), 0.5, "x jax.jit"))
    case.claims.append(at_most(f"{title}, warm from disk", Spread.of(warm, 1e3), 30, "ms"))
    return case
