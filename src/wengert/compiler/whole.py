"""Programs that are native from beginning to end, which need no Python between call and result."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from wengert.compiler.backend.build import Loaded, loaded
from wengert.compiler.backend.calling import Entry
from wengert.compiler.backend.layout import layout
from wengert.compiler.backend.llvm import Host, host
from wengert.compiler.backend.memory import empty
from wengert.compiler.backend.openblas import addresses
from wengert.compiler.backend.signature import (
    Computed,
    Container,
    Given,
    Place,
    Signature,
    is_possible,
)
from wengert.compiler.backend.stored import recall, remember
from wengert.compiler.parts import NativePart, Part, Refusal
from wengert.compiler.segment import Block, address, array_of
from wengert.core.aval import Aval

RUNS_BEFORE: Final = 3
"""Runs after which a program gets an entry that takes arrays. Few come to that: for most calls the
function has an entry of its own by then."""

LONG: Final = 50_000
"""Arithmetic operations from which on other Python threads run meanwhile, which takes 100 ns."""

MOST_CONSTANT: Final = 2**20
"""Bytes of constants up to which a program is written to the cache."""


@dataclass(eq=False)
class Whole:
    """A program that is native from beginning to end.

    sources: what its table begins with: the number of an input, or an array that is always the
    same. results: then, per array that it writes, which of the program's outputs that is. block:
    the rest. refusal: where in that an i32 is that is not 0 if the program refuses its input.
    outputs: shapes and dtypes. symbols: the functions that it calls, by name.
    """

    loaded: Loaded
    sources: tuple[int | np.ndarray[Any, Any], ...]
    results: tuple[int, ...]
    block: Block
    refusal: int | None
    outputs: tuple[Aval, ...]
    flops: int
    symbols: tuple[str, ...]

    _runs: int = 0
    _quickly: Callable[..., list[Any]] | None = None

    def run(self, arrays: Sequence[Any], outs: Sequence[Any]) -> list[Any]:
        """The arrays of the outputs. Raises Refusal. outs: memory for them, or None each."""
        if outs:
            return self._slowly(arrays, outs)
        if self._quickly is None:
            self._runs += 1
            if self._runs != RUNS_BEFORE:
                return self._slowly(arrays, ())
            self._quickly = self._entry(arrays)
        return self._quickly(*arrays)

    def _slowly(self, arrays: Sequence[Any], outs: Sequence[Any]) -> list[Any]:
        made = [
            empty(aval.shape, aval.dtype) if out is None or not aval.shape else out
            for aval, out in zip(self.outputs, outs or [None] * len(self.outputs), strict=True)
        ]
        read = [array_of(arrays[s] if isinstance(s, int) else s) for s in self.sources]
        memory = self.block.take()
        table = self.block.table([*read, *(made[i] for i in self.results)], memory)
        self.loaded.run(address(table))
        refused = self.refusal is not None and memory[self.refusal]
        self.block.give(memory)
        if refused:
            raise Refusal
        return [array if array.ndim else array[()] for array in made]

    def _entry(self, arrays: Sequence[Any]) -> Callable[..., list[Any]]:
        """The same as native code that takes arrays; what it does not take goes the slow way."""

        def slowly(*arrays: Any) -> list[Any]:
            return self._slowly(arrays, ())

        backend = host()
        if backend is None or layout() is None:
            return slowly
        given = tuple(Given("array", array.shape, array.dtype) for array in arrays)
        result = Container("list", tuple(map(Computed, range(len(self.outputs)))))
        same: list[Any] = []
        table = self.table(same)
        signature = Signature(
            given, len(same), (), self.outputs, result, False, None, False, table,
            self.block.nbytes, self.refusal, self.flops > LONG,
        )  # fmt: skip
        if not is_possible(signature):
            return slowly
        return Entry(backend, signature, self.loaded, same, ()).function(slowly)

    def table(self, same: list[Any]) -> tuple[Place, ...]:
        """What the table has the addresses of. same: constants are appended to it."""
        table: list[Place] = []
        for source in self.sources:
            if isinstance(source, int):
                table.append(("input", source))
            else:
                table.append(("constant", len(same)))
                same.append(np.require(source, requirements=["C", "A"]))
        table += [("output", i) for i in self.results]
        table += [("block", offset) for offset in self.block.offsets.tolist()]
        return tuple(table)


def whole_of(
    parts: Sequence[Part], inputs: Sequence[int], constants: Sequence[Any],
    results: Sequence[int], outputs: Sequence[Aval],
) -> Whole | None:  # fmt: skip
    """A program as a whole; None if NumPy has a part in it, or one array is two results.

    inputs, results: slots. constants: by slot, None where there is none.
    """
    part = parts[0] if len(parts) == 1 else None
    if not isinstance(part, NativePart) or part.loaded is None:
        return None
    if sorted(results) != sorted(part.writes):
        return None
    number = {slot: i for i, slot in enumerate(inputs)}
    sources = tuple(
        number[slot] if slot in number else array_of(constants[slot]) for slot in part.reads
    )
    return Whole(
        part.loaded, sources, tuple(results.index(slot) for slot in part.writes), part.block,
        part.word, tuple(outputs), sum(piece.flops() for piece in part.pieces),
        tuple(part.module.symbols),
    )  # fmt: skip


def kept(key: bytes, whole: Whole) -> None:
    """Write a program to the cache, unless its constants are large."""
    constants = [source for source in whole.sources if not isinstance(source, int)]
    if sum(constant.nbytes for constant in constants) > MOST_CONSTANT:
        return
    facts = {
        "sources": [s if isinstance(s, int) else _as_text(s) for s in whole.sources],
        "results": whole.results, "offsets": whole.block.offsets.tolist(),
        "nbytes": whole.block.nbytes, "refusal": whole.refusal, "flops": whole.flops,
        "symbols": whole.symbols,
    }  # fmt: skip
    remember(key, facts, whole.loaded.image)


def found(key: bytes, host: Host, outputs: Sequence[Aval]) -> Whole | None:
    """A program from the cache; None if it is not there, or calls what is not there."""
    entry = recall(key)
    if entry is None:
        return None
    facts, image = entry
    symbols = addresses(facts["symbols"])
    if symbols is None:
        return None
    sources = [s if isinstance(s, int) else _from_text(s) for s in facts["sources"]]
    return Whole(
        loaded(host, image, symbols), tuple(sources), tuple(facts["results"]),
        Block.of(facts["offsets"], facts["nbytes"]), facts["refusal"], tuple(outputs),
        facts["flops"], tuple(facts["symbols"]),
    )  # fmt: skip


def _as_text(array: np.ndarray[Any, Any]) -> Any:
    return [array.dtype.str, array.shape, base64.b64encode(array.tobytes()).decode()]


def _from_text(text: Any) -> np.ndarray[Any, Any]:
    dtype, shape, encoded = text
    array = np.frombuffer(base64.b64decode(encoded), dtype).reshape(shape)
    return array.copy()  # aligned
