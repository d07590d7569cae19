"""Reductions: what is accumulated, from which start, and how partial results are joined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from wengert.compiler.code import Code, Value
from wengert.core.node import Node

State = tuple[Value, ...]
"""What a reduction has accumulated: a value; for argmax and argmin also the index of it."""


class Reduction(NamedTuple):
    """How to combine.

    start: the number that changes nothing, given the type. join: of two values one. indexed: the
    first of two values is better than the second; equal ones are told apart by their indices.
    """

    start: Callable[[str, bool], Any]
    join: Callable[[Code, Value, Value], Value]
    indexed: bool = False


def lowest(type: str, signed: bool) -> Any:
    """What nothing is smaller than."""
    if type in ("float", "double"):
        return -float("inf")
    if type == "i1" or not signed:
        return 0
    return -(2 ** (int(type[1:]) - 1))


def highest(type: str, signed: bool) -> Any:
    """What nothing is larger than."""
    if type in ("float", "double"):
        return float("inf")
    if type == "i1":
        return 1
    bits = int(type[1:])
    return 2 ** (bits - 1) - 1 if signed else 2**bits - 1


def _largest(code: Code, x: Value, y: Value) -> Value:
    return code.either(x, y) if x.type == "i1" else code.larger(x, y)


def _smallest(code: Code, x: Value, y: Value) -> Value:
    return code.both(x, y) if x.type == "i1" else code.smaller(x, y)


REDUCTIONS: Final = {
    "add": Reduction(lambda type, signed: 0, lambda code, x, y: code.add(x, y)),
    "mul": Reduction(lambda type, signed: 1, lambda code, x, y: code.mul(x, y)),
    "max": Reduction(lowest, _largest),
    "min": Reduction(highest, _smallest),
    "any": Reduction(lambda type, signed: 0, lambda code, x, y: code.either(x, y)),
    "all": Reduction(lambda type, signed: 1, lambda code, x, y: code.both(x, y)),
    "argmax": Reduction(lowest, lambda code, x, y: code.compare("ogt", x, y), indexed=True),
    "argmin": Reduction(highest, lambda code, x, y: code.compare("olt", x, y), indexed=True),
}
"""By what `reduces=` says in the definition of an operation."""


class Accumulator:
    """A reduction's state in a loop, on the stack, where LLVM makes registers of it.

    kind: the reduction. type: of the elements. wide: the code it is accumulated in.
    """

    def __init__(
        self, node: Node, type: str, signed: bool, local: Callable[[str], str], code: Code
    ):
        self.kind = REDUCTIONS[node.op.reduces]
        self.type = type
        self._code = code
        self._start = self.kind.start(type, signed)
        types = (type, "i64") if self.kind.indexed else (type,)
        self._places = [(local(code.wide(t)), t) for t in types]

    def start(self) -> None:
        """Begin anew."""
        for (place, type), number in zip(self._places, (self._start, 0), strict=False):
            self._put(place, self._code.constant(number, type))

    def _put(self, place: str, x: Value) -> None:
        self._code.lines.append(f"  store {self._code.wide(x.type)} {x.name}, ptr {place}")

    def state(self) -> State:
        code = self._code
        return tuple(code.emit(f"load {code.wide(t)}, ptr {p}", t) for p, t in self._places)

    def put(self, state: State) -> None:
        for (place, _), x in zip(self._places, state, strict=True):
            self._put(place, x)

    def take(self, state: State, mask: str | None) -> None:
        """Join one more; where the mask is off, nothing."""
        code = self._code
        if mask is not None:
            start = code.constant(self._start, self.type)
            state = (code.select(Value(mask, "i1"), state[0], start), *state[1:])
        self.put(self.join(code, self.state(), state))

    def join(self, code: Code, old: State, new: State) -> State:
        """Of two states one. Of equal values, and of NaNs, the one with the smaller index wins."""
        if not self.kind.indexed:
            return (self.kind.join(code, new[0], old[0]),)
        (x, i), (y, j) = new, old
        nan, other = code.isnan(x), code.isnan(y)
        better = code.either(self.kind.join(code, x, y), both_not(code, nan, other))
        same = code.either(code.compare("oeq", x, y), code.both(nan, other))
        wide = code.wide("i64")
        earlier = code.emit(f"icmp ult {wide} {i.name}, {j.name}", "i1")
        chosen = code.either(better, code.both(same, earlier))
        return code.select(chosen, x, y), code.select(chosen, i, j)

    def across(self) -> State:
        """The lanes, joined in a tree: a scalar state."""
        return across(self._code, self.state(), self.join)


def both_not(code: Code, x: Value, y: Value) -> Value:
    """x and not y."""
    return code.both(x, code.differ(y, code.constant(True, "i1")))


def across(code: Code, state: State, join: Callable[[Code, State, State], State]) -> State:
    """The lanes of a state, joined: the lower half with the upper half, until one is left."""
    while code.lanes > 1:
        half = code.beside(code.lanes // 2)
        low = tuple(_half(code, half, x, 0) for x in state)
        high = tuple(_half(code, half, x, half.lanes) for x in state)
        state = join(half, low, high)
        code = half
    return state


def _half(code: Code, half: Code, x: Value, first: int) -> Value:
    wide = code.wide(x.type)
    if half.lanes == 1:
        return code.emit(f"extractelement {wide} {x.name}, i64 {first}", x.type)
    lanes = ", ".join(f"i32 {first + i}" for i in range(half.lanes))
    return code.emit(
        f"shufflevector {wide} {x.name}, {wide} poison, <{half.lanes} x i32> <{lanes}>", x.type
    )
