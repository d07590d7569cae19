"""What depends on an input without the graph's knowing: numbers taken out, branches on values.

The input is moved a little, and the two graphs are held side by side: a constant that has changed,
or another operation in the same place, is what finite differences see and the gradient does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from wengert.autograd.checks.case import Case, movable
from wengert.autograd.checks.local import graph_of
from wengert.autograd.checks.mismatch import Reason
from wengert.core.node import Node
from wengert.core.tensor import Tensor
from wengert.graphs.graph import Graph
from wengert.sites import Site


class Step(NamedTuple):
    """One operation: what it is, and all that goes into it besides results of others."""

    name: str
    site: Site | None
    constants: dict[int, Any]
    attrs: dict[str, Any]
    cuts: dict[int, tuple[str, ...]]

    def __str__(self) -> str:
        return self.name + (f" at {self.site}" if self.site is not None else "")


def hidden(case: Case, i: int, eps: float) -> Reason | None:
    """The first operation that is another one, or has another constant, if input i moves."""
    before = list(_steps(case))
    for after in _moved(case, i, eps):
        for one, other in zip(before, after, strict=False):
            is_another = (one.name, one.site) != (other.name, other.site)
            reason = _branch(one, other, eps) if is_another else _changed(one, other)
            if reason is not None:
                return reason
    return None


def _moved(case: Case, i: int, eps: float) -> Iterator[list[Step]]:
    """The steps with input i moved forth, and back."""
    data = movable(case.inputs[i])
    original = data.copy()
    direction = np.random.default_rng(0).uniform(0.5, 1, data.shape)
    try:
        for sign in (1, -1):
            data[...] = original + sign * eps * direction
            yield list(_steps(case))
    finally:
        data[...] = original


def _steps(case: Case) -> Iterator[Step]:
    graph = graph_of(case)
    for node in graph.order() if graph is not None else ():
        if node.inputs and node.op.kind != "projection":
            assert graph is not None
            yield _step(graph, node)


def _step(graph: Graph, node: Node) -> Step:
    places = [i for i, source in enumerate(node.inputs) if not isinstance(source, Node)]
    return Step(
        node.op.name,
        node.site,
        {i: np.array(graph.values.constant(node, i)) for i in places},
        dict(node.attrs or {}),
        {i: _cuts(node.inputs[i]) for i in places},
    )


def _cuts(source: Any) -> tuple[str, ...]:
    extra = source._extra if isinstance(source, Tensor) else None
    return tuple(map(str, extra.cuts)) if extra is not None else ()


def _branch(one: Step, other: Step, eps: float) -> Reason:
    return Reason(
        "kink",
        f"a branch: no rule is wrong, but if the input moves by eps={eps:g}, the function does "
        f"something else\n  at the input: {one}\n  next to it:   {other}",
        "Move the inputs away from where the branch changes.",
    )


def _changed(one: Step, other: Step) -> Reason | None:
    """The constant of an operation, or its attribute, that changes with the input."""
    what = "a cut: no rule is wrong, but the gradient does not see what the numbers go through. "
    for i, value in one.constants.items():
        again = other.constants.get(i)
        if again is None or np.array_equal(value, again, equal_nan=value.dtype.kind in "fc"):
            continue
        if one.cuts[i]:
            return Reason("cut", what + "History ends at " + "; ".join(one.cuts[i]), _LEAVE_OUT)
        which = f"Input {i} of {one}\n  is a constant to the graph, and changes with the input"
        return Reason("cut", what + which, _NUMBERS)
    for name, attribute in one.attrs.items():
        if str(attribute) != str(other.attrs.get(name)):
            which = f"{name} of {one}\n  is a number to the graph, and changes with the input"
            return Reason("cut", what + which, _NUMBERS)
    return None


_LEAVE_OUT = (
    "Leave out the cut, or check a function in which what is cut off is an argument that requires "
    "no grad."
)
_NUMBERS = (
    "Numbers taken out of tensors (.item(), float(), .numpy()) have no history: compute with the "
    "tensors instead."
)
