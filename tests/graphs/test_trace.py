"""The graph of a function: from examples, or from shapes and dtypes alone."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.errors import (
    ArgumentError,
    GraphError,
    MissingValueError,
    ShapeError,
    TraceError,
)


def product(a, b):
    c = a + b
    d = b + 1
    return c * d


def float64(*shape):
    return wg.Aval(shape, np.dtype("float64"))


def test_from_numbers():
    g = wg.graph(product, 2.0, 1.0).verify()
    assert g.names() == ["a", "b", "c", "d", "v1"]
    assert [str(v.aval) for v in g.nodes] == ["float32[]"] * 5
    assert g["v1"].value.item() == 6
    assert g.derivative("b").item() == 5
    assert g(a=5.0, b=7.0).item() == 96


def test_from_shapes():
    g = wg.graph(product, float64(2, 3), float64(3)).verify()
    assert g.listing().splitlines()[-2:] == ["v1: float64[2, 3] = mul(c, d)", "return v1"]
    with pytest.raises(MissingValueError, match="a has no value: the graph was traced"):
        _ = g["c"].value
    with pytest.raises(MissingValueError, match="has no value"):
        g.derivative("a")
    assert "c = a + b" in str(g)
    there = g.at(a=np.ones((2, 3)), b=[0, 1, 2])
    np.testing.assert_array_equal(there["v1"].value.numpy(), [[1, 4, 9], [1, 4, 9]])
    assert there.check()
    assert g(a=1.0, b=1.0).shape == (2, 3)


def test_examples_of_every_kind():
    def total(*xs):
        return sum(x.sum() for x in xs)

    examples = (wg.tensor([1.0]), np.ones(2), np.float64(3.0), 4.0, float64(2))
    assert [v.name for v in wg.graph(total, *examples).inputs] == [
        "xs0",
        "xs1",
        "xs2",
        "xs3",
        "xs4",
    ]
    with pytest.raises(ArgumentError, match="the example for xs0 is a str"):
        wg.graph(total, "x")


def test_closed_over_parameters_are_inputs_too():
    W = wg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    k = wg.tensor([1.0, -1.0])

    def layer(x):
        z = x @ W + k
        return wg.relu(z).sum()

    g = wg.graph(layer, wg.ones(3, 2)).verify()
    assert {v.name for v in g.inputs} == {"W", "x"}
    assert [v.name for v in g.constants] == ["k"]
    layer(wg.ones(3, 2)).backward()
    assert g.derivative("W").tolist() == W.grad.tolist()


def test_an_argument_that_is_not_used_has_derivative_zero():
    g = wg.graph(lambda x, y: x * 2, 3.0, 4.0)
    assert [v.name for v in g.inputs] == ["x", "y"]
    assert g.derivative("y").item() == 0
    assert "No path leads from y" in str(g.explain("y"))
    assert wg.Graph.from_json(g.to_json()).derivative("y").item() == 0


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (lambda x: x if x > 0 else -x, "bool()"),
        (lambda x: x * x.item(), "item()"),
        (lambda x: x * float(x), "float()"),
        (lambda x: x * int(x), "int()"),
        (lambda x: x.numpy(), "numpy()"),
        (lambda x: np.asarray(x), "numpy()"),
        (lambda x: x.tolist(), "tolist()"),
        (lambda x: wg.tensor([1.0, 2.0])[x.to(wg.int64)], ""),
        (lambda x: f"{x:.3f}", "format()"),
    ],
)
def test_what_needs_a_value_says_so(function, what):
    with pytest.raises(TraceError) as error:
        wg.graph(function, 2.0)
    assert str(error.value).startswith(f"{what} needs the value") or not what
    assert "at test_trace.py:" in str(error.value)
    assert "wengert.where" in str(error.value)


def test_backward_is_refused_in_words():
    with pytest.raises(TraceError, match=r"backward\(\) writes into \.grad(?s:.*)value_and_grad"):
        wg.graph(lambda x: (x * x).backward(), 2.0)


def test_the_remedy_works():
    g = wg.graph(lambda x: wg.where(x > 0, x, 0.1 * x), np.array([-1.0, 2.0])).verify()
    np.testing.assert_allclose(g.derivative("x").numpy(), [[0.1, 0], [0, 1]])
    assert g.paths("x").count() == 2  # not through the condition


def test_shapes_that_depend_on_data():
    with pytest.raises(TraceError, match="depends on the mask"):
        wg.graph(lambda x: x[x > 0], np.ones(3))
    with pytest.raises(TraceError, match="depends on the data"):
        wg.graph(wg.nonzero, np.ones(3))


def test_what_does_not_fit_is_explained_as_always():
    with pytest.raises(ShapeError, match="3"):
        wg.graph(lambda x: x + wg.ones(4), wg.ones(3))


@pytest.mark.parametrize("result", [3, None, wg.ones(2)])
def test_a_result_that_depends_on_nothing(result):
    with pytest.raises(TraceError, match="does not depend on its inputs"):
        wg.graph(lambda x: result, 2.0)


def test_several_results():
    g = wg.graph(lambda x: wg.sort(x), np.array([3.0, 1.0, 2.0])).verify()
    assert [str(v.aval) for v in g.outputs] == ["float64[3]", "int64[3]"]
    assert [t.tolist() for t in g()] == [[1, 2, 3], [1, 2, 0]]
    with pytest.raises(GraphError, match="only floats and complex numbers have derivatives"):
        g.derivative(g.outputs[1], "x")


def test_writes_in_place():
    def f(x):
        h = x * 2
        h += x
        h[0] = 0.0
        return h.sum()

    g = wg.graph(f, np.array([1.0, 2.0])).verify()
    assert g().item() == 6
    assert g.derivative("x").tolist() == [0, 3]


def test_writes_in_place_that_do_not_fit():
    def grow(x):
        x.add_(wg.ones(3, 2))

    def widen(x):
        x.add_(wg.tensor(1j))

    for function, message in ((grow, "the result has shape"), (widen, "can't be cast to float32")):
        with pytest.raises(RuntimeError, match=message):
            wg.graph(function, wg.ones(2))


def test_a_cut_in_place():
    def f(x):
        y = x * 2
        y.detach_()
        return (x * y).sum()

    assert wg.graph(f, np.array([1.0, 2.0])).derivative("x").tolist() == [2, 4]


def test_writes_into_what_is_not_traced():
    outside = wg.zeros(2)

    def leak(x):
        outside.add_(x)
        return x

    def store(x):
        outside[0] = x
        return x

    for function in (leak, store):
        with pytest.raises(TraceError, match="into one that is not"):
            wg.graph(function, 2.0)
    assert outside.tolist() == [0, 0]


def test_cuts_stay_cuts():
    def detached(x):
        return (x * x.detach()).sum()

    def unrecorded(x):
        with wg.no_grad():
            scale = x.sum()
        return (scale * x).sum()

    x = np.array([2.0, 3.0])
    g = wg.graph(detached, x).verify()
    assert g.derivative("x").tolist() == [2, 3]
    assert g(x=[4.0, 5.0]).item() == 41
    g = wg.graph(unrecorded, x).verify()
    assert g.derivative("x").tolist() == [5, 5]
    assert g(x=[1.0, 1.0]).item() == 4
    assert wg.Graph.from_json(g.to_json()).derivative("x").tolist() == [5, 5]


def test_large_shapes_cost_nothing():
    big = wg.Aval((10**6, 10**6), np.dtype("float32"))
    half = wg.Aval((10**6,), np.dtype("float64"))
    g = wg.graph(lambda x, y: (x @ x.T) * 2 + y, big, half).verify()
    assert str(g.outputs[0].aval) == "float64[1000000, 1000000]"
    assert wg.Graph.from_json(g.to_json()).listing() == g.listing()


def test_a_function_of_numpy():
    g = wg.graph(lambda x: np.sum(np.sin(x) ** 2), np.array([1.0, 2.0])).verify()
    np.testing.assert_allclose(g.derivative("x").numpy(), np.sin([2.0, 4.0]))


def test_gradients_are_traced_like_everything_else():
    g = wg.graph(wg.func.grad(lambda x: (x * x).sin()), 2.0)

    assert g(x=3.0).item() == pytest.approx(6 * np.cos(9.0), rel=1e-6)
