"""The four ways of computing a loss and its gradients that are compared here.

A task is written twice: in torch's names, which wengert has, too, and in jax. Everyone is given the
same arrays, in its own kind, beforehand. What is timed is a call until all results are there.
"""

from __future__ import annotations

import importlib
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import SUBJECT, Pace, Samples, Spread, interleave, ratios
from benchmarks.peers import Gradients, Peer, importable
from benchmarks.report import Claim, Row, at_most

JAX, EAGER, COMPILED = "jax.jit", "torch eager", "torch.compile"
RIVALS = (JAX, EAGER, COMPILED)


@dataclass(frozen=True)
class Task:
    """A loss of some arguments, by whom it is computed, and which arguments have gradients.

    torch_like: (module, *arguments) -> loss. in_jax: (jax, jax.numpy, *arguments) -> loss.
    arguments: arrays, or numbers. wanted: places of the arguments that are differentiated.
    """

    torch_like: Callable[..., Any]
    in_jax: Callable[..., Any]
    arguments: Sequence[Any]
    wanted: tuple[int, ...]


def named(values: Sequence[Any]) -> Gradients:
    """The loss and the gradients, by their places."""
    return {str(i): np.asarray(value) for i, value in enumerate(values)}


def peers(task: Task, names: Sequence[str] = RIVALS) -> list[Peer]:
    """The subject, and those of its rivals that are installed here."""
    makers = {
        JAX: ("jax", jax_jit),
        EAGER: ("torch", torch_eager),
        COMPILED: ("torch", torch_compile),
    }
    found = [ours(task)]
    for name in names:
        package, make = makers[name]
        if importable([package]):
            found.append(make(task))
    return found


# Each of them ------------------------------------------------------------------------------------


def converted(convert: Callable[[Any], Any], arguments: Sequence[Any]) -> list[Any]:
    """Arrays in another kind; numbers as they are."""
    return [convert(a) if isinstance(a, np.ndarray) else a for a in arguments]


def compiled(task: Task) -> Callable[..., Any]:
    """The function that wengert compiles: the loss and the gradients."""
    wengert = importlib.import_module(SUBJECT)
    loss = partial(task.torch_like, wengert)
    return wengert.compile(wengert.func.value_and_grad(loss, argnums=task.wanted))


def ours(task: Task) -> Peer:
    """wengert.compile of func.value_and_grad; tensors in and out."""
    wengert = importlib.import_module(SUBJECT)
    step = compiled(task)
    arguments = converted(wengert.from_numpy, task.arguments)
    return Peer(SUBJECT, partial(step, *arguments), _read_pair)


def _read_pair(result: Any) -> Gradients:
    value, gradients = result
    return named([value, *gradients])


def jax_step(task: Task) -> tuple[Callable[..., Any], list[Any]]:
    """What jax compiles, and its arguments."""
    jax, jnp = importlib.import_module("jax"), importlib.import_module("jax.numpy")
    doubles = any(getattr(a, "dtype", None) == np.float64 for a in task.arguments)
    jax.config.update("jax_enable_x64", doubles)
    step = jax.jit(jax.value_and_grad(partial(task.in_jax, jax, jnp), argnums=task.wanted))
    return step, converted(jnp.asarray, task.arguments)


def jax_jit(task: Task) -> Peer:
    """jax.jit of value_and_grad."""
    step, arguments = jax_step(task)
    ready = importlib.import_module("jax").block_until_ready
    return Peer(JAX, lambda: ready(step(*arguments)), _read_pair)


def torch_eager(task: Task) -> Peer:
    """The loss, and torch.autograd.grad."""
    torch = importlib.import_module("torch")
    return Peer(EAGER, _torch_step(torch, partial(task.torch_like, torch), task), _read_torch)


def torch_compile(task: Task) -> Peer:
    """The loss through torch.compile, which compiles its backward pass, too."""
    torch = importlib.import_module("torch")
    loss = torch.compile(partial(task.torch_like, torch), dynamic=False)
    return Peer(COMPILED, _torch_step(torch, loss, task), _read_torch)


def _torch_step(torch: Any, loss: Callable[..., Any], task: Task) -> Callable[[], Any]:
    arguments = converted(torch.from_numpy, task.arguments)
    places = task.wanted
    if all(isinstance(arguments[i], torch.Tensor) for i in places):
        for i in places:
            arguments[i].requires_grad_()
        leaves = [arguments[i] for i in places]

        def step() -> Any:
            value = loss(*arguments)
            return [value, *torch.autograd.grad(value, leaves)]

        return step

    def of_numbers() -> Any:
        made = [torch.tensor(a, requires_grad=True) for a in arguments]
        value = loss(*made)
        return [value, *torch.autograd.grad(value, [made[i] for i in places])]

    return of_numbers


def _read_torch(values: Sequence[Any]) -> Gradients:
    return named([value.detach() for value in values])


WARM = 10
"""Calls before anything is timed: compilers make a second and better way after some."""


def timed(actions: Mapping[str, Callable[[], object]], pace: Pace) -> Samples:
    """Everyone's times, in turn. A block has as many calls as the warm ones say."""
    for action in actions.values():
        for _ in range(WARM):
            action()
    return interleave(actions, pace)


# What is claimed ---------------------------------------------------------------------------------


def best_of(samples: Samples, names: Sequence[str] = RIVALS) -> str | None:
    """Which of these has the smallest median; None if none was timed."""
    timed = [name for name in names if name in samples]
    return min(timed, key=lambda name: statistics.median(samples[name]), default=None)


def against_best(what: str, samples: Samples, limit: float | None) -> list[Claim]:
    """The ratio to the best rival in this run, claimed; to the others, shown."""
    best = best_of(samples)
    found = []
    for name in RIVALS:
        if name in samples:
            chosen = limit if name == best else None
            found.append(at_most(what, ratios(samples, SUBJECT, name), chosen, f"x {name}"))
    return found


def against(what: str, samples: Samples, limits: Mapping[str, float | None]) -> list[Claim]:
    """The ratios to these; without a limit it is shown."""
    return [
        at_most(what, ratios(samples, SUBJECT, name), limit, f"x {name}")
        for name, limit in limits.items()
        if name in samples
    ]


def rows(samples: Samples, scale: float) -> list[Row]:
    """Everyone's times, in 1 / scale seconds."""
    return [Row(name, Spread.of(times, scale)) for name, times in samples.items()]
