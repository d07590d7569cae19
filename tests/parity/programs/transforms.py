"""Statements that transform functions: the function is a small program, its results are variables.

Arguments enter the small program as copies, and so do the variables of the program around it that
it uses: a write into an argument itself is a write into what was given, and
tests/parity/test_inplace_transforms.py has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from parity.programs.drawing import (
    EITHER,
    EVERYWHERE,
    INDEX,
    INSIDE,
    Body,
    Choice,
    statement,
)
from parity.programs.world import Variable, World

BODY = Body(INSIDE, most=3)


def small(v: Variable) -> bool:
    return not v.quiet and 0 not in v.shape and len(v.shape) < 4


def inner(
    world: World, statements: Any, place: str, *closure: Any, forward: bool = False
) -> Callable[..., list[Any]]:
    """A function that runs statements on copies of its arguments: its last two variables.

    Everything in it depends on its arguments. torch does not see that a tensor was written into
    after it was saved, if the function merely uses it, and gets wrong gradients.
    """
    world.deep |= forward or world.inside

    def function(*arguments: Any) -> list[Any]:
        inside = World(world.m, inside=True, forward=world.forward + forward)
        for tensor in closure:
            inside.new(tensor + 0 * arguments[0].sum())
        for tensor in arguments:
            inside.new(tensor.clone())
        try:
            inside.run(statements, place)
        finally:
            world.deep |= inside.deep
        # Copies: a view that cannot follow its base is refused here, where gradients are on.
        return [v.tensor.clone() for v in inside.variables[-2:]]

    return function


def total(m: Any, tensors: list[Any]) -> Any:
    """A number that depends on all elements."""
    return sum((t * m.cos(t.detach() * 0 + n + 1)).sum() for n, t in enumerate(tensors))


def enter(world: World, results: Any, *sources: Any) -> None:
    """Results as variables; they have a graph if their sources have one.

    Whether a derivative that does not depend on them has one is each library's own affair.
    """
    world.second_order = True
    link = sum(0 * s.sum() for s in sources)
    for result in results if isinstance(results, (list, tuple)) else [results]:
        world.new(result + link)


@statement(2, where=[EVERYWHERE, INSIDE], at=INDEX, other=INDEX, value=EITHER, statements=BODY)
@dataclass(frozen=True)
class Grad:
    """g = func.grad(f)(x), or grad_and_value, f uses y as well"""

    at: int
    other: int
    value: bool
    statements: Any

    def run(self, world: World, place: str) -> None:
        x, y = world.pick(self.at, small), world.pick(self.other, small)
        if x is None or y is None:
            return
        f = inner(world, self.statements, place, y.tensor)
        transform = world.m.func.grad_and_value if self.value else world.m.func.grad
        results = transform(lambda a: total(world.m, f(a)))(x.tensor)
        enter(world, results, x.tensor, y.tensor)


@statement(2, where=[EVERYWHERE, INSIDE], at=INDEX, other=INDEX, statements=BODY)
@dataclass(frozen=True)
class Vjp:
    """outputs, pull = func.vjp(f, x, y); pull(outputs)"""

    at: int
    other: int
    statements: Any

    def run(self, world: World, place: str) -> None:
        x, y = world.pick(self.at, small), world.pick(self.other, small)
        if x is None or y is None:
            return
        f = inner(world, self.statements, place)
        outputs, pull = world.m.func.vjp(lambda *a: tuple(f(*a)), x.tensor, y.tensor)
        cotangents = tuple(o.cos() for o in outputs)
        enter(world, [*outputs, *pull(cotangents)], x.tensor, y.tensor)


@statement(2, where=[EVERYWHERE, INSIDE], at=INDEX, other=INDEX, statements=BODY)
@dataclass(frozen=True)
class Jvp:
    """outputs, tangents = func.jvp(f, (x,), (x.cos(),)), f uses y as well"""

    at: int
    other: int
    statements: Any

    def run(self, world: World, place: str) -> None:
        x, y = world.pick(self.at, small), world.pick(self.other, small)
        if x is None or y is None:
            return
        f = inner(world, self.statements, place, y.tensor, forward=True)
        pairs = world.m.func.jvp(lambda a: tuple(f(a)), (x.tensor,), (x.tensor.cos(),))
        enter(world, [*pairs[0], *pairs[1]], x.tensor, y.tensor)


@statement(2, where=[EVERYWHERE, INSIDE], at=INDEX, other=INDEX, dim=EITHER, statements=BODY)
@dataclass(frozen=True)
class Vmap:
    """z = func.vmap(f, in_dims=(dim, None))(x, y)"""

    at: int
    other: int
    dim: bool
    statements: Any

    def run(self, world: World, place: str) -> None:
        x, y = (
            world.pick(self.at, lambda v: small(v) and len(v.shape) > self.dim),
            world.pick(self.other, small),
        )
        if x is None or y is None:
            return
        f = inner(world, self.statements, place)
        mapped = world.m.func.vmap(lambda *a: tuple(f(*a)), in_dims=(int(self.dim), None))
        enter(world, mapped(x.tensor, y.tensor), x.tensor, y.tensor)


@statement(
    2,
    where=[EVERYWHERE, INSIDE],
    at=INDEX,
    other=INDEX,
    name=Choice(("jacrev", "jacfwd")),
    statements=BODY,
)
@dataclass(frozen=True)
class Jacobian:
    """z = func.jacrev(f)(x), a weighted sum over outputs"""

    at: int
    other: int
    name: str
    statements: Any

    def run(self, world: World, place: str) -> None:
        x, y = world.pick(self.at, small), world.pick(self.other, small)
        if x is None or y is None:
            return
        forward = self.name == "jacfwd"
        f = inner(world, self.statements, place, y.tensor, forward=forward)
        found = getattr(world.m.func, self.name)(lambda a: f(a)[-1])(x.tensor)
        rows = found.reshape(-1, *x.shape)
        weights = world.m.arange(rows.shape[0], dtype=world.m.float64).cos()
        enter(
            world,
            (rows.mT @ weights if False else (rows * weights.reshape(-1, *[1] * len(x.shape)))).sum(
                0
            ),
            x.tensor,
            y.tensor,
        )
