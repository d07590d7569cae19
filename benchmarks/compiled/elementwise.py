"""One elementwise formula, its sum and its gradients: 4,000,000 numbers, and 1,000."""

from __future__ import annotations

import gc
import importlib
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import isolate
from benchmarks.compiled import limits, rivals
from benchmarks.harness import SUBJECT, Options, Pace, Samples, Spread
from benchmarks.peers import check_agreement
from benchmarks.report import Case, at_most

LARGE, SMALL = 4_000_000, 1_000
FUSED = "fused C loop"


def torch_like(m: Any, x: Any, w: Any, b: Any) -> Any:
    """sum(tanh(x * w + b) * sigmoid(x) - log1p(exp(-x * x)))."""
    return (m.tanh(x * w + b) * m.sigmoid(x) - m.log1p(m.exp(-x * x))).sum()


def in_jax(jax: Any, jnp: Any, x: Any, w: Any, b: Any) -> Any:
    """The same."""
    return jnp.sum(jnp.tanh(x * w + b) * jax.nn.sigmoid(x) - jnp.log1p(jnp.exp(-x * x)))


def task(count: int) -> rivals.Task:
    """With arrays of so many numbers."""
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(count, dtype=np.float32) for _ in range(3)]
    return rivals.Task(torch_like, in_jax, arrays, (0, 1, 2))


def measure(count: int, pace: dict[str, Any]) -> Samples:
    """Verify, then time, the loop in C and the memory's bandwidth, too."""
    chosen = task(count)
    everyone = rivals.peers(chosen)
    fused = limits.fused_loop(*chosen.arguments)
    if fused is not None:
        everyone.append(rivals.Peer(FUSED, fused, rivals.named))
    check_agreement(everyone, rtol=2e-5)
    actions = {peer.name: peer.run for peer in everyone}
    triad = limits.triad(3 * count)  # as many bytes: three arrays read, three written
    if triad is not None:
        actions["memory: as many bytes, read and written"] = triad
    return rivals.timed(actions, Pace(**pace))


def large(options: Options) -> Case:
    """What does not fit into the caches."""
    title = f"elementwise formula, {LARGE:,} float32"
    pace = asdict(options.pace(repeats=21, block=0.2, pause=0.1))
    samples = isolate.call(measure, count=LARGE, pace=pace)
    targets = {rivals.COMPILED: 0.4, rivals.JAX: 0.5, rivals.EAGER: None, FUSED: 1.3}
    case = Case("elementwise", title, "ms", rivals.against(title, samples, targets))
    case.rows.extend(rivals.rows(samples, 1e3))
    repeats = 1 if options.quick else 5
    with tempfile.TemporaryDirectory() as folder:
        env = {"WENGERT_CACHE_DIR": folder}
        isolate.call(peak, env=env, count=LARGE)  # leaves the program there
        peaks = [isolate.call(peak, env=env, count=LARGE) for _ in range(repeats)]
    case.claims.append(
        at_most(f"{title}, peak memory", Spread.of(peaks), 1.2, "x inputs and outputs")
    )
    return case


def small(options: Options) -> Case:
    """What fits into the first cache."""
    title = f"elementwise formula, {SMALL:,} float32"
    pace = asdict(options.pace(repeats=31, block=0.05, pause=0.05))
    samples = isolate.call(measure, count=SMALL, pace=pace)
    claims = rivals.against_best(title, samples, 0.25) + rivals.against(
        title, samples, {FUSED: None}
    )
    return Case("elementwise-small", title, "us", claims, rivals.rows(samples, 1e6))


def peak(count: int) -> float:
    """The most memory that the first call takes, inputs included, over inputs and outputs (Linux).

    It should find its program on disk: what LLVM takes while it compiles is not the program's.
    """
    wengert = importlib.import_module(SUBJECT)
    rivals.ours(task(SMALL)).run()  # the libraries are loaded
    chosen = task(count)
    step = rivals.compiled(chosen)
    tensors = [wengert.from_numpy(a) for a in chosen.arguments]
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the highest mark is now
    before = _status("VmRSS")
    results = step(*tensors)
    extra = _status("VmHWM") - before
    given = sum(a.nbytes for a in chosen.arguments)
    made = sum(np.asarray(t).nbytes for t in (results[0], *results[1]))
    return (given + extra) / (given + made)


def _status(name: str) -> int:
    """A figure of this process, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))
