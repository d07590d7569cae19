"""sweep: a graph at many values of some inputs."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg


def founding():
    a = wg.tensor([2.0], requires_grad=True)
    b = wg.tensor([1.0], requires_grad=True)
    c = a + b
    d = b + 1
    e = c * d
    return wg.graph(e)


def test_one_input():
    found = founding().sweep(a=[0.0, 1.0, 5.0])

    assert found["e"].tolist() == [[2.0], [4.0], [12.0]]
    assert found.derivatives["a"].tolist() == [[2.0], [2.0], [2.0]]
    assert len(found) == 3
    assert str(found).splitlines()[0].split() == ["a", "e", "de/da"]


def test_several_inputs_together():
    found = founding().sweep(a=np.array([2.0, 5.0]), b=wg.tensor([1.0, 7.0]))

    assert found["e"].reshape(-1).tolist() == [6.0, 96.0]
    assert found.derivatives["b"].reshape(-1).tolist() == [5.0, 20.0]


def test_arrays_agree_with_one_at_a_time():
    wg.manual_seed(0)
    W = wg.randn(3, 2, requires_grad=True)
    x = wg.randn(4, 3)
    loss = wg.tanh(x @ W).square().mean()
    graph = wg.graph(loss)
    values = np.random.default_rng(0).standard_normal((5, 3, 2)).astype(np.float32)

    found = graph.sweep(W=values)

    for i, value in enumerate(values):
        there = graph.at(W=value)
        assert np.allclose(found["loss"][i].item(), there["loss"].value.item(), rtol=1e-5)
        slope = there.derivative("loss", "W").numpy()
        assert np.allclose(found.derivatives["W"][i].numpy(), slope, rtol=1e-4, atol=1e-6)


def test_a_constant_can_be_swept():
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    scale = wg.tensor([3.0, 4.0])
    y = (x * scale).sum()

    found = wg.graph(y).sweep(scale=[1.0, 2.0])

    assert found["y"].tolist() == [3.0, 6.0]


def test_long_tables_are_shortened():
    assert "... and 88 more" in str(founding().sweep(a=np.linspace(0, 1, 100)))


class Axes:
    """What matplotlib's axes are asked for."""

    def __init__(self):
        self.lines = []

    def plot(self, x, y, *style, label):
        self.lines.append((label, np.shape(x), np.shape(y)))

    def set_xlabel(self, text):
        self.xlabel = text

    def legend(self):
        pass


def test_plot():
    x = wg.tensor(1.0, requires_grad=True)
    y = x.sin()
    axes = Axes()

    wg.graph(y).sweep(x=np.linspace(0, 6, 50)).plot(axes)

    assert axes.lines == [("y", (50,), (50,)), ("dy/dx", (50,), (50,))]
    assert axes.xlabel == "x"
    with pytest.raises(TypeError, match="only numbers can be drawn"):
        founding().sweep(a=[1.0]).plot(axes)


@pytest.mark.parametrize(
    ("values", "error", "says"),
    [
        ({}, TypeError, "needs an input to sweep over"),
        ({"a": 1.0}, RuntimeError, "needs several values"),
        ({"a": [1.0, 2.0], "b": [1.0]}, RuntimeError, "as many values as the others"),
        ({"a": np.ones((2, 3))}, RuntimeError, r"a has shape \(1,\)"),
        ({"c": [1.0]}, TypeError, "c is computed, not an input"),
        ({"f": [1.0]}, KeyError, "no node named 'f'"),
    ],
)
def test_bad_input(values, error, says):
    with pytest.raises(error, match=says):
        founding().sweep(**values)
