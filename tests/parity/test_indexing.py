"""x[...] and x[...] = v give what torch gives, for indices of every kind and their mixtures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import wengert as wg
from parity.theirs import quiet

SHAPES = st.lists(st.integers(1, 4), max_size=4).map(tuple)
MANY = settings(max_examples=settings().max_examples * 3)


class Array:
    """An index that is a tensor in both libraries."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)

    def __repr__(self) -> str:
        return f"Array({self.values.tolist()})"


def bounds(length: int) -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(-length - 1, length + 1)


def slices(length: int) -> st.SearchStrategy[slice]:
    steps = st.sampled_from([None, 1, 2, 3])
    return st.builds(slice, bounds(length), bounds(length), steps)


def places(length: int) -> st.SearchStrategy[int]:
    return st.integers(-length, length - 1)


def entries(length: int) -> st.SearchStrategy[Any]:
    """An index of one dimension."""
    place = places(length)
    several = st.lists(place, min_size=1, max_size=3)
    return st.one_of(
        place,
        slices(length),
        st.just(slice(None)),
        several,
        several.map(Array),
        st.lists(several.map(lambda row: row[:1]), min_size=1, max_size=2).map(Array),
        st.lists(st.booleans(), min_size=length, max_size=length).map(Array),
        place.map(Array),
    )


@st.composite
def indices(draw: Any, shape: tuple[int, ...]) -> Any:
    """An index of a tensor of this shape: an entry, or a tuple with None, ... and bools."""
    count = draw(st.integers(0, len(shape)))
    index = [draw(entries(length)) for length in shape[:count]]
    if len(shape) == 2 and draw(st.booleans()):
        mask = st.lists(st.booleans(), min_size=math.prod(shape), max_size=math.prod(shape))
        index = [draw(mask.map(lambda flat: Array(np.reshape(flat, shape))))]
    for extra in draw(st.lists(st.sampled_from([None, None, True, False]), max_size=2)):
        index.insert(draw(st.integers(0, len(index))), extra)
    if draw(st.booleans()):
        at = draw(st.integers(0, len(index)))
        index = [*index[:at], ..., *(index[at:] if count == len(shape) else [])]
    return index[0] if len(index) == 1 and draw(st.booleans()) else tuple(index)


def converted(index: Any, tensor: Any) -> Any:
    if isinstance(index, tuple):
        return tuple(converted(entry, tensor) for entry in index)
    return tensor(index.values) if isinstance(index, Array) else index


def numbers(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def pair(values: np.ndarray, requires_grad: bool = True) -> tuple[Any, Any]:
    mine = wg.tensor(values, dtype=wg.float64, requires_grad=requires_grad)
    return mine, torch.tensor(values, requires_grad=requires_grad)


def both(index: Any) -> tuple[Any, Any]:
    return converted(index, wg.tensor), converted(index, torch.tensor)


def same(mine: Any, other: Any) -> None:
    ours, theirs = mine.detach().numpy(), other.detach().numpy()
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


@MANY
@given(st.data())
def test_reading(data):
    shape = data.draw(SHAPES, label="shape")
    index, their_index = both(data.draw(indices(shape), label="index"))
    x, their_x = pair(numbers(shape, 0))

    try:
        with quiet():
            expected = their_x[their_index]
    except IndexError:  # index tensors that do not broadcast
        with pytest.raises(IndexError):
            x[index]
        return
    result = x[index]

    same(result, expected)
    assert result.grad_fn.name() == expected.grad_fn.name()
    if expected.numel():
        assert np.may_share_memory(result.detach().numpy(), x.detach().numpy()) == (
            expected._is_view()
        )
    by, their_by = pair(numbers(result.shape, 1))
    (slope,) = wg.autograd.grad(result, x, by, create_graph=True)
    (their_slope,) = torch.autograd.grad(expected, their_x, their_by, create_graph=True)
    same(slope, their_slope)
    again, their_again = pair(numbers(shape, 2), requires_grad=False)
    slope.backward(again)
    their_slope.backward(their_again)
    same(by.grad, their_by.grad)


def value_shape(draw: Any, part: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that broadcasts to the part's; leading ones may be too many."""
    lengths = [draw(st.sampled_from([length, 1])) for length in part]
    start = draw(st.integers(0, len(part)))
    return (1,) * draw(st.integers(0, 1)) + tuple(lengths[start:])


@MANY
@given(st.data())
def test_writing(data):
    shape = data.draw(SHAPES, label="shape")
    index, their_index = both(data.draw(indices(shape), label="index"))
    try:
        with quiet():
            where = torch.arange(math.prod(shape)).reshape(shape)[their_index]
    except IndexError:
        assume(False)
    value = numbers(value_shape(data.draw, tuple(where.shape)), 3)
    is_repeated = where.unique().numel() < where.numel()
    if is_repeated:  # which of two values stays is not defined
        value = np.full(value.shape, 0.5)
    recorded = data.draw(st.booleans(), label="recorded")
    leaf, their_leaf = pair(numbers(shape, 0))
    v, their_v = pair(value)
    x, their_x = (leaf * 2, their_leaf * 2) if recorded else pair(numbers(shape, 0), False)

    with quiet():
        their_x[their_index] = their_v
    x[index] = v

    same(x, their_x)
    if not where.numel():  # torch records some writes of nothing, and not others
        return
    by, their_by = pair(numbers(shape, 1), requires_grad=False)
    x.backward(by)
    their_x.backward(their_by)
    if recorded:
        same(leaf.grad, their_leaf.grad)
    if not is_repeated:
        same(v.grad, their_v.grad)
