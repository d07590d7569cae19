"""Statements about gradients: no_grad blocks, leaves, gradients in the middle of a program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from parity.programs.drawing import EITHER, EVERYWHERE, INDEX, Body, statement
from parity.programs.world import Variable, World


@statement(1, where=[EVERYWHERE], statements=Body(EVERYWHERE))
@dataclass(frozen=True)
class NoGrad:
    """with no_grad(): ...

    Views that were made inside are forgotten at the end: torch takes them for leaves that require
    grad if their base does, an accident that we do not repeat. tests/parity/test_views.py has what
    the two agree on.
    """

    statements: tuple[Any, ...]

    def run(self, world: World, place: str) -> None:
        before = len(world.variables)
        with world.m.no_grad():
            world.run(self.statements, place)
        made = world.variables[before:]
        world.variables[before:] = [v for v in made if not v.viewed]


@statement(1, where=[EVERYWHERE], at=INDEX)
@dataclass(frozen=True)
class RequireGrad:
    """x.requires_grad_()"""

    at: int

    def run(self, world: World, place: str) -> None:
        def alone(v: Variable) -> bool:
            return sum(w.group == v.group for w in world.variables) == 1 and v.tensor.is_leaf

        x = world.pick(self.at, alone)
        if x is not None and not x.tensor.requires_grad:
            world.leaves.append(x.tensor.requires_grad_())


@statement(1, where=[EVERYWHERE], at=INDEX)
@dataclass(frozen=True)
class RetainGrad:
    """x.retain_grad()"""

    at: int

    def run(self, world: World, place: str) -> None:
        if not world.m.is_grad_enabled():
            return
        # A write into one of several outputs that retains its gradient ends torch's own assertions.
        x = world.pick(self.at, lambda v: v.tensor.requires_grad and not v.quiet and not v.several)
        if x is not None and x.tensor.grad_fn is not None:  # raises for views that cannot follow
            x.tensor.retain_grad()


@statement(1, where=[EVERYWHERE], at=INDEX, leaf=INDEX, create_graph=EITHER)
@dataclass(frozen=True)
class Gradient:
    """g = the gradient of a variable with respect to a leaf, with a graph of its own or without."""

    at: int
    leaf: int
    create_graph: bool

    def run(self, world: World, place: str) -> None:
        x = world.pick(self.at, lambda v: v.tensor.requires_grad and not v.quiet)
        if x is None or not world.leaves:
            return
        world.second_order |= self.create_graph
        world.deep = world.second_order
        leaf = world.leaves[self.leaf % len(world.leaves)]
        (found,) = world.m.autograd.grad(
            x.tensor.sum(), leaf, retain_graph=True, create_graph=self.create_graph,
            allow_unused=True,
        )  # fmt: skip
        if found is None:
            return
        if self.create_graph:
            # Whether a constant derivative has a graph is each library's own affair.
            found = found + 0 * leaf.sum()
        world.new(found.clone())
