"""Products in native code: every way in which factors can lie, cut into chunks or not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wengert.compiler.pieces.factors import geometry
from wengert.compiler.pieces.piece import Access, contiguous
from wengert.compiler.pieces.product import Product, can_multiply, cut, is_addressable
from wengert.core.aval import Aval
from wengert.core.node import Node
from wengert.core.registry import OPS
from wengert.graphs.trace import symbol

pytest.importorskip("scipy_openblas32")
from compiler.native import run

FLOATS = [np.float32, np.float64]


class Factor:
    """A factor as a view of a buffer, and the contents of that buffer."""

    def __init__(self, buffer: np.ndarray, view: np.ndarray) -> None:
        self.buffer, self.view = buffer, view
        self.tensor = symbol(Aval(view.shape, view.dtype))
        self.root = symbol(Aval(buffer.shape, buffer.dtype))._node
        size = buffer.itemsize
        start = view.__array_interface__["data"][0] - buffer.__array_interface__["data"][0]
        self.access = Access(self.root, start // size, tuple(s // size for s in view.strides))

    @property
    def node(self) -> Node:
        return self.tensor._node


def product(x: Factor, y: Factor, op: str = "matmul") -> Product:
    node = OPS[op](x.tensor, y.tensor)._node
    assert can_multiply(node)
    return Product(node, {x.node: x.access, y.node: y.access})


def assert_product(x: Factor, y: Factor, **how: bool) -> None:
    (found,) = run(product(x, y), {x.root: x.buffer, y.root: y.buffer}, **how)
    wide = x.view.astype(np.float64), y.view.astype(np.float64)
    expected = np.matmul(*wide)
    scale = np.matmul(*map(np.abs, wide))

    assert found.shape == expected.shape
    eps = np.finfo(x.view.dtype).eps
    inner = x.view.shape[-1]
    # Each of the two sums may be off by as much.
    assert np.all(abs(found - expected) <= 2 * eps * (inner + 1) * scale)


def drawn(rng: np.random.Generator, shape: tuple[int, ...], dtype: type) -> Factor:
    """A factor of this shape as it happens to lie: dimensions permuted, sliced, broadcast."""
    order = rng.permutation(len(shape))
    steps = rng.integers(1, 3, len(shape)) if rng.integers(2) else np.ones(len(shape), int)
    repeated = rng.integers(0, 6, len(shape)) == 0
    starts = rng.integers(0, 2, len(shape)) if rng.integers(2) else np.zeros(len(shape), int)
    lengths = [1 if repeated[d] and shape[d] else starts[d] + shape[d] * steps[d] for d in order]
    buffer = rng.standard_normal(lengths).astype(dtype)
    view = buffer.transpose(np.argsort(order))
    index = tuple(
        slice(None) if repeated[d] and shape[d] else slice(starts[d], None, steps[d])
        for d in range(len(shape))
    )
    return Factor(buffer, np.broadcast_to(view[index], shape))


def addressable(factor: Factor) -> Factor:
    """The factor, or a copy of it if a product cannot read it."""
    if is_addressable(factor.node, factor.access):
        return factor
    copied = np.ascontiguousarray(factor.view)
    return Factor(copied, copied)


def side() -> st.SearchStrategy[int]:
    return st.sampled_from([0, 1, 1, 2, 3, 7, 16, 19])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from([0, 1, 2, 3]), max_size=2), side(), side(), side(),
    st.integers(0, 2**32), st.sampled_from(FLOATS), st.booleans(), st.data(),
)  # fmt: skip
def test_any_factors(batch, n, k, m, seed, dtype, at_end, data):
    def of_batch(matrix: tuple[int, ...]) -> tuple[int, ...]:
        if data.draw(st.integers(0, 5)) == 0:
            return (k,)
        start = data.draw(st.integers(0, len(batch)))
        ones = [data.draw(st.booleans()) for _ in batch]
        return (*(1 if one else b for one, b in zip(ones, batch, strict=True)), *matrix)[start:]

    rng = np.random.default_rng(seed)
    x, y = (addressable(drawn(rng, of_batch(shape), dtype)) for shape in ((n, k), (k, m)))

    assert_product(x, y, at_end=at_end)


def test_lengths_that_blas_can_count():
    x, y = (3, 2**30, 4), (4, 5)

    assert geometry(x, contiguous(x), y, contiguous(y)).batch == (3,)
    long = symbol(Aval((1, 2**31), np.dtype(np.float32)))
    assert not can_multiply((long @ long.mT)._node)


def matrix(rng: np.random.Generator, rows: int, columns: int, turned: bool, dtype: type) -> Factor:
    buffer = rng.standard_normal((columns, rows) if turned else (rows, columns)).astype(dtype)
    return Factor(buffer, buffer.T if turned else buffer)


@pytest.mark.parametrize("turned", [(False, False), (False, True), (True, False), (True, True)])
@pytest.mark.parametrize(
    ("n", "k", "m"),
    [(300, 200, 150), (150, 200, 300), (2000, 2200, 1), (1, 2200, 2000), (1030, 64, 80)],
)
@pytest.mark.parametrize("dtype", FLOATS)
def test_in_parts(n, k, m, turned, dtype):
    """Chunks of one product, in any order; the last one is shorter."""
    rng = np.random.default_rng(0)
    x, y = matrix(rng, n, k, turned[0], dtype), matrix(rng, k, m, turned[1], dtype)

    made = cut(product(x, y).geometry)
    assert made.parts > 1
    assert_product(x, y, backwards=True)


@pytest.mark.parametrize("turned", [(False, False), (False, True), (True, False), (True, True)])
@pytest.mark.parametrize(
    ("n", "k", "m"), [(10, 40_001, 12), (1, 210_003, 20), (30, 140_000, 1), (1, 4_000_100, 1)]
)
@pytest.mark.parametrize("dtype", FLOATS)
def test_long_sums_in_parts(n, k, m, turned, dtype):
    """Chunks are summands, which are added up in order."""
    rng = np.random.default_rng(0)
    x, y = matrix(rng, n, k, turned[0], dtype), matrix(rng, k, m, turned[1], dtype)

    made = cut(product(x, y).geometry)
    assert (made.along, made.parts > 1) == ("inner", True)
    assert_product(x, y, backwards=True)


def test_batches_in_groups():
    rng = np.random.default_rng(0)
    buffer = rng.standard_normal((3, 40, 2, 64)).astype(np.float32)
    heads = Factor(buffer, buffer.transpose(0, 2, 1, 3))
    turned = Factor(buffer, buffer.transpose(0, 2, 3, 1))
    many = Factor(*[rng.standard_normal((50, 70, 60))] * 2)
    others = Factor(*[rng.standard_normal((50, 60, 30))] * 2)

    assert is_addressable(heads.node, heads.access)
    assert is_addressable(turned.node, turned.access)
    assert_product(heads, turned)
    assert cut(product(many, others).geometry).chunks(50) > 1
    assert_product(many, others, backwards=True)


def test_as_few_products_as_can_be():
    """A batch of rows times one matrix is one product, and attention's heads are not copied."""

    def batches(x: tuple[int, ...], y: tuple[int, ...]) -> tuple[int, ...]:
        return geometry(x, contiguous(x), y, contiguous(y)).batch

    assert batches((5, 6, 7, 8), (8, 9)) == ()
    assert batches((5, 6, 7, 8), (6, 8, 9)) == (5, 6)
    assert batches((7, 8), (6, 8, 9)) == (6,)
    assert batches((5, 1, 8), (1, 8, 9)) == ()
    turned = geometry((5, 6, 8), (8, 40, 1), (8, 9), (9, 1))
    assert turned.batch == (5,)
    assert geometry((8,), (1,), (6, 8, 9), (9, 54, 1)).columns == 54


@pytest.mark.parametrize(
    "shapes", [((3, 0), (0, 4)), ((0,), (0,)), ((2, 3, 0), (0,)), ((0,), (0, 4))]
)
def test_sums_of_nothing_are_zero(shapes):
    factors = [Factor(*[np.empty(shape, np.float32)] * 2) for shape in shapes]
    x, y = factors

    (found,) = run(product(x, y), {x.root: x.buffer, y.root: y.buffer})

    assert found.size
    assert not found.any()


@pytest.mark.parametrize("shapes", [((0, 3), (3, 4)), ((0, 5, 3), (3,)), ((3,), (2, 3, 0))])
def test_empty_results_take_no_steps(shapes):
    x, y = (Factor(*[np.ones(shape)] * 2) for shape in shapes)

    assert not run(product(x, y), {x.root: x.buffer, y.root: y.buffer})[0].size


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("shapes", [((9, 5), (5, 7)), ((9, 5), (5,)), ((5,), (5, 7)), ((5,), (5,))])
@pytest.mark.parametrize("dtype", FLOATS)
def test_special_values(shapes, bad, dtype):
    """They come through where they are met, also times 0, and nowhere else."""
    x, y = (np.ones(shape, dtype) for shape in shapes)
    x[..., 2] = 0
    x.reshape(-1, 5)[0, 2] = bad
    y[..., 4] = 0 if y.ndim == 2 else y[..., 4]
    first, second = Factor(x, x), Factor(y, y)

    (found,) = run(product(first, second), {first.root: x, second.root: y})

    with np.errstate(invalid="ignore"):
        expected = (x[..., None] * y.reshape(5, -1)).sum(-2).reshape(found.shape)
    np.testing.assert_array_equal(found, expected)


def test_both_factors_are_one():
    x = Factor(*[np.arange(9.0).reshape(3, 3)] * 2)

    (found,) = run(product(x, x), {x.root: x.buffer})

    np.testing.assert_array_equal(found, x.view @ x.view)


@pytest.mark.parametrize(
    ("op", "shapes"),
    [("mm", ((2, 3), (3, 4))), ("mv", ((2, 3), (3,))), ("bmm", ((5, 2, 3), (5, 3, 4))),
     ("dot", ((3,), (3,)))],
)  # fmt: skip
def test_operations(op, shapes):
    x, y = (Factor(*[np.random.default_rng(0).standard_normal(shape)] * 2) for shape in shapes)

    (found,) = run(product(x, y, op), {x.root: x.buffer, y.root: y.buffer})

    np.testing.assert_allclose(found, x.view @ y.view, rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.int64, np.complex128, np.float16])
def test_not_of_other_dtypes(dtype):
    x = symbol(Aval((2, 2), np.dtype(dtype)))

    assert not can_multiply((x @ x)._node)


def test_what_is_copied_first():
    def readable(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
        node = symbol(Aval(shape, np.dtype(np.float32)))._node
        return is_addressable(node, Access(node, 0, strides))

    assert readable((4, 3, 2), (6, 2, 1))
    assert readable((4, 2, 3), (6, 1, 2))
    assert readable((4, 3, 2), (0, 100, 1))
    assert readable((5,), (7,))
    assert readable((1, 5), (0, 7))
    assert not readable((3, 2), (0, 1))
    assert not readable((3, 2), (4, 2))
    assert not readable((3, 2), (-2, 1))
    assert not readable((5,), (-1,))
    assert not readable((5,), (0,))
    assert not readable((3, 2), (2**31, 1))
