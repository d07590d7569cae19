"""What is drawn: boxes, links between them and labels on the links. Nothing here knows a tensor."""

from __future__ import annotations

from dataclasses import dataclass

from wengert.draw.heat import Heat, Legend

KINDS = ("input", "parameter", "operation", "output", "constant", "scope")
ORIENTATIONS = ("up", "down", "right", "left")


@dataclass(frozen=True, slots=True)
class Box:
    """A node of the picture.

    kind: decides shape and colour; one of KINDS.
    title: the name or expression, `c = a + b`; set in italics.
    lines: what stands under the title, such as the value.
    hint: what is shown when the pointer rests on the box; by default its own text.
    heat: how it is coloured by the size of a gradient, instead of by its kind.
    """

    kind: str
    title: str
    lines: tuple[str, ...] = ()
    hint: str = ""
    heat: Heat | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind is {self.kind!r}; it is one of {', '.join(KINDS)}")


@dataclass(frozen=True, slots=True)
class Label:
    """What stands on a link: a symbol, `∂e/∂c`, and its value, `2`; either may be empty."""

    symbol: str
    value: str = ""

    @property
    def text(self) -> str:
        """The label in one string.

        >>> Label("∂e/∂c", "2").text
        '∂e/∂c = 2'
        """
        return " = ".join(part for part in (self.symbol, self.value) if part)


@dataclass(frozen=True, slots=True)
class Link:
    """An edge from the box that makes a value to the box that uses it, by their places in boxes.

    leaves, enters: what the ports say at which it leaves a collapsed box and enters one; "" for no
    port.
    """

    source: int
    target: int
    label: Label | None = None
    highlighted: bool = False
    leaves: str = ""
    enters: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """Boxes and the links between them; a box's incoming links stand in the order of its operands.

    title: the picture's name for those who do not see it. orientation: where the data flows, in a
    drawing; text always reads upwards. legend: what the colours stand for.

    Raises ValueError where a link names a box that is not there, or its own box at both ends, and
    for an unknown orientation. (A longer cycle is found when the scene is laid out.)
    """

    boxes: tuple[Box, ...]
    links: tuple[Link, ...] = ()
    title: str = ""
    orientation: str = "up"
    legend: Legend | None = None

    def __post_init__(self) -> None:
        if self.orientation not in ORIENTATIONS:
            raise ValueError(
                f"orientation is {self.orientation!r}; it is one of {', '.join(ORIENTATIONS)}"
            )
        # Lists are welcome; what is kept cannot change, so a picture may be made later.
        object.__setattr__(self, "boxes", tuple(self.boxes))
        object.__setattr__(self, "links", tuple(self.links))
        for link in self.links:
            for end in (link.source, link.target):
                if not 0 <= end < len(self.boxes):
                    raise ValueError(f"{link} names box {end} of {len(self.boxes)}")
            if link.source == link.target:
                raise ValueError(f"{link} leads from box {link.source} to itself")

    def incoming(self) -> list[list[int]]:
        """For each box the links that lead to it, in the order of its operands."""
        incoming: list[list[int]] = [[] for _ in self.boxes]
        for index, link in enumerate(self.links):
            incoming[link.target].append(index)
        return incoming

    @property
    def name(self) -> str:
        """The title, or what can be said without one.

        >>> Scene([Box("input", "a"), Box("output", "e")]).name
        'computational graph (2 nodes, 0 edges)'
        """
        if self.title:
            return self.title
        return f"computational graph ({len(self.boxes)} nodes, {len(self.links)} edges)"
