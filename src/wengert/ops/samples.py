"""What definitions may ask of the tests when they say how their arguments are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

Call = tuple[tuple[Any, ...], dict[str, Any]]
"""Positional and keyword arguments; arrays in them become tensors."""


class Sampler(Protocol):
    """Draws arguments. A definition's `samples` is a function from this to one Call.

    Float arrays that it draws become tensors that require grad.
    """

    smooth: bool
    """Whether derivatives will be measured: draw no call where there is none."""

    def shape(
        self, min_dims: int = 0, max_dims: int = 3, min_side: int = 1, max_side: int = 4
    ) -> tuple[int, ...]:
        """A shape; give min_side=0 where empty tensors make sense."""

    def broadcastable(self, count: int) -> list[tuple[int, ...]]:
        """`count` shapes that broadcast against each other."""

    def array(
        self, shape: Sequence[int], low: float = -3.0, high: float = 3.0, *,
        distinct: bool = False,
    ) -> Any:  # fmt: skip
        """Floats in [low, high]; with `distinct`, well apart, so that no order can flip."""

    def integers(self, shape: Sequence[int], low: int, high: int) -> Any:
        """int64 in [low, high)."""

    def mask(self, shape: Sequence[int]) -> Any:
        """Booleans."""

    def integer(self, low: int, high: int) -> int:
        """A Python int in [low, high], both included."""

    def number(self, low: float, high: float) -> float:
        """A Python float in [low, high]."""

    def choice(self, options: Sequence[Any]) -> Any:
        """One of the options."""

    def dim(self, ndim: int) -> int:
        """A dimension of a tensor with ndim dimensions, negative ones included."""
