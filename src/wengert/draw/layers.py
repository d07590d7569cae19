"""Rows of items: the boxes, and on every link one item in each row that it passes.

After this step each edge joins neighbouring rows only; order and columns can be found row by row.
Where a picture has labels the rows are doubled: boxes stand in the even ones, labels in the odd.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

from wengert.draw.ranks import Edges

Size: TypeAlias = tuple[float, float]


@dataclass(slots=True)
class Layers:
    """Items by number: first the boxes, then what was put on the links.

    rows: the items of each row, lowest row first, left to right.
    row, width, height: of each item.
    below, above: the neighbours of each item in the next rows, operands in their order.
    chains: for each edge its items, from source to target.
    labels: for each edge the item that is its label, or -1.
    boxes: how many of the items are boxes.
    stride: 2 if the rows are doubled, else 1.
    """

    boxes: int
    stride: int
    rows: list[list[int]]
    row: list[int]
    width: list[float]
    height: list[float]
    chains: list[list[int]] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    below: list[list[int]] = field(default_factory=list)
    above: list[list[int]] = field(default_factory=list)

    def is_bend(self, item: int) -> bool:
        """Whether the item only holds a place for a link: neither a box nor a label."""
        return item >= self.boxes and self.height[item] == 0

    def add_edge(self, source: int, target: int, label: Size | None) -> None:
        """Puts an item in each row between source and target; the middle odd one is the label."""
        first, last = self.row[source] + 1, self.row[target]
        middle = (first + last) // 2
        if self.stride == 2 and middle % 2 == 0:
            middle -= 1
        chain = [source]
        self.labels.append(-1)
        for row in range(first, last):
            is_label = label is not None and row == middle
            if is_label:
                self.labels[-1] = len(self.row)
            chain.append(self._add_item(row, label if label and is_label else (0, 0)))
        chain.append(target)
        self.chains.append(chain)

    def _add_item(self, row: int, size: Size) -> int:
        self.row.append(row)
        self.width.append(size[0])
        self.height.append(size[1])
        return len(self.row) - 1

    def connect(self) -> None:
        """Fills in `below` and `above` from the chains."""
        self.below = [[] for _ in self.row]
        self.above = [[] for _ in self.row]
        for chain in self.chains:
            for lower, upper in pairwise(chain):
                self.below[upper].append(lower)
                self.above[lower].append(upper)


def build(
    sizes: Sequence[Size],
    edges: Edges,
    labels: Sequence[Size | None],
    rank: Sequence[int],
    stride: int,
) -> Layers:
    """The layers of a ranked graph, each row in the order in which a walk down meets its items.

    sizes: width and height of each box.
    labels: width and height of each edge's label; None if it has none.
    stride: the rows for each rank; 2 gives every edge an item between its ends.
    """
    layers = Layers(
        boxes=len(sizes),
        stride=stride,
        rows=[[] for _ in range(stride * max(rank, default=-stride) + 1)],
        row=[stride * place for place in rank],
        width=[width for width, _ in sizes],
        height=[height for _, height in sizes],
    )
    for (source, target), label in zip(edges, labels):
        layers.add_edge(source, target, label)
    layers.connect()
    _fill_rows(layers)
    return layers


def _fill_rows(layers: Layers) -> None:
    """Depth first from the outputs, operands left to right: where nothing is shared, none cross."""
    seen = [False] * len(layers.row)
    outputs = [box for box in range(layers.boxes) if not layers.above[box]]
    outputs.sort(key=lambda box: -layers.row[box])
    for output in outputs:
        stack = [output]
        while stack:
            item = stack.pop()
            if seen[item]:
                continue
            seen[item] = True
            layers.rows[layers.row[item]].append(item)
            stack.extend(reversed(layers.below[item]))
