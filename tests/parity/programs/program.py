"""A random program: which variables it starts with, and its statements."""

from __future__ import annotations

import itertools
import random
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity.programs import (  # noqa: F401  # they enter their kinds
    blocks,
    further,
    hooks,
    saving,
    statements,
    transforms,
)
from parity.programs.drawing import EVERYWHERE, Body, Choice, Kind
from parity.programs.world import World

SHAPES = ((2, 3), (3,), ())


@dataclass(frozen=True)
class Program:
    """Which of the first variables require grad, and the statements."""

    requires_grad: tuple[bool, ...]
    statements: tuple[Any, ...]

    def run(self, m: Any, refused: Iterable[str] = ()) -> World:
        """The program's variables at its end, and what it raised, without what torch refuses."""
        world = World(m, refused=set(refused))
        for number, (shape, leaf) in enumerate(zip(SHAPES, self.requires_grad, strict=True)):
            values = np.linspace(-1.3, 1.9, int(np.prod(shape))) + 0.1 * number
            tensor = m.tensor(values.tolist(), dtype=m.float64).reshape(shape).clone()
            world.new(tensor.requires_grad_(leaf))
            if leaf:
                world.leaves.append(tensor)
                world.new(tensor.clone())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            world.run(self.statements)
        return world


PROGRAMS = Kind(
    Program,
    {
        "requires_grad": Choice(tuple(itertools.product((True, False), repeat=len(SHAPES)))),
        "statements": Body(EVERYWHERE, least=10, most=20),
    },
)


def program_of(seed: int) -> Program:
    """The program that a seed means."""
    return PROGRAMS.draw(random.Random(seed))
