"""The modes in force: whether operations are recorded, and how.

A State is immutable and lives in a context variable, so modes are local to threads and to
asynchronous tasks. `plain` is the one flag that the operators' fast way tests.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np


class State:
    """The modes in force. `run(f, *args)` calls f with NumPy's floating-point errors ignored.

    grad: whether operations are recorded; asked: whether they would be, outside of inference_mode.
    levels: the active forward and batch levels, outermost first. saved: the hooks that residuals
    are packed with, innermost last. scope: the name that nodes are filed under, "a/b". started:
    the number of the first node of the outermost transform whose function is running, 0 outside.
    arrays: where that function was given NumPy's arrays, and so expects NumPy's semantics, the
    Savers that keep what is overwritten; else None. fresh: where a function is being compiled,
    by id the tensors that it makes of nothing, as ones() does, and their arrays; else None.
    """

    __slots__ = (
        "_below", "anomaly", "arrays", "asked", "fresh", "grad", "inference", "levels", "plain",
        "run", "saved", "scope", "sites", "started",
    )  # fmt: skip

    def __init__(
        self, run: Any, grad: bool = True, inference: bool = False, sites: bool = True,
        scope: str = "", levels: tuple[Any, ...] = (), saved: tuple[Any, ...] = (),
        anomaly: Any = None, started: int = 0, arrays: Any = None,
        fresh: dict[int, Any] | None = None,
    ) -> None:  # fmt: skip
        self.run = run
        self.asked = grad
        self.grad = grad and not inference
        self.inference = inference
        self.sites = sites
        self.scope = scope
        self.levels = levels
        self.saved = saved
        self.anomaly = anomaly
        self.started = started
        self.arrays = arrays
        self.fresh = fresh
        self.plain = grad and sites and not (inference or scope or levels or saved or arrays)
        self._below: dict[tuple[int, tuple[Any, ...]], State] = {}

    def but(self, **changes: Any) -> State:
        """The same state with some modes changed; itself where nothing is."""
        for name, value in changes.items():
            if self.mode(name) is not value:
                break
        else:
            return self
        return State(**({name: self.mode(name) for name in _MODES} | changes))

    def mode(self, name: str) -> Any:
        """One of the modes as it was set."""
        return self.asked if name == "grad" else getattr(self, name)

    def below(self, index: int, opened: tuple[Any, ...] = ()) -> State:
        """The same with the level at `index`, and all that are inside it, hidden.

        opened: levels that take their place.
        """
        key = (index, opened)
        state = self._below.get(key)
        if state is None:
            state = self._below[key] = self.but(levels=(*self.levels[:index], *opened))
        return state

    def unrecorded(self, levels: tuple[Any, ...]) -> State:
        """The same with these levels only, and nothing recorded: for the forward of a Function."""
        key = (-1, levels)
        state = self._below.get(key)
        if state is None:
            state = self._below[key] = self.but(grad=False, levels=levels)
        return state


_MODES: Final = (
    "run", "grad", "inference", "sites", "scope", "levels", "saved", "anomaly", "started", "arrays",
    "fresh",
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
