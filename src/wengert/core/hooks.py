"""What users hang on nodes, to be called in a backward pass."""

from __future__ import annotations

import itertools
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from wengert.errors import ArgumentError

if TYPE_CHECKING:
    from wengert.core.node import Node
    from wengert.core.tensor import Tensor
    from wengert.sites import Site

Hook = Callable[..., Any]
Registered = OrderedDict[int, Hook]

_next_number = itertools.count().__next__


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook away; so does leaving `with`.

    hooks_dict: where the hook is to be entered, under `id`; held weakly. extra_dict: further
    dictionaries, or one, that `remove` clears of the same number. Copied and pickled together
    with these, it removes from the copies.
    """

    def __init__(self, hooks_dict: Any, *, extra_dict: Any = None) -> None:
        further = extra_dict if isinstance(extra_dict, (list, tuple)) else [extra_dict]
        every = [hooks_dict, *(each for each in further if each is not None)]
        self.__setstate__((_next_number(), every))

    def __getstate__(self) -> tuple[int, list[Any]]:
        alive = (reference() for reference in self._registered)
        return self.id, [each for each in alive if each is not None]

    def __setstate__(self, state: tuple[int, list[Any]]) -> None:
        self.id, every = state
        self._registered = [weakref.ref(each) for each in every]

    def remove(self) -> None:
        """Take the hook away; a second time does nothing."""
        for reference in self._registered:
            registered = reference()
            if registered is not None:
                registered.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


class Hooks:
    """The hooks of one node, by the number of their handle, in the order of registration.

    tensor: of Tensor.register_hook, which see the gradient of the node's output. before and after:
    of the node itself. accumulated: called with the leaf's tensor when its `.grad` is complete.
    lock: held from the accumulation on until these have run, so that of two passes the second
    waits: a hook that takes the gradient and sets it to None takes its own.
    """

    __slots__ = ("accumulated", "after", "before", "lock", "tensor")

    def __init__(self) -> None:
        self.tensor: Registered = OrderedDict()
        self.before: Registered = OrderedDict()
        self.after: Registered = OrderedDict()
        self.accumulated: Registered = OrderedDict()
        self.lock = threading.RLock()  # a hook may differentiate


def enter(registered: Registered, hook: Hook) -> RemovableHandle:
    """Enter a hook after those that are there. Raises ArgumentError if it cannot be called."""
    if not callable(hook):
        raise ArgumentError(
            f"a hook is a function, not a {type(hook).__name__}",
            "It is called in the backward pass, with the gradient.",
        )
    handle = RemovableHandle(registered)
    registered[handle.id] = hook
    return handle


WATCHED_NODES: Final[dict[int, weakref.ref[Node]]] = {}
"""The nodes that have hooks, by their id, for as long as they live.

A pass finishes leaves early, and can be asked what it will do, only if there are any. A plain
dictionary: every backward pass looks whether it is empty, which costs a WeakSet 80 ns.
"""


def watch(node: Node) -> None:
    """Enter a node that has hooks."""
    number = id(node)  # not given to another object before the entry is gone
    if number not in WATCHED_NODES:
        WATCHED_NODES[number] = weakref.ref(node, lambda _: WATCHED_NODES.pop(number, None))


class Attentive:
    """A pack hook of our own that is told which operation saves what it is given next.

    It changes nothing, so it is called in whatever mode there is.
    """

    def recorded(self, name: str, site: Site | None, aval: Any) -> None:
        """An operation was recorded: its name, line and output."""
        raise NotImplementedError

    def __call__(self, tensor: Tensor) -> Any:
        """What is kept in the place of a saved value."""
        raise NotImplementedError


class Packed:
    """Residuals given into the keeping of `saved_tensors_hooks`.

    kept: what the pack hook returned, and the hook that makes a tensor of it again: by the index
    of the input; -1 - j for output j. cast: dtypes of inputs that were packed in another than
    their own, by index.
    """

    __slots__ = ("cast", "kept")

    def __init__(
        self, kept: dict[int, tuple[Any, Hook]], cast: dict[int, Any] | None = None
    ) -> None:
        self.kept = kept
        self.cast = cast or {}
