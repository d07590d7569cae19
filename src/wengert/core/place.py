"""What a tensor says about itself: its size and its device, as torch prints them."""

from __future__ import annotations

from typing import Any

from wengert.errors import DeviceError


class Size(tuple[int, ...]):
    """A shape: a tuple of ints, printed as torch prints its own."""

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        total = 1
        for length in self:
            total *= length
        return total

    def __repr__(self) -> str:
        return f"wengert.Size({list(self)})"

    def __add__(self, other: Any) -> Size:
        return Size(tuple.__add__(self, tuple(other)))

    def __getitem__(self, index: Any) -> Any:
        part = tuple.__getitem__(self, index)
        return Size(part) if isinstance(index, slice) else part


class Device:
    """Where tensors live. There is one: the CPU."""

    __slots__ = ()
    type = "cpu"
    index = None

    def __init__(self, type: Any = "cpu", index: int | None = None) -> None:
        if str(type).partition(":")[0] != "cpu":
            raise DeviceError(f"device {type!r} does not exist", 'The only device is "cpu".')

    def __repr__(self) -> str:
        return "device(type='cpu')"

    def __str__(self) -> str:
        return "cpu"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) or other == "cpu"

    def __hash__(self) -> int:
        return hash("cpu")


CPU = Device()
