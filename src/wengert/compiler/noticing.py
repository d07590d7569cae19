"""What a traced function does besides returning a result: it happens once, and is said.

Printing is seen by watching what the standard streams write, tensors that are kept elsewhere by
their being alive when the trace is over.
"""

from __future__ import annotations

import gc
import sys
import threading
import warnings
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from wengert.core.node import Node
from wengert.core.op import Op
from wengert.errors import CompileWarning, TraceError
from wengert.graphs.trace import Traced
from wengert.sites import Site, user_site

_PRINTED: Final[ContextVar[list[Site | None] | None]] = ContextVar("wengert_printed", default=None)
"""The lines that have written to a standard stream, while a function is traced."""


class _Stream:
    """A standard stream that notes who writes to it, if that is in a trace."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> Any:
        lines = _PRINTED.get()
        if lines is not None:
            lines.append(user_site())
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Watched:
    """The standard streams, watched as long as any thread traces."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._put: list[tuple[str, _Stream, Any]] = []

    def begin(self) -> None:
        with self._lock:
            self._count += 1
            if self._count > 1:
                return
            for name in ("stdout", "stderr"):
                stream = getattr(sys, name)
                if stream is None:  # a program without a console has none
                    continue
                watched = _Stream(stream)
                setattr(sys, name, watched)
                self._put.append((name, watched, stream))

    def end(self) -> None:
        with self._lock:
            self._count -= 1
            if self._count:
                return
            for name, watched, stream in self._put:
                if getattr(sys, name) is watched:  # else somebody has redirected it meanwhile
                    setattr(sys, name, stream)
            self._put.clear()


_WATCHED: Final = _Watched()


@contextmanager
def printing_noticed(name: str) -> Iterator[None]:
    """Warn at the end of the block of what was printed in it, by this thread."""
    lines: list[Site | None] = []
    token = _PRINTED.set(lines)
    _WATCHED.begin()
    try:
        yield
    finally:
        _WATCHED.end()
        _PRINTED.reset(token)
    if lines:
        where = f" at {lines[0]}" if lines[0] is not None else ""
        _say(
            f"{name} prints{where}: that happens now, while it is traced, and at no later call. "
            "Return what is to be printed, or print outside."
        )


class Escaped(Traced):
    """A traced tensor whose trace is over: it has no value, and never gets one."""

    __slots__ = ()

    def _concrete(self, what: str) -> Any:
        raise _over(self, what)

    def _apply(self, op: Op, args: Sequence[Any], attrs: dict[str, Any] | None) -> Any:
        found = next(a for a in args if type(a) is Escaped)
        raise _over(found, op.name)

    def __repr__(self) -> str:
        return f"Escaped({self._aval})"


def _over(tensor: Traced, what: str) -> TraceError:
    site = tensor._node.site if tensor._node is not None else None
    made = f", made at {site}" if site is not None else ""
    return TraceError(
        f"{what} of a tensor that stood for an intermediate value while a function was "
        f"compiled{made}: it has no value",
        "Return it from the compiled function, and keep the result.",
    )


class Escapes:
    """The traced tensors of one trace, to see which of them somebody keeps."""

    def __init__(self) -> None:
        self._made: list[weakref.ref[Any]] = []

    def note(self, tensor: Any) -> None:
        """A tensor of the trace."""
        self._made.append(weakref.ref(tensor))

    def say(self, name: str) -> None:
        """Warn of those that are kept, which raise TraceError from now on.

        To be called when the trace is over, and nothing of its own holds a tensor.
        """
        if next(self._alive(), None) is None:
            return
        gc.collect()  # what only cycles hold is kept by nobody
        kept = list(self._alive())
        for tensor in kept:
            tensor.__class__ = Escaped
        if kept:
            site = kept[0]._node.site
            _say(
                f"{name} keeps a tensor outside of its result{_holder(kept)}"
                f"{f', made at {site}' if site is not None else ''}: that happens now, while it is "
                "traced, and at no later call, and the tensor has no value. "
                "Return it, and keep the result."
            )

    def _alive(self) -> Iterator[Any]:
        for reference in self._made:
            tensor = reference()
            if type(tensor) is Traced:
                yield tensor


def _holder(kept: list[Any]) -> str:
    """Where the first one is kept: ", in a list", or under which name."""
    tensor = kept[0]
    for holder in gc.get_referrers(tensor):
        if holder is kept:
            continue
        if isinstance(holder, (list, set)):
            return f", in a {type(holder).__name__}"
        known = holder if isinstance(holder, dict) else getattr(holder, "__dict__", {})
        for key, value in list(known.items()):
            if value is tensor:
                return f", as {key}"
    return ""


def say_hooks(name: str, nodes: Sequence[Node]) -> None:
    """Warn of hooks on tensors of the trace: only derivatives inside of the function call them."""
    for node in nodes:
        if node.extra is not None and node.extra.hooks is not None:
            _say(
                f"{name} hangs a hook on a tensor of its own"
                f"{f', made at {node.site}' if node.site is not None else ''}: no backward pass "
                "through the compiled function calls it. Hang it on what the function returns."
            )
            return


def _say(text: str) -> None:
    site = user_site()
    warnings.warn_explicit(
        text, CompileWarning, site.filename if site else "wengert", site.line if site else 0
    )
