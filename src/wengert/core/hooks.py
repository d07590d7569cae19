"""What users hang on nodes, to be called in a backward pass."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from wengert.core.node import Leaf

Hook = Callable[..., Any]


class Hooks:
    """The hooks of one node, by the number of their handle, in the order of registration.

    tensor: of Tensor.register_hook, which see the gradient of the node's output. before and after:
    of the node itself. accumulated: called with the leaf's tensor when its `.grad` is complete.
    """

    __slots__ = ("accumulated", "after", "before", "tensor")

    def __init__(self) -> None:
        self.tensor: dict[int, Hook] = {}
        self.before: dict[int, Hook] = {}
        self.after: dict[int, Hook] = {}
        self.accumulated: dict[int, Hook] = {}


WATCHED_LEAVES: Final[weakref.WeakSet[Leaf]] = weakref.WeakSet()
"""Leaves that have hooks. A pass looks for leaves to finish early only if there are any."""


class Packed:
    """Residuals given into the keeping of `saved_tensors_hooks`.

    kept: what the pack hook returned, by the index of the input; "out" for the output. unpack: the
    hook that makes a tensor of it again.
    """

    __slots__ = ("kept", "unpack")

    def __init__(self, kept: dict[int | str, Any], unpack: Hook) -> None:
        self.kept = kept
        self.unpack = unpack
