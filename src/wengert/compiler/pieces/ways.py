"""What scans do with one line: what they carry on, and what they write for each element."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from wengert.compiler.code import Code, Value
from wengert.compiler.pieces.elements import (
    FLOATS,
    added,
    adds,
    compared,
    converted,
    converts,
    floating,
    multiplied,
    register,
    rounded,
)
from wengert.compiler.pieces.lines import Index, Lines
from wengert.core.dtype import NumpyDType
from wengert.core.node import Node
from wengert.ops.axes import running

INT64: Final = np.dtype(np.int64)


class Way(ABC):
    """What a scan does with one line.

    kept: the dtypes of what it carries on, each as its bits. start: their first values. declared:
    what has to stand beside the code of its steps.
    """

    kept: Sequence[NumpyDType]
    start: Sequence[Any]
    reverse = False
    declared: Iterable[str] = ()

    @abstractmethod
    def step(
        self, lines: Lines, kept: Sequence[str], read: Sequence[str], at: Index
    ) -> tuple[Sequence[str], str]:
        """What is carried on after an element, and what is written for it."""


class Total(Way):
    """Running sums or products, each rounded to the result's dtype.

    through: the dtypes that an element is converted to, one after the other; the last is summed in.
    """

    def __init__(
        self, join: Callable[[Lines, str, str, NumpyDType], str], start: float,
        given: NumpyDType, through: Sequence[NumpyDType], result: NumpyDType,
    ) -> None:  # fmt: skip
        self._join = join
        self._path = (given, *through)
        self._result = result
        self.kept = (through[-1],)
        self.start = (start,)

    def step(
        self, lines: Lines, kept: Sequence[str], read: Sequence[str], at: Index
    ) -> tuple[Sequence[str], str]:
        element = read[0]
        for given, wanted in itertools.pairwise(self._path):
            element = converted(lines, element, given, wanted)
        total = self._join(lines, kept[0], element, self.kept[0])
        return (total,), rounded(lines, total, self.kept[0], self._result)


class Extreme(Way):
    """Running extremes, or where they are: of equal ones the last, and the last NaN."""

    def __init__(self, dtype: NumpyDType, is_max: bool, places: bool) -> None:
        self._dtype = dtype
        self._predicate = "gt" if is_max else "lt"
        self._places = places
        self.kept = (dtype, INT64)
        self.start = (_least(dtype) if is_max else _greatest(dtype), 0)

    def step(
        self, lines: Lines, kept: Sequence[str], read: Sequence[str], at: Index
    ) -> tuple[Sequence[str], str]:
        (best, place), (x,), dtype = kept, read, self._dtype
        # Of 0 and -0 the later one stays, as in NumPy.
        stays = compared(lines, self._predicate, best, x, dtype)
        stays = lines.let(f"or i1 {stays}, {_isnan(lines, best, dtype)}")
        kind = register(dtype)
        best = lines.let(f"select i1 {stays}, {kind} {best}, {kind} {x}")
        here = compared(lines, "eq", x, best, dtype)
        here = lines.let(f"or i1 {here}, {_isnan(lines, x, dtype)}")
        place = lines.let(f"select i1 {here}, i64 {at}, i64 {place}")
        return (best, place), place if self._places else best


def _isnan(lines: Lines, x: str, dtype: NumpyDType) -> str:
    return compared(lines, "uno", x, x, dtype) if dtype.kind == "f" else "false"


def _least(dtype: NumpyDType) -> Any:
    if dtype.kind == "f":
        return -np.inf
    return False if dtype.kind == "b" else np.iinfo(dtype).min


def _greatest(dtype: NumpyDType) -> Any:
    if dtype.kind == "f":
        return np.inf
    return True if dtype.kind == "b" else np.iinfo(dtype).max


class LogSum(Way):
    """Running logarithms of sums of exponentials."""

    def __init__(self, dtype: NumpyDType) -> None:
        self.kept = (dtype,)
        self.start = (-np.inf,)
        code, type = Code(), FLOATS[dtype]
        code.call("logaddexp", Value("%a", type), Value("%b", type))
        (self._call,) = code.lines
        self.declared = code.declared

    def step(
        self, lines: Lines, kept: Sequence[str], read: Sequence[str], at: Index
    ) -> tuple[Sequence[str], str]:
        (dtype,) = self.kept
        a, b = (floating(lines, x, dtype) for x in (kept[0], read[0]))
        call = self._call.split(" = ", 1)[1].replace("%a", a).replace("%b", b)
        total = lines.let(f"bitcast {FLOATS[dtype]} {lines.let(call)} to {register(dtype)}")
        return (total,), total


class Recurrence(Way):
    """u[k] = y[k-1] + x[k-1] u[k-1] from 0; without y from 1."""

    def __init__(self, dtype: NumpyDType, has_terms: bool, reverse: bool) -> None:
        self.kept = (dtype,)
        self.start = (0 if has_terms else 1,)
        self.reverse = reverse

    def step(
        self, lines: Lines, kept: Sequence[str], read: Sequence[str], at: Index
    ) -> tuple[Sequence[str], str]:
        (dtype,), (u,) = self.kept, kept
        following = multiplied(lines, u, read[0], dtype)
        if len(read) > 1:
            following = added(lines, following, read[1], dtype)
        return (following,), u


def _sum(node: Node, given: NumpyDType, _: Mapping[str, Any]) -> Way | None:
    result = node.aval.dtype
    return _total(added, -0.0, given, (result, running(result)), result)


def _product(node: Node, given: NumpyDType, _: Mapping[str, Any]) -> Way | None:
    result = node.aval.dtype
    return _total(multiplied, 1, given, (running(result),), result)


def _total(
    join: Any, start: float, given: NumpyDType, through: Sequence[NumpyDType], result: NumpyDType
) -> Way | None:
    path = (given, *through)
    steps = itertools.pairwise(path)
    if result.kind == "b" or not adds(result) or not all(converts(*step) for step in steps):
        return None
    return Total(join, start, given, through, result)


def _extreme(node: Node, given: NumpyDType, attrs: Mapping[str, Any]) -> Way | None:
    if given not in FLOATS and given.kind not in "biu":
        return None
    return Extreme(given, attrs["largest"], node.op.piece == "extreme_places")


def _log_sum(node: Node, given: NumpyDType, _: Mapping[str, Any]) -> Way | None:
    return LogSum(given) if given in FLOATS and node.aval.dtype == given else None


def _recurrence(node: Node, given: NumpyDType, attrs: Mapping[str, Any]) -> Way | None:
    if given not in FLOATS or any(s is not None and s.aval.dtype != given for s in node.inputs):
        return None
    return Recurrence(given, node.inputs[1] is not None, attrs["reverse"])


WAYS: Final[dict[str, Callable[[Node, NumpyDType, Mapping[str, Any]], Way | None]]] = {
    "running_sum": _sum, "running_product": _product, "extremes": _extreme,
    "extreme_places": _extreme, "recurrence": _recurrence, "running_log_sum": _log_sum,
}  # fmt: skip
"""What an operation's `piece=` may be here, and what makes the way."""
