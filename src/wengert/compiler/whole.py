"""Programs that are native from beginning to end, which need no Python between call and result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from wengert.compiler.backend.build import Loaded
from wengert.compiler.parts import NativePart, Part


class Whole(NamedTuple):
    """A program that is native from beginning to end.

    sources: what its table begins with: the number of an input, or an array that is always the
    same. results: then, per array that it writes, which of the program's outputs that is. offsets:
    the rest, as places in a block of `nbytes`. refusal: where in that an i32 is that is not 0 if
    the program refuses its input.
    """

    loaded: Loaded
    sources: tuple[int | np.ndarray[Any, Any], ...]
    results: tuple[int, ...]
    offsets: tuple[int, ...]
    nbytes: int
    refusal: int | None
    flops: int


def whole_of(
    parts: Sequence[Part], inputs: Sequence[int], constants: Sequence[Any], results: Sequence[int]
) -> Whole | None:
    """A program as a whole; None if NumPy has a part in it, or one array is two results.

    inputs, results: slots. constants: by slot, None where there is none.
    """
    part = parts[0] if len(parts) == 1 else None
    if not isinstance(part, NativePart) or part.loaded is None:
        return None
    if sorted(results) != sorted(part.writes):
        return None
    number = {slot: i for i, slot in enumerate(inputs)}
    sources = tuple(number.get(slot, constants[slot]) for slot in part.reads)
    written = tuple(results.index(slot) for slot in part.writes)
    offsets = tuple(map(int, part.block.offsets))
    flops = sum(piece.flops() for piece in part.pieces)
    return Whole(
        part.loaded, sources, written, offsets, part.block.nbytes, part.word, flops,
    )  # fmt: skip
