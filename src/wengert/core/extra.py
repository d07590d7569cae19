"""What few nodes and tensors have, and what stands for what they lost."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.hooks import Hooks, Packed
from wengert.sites import Site

if TYPE_CHECKING:
    from wengert.core.node import Leaf, Node
    from wengert.core.tensor import Tensor


class Extra:
    """What few nodes and tensors have: a given name, an assigned gradient, the marks of cuts.

    leaf: of a tensor whose requires_grad was turned off, with its hooks.
    inference: whether it was made in inference_mode, and so can never be saved for backward.
    scope: what `wengert.scope` files a node under. hooks: what is called in a backward pass.
    tangents: of forward mode, by level. seen: by level, whether history leads out of it. packed:
    how residuals are unpacked. metadata: the user's.
    turned: of a tensor that took other shapes in place, when, and the step back to the one before.
    """

    __slots__ = (
        "cuts", "grad", "hooks", "inference", "leaf", "metadata", "name", "packed", "projections",
        "scope", "seen", "tangents", "turned",
    )  # fmt: skip

    def __init__(self) -> None:
        self.name: str | None = None
        self.grad: Tensor | None = None
        self.leaf: Leaf | None = None
        self.cuts: tuple[Cut, ...] = ()
        self.inference = False
        self.scope = ""
        self.hooks: Hooks | None = None
        self.tangents: dict[Any, Any] | None = None
        self.seen: dict[Any, bool] | None = None
        self.packed: Packed | None = None
        self.metadata: dict[str, Any] | None = None
        self.turned: tuple[tuple[int, Any], ...] = ()
        # Per output of an operation with several, its projection while that lives.
        self.projections: list[Callable[[], Node | None]] = []


class Cut:
    """Where a tensor lost its history: what did it, and the line. Never a link to the source."""

    __slots__ = ("by", "site")

    def __init__(self, by: str, site: Site | None) -> None:
        self.by = by
        self.site = site

    def __str__(self) -> str:
        return self.by + (f" at {self.site}" if self.site is not None else "")


class Dropped(Aval):
    """What stands for a constant that a backward pass let go: shape, dtype and marks of cuts.

    It holds the tensor weakly: while somebody else keeps that, the value is still there.
    """

    __slots__ = ("_array", "_tensor", "cuts")

    def __init__(self, source: Tensor, operand: np.ndarray[Any, Any]) -> None:
        super().__init__(operand.shape, operand.dtype)
        self.cuts = source._extra.cuts if source._extra is not None else ()
        self._tensor = weakref.ref(source)
        self._array = weakref.ref(source._data)

    @property
    def tensor(self) -> Tensor | None:
        """The tensor that was let go, if it lives and still has the same array."""
        tensor = self._tensor()
        return tensor if tensor is not None and self._array() is tensor._data else None
