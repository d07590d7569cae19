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
    made by a view operation, or a view of one that was. quiet: under no_grad. several: one output
    of several of one node. hooked: hooks hang on it.
    """

    tensor: Any
    group: int
    expanded: bool = False
    viewed: bool = False
    quiet: bool = False
    several: bool = False
    hooked: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.tensor.shape)


Condition = Callable[[Variable], bool]


FAULTS = (
    # A tangent that torch knows to be zero, or an expanded one, cannot be written into.
    "ZeroTensors are immutable",
    "more than one element of the written-to tensor",
    # A Function whose vmap rule is generated cannot be mapped in forward mode.
    "flat_bdims must not be None",
    # Nor is the derivative of a function with an empty result.
    "index 0 out of range for tensor of size [0]",
)
"""What torch says where it fails at something that is right."""

DEEP_FAULTS = (
    # What the derivative of a derivative saves is each library's own affair.
    "modified by an inplace operation",
    # jacfwd maps jvp: a mapped tangent cannot be written into one that is not.
    "is not possible because there exists a Tensor",
)
"""What torch may say, without need, in forward mode and when derivatives are differentiated."""


@dataclass
class World:
    """One run of a program with `m`, which is torch or wengert.

    variables: those that statements can choose from; leaves: those to differentiate by. errors: per
    statement that raised, its place and the exception. second_order: whether gradients have been
    differentiated. handles: of the hooks that were hung up; log: what they were called with.
    kept: nodes that hooks hang on: torch forgets those of leaves. refused: the places of
    statements that torch refuses. inside: of a function that is transformed; forward: how many
    of the transforms are in forward mode. deep: whether the statement that runs is in forward mode
    or differentiates derivatives.
    """

    m: Any
    variables: list[Variable] = field(default_factory=list)
    leaves: list[Any] = field(default_factory=list)
    errors: list[tuple[str, Exception]] = field(default_factory=list)
    groups: int = 0
    second_order: bool = False
    handles: list[Any] = field(default_factory=list)
    log: list[tuple[int, Any]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    inside: bool = False
    forward: int = 0
    deep: bool = False
    kept: list[Any] = field(default_factory=list)

    def new(self, tensor: Any) -> Variable:
        """Enter a tensor that has memory of its own, contiguous.

        The order of the elements in memory is each library's own affair, and view(-1) asks for it.
        """
        self.groups += 1
        made = Variable(tensor.contiguous(), self.groups)
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

    def target(self, index: int, condition: Condition = lambda v: True) -> Variable | None:
        """A variable to write into.

        What a view was is an operand of a write into it, and its hooks are called; torch does
        without (tests/parity/test_hooks_in_place.py). So none is chosen that shares memory with
        such a view.
        """
        hooked = {v.group for v in self.variables if v.hooked and v.viewed}
        return self.pick(index, lambda v: condition(v) and v.group not in hooked)

    def operand(self, index: int, target: Variable, condition: Condition) -> Any:
        """A tensor to compute with; a clone if it may overlap with the target, as torch wants."""
        chosen = self.pick(index, condition)
        if chosen is None:
            return None
        overlaps = chosen is not target and chosen.group == target.group
        return chosen.tensor.clone() if overlaps else chosen.tensor

    def run(self, statements: Any, place: str = "") -> None:
        """Run statements one after the other; one that raises is noted, and the next one runs.

        Inside a function that is transformed, an error ends the function: at which depth of
        transforms it is noticed is each library's own affair.
        """
        for number, statement in enumerate(statements):
            here = f"{place}{number}."
            if here in self.refused:
                continue
            self.deep = self.deep and self.inside
            try:
                statement.run(self, here)
            except Exception as error:
                if self.inside:
                    raise
                if self.faulty(error):
                    self.refused.add(here)
                else:
                    self.errors.append((f"{place}{number} {statement}", error))

    def faulty(self, error: Exception) -> bool:
        """Whether torch raised this where nothing is wrong, or wengert need not."""
        faults = FAULTS + DEEP_FAULTS if self.deep else FAULTS
        theirs = type(error).__module__ == "builtins"
        return theirs and any(fault in str(error) for fault in faults)


def fits_into(target: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether a shape broadcasts to the target's."""
    if len(shape) > len(target):
        return False
    return all(s in (1, t) for s, t in zip(reversed(shape), reversed(target), strict=False))


def fit_together(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two shapes broadcast against each other."""
    return all(s == t or 1 in (s, t) for s, t in zip(reversed(one), reversed(other), strict=False))


def outcome(look: Callable[[], Any]) -> Any:
    try:
        return look()
    except RuntimeError:
        return "raises"


def forget_gradients(world: World) -> None:
    """Passes that failed left theirs in torch, and nothing here."""
    for variable in world.variables:
        if outcome(lambda v=variable: v.tensor.is_leaf or v.tensor.retains_grad) is True:
            variable.tensor.grad = None
