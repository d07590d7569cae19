"""Composite operations are compiled as others, and what these compute is the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wengert as wg
from compiler.programs import operations, outputs_of
from wengert.compiler.rewrite import simplified
from wengert.core.registry import every_op
from wengert.graphs.graph import Graph

F = wg.nn.functional
SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -2.5, 3e38]

ROWS = {
    "softmax": lambda x: x.softmax(-1),
    "log_softmax": lambda x: x.log_softmax(0),
    "logsumexp": lambda x: x.logsumexp(1),
    "logsumexp kept": lambda x: x.logsumexp((0, 1), keepdim=True),
    "mean": lambda x: x.mean(0),
    "nansum": lambda x: x.nansum(),
    "var": lambda x: x.var(1),
    "std": lambda x: x.std(0, correction=0),
    "var_mean": lambda x: wg.var_mean(x, 1),
    "std_mean": lambda x: wg.std_mean(x),
    "norm": lambda x: x.norm(),
    "norm 0": lambda x: x.norm(0, dim=1),
    "norm 1": lambda x: x.norm(1, dim=0),
    "norm 3": lambda x: x.norm(3, dim=1),
    "norm inf": lambda x: x.norm(np.inf, dim=1, keepdim=True),
    "norm -inf": lambda x: x.norm(-np.inf),
    "max": lambda x: x.max(),
    "min": lambda x: x.min(),
    "aminmax": lambda x: wg.aminmax(x, dim=1),
    "mse": lambda x: F.mse_loss(x, x * x),
    "smooth_l1": lambda x: F.smooth_l1_loss(x, x * x, beta=0.5, reduction="none"),
    "huber": lambda x: F.huber_loss(x, x * x, reduction="sum"),
    "logits": lambda x: F.binary_cross_entropy_with_logits(x, x * 0.5, reduction="none"),
}  # fmt: skip


def flat(result):
    return list(result) if isinstance(result, tuple) else [result]


@pytest.mark.parametrize("name", ROWS)
@settings(max_examples=25)
@given(data=st.data())
def test_special_values_are_as_eagerly(name, data):
    rows, columns = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 4)))
    numbers = st.sampled_from(SPECIAL[:3]) | st.floats(-4, 4, width=32) | st.sampled_from(SPECIAL)
    values = data.draw(st.lists(numbers, min_size=rows * columns, max_size=rows * columns))
    x = wg.tensor(np.array(values, np.float32).reshape(rows, columns))

    compiled = wg.compile(ROWS[name])

    for a, b in zip(flat(compiled(x)), flat(ROWS[name](x)), strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=3e-6, atol=1e-30)


@pytest.mark.parametrize("name", ROWS)
def test_nothing_is_left_of_it(name):
    composite = {op.name for op in every_op().values() if op.written is not None}

    left = composite & set(operations(ROWS[name], wg.ones(3, 4)))

    assert left <= {"pow"}  # which is written in other ways for some exponents only


@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (0, 3), (1, 1)])
@pytest.mark.parametrize("name", ["softmax", "logsumexp kept", "mean", "var", "norm", "mse"])
def test_shapes_without_elements_or_dimensions(name, shape):
    x = wg.ones(shape) * 2
    function = ROWS[name] if x.ndim == 2 or name not in ROWS else {
        "softmax": lambda x: x.softmax(0),
        "logsumexp kept": lambda x: x.logsumexp(0, keepdim=True),
        "mean": lambda x: x.mean(),
        "var": lambda x: x.var(correction=0),
        "norm": lambda x: x.norm(),
        "mse": lambda x: F.mse_loss(x, x * x),
    }[name]  # fmt: skip

    a, b = wg.compile(function)(x), function(x)

    assert (a.shape, a.dtype) == (b.shape, b.dtype)
    np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_half_precision_and_complex_numbers_keep_their_forward_function():
    assert operations(lambda x: x.softmax(-1), wg.ones(2, 3, dtype=wg.float16)) == ["softmax"]
    assert operations(lambda x: x.var(), wg.ones(2, 3, dtype=wg.complex64)) == ["var"]
    assert operations(lambda x: x.var(), wg.ones(2, 3)) != ["var"]


def test_a_composite_of_composites_is_written_out_to_the_end():
    found = operations(lambda x: x.std(1), wg.ones(2, 3))

    assert set(found) <= {"sum", "div", "sub", "square", "sqrt", "view", "reshape"}


def test_each_application_stands_at_its_own_line():
    def lines(x):
        first = x.softmax(0)
        return first, x.softmax(1)

    nodes = [n for n in Graph(simplified(outputs_of(lines, wg.ones(2, 3)))).nodes if n.is_operation]

    assert {n.site.filename for n in nodes} == {__file__}
    assert len({n.site.line for n in nodes}) == 2
