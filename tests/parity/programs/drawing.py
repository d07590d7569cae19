"""How the fields of statements are drawn: by Hypothesis, which shrinks, or by random.Random, fast.

A field is declared once, as a `Choice` of values or as a `Body` of statements; each declaration has
both a strategy of Hypothesis and a plain draw.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hypothesis import strategies as st


@dataclass(frozen=True)
class Choice:
    """One of some values."""

    values: Sequence[Any]

    @property
    def strategy(self) -> st.SearchStrategy[Any]:
        return st.sampled_from(self.values)

    def draw(self, choose: random.Random) -> Any:
        return self.values[int(choose.random() * len(self.values))]


@dataclass(frozen=True)
class Kind:
    """A kind of statement: its class, the declarations of its fields, and where it may stand."""

    made: type
    fields: dict[str, Any]

    def __post_init__(self) -> None:
        self.made._repr_pretty_ = _written_once

    @cached_property
    def strategy(self) -> st.SearchStrategy[Any]:
        return st.builds(self.made, **{name: f.strategy for name, f in self.fields.items()})

    def draw(self, choose: random.Random) -> Any:
        return self.made(**{name: field.draw(choose) for name, field in self.fields.items()})


def _written_once(statement: Any, printer: Any, cycle: bool) -> None:
    """Print as repr does. Hypothesis would print how each statement was drawn, and that again for
    every draw that came to an equal part: blocks inside of blocks took it minutes.
    """
    printer.text(repr(statement))


EVERYWHERE: list[Kind] = []
"""The kinds that a program consists of, each as often as it weighs."""

INSIDE: list[Kind] = []
"""Those that may stand inside a function that is transformed."""

PLAIN: list[Kind] = []
"""Those that may stand where torch allows neither transforms nor hooks."""

PURE: list[Kind] = []
"""Those of them that write nothing."""

ANYWHERE = (EVERYWHERE, INSIDE, PLAIN, PURE)


@dataclass(frozen=True)
class Body:
    """Between least and most statements of the kinds; those inside a block, as a rule."""

    kinds: list[Kind]
    least: int = 1
    most: int = 4

    @cached_property
    def strategy(self) -> st.SearchStrategy[Any]:
        def several() -> st.SearchStrategy[Any]:
            one = st.integers(0, len(self.kinds) - 1).flatmap(lambda i: self.kinds[i].strategy)
            return st.lists(one, min_size=self.least, max_size=self.most).map(tuple)

        # Deferred: a block is itself of a kind, and modules enter more kinds later.
        return st.deferred(several)

    def draw(self, choose: random.Random) -> Any:
        count = choose.randint(self.least, self.most)
        return tuple(Choice(self.kinds).draw(choose).draw(choose) for _ in range(count))


INDEX = Choice(range(16))
SMALL = Choice(range(4))
EITHER = Choice((False, True))


def statement(
    weight: int, *, where: Sequence[list[Kind]] = (EVERYWHERE, INSIDE, PLAIN), **fields: Any
) -> Callable[[type], type]:
    """Enter a kind of statement, with the declarations of its fields, and where it may stand."""

    def enter(made: type) -> type:
        for kinds in where:
            kinds.extend([Kind(made, fields)] * weight)
        return made

    return enter
