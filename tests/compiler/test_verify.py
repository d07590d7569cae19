"""verify=True: what is right is not complained of, and what is wrong is named."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest

import wengert as wg
from wengert.compiler.code import Code
from wengert.compiler.program import Program
from wengert.compiler.tolerance import last_place, reference, tolerance
from wengert.errors import CompileError


@pytest.fixture
def slip(monkeypatch):
    """A slip in the compiler: what adds subtracts. Nothing of it goes to the cache on disk."""
    monkeypatch.setenv("WENGERT_CACHE_DIR", "")
    with mock.patch.object(Code, "add", Code.sub):
        yield


def test_the_first_operation_that_differs_is_named(slip):
    compiled = wg.compile(lambda a, b: ((a * b) + a) * 2, verify=True)

    with pytest.raises(CompileError, match=r"(?s)^add: .*1.0, eagerly 3.0.*test_verify.py"):
        compiled(1.0, 2.0)
    with pytest.raises(CompileError):
        compiled(wg.tensor(1.0, requires_grad=True), wg.tensor(2.0))


def test_the_first_element_that_differs_is_named(slip):
    x = np.array([[0.0, 0.0], [0.0, 3.0]])

    with pytest.raises(CompileError, match=r"add: compiled it gives 0.0, eagerly 6.0 at \[1, 1\]"):
        wg.compile(lambda x: x + x, verify=True)(x)


def off_by(change):
    """A program whose results are changed on their way out."""
    run = Program.run

    def changed(self, arrays, outs=()):
        return [change(result) for result in run(self, arrays, outs)]

    return mock.patch.object(Program, "run", changed)


def test_a_result_that_differs_is_named_where_each_operation_is_right():
    with off_by(lambda value: value + 1e-3):
        for f in (lambda x: x * 2, lambda x: (x * 2).sum()):
            with pytest.raises(CompileError, match=r"right by itself, as a result"):
                wg.compile(f, verify=True)(wg.ones(3))


def block(x, w, b):
    h = (x @ w + b).tanh()
    h = (h - h.mean(-1, keepdim=True)) / h.var(-1, keepdim=True).sqrt()
    return h.softmax(-1).log().sum(), h.argmax(-1), (h > 0).sum(), h.exp().cumsum(0)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_rounding_is_not_complained_of(dtype):
    """Sums and products round in another order, and what follows makes more of it."""
    draw = np.random.default_rng(0).standard_normal
    arrays = [draw(shape).astype(dtype) for shape in ((20, 300), (300, 50), (50,))]

    wg.compile(block, verify=True)(*arrays)
    wg.compile(wg.func.grad(lambda *a: block(*a)[0], argnums=(0, 1, 2)), verify=True)(*arrays)


def test_long_sums_are_not_complained_of():
    """Eager code may add one by one, and be further off than the compiled sum."""
    x = np.full((100_000, 3), 0.1, np.float32)

    wg.compile(lambda x: (x.sum(0), x.sum(), (x * x).mean()), verify=True)(x)


def test_derivatives_of_what_is_recorded_are_verified():
    x = wg.tensor([1.0, 2.0], requires_grad=True)

    wg.compile(lambda x: (x.exp() * x).sum(), verify=True)(x).backward()

    wg.testing.assert_close(x.grad, (1 + x.detach()) * x.detach().exp())


def test_special_values_and_empty_arrays():
    special = np.array([np.nan, np.inf, -np.inf, -0.0, 1e308, 5e-324])
    compiled = wg.compile(lambda x: (x * 2 + x, x.sum(), x.exp(), x.relu()), verify=True)

    with np.errstate(over="ignore"):
        single = special.astype(np.float32)
    for x in (special, special[:0], single):
        compiled(x)


# Tolerances --------------------------------------------------------------------------------------


def of(function, *arrays):
    """The tolerance of a function's last operation for these arrays, and its reference."""
    graph = wg.graph(function, *arrays)
    node = graph.outputs[0].key
    operands = graph.values.operands(node)
    value = reference(node, operands)
    return tolerance(node, operands, value), value


def test_exact_operations_have_none():
    for function in (lambda x: x + x, lambda x: x / 3, lambda x: x.sqrt(), lambda x: x.flip(0),
                     lambda x: x.amax(0), lambda x: x > 0, lambda x: x[1:]):  # fmt: skip
        assert np.all(of(function, np.ones(4))[0] == 0)


def test_sums_may_be_off_by_the_size_of_their_terms():
    """And not of the sum itself, which may have cancelled."""
    x = np.array([1e10, -1e10, 1.0, 1.0])

    bound, value = of(lambda x: x.sum(), x)

    assert value == 2
    assert 1e10 * np.finfo(float).eps < bound < 1e-4


def test_the_reference_of_a_sum_in_float32_is_in_double():
    _, value = of(lambda x: x.sum(0), np.full(1_000_000, 0.1, np.float32))

    assert abs(value / (1_000_000 * float(np.float32(0.1))) - 1) < 1e-12


def test_products_grow_with_their_inner_side():
    small = of(lambda x: x @ x, np.ones((4, 4), np.float32))[0]
    large = of(lambda x: x @ x, np.ones((400, 400), np.float32))[0]

    assert (large / 400).max() > (small / 4).max()
    assert large.max() < 1e-2


def test_last_places():
    places = last_place(np.array([1.0, 4.0, 0.0, np.inf], np.float32))

    assert places[:2].tolist() == [2.0**-23, 2.0**-21]
    assert 0 < places[2] < 1e-44
    assert places[3] == 0
