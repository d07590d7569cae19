"""A scene as an indented tree, from the outputs down: one line for each box.

The operand with the most boxes beneath it goes on in the column of its user, the others branch off.
So a chain stays in one column however long it is, and n boxes are indented by no more than log2(n)
steps (a heavy path decomposition: Sleator, Tarjan 1983). A box that is used twice stands once, with
a number; its other uses refer to the number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from wengert.draw.canvas import ASCII, paint
from wengert.draw.ranks import heights
from wengert.draw.scene import Link, Scene
from wengert.draw.words import shorten, spell

_MARKS = {"operation": "○", "output": "◎", "input": "●", "parameter": "◆", "constant": "·",
          "scope": "▣"}  # fmt: skip
_ASCII_MARKS = {"operation": "o", "output": "@", "input": "*", "parameter": "#", "constant": ".",
                "scope": "="}  # fmt: skip


def tree(scene: Scene, *, ascii: bool = False, color: bool = False) -> str:
    """The scene as an indented tree; boxes on a highlighted path are marked at the left.

    Raises ValueError if the links form a cycle.

    >>> from wengert.draw.scene import Box
    >>> boxes = [Box("input", "x = 3"), Box("output", "y = x * x", ("9",))]
    >>> print(tree(Scene(boxes, [Link(0, 1), Link(0, 1)])))
    ◎ y = x * x  9
    ├─→ x [1]
    ● x = 3 [1]
    """
    forest = _grow(scene)
    return "\n".join(_Writer(scene, forest, ascii=ascii, color=color).lines())


@dataclass(slots=True)
class _Forest:
    """Which use of each box is the one where it is written.

    roots: the boxes that nobody uses.
    operands: for each box the links that lead to it, in the order of its operands.
    owner: for each box the link through which it is reached first; -1 for a root.
    heavy: for each box the link that goes on in its column; -1 where nothing new follows.
    """

    roots: list[int]
    operands: list[list[int]]
    owner: list[int]
    heavy: list[int]


def _grow(scene: Scene) -> _Forest:
    """Depth first, the longest chain first, so that shared boxes stand on the longest chains."""
    edges = [(link.source, link.target) for link in scene.links]
    height = heights(len(scene.boxes), edges)
    operands = scene.incoming()
    used = {link.source for link in scene.links}
    roots = [box for box in range(len(scene.boxes)) if box not in used]

    owner = [-1] * len(scene.boxes)
    order: list[int] = []
    seen = [False] * len(scene.boxes)
    stack = [(root, -1) for root in reversed(roots)]
    while stack:
        box, link = stack.pop()
        if seen[box]:
            continue
        seen[box] = True
        owner[box] = link
        order.append(box)
        deepest_last = operands[box][::-1]
        deepest_last.sort(key=lambda link: height[scene.links[link].source])
        stack += [(scene.links[link].source, link) for link in deepest_last]
    return _Forest(roots, operands, owner, _heavy_links(scene, owner, order))


def _heavy_links(scene: Scene, owner: list[int], order: list[int]) -> list[int]:
    size = [1] * len(scene.boxes)
    heavy = [-1] * len(scene.boxes)
    for box in reversed(order):
        link = owner[box]
        if link < 0:
            continue
        target = scene.links[link].target
        size[target] += size[box]
        if heavy[target] < 0 or size[box] > size[scene.links[heavy[target]].source]:
            heavy[target] = link
    return heavy


class _Writer:
    """Writes the lines of a forest."""

    def __init__(self, scene: Scene, forest: _Forest, *, ascii: bool, color: bool) -> None:
        self.scene = scene
        self.forest = forest
        self.ascii = ascii
        self.color = color
        self.say: Callable[[str], str] = spell if ascii else str
        self.marks = _ASCII_MARKS if ascii else _MARKS
        self.numbers: dict[int, int] = {}
        uses = [0] * len(scene.boxes)
        self.on_path: set[int] = set()  # asked for membership only, never walked
        for link in scene.links:
            uses[link.source] += 1
            if link.highlighted:
                self.on_path |= {link.source, link.target}
        self.shared = [count > 1 for count in uses]

    def lines(self) -> Iterator[str]:
        """All lines, from the first output down."""
        # Still to be written: a box, the link that leads to it, the indentation, the connector.
        stack = [(root, -1, "", "") for root in reversed(self.forest.roots)]
        while stack:
            box, link, indent, connector = stack.pop()
            if link >= 0 and self.forest.owner[box] != link:
                yield self._reference(box, link, indent + connector)
                continue
            yield self._line(box, link, indent + connector)
            inner = indent + ("│ " if connector else "")
            stack += reversed(self._below(box, inner))

    def _below(self, box: int, indent: str) -> list[tuple[int, int, str, str]]:
        """What is written under a box: the branches, then what goes on in its column."""
        heavy = self.forest.heavy[box]
        branches = [link for link in self.forest.operands[box] if link != heavy]
        entries = [(self.scene.links[link].source, link, indent, "├─") for link in branches]
        if heavy >= 0:
            entries.append((self.scene.links[heavy].source, heavy, indent, ""))
        elif entries:
            source, link, _, _ = entries[-1]
            entries[-1] = (source, link, indent, "╰─")
        return entries

    def _line(self, box: int, link: int, lead: str) -> str:
        shown = self.scene.boxes[box]
        words = "  ".join(shorten(text) for text in (shown.title, *shown.lines))
        number = f" [{self._number(box)}]" if self.shared[box] else ""
        style = "" if shown.kind in ("operation", "scope") else shown.kind
        return self._join(
            box in self.on_path,
            [(lead, ""), (self.marks[shown.kind], style), (f" {self.say(words)}{number}", "")],
            self._link(link),
        )

    def _reference(self, box: int, link: int, lead: str) -> str:
        """A line for a box that is written in another place."""
        title = shorten(self.scene.boxes[box].title)
        name = title.partition(" = ")[0]
        arrow = "> " if self.ascii else "→ "
        words = f"{arrow}{self.say(name)} [{self._number(box)}]"
        return self._join(
            self.scene.links[link].highlighted, [(lead, ""), (words, "")], self._link(link)
        )

    def _number(self, box: int) -> int:
        return self.numbers.setdefault(box, len(self.numbers) + 1)

    def _link(self, index: int) -> Link | None:
        return self.scene.links[index] if index >= 0 else None

    def _join(self, on_path: bool, parts: list[tuple[str, str]], link: Link | None) -> str:
        if self.on_path:
            gutter = ("> " if self.ascii else "▌ ") if on_path else "  "
            parts = [(gutter, "path"), *parts]
        if link is not None and link.label is not None and link.label.text:
            style = "path" if link.highlighted else "derivative"
            parts.append((f"  {self.say(shorten(link.label.text))}", style))
        parts = [(text.translate(ASCII) if self.ascii else text, style) for text, style in parts]
        while parts and not parts[-1][0].rstrip():
            parts.pop()
        parts[-1] = (parts[-1][0].rstrip(), parts[-1][1])
        return "".join(paint(text, style) if self.color else text for text, style in parts)
