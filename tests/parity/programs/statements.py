"""The grammar: what a statement of a random program can be.

A kind of statement is a frozen dataclass of plain numbers and names with a method
`run(world, place)`, entered with `@statement(weight, field=declaration, ...)`, see drawing.py. It
chooses its variables with `world.pick`, enters what it makes with `world.new` or `world.alias`, and
returns without effect where nothing fits. What it calls must be spelled alike in torch and in
wengert. To add kinds, write them in a module of their own and import that in program.py; nothing
else changes. A kind with a body (a block) declares it as `Body(EVERYWHERE)` and gives it to
`world.run`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from parity.programs.drawing import (
    ANYWHERE,
    EITHER,
    EVERYWHERE,
    INDEX,
    INSIDE,
    PLAIN,
    SMALL,
    Choice,
    statement,
)
from parity.programs.world import Variable, World, fit_together, fits_into

UNARY = ("sin", "cos", "tanh", "sigmoid", "neg", "clone", "square", "clone", "abs")
UNARY_IN_PLACE = ("sin_", "cos_", "tanh_", "sigmoid_", "neg_", "square_", "abs_")
BINARY = ("add", "sub", "mul", "mul")
BINARY_IN_PLACE = ("add_", "sub_", "mul_", "copy_", "mul_")


@statement(4, where=ANYWHERE, name=Choice(UNARY), at=INDEX)
@dataclass(frozen=True)
class Unary:
    """y = x.sin()"""

    name: str
    at: int

    def run(self, world: World, place: str) -> None:
        chosen = world.pick(self.at)
        if chosen is not None:
            world.new(getattr(chosen.tensor, self.name)())


@statement(4, where=ANYWHERE, name=Choice(BINARY), at=INDEX, other=INDEX)
@dataclass(frozen=True)
class Binary:
    """z = x.mul(y)"""

    name: str
    at: int
    other: int

    def run(self, world: World, place: str) -> None:
        x = world.pick(self.at)
        if x is None:
            return
        y = world.pick(self.other, lambda v: fit_together(v.shape, x.shape))
        assert y is not None  # x itself fits
        world.new(getattr(x.tensor, self.name)(y.tensor))


@statement(2, where=ANYWHERE, at=INDEX, dim=SMALL)
@dataclass(frozen=True)
class Sum:
    """y = x.sum(dim)"""

    at: int
    dim: int

    def run(self, world: World, place: str) -> None:
        x = world.pick(self.at, lambda v: len(v.shape) > 0)
        if x is not None:
            world.new(x.tensor.sum(self.dim % len(x.shape)))


@statement(3, name=Choice(UNARY_IN_PLACE), at=INDEX)
@dataclass(frozen=True)
class UnaryInPlace:
    """x.sin_()"""

    name: str
    at: int

    def run(self, world: World, place: str) -> None:
        x = world.target(self.at)
        if x is not None:
            getattr(x.tensor, self.name)()


@statement(5, name=Choice(BINARY_IN_PLACE), at=INDEX, other=INDEX)
@dataclass(frozen=True)
class BinaryInPlace:
    """x.mul_(y)"""

    name: str
    at: int
    other: int

    def run(self, world: World, place: str) -> None:
        x = world.target(self.at)
        if x is None:
            return
        y = world.operand(self.other, x, lambda v: fits_into(x.shape, v.shape))
        if y is x.tensor and self.name in ("mul_", "copy_"):
            # In x.mul_(x) torch saves what it overwrites, and raises at backward; x.copy_(x) is
            # nothing to it even where elements are one in memory.
            y = y.clone()
        getattr(x.tensor, self.name)(y)


@statement(
    2, at=INDEX, value=Choice((0.0, 0.5, -1.25)),
    name=Choice(("zero_", "fill_", "mul_", "add_")),
)  # fmt: skip
@dataclass(frozen=True)
class NumberInPlace:
    """x.fill_(0.5)"""

    at: int
    value: float
    name: str

    def run(self, world: World, place: str) -> None:
        # Expanded memory can be filled in torch; here it is read-only.
        x = world.target(self.at, lambda v: not v.expanded)
        if x is not None:
            getattr(x.tensor, self.name)(*([] if self.name == "zero_" else [self.value]))


def _select(x: Any, dim: int, i: int) -> Any:
    return x.select(dim, i % x.shape[dim])


def _slice(x: Any, dim: int, i: int) -> Any:
    return x[(slice(None),) * dim + (slice(i % x.shape[dim], None),)]


def _narrow(x: Any, dim: int, i: int) -> Any:
    return x.narrow(dim, 0, 1 + i % x.shape[dim])


VIEWS: dict[str, tuple[int, Callable[[Any, int, int], Any]]] = {
    "select": (1, _select),
    "index": (1, lambda x, dim, i: x[i % x.shape[0]]),
    "slice": (1, _slice),
    "narrow": (1, _narrow),
    "steps": (1, lambda x, dim, i: x[:: 1 + i]),
    "transpose": (2, lambda x, dim, i: x.transpose(0, 1)),
    "T": (2, lambda x, dim, i: x.permute(*reversed(range(x.ndim)))),
    "unsqueeze": (0, lambda x, dim, i: x.unsqueeze(dim)),
    "none": (0, lambda x, dim, i: x[None]),
    "squeeze": (0, lambda x, dim, i: x.squeeze()),
    "flatten": (1, lambda x, dim, i: x.view(-1) if x.is_contiguous() else x[:]),
    "diagonal": (2, lambda x, dim, i: x.diagonal()),
    "view_as": (0, lambda x, dim, i: x.view_as(x)),
    "expand": (1, lambda x, dim, i: x.expand(2, *x.shape)),
    "unbind": (1, lambda x, dim, i: x.unbind(dim)[i % x.shape[dim]]),
    "split": (1, lambda x, dim, i: x.split(1, dim)[i % x.shape[dim]]),
    "chunk": (1, lambda x, dim, i: x.chunk(2, dim)[0]),
}
"""Name -> the dimensions that it needs, and the view."""


@statement(7, where=ANYWHERE, name=Choice(sorted(VIEWS)), at=INDEX, dim=SMALL, i=SMALL)
@dataclass(frozen=True)
class View:
    """v = x.select(dim, i)"""

    name: str
    at: int
    dim: int
    i: int

    def run(self, world: World, place: str) -> None:
        if self.name == "flatten" and world.inside:
            return  # whether slices are contiguous is each library's own affair
        least, make = VIEWS[self.name]
        # Of a view that cannot follow its base, being one of several, torch makes one that can.
        x = world.pick(
            self.at,
            lambda v: least <= len(v.shape) < 4 and 0 not in v.shape and not v.several,
        )
        if x is not None:
            dim = self.dim % max(len(x.shape), 1)
            made = world.alias(make(x.tensor, dim, self.i), x, expanded=self.name == "expand")
            made.several = self.name in ("unbind", "split", "chunk")


def _write_index(x: Variable, kind: str, i: int, m: Any) -> Any:
    """An index that can be written to."""
    length = x.shape[0]
    if kind == "row":
        return i % length
    if kind == "slice":
        return slice(i % length, None)
    if kind == "ellipsis":
        return ...
    if kind == "column":
        return ..., i % x.shape[-1]
    if kind == "rows":
        return m.tensor([i % length])
    return m.tensor([(i + j) % 2 == 0 for j in range(length)])


PLACES = ("row", "slice", "ellipsis", "column", "rows", "mask")


@statement(
    4, at=INDEX, other=INDEX, i=SMALL, number=EITHER, kind=Choice(PLACES)
)  # fmt: skip
@dataclass(frozen=True)
class Assign:
    """x[i] = y"""

    at: int
    other: int
    i: int
    number: bool
    kind: str

    def run(self, world: World, place: str) -> None:
        x = world.target(self.at, lambda v: len(v.shape) > 0 and not v.expanded)
        if x is None:
            return
        index = _write_index(x, self.kind, self.i, world.m)
        shape = tuple(x.tensor.detach()[index].shape)
        y = world.operand(self.other, x, lambda v: fits_into(shape, v.shape))
        if y is x.tensor:
            y = y.clone()
        x.tensor[index] = 0.75 if self.number or y is None else y


# Inside a function that is transformed, .data is of this level alone in torch: the tensor keeps
# the graphs of the levels around.
@statement(1, where=[EVERYWHERE, PLAIN], at=INDEX, how=Choice(("detach", "data")))
@statement(1, where=[INSIDE], at=INDEX, how=Choice(("detach",)))
@dataclass(frozen=True)
class Detach:
    """y = x.detach()"""

    at: int
    how: str

    def run(self, world: World, place: str) -> None:
        # A 0-d tensor is saved by value here: a write through .data, which nobody notices, leaves
        # the gradient right, where torch's is wrong.
        x = world.pick(self.at, lambda v: self.how == "detach" or len(v.shape) > 0)
        if x is not None:
            y = x.tensor.detach() if self.how == "detach" else x.tensor.data
            world.alias(y, x)
