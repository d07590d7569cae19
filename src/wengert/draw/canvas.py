"""A grid of characters on which boxes, lines and text are put."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from wengert.draw.words import cells

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8

_LIGHT = {
    UP: "│", DOWN: "│", UP | DOWN: "│",
    LEFT: "─", RIGHT: "─", LEFT | RIGHT: "─",
    DOWN | RIGHT: "╭", DOWN | LEFT: "╮", UP | RIGHT: "╰", UP | LEFT: "╯",
    UP | DOWN | RIGHT: "├", UP | DOWN | LEFT: "┤",
    DOWN | LEFT | RIGHT: "┬", UP | LEFT | RIGHT: "┴", UP | DOWN | LEFT | RIGHT: "┼",
}  # fmt: skip
_HEAVY = {
    UP: "┃", DOWN: "┃", UP | DOWN: "┃",
    LEFT: "━", RIGHT: "━", LEFT | RIGHT: "━",
    DOWN | RIGHT: "┏", DOWN | LEFT: "┓", UP | RIGHT: "┗", UP | LEFT: "┛",
    UP | DOWN | RIGHT: "┣", UP | DOWN | LEFT: "┫",
    DOWN | LEFT | RIGHT: "┳", UP | LEFT | RIGHT: "┻", UP | DOWN | LEFT | RIGHT: "╋",
}  # fmt: skip

# What takes the place of the characters above where there is only ASCII.
ASCII = str.maketrans(
    {
        **dict.fromkeys("│", "|"),
        **dict.fromkeys("─╌", "-"),
        **dict.fromkeys("┃", "#"),
        **dict.fromkeys("━═", "="),
        **dict.fromkeys("╔╗╚╝║", "#"),
        **dict.fromkeys("╭╮╰╯├┤┬┴┼┌┐└┘", "+"),
        **dict.fromkeys("┏┓┗┛┣┫┳┻╋", "#"),
        **dict.fromkeys("▲", "^"),
    }
)

# The terminal's sixteen colours, which follow its user's own theme, by what they stand for.
STYLES = {
    "input": "34",
    "parameter": "33",
    "output": "32",
    "constant": "2",
    "derivative": "31",
    "path": "1;35",
}


class Canvas:
    """Text in cells, over lines that know where they lead.

    Lines belong to groups. Lines of one group join where they meet; where those of two groups
    cross, the vertical one is drawn through and the other is interrupted.
    """

    def __init__(self, *, ascii: bool) -> None:
        self.ascii = ascii
        self.text: dict[tuple[int, int], tuple[str, str]] = {}
        self.lines: dict[tuple[int, int], dict[int, tuple[int, bool]]] = {}

    def put(self, x: int, y: int, text: str, style: str = "") -> None:
        """Writes text from column x on."""
        for column, cell in enumerate(cells(text), x):
            self.text[column, y] = (cell, style)

    def line(self, cells: Iterable[tuple[int, int, int]], group: int, *, heavy: bool) -> None:
        """Draws a line through cells, each given as column, row and the directions it leads to."""
        for x, y, directions in cells:
            groups = self.lines.setdefault((x, y), {})
            old, was_heavy = groups.get(group, (0, False))
            groups[group] = (old | directions, was_heavy or heavy)

    def _line(self, place: tuple[int, int]) -> tuple[str, str]:
        """The character and the style of the lines in a cell."""
        strokes = list(self.lines[place].values())
        upright = [stroke for stroke in strokes if stroke[0] & (UP | DOWN)]
        mask, heavy = (upright or strokes)[0]
        character = (_HEAVY if heavy else _LIGHT).get(mask, "")
        return (character.translate(ASCII) if self.ascii else character, "path" if heavy else "")

    def render(self, *, color: bool) -> str:
        """The rows as text, without space at their ends."""
        drawn = {place: self._line(place) for place in self.lines}
        drawn |= self.text
        rows: dict[int, dict[int, tuple[str, str]]] = {}
        for (x, y), cell in drawn.items():
            rows.setdefault(y, {})[x] = cell
        if not rows:
            return ""
        left = min(min(row) for row in rows.values())
        return "\n".join(
            _render_row(rows.get(y, {}), left, color=color) for y in range(min(rows), max(rows) + 1)
        )


def _render_row(row: dict[int, tuple[str, str]], left: int, *, color: bool) -> str:
    filled = [x for x, (cell, _) in row.items() if cell.strip()]
    cells_of_row = [row.get(x, (" ", "")) for x in range(left, max(filled, default=left - 1) + 1)]
    if not color:
        return "".join(cell for cell, _ in cells_of_row)
    runs = groupby(cells_of_row, key=itemgetter(1))
    return "".join(paint("".join(cell for cell, _ in run), style) for style, run in runs)


def paint(text: str, style: str) -> str:
    r"""The text in the colour of a style, for a terminal.

    >>> paint("a", "input"), paint("a", "")
    ('\x1b[34ma\x1b[0m', 'a')
    """
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if style and text.strip() else text
