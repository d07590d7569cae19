"""wengert.compile, and what it returns."""

from __future__ import annotations

import functools
import importlib
import threading
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from wengert.compiler.arguments import Call, Parameters, array_of, tensor_of
from wengert.compiler.program import Program, Report
from wengert.compiler.recorded import Pullback, applied, operation
from wengert.compiler.tracing import trace
from wengert.core.handles import _new
from wengert.core.node import Node
from wengert.core.tensor import Tensor
from wengert.errors import CompileWarning
from wengert.graphs.graph import Graph
from wengert.graphs.names import Names
from wengert.modes import current, silently
from wengert.transform.tree import unflatten

MOST_PROGRAMS: Final = 64
"""Programs that a compiled function keeps; the one that was not used for longest goes."""

MANY_PROGRAMS: Final = 8
"""Programs after which a compiled function says that it is compiled often, once."""


def compile(
    function: Callable[..., Any], *, static: str | int | Sequence[str | int] = (),
    verify: bool = False,
) -> Compiled:  # fmt: skip
    """A function that does the same by native code: traced once, and then run without Python.

    function: any composition of operations and of wengert.func's transforms. Its arguments are
    tensors, arrays and numbers, in nested containers; like wengert.func, it takes a float as a
    float64, and returns arrays if it is given no tensor. static: names or positions of arguments
    that are a part of the program, such as sizes and flags; they must be hashable. verify: run
    eagerly beside every call, and raise CompileError at the first operation that differs.

    There is one program for each combination of shapes, dtypes and static values. Tensors that
    the function closes over are read at every call. Results never share memory with arguments.
    On tensors that require grad one node is recorded, whose pullback is compiled when it is first
    needed, and so on for its derivatives. Inside other transforms, and in inference_mode, the
    traced operations are applied one by one.

    Raises TraceError where the function's course depends on values.

    >>> import wengert as wg
    >>> f = wg.compile(lambda a, b: (a + b) * (b + 1))
    >>> f(wg.tensor([2.0]), wg.tensor([1.0]))
    tensor([6.])
    """
    return Compiled(function, static, verify)


class Compiled:
    """A compiled function: called like the function itself."""

    def __init__(
        self, function: Callable[..., Any], static: str | int | Sequence[str | int], verify: bool
    ) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._parameters = Parameters(function, static)
        self._verify = verify
        self._programs: OrderedDict[Any, Program] = OrderedDict()
        self._quick: dict[Any, Program] = {}  # the same, for calls that need not be taken apart
        self._lock = threading.RLock()
        self._made = 0
        self._last: dict[str, str] = {}

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """As a method; what it belongs to is static: @partial(wengert.compile, static="self")."""
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        program, data = self._found(args, kwargs)
        inputs = [*data, *program.hidden]
        if _is_seen(inputs):
            return _assembled(program, program.replay(list(map(tensor_of, inputs))))
        if current().grad and any(isinstance(t, Tensor) and t._node is not None for t in inputs):
            return _assembled(program, self._recorded(program, list(map(tensor_of, inputs))))
        results = silently(self._run, program, [array_of(leaf) for leaf in inputs])
        if not data or any(isinstance(leaf, Tensor) for leaf in data):
            return _assembled(program, [_new(array, None) for array in results])
        return _assembled(program, results)

    def _run(self, program: Program, arrays: Sequence[Any]) -> list[Any]:
        if self._verify:
            program.verify(arrays)
        return program.run(arrays)

    def _recorded(self, program: Program, inputs: Sequence[Tensor]) -> list[Any]:
        """The outputs as those of one operation, whose pullback is compiled when it is needed."""
        if program.recorded is None:
            program.recorded = operation(
                lambda arrays: self._run(program, arrays), [n.aval for n in program.outputs],
                Pullback(program.replay, lambda f: compile(f, verify=self._verify)),
            )  # fmt: skip
        return applied(program.recorded, inputs, program.depends)

    def __repr__(self) -> str:
        return f"<compiled {getattr(self._function, '__name__', self._function)}>"

    # Questions

    def report(self, *args: Any, **kwargs: Any) -> Report:
        """What the program for these arguments consists of; compiled if it has not been."""
        return self._program(self._parameters.call(args, kwargs)).report()

    def graph(self, *args: Any, **kwargs: Any) -> Graph:
        """The graph of that program after rewriting, to be asked and drawn like any other."""
        program = self._program(self._parameters.call(args, kwargs))
        traced = program.traced
        # By name: the graph that answers questions is defined above, and loaded on first use.
        questions = importlib.import_module("wengert.questions")
        made: Graph = questions.Graph(program.outputs, Names(traced.names), traced.inputs)
        return made

    def llvm_ir(self, *args: Any, **kwargs: Any) -> str:
        """The native code of that program, as LLVM's text before optimisation."""
        return self._program(self._parameters.call(args, kwargs)).llvm_ir()

    # Programs

    def _found(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Program, Any]:
        """The program for a call, and the data that it is run with."""
        key = None if kwargs else self._parameters.quick_key(args)
        if key is not None:
            program = self._quick.get(key)
            if program is not None and program.fits():
                return program, args
        call = self._parameters.call(args, kwargs)
        program = self._program(call)
        if key is not None:
            if len(self._quick) >= MOST_PROGRAMS:
                self._quick.clear()
            self._quick[key] = program
        return program, call.data()

    def _program(self, call: Call) -> Program:
        """The same by the call taken apart; made if there is none."""
        key = call.key()
        with self._lock:
            program = self._programs.get(key)
            if program is None or not program.fits():
                started = time.perf_counter()
                program = self._programs[key] = Program(trace(self._function, call), started)
                self._note(call)
            self._programs.move_to_end(key)
            while len(self._programs) > MOST_PROGRAMS:
                self._programs.popitem(last=False)
        return program

    def _note(self, call: Call) -> None:
        """Warn, once, where the function is compiled anew again and again; say what changes."""
        self._made += 1
        before, self._last = self._last, call.described()
        if self._made != MANY_PROGRAMS:
            return
        changes = [
            f"{name}: {before.get(name, 'none')} -> {now}"
            for name, now in self._last.items()
            if before.get(name) != now
        ]
        what = "; ".join(changes) or "the structure of the arguments, or a tensor closed over"
        warnings.warn(
            f"{self!r} has been compiled {self._made} times; the last change was {what}. "
            "Pad to a few sizes, or pass what varies as a tensor instead of a static argument.",
            CompileWarning,
            stacklevel=4,
        )


def _is_seen(inputs: Sequence[Any]) -> bool:
    """Whether a transform or a mode has to see the operations one by one."""
    state = current()
    if state.levels or state.inference:
        return True
    return any(isinstance(t, Tensor) and t._level for t in inputs)


def _assembled(program: Program, outputs: Sequence[Any]) -> Any:
    """The function's result: the outputs where they belong, and the rest as it was returned."""
    traced, computed = program.traced, iter(outputs)
    leaves = [next(computed) if isinstance(r, Node) else _fresh(r) for r in traced.results]
    return unflatten(leaves, traced.spec)


def _fresh(value: Any) -> Any:
    """What the function returned besides tensors; an array is not shared between calls."""
    return value.copy() if isinstance(value, np.ndarray) else value
