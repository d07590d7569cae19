"""out=: results written into memory that the caller gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from wengert.compiler.program import Program
from wengert.core.dtype import dtype_of
from wengert.core.node import Node, next_sequence
from wengert.core.tensor import Tensor
from wengert.core.write import check_memory, writable
from wengert.errors import ArgumentError, DTypeError, GradientError, ShapeError
from wengert.modes import current
from wengert.sites import user_site
from wengert.transform.tree import spread

NAME = "a compiled function"


class Donated:
    """What was given as out=, checked against what the program returns.

    given: per leaf of the result what stands for it in `out`, None where memory is to be made.
    arrays: the same per computed result, as arrays.
    """

    def __init__(self, program: Program, out: Any) -> None:
        traced = program.traced
        leaves = spread(out, traced.spec)
        if leaves is None:
            raise ArgumentError(
                f"compile: out has another structure than the result, which is {traced.spec}",
                "Give a tensor or an array for each tensor of the result; None to have one made.",
            )
        self.given = leaves
        places = [i for i, r in enumerate(traced.results) if isinstance(r, Node)]
        for i in set(range(len(leaves))) - set(places):
            if leaves[i] is not None:
                raise ArgumentError(
                    f"compile: out[{i}] is memory for a result that is not computed", "Give None."
                )
        avals = [traced.results[i].aval for i in places]
        self._places = [leaves[i] for i in places]
        self.arrays = [
            None if leaves[i] is None else _checked(leaves[i], aval, _name(i, len(leaves)))
            for i, aval in zip(places, avals, strict=True)
        ]
        self._refuse_shared()

    def _refuse_shared(self) -> None:
        """Raise ArgumentError where two results would be written over each other."""
        spans = sorted(_span(array) for array in self.arrays if array is not None and array.size)
        for (_, end), (begin, _) in pairwise(spans):
            if begin < end:
                raise ArgumentError(
                    "compile: two of the tensors in out share memory", "Each needs its own."
                )

    def apart(self, inputs: Sequence[Any]) -> list[Any]:
        """Per result its array if that is no memory of an input's; what is read must stay."""
        read = [_span(a) for a in inputs if isinstance(a, np.ndarray) and a.size]
        return [None if a is None or _meets(_span(a), read) else a for a in self.arrays]

    def filled(self, results: Sequence[Any], wrap: Callable[[Any], Any]) -> list[Any]:
        """The results in the memory that was given; the others wrapped."""
        for array, result in zip(self.arrays, results, strict=True):
            if array is not None and array is not result:
                np.copyto(array, result)
        self._stamp()
        pairs = zip(self._places, results, strict=True)
        return [wrap(result) if given is None else given for given, result in pairs]

    def _stamp(self) -> None:
        """Tell who saved one of the tensors for a backward pass that it was written."""
        for tensor in self._places:
            if isinstance(tensor, Tensor):
                memory = writable(NAME, tensor, current())
                memory.stamp(next_sequence(), NAME, user_site())


def _name(i: int, count: int) -> str:
    return "out" if count == 1 else f"out[{i}]"


def _checked(out: Any, aval: Any, name: str) -> Any:
    """The array to write into. Raises for what the result cannot be written into as it is."""
    if isinstance(out, Tensor):
        _refuse_history(out, name)
        array = writable(NAME, out, current()).array
        array = out._data if isinstance(out._data, np.ndarray) else array
    elif isinstance(out, np.ndarray):
        array = out
    else:
        raise ArgumentError(
            f"compile: {name} is a {type(out).__name__}",
            "Give a tensor or an array, as wengert.empty makes them.",
        )
    if array.shape != aval.shape:
        raise ShapeError(f"compile: {name} has shape {array.shape}; the result has {aval.shape}")
    if array.dtype != aval.dtype:
        raise DTypeError(
            f"compile: {name} is {dtype_of(array.dtype).name}; the result is "
            f"{dtype_of(aval.dtype).name}",
            "Nothing is cast on the way: give memory of the result's dtype.",
        )
    check_memory(NAME, array)
    if not array.flags.c_contiguous or not array.flags.aligned:
        raise ArgumentError(
            f"compile: {name} is not contiguous, with strides {array.strides}",
            "Give a contiguous tensor, and copy from there.",
        )
    return array


def _refuse_history(out: Tensor, name: str) -> None:
    if out._level:
        raise GradientError(f"compile: {name} is a tensor of a transform", "Use the result.")
    if out.requires_grad:
        raise GradientError(
            f"compile: {name} requires grad, and what is written into it is not recorded",
            "Give its .detach(), which shares its memory.",
        )


def _span(array: Any) -> tuple[int, int]:
    """The addresses between which an array lies."""
    if array.flags.c_contiguous:
        start: int = array.__array_interface__["data"][0]
        return start, start + array.nbytes
    return np.lib.array_utils.byte_bounds(array)


def _meets(span: tuple[int, int], others: Sequence[tuple[int, int]]) -> bool:
    start, end = span
    return any(start < e and s < end for s, e in others)
