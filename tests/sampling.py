"""Drawing calls of public functions: what definitions ask in `samples`, answered by Hypothesis.

Values come from a grid. On the smooth grid they stay away from multiples of 1/2, where kinks and
jumps lie, though some come near; and two arrays of one call share no value. So finite differences
can judge there. The rough grid holds the kinks, the ends of the interval and ties.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from hypothesis import strategies as st

from wengert.ops.define import Function
from wengert.ops.samples import Call

NEAR_KINKS = 192  # bytes from here on give values near kinks
MAX_DIMS = 8


class Source(Protocol):
    """Where the sampler's choices come from."""

    def integer(self, low: int, high: int) -> int:
        """An integer in [low, high]."""

    def codes(self, count: int) -> np.ndarray:
        """`count` bytes."""


class Drawn:
    """Hypothesis chooses; it shrinks towards small shapes, zero bytes, contiguous arrays."""

    def __init__(self, draw: Callable[..., Any]) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        return low if low == high else self._draw(st.integers(low, high))

    def codes(self, count: int) -> np.ndarray:
        return np.frombuffer(self._draw(st.binary(min_size=count, max_size=count)), np.uint8)


class Random:
    """A generator of random numbers chooses: for surveys over all functions."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.default_rng(seed)

    def integer(self, low: int, high: int) -> int:
        return int(self._generator.integers(low, high, endpoint=True))

    def codes(self, count: int) -> np.ndarray:
        return self._generator.integers(0, 256, count, dtype=np.uint8)


class Grid:
    """The values that bytes stand for, in an interval."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high
        self.step = 1 / 8 if high - low >= 1 else (high - low) / 8
        self.first = np.ceil(low / self.step) * self.step
        self.count = max(int((high - self.first) / self.step - 0.25), 1)

    def smooth(self, codes: np.ndarray) -> np.ndarray:
        """Between the multiples of the step, or close to a multiple of 1/2."""
        cells = self._cells(codes, self.count)
        values = self.first + self.step * (cells + 0.5)
        near = self._near_kinks()
        if near.size:
            values = np.where(codes < NEAR_KINKS, values, near[codes % near.size])
        return values

    def rough(self, codes: np.ndarray) -> np.ndarray:
        """Mostly the multiples of twice the step, both ends included."""
        ends = np.array([self.low, self.high])
        steps = np.arange(self.first, self.high, 2 * self.step)
        exact = np.concatenate([steps, ends])
        return np.where(codes < 160, exact[codes % exact.size], self.smooth(codes))

    def _cells(self, codes: np.ndarray, count: int) -> np.ndarray:
        """Cell 0 stands for the byte 0: the one nearest to 1, so that shrinking leads there."""
        start = min(max(int((1 - self.first) / self.step), 0), count - 1)
        spread = codes.astype(int) * max(count // NEAR_KINKS, 1)
        return (start + spread) % count

    def _near_kinks(self) -> np.ndarray:
        halves = np.arange(np.ceil(self.low * 2), np.floor(min(self.high, 50) * 2) + 1) / 2
        near = np.concatenate([halves - self.step / 32, halves + self.step / 32])
        inside = (near > self.low) & (near < self.high - self.step / 32)
        return near[inside]


class Sampler:
    """The Sampler of wengert.ops.samples. Float arrays are float64."""

    def __init__(self, source: Source, *, rough: bool = False) -> None:
        self.smooth = not rough
        self._source = source
        self._arrays = 0

    def shape(
        self, min_dims: int = 0, max_dims: int = 3, min_side: int = 1, max_side: int = 4
    ) -> tuple[int, ...]:
        ndim = self.integer(min_dims, max_dims)
        return tuple(self.integer(min_side, max_side) for _ in range(ndim))

    def broadcastable(self, count: int) -> list[tuple[int, ...]]:
        whole = self.shape(min_side=0 if self.integer(0, 9) == 9 else 1)
        return [self._broadcast_to(whole) for _ in range(count)]

    def _broadcast_to(self, whole: tuple[int, ...]) -> tuple[int, ...]:
        """A shape that broadcasts to `whole`; half of the time that shape itself."""
        how = self.integer(0, 3)
        if how < 2:
            return whole
        kept = whole[self.integer(0, len(whole)) :]
        ones = self.integer(0, 2 ** len(kept) - 1) if how == 3 else 0
        return tuple(1 if ones >> i & 1 else side for i, side in enumerate(kept))

    def array(
        self, shape: Sequence[int], low: float = -3.0, high: float = 3.0, *,
        distinct: bool = False,
    ) -> Any:  # fmt: skip
        codes = self._codes(shape)
        if distinct:
            values = _distinct(codes.ravel(), low, high).reshape(codes.shape)
        elif not self.smooth:
            values = Grid(low, high).rough(codes)
        else:
            values = Grid(low, high).smooth(codes)
        if self.smooth:
            values = values + (self._arrays % 7) * min(1 / 2048, (high - low) / 1024)
            self._arrays += 1
        return self._laid_out(np.clip(values, low, high))

    def integers(self, shape: Sequence[int], low: int, high: int) -> Any:
        codes = self._codes(shape).astype(np.int64)
        return self._laid_out(low + codes % (high - low))

    def mask(self, shape: Sequence[int]) -> Any:
        return self._laid_out(self._codes(shape) % 2 == 1)

    def integer(self, low: int, high: int) -> int:
        return self._source.integer(low, high)

    def number(self, low: float, high: float) -> float:
        codes = self._source.codes(1)
        grid = Grid(low, high)
        value = grid.smooth(codes) if self.smooth else grid.rough(codes)
        return float(np.clip(value[0], low, high))

    def choice(self, options: Sequence[Any]) -> Any:
        return options[self.integer(0, len(options) - 1)]

    def dim(self, ndim: int) -> int:
        sides = max(ndim, 1)
        return self.integer(-sides, sides - 1)

    def _codes(self, shape: Sequence[int]) -> np.ndarray:
        count = int(np.prod(tuple(shape)))
        return self._source.codes(count).reshape(tuple(shape))

    def _laid_out(self, values: np.ndarray) -> Any:
        layout = self.integer(0, 5)
        return lay_out(values, layout)


def _distinct(codes: np.ndarray, low: float, high: float) -> np.ndarray:
    """Evenly spaced values in the order of the bytes, each moved off the multiples of 1/2."""
    ranks = np.argsort(np.argsort(codes, kind="stable"))
    spacing = (high - low) / (codes.size + 1)
    return low + spacing * (ranks + 0.97)


def lay_out(values: np.ndarray, layout: int) -> Any:
    """The values in one of several memory layouts: 0 to 2 contiguous, then others.

    For no dimensions: a NumPy scalar, or an array.
    """
    if values.ndim == 0:
        return values[()] if layout < 3 else np.array(values)
    if layout == 3:
        return np.ascontiguousarray(values.T).T
    if layout == 4:
        return spaced(values, axis=0, step=2)
    if layout == 5:
        return spaced(values, axis=-1, step=-1)
    return np.ascontiguousarray(values)


def spaced(values: np.ndarray, axis: int, step: int) -> np.ndarray:
    """The values as a slice of a larger array, every `step`-th element along an axis."""
    shape = list(values.shape)
    shape[axis] = max(shape[axis] * abs(step), 1)
    larger = np.ones(shape, values.dtype)
    index: list[Any] = [slice(None)] * values.ndim
    index[axis] = slice(None, None, step)
    view = larger[tuple(index)]
    if view.shape != values.shape:  # a side of length 0
        return values
    view[...] = values
    return view


def can_draw(function: Function) -> bool:
    """Whether calls of the function can be drawn: by its own samples, or because of its kind."""
    if function.samples is not None:
        return True
    return function.op is not None and function.op.kind in ("elementwise", "discrete")


def draw_call(sampler: Sampler, function: Function) -> Call:
    """One call of a public function."""
    if function.samples is not None:
        args, kwargs = function.samples(sampler)
        return tuple(args), dict(kwargs)
    assert function.op is not None, f"{function.name} needs samples: it is no elementwise op"
    shapes = sampler.broadcastable(len(function.op.inputs))
    return tuple(sampler.array(shape, *function.domain) for shape in shapes), {}


@st.composite
def calls(draw: Callable[..., Any], function: Function, *, rough: bool = False) -> Call:
    """Calls of a public function, for Hypothesis."""
    return draw_call(Sampler(Drawn(draw), rough=rough), function)


def is_array(value: Any) -> bool:
    return isinstance(value, (np.ndarray, np.generic))


def map_arrays(change: Callable[[Any], Any], tree: Any) -> Any:
    """Nested tuples, lists and dicts with each array in them changed."""
    if is_array(tree):
        return change(tree)
    if isinstance(tree, (tuple, list)):
        return type(tree)(map_arrays(change, branch) for branch in tree)
    if isinstance(tree, dict):
        return {name: map_arrays(change, branch) for name, branch in tree.items()}
    return tree


def arrays_in(tree: Any) -> list[Any]:
    """The arrays in nested tuples, lists and dicts, in order."""
    found: list[Any] = []
    map_arrays(found.append, tree)
    return found
