"""Modes: whether operations are recorded, and the context that silences floating-point errors.

A State is immutable and lives in a context variable, so modes are local to threads and to
asynchronous tasks. `plain` is the one flag that the operators' fast way tests.
"""

from __future__ import annotations

import contextvars
import functools
import gc
import inspect
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import numpy as np

from wengert.errors import ArgumentValueError

F = TypeVar("F", bound=Callable[..., Any])


class State:
    """The modes in force. `run(f, *args)` calls f with NumPy's floating-point errors ignored.

    levels: the active forward and batch levels, outermost first. saved: the hooks that residuals
    are packed with, innermost last. scope: the name that nodes are filed under, "a/b". started:
    the number of the first node of the outermost transform whose function is running, 0 outside.
    arrays: whether that function was given NumPy's arrays, and so expects NumPy's semantics.
    """

    __slots__ = (
        "_below", "anomaly", "arrays", "grad", "inference", "levels", "plain", "run", "saved",
        "scope", "sites", "started",
    )  # fmt: skip

    def __init__(
        self, run: Any, grad: bool = True, inference: bool = False, sites: bool = True,
        scope: str = "", levels: tuple[Any, ...] = (), saved: tuple[Any, ...] = (),
        anomaly: Any = None, started: int = 0, arrays: bool = False,
    ) -> None:  # fmt: skip
        self.run = run
        self.grad = grad
        self.inference = inference
        self.sites = sites
        self.scope = scope
        self.levels = levels
        self.saved = saved
        self.anomaly = anomaly
        self.started = started
        self.arrays = arrays
        self.plain = grad and sites and not (inference or scope or levels or saved)
        self._below: dict[int, State] = {}

    def but(self, **changes: Any) -> State:
        """The same state with some modes changed."""
        modes = {name: getattr(self, name) for name in _MODES}
        return State(**(modes | changes))

    def below(self, index: int) -> State:
        """The same with the level at `index`, and all that are inside it, hidden."""
        state = self._below.get(index)
        if state is None:
            state = self._below[index] = self.but(levels=self.levels[:index])
        return state


_MODES: Final = (
    "run", "grad", "inference", "sites", "scope", "levels", "saved", "anomaly", "started", "arrays",
)  # fmt: skip

STATE: Final[contextvars.ContextVar[State | None]] = contextvars.ContextVar(
    "wengert_state", default=None
)
get_state = STATE.get


def silent_context() -> contextvars.Context:
    """A context in which NumPy ignores floating-point errors.

    np.errstate costs 0.8 us at every use; entering a prepared context costs 15 ns. Neither the
    user's np.seterr nor any warning filter is touched.
    """
    context = contextvars.Context()
    context.run(np.seterr, all="ignore")
    return context


def current() -> State:
    """The state of this thread or task; a fresh one is made where there is none."""
    state = STATE.get()
    if state is None:
        state = State(silent_context().run)
        STATE.set(state)
    return state


def keep_changes(context: contextvars.Context) -> None:
    """Set the user's own context variables as users' code has set them in a copy."""
    for variable, value in context.items():
        if variable is not STATE and variable.get(None) is not value:
            variable.set(value)


class entered:
    """A state, for the body of a with statement."""

    __slots__ = ("_before", "_state")

    def __init__(self, state: State) -> None:
        self._state = state

    def __enter__(self) -> None:
        self._before = current()
        STATE.set(self._state)

    def __exit__(self, *exc: object) -> None:
        STATE.set(self._before)


@contextmanager
def using(**changes: Any) -> Generator[State, None, None]:
    """Change modes, by name, for the body of a with statement."""
    before = current()
    state = before.but(**changes)
    STATE.set(state)
    try:
        yield state
    finally:
        STATE.set(before)


def silently(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """function(*args) with floating-point errors ignored, wherever the caller stands."""
    try:
        return current().run(function, *args, **kwargs)
    except RuntimeError as error:
        if "cannot enter context" not in str(error):
            raise
    # Another thread that shares this state, or an outer call, is in the context just now.
    with np.errstate(all="ignore"):
        return function(*args, **kwargs)


class Mode:
    """A mode: a context manager, and a decorator of functions, generators and coroutines."""

    def __init__(self) -> None:
        self._before: list[State] = []

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """`@no_grad` without parentheses decorates, too."""
        if len(args) == 1 and not kwargs and callable(args[0]):
            return cls()(args[0])
        return super().__new__(cls)

    def _changed(self, state: State) -> State:
        raise AssertionError("each mode says what it changes")

    def _again(self) -> Mode:
        """A fresh mode of the same effect, for one call of a decorated function."""
        return type(self)()

    def __enter__(self) -> None:
        before = current()
        self._before.append(before)
        STATE.set(self._changed(before))

    def __exit__(self, *exc: object) -> None:
        STATE.set(self._before.pop())

    def __call__(self, function: F) -> F:
        result: Any
        if inspect.iscoroutinefunction(function):
            result = self._coroutine(function)
        elif inspect.isgeneratorfunction(function):
            result = self._generator(function)
        else:
            result = self._function(function)
        return result  # type: ignore[no-any-return]  # the decorated function has F's type

    def _function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self._again():
                return function(*args, **kwargs)

        return wrapped

    def _coroutine(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self._again():
                return await function(*args, **kwargs)

        return wrapped

    def _generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The mode holds while the generator runs, not while its consumer does."""

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            steps = function(*args, **kwargs)
            resume: Callable[[], Any] = functools.partial(next, steps)
            while True:
                try:
                    with self._again():
                        value = resume()
                except StopIteration as stop:
                    return stop.value
                try:
                    resume = functools.partial(steps.send, (yield value))
                except GeneratorExit:
                    steps.close()
                    raise
                except BaseException as error:
                    resume = functools.partial(steps.throw, error)

        return wrapped


class no_grad(Mode):
    """Operations inside record nothing; results do not require grad.

    >>> import wengert as wg
    >>> x = wg.tensor(2.0, requires_grad=True)
    >>> with wg.no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False
    """

    def _changed(self, state: State) -> State:
        return state.but(grad=False)


class enable_grad(Mode):
    """Operations inside are recorded, even within no_grad. No effect inside inference_mode."""

    def _changed(self, state: State) -> State:
        return state.but(grad=not state.inference)


class set_grad_enabled(Mode):
    """Turn recording on or off: as a function at once, as a context manager until its end."""

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.mode = bool(mode)
        self._outer = current()
        STATE.set(self._changed(self._outer))

    def _changed(self, state: State) -> State:
        return state.but(grad=self.mode and not state.inference)

    def _again(self) -> Mode:
        return enable_grad() if self.mode else no_grad()

    def __enter__(self) -> None:
        self._before.append(self._outer)

    def __call__(self, function: F) -> F:
        # As a decorator it must not change the mode of the code that defines the function.
        STATE.set(self._outer)
        return super().__call__(function)


class inference_mode(Mode):
    """Like no_grad, and the results can never be used in a recorded computation."""

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self.mode = bool(mode)

    def _changed(self, state: State) -> State:
        return state.but(grad=not self.mode, inference=self.mode)

    def _again(self) -> Mode:
        mode: Mode = inference_mode(self.mode)
        return mode


def is_grad_enabled() -> bool:
    """Whether operations on tensors that require grad are recorded here and now."""
    return current().grad


def is_inference_mode_enabled() -> bool:
    """Whether inference_mode is on here and now."""
    return current().inference


class provenance(Mode):
    """Whether nodes note the user's line: `wengert.provenance(False)`, at once or as a context."""

    def __init__(self, on: bool = True) -> None:
        super().__init__()
        self.on = on
        self._outer = current()
        STATE.set(self._changed(self._outer))

    def _changed(self, state: State) -> State:
        return state.but(sites=self.on)

    def __enter__(self) -> None:
        self._before.append(self._outer)


class scope(Mode):
    """Operations inside are filed under a name; scopes nest, as in "encoder/attention".

    Raises ArgumentValueError for an empty name or one with a slash at an end.

    >>> import wengert as wg
    >>> x = wg.tensor(2.0, requires_grad=True)
    >>> with wg.scope("encoder"):
    ...     y = x * x
    >>> y.grad_fn.scope
    'encoder'
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        if not all(str(name).split("/")):
            raise ArgumentValueError(f"scope: {name!r} is no name", 'Like "encoder".')
        self.name = name

    def _changed(self, state: State) -> State:
        return state.but(scope=f"{state.scope}/{self.name}" if state.scope else self.name)

    def _again(self) -> Mode:
        mode: Mode = scope(self.name)
        return mode


class large_graph:
    """Pause the cyclic garbage collector while a large graph is built and differentiated.

    Every few hundred new objects the collector looks for cycles, and now and then it walks all
    that live: with a graph that grows, that is quadratic. A graph has no cycles; reference
    counting frees it. The collector's thresholds are put back at the end of the outermost scope.

    >>> import wengert as wg
    >>> x = wg.tensor(1.0, requires_grad=True)
    >>> with wg.large_graph():
    ...     h = x
    ...     for _ in range(1000):
    ...         h = h * x
    ...     h.backward()
    """

    _lock = threading.Lock()
    _depth = 0
    _thresholds = (0, 0, 0)

    def __enter__(self) -> None:
        with self._lock:
            if large_graph._depth == 0:
                large_graph._thresholds = gc.get_threshold()
                gc.set_threshold(0)
            large_graph._depth += 1

    def __exit__(self, *exc: object) -> None:
        with self._lock:
            large_graph._depth -= 1
            if large_graph._depth == 0:
                gc.set_threshold(*large_graph._thresholds)
