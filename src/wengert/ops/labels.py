"""How operations with attributes are written in pictures and listings: as one would call them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Label = Callable[[list[str], dict[str, Any]], str]


def call(name: str, *positional: str, keywords: tuple[str, ...] = ()) -> Label:
    """`name(x, y, value of an attribute, keyword=value)`; other attributes are left out."""

    def label(args: list[str], attrs: dict[str, Any]) -> str:
        parts = [arg for arg in args if arg != "None"]
        parts += [text(attrs[key]) for key in positional]
        parts += [f"{key}={text(attrs[key])}" for key in keywords]
        return f"{name}({', '.join(parts)})"

    return label


def text(value: Any) -> str:
    """A number, or a tuple of numbers; a tuple of one as the one."""
    if isinstance(value, tuple) and len(value) == 1:
        return text(value[0])
    return str(value)


def index_text(index: tuple[Any, ...]) -> str:
    """What stands between the brackets: "0, 1:"."""
    parts = [_slice_text(i) if isinstance(i, slice) else str(i) for i in index]
    return ", ".join(parts) or "..."


def _slice_text(part: slice) -> str:
    start, stop, step = ("" if v is None else str(v) for v in (part.start, part.stop, part.step))
    return f"{start}:{stop}" + (f":{step}" if step else "")


def indexed(name: str, arrays: list[str], basic: tuple[Any, ...], dims: tuple[int, ...]) -> str:
    """`x[0, :, i]`: a basic index, then index tensors on the dimensions that it leaves."""
    spread: list[str] = []
    for dim, array in zip(dims, arrays, strict=True):
        spread += [":"] * (dim - len(spread)) + [array]
    first = f"[{index_text(basic)}]" if basic or not dims else ""
    return name + first + (f"[{', '.join(spread)}]" if spread else "")
