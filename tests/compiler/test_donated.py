"""out=: results in memory that the caller gives."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.errors import (
    ArgumentError,
    DTypeError,
    GradientError,
    ShapeError,
    StaleError,
    WengertError,
)


def both(x, y):
    return {"sum": x + y, "rest": [x * y, "text"]}


def test_a_tensor():
    x, out = wg.ones(3), wg.empty(3)

    made = wg.compile(lambda x: x * 2 + 1)(x, out=out)

    assert made is out
    assert out.tolist() == [3, 3, 3]


def test_an_array():
    x, out = np.ones(3), np.empty(3)

    assert wg.compile(lambda x: x * 2)(x, out=out) is out
    assert out.tolist() == [2, 2, 2]
    assert wg.compile(lambda x: x * 3)(wg.tensor(x), out=out) is out
    assert out.tolist() == [3, 3, 3]


def test_one_number():
    out = wg.tensor(0.0)
    alias = out.detach()

    assert wg.compile(lambda x: x.sum())(wg.ones(3), out=out) is out
    assert out.item() == alias.item() == 3


def test_a_part_of_a_result():
    compiled = wg.compile(both)
    x, product = wg.ones(2), wg.empty(2)

    made = compiled(x, x + 1, out={"sum": None, "rest": [product, None]})

    assert made["rest"][0] is product
    assert product.tolist() == [2, 2]
    assert made["sum"].tolist() == [3, 3]
    assert made["rest"][1] == "text"


@pytest.mark.parametrize(
    "place",
    [
        lambda memory: (memory[:4], memory[:4]),
        lambda memory: (memory[:4], memory[1:5]),
        lambda memory: (memory[1:5], memory[:4]),
        lambda memory: (memory[:8:2], memory[:4]),
    ],
    ids=["the same", "shifted", "shifted back", "strided"],
)
def test_memory_of_an_input(place):
    """An input that is written over is read first."""
    x, out = place(np.arange(8.0))
    wanted = x[::-1] * 2 + x

    wg.compile(lambda x: x.flip(0) * 2 + x)(x, out=out)

    assert out.tolist() == wanted.tolist()


def test_memory_of_a_closed_over_tensor():
    weight = wg.tensor([1.0, 2.0, 3.0])
    step = wg.compile(lambda x: weight - 0.5 * x.flip(0) * weight.sum())

    step(wg.ones(3), out=weight)

    assert weight.tolist() == [-2, -1, 0]


def test_who_saved_it_is_told():
    x = wg.ones(3, requires_grad=True)
    out = wg.ones(3)
    y = x * out

    wg.compile(lambda z: z * 2)(wg.ones(3), out=out)

    with pytest.raises(StaleError, match=r"compiled function at test_donated\.py"):
        y.sum().backward()
    assert out._version == 1


def test_a_parameter_of_that_name_is_the_functions_own():
    compiled = wg.compile(lambda x, out: x + out)

    assert compiled(wg.ones(2), out=wg.ones(2)).tolist() == [2, 2]


def test_under_no_grad():
    x, out = wg.ones(2, requires_grad=True), wg.empty(2)
    compiled = wg.compile(lambda x: x * 2)

    with pytest.raises(GradientError, match=r"requires grad(?s:.*)no_grad"):
        compiled(x, out=out)
    with wg.no_grad():
        assert compiled(x, out=out).tolist() == [2, 2]


def test_results_without_a_derivative_need_no_no_grad():
    x, out = wg.tensor([1.0, 3.0], requires_grad=True), wg.tensor(0)

    assert wg.compile(lambda x: x.argmax())(x, out=out).item() == 1


@pytest.mark.parametrize(
    ("out", "error", "match"),
    [
        (lambda: wg.empty(3), ShapeError, r"out has shape \(3,\); the result has \(2,\)"),
        (lambda: wg.empty(2, dtype=wg.float64), DTypeError, "out is float64; the result is float"),
        (lambda: wg.empty(4)[::2], ArgumentError, "not contiguous"),
        (lambda: wg.ones(2, requires_grad=True), GradientError, r"requires grad(?s:.*)detach"),
        (lambda: wg.ones(2, requires_grad=True) * 2, GradientError, "requires grad"),
        (lambda: [wg.empty(2)], ArgumentError, "structure"),
        (lambda: "text", ArgumentError, "a str"),
        (lambda: np.float32(1), ArgumentError, "a float32"),
        (lambda: wg.tensor(1.0).expand(2), WengertError, "single memory location"),
        (lambda: np.broadcast_to(np.float32(1), (2,)), WengertError, "single memory location"),
        (lambda: np.frombuffer(b"12345678", np.float32), ArgumentError, "read-only"),
    ],
)
def test_what_cannot_be_written_into(out, error, match):
    with pytest.raises(error, match=match):
        wg.compile(lambda x: x * 2)(wg.ones(2), out=out())


def test_two_results_in_one_memory():
    memory = np.empty(6)

    with pytest.raises(ArgumentError, match="share memory"):
        wg.compile(lambda x: (x, x * 2))(np.ones(4), out=(memory[:4], memory[2:]))


def test_nothing_is_written_before_all_is_checked():
    first, second = wg.zeros(2), wg.zeros(3)

    with pytest.raises(ShapeError, match=r"out\[1\]"):
        wg.compile(lambda x: (x, x * 2))(wg.ones(2), out=(first, second))
    assert first.tolist() == [0, 0]


def test_inside_a_transform():
    compiled = wg.compile(lambda x: x * 2)

    with pytest.raises(GradientError, match="transform"):
        wg.vmap(lambda x: compiled(x, out=wg.empty(())))(wg.ones(2))
