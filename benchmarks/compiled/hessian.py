"""The Hessian of the Rosenbrock function of 50 variables."""

from __future__ import annotations

import importlib
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np

from benchmarks import isolate
from benchmarks.compiled import rivals
from benchmarks.harness import SUBJECT, Options, Pace, Samples
from benchmarks.peers import Gradients, Peer, check_agreement, importable
from benchmarks.report import Case
from benchmarks.transforms import VARIABLES, closed_form, rosenbrock


def read(value: Any) -> Gradients:
    """The Hessian as an array."""
    return {"found": np.asarray(value)}


def contestants(variables: int = VARIABLES) -> list[Peer]:
    """Forward over reverse mode, compiled; torch's has no compiler for it that is faster."""
    at = np.linspace(-1, 1, variables)
    wengert = importlib.import_module(SUBJECT)
    found = [
        Peer(
            SUBJECT,
            partial(wengert.compile(wengert.func.hessian(rosenbrock)), wengert.from_numpy(at)),
            read,
        )
    ]
    if importable(["jax"]):
        jax = importlib.import_module("jax")
        jax.config.update("jax_enable_x64", True)
        step, x = jax.jit(jax.hessian(rosenbrock)), jax.numpy.asarray(at)
        found.append(Peer(rivals.JAX, lambda: jax.block_until_ready(step(x)), read))
    if importable(["torch"]):
        torch = importlib.import_module("torch")
        x_torch = torch.from_numpy(at)
        found.append(Peer(rivals.EAGER, partial(torch.func.hessian(rosenbrock), x_torch), read))
    return found


def measure(pace: dict[str, Any]) -> Samples:
    """Verify, then time."""
    everyone = contestants()
    check_agreement(everyone, 1e-9, {"found": closed_form(np.linspace(-1, 1, VARIABLES))})
    return rivals.timed({peer.name: peer.run for peer in everyone}, Pace(**pace))


def run(options: Options) -> Case:
    """In float64."""
    title = f"Hessian of the Rosenbrock function, {VARIABLES} variables"
    pace = asdict(options.pace(repeats=31, block=0.05, pause=0.01))
    samples = isolate.call(measure, pace=pace)
    claims = rivals.against(title, samples, {rivals.JAX: 0.3, rivals.EAGER: None})
    return Case("hessian", title, "us", claims, rivals.rows(samples, 1e6))
