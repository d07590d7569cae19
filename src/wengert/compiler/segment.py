"""Segments: the memory of pieces that run one after the other, as one native program."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from wengert.compiler.plan.arena import ALIGNMENT, Lifetime, placed
from wengert.core.node import Node

DATA_OFFSET: Final = 16
"""Where an array object has the address of its data: the first member of PyArrayObject_fields.

native.py makes sure of it before any native code runs.
"""

_POINTER: Final[Callable[[int], Any]] = ctypes.c_void_p.from_address


MOST_KEPT: Final = 8
"""Blocks of a segment that are kept for its next runs: fresh memory costs a fault for each page."""


class Block:
    """One block of memory for all that no array is given for.

    inner: per intermediate value the first and the last piece that has it. workspaces: bytes of
    each; they are never shared.
    """

    def __init__(self, inner: Mapping[Node, tuple[int, int]], workspaces: Sequence[int]) -> None:
        lifetimes = [Lifetime(node.aval.nbytes, *span) for node, span in inner.items()]
        offsets, total = placed(lifetimes)
        for nbytes in workspaces:
            offsets.append(total)
            total += -(-nbytes // ALIGNMENT) * ALIGNMENT
        self.offsets = np.array(offsets, np.int64)
        self.nbytes = total
        self._free: list[np.ndarray[Any, Any]] = []

    @classmethod
    def of(cls, offsets: Sequence[int], nbytes: int) -> Block:
        """A block that has been laid out before."""
        made = cls({}, ())
        made.offsets, made.nbytes = np.array(offsets, np.int64), nbytes
        return made

    def take(self) -> np.ndarray[Any, Any]:
        """Memory for one run."""
        try:
            return self._free.pop()
        except IndexError:
            memory = np.empty(self.nbytes + ALIGNMENT, np.uint8)
            start = -address(memory) % ALIGNMENT
            return memory[start : start + self.nbytes]

    def give(self, memory: np.ndarray[Any, Any]) -> None:
        """Let another run have it."""
        if len(self._free) < MOST_KEPT:
            self._free.append(memory)

    def table(self, arrays: Sequence[Any], memory: Any) -> np.ndarray[Any, Any]:
        """The addresses of arrays and, behind them, of what is in the block."""
        count = len(arrays)
        table = np.empty(count + len(self.offsets), np.int64)
        table[:count] = [address(array) for array in arrays]
        np.add(self.offsets, address(memory), out=table[count:])
        return table


def address(array: Any) -> int:
    """Where an array's data begins; a tenth of the time that array.ctypes.data takes."""
    found: int = _POINTER(id(array) + DATA_OFFSET).value
    return found


def array_of(value: Any) -> Any:
    """A value as an array that lies in one aligned piece; usually it does."""
    array = np.asarray(value)
    flags = array.flags
    if flags.c_contiguous and flags.aligned:
        return array
    return np.require(array, requirements=["C", "A"])
