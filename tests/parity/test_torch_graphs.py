"""Graphs of torch's tensors, read into ours: structure, names, values, derivatives.

torch's own gradients are what the answers are held against.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

import wengert as wg


def close(ours, theirs):
    return np.allclose(ours.numpy(), theirs.detach().numpy(), rtol=1e-5, atol=1e-6)


def founding():
    a = torch.tensor([2.0], requires_grad=True)
    b = torch.tensor([1.0], requires_grad=True)
    c = a + b
    d = b + 1
    e = c * d
    return {"a": a, "b": b, "c": c, "d": d, "e": e}


def test_the_founding_computation():
    a = torch.tensor([2.0], requires_grad=True)
    b = torch.tensor([1.0], requires_grad=True)
    c = a + b
    d = b + 1
    e = c * d

    g = wg.graph(e)

    assert g.names() == ["a", "b", "c", "d", "e"]
    assert [v.expression for v in g] == ["input", "input", "a + b", "b + ?", "c * d"]
    assert [v.value.item() for v in g] == [2, 1, 3, 2, 6]
    assert g.edge("c", "e").derivative.item() == 2
    assert [str(path) for path in g.paths("b", "e")] == [
        "b -> c -> e: 1 * 2 = 2",
        "b -> d -> e: 1 * 3 = 3",
    ]
    assert g.derivative("e", "b").item() == 5
    assert g.verify() is g


def test_tensors_are_accepted_where_names_are():
    at = founding()
    b, e = at["b"], at["e"]

    g = wg.graph(e, **at)

    assert g[at["c"]].name == "c"
    assert at["a"] in g
    assert torch.ones(1, requires_grad=True) not in g
    assert g.derivative(e, b).item() == 5
    with pytest.raises(wg.WengertError, match="not in this graph"):
        g[torch.ones(1)]


def test_given_names_win():
    at = founding()

    assert wg.graph(at["e"], start=at["a"]).names()[0] == "start"
    with pytest.raises(TypeError, match="start is no torch tensor but a int"):
        wg.graph(at["e"], start=1)


def network():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))
    x, y = torch.randn(5, 4), torch.tensor([0, 1, 2, 0, 1])
    return net, x, y


def test_parameters_have_their_paths():
    net, x, y = network()
    loss = torch.nn.functional.cross_entropy(net(x), y)

    g = wg.graph(loss)

    assert {v.name for v in g.inputs} == {"0.weight", "0.bias", "2.weight", "2.bias"}
    assert g["loss"].op.name == "nll_loss"
    other = torch.nn.Linear(3, 3)
    assert {v.name for v in wg.graph(loss).inputs} == {
        "net.0.weight", "net.0.bias", "net.2.weight", "net.2.bias",
    }  # fmt: skip
    del other


def test_gradients_of_a_network():
    net, x, y = network()
    loss = torch.nn.functional.cross_entropy(net(x), y)
    g = wg.graph(loss)
    found = {name: g.derivative("loss", name) for name in ("0.weight", "0.bias", "2.weight")}

    loss.backward()

    for name, derivative in found.items():
        assert close(derivative, net.get_parameter(name).grad)


def test_edges_of_arrays_both_ways():
    net, x, _ = network()
    h = net(x)
    loss = h.square().mean()
    g = wg.graph(loss)
    (weight,) = (v for v in g.inputs if v.name == "2.weight")
    edge = g.edge(weight, weight.consumers[0])

    tangent = np.ones((3, 8), np.float32)
    assert np.allclose(edge.jvp(tangent).numpy(), tangent.T)
    assert edge.jacobian().shape == (8, 3, 3, 8)
    final = g.edge(h, g["loss"].inputs[0])
    assert np.allclose(final.vjp(1.0).numpy(), 2 * h.detach().numpy())


def test_several_outputs():
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    first, second = torch.unbind(x)
    y = (first * second).sum()

    g = wg.graph(y)

    assert close(g.derivative("y", "x"), torch.tensor([[3.0, 4.0], [1.0, 2.0]]))
    assert g["first"].output_index == 0


def test_a_value_used_twice():
    x = torch.tensor(3.0, requires_grad=True)
    y = x * x

    g = wg.graph(y)

    assert g.paths("x", "y").count() == 2
    assert g.derivative("y", "x").item() == 6


def test_a_custom_function():
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, ct):
            (x,) = ctx.saved_tensors
            return 2 * x * ct

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = Square.apply(x).sum()

    g = wg.graph(y)

    assert g["y"].inputs[0].op.name == "Square"
    assert close(g.derivative("y", "x"), torch.tensor([2.0, 4.0]))


def test_complex_and_bfloat16():
    z = torch.tensor([1 + 2j, 3 - 1j], requires_grad=True)
    size = (z * z.conj()).real.sum()
    found = wg.graph(size).derivative("size", "z")
    size.backward()
    assert close(found, z.grad)

    half = torch.tensor([1.0, 2.0], dtype=torch.bfloat16, requires_grad=True)
    total = (half * half).sum()
    assert wg.graph(total).derivative("total", "half").tolist() == [2.0, 4.0]


def test_pictures_and_files():
    at = founding()

    g = wg.graph(at["e"], **at)

    assert "d = b + ?" in g.draw(derivatives=True).text()
    assert "<svg" in g.draw().svg()
    assert "mul" in g.to_dot() or "c * d" in g.to_dot()


def test_a_derivation_says_what_it_cannot_measure():
    at = founding()

    text = str(wg.graph(at["e"], **at).explain("e", "b"))

    assert "de/db = de/dc * dc/db + de/dd * dd/db = 2 * 1 + 3 * 1 = 5" in text
    assert "Not measured: torch keeps no way to compute" in text


@pytest.mark.parametrize("question", [
    lambda g: g.table(), lambda g: g.nudge(b=0.1), lambda g: g(b=2.0), lambda g: g.check(),
])  # fmt: skip
def test_what_needs_a_forward_function_says_so(question):
    at = founding()
    graph = wg.graph(at["e"], **at)
    with pytest.raises(wg.WengertError, match="torch keeps no way to compute"):
        question(graph)


def test_after_backward_structure_and_gradients_are_there():
    net, x, y = network()
    loss = torch.nn.functional.cross_entropy(net(x), y)
    loss.backward()

    g = wg.graph(loss)

    assert close(g["0.weight"].grad, net[0].weight.grad)
    assert g.paths("0.weight", "loss").count() == 1
    with pytest.raises(wg.WengertError, match=r"torch freed what .* saved") as caught:
        g.derivative("loss", "0.weight")
    assert "retain_graph=True" in caught.value.remedy


def test_no_history():
    with pytest.raises(RuntimeError, match="the torch tensor has no history"):
        wg.graph(torch.ones(2))


def test_a_long_chain():
    h = start = torch.tensor([0.1, 0.2], requires_grad=True)
    for _ in range(20_000):
        h = torch.cos(h) + 0.5

    g = wg.graph(h)

    assert len(g) == 40_001
    assert g.paths(start, h).count() == 1


def test_why_of_torch_tensors():
    W = torch.ones(3, 4, requires_grad=True)
    V = torch.ones(4, requires_grad=True)
    x = torch.ones(5, 3)
    h = torch.tanh(x @ W).detach()
    loss = ((h @ V) ** 2).mean()
    loss.backward(retain_graph=True)

    answer = wg.why(W, loss)

    assert "W.grad is None: no path leads from W to loss" in str(answer)
    assert "Candidates: what these operations take" in str(answer)
    assert str(answer).endswith("\n  v2 = v1 @ V")
    assert answer.causes[-1].what == "cut before v2"
    assert "V.grad is there" in str(wg.why(V, loss))
    assert "x has no gradient: it does not require grad" in str(wg.why(x, loss))


def test_the_other_questions():
    net, x, y = network()
    loss = torch.nn.functional.cross_entropy(net(x), y)
    g = wg.graph(loss)

    assert g.compare(wg.graph(loss)).differences == []
    whole = g.derivative("loss", "2.bias").numpy()
    assert np.allclose(g.contribution("2.bias", "loss", "2.bias").numpy(), whole)
    assert np.allclose(g.without("0.weight").derivative("loss", "2.bias").numpy(), whole)
    assert g.paths("0.bias", "loss").top(1)[0].is_bound
    assert [node.name for node in g.select(op="nll_loss")] == ["loss"]
    assert g.subgraph("2.bias", "loss").paths("2.bias", "loss").count() == 1
    assert g.cost("loss", "0.weight").reverse < g.cost("loss", "0.weight").forward
    assert "gradient 1" in g.draw(gradients=True).text()
    assert len(g.figures("2.bias")) > 5
    assert g.memory().total > 0
    with pytest.raises(wg.WengertError, match="cannot be computed again"):
        g.sweep(**{"2.bias": [[0.0] * 3]})
