"""A scene as text for a terminal: boxes on a grid, or an indented tree where there are many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from wengert.draw.align import align
from wengert.draw.canvas import DOWN, LEFT, RIGHT, UP, Canvas
from wengert.draw.centre import centre, find_pulls
from wengert.draw.columns import Margins, separations, settle, snap
from wengert.draw.lanes import Comb, assign_lanes, confused
from wengert.draw.layered import SMALL, arrange
from wengert.draw.layers import Layers
from wengert.draw.scene import Box, Scene
from wengert.draw.tree import tree
from wengert.draw.words import cells, shorten, spell

WIDEST = 160  # columns; a wider picture would be folded by most terminals, so it becomes a tree

# Halves, with widths that are odd: the centres of neighbours are whole cells apart, and an even
# number if they are alike, so that there is a middle between them.
MARGINS = Margins(box=2.5, label=1.5, bend=1.5)

# Corners and sides: top left, top right, bottom left, bottom right, horizontal, vertical.
_FRAMES = {
    "operation": "┌┐└┘─│",
    "output": "┌┐└┘─│",
    "input": "╭╮╰╯─│",
    "parameter": "╒╕╘╛═│",
    "constant": "┌┐└┘╌╎",
    "scope": "╔╗╚╝═║",
}
_ASCII_FRAMES = {
    "operation": "++++-|",
    "output": "++++-|",
    "input": "..''-|",
    "parameter": "++++=|",
    "constant": "....-:",
    "scope": "####=#",
}


def text(scene: Scene, *, ascii: bool = False, color: bool = False) -> str:
    """The scene as lines of text; no line ends with a space.

    ascii: use ASCII characters only; signs and Greek letters are spelled.
    color: colour it by the escape sequences of terminals.

    Raises ValueError if the links form a cycle.
    """
    if len(scene.boxes) <= SMALL:
        picture = _Grid(scene, ascii=ascii)
        if picture.width <= WIDEST:
            return picture.draw().render(color=color)
    return tree(scene, ascii=ascii, color=color)


class _Grid:
    """The layout of a scene on a grid, and its drawing."""

    def __init__(self, scene: Scene, *, ascii: bool) -> None:
        self.scene = scene
        self.ascii = ascii
        self.say: Callable[[str], str] = spell if ascii else str
        self.labels = [self._said(link.label.text) if link.label else "" for link in scene.links]
        self.texts = [[self._said(line) for line in (box.title, *box.lines)] for box in scene.boxes]
        edges = [(link.source, link.target) for link in scene.links]
        self.widths = [max(_width(line) for line in lines) + 4 for lines in self.texts]
        heights = [len(lines) + 2 for lines in self.texts]
        sizes = [(_odd(width), height) for width, height in zip(self.widths, heights)]
        labels = [(_odd(_width(label)), 1) if label else None for label in self.labels]
        self.layers, _ = arrange(sizes, edges, labels, stride=2)
        self.columns = self._find_columns(edges)
        self._find_lanes()

    def _said(self, text: str) -> str:
        return self.say(shorten(text))

    def _find_columns(self, edges: list[tuple[int, int]]) -> list[int]:
        layers = self.layers
        for item in range(layers.boxes, len(layers.row)):
            layers.width[item] = max(1, layers.width[item])
        apart = separations(layers, MARGINS)
        columns = align(layers, apart)
        for row, distances in zip(layers.rows, apart):
            for item, column in zip(row, snap([columns[item] for item in row], distances)):
                columns[item] = column
        pulls = find_pulls(layers, edges, 1)
        columns = centre(layers, pulls, columns, apart, step=1, whole=True)
        _follow_bends(layers, columns, apart)
        return [int(x) for x in columns]

    @property
    def width(self) -> int:
        """How many columns it takes."""
        half = [int(width) // 2 for width in self.layers.width]
        rights = [x + reach for x, reach in zip(self.columns, half)]
        lefts = [x - reach for x, reach in zip(self.columns, half)]
        return max(rights, default=0) - min(lefts, default=0) + 1

    # ------------------------------------------------------------------ lanes

    def _combs(self, index: int) -> dict[int, Comb]:
        """The combs between an even row and an odd one beside it, by the item of their stem.

        index: of the lower row of the two.
        """
        layers, at = self.layers, self.columns
        rising = index % 2 == 0
        stems = layers.rows[index if rising else index + 1]
        branches = layers.above if rising else layers.below
        return {
            stem: Comb(at[stem], tuple(at[item] for item in branches[stem]))
            for stem in stems
            if branches[stem]
        }

    def _find_lanes(self) -> None:
        """Lanes for every gap; where that leaves two links confused, a label steps aside."""
        layers = self.layers
        for index in range(1, len(layers.rows), 2):
            for place in range(len(layers.rows[index])):
                if not self._confusions(index):
                    break
                self._step_aside(index, place)
        gaps = [self._combs(index) for index in range(len(layers.rows) - 1)]
        self.lanes = [dict(zip(gap, assign_lanes(list(gap.values())))) for gap in gaps]

    def _step_aside(self, index: int, place: int) -> None:
        """Moves an item by a cell or two, if that helps and it stays apart from its neighbours."""
        row = self.layers.rows[index]
        item = row[place]
        home, least = self.columns[item], self._confusions(index)
        best = home
        for column in (home + 1, home - 1, home + 2, home - 2):
            self.columns[item] = column
            if all(self._gap(*pair) > 0 for pair in pairwise(row[max(0, place - 1) : place + 2])):
                count = self._confusions(index)
                if count < least:
                    best, least = column, count
        self.columns[item] = best

    def _gap(self, left: int, right: int) -> int:
        """The free cells between two items of a row."""
        widths = (int(self.layers.width[item]) for item in (left, right))
        return self.columns[right] - self.columns[left] - sum(width // 2 for width in widths) - 1

    def _confusions(self, index: int) -> int:
        """How many links are confused in the two gaps beside an odd row."""
        count = 0
        for gap in (index - 1, index):
            combs = list(self._combs(gap).values())
            count += len(confused(combs, assign_lanes(combs)))
        return count

    # ------------------------------------------------------------------ drawing

    def draw(self) -> Canvas:
        """Everything on a canvas."""
        canvas = Canvas(ascii=self.ascii)
        tops = self._tops()
        self._draw_links(canvas, tops)
        for index, label in enumerate(self.labels):
            item = self.layers.labels[index]
            if item >= 0:
                style = "path" if self.scene.links[index].highlighted else "derivative"
                x = self.columns[item] - _width(label) // 2
                canvas.put(x, tops[self.layers.row[item]], label, style)
        for number, box in enumerate(self.scene.boxes):
            row = self.layers.row[number]
            height = len(self.texts[number]) + 2
            self._draw_box(canvas, box, number, tops[row] + self._heights()[row] - height)
        return canvas

    def _draw_links(self, canvas: Canvas, tops: list[int]) -> None:
        """Each link, piece by piece from row to row."""
        layers = self.layers
        bottoms = [top + height for top, height in zip(tops, self._heights())]
        for chain, link in zip(layers.chains, self.scene.links):
            for lower, upper in pairwise(chain):
                gap = layers.row[lower]
                stem, branch = (lower, upper) if gap % 2 == 0 else (upper, lower)
                lane = self.lanes[gap][stem]
                path = _piece(
                    self.columns[stem],
                    self.columns[branch],
                    *(bottoms[gap + 1], tops[gap] - 1),
                    lane,
                    rising=gap % 2 == 0,
                )
                canvas.line(path, stem * len(tops) + gap, heavy=link.highlighted)
            for item in chain[1:-1]:
                row = layers.row[item]
                through = [
                    (self.columns[item], y, UP | DOWN) for y in range(tops[row], bottoms[row])
                ]
                canvas.line(through, -1 - item, heavy=link.highlighted)
            source = chain[0]
            above = range(
                tops[layers.row[source]], bottoms[layers.row[source]] - len(self.texts[source]) - 2
            )
            canvas.line(
                [(self.columns[source], y, UP | DOWN) for y in above],
                -1 - source,
                heavy=link.highlighted,
            )
            head = (self.columns[chain[-1]], bottoms[layers.row[chain[-1]]])
            canvas.put(*head, "^" if self.ascii else "▲", "path" if link.highlighted else "")

    def _heights(self) -> list[int]:
        return [int(max(self.layers.height[item] for item in row)) for row in self.layers.rows]

    def _tops(self) -> list[int]:
        """The first line of each row of items."""
        heights = self._heights()
        tops, y = [0] * len(heights), 0
        for index in reversed(range(len(heights))):
            tops[index] = y
            # Each stem takes a line of its own next to its box.
            y += heights[index]
            if index:
                y += 1 + max(self.lanes[index - 1].values(), default=-1) + 1
        return tops

    def _draw_box(self, canvas: Canvas, box: Box, number: int, top: int) -> None:
        width = self.widths[number]
        left = self.columns[number] - width // 2
        frame = (_ASCII_FRAMES if self.ascii else _FRAMES)[box.kind]
        style = box.kind if box.kind not in ("operation", "scope") else ""
        height = len(self.texts[number])
        canvas.put(left, top, frame[0] + frame[4] * (width - 2) + frame[1], style)
        canvas.put(left, top + height + 1, frame[2] + frame[4] * (width - 2) + frame[3], style)
        for y, line in enumerate(self.texts[number], top + 1):
            canvas.put(left, y, frame[5] + " " * (width - 2) + frame[5], style)
            canvas.put(left + (width - _width(line)) // 2, y, line)


def _follow_bends(layers: Layers, columns: list[float], apart: Sequence[Sequence[float]]) -> None:
    """Moves bends in the odd rows to those of the rows of boxes, so that long links turn once."""
    for row, distances in list(zip(layers.rows, apart))[1::2]:
        wanted, weights = [], []
        for item in row:
            ends = [*layers.below[item], *layers.above[item]]
            bends = [end for end in ends if layers.is_bend(end)]
            follows = bool(bends) and layers.is_bend(item)
            wanted.append(columns[bends[0]] if follows else columns[item])
            weights.append(1.0 if follows else 1e9)
        for item, column in zip(row, snap(settle(wanted, weights, distances), distances)):
            columns[item] = column


def _piece(
    stem: int, branch: int, top: int, bottom: int, lane: int, *, rising: bool
) -> list[tuple[int, int, int]]:
    """The cells of a link between two rows of items: up the stem, along its lane, up the branch.

    top, bottom: the lines between the rows, both included.
    lane: counted from the stem's end; -1 if stem and branch are in one column.
    rising: whether the stem is the lower end.
    """
    if lane < 0:
        return [(stem, y, UP | DOWN) for y in range(top, bottom + 1)]
    turn = bottom - 1 - lane if rising else top + 1 + lane
    above, below = (branch, stem) if rising else (stem, branch)
    left, right = min(stem, branch), max(stem, branch)
    return [
        *((above, y, UP | DOWN) for y in range(top, turn)),
        (above, turn, UP),
        *(
            (x, turn, (LEFT if x > left else 0) | (RIGHT if x < right else 0))
            for x in range(left, right + 1)
        ),
        (below, turn, DOWN),
        *((below, y, UP | DOWN) for y in range(turn + 1, bottom + 1)),
    ]


def _width(text: str) -> int:
    return len(cells(text))


def _odd(width: int) -> int:
    """The width, or one more, so that what is laid out has a middle column."""
    return width | 1
