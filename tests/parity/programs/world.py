"""What a program runs in: its variables, and how a statement chooses among them.

A statement holds plain numbers. Which variables they mean is worked out while the program runs,
from shapes and from what shares memory, and so in the same way in both libraries.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Variable:
    """A tensor of the program.

    group: those of one group may share memory. expanded: some elements are one in memory. viewed:
    made by a view operation, or a view of one that was. quiet: under no_grad.
    """

    tensor: Any
    group: int
    expanded: bool = False
    viewed: bool = False
    quiet: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.tensor.shape)


Condition = Callable[[Variable], bool]


@dataclass
class World:
    """One run of a program with `m`, which is torch or wengert.

    variables: those that statements can choose from; leaves: those to differentiate by. errors: per
    statement that raised, its place and the exception. second_order: whether gradients have been
    differentiated.
    """

    m: Any
    variables: list[Variable] = field(default_factory=list)
    leaves: list[Any] = field(default_factory=list)
    errors: list[tuple[str, Exception]] = field(default_factory=list)
    groups: int = 0
    second_order: bool = False

    def new(self, tensor: Any) -> Variable:
        """Enter a tensor that has memory of its own."""
        self.groups += 1
        made = Variable(tensor, self.groups)
        self.variables.append(made)
        return made

    def alias(self, tensor: Any, source: Variable, *, expanded: bool = False) -> Variable:
        """Enter a tensor that may share the memory of another."""
        viewed = tensor._is_view() if not source.viewed else True
        quiet = source.quiet or not self.m.is_grad_enabled()
        made = Variable(tensor, source.group, source.expanded or expanded, viewed, quiet)
        self.variables.append(made)
        return made

    def pick(self, index: int, condition: Condition = lambda v: True) -> Variable | None:
        """One of the variables that meet a condition, the newest for 0; None if there is none."""
        found = [v for v in self.variables if condition(v)]
        if not found:
            return None
        chosen = found[-1 - index % len(found)]
        with contextlib.suppress(RuntimeError):
            # torch takes a view for a leaf whose base has got a history, until somebody asks.
            _ = chosen.tensor.grad_fn
        return chosen

    def operand(self, index: int, target: Variable, condition: Condition) -> Any:
        """A tensor to compute with; a clone if it may overlap with the target, as torch wants."""
        chosen = self.pick(index, condition)
        if chosen is None:
            return None
        overlaps = chosen is not target and chosen.group == target.group
        return chosen.tensor.clone() if overlaps else chosen.tensor

    def run(self, statements: Any, place: str = "") -> None:
        """Run statements one after the other; one that raises is noted, and the next one runs."""
        for number, statement in enumerate(statements):
            try:
                statement.run(self, f"{place}{number}.")
            except Exception as error:
                self.errors.append((f"{place}{number} {statement}", error))


def fits_into(target: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether a shape broadcasts to the target's."""
    if len(shape) > len(target):
        return False
    return all(s in (1, t) for s, t in zip(reversed(shape), reversed(target), strict=False))


def fit_together(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two shapes broadcast against each other."""
    return all(s == t or 1 in (s, t) for s, t in zip(reversed(one), reversed(other), strict=False))
