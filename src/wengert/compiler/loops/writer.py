"""A native function while it is being written: blocks, loops, and what lives on the stack."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from wengert.compiler.code import Code, Value

STEP = "define void @{}(ptr %table, i64 %chunk) noinline {{"
"""The head of a step's function, without its name. Inlined once per chunk it took 0.5 s."""

AS_WRITTEN = (
    "!9000 = distinct !{!9000, !9001, !9002}",
    '!9001 = !{!"llvm.loop.unroll.disable"}',
    '!9002 = !{!"llvm.loop.vectorize.enable", i1 false}',
)
"""What tells LLVM to leave a loop as it is."""


class Writer:
    """The text of one step's function.

    code: appends scalar instructions at the current place; `code.beside(lanes)` vectors.
    """

    def __init__(self) -> None:
        self.code = Code()
        self._locals: list[str] = []
        self._labels = itertools.count(1)

    def index(self, instruction: str) -> str:
        """Append an instruction on indices or addresses, and name its result."""
        return self.code.emit(instruction, "i64").name

    def scaled(self, index: str, stride: int) -> str:
        """index * stride."""
        if index == "0" or stride == 0:
            return "0"
        if index.isdigit():
            return str(int(index) * stride)
        return index if stride == 1 else self.index(f"mul nsw i64 {index}, {stride}")

    def sum(self, x: str, y: str) -> str:
        """x + y, of indices."""
        if x == "0" or y == "0":
            return x if y == "0" else y
        if x.lstrip("-").isdigit() and y.lstrip("-").isdigit():
            return str(int(x) + int(y))
        return self.index(f"add nsw i64 {x}, {y}")

    def local(self, type: str) -> str:
        """A place on the stack, made once per call; LLVM keeps it in a register where it can."""
        name = f"%s{next(self._labels)}"
        self._locals.append(f"  {name} = alloca {type}, align 64")
        return name

    @contextmanager
    def loop(self, start: str, stop: str, step: int) -> Iterator[str]:
        """Whatever is written inside is done for start, start + step, ... below stop."""
        n = next(self._labels)
        lines = self.code.lines
        lines += [
            f"  br label %before{n}", f"before{n}:", f"  br label %head{n}", f"head{n}:",
            f"  %i{n} = phi i64 [{start}, %before{n}], [%n{n}, %tail{n}]",
            f"  %c{n} = icmp slt i64 %i{n}, {stop}",
            f"  br i1 %c{n}, label %in{n}, label %out{n}", f"in{n}:",
        ]  # fmt: skip
        yield f"%i{n}"
        lines += [
            f"  br label %tail{n}", f"tail{n}:", f"  %n{n} = add nuw nsw i64 %i{n}, {step}",
            f"  br label %head{n}, !llvm.loop !9000", f"out{n}:",
        ]  # fmt: skip
        self.code.declared.update(AS_WRITTEN)

    @contextmanager
    def when(self, condition: Value) -> Iterator[None]:
        """Whatever is written inside is done if the condition holds."""
        n = next(self._labels)
        lines = self.code.lines
        lines += [f"  br i1 {condition.name}, label %in{n}, label %out{n}", f"in{n}:"]
        yield
        lines += [f"  br label %out{n}", f"out{n}:"]

    def function(self, name: str, head: str = STEP) -> list[str]:
        """All of it, as a function; a step's, of a table and a chunk, if not told otherwise."""
        return [
            head.format(name), "entry:", *self._locals, *self.code.lines, "  ret void", "}",
        ]  # fmt: skip

    def address(self, slot: int) -> str:
        """The address that the table has at a place."""
        place = self.index(f"getelementptr ptr, ptr %table, i64 {slot}")
        return self.index(f"load ptr, ptr {place}")
