"""The registry of all operations, filled as they are defined and read-only afterwards."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from wengert.core.op import Op


class Registry(dict[str, "Op"]):
    """Operations by name. Asked for one that is not there, it loads the rooms that wait."""

    def __missing__(self, name: str) -> Op:
        OPERATORS.load_for(name)
        if name not in self:
            OPERATORS.load_all()
        if name in self:
            return self[name]
        raise KeyError(name)


OPS: Final = Registry()
"""Every operation by name, in order of definition. Filled at import, read-only afterwards."""

NUMPY: Final[dict[Callable[..., Any], Callable[..., Any]]] = {}
"""NumPy's functions and ufuncs, and ours that answer for them on tensors. Filled at import."""

_BEHIND_OPERATORS: Final = (
    "add", "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "div", "eq",
    "floor_divide", "ge", "getitem", "gt", "in_place", "into", "iterate", "left_shift", "le",
    "lt", "matmul", "mul", "ne", "neg", "pow", "remainder", "right_shift", "setitem", "sub",
    "abs", "positive",
)  # fmt: skip

OPERATORS: Final = SimpleNamespace()
"""What is behind Python's operators, entered as it is defined."""


def register(op: Op) -> Op:
    """Enter an operation into the registry; its name must be new."""
    if op.name in OPS:
        raise ValueError(f"operation {op.name!r} is defined twice")
    OPS[op.name] = op
    if op.name in _BEHIND_OPERATORS:
        setattr(OPERATORS, op.name, op)
    for listener in _LISTENERS:
        listener(op)
    return op


_LISTENERS: Final[list[Callable[[Op], None]]] = []


def on_register(listener: Callable[[Op], None]) -> None:
    """Call listener(op) for each operation that is registered, those that are there included."""
    for op in OPS.values():
        listener(op)
    _LISTENERS.append(listener)


def every_op() -> dict[str, Op]:
    """OPS, complete: the rooms that wait for the first use of their names are loaded."""
    OPERATORS.load_all()
    return OPS


def op_called(name: str) -> Op:
    """What a pickled operation comes back as."""
    return OPS[name]
