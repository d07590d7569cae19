"""Questions to graphs with Functions in them: opaque operations that answer like any other."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from function.functions import Both, ByNumpy, Cube, Double_, vector
from wengert.autograd import Function
from wengert.errors import GraphError, MissingValueError, StaleError, TraceError


def cubed():
    x = vector(1.0, 2.0)
    y = Cube.apply(x, 4)
    return x, y, wg.graph(y.sum(), x=x, y=y)


def test_it_has_the_functions_name():
    _, _, g = cubed()
    assert g["y"].expression == "Cube(x, k=4)"
    assert "Cube(x, k=4)" in repr(g)
    assert "CubeBackward" in repr(g["y"].key)
    assert "<svg" in g.draw().svg()
    assert "Cube" in g.to_dot()
    g.verify()


@pytest.mark.parametrize("freed", [False, True])
def test_derivatives(freed):
    _, y, g = cubed()
    if freed:
        y.sum().backward()
    assert g.edge("x", "y").derivative.tolist() == [[12, 0], [0, 48]]
    assert g.derivative("x").tolist() == [12, 48]
    assert g.edge("x", "y").jvp([1.0, 10.0]).tolist() == [12, 480]
    assert g.edge("x", "y").vjp([1.0, 10.0]).tolist() == [12, 480]
    assert g.check()
    assert g.nudge(x=0.001)
    assert "Cube(x, k=4)" in str(g.explain("x"))


def test_several_outputs():
    x, w = vector(2.0), vector(3.0)
    y, z = Both.apply(x, w)
    e = y * z
    g = wg.graph(e, x=x, w=w, y=y, z=z)
    assert g["z"].expression == "Both(x, w)[1]"
    assert g.derivative("x").item() == 3 * 5 + 6
    assert g.paths("x").sum().item() == 3 * 5 + 6
    assert g.check()


def test_a_rule_that_is_wrong_is_named():
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 3

    x = vector(1.0)
    report = wg.graph(Wrong.apply(x) * 2).check()
    assert not report
    assert "the rule is wrong in Wrong (input 0 of v1) at test_graphs.py" in str(report)


def test_at_other_inputs():
    _, _, g = cubed()
    assert g(x=[2.0, 3.0]).item() == 4 * (8 + 27)
    assert g.at(x=[2.0, 3.0]).derivative("x").tolist() == [48, 108]


def test_large_values_are_computed_again():
    x = wg.ones(200, requires_grad=True)
    y = Cube.apply(x, 2)
    z = (y * y).sum()
    z.backward()
    g = wg.graph(z, x=x, y=y)
    assert g["y"].value.tolist() == [2] * 200
    assert g.derivative("x").tolist() == [24] * 200


def test_an_input_that_the_function_wrote_into():
    x = vector(1.0, 2.0)
    c = x * 3
    Double_.apply(c)
    g = wg.graph(c.sum(), x=x)
    assert g.derivative("x").tolist() == [6, 6]
    assert g.check()


def test_a_constant_that_the_function_wrote_into_is_gone():
    class Scale_(Function):
        @staticmethod
        def forward(ctx, c, w):
            c.mul_(w)
            ctx.mark_dirty(c)
            return c

        @staticmethod
        def backward(ctx, g):
            return g, g

    c, w = wg.ones(2), vector(2.0, 3.0)
    Scale_.apply(c, w)
    g = wg.graph(c.sum(), w=w)
    with pytest.raises(StaleError, match=r"by Scale_ at test_graphs\.py"):
        g(w=[1.0, 1.0])


def test_a_buffer_that_the_function_wrote_into_is_gone():
    class Normalize(Function):
        @staticmethod
        def forward(ctx, x, mean):
            ctx.save_for_backward(x)
            y = x - mean
            mean.mul_(0.9)
            return y

        @staticmethod
        def backward(ctx, g):
            return g, None

    x = vector(2.0, 3.0)
    y = Normalize.apply(x, wg.ones(2))
    g = wg.graph(y, x=x, y=y)
    assert g["y"].value.tolist() == [1, 2]
    with pytest.raises(StaleError, match=r"by Normalize at test_graphs\.py"):
        g(x=[1.0, 1.0])


def test_a_run_that_cannot_be_repeated_says_so():
    calls = []

    class Drift(Function):
        @staticmethod
        def forward(ctx, x):
            calls.append(1)
            ctx.save_for_backward(x)
            return x * len(calls)

        @staticmethod
        def backward(ctx, g):
            return g * len(calls)

    x = vector(1.0)
    y = Drift.apply(x)
    g = wg.graph(y.sum(), x=x)
    assert g.derivative("x").item() == 1
    y.sum().backward()
    with pytest.raises(MissingValueError, match="gives another value when it runs again"):
        g.derivative("x")


def test_json():
    _, _, g = cubed()
    loaded = wg.Graph.from_json(g.to_json())
    assert loaded["y"].expression == "Cube(x, k=4)"
    assert loaded.to_json() == g.to_json()
    assert loaded["y"].value.tolist() == [4, 32]
    with pytest.raises(GraphError, match="'Cube' is not known here"):
        loaded(x=[1.0, 1.0])


def test_json_of_a_function_that_is_called_like_an_operation():
    twice = type("exp", (Cube,), {})
    x = vector(1.0)
    g = wg.graph(twice.apply(x, 2), x=x)
    text = g.to_json()
    with pytest.raises(GraphError, match="'exp' is not known here"):
        wg.Graph.from_json(text)(x=[1.0])


def test_json_of_arguments_that_no_file_can_hold():
    class Apply(Function):
        @staticmethod
        def forward(ctx, x, how):
            return how(x)

        @staticmethod
        def backward(ctx, g):
            return g, None

    x = vector(1.0)
    text = wg.graph(Apply.apply(x, lambda t: t * 1), x=x).to_json()
    assert wg.Graph.from_json(text).outputs[0].expression == "Apply(x, how=<function>)"


def test_a_traced_function():
    g = wg.graph(lambda x: Cube.apply(x, 2) + 1, wg.Aval((2,), np.dtype(np.float32)))
    assert g.listing().splitlines()[1] == "v1: float32[2] = Cube(x, k=2)"
    assert g(x=[1.0, 2.0]).tolist() == [3, 17]


def test_a_traced_function_with_several_outputs():
    g = wg.graph(lambda x, w: Both.apply(x, w)[1] * 2, wg.ones(2), wg.ones(2))
    assert g(x=[1.0, 2.0]).tolist() == [4, 6]


def test_numpy_inside_of_a_traced_function():
    g = wg.graph(lambda x: ByNumpy.apply(x), wg.tensor([0.5]))
    assert g(x=[1.5]).item() == pytest.approx(np.sin(1.5))


def test_the_traced_derivative():
    def slope(x):
        return wg.func.grad(lambda x: Cube.apply(x, 2).sum())(x)

    g = wg.graph(slope, wg.ones(2))
    assert g(x=[1.0, 2.0]).tolist() == [6, 24]
    again = wg.graph(lambda x: wg.func.grad(lambda x: slope(x).sum())(x), wg.ones(2))
    assert again(x=[1.0, 2.0]).tolist() == [12, 24]


def test_a_traced_derivative_that_needs_numbers():
    def slope(x):
        return wg.func.grad(lambda x: ByNumpy.apply(x).sum())(x)

    with pytest.raises(TraceError, match=r"numpy"):
        wg.graph(slope, wg.ones(2))


def test_memory_counts_what_was_saved():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            h = x * 2
            ctx.save_for_backward(h)
            ctx.mask = np.ones(1000, bool)
            return h * h

        @staticmethod
        def backward(ctx, g):
            return 4 * ctx.saved_tensors[0] * g

    x = wg.ones(1000, requires_grad=True)
    y = Square.apply(x).sum()
    report = str(wg.graph(y, x=x).memory())
    assert "Square's derivative" in report
    assert "ctx.mask" in report
    assert wg.graph(y, x=x).memory().total == 4000 + 4000 + 1000 + 4


def test_memory_names_the_circle():
    class Exp(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.y = x.exp()
            return ctx.y

        @staticmethod
        def backward(ctx, g):
            return ctx.y * g

    x = vector(1.0)
    y = Exp.apply(x)
    assert wg.graph(y, x=x, y=y).memory().cycles == ["y -> ctx.y -> y"]


def test_a_mapped_function():
    class Sine(Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x):
            return x.sin()

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0].cos()

    x = wg.tensor([[0.5, 1.0]], requires_grad=True)
    y = wg.func.vmap(Sine.apply)(x)
    g = wg.graph(y, x=x, y=y)
    assert g["y"].expression == "VmappedSine(x, slices=1)"
    assert g.check()
    assert g(x=[[0.0, 0.0]]).tolist() == [[0, 0]]
    assert wg.Graph.from_json(g.to_json())["y"].expression == "VmappedSine(x, slices=<Slices>)"
