"""Modes as users enter them: with a with statement, as a decorator, some as a function."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from wengert.errors import ArgumentError, ArgumentValueError
from wengert.modes.decorate import decorated
from wengert.modes.state import STATE, State, current

F = TypeVar("F", bound=Callable[..., Any])


def switch(name: str, value: Any) -> bool:
    """An argument that says on or off. Raises ArgumentError for others."""
    if not isinstance(value, bool):
        raise ArgumentError(f"{name} takes True or False, not {value!r}")
    return value


class Mode:
    """A mode: a context manager, and a decorator of functions, generators and coroutines.

    At its end it puts back what it changed, `_fields`, and nothing else: what was turned on inside
    for good, by a call like `set_detect_anomaly(True)`, stays.
    """

    _fields: tuple[str, ...] = ("grad",)

    def __init__(self) -> None:
        self._entered: list[tuple[State, State]] = []

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """`@no_grad` without parentheses decorates, too."""
        if len(args) == 1 and not kwargs:
            if callable(args[0]):
                return cls()(args[0])
            if cls.__init__ is Mode.__init__:
                raise ArgumentError(
                    f"{cls.__name__} takes no arguments, and decorates functions only",
                    f"with {cls.__name__}(): ...",
                )
        return super().__new__(cls)

    def _changed(self, state: State) -> State:
        raise AssertionError("each mode says what it changes")

    def _again(self) -> Mode:
        """A fresh mode of the same effect, for one call of a decorated function."""
        return type(self)()

    def __enter__(self) -> None:
        self._enter(current())

    def _enter(self, before: State) -> None:
        """From now on; at the end, as in `before`."""
        inside = self._changed(current())
        self._entered.append((before, inside))
        STATE.set(inside)

    def __exit__(self, *exc: object) -> None:
        STATE.set(self._put_back(*self._entered.pop()))

    def _put_back(self, before: State, inside: State) -> State:
        """The state here and now, with what this mode changed as it was before."""
        now = current()
        if now is inside:
            return before
        return now.but(**{name: before.mode(name) for name in self._fields})

    def __call__(self, function: F) -> F:
        """The function, in this mode whenever it is called."""
        result: F = decorated(self._again, function)
        return result


class ModeAtOnce(Mode):
    """A mode that begins when it is made; as a context manager it ends with the block.

    As a decorator it leaves the mode of the code that defines the function alone.
    """

    def __init__(self) -> None:
        super().__init__()
        self._outer = current()
        self._inside = self._changed(self._outer)
        STATE.set(self._inside)

    def __enter__(self) -> None:
        self._enter(self._put_back(self._outer, self._inside))

    def __call__(self, function: F) -> F:
        STATE.set(self._put_back(self._outer, self._inside))
        return super().__call__(function)


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
        return state.but(grad=True)


class set_grad_enabled(ModeAtOnce):
    """Turn recording on or off: as a function at once, as a context manager until its end."""

    def __init__(self, mode: bool) -> None:
        self.mode = switch("set_grad_enabled", mode)
        super().__init__()

    def _changed(self, state: State) -> State:
        return state.but(grad=self.mode)

    def _again(self) -> Mode:
        return enable_grad() if self.mode else no_grad()


class inference_mode(Mode):
    """Like no_grad, and the results can never be used in a recorded computation."""

    _fields = ("grad", "inference")

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self.mode = switch("inference_mode", mode)

    def _changed(self, state: State) -> State:
        return state.but(grad=not self.mode, inference=self.mode)

    def _again(self) -> Mode:
        mode: Mode = inference_mode(self.mode)
        return mode


def is_grad_enabled() -> bool:
    """Whether operations on tensors that require grad are recorded, but for inference_mode."""
    return current().asked


def is_inference_mode_enabled() -> bool:
    """Whether inference_mode is on here and now."""
    return current().inference


def is_anomaly_enabled() -> bool:
    """Whether backward passes are watched here and now: see autograd.detect_anomaly."""
    return current().anomaly is not None


def is_anomaly_check_nan_enabled() -> bool:
    """Whether a NaN that is made in a backward pass is an error."""
    watcher = current().anomaly
    return watcher is None or bool(watcher.check_nan)


class provenance(ModeAtOnce):
    """Whether nodes note the user's line: `wengert.provenance(False)`, at once or as a context."""

    _fields = ("sites",)

    def __init__(self, on: bool = True) -> None:
        self.on = switch("provenance", on)
        super().__init__()

    def _changed(self, state: State) -> State:
        return state.but(sites=self.on)

    def _again(self) -> Mode:
        mode: Mode = provenance(self.on)
        return mode


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

    _fields = ("scope",)

    def __init__(self, name: str) -> None:
        super().__init__()
        if not all(str(name).split("/")):
            raise ArgumentValueError(f"scope: {name!r} is no name", 'Like "encoder".')
        self.name = str(name)

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
