"""Programs: what a function has become for one specialisation, and how it runs."""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wengert.compiler.backend.build import assembly, program
from wengert.compiler.backend.cache import compile_cache
from wengert.compiler.backend.key import graph_key
from wengert.compiler.backend.llvm import host
from wengert.compiler.backend.locks import RenewedLock
from wengert.compiler.backend.stored import program_key
from wengert.compiler.clock import Clock
from wengert.compiler.course import Course
from wengert.compiler.dependence import dependence
from wengert.compiler.native import backend as native
from wengert.compiler.parts import NativePart, Part, Refusal
from wengert.compiler.replay import replayed
from wengert.compiler.report import Report, report_of
from wengert.compiler.tracing import Traced
from wengert.compiler.whole import Whole, found, kept
from wengert.core.handles import _new
from wengert.core.node import Node
from wengert.core.tensor import Tensor
from wengert.modes import large_graph

if TYPE_CHECKING:
    from wengert.compiler.recorded import Recording


class Program:
    """A traced function, compiled.

    started: when its trace began. threads: how many may run it at most; None for as many as the
    process has processors. It is made when it is first run or asked: some are only replayed inside
    of others, or recorded in two parts. It is on disk where a process before has made it.
    """

    def __init__(self, traced: Traced, started: float, threads: int | None = None) -> None:
        self.traced = traced
        self.threads = threads
        self._clock = Clock(started)
        self._clock.stage("trace")
        self.leaves = [*traced.inputs, *(leaf for _, leaf in traced.hidden)]
        self.hidden = [tensor for tensor, _ in traced.hidden]
        self.recordings: dict[int, Recording] = {}
        self._making = RenewedLock()
        self._is_made = False
        self._whole: Whole | None = None
        self._course: Course | None = None

    @property
    def stages(self) -> dict[str, float]:
        """How many seconds each stage of making it took, as far as it is made."""
        return self._clock.seconds

    @property
    def whole(self) -> Whole | None:
        """The program as native code and nothing else; None if it is more than that."""
        if not self._is_made:
            with self._making:
                if not self._is_made:
                    with large_graph():  # the collector would take as long as all the rest
                        self._whole = self._found()
                    self._is_made = True
        return self._whole

    def _found(self) -> Whole | None:
        """The program from the cache on disk; else it is made, and written there."""
        self._clock.goes_on()
        outputs = self.traced.outputs()
        backend, key = host(), None
        if backend is not None and native() is not None and compile_cache.path is not None:
            graph = graph_key(outputs, self.leaves)
            key = program_key(backend, graph, self.threads) if graph is not None else None
        if backend is not None and key is not None:
            whole = found(key, backend, [node.aval for node in outputs])
            if whole is not None:
                self._clock.stage("cache")
                return whole
        self._course = Course(outputs, self.leaves, self.threads, self._clock)
        whole = self._course.whole()
        if whole is not None and key is not None:
            kept(key, whole)
        return whole

    @property
    def course(self) -> Course:
        """How it is computed; for a program from disk, worked out when it is asked."""
        with self._making:
            if self.whole is None or self._course is not None:
                assert self._course is not None
                return self._course
            outputs, clock = self.traced.outputs(), Clock(time.perf_counter())
            with large_graph():
                self._course = Course(outputs, self.leaves, self.threads, clock)
            return self._course

    @property
    def outputs(self) -> list[Node]:
        """The nodes of the results, after rewriting."""
        return self.course.outputs

    @property
    def parts(self) -> list[Part]:
        """What it is assembled of."""
        return self.course.parts

    @functools.cached_property
    def depends(self) -> list[int]:
        """Per output a bit for each input that it can have a derivative by."""
        return dependence(self.traced.outputs(), self.leaves)

    def fits(self) -> bool:
        """Whether the tensors that the function closes over still have their shapes and dtypes."""
        return all(tensor._aval == leaf.aval for tensor, leaf in self.traced.hidden)

    # Running

    def run(self, arrays: Sequence[Any], outs: Sequence[Any] = ()) -> list[Any]:
        """The arrays of the outputs; none shares memory with an input or with another one.

        arrays: of all inputs, hidden ones too. outs: per output, contiguous memory for it, or None;
        what is returned for it is that array where it was written into. To be called where
        floating-point errors are silent.
        """
        whole = self.whole
        try:
            return (self.course if whole is None else whole).run(arrays, outs)
        except Refusal:
            return [t._data for t in self.replay([_new(a, None) for a in arrays])]

    def replay(self, tensors: Sequence[Tensor]) -> list[Any]:
        """The outputs by the traced operations, one by one.

        tensors: all inputs, hidden ones too.
        """
        return replayed(self.traced.outputs(), dict(zip(self.leaves, tensors, strict=True)))

    # Questions

    def every(self, arrays: Sequence[Any]) -> dict[Node, Any]:
        """The values of all operations, by a program that leaves them all behind."""
        return self.course.every(arrays)

    def report(self) -> Report:
        """What the program consists of."""
        return report_of(self)

    def llvm_ir(self) -> str:
        """The text of all native parts, one after the other."""
        return "\n".join(part.ir for part in self.parts if isinstance(part, NativePart))

    def assembly(self) -> str:
        """Their machine code, as text."""
        found = host()
        if found is None:
            return ""
        modules = [part.module for part in self.parts if isinstance(part, NativePart)]
        return "\n".join(assembly(found, program(module, self.threads)) for module in modules)
