"""Where the data flows: a layout, which rises, turned so that it falls or runs sideways.

Only the links are turned as they are drawn; boxes and words stay upright, in their turned places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wengert.draw.layered import Point
from wengert.draw.layers import Size


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn by quarters, or a reflection: x' = a x + c y, y' = b x + d y, as in SVG's matrix."""

    a: int
    b: int
    c: int
    d: int

    @property
    def is_sideways(self) -> bool:
        """Whether widths become heights."""
        return self.a == 0

    def size(self, size: Size) -> Size:
        """The room that a thing takes in the layout."""
        return (size[1], size[0]) if self.is_sideways else size

    def point(self, point: Point) -> Point:
        """Where a point of the layout is drawn."""
        x, y = point
        return (self.a * x + self.c * y, self.b * x + self.d * y)

    @property
    def attribute(self) -> str:
        """What turns a group of shapes; "" for no turn."""
        if (self.a, self.d) == (1, 1):
            return ""
        return f' transform="matrix({self.a} {self.b} {self.c} {self.d} 0 0)"'


TURNS: Mapping[str, Turn] = {
    "up": Turn(1, 0, 0, 1),
    "down": Turn(1, 0, 0, -1),
    "right": Turn(0, 1, -1, 0),
    "left": Turn(0, 1, 1, 0),
}
