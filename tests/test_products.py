"""Products: by NumPy's values, in torch's syntax, and what is recorded of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial import distance

import wengert as wg
from wengert.errors import ArgumentError, DTypeError, ShapeError

RANDOM = np.random.default_rng(0)


def numbers(*shape):
    return RANDOM.standard_normal(shape)


def leaf(array):
    return wg.tensor(array, requires_grad=True)


def assert_equal(got, expected, tolerance=1e-12):
    assert tuple(got.shape) == np.shape(expected)
    np.testing.assert_allclose(got.detach().numpy(), expected, rtol=tolerance, atol=tolerance)


# matmul

RANKS = [
    ((2, 3), (3, 4)), ((2, 3), (3,)), ((3,), (3, 4)), ((3,), (3,)), ((5, 2, 3), (5, 3, 4)),
    ((5, 2, 3), (3, 4)), ((5, 2, 3), (3,)), ((2, 3), (5, 3, 4)), ((3,), (5, 3, 4)),
    ((6, 1, 2, 3), (5, 3, 4)), ((2, 0), (0, 4)), ((0, 3), (3, 4)), ((5, 0, 3), (3, 4)),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second"), RANKS)
def test_matmul_for_all_ranks(first, second):
    x, y = numbers(*first), numbers(*second)

    assert_equal(wg.tensor(x) @ wg.tensor(y), x @ y)
    assert_equal(x @ wg.tensor(y), x @ y)
    assert_equal(wg.tensor(x).matmul(wg.tensor(y)), x @ y)


def test_at_is_one_node():
    x, y = leaf(numbers(2, 3)), leaf(numbers(3, 4))
    z = x @ y

    assert z.grad_fn.name() == "MmBackward0"
    assert z.grad_fn.next_functions == ((x.grad_fn or x._node, 0), (y._node, 0))
    assert str(wg.graph(z)[z].expression) == "x @ y"


def test_transposed_and_strided_factors():
    x, y = numbers(4, 6), numbers(5, 6)

    assert_equal(wg.tensor(x[:, ::2]) @ wg.tensor(y[:, ::2]).T, x[:, ::2] @ y[:, ::2].T)


def test_float16_is_accumulated_in_float32():
    x = wg.full((1, 4096), 1.0, dtype=wg.float16)

    assert (x @ x.T).item() == 4096  # in float16, ones would no longer count from 2048 on


def test_integers_wrap_in_their_own_dtype():
    x = wg.full((1, 3), 100, dtype=wg.int8)

    assert (x @ x.T).item() == 3 * 100 * 100 % 256 - 256 * (3 * 100 * 100 % 256 > 127)
    assert (x @ x.T).dtype == wg.int8


def test_expanded_cotangent():
    """The cotangent of a sum is one number in a large shape."""
    x, y = leaf(numbers(3, 4)), leaf(numbers(4, 2))
    (x @ y).sum().backward()

    assert_equal(x.grad, np.ones((3, 2)) @ y.detach().numpy().T)
    assert_equal(y.grad, x.detach().numpy().T @ np.ones((3, 2)))


@pytest.mark.parametrize(
    ("multiply", "says"),
    [
        (lambda: wg.ones(2, 3) @ wg.ones(4, 5), "(2x3 and 4x5)"),
        (lambda: wg.linear(wg.ones(2, 3), wg.ones(4, 5)), "the weight is (out, in)"),
        (lambda: wg.addmm(wg.ones(5), wg.ones(2, 3), wg.ones(3, 4)), "(5,)"),
        (lambda: wg.bmm(wg.ones(2, 3, 4), wg.ones(3, 4, 5)), "batches of one length"),
        (lambda: wg.outer(wg.ones(2, 3), wg.ones(3)), "x.ravel()"),
        (lambda: wg.tensordot(wg.ones(2, 3), wg.ones(4, 5), 1), "size 3 in dim 1"),
        (lambda: wg.multi_dot([wg.ones(2, 3), wg.ones(4, 3), wg.ones(3)]), "tensors 0 and 1"),
        (lambda: wg.cross(wg.ones(2, 2), wg.ones(2, 2)), "no dimension of size 3"),
        (lambda: wg.cdist(wg.ones(2, 3), wg.ones(2, 4)), "X1: 3 X2: 4"),
    ],
)
def test_shapes_that_do_not_fit(multiply, says):
    with pytest.raises(ShapeError) as caught:
        multiply()

    assert says in str(caught.value)


def test_dtypes_are_not_mixed():
    with pytest.raises(DTypeError, match="float32 != float64"):
        wg.ones(2, 3) @ wg.ones(3, 4, dtype=wg.float64)


def test_a_number_is_no_factor():
    with pytest.raises(ArgumentError, match="unsupported operand type float"):
        wg.ones(3) @ 2.0


# einsum

EQUATIONS = [
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), (" i j, j k -> k i", (2, 3), (3, 4)),
    ("ii", (3, 3)), ("ii->i", (3, 3)), ("iij,jk->ik", (2, 2, 3), (3, 2)), ("iii->i", (3, 3, 3)),
    ("ij->", (2, 3)), ("ij->ji", (2, 3)), ("ba", (2, 3)), ("ij,kl->", (2, 3), (4, 5)),
    ("ij,ij->ij", (1, 3), (2, 3)), ("ij,kj->ik", (2, 1), (4, 3)), ("i,j->ij", (2,), (3,)),
    ("bhqd,bkhd->bhqk", (2, 3, 4, 5), (2, 6, 3, 5)), ("...ij,...jk->...ik", (5, 2, 3), (3, 4)),
    ("...ij,...jk", (5, 2, 3), (6, 1, 3, 4)), ("...i,...i->...", (2, 5, 3), (5, 3)),
    ("i...->...", (5, 2)), ("ab,bc,ca->", (2, 3), (3, 4), (4, 2)),
    ("a,ab,abc->bc", (2,), (2, 3), (2, 3, 4)), ("ij,jk,kl->il", (2, 3), (3, 4), (4, 5)),
    (",i->i", (), (3,)), ("ij,jk->ik", (2, 0), (0, 4)),
]  # fmt: skip


@pytest.mark.parametrize(("equation", "shapes"), [(e, s) for e, *s in EQUATIONS])
def test_einsum(equation, shapes):
    arrays = [numbers(*shape) for shape in shapes]

    expected = np.einsum(equation.strip(), *arrays)
    assert_equal(wg.einsum(equation, *(wg.tensor(a) for a in arrays)), expected)


def test_einsum_of_lists():
    x, y = numbers(2, 3), numbers(3, 4)
    a, b = wg.tensor(x), wg.tensor(y)

    assert_equal(wg.einsum(a, [0, 1], b, [1, 2], [2, 0]), (x @ y).T)
    assert_equal(wg.einsum(a, [0, 1], b, [1, 2]), x @ y)
    assert_equal(wg.einsum(a, [..., 1], b, [1, 2], [..., 2]), x @ y)
    assert_equal(wg.einsum("ij,jk", [a, b]), x @ y)


def test_einsum_omits_the_ellipsis_by_a_sum():
    x = numbers(5, 2, 3)  # NumPy refuses this; torch sums

    assert_equal(wg.einsum("...ij->ij", wg.tensor(x)), x.sum(0))


def test_einsum_contracts_the_cheapest_pair_first():
    """Left to right it would build a matrix of a million elements."""
    column, row, last = leaf(numbers(1000, 1)), leaf(numbers(1, 1000)), leaf(numbers(1000, 1))
    z = wg.einsum("ij,jk,kl->il", column, row, last)

    shapes = [v.aval.shape for v in wg.graph(z).nodes if v.is_operation]
    assert shapes == [(1, 1), (1000, 1)]


def test_einsum_of_one_factor_is_a_view():
    x = wg.tensor(numbers(3, 3))

    for equation in ("ij->ji", "ii->i", "ij"):
        assert np.shares_memory(wg.einsum(equation, x).numpy(), x.numpy())


@pytest.mark.parametrize(
    ("equation", "says"),
    [
        ("ij,jk->ik", "j has size 4 for operand 1"),
        ("ii,jk->ik", "repeated for operand 0"),
        ("ij,kl->iik", "more than once in the output"),
        ("ij,kl->m", "does not appear"),
        ("ij", "more operands"),
        ("ij,kl,mn", "fewer operands"),
        ("i1,jk", "index 1"),
        ("i,jk", "subscripts in the equation (1)"),
        ("i..j,kl", "not part of any ellipsis"),
    ],
)
def test_equations_that_are_wrong(equation, says):
    with pytest.raises(ShapeError) as caught:
        wg.einsum(equation, wg.ones(2, 3), wg.ones(4, 5))

    assert says in str(caught.value)


# Others


def test_a_term_with_factor_0_is_not_looked_at():
    nowhere = leaf(np.full(2, math.nan))
    x, y = numbers(2, 3), numbers(3, 2)
    z = wg.addmm(nowhere, wg.tensor(x), wg.tensor(y), beta=0)
    assert_equal(wg.tensor(x) @ wg.tensor(y), x @ y)
    z.sum().backward()

    assert nowhere.grad.tolist() == [0.0, 0.0]


def test_addmm_leaves_its_arguments_alone():
    term, x, y = wg.ones(2, 2), wg.ones(2, 2), wg.ones(2, 2)
    wg.addmm(term, x, y, alpha=3, beta=2)

    assert all(t.sum().item() == 4 for t in (term, x, y))


def test_multi_dot_takes_the_cheapest_order():
    a, b, c = leaf(numbers(2, 50)), leaf(numbers(50, 3)), leaf(numbers(3, 40))
    z = wg.multi_dot([a, b, c])

    shapes = [v.aval.shape for v in wg.graph(z).nodes if v.is_operation]
    assert shapes == [(2, 3), (2, 40)]  # (ab)c takes 540 multiplications, a(bc) 10,000


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3, math.inf])
@pytest.mark.parametrize("rows", [3, 40])
def test_cdist(p, rows):
    x, y = numbers(rows, 3), numbers(5, 3)
    kinds = {0: "hamming", 1: "cityblock", 2: "euclidean", math.inf: "chebyshev"}
    kind = kinds.get(p)
    expected = distance.cdist(x, y, kind) if kind else distance.cdist(x, y, "minkowski", p=p)

    assert_equal(wg.cdist(wg.tensor(x), wg.tensor(y), p=p), expected * (3 if p == 0 else 1))


def test_cdist_of_near_rows_is_exact():
    """Far from the origin, lengths squared cancel in the product of matrices."""
    x = 1000 + numbers(40, 8)
    y = np.concatenate([x[:20], x[20:] + 1e-6])

    assert_equal(wg.cdist(wg.tensor(x), wg.tensor(y)), distance.cdist(x, y), 1e-9)


@pytest.mark.parametrize("p", [0.5, 1, 1.5, 2, 3, math.inf])
def test_the_gradient_of_cdist_is_0_where_rows_coincide(p):
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    (grad,) = wg.autograd.grad(
        wg.cdist(x, wg.tensor([[1.0, 2.0]]), p=p)[0].sum(), x, create_graph=True
    )

    assert grad.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    (again,) = wg.autograd.grad(grad.sum(), x, allow_unused=True, materialize_grads=True)
    assert np.isfinite(again.numpy()).all()


# NumPy's names

A, B = numbers(2, 3), numbers(3, 4)
NUMPY = {
    "matmul": lambda a, b: np.matmul(a, b),
    "linalg.matmul": lambda a, b: np.linalg.matmul(a, b),
    "dot": lambda a, b: np.dot(a, b),
    "dot of vectors": lambda a, b: np.dot(a[0], b[:, 0]),
    "dot of a number": lambda a, b: np.dot(2.0, b),
    "dot of batches": lambda a, b: np.dot(np.stack([a, a]), np.stack([b, b])),
    "vdot": lambda a, b: np.vdot(a, a),
    "inner": lambda a, b: np.inner(a, a),
    "outer": lambda a, b: np.outer(a, b),
    "kron": lambda a, b: np.kron(a, b),
    "tensordot": lambda a, b: np.tensordot(a, b, 1),
    "tensordot, axes": lambda a, b: np.tensordot(a, a, axes=(0, 0)),
    "tensordot, lists": lambda a, b: np.tensordot(a, a, axes=([0, 1], [0, 1])),
    "trace": lambda a, b: np.trace(a, 1),
    "trace of others": lambda a, b: np.trace(np.stack([a, a]), axis1=1, axis2=2),
    "linalg.trace": lambda a, b: np.linalg.trace(np.stack([a, a])),
    "cross": lambda a, b: np.cross(a, a[0]),
    "cross, axis": lambda a, b: np.cross(b, b + 1, axis=0),
    "einsum": lambda a, b: np.einsum("ij,jk", a, b, optimize=True),
    "multi_dot": lambda a, b: np.linalg.multi_dot([a, b]),
}


@pytest.mark.parametrize("name", NUMPY)
def test_numpys_names(name):
    got = NUMPY[name](leaf(A), leaf(B))

    assert got.requires_grad
    assert_equal(got, NUMPY[name](A, B))
