"""Questions about arrays: an affine layer, a nonlinearity and a loss."""

from __future__ import annotations

import textwrap

import numpy as np
import pytest

import wengert as wg
from wengert.errors import ArgumentError, GraphError, ShapeError

N, IN, OUT = 4, 3, 2


def network(*, backward: bool = False) -> wg.Graph:
    random = np.random.default_rng(0)
    x = wg.tensor(random.standard_normal((N, IN)), dtype=wg.float32)
    y = wg.tensor(random.standard_normal((N, OUT)), dtype=wg.float32)
    W = wg.tensor(random.standard_normal((IN, OUT)), dtype=wg.float32, requires_grad=True)
    b = wg.tensor(random.standard_normal(OUT), dtype=wg.float32, requires_grad=True)
    z = x @ W + b
    h = wg.tanh(z)
    loss = ((h - y) ** 2).mean()
    if backward:
        loss.backward()
    return wg.graph(loss)


@pytest.fixture(params=[False, True], ids=["before backward", "after backward"])
def g(request):
    return network(backward=request.param)


def test_names(g):
    assert g.names() == ["W", "b", "x", "v1", "z", "h", "y", "v2", "v3", "loss"]
    assert [v.name for v in g.constants] == ["x", "y"]


def test_table(g):
    text = str(g.table())
    assert text.count("ok") == 8
    assert "W      input" in text
    assert "norm " in text
    assert "3×2" in text


def test_check(g):
    assert g.check()
    assert str(g.check()).endswith("all 9 local derivatives agree with finite differences")


def test_an_elementwise_edge_has_an_elementwise_derivative(g):
    edge = g.edge("z", "h")
    h = g["h"].value.numpy()
    np.testing.assert_allclose(edge.derivative.numpy(), 1 - h * h, rtol=1e-6)
    assert edge.jacobian().shape == (N, OUT, N, OUT)
    assert edge.norm == pytest.approx((1 - h * h).max(), rel=1e-6)


def test_an_edge_between_arrays(g):
    edge = g.edge("W", "v1")
    x = g["x"].value.numpy()
    assert edge.derivative.shape == (N, OUT, IN, OUT)
    assert edge.norm == pytest.approx(np.linalg.norm(x, 2), rel=1e-4)
    ct = np.arange(N * OUT, dtype=np.float32).reshape(N, OUT)
    t = np.arange(IN * OUT, dtype=np.float32).reshape(IN, OUT)
    np.testing.assert_allclose(edge.vjp(ct).numpy(), x.T @ ct, rtol=1e-5)
    np.testing.assert_allclose(edge.jvp(t).numpy(), x @ t, rtol=1e-5)
    dense = edge.jacobian().numpy().reshape(N * OUT, IN * OUT)
    np.testing.assert_allclose(dense @ t.ravel(), (x @ t).ravel(), rtol=1e-5)
    assert repr(edge).startswith("Edge(W -> v1: ∂v1/∂W = 4×2 by 3×2, norm ")


def test_a_broadcast_edge(g):
    edge = g.edge("b", "z")
    assert edge.derivative.shape == (N, OUT, OUT)
    assert edge.vjp(1.0).tolist() == [N, N]
    assert edge.norm == pytest.approx(2.0)


def test_an_edge_asked_with_what_does_not_fit(g):
    with pytest.raises(ShapeError, match=r"the cotangent of v1 has shape \(3,\), not \(4, 2\)"):
        g.edge("W", "v1").vjp([1, 2, 3])
    with pytest.raises(ArgumentError, match="the tangent of W: 'x' is no number"):
        g.edge("W", "v1").jvp("x")


def test_the_norm_of_a_large_edge_is_found_by_iteration():
    random = np.random.default_rng(1)
    W = wg.tensor(random.standard_normal((40, 30)), requires_grad=True)
    x = wg.tensor(random.standard_normal((20, 40)))
    y = x @ W
    edge = wg.graph(y).edge("W", "y")
    assert edge.norm == pytest.approx(np.linalg.norm(x.numpy(), 2), rel=1e-3)


def test_a_jacobian_too_large_to_write_out():
    W = wg.zeros(300, 300, requires_grad=True)
    y = W @ W
    g = wg.graph(y)
    for question in (lambda: g.edge("W", "y", slot=0).derivative, lambda: g.derivative("y", "W")):
        with pytest.raises(GraphError, match="8100000000 numbers") as error:
            question()
        assert ".vjp(ct), .jvp(t), .norm" in str(error.value)


def test_the_derivative_of_any_two_nodes(g):
    assert g.derivative("loss", "W").shape == (IN, OUT)
    assert g.derivative("h", "b").shape == (N, OUT, OUT)
    h = g["h"].value.numpy()
    expected = np.einsum("no,op->nop", 1 - h * h, np.eye(OUT))
    np.testing.assert_allclose(g.derivative("h", "b").numpy(), expected, atol=1e-6)
    assert g.derivative("loss", "x").shape == (N, IN)  # constants, too
    assert g.derivative("W", "b").tolist() == np.zeros((IN, OUT, OUT)).tolist()


def test_paths_through_arrays(g):
    (path,) = g.paths("W", "loss")
    np.testing.assert_array_equal(path.value.numpy(), g.derivative("loss", "W").numpy())
    assert str(path).startswith("W -> v1 -> z -> h -> v2 -> v3 -> loss: 3×2 ")


def test_the_derivation_goes_back_node_by_node(g):
    text = str(g.explain("loss", "W"))
    formulas = [line.split("  ")[0] for line in map(str.strip, text.splitlines()) if " = " in line]
    assert [f for f in formulas if f.startswith("dloss")] == [
        "dloss/dloss = 1",
        "dloss/dv3 = 1 / 8",
        "dloss/dv2 = dloss/dv3 * (2 * v2)",
        "dloss/dh = dloss/dv2",
        "dloss/dz = dloss/dh * (1 - h * h)",
        "dloss/dv1 = dloss/dz",
        "dloss/dW = x.T @ dloss/dv1",
        "dloss/dW[k,j] = sum_i dloss/dv1[i,j] * x[i,k]",
    ]
    assert "6  v1 = x @ W                                               4×2" in text
    assert "h = tanh(z): slope 1 at 0, dying away as |x| grows" in text
    assert max(map(len, text.splitlines())) <= 100
    norm = np.linalg.norm(g.derivative("loss", "W").numpy())
    assert f"So dloss/dW, 3×2: norm {norm:.4g}" in text


def test_a_broadcast_is_summed_in_the_derivation(g):
    assert "dloss/db = sum(dloss/dz, dim=0)" in str(g.explain("loss", "b"))
    assert r"\sum_{\mathrm{dim}\,0} \frac{\partial \mathrm{loss}}{\partial z}" in (
        g.explain("loss", "b").latex()
    )


def test_of_an_array_the_sum_is_explained(g):
    text = str(g.explain("h", "b"))
    assert text.startswith("dh.sum()/db by the chain rule, from h back to b.")
    assert "dh.sum()/dz = dh.sum()/dh * (1 - h * h)" in text


def test_the_derivation_as_markdown_and_latex(g):
    derivation = g.explain("loss", "W")
    markdown = derivation.markdown()
    assert "1. loss = mean(v3) (scalar)" in markdown
    assert r"\frac{\partial \mathrm{loss}}{\partial W} = x^\top" in markdown
    for text in (markdown, derivation.latex()):
        assert text.count("{") == text.count("}")
    assert derivation._repr_markdown_() == markdown


def test_nudge(g):
    lines = str(g.nudge(b=0.01)).splitlines()
    assert [line.split()[0] for line in lines] == ["node", "b", "z", "h", "v2", "v3", "loss"]
    assert "4×2 all 0.01" in lines[2]
    assert str(g.nudge(b=[0.01, 0.0], W=0.01)).count("\n") == 8


def test_other_inputs(g):
    assert g(W=0.0, b=0.0).item() == pytest.approx(float((g["y"].value.numpy() ** 2).mean()))
    there = g.at(x=np.ones((N, IN)), y=0)
    assert there["x"].value.tolist() == np.ones((N, IN)).tolist()
    assert there.check()
    with pytest.raises(ShapeError, match=r"W has shape \(3, 2\); the new value has \(2, 3\)"):
        g(W=np.zeros((2, 3)))
    with pytest.raises(ArgumentError, match="h is computed, not an input"):
        g(h=1.0)


def test_a_step_used_twice_is_a_sum():
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    s = wg.sin(x)
    y = (s * x).sum()
    text = str(wg.graph(y).explain("x"))
    assert "dy/dx = dy/ds * cos(x) + dy/dv1 * s" in textwrap.dedent(text)


def test_many_paths_between_numbers_are_explained_backwards():
    x = wg.tensor(1.5, requires_grad=True)
    y = x * x
    z = y * x + y / x
    w = z * z
    g = wg.graph(w)
    assert g.paths("x").count() == 12
    text = str(g.explain("x"))
    assert "dw/dz = z + z = " in text
    assert f"So dw/dx: {g.derivative('x').item():.4g}. Measured: moving x by 0.01 moved w" in text


def test_long_derivations_leave_out_their_middle():
    h = x = wg.tensor(1.0, requires_grad=True)
    for _ in range(60):
        h = wg.sin(h)
    g = wg.graph(h)
    text = str(g.explain(h, x))
    assert "... 31 steps are left out ..." in text
    assert "... 50 more ..." in str(g.paths(x, h))


def test_values_of_many_uses_leave_out_the_middle_of_the_sum():
    x = wg.tensor(1.0, requires_grad=True)
    total = x
    for _ in range(100):
        total = total + 2 * x
    text = str(wg.graph(total).explain(total, x))
    assert "... 93 more ..." in text
    assert "So dtotal#100/dx: 201." in text
    assert len(text.splitlines()) < 150


def test_long_tables_leave_out_their_middle():
    x = wg.tensor(1.0, requires_grad=True)
    h = wg.sin(x)
    for _ in range(399):
        h = wg.sin(h)
    table = wg.graph(h).table()
    names = [row[0] for row in table.rows]
    assert (names[0], names[20], names[-1]) == ("x", "...", "h#400")
    assert "361 nodes are left out; g.subgraph(" in str(table)


def test_complex_numbers():
    z = wg.tensor([1 + 2j, 3 - 1j], requires_grad=True)
    w = (z * z.conj()).real.sum()
    g = wg.graph(w)
    assert g.derivative("z").tolist() == [2 + 4j, 6 - 2j]
    assert g.check()
    assert "differs" not in str(g.table())
    assert "So dw/dz: [2+4j, 6-2j]." in str(g.explain("z"))


def test_values_that_are_not_finite_are_shown_and_warn_of_nothing():
    x = wg.tensor([1.0, np.inf, np.nan], requires_grad=True)
    y = (wg.log(x - 1) + x * 0).sum()
    g = wg.graph(y)
    assert "not finite" in str(g.table())
    assert "[inf, 0, nan]" in str(g.explain("x"))
    assert "nan" in str(g.nudge(x=0.1))
    checked = g.check()
    assert checked
    assert "could not be checked: the values there are not finite" in str(checked)


def test_integers_have_no_derivatives():
    x = wg.tensor(2.0, requires_grad=True)
    n = wg.tensor([1, 2, 3])
    y = (x * n).sum()
    g = wg.graph(y)
    for question in (g.derivative, g.explain, g.paths):
        with pytest.raises(GraphError, match=r"n is int64\[3\]: only floats"):
            question("y", "n") if question != g.paths else question("n", "y")
    with pytest.raises(RuntimeError, match="integers cannot move a little"):
        g.nudge(n=1)
    assert g(n=[1, 1, 1]).item() == 6
    with pytest.raises(RuntimeError, match="the new value is float64"):
        g(n=1.5)
