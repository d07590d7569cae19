"""The programs of one compiled function: made when they are needed, found again, let go."""

from __future__ import annotations

import time
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from wengert.compiler.arguments import Call, Parameters
from wengert.compiler.backend.locks import RenewedLock
from wengert.compiler.program import Program
from wengert.compiler.tracing import trace
from wengert.errors import CompileWarning
from wengert.modes import large_graph

MOST_PROGRAMS: Final = 64
"""Programs that a compiled function keeps; the one that was not used for longest goes."""

MANY_PROGRAMS: Final = 8
"""Programs after which a compiled function says that it is compiled often, once."""

MOST_SHOWN: Final = 4
"""Values of an argument that the warning shows."""


class Programs:
    """One program for each combination of shapes, dtypes and static values.

    name: of the function, for warnings.
    """

    def __init__(
        self, function: Callable[..., Any], parameters: Parameters, threads: int | None, name: str
    ) -> None:
        self._function = function
        self._parameters = parameters
        self._threads = threads
        self._name = name
        self._programs: OrderedDict[Any, Program] = OrderedDict()
        self._quick: dict[Any, Program] = {}  # the same, for calls that need not be taken apart
        self._lock = RenewedLock()
        self._seen: list[dict[str, str]] = []
        self._made = 0

    def found(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Program, Any]:
        """The program for a call, and the data that it is run with."""
        key = None if kwargs else self._parameters.quick_key(args)
        if key is not None:
            program = self._quick.get(key)
            if program is not None and program.fits():
                return program, args
        call = self._parameters.call(args, kwargs)
        program = self.of(call)
        if key is not None:
            if len(self._quick) >= MOST_PROGRAMS:
                self._quick.clear()
            self._quick[key] = program
        return program, call.data()

    def of(self, call: Call) -> Program:
        """The same by the call taken apart; made if there is none."""
        key = call.key()
        with self._lock:
            program = self._programs.get(key)
            if program is None or not program.fits():
                program = self._programs[key] = self._new(call)
            self._programs.move_to_end(key)
            while len(self._programs) > MOST_PROGRAMS:
                self._programs.popitem(last=False)
        return program

    def _new(self, call: Call) -> Program:
        started = time.perf_counter()
        with large_graph():  # 1.5 s of a chain of 10,000 operations were 0.6 s of the collector's
            program = Program(trace(self._function, call, self._name), started, self._threads)
        closed_over = {
            f"tensor {i} that it closes over": str(leaf.aval)
            for i, (_, leaf) in enumerate(program.traced.hidden)
        }
        self._note(call.described() | closed_over)
        return program

    def _note(self, described: dict[str, str]) -> None:
        """Warn, once, where the function is compiled anew again and again; say what changes."""
        self._made += 1
        if self._made > MANY_PROGRAMS:
            return
        self._seen.append(described)
        if self._made == MANY_PROGRAMS:
            what = "; ".join(_changes(self._seen)) or "the structure of its arguments"
            warnings.warn(
                f"{self._name} has been compiled {self._made} times, as this changes from call to "
                f"call: {what}. Pad to a few sizes, or pass what varies as a tensor instead of a "
                "static argument or a number of another type.",
                CompileWarning,
                stacklevel=6,
            )
            self._seen.clear()


def _changes(seen: Sequence[dict[str, str]]) -> list[str]:
    """Per argument that was not always the same, what it has been, the latest last."""
    names = dict.fromkeys(name for described in seen for name in described)
    changes = []
    for name in names:
        values = [described.get(name, "not given") for described in seen]
        distinct = list(dict.fromkeys(values))
        if len(distinct) > 1:
            shown = ", ".join(distinct[-MOST_SHOWN:])
            changes.append(f"{name} ({'..., ' if len(distinct) > MOST_SHOWN else ''}{shown})")
    return changes
