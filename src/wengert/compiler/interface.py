"""wengert.compile, and what it returns."""

from __future__ import annotations

import functools
import importlib
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, overload

import numpy as np

from wengert.compiler.arguments import Parameters, array_of, tensor_of
from wengert.compiler.donated import Donated
from wengert.compiler.entering import Entries, entry_of
from wengert.compiler.program import Program
from wengert.compiler.programs import Programs
from wengert.compiler.recorded import Pullback, Recording
from wengert.compiler.report import Report
from wengert.compiler.tracing import Traced
from wengert.compiler.verify import verify as verified
from wengert.core.handles import _new
from wengert.core.node import Node
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, GradientError
from wengert.graphs.graph import Graph
from wengert.graphs.names import Names
from wengert.modes import current, silently
from wengert.transform.tree import unflatten


class Options(NamedTuple):
    """How a compiled function runs, whatever it is; `compile` explains them."""

    verify: bool = False
    threads: int | None = None
    arrays: bool = False


@overload
def compile(
    function: Callable[..., Any], *, static: str | int | Sequence[str | int] = (),
    verify: bool = False, threads: int | None = None, arrays: bool = False,
) -> Compiled: ...  # fmt: skip


@overload
def compile(
    function: None = None, *, static: str | int | Sequence[str | int] = (),
    verify: bool = False, threads: int | None = None, arrays: bool = False,
) -> Callable[[Callable[..., Any]], Compiled]: ...  # fmt: skip


def compile(
    function: Callable[..., Any] | None = None, *, static: str | int | Sequence[str | int] = (),
    verify: bool = False, threads: int | None = None, arrays: bool = False,
) -> Compiled | Callable[[Callable[..., Any]], Compiled]:  # fmt: skip
    """A function that does the same by native code: traced once, and then run without Python.

    function: any composition of operations and of wengert.func's transforms. Its arguments are
    tensors, arrays and numbers, in nested containers; like wengert.func, it takes a float as a
    float64, and returns arrays if it is given no tensor. static: names or positions of arguments
    that are a part of the program, such as sizes and flags; they must be hashable. verify: run
    eagerly beside every call, and raise CompileError at the first operation that differs. threads:
    how many may work on one call at most; as many as the process has processors if not given.
    arrays: return arrays also where tensors are given; these have no history.

    There is one program for each combination of shapes, dtypes and static values. Tensors that
    the function closes over are read at every call. Results never share memory with arguments;
    what is given as `out=`, in the structure of the result, is written into and returned.
    On tensors that require grad one node is recorded, whose pullback is compiled, too, and so on
    for its derivatives. Inside other transforms, and in inference_mode, the
    traced operations are applied one by one.

    Without a function it is a decorator: @wengert.compile(static="n"). Raises TraceError where the
    function's course depends on values. Warns of what the function does besides, as it happens
    once: printing, and keeping tensors elsewhere.

    >>> import wengert as wg
    >>> f = wg.compile(lambda a, b: (a + b) * (b + 1))
    >>> f(wg.tensor([2.0]), wg.tensor([1.0]))
    tensor([6.])
    """
    if function is None:
        return functools.partial(
            compile, static=static, verify=verify, threads=threads, arrays=arrays
        )
    if not callable(function):
        raise ArgumentError(
            f"compile: a {type(function).__name__} is no function",
            "wengert.compile(f) compiles a function of tensors, graph.compile() a recorded graph.",
        )
    return Compiled(function, Parameters(function, static), options(verify, threads, arrays))


def options(verify: bool, threads: int | None, arrays: bool) -> Options:
    """The options, checked. Raises ArgumentError for what is no number of threads."""
    if threads is not None and (type(threads) is not int or threads < 1):
        raise ArgumentError(
            f"compile: threads={threads!r} is no number of threads",
            "Give 1 or more, or None for as many as the process has processors.",
        )
    return Options(verify, threads, arrays)


class Compiled:
    """A compiled function: called like the function itself."""

    # A slot, which is called without a Python function in between: that would take 90 ns, as long
    # as the founding computation with its derivatives. It begins as _called, and later becomes an
    # entry in native code that leaves to _called what it does not take.
    __slots__ = ("__call__", "__dict__", "__weakref__")

    __call__: Callable[..., Any]

    def __init__(
        self, function: Callable[..., Any], parameters: Parameters, options: Options
    ) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._parameters = parameters
        self._options = options
        self._donates = not parameters.has("out")
        self._programs = Programs(function, parameters, options.threads, repr(self))
        self._entries = Entries(self._called)
        self.__call__ = self._called

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """As a method; what it belongs to is static: @wengert.compile(static="self")."""
        return self if instance is None else functools.partial(self, instance)

    def _called(self, /, *args: Any, **kwargs: Any) -> Any:
        out = kwargs.pop("out", None) if kwargs and self._donates else None
        program, data = self._programs.found(args, kwargs)
        inputs = [*data, *program.hidden]
        if out is not None:
            return self._into(program, data, inputs, out)
        if _is_seen(inputs):
            return _assembled(program, program.replay(list(map(tensor_of, inputs))))
        if not self._options.arrays and _is_recorded(inputs):
            return _assembled(program, self._recorded(program, list(map(tensor_of, inputs))))
        if not (kwargs or self._options.verify) and self._entries.wants(program):
            self._enter(program, args)
        results = silently(self._run, program, [array_of(leaf) for leaf in inputs])
        if self._gives_tensors(data):
            results = [_new(array, None) for array in results]
        return _assembled(program, results)

    def _enter(self, program: Program, args: Sequence[Any]) -> None:
        """Let calls like this one go straight to native code from now on, if that is possible."""
        call = self._parameters.call(args, {})
        tensors, records = self._gives_tensors(call.data()), not self._options.arrays
        entry = entry_of(program, call, tensors, records)
        if entry is not None:
            self.__call__ = self._entries.added(program, entry)

    def _gives_tensors(self, data: Sequence[Any]) -> bool:
        """Whether results are tensors; where only arrays and numbers were given, they are not."""
        if self._options.arrays:
            return False
        return not data or any(isinstance(leaf, Tensor) for leaf in data)

    def _run(self, program: Program, arrays: Sequence[Any], outs: Sequence[Any] = ()) -> list[Any]:
        results = program.run(arrays, outs)
        if self._options.verify:
            verified(program, arrays, results)
        return results

    def _into(self, program: Program, data: Sequence[Any], inputs: Sequence[Any], out: Any) -> Any:
        """The result in memory that was given for it, or for a part of it."""
        if current().levels or any(isinstance(t, Tensor) and t._level for t in inputs):
            raise GradientError(
                f"{self!r}: out= is not possible with tensors of a transform", "Use the result."
            )
        has_history = [isinstance(t, Tensor) and t.requires_grad for t in inputs]
        mask = sum(has << i for i, has in enumerate(has_history))
        if current().grad and any(bits & mask for bits in program.depends):
            raise GradientError(
                f"{self!r}: out= does not support automatic differentiation, but one of the "
                "arguments, or of the tensors that it closes over, requires grad",
                "Use the result, or call it under wengert.no_grad().",
            )
        donated = Donated(program, out)
        arrays = [array_of(leaf) for leaf in inputs]
        results = silently(self._run, program, arrays, donated.apart(arrays))
        if self._gives_tensors(data):
            return _assembled(program, donated.filled(results, lambda array: _new(array, None)))
        return _assembled(program, donated.filled(results, lambda array: array))

    def _recorded(self, program: Program, inputs: Sequence[Tensor]) -> list[Any]:
        """The outputs as those of one operation, whose pullback is compiled when it is needed."""
        mask = sum((t._node is not None) << i for i, t in enumerate(inputs))
        recording = program.recordings.get(mask)
        if recording is None:
            pullback = Pullback(program.replay, self._derived)
            recording = Recording(
                program, mask, pullback, self._built, self._run, not self._options.verify
            )
            recording = program.recordings.setdefault(mask, recording)
        return recording(inputs)

    def _built(self, traced: Traced) -> Program:
        return Program(traced, time.perf_counter(), self._options.threads)

    def _derived(self, function: Callable[..., Any]) -> Compiled:
        """A function that is compiled for this one's derivatives."""
        return Compiled(function, Parameters(function, ()), self._options._replace(arrays=False))

    def __copy__(self) -> Compiled:
        return self

    def __deepcopy__(self, memo: Any) -> Compiled:
        return self  # as of a function

    def __repr__(self) -> str:
        return f"<compiled {getattr(self._function, '__name__', self._function)}>"

    # Questions

    def _asked(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Program:
        """The program for arguments, of which shapes and dtypes are enough."""
        return self._programs.of(self._parameters.examples(args, kwargs))

    def report(self, *args: Any, **kwargs: Any) -> Report:
        """What the program for these arguments consists of; compiled if it has not been.

        Here as in the other questions, an argument may be a wengert.Aval in place of its data.
        """
        return self._asked(args, kwargs).report()

    def graph(self, *args: Any, **kwargs: Any) -> Graph:
        """The graph of that program after rewriting, to be asked and drawn like any other."""
        program = self._asked(args, kwargs)
        traced = program.traced
        # By name: the graph that answers questions is defined above, and loaded on first use.
        questions = importlib.import_module("wengert.questions")
        made: Graph = questions.Graph(program.outputs, Names(traced.names), traced.inputs)
        return made

    def llvm_ir(self, *args: Any, **kwargs: Any) -> str:
        """The native code of that program, as LLVM's text before optimisation."""
        return self._asked(args, kwargs).llvm_ir()

    def assembly(self, *args: Any, **kwargs: Any) -> str:
        """The machine code of that program, as text."""
        return self._asked(args, kwargs).assembly()


def _is_seen(inputs: Sequence[Any]) -> bool:
    """Whether a transform or a mode has to see the operations one by one."""
    state = current()
    if state.levels or state.inference:
        return True
    return any(isinstance(t, Tensor) and t._level for t in inputs)


def _is_recorded(inputs: Sequence[Any]) -> bool:
    return current().grad and any(isinstance(t, Tensor) and t._node is not None for t in inputs)


def _assembled(program: Program, outputs: Sequence[Any]) -> Any:
    """The function's result: the outputs where they belong, and the rest as it was returned."""
    traced, computed = program.traced, iter(outputs)
    leaves = [next(computed) if isinstance(r, Node) else _fresh(r) for r in traced.results]
    return unflatten(leaves, traced.spec)


def _fresh(value: Any) -> Any:
    """What the function returned besides tensors; an array is not shared between calls."""
    return value.copy() if isinstance(value, np.ndarray) else value
