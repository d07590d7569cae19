"""Rewriting a program's graph: the same values, to the bit, by fewer operations.

Each pass takes the output nodes and returns new ones; what no output needs is not reached any more.
x * 0, x - x and x / x stay: they are NaN where x is. x + 0 stays, as it makes 0 of -0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Final

import numpy as np

from wengert.compiler.tracing import new_node
from wengert.core.cut import ALIAS, DETACH
from wengert.core.node import Leaf, Node, project
from wengert.graphs.graph import collect
from wengert.graphs.verify import infer, promoted_operands
from wengert.ops.expand import expand_op

Pass = Callable[[Sequence[Node]], list[Node]]
Visit = Callable[[Node, tuple[Any, ...]], Node]


def rewritten(outputs: Sequence[Node]) -> list[Node]:
    """The outputs after all passes."""
    made = list(outputs)
    for one in PASSES:
        made = one(made)
    return made


def _rebuilt(outputs: Sequence[Node], visit: Visit) -> list[Node]:
    """The outputs with each node replaced by visit(node, its new inputs), oldest first."""
    new: dict[Any, Node] = {}
    for node in collect(outputs):
        inputs = tuple(new[s] if isinstance(s, Node) else s for s in node.inputs)
        new[node] = node if isinstance(node, Leaf) else visit(node, inputs)
    return [new[node] for node in outputs]


def _with_inputs(node: Node, inputs: tuple[Any, ...]) -> Node:
    """The node on other inputs; itself if they are the same."""
    if all(a is b for a, b in zip(node.inputs, inputs, strict=True)):
        return node
    if node.op.kind == "projection":
        assert node.attrs is not None
        return project(inputs[0], node.attrs["index"], None, node.aval)
    numbers = node.operands or (None,) * len(inputs)
    return new_node(node.op, inputs, numbers, node.attrs, node.aval, node.site)


def without_identities(outputs: Sequence[Node]) -> list[Node]:
    """Leave out what passes a value on: alias, detach, x * 1, x / 1, x - 0, x + -0."""
    return _rebuilt(outputs, _passed_on)


def _passed_on(node: Node, inputs: tuple[Any, ...]) -> Node:
    if node.op in (ALIAS, DETACH):
        source: Node = inputs[0]
        return source
    for slot, neutral in enumerate(node.op.neutral):
        other = inputs[1 - slot]
        if neutral is None or inputs[slot] is not None or not isinstance(other, Node):
            continue
        assert node.operands is not None
        if _is_exactly(node.operands[slot], neutral) and other.aval == node.aval:
            return other
    return _with_inputs(node, inputs)


def _is_exactly(number: Any, neutral: float) -> bool:
    """Whether a number is the neutral one, its sign included."""
    if not isinstance(number, (int, float, np.floating)) or isinstance(number, bool):
        return False
    return number == neutral and math.copysign(1, number) == math.copysign(1, neutral)


def without_repeats(outputs: Sequence[Node]) -> list[Node]:
    """Compute once what is computed several times from the same inputs."""
    known: dict[Hashable, Node] = {}

    def merged(node: Node, inputs: tuple[Any, ...]) -> Node:
        parts = (_frozen(node.operands), _frozen(node.attrs))
        made = _with_inputs(node, inputs)
        if UNKNOWN in parts:
            return made
        return known.setdefault((node.op, *map(id, inputs), parts), made)

    return _rebuilt(outputs, merged)


def without_expansions(outputs: Sequence[Node]) -> list[Node]:
    """Let elementwise operations broadcast by themselves what was expanded for them."""
    return _rebuilt(outputs, _broadcasting)


def _broadcasting(node: Node, inputs: tuple[Any, ...]) -> Node:
    made = _with_inputs(node, inputs)
    if not getattr(node.op.aval, "broadcasts", False):
        return made
    for i, source in enumerate(inputs):
        if not isinstance(source, Node) or source.op is not expand_op:
            continue
        other = _with_inputs(made, (*made.inputs[:i], source.inputs[0], *made.inputs[i + 1 :]))
        if _does_the_same(other, made):
            made = other
    return made


def _does_the_same(node: Node, as_other: Node) -> bool:
    """Whether an application has the other's shape, and computes in its dtype.

    A tensor without dimensions counts less in promotion than what it is expanded to.
    """
    seen, before = _operand_avals(node), _operand_avals(as_other)
    computed = (promoted_operands(node.op, avals) for avals in (seen, before))
    mine, other = ([getattr(o, "dtype", type(o)) for o in operands] for operands in computed)
    return mine == other and infer(node.op, seen, node.attrs or {}) == as_other.aval


def _operand_avals(node: Node) -> list[Any]:
    numbers = node.operands or (None,) * len(node.inputs)
    sources = zip(node.inputs, numbers, strict=True)
    return [s.aval if isinstance(s, Node) else number for s, number in sources]


UNKNOWN: Final = object()
"""Stands for what cannot be compared: it is equal to nothing else that is computed."""

_PLAIN: Final = (bool, int, float, complex, str, type(None), slice, type(Ellipsis), np.dtype)


def _frozen(value: Any) -> Hashable:
    """A key for numbers and attributes. 1, 1.0 and True differ, as do 0 and -0."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, dict):
        return _frozen(tuple(value.items()))
    if isinstance(value, (tuple, list)):
        parts = tuple(map(_frozen, value))
        return UNKNOWN if UNKNOWN in parts else (type(value), parts)
    return (type(value), repr(value)) if isinstance(value, _PLAIN) else UNKNOWN


PASSES: Final[tuple[Pass, ...]] = (
    without_identities, without_expansions, without_repeats,
)  # fmt: skip
