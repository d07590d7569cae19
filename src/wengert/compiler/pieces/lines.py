"""Lines of a function in LLVM's text: addresses, indices and loops around calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

Index = str | int
"""An i64: a name, or a number."""


class Lines:
    """The body of a step, `void name(ptr %table, i64 %chunk)`, as it is written."""

    def __init__(self) -> None:
        self.lines = ["entry:"]
        self._block = "entry"
        self._names = 0

    def let(self, instruction: str) -> str:
        """Append an instruction, and name its result."""
        self._names += 1
        self.do(f"%v{self._names} = {instruction}")
        return f"%v{self._names}"

    def do(self, instruction: str) -> None:
        """Append an instruction that has no result."""
        self.lines.append(f"  {instruction}")

    def function(self, name: str) -> list[str]:
        """The whole function, which ends here."""
        return [f"define void @{name}(ptr %table, i64 %chunk) {{", *self.lines, "  ret void", "}"]

    def buffer(self, slot: int) -> str:
        """The address that stands in a slot of the table."""
        return self.let(f"load ptr, ptr {self.let(f'getelementptr ptr, ptr %table, i64 {slot}')}")

    def at(self, type: str, buffer: str, offset: Index) -> str:
        """The address of an element."""
        if offset == 0:
            return buffer
        return self.let(f"getelementptr {type}, ptr {buffer}, i64 {offset}")

    def sum(self, first: Index, terms: Iterable[tuple[Index, int]]) -> Index:
        """first + index * stride + ..."""
        total = first
        for index, stride in terms:
            if index == 0 or stride == 0:
                continue
            term = index if stride == 1 else self.let(f"mul i64 {index}, {stride}")
            total = term if total == 0 else self.let(f"add i64 {total}, {term}")
        return total

    def smaller(self, x: Index, y: Index) -> str:
        """The smaller one of two."""
        less = self.let(f"icmp slt i64 {x}, {y}")
        return self.let(f"select i1 {less}, i64 {x}, i64 {y}")

    @contextmanager
    def loop(self, first: Index, after: Index) -> Iterator[str]:
        """What is written inside is done for each index from `first` up to `after`, if any."""
        self._names += 1
        before, n = self._block, self._names
        self.lines += [f"  br label %head{n}", f"head{n}:"]
        index = f"%i{n}"
        self.do(f"{index} = phi i64 [{first}, %{before}], [%next{n}, %tail{n}]")
        self.do(f"%more{n} = icmp slt i64 {index}, {after}")
        self.lines += [f"  br i1 %more{n}, label %body{n}, label %done{n}", f"body{n}:"]
        self._block = f"body{n}"
        yield index
        self.lines += [f"  br label %tail{n}", f"tail{n}:", f"  %next{n} = add i64 {index}, 1"]
        self.lines += [f"  br label %head{n}", f"done{n}:"]
        self._block = f"done{n}"

    @contextmanager
    def unless(self, condition: str) -> Iterator[None]:
        """What is written inside is done only where an i1 is false."""
        self._names += 1
        n = self._names
        self.lines += [f"  br i1 {condition}, label %after{n}, label %instead{n}", f"instead{n}:"]
        yield
        self.lines += [f"  br label %after{n}", f"after{n}:"]
        self._block = f"after{n}"
