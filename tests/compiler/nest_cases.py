"""What tests of nests share: numbers, views of arrays, and reductions that read others."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

import wengert as wg
from compiler.nests import nest_of, run
from wengert.compiler.pieces.piece import Module

DTYPES = [np.float32, np.float64]


def numbers(shape: tuple[int, ...], seed: int, dtype: type = np.float32) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@st.composite
def layouts(draw, count):
    """A space, and views of contiguous arrays of it: permuted, broadcast, sliced, backwards."""
    space = tuple(draw(st.lists(st.sampled_from([1, 2, 3, 7, 16, 17, 40]), max_size=3)))
    return space, [draw(views(space, seed)) for seed in range(count)]


@st.composite
def views(draw, space, seed):
    shape = [1 if draw(st.integers(0, 3)) == 0 else n for n in space]
    order = draw(st.permutations(range(len(space))))
    steps = [draw(st.sampled_from([1, 1, 2, -1])) for _ in space]
    whole = [shape[d] * abs(steps[d]) + draw(st.integers(0, 1)) for d in order]
    array = numbers(tuple(whole), seed, draw(st.sampled_from(DTYPES)))
    view = array.transpose(np.argsort(order)) if space else array
    view = view[tuple(slice(None, None, step) for step in steps)][tuple(map(slice, shape))]
    return np.broadcast_to(view, space)


def assert_equal(mine, other):
    assert (mine.shape, mine.dtype) == (other.shape, other.dtype)
    np.testing.assert_array_equal(mine, other)


@st.composite
def reductions(draw):
    space, arrays = draw(layouts(2))
    axes = draw(st.lists(st.sampled_from(range(len(space))), unique=True)) if space else []
    return space, arrays, tuple(sorted(axes))


def passes(x, y, dim):
    """Reductions that read others, and what reads those: five passes."""
    z = x * y
    top = z.amax(dim, keepdim=True)
    total = (z - top).sum(dim, keepdim=True)
    costly = wg.floor(wg.sqrt(abs(z - total) + y * y) * z) - x
    squares = wg.square(costly - top).sum(dim, keepdim=True)
    low = (-x).amin(dim, keepdim=True)
    large = (z > 0).any(dim, keepdim=True)
    small = (costly < squares).all(dim, keepdim=True)
    factors = x / (1.0 + x * x) + 1.0
    product = factors.prod(dim[0], keepdim=True) if len(dim) == 1 else low
    outer = top * 2.0 - total
    return top, total, squares, large, small, costly / squares, outer, product, low


def check_passes(arrays, dim, **how):
    x, y = arrays
    expected = passes(*(wg.tensor(np.array(a)) for a in arrays), dim)
    for mine, other in zip(
        run(lambda x, y: passes(x, y, dim), [x, y], x.shape, dim, **how), expected, strict=True
    ):
        other = other.numpy()
        assert mine.dtype == other.dtype
        tolerance = 1e-3 if other.dtype == np.float32 else 1e-9
        np.testing.assert_allclose(mine.reshape(other.shape), other, tolerance, tolerance)


def first_step(function, arrays, dim):
    """What the loops are that a nest begins with."""
    nest, _, _ = nest_of(function, arrays, arrays[0].shape, dim)
    module = Module({node: i for i, node in enumerate([*nest.loads, *nest.stores])})
    nest.write(module)
    return module.steps[0].function
