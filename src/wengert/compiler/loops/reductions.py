"""What reductions combine with: the number they start from, and how two states become one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from wengert.compiler.code import Code, Value
from wengert.compiler.loops.memory import shuffled

State = tuple[Value, ...]
"""What a reduction has accumulated: a value; for argmax and argmin also the index of it."""

Join = Callable[[Code, State, State], State]


class Reduction(NamedTuple):
    """How to combine.

    start: the number that changes nothing, of a type. join: two states to one, the older first.
    indexed: whether a state has an index. rounds: whether the order of joining shows.
    """

    start: Callable[[str], Any]
    join: Join
    indexed: bool = False
    rounds: bool = False


def lowest(type: str) -> Any:
    """What nothing is smaller than."""
    if type in ("float", "double"):
        return -float("inf")
    return 0 if type == "i1" or type.startswith("u") else -(2 ** (int(type[1:]) - 1))


def highest(type: str) -> Any:
    """What nothing is larger than."""
    if type in ("float", "double"):
        return float("inf")
    if type == "i1":
        return 1
    bits = int(type[1:])
    return 2**bits - 1 if type.startswith("u") else 2 ** (bits - 1) - 1


def _largest(code: Code, old: State, new: State) -> State:
    (x,), (y,) = old, new
    return (code.either(x, y) if x.type == "i1" else code.larger(y, x),)


def _smallest(code: Code, old: State, new: State) -> State:
    (x,), (y,) = old, new
    return (code.both(x, y) if x.type == "i1" else code.smaller(y, x),)


def _first(predicate: str) -> Join:
    """The better value with its index. NaN is best; of equals, the first one."""

    def join(code: Code, old: State, new: State) -> State:
        (x, i), (y, j) = new, old
        nan, other = code.isnan(x), code.isnan(y)
        number = code.differ(other, code.constant(True, "i1"))
        better = code.either(code.compare(predicate, x, y), code.both(nan, number))
        same = code.either(code.compare("oeq", x, y), code.both(nan, other))
        earlier = code.emit(f"icmp ult {code.wide('i64')} {i.name}, {j.name}", "i1")
        chosen = code.either(better, code.both(same, earlier))
        return code.select(chosen, x, y), code.select(chosen, i, j)

    return join


REDUCTIONS: Final = {
    "add": Reduction(lambda type: 0, lambda code, x, y: (code.add(x[0], y[0]),), rounds=True),
    "mul": Reduction(lambda type: 1, lambda code, x, y: (code.mul(x[0], y[0]),)),
    "max": Reduction(lowest, _largest),
    "min": Reduction(highest, _smallest),
    "any": Reduction(lambda type: 0, lambda code, x, y: (code.either(x[0], y[0]),)),
    "all": Reduction(lambda type: 1, lambda code, x, y: (code.both(x[0], y[0]),)),
    "argmax": Reduction(lowest, _first("ogt"), indexed=True),
    "argmin": Reduction(highest, _first("olt"), indexed=True),
}
"""By what `reduces=` says in the definition of an operation."""


def across(code: Code, state: State, join: Join) -> State:
    """The lanes of a state, joined: the lower half with the upper half, until one is left."""
    while code.lanes > 1:
        half = code.beside(code.lanes // 2)
        low = tuple(_half(code, half, x, 0) for x in state)
        high = tuple(_half(code, half, x, half.lanes) for x in state)
        state = join(half, low, high)
        code = half
    return state


def _half(code: Code, half: Code, x: Value, first: int) -> Value:
    if half.lanes == 1:
        return code.emit(f"extractelement {code.wide(x.type)} {x.name}, i64 {first}", x.type)
    return shuffled(code, x, x, range(first, first + half.lanes))


def transposed(code: Code, states: Sequence[State], join: Join) -> State:
    """As many states as there are lanes, each joined across its lanes: one lane for each state."""
    even, odd = range(0, 2 * code.lanes, 2), range(1, 2 * code.lanes, 2)
    while len(states) > 1:
        pairs = zip(states[::2], states[1::2], strict=True)
        states = [
            join(
                code,
                tuple(shuffled(code, x, y, even) for x, y in zip(a, b, strict=True)),
                tuple(shuffled(code, x, y, odd) for x, y in zip(a, b, strict=True)),
            )
            for a, b in pairs
        ]
    return states[0]
