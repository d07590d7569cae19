"""graph.compile(): a recorded graph as a compiled function of its inputs."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.errors import (
    ArgumentError,
    DTypeError,
    GraphError,
    MissingValueError,
    ShapeError,
    StaleError,
    UnknownNameError,
)


def founding():
    a = wg.tensor(2.0, requires_grad=True)
    b = wg.tensor(1.0, requires_grad=True)
    k = wg.tensor(3.0)
    c = a + b
    return wg.graph(c * (b + 1) * k, a=a, b=b, k=k)


@pytest.mark.parametrize(
    "inputs", [{}, {"a": 5.0}, {"a": 5, "b": 7.0}, {"k": 2.0}, {"b": np.float32(7)}]
)
def test_it_is_called_like_the_graph(inputs):
    graph = founding()

    assert graph.compile()(**inputs).item() == graph(**inputs).item()


def test_by_position():
    graph = founding()
    compiled = graph.compile()

    assert compiled(5.0, 7.0).item() == compiled(5.0, b=7.0).item() == graph(a=5.0, b=7.0).item()


def test_gradients():
    graph = founding()
    there = graph.at(a=5.0, b=7.0)

    value, (by_a, by_b) = graph.compile(wrt=("a", "b"))(5.0, 7.0)
    _, by_k = graph.compile(wrt="k")(5.0, 7.0)

    assert value.item() == graph(a=5.0, b=7.0).item()
    assert by_a.item() == there.derivative("a").item()
    assert by_b.item() == there.derivative("b").item()
    assert by_k.item() == (5 + 7) * 8


def test_autograd_goes_through():
    compiled = founding().compile()
    x = wg.tensor([5.0], requires_grad=True)  # of another shape: it is expanded where it fits
    a = wg.tensor(5.0, requires_grad=True)

    compiled(a=a, b=7.0).backward()

    assert a.grad.item() == 8 * 3
    with pytest.raises(ShapeError, match=r"a has shape \(\)"):
        compiled(a=x)


def test_several_outputs_and_vectors():
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    total = (x * x).sum()
    graph = wg.graph(total, x * 3)

    for mine, other in zip(graph.compile()(x=4), graph(x=4), strict=True):
        wg.testing.assert_close(mine, other)


def test_operations_with_several_outputs():
    x = wg.eye(3, requires_grad=True) * 2
    q, r = wg.linalg.qr(x)

    for mine, other in zip(wg.graph(q, r).compile()(), (q, r), strict=True):
        wg.testing.assert_close(mine, other.detach())


def test_a_traced_graph():
    graph = wg.graph(lambda x, w: (x @ w).softmax(-1), np.ones((2, 3)), np.ones((3, 4)))
    w = np.arange(12.0).reshape(3, 4)

    wg.testing.assert_close(graph.compile()(w=w), graph(w=w))


def test_its_questions():
    compiled = founding().compile()

    assert compiled.graph().names()[:3] == ["a", "b", "k"]
    assert "test_of_graph.py" in str(compiled.graph().nodes[-1].site)
    assert compiled.report().coverage == 1
    assert "fmul float" in compiled.llvm_ir()
    assert repr(compiled).startswith("<compiled graph (a, b, k) -> ")


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda c: c(1.0, 2.0, 3.0), ArgumentError, "2 inputs by position, not 3.*|a, b"),
        (lambda c: c(1.0, a=2.0), ArgumentError, "a twice"),
        (lambda c: c(c=1.0), ArgumentError, "(?s)c is computed.*a, b, k"),
        (lambda c: c(z=1.0), UnknownNameError, "'z'"),
        (lambda c: c(a=[1.0, 2.0]), ShapeError, "a has shape"),
        (lambda c: c(a=1j), DTypeError, "complex"),
        (lambda c: c(a="text"), ArgumentError, "no number"),
    ],
)
def test_bad_inputs(call, error, match):
    with pytest.raises(error, match=match):
        call(founding().compile())


def test_gradients_by_what_is_computed():
    with pytest.raises(ArgumentError, match="c is computed"):
        founding().compile(wrt="c")


def test_values_that_are_gone():
    x = wg.ones(400, requires_grad=True)
    y = x.detach() * 2
    loss = (x * y).sum()
    compiled = wg.graph(loss, x=x, y=y).compile()
    assert compiled().item() == 800
    with wg.no_grad():
        x.add_(1)

    with pytest.raises(StaleError, match="x was written"):
        compiled()
    assert compiled(x=x.detach()).item() == 1600


def test_what_never_had_a_value():
    graph = wg.graph(lambda x: x * 2, wg.Aval((2,), np.dtype("float32")))

    with pytest.raises(MissingValueError, match="x has no value"):
        graph.compile()()
    assert graph.compile()(x=[1.0, 2.0]).tolist() == [2, 4]


def test_functions_that_users_wrote():
    class Twice(wg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return wg.tensor(x.detach().numpy() * 2)

        @staticmethod
        def backward(ctx, ct):
            return ct * 2

    y = Twice.apply(wg.ones(2, requires_grad=True)) + 1
    graph = wg.graph(y)

    assert graph.compile()([2.0, 3.0]).tolist() == [5, 7]
    with pytest.raises(GraphError, match="'Twice' is not known here"):
        wg.Graph.from_json(graph.to_json()).compile()(wg.ones(2))
