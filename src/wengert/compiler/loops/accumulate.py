"""Accumulators: the state of a reduction in a loop.

Several vectors take turns, so that one addition need not wait for the other. Sums of floats are
made in blocks, and a block's sum is added to the total; where there are many blocks, together with
what that rounds off (Knuth's TwoSum). So the error of a long sum is about that of one block, which
is that of NumPy's sums of pairs.
"""

from __future__ import annotations

from collections.abc import Callable

from wengert.compiler.code import Code, Value
from wengert.compiler.loops.reductions import REDUCTIONS, State
from wengert.compiler.types import is_float
from wengert.core.node import Node

BLOCK = 16
"""Additions to one accumulator before its sum is added to the total."""

FEW = 16
"""Blocks up to which the total is a plain sum."""


class Accumulator:
    """A reduction's state, on the stack, where LLVM makes registers of it.

    type: of the elements. types: of what a state consists of. turns: how many vectors take turns.
    count: how many are added to each of them. totals: whether there is more than one block.
    """

    def __init__(
        self, node: Node, type: str, code: Code, local: Callable[[str], str], turns: int,
        count: int,
    ) -> None:  # fmt: skip
        self.kind = REDUCTIONS[node.op.reduces]
        self.type = type
        self.totals = count > BLOCK and self.kind.rounds and is_float(type)
        self._code = code
        self._number = code.constant(self.kind.start(type), type)
        self.types = [type, "i64"] if self.kind.indexed else [type]
        self._turns = [[(local(code.wide(t)), t) for t in self.types] for _ in range(turns)]
        parts = 2 if count > FEW * BLOCK else 1
        self._total = [(local(code.wide(type)), type) for _ in range(parts * self.totals)]

    def start(self) -> None:
        """Begin anew."""
        for places in (*self._turns, self._total):
            for place, type in places:
                number = self._number if type == self.type else self._code.constant(0, type)
                self._put(place, number)

    def _put(self, place: str, x: Value) -> None:
        self._code.lines.append(f"  store {self._code.wide(x.type)} {x.name}, ptr {place}")

    def _state(self, places: list[tuple[str, str]]) -> State:
        code = self._code
        return tuple(code.emit(f"load {code.wide(type)}, ptr {p}", type) for p, type in places)

    def take(self, turn: int, state: State, mask: str | None = None) -> None:
        """Join one more vector; where the mask is off, nothing."""
        code = self._code
        if mask is not None:
            state = (code.select(Value(mask, "i1"), state[0], self._number), *state[1:])
        places = self._turns[turn]
        joined = self.kind.join(code, self._state(places), state)
        for (place, _), x in zip(places, joined, strict=True):
            self._put(place, x)

    def _joined(self) -> State:
        """All turns, in a tree."""
        states = [self._state(places) for places in self._turns]
        while len(states) > 1:
            pairs = zip(states[::2], states[1::2], strict=False)
            odd = states[-1:] if len(states) % 2 else []
            states = [*(self.kind.join(self._code, x, y) for x, y in pairs), *odd]
        return states[0]

    def end_block(self) -> None:
        """Add the block's sum to the total, and begin another one."""
        if not self.totals:
            return
        code, (x,) = self._code, self._joined()
        high, *low = self._state(self._total)
        total = code.add(high, x)
        self._put(self._total[0][0], total)
        if low:
            part = code.sub(total, high)
            lost = code.add(code.sub(high, code.sub(total, part)), code.sub(x, part))
            self._put(self._total[1][0], code.add(low[0], lost))
        for ((place, _),) in self._turns:
            self._put(place, self._number)

    def result(self, *, ended: bool = False) -> State:
        """What has been accumulated, one state per lane. ended: whether a block was ended last."""
        if not self.totals:
            return self._joined()
        if not ended:
            self.end_block()
        code = self._code
        high, *low = self._state(self._total)
        if not low:
            return (high,)
        # Beside an infinite total the rounding errors are NaN.
        return (code.select(code.isnan(low[0]), high, code.add(high, low[0])),)
