"""Values of which only parts are used, each by other operations, are computed part by part.

The gates of an LSTM are a quarter each of one product plus a bias. Added whole, the sum would be
stored and read again; added part by part, it is a part of what is computed from each.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from wengert.compiler.rewrite.spaces import is_elementwise
from wengert.compiler.rewrite.sweep import rebuilt, users_of, with_inputs
from wengert.compiler.rewrite.writer import Rule, Writer
from wengert.core.node import Applied, Leaf, Node
from wengert.graphs.graph import collect
from wengert.ops.slicing import take_part_of

MOST: Final = 16
"""Parts that a value is cut into; with more of them, the code of each would be too much."""

DEEPEST: Final = 64
"""Operations one after the other that are cut; those before them are stored whole."""


def part_by_part(outputs: Sequence[Node], rules: Sequence[Rule]) -> list[Node]:
    """The outputs, with elementwise operations cut into the parts that are used."""
    order = collect(outputs)
    if not any(node.op is take_part_of for node in order):
        return list(outputs)
    return rebuilt(outputs, _Cuts(outputs, order, Writer(rules)).visit)


class _Cuts:
    """depth: of each operation that is cut, how many that are cut come after it."""

    def __init__(self, outputs: Sequence[Node], order: Sequence[Node], writer: Writer) -> None:
        self._writer = writer
        self._outputs = set(outputs)
        self._new: dict[Node, Any] = {}
        self._users = users_of(order)
        self.depth: dict[Node, int] = {}
        for node in reversed(order):
            self._choose(node)

    def _choose(self, node: Node) -> None:
        users = self._users[node]
        if not is_elementwise(node) or node in self._outputs:
            return
        if _are_apart(users) and all(map(self._is_computed_with, users)):
            self.depth[node] = 0
        elif len(users) == 1 and users[0] in self.depth and users[0].aval.shape == node.aval.shape:
            depth = self.depth[users[0]] + 1
            if depth < DEEPEST:
                self.depth[node] = depth

    def _is_computed_with(self, part: Node) -> bool:
        users = self._users[part]
        return part not in self._outputs and any(is_elementwise(u) or u.op.reduces for u in users)

    def visit(self, node: Node, inputs: tuple[Any, ...]) -> Any:
        """What stands for a node on its new inputs."""
        source = node.inputs[0] if node.inputs else None
        if node.op is take_part_of and source in self.depth:
            made: Any = self._cut(source, node)
        else:
            made = self._writer.simplest(with_inputs(node, inputs))
        self._new[node] = made
        return made

    def _cut(self, node: Node, part: Node) -> Any:
        """A part of an elementwise operation: the operation on parts of its operands."""
        operands = [self._operand(source, node, part) for source in node.inputs]
        moved = Applied(
            node.plan, tuple(operands), node.operands, node.attrs, None,
            type(part.aval)(part.aval.shape, node.aval.dtype), node.site,
        )  # fmt: skip
        return self._writer.simplest(moved)

    def _operand(self, source: Any, node: Node, part: Node) -> Any:
        if source is None:
            return None
        if source in self.depth and self._users[source] == [node]:
            return self._cut(source, part)
        new = source if type(source) is Leaf else self._new[source]
        assert part.attrs is not None
        index = part.attrs["index"]
        axis = _cut_axis(index)
        own = axis - (node.aval.ndim - source.aval.ndim)
        if own < 0 or source.aval.shape[own] == 1:
            return new
        index = (slice(None),) * own + (index[axis],)
        return self._writer.apply(take_part_of, new, at=node, index=index)


def _are_apart(users: Sequence[Node]) -> bool:
    """Whether all users take slices along one axis, of which no two have an element in common."""
    if not 0 < len(users) <= MOST or any(user.op is not take_part_of for user in users):
        return False
    indices = [(user.attrs or {})["index"] for user in users]
    axes = {_cut_axis(index) for index in indices}
    axis = axes.pop()
    if axes or axis < 0:
        return False
    length = users[0].inputs[0].aval.shape[axis]
    ranges = sorted(index[axis].indices(length) for index in indices)
    if any(step != 1 for _, _, step in ranges):
        return False
    return all(stop <= start for (_, stop, _), (start, _, _) in pairwise(ranges))


def _cut_axis(index: Sequence[Any]) -> int:
    """The axis that a slice is taken along, if nothing else is done; else -1."""
    cut = [axis for axis, entry in enumerate(index) if entry != slice(None)]
    if len(cut) != 1 or not isinstance(index[cut[0]], slice) or None in index[: cut[0]]:
        return -1
    return cut[0]
