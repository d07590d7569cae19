"""Calls that go straight to native code: which programs can have that, and for which arguments."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np

from wengert.compiler.arguments import Call, Parameters, Static
from wengert.compiler.backend.calling import Entry
from wengert.compiler.backend.layout import layout
from wengert.compiler.backend.llvm import host
from wengert.compiler.backend.signature import (
    NUMBERS,
    Computed,
    Container,
    Given,
    Same,
    Signature,
    Tree,
    is_possible,
)
from wengert.compiler.program import Program
from wengert.compiler.whole import LONG, Whole
from wengert.core.node import Node
from wengert.core.tensor import Tensor
from wengert.core.view import View
from wengert.modes import current
from wengert.transform.tree import Spec

CALLS_BEFORE: Final = 2
"""Calls of a program by Python, after which it gets an entry. That takes some milliseconds."""

MOST_ENTRIES: Final = 16
"""Entries of one compiled function. Each that a call does not fit takes 10 ns."""


class Entries:
    """The chain of entries of one compiled function, the newest first.

    slow: what takes all calls that no entry takes.
    """

    def __init__(self, slow: Callable[..., Any]) -> None:
        self._slow = slow
        self._lock = threading.Lock()
        self._calls: dict[Program, int] = {}
        self._chain: list[tuple[Program, Entry]] = []

    def wants(self, program: Program) -> bool:
        """Whether it is time for a program to get an entry."""
        calls = self._calls.get(program, 0) + 1
        if len(self._calls) > 8 * MOST_ENTRIES:
            self._calls.clear()
        self._calls[program] = calls
        return calls == CALLS_BEFORE

    def added(self, program: Program, entry: Entry) -> Callable[..., Any]:
        """What to call from now on: this entry, then the others, then the slow way."""
        with self._lock:
            others = [pair for pair in self._chain if pair[0].fits() and pair[0] is not program]
            self._chain = [(program, entry), *others[: MOST_ENTRIES - 1]]
            function = self._slow
            for _, chained in reversed(self._chain):
                function = chained.function(function)
            return function


class Direct:
    """A program as a function of arrays, straight to native code from some call on.

    slow: what runs it before, and where an array is another one than usual: from all arrays.
    direct: whether it may.
    """

    def __init__(
        self, program: Program, slow: Callable[[Sequence[Any]], list[Any]], direct: bool
    ) -> None:
        self._program = program
        self._slow = slow
        self._calls = 0 if direct else CALLS_BEFORE
        self.call: Callable[..., list[Any]] = self._counted

    def _counted(self, *arrays: Any) -> list[Any]:
        self._calls += 1
        if self._calls == CALLS_BEFORE:
            call = Parameters(_anything, ()).call(arrays, {})
            entry = entry_of(self._program, call, tensors=False, records=False)
            if entry is not None:
                self.call = entry.function(self._slowly)
        return self._slowly(*arrays)

    def _slowly(self, *arrays: Any) -> list[Any]:
        return self._slow([*arrays, *(tensor._data for tensor in self._program.hidden)])


def _anything(*arrays: Any) -> None:
    """A function of any number of arguments."""


def entry_of(program: Program, call: Call, tensors: bool, records: bool) -> Entry | None:
    """The entry of a program for calls like this one; None where calls have to be Python's.

    tensors: whether the results are tensors. records: whether calls with history are recorded.
    """
    whole, backend = program.whole, host()
    if whole is None or backend is None or layout() is None:
        return None
    try:
        signature, same = _Writer().signature(program, call, whole, tensors, records)
    except _OnlyByPython:
        return None
    if not is_possible(signature):
        return None
    return Entry(backend, signature, whole.loaded, same, program.hidden)


class _OnlyByPython(Exception):
    """An argument or a result that an entry does not take apart."""


class _Writer:
    """The signature of a call, and the objects in it that are to be the same."""

    def __init__(self) -> None:
        self._same: list[Any] = []

    def signature(
        self, program: Program, call: Call, whole: Whole, tensors: bool, records: bool
    ) -> tuple[Signature, list[Any]]:
        leaves = iter(call.leaves)
        positional, named = call.spec.children
        if named.children:
            raise _OnlyByPython
        arguments = tuple(self._argument(spec, leaves) for spec in positional.children)
        hidden = tuple(map(self._tensor, program.hidden))
        numbers = (Computed(i) for i in range(len(whole.outputs)))
        results = iter(
            [next(numbers) if isinstance(r, Node) else r for r in program.traced.results]
        )
        result = self._result(program.traced.spec, results)
        table = whole.table(self._same)
        grad = current().grad
        signature = Signature(
            arguments, len(self._same), hidden, whole.outputs, result, tensors, grad,
            grad and records, table, whole.block.nbytes, whole.refusal, whole.flops > LONG,
        )  # fmt: skip
        return signature, self._same

    def _held(self, thing: Any) -> Same:
        self._same.append(thing)
        return Same(len(self._same) - 1)

    def _argument(self, spec: Spec, leaves: Iterator[Any]) -> Tree:
        if spec.kind is None:
            return self._leaf(next(leaves))
        return self._container(spec, [self._argument(child, leaves) for child in spec.children])

    def _container(self, spec: Spec, items: Sequence[Tree]) -> Container:
        if spec.kind is dict:
            keys = tuple(self._held(key).which for key in spec.keys)
            return Container("dict", tuple(items), keys)
        if spec.kind is tuple:
            return Container("tuple", tuple(items))
        if spec.kind is list:
            return Container("list", tuple(items))
        raise _OnlyByPython

    def _leaf(self, leaf: Any) -> Tree:
        kind = type(leaf)
        if kind is Static:
            return self._held(leaf.value)
        if isinstance(leaf, Tensor):
            return self._tensor(leaf)
        if kind is np.ndarray or isinstance(leaf, np.generic):
            return Given("array", leaf.shape, leaf.dtype)
        if kind in NUMBERS:
            name, dtype = NUMBERS[kind]
            return Given(name, (), dtype)
        raise _OnlyByPython

    def _tensor(self, tensor: Tensor) -> Given:
        """A tensor or a view: those of other kinds belong to a transform."""
        if type(tensor) not in (Tensor, View):
            raise _OnlyByPython
        return Given("tensor", tensor._data.shape, tensor._data.dtype)

    def _result(self, spec: Spec, leaves: Iterator[Any]) -> Tree:
        if spec.kind is not None:
            return self._container(spec, [self._result(child, leaves) for child in spec.children])
        leaf = next(leaves)
        if isinstance(leaf, Computed):
            return leaf
        if isinstance(leaf, np.ndarray):  # each call returns a copy
            raise _OnlyByPython
        return self._held(leaf)
