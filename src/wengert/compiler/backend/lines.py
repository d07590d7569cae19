"""LLVM's text while it is being written."""

from __future__ import annotations


class Lines:
    """Instructions, as they are appended. A check goes on in a block of its own."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.symbols: set[str] = set()
        self.shapes: dict[tuple[int, ...], str] = {}
        self._count = 0

    def do(self, instruction: str) -> None:
        """Append an instruction without a result."""
        self.text.append(f"  {instruction}")

    def let(self, instruction: str) -> str:
        """Append an instruction, and name its result."""
        self._count += 1
        self.text.append(f"  %x{self._count} = {instruction}")
        return f"%x{self._count}"

    def label(self, stem: str) -> str:
        """A new name of a block."""
        self._count += 1
        return f"{stem}{self._count}"

    def begin(self, label: str) -> None:
        """What follows is a block of this name."""
        self.text.append(f"{label}:")

    def symbol(self, name: str) -> str:
        """An object or a type of Python's or ours, by its address."""
        self.symbols.add(name)
        return f"@{name}"

    def sides(self, shape: tuple[int, ...]) -> str:
        """The sides of a shape, as a constant."""
        name = self.shapes.get(shape)
        if name is None:
            name = self.shapes[shape] = f"@sides{len(self.shapes)}"
        return name

    def constants(self) -> list[str]:
        """The constants that are used."""
        found = []
        for shape, name in self.shapes.items():
            sides = ", ".join(f"i64 {side}" for side in shape)
            found.append(f"{name} = private constant [{len(shape)} x i64] [{sides}], align 8")
        return found

    def at(self, address: str, offset: int | str) -> str:
        """An address some bytes further."""
        return self.let(f"getelementptr i8, ptr {address}, i64 {offset}") if offset else address

    def load(self, type: str, address: str, offset: int = 0) -> str:
        """What is there."""
        return self.let(f"load {type}, ptr {self.at(address, offset)}")

    def store(self, type: str, value: str, address: str, offset: int = 0) -> None:
        """Put a value there."""
        self.do(f"store {type} {value}, ptr {self.at(address, offset)}")

    def check(self, condition: str, otherwise: str) -> None:
        """Go on where the condition holds, else at the block `otherwise`."""
        label = self.label("on")
        self.do(f"br i1 {condition}, label %{label}, label %{otherwise}")
        self.begin(label)

    def expect(self, type: str, value: str, expected: str | int, otherwise: str = "miss") -> None:
        """Go on where a value is what is expected."""
        self.check(self.let(f"icmp eq {type} {value}, {expected}"), otherwise)

    def call(self, type: str, function: str, *arguments: str) -> str:
        """Call a function of Python's, and name its result."""
        return self.let(f"call {type} @{function}({', '.join(arguments)})")
