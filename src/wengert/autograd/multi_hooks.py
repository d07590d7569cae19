"""One hook for the gradients of several tensors."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from wengert.autograd.hooks import hooked
from wengert.core.hooks import RemovableHandle, enter
from wengert.core.node import Node
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, GradientError
from wengert.transform.passes import RUNNING, Pass


class _Handles(RemovableHandle):
    """The handles of all the tensors: removed together."""

    def __init__(self, handles: Sequence[RemovableHandle]) -> None:
        self.handles = tuple(handles)

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()


class _Gathering:
    """What one hook has been given in each pass that is under way."""

    def __init__(self, nodes: list[Node]) -> None:
        self._nodes = [weakref.ref(node) for node in nodes]
        self._found: weakref.WeakKeyDictionary[Pass, list[Any]] = weakref.WeakKeyDictionary()
        self._left: weakref.WeakKeyDictionary[Pass, int] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()

    def first(self) -> bool:
        """Whether this is the first gradient in this pass."""
        with self._lock:
            if running() in self._found:
                return False
            self._found[running()] = []
            return True

    def complete(self, index: int, gradient: Tensor) -> list[Any] | None:
        """All the gradients, once the last that this pass computes has come."""
        now = running()
        with self._lock:
            if now not in self._found:
                alive = (reference() for reference in self._nodes)
                self._left[now] = sum(node is not None and now.computes(node) for node in alive)
                self._found[now] = [None] * len(self._nodes)
            self._found[now][index] = gradient
            self._left[now] -= 1
            return self._found[now] if self._left[now] == 0 else None


def running() -> Pass:
    """The pass that called the hook."""
    found = RUNNING.get()
    if found is None:
        raise GradientError("a hook of register_multi_grad_hook was called outside of a pass")
    return found


def register_multi_grad_hook(
    tensors: Sequence[Tensor], fn: Callable[[Any], None], *, mode: str = "all"
) -> RemovableHandle:
    """Call one hook for several tensors.

    mode "all": fn(gradients) once a pass has computed all that it computes of them, with None for
    the others. mode "any": fn(gradient) at the first of them. Raises GradientError for tensors that
    do not require grad, ArgumentValueError for another mode.

    >>> import wengert as wg
    >>> a, b = wg.ones(2, requires_grad=True), wg.ones(2, requires_grad=True)
    >>> handle = wg.autograd.graph.register_multi_grad_hook((a, b), print)
    >>> (a * b * 3).sum().backward()
    [tensor([3., 3.]), tensor([3., 3.])]
    """
    if mode not in ("all", "any"):
        raise ArgumentValueError(f"register_multi_grad_hook: mode {mode!r}", '"all" or "any".')
    one: Any
    for one in tensors:
        if not isinstance(one, Tensor):
            what = f"register_multi_grad_hook takes tensors, not {type(one).__name__}"
            raise ArgumentError(what)
    if mode == "any":
        tensors = [tensor for tensor in tensors if tensor.requires_grad]
    nodes = [hooked("register_multi_grad_hook", tensor) for tensor in tensors]
    gathering = _Gathering(nodes)
    handles = []
    for index, node in enumerate(nodes):
        handles.append(enter(node.hooks().tensor, _inner(gathering, index, fn, mode)))
    return _Handles(handles)


def _inner(
    gathering: _Gathering, index: int, fn: Callable[[Any], None], mode: str
) -> Callable[[Tensor], None]:
    def first(gradient: Tensor) -> None:
        if gathering.first():
            fn(gradient)

    def last(gradient: Tensor) -> None:
        gradients = gathering.complete(index, gradient)
        if gradients is not None:
            fn(gradients)

    return first if mode == "any" else last
