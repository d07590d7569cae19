"""Rooms of operations that load on first use, so that `import wengert` is soon done.

Two kinds wait. Those that only answer for NumPy's functions: they load when one of those meets a
tensor. And those whose operations few programs use: matrix decompositions, losses, random numbers.
The first use of one of their names loads the room: `wengert.svd` by the module's __getattr__,
`x.svd` by a `Waiting` that stands in the method's place until the room puts the method there.

Whatever reads a registry whole (OPS, FUNCTIONS, NUMPY) calls `load_all` first.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Final

from wengert.core.registry import NUMPY, OPERATORS
from wengert.core.tensor import Tensor
from wengert.ops.waiting import METHODS

NUMPYS: Final = (
    "calculus", "editing", "linalg", "nans", "picks", "polynomials", "products", "quantiles",
    "questions", "reductions", "sets", "ufuncs", "refused",
)  # fmt: skip
"""wengert.ops.numpy_<name>: nothing but answers, so that no operation waits in there."""


class Waiting:
    """Stands in the place of a method whose room is not loaded: the first look at it loads it."""

    def __init__(self, room: str, name: str) -> None:
        self.room = room
        self.name = name

    def __get__(self, instance: Tensor | None, owner: type[Tensor]) -> Any:
        importlib.import_module(f"wengert.ops.{self.room}")
        if vars(Tensor)[self.name] is self:  # the room is being loaded, and is not there yet
            raise AttributeError(f"Tensor has no attribute {self.name!r} yet")
        return getattr(owner if instance is None else instance, self.name)


def load_all() -> None:
    """Import every room: afterwards OPS, FUNCTIONS and NUMPY are complete."""
    for name in (*METHODS, *(f"numpy_{name}" for name in NUMPYS)):
        importlib.import_module(f"wengert.ops.{name}")


def load_for(name: str) -> None:
    """Import the room that brings a method of this name, which an operation is often called by."""
    for room, names in METHODS.items():
        if name in names:
            importlib.import_module(f"wengert.ops.{room}")


def answer_for(function: Callable[..., Any]) -> Callable[..., Any] | None:
    """What answers for a function of NumPy's that the table did not have so far; None: nothing."""
    load_all()
    return NUMPY.get(function)


def _first_ufunc(*asked: Any) -> Any:
    load_all()
    return OPERATORS.ufunc(*asked)  # numpy_ufuncs has put its own there


def _wait() -> None:
    """Every method of the rooms that are not loaded is there, and knows its room."""
    there = vars(Tensor)
    for room, names in METHODS.items():
        for name in names:
            if name not in there:
                setattr(Tensor, name, Waiting(room, name))


OPERATORS.answer_for = answer_for
OPERATORS.load_all = load_all
OPERATORS.load_for = load_for
OPERATORS.ufunc = _first_ufunc
_wait()
