"""What a piece of native code is, and the module that pieces are written into.

A native program is a list of steps. A step is a function of a table and a chunk: the table holds
the address of every buffer, and the chunks of a step run in any order, on any thread. Between two
steps all threads wait.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import NamedTuple

from wengert.core.aval import Shape
from wengert.core.node import Node


class Access(NamedTuple):
    """Where the elements of a value lie in the buffer of `root`, counted in elements.

    The one at (i0, i1, ...) of a space is at offset + i0 * strides[0] + i1 * strides[1] + ...;
    a stride of 0 broadcasts. The buffer itself is contiguous.
    """

    root: Node
    offset: int
    strides: tuple[int, ...]


def contiguous(shape: Shape) -> tuple[int, ...]:
    """The strides of a contiguous array, in elements."""
    return tuple(prod(shape[d + 1 :]) for d in range(len(shape)))


class Step(NamedTuple):
    """A native function `void name(ptr table, i64 chunk)`, to be called for each of its chunks."""

    function: str
    chunks: int


class Module:
    """The text of a native program while it is being written.

    slots: per root the place of its buffer's address in the table. refuses: see `refusal`.
    """

    def __init__(self, slots: Mapping[Node, int]) -> None:
        self._slots = slots
        self._names = 0
        self.definitions: list[str] = []
        self.declarations: set[str] = set()
        self.symbols: dict[str, int] = {}
        self.steps: list[Step] = []
        self.workspaces: list[int] = []
        self.refuses: int | None = None

    def name(self, stem: str) -> str:
        """A name for a function or a constant that nothing else has; without the @."""
        self._names += 1
        return f"{stem}_{self._names}"

    def slot(self, root: Node) -> int:
        """Where the table has the address of a root's buffer."""
        return self._slots[root]

    def workspace(self, nbytes: int) -> int:
        """Memory that only this piece uses, aligned to 64 bytes: its place in the table."""
        self.workspaces.append(nbytes)
        return len(self._slots) + len(self.workspaces) - 1

    def refusal(self) -> int:
        """Where the table has the address of an i32 that a step sets to 1 if it refuses its input.

        An index out of range is refused: the step goes on with another one, so it stays inside of
        its buffers, and what it writes means nothing. If the place is not None after all pieces
        are written (`refuses`), then who runs the program looks there after the last step, and
        where it is not 0 evaluates the program eagerly, which raises what eager code raises.
        A step of its own sets it to 0.
        """
        if self.refuses is None:
            self.refuses = self.workspace(4)
            name = self.name("accept")
            self.define([
                f"define void @{name}(ptr %table, i64 %chunk) {{",
                f"  %place = getelementptr ptr, ptr %table, i64 {self.refuses}",
                "  %word = load ptr, ptr %place", "  store i32 0, ptr %word", "  ret void", "}",
            ])  # fmt: skip
            self.step(name)
        return self.refuses

    def define(self, lines: Iterable[str]) -> None:
        """Add functions and constants."""
        self.definitions.extend(lines)

    def declare(self, lines: Iterable[str]) -> None:
        """Add declarations of what is defined elsewhere; each is entered once."""
        self.declarations.update(lines)

    def symbol(self, name: str, address: int) -> None:
        """Say where a declared function is that the process does not export."""
        self.symbols[name] = address

    def step(self, function: str, chunks: int = 1) -> None:
        """Call a function next, for chunks 0 to chunks - 1."""
        self.steps.append(Step(function, chunks))

    def text(self) -> str:
        """All of it, as LLVM reads it."""
        return "\n".join([*self.definitions, *sorted(self.declarations), ""])


class Piece(ABC):
    """Some nodes of a program, as native code.

    nodes: what it computes. loads: what it reads from memory, by node; the axes of the strides are
    the piece's own. stores: the nodes that it writes, each a contiguous buffer of its own.
    """

    nodes: tuple[Node, ...]
    loads: Mapping[Node, Access]
    stores: Sequence[Node]

    @abstractmethod
    def write(self, module: Module) -> None:
        """Define the native functions, and say which steps they are."""

    def flops(self) -> int:
        """Arithmetic operations, counted as one each; for the report."""
        return sum(node.aval.size for node in self.nodes)
