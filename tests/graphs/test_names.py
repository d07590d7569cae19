"""Names: from the code itself, wherever a computation was written."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg


def leaf(value=2.0):
    return wg.tensor(value, requires_grad=True)


def test_inside_a_function_that_has_ended():
    def compute():
        a = leaf()
        b = leaf(3.0)
        total = a * b + a
        return total

    assert wg.graph(compute()).names() == ["a", "b", "v1", "total"]


def test_a_loop_numbers_its_variable():
    x = leaf()
    h = x * 1
    for _ in range(3):
        h = wg.tanh(h * 2)
    g = wg.graph(h)
    assert g.names() == ["x", "h#1", "v1", "h#2", "v2", "h#3", "v3", "h#4"]
    assert g["h"] == g["h#4"] == g[h]


def test_a_bare_name_is_what_it_means_now():
    h = leaf()
    y = h * 2
    h = y + 1
    z = h * y
    g = wg.graph(z)
    assert g.names() == ["h#1", "y", "h#2", "z"]
    assert g["h"].name == "h#2"


def test_after_the_function_has_ended_it_is_the_last():
    def compute():
        h = leaf()
        for _ in range(2):
            h = h * h
        return h + 1

    g = wg.graph(compute())
    assert g["h"].name == "h#3"


def test_aliases_look_up_too():
    x = leaf()
    y = x
    z = y * 2
    last = z
    g = wg.graph(last)
    assert g.names() == ["x", "z"]
    assert g["y"] == g["x"]
    assert g["last"] == g["z"]
    assert {"x", "y", "z", "last"} <= set(g._ipython_key_completions_())


def test_unpacking():
    x = leaf([3.0, 1.0])
    low, high = x.aminmax()
    first, second = x + 1, x + 2
    biggest, _ = x.max(dim=0)
    total = (low * high * biggest) + (first * second).sum()
    names = wg.graph(total).names()
    assert {"x", "first", "second", "biggest", "low", "high", "total"} <= set(names)


def test_attributes_of_self():
    class Layer:
        def __init__(self):
            self.w = leaf([1.0, 2.0])

        def __call__(self, x):
            self.out = self.w * x
            return self.out.sum()

    layer = Layer()
    loss = layer(wg.tensor([3.0, 4.0]))
    assert wg.graph(loss).names() == ["self.w", "x", "self.out", "loss"]


def test_explicit_names_win():
    a = leaf()
    b = a * 2
    c = b + a
    g = wg.graph(c, weight=a, hidden=b)
    assert g.names() == ["weight", "hidden", "c"]
    assert g["a"] == g["weight"]
    assert wg.graph(c, **{"h#1": a, "<b>": b}).names() == ["h#1", "<b>", "c"]


def test_a_tensor_can_be_given_its_name():
    t = wg.tensor(2.0, requires_grad=True, name="temperature")
    k = wg.tensor([2.0, 3.0], name="scale")
    y = t * k
    g = wg.graph(y)
    assert g.names() == ["temperature", "scale", "y"]
    assert g["t"] == g["temperature"]


def test_a_name_that_is_taken_is_not_given_twice():
    x = leaf()
    v1 = x * 2
    out = (v1 + 1) * v1
    assert wg.graph(out).names() == ["x", "v1", "v2", "out"]
    a = leaf()
    b = a * 2
    assert wg.graph(b, b=a).names() == ["b", "b#1"]


def test_constants_are_called_what_the_instruction_loaded():
    def compute(weight):
        pixels = wg.tensor([1.0, 2.0])
        target = wg.tensor([0.5, 0.5])
        z = pixels * weight
        return wg.sub(z, target).sum()

    w = leaf([1.0, 1.0])
    assert wg.graph(compute(w)).names() == ["w", "pixels", "z", "target", "v1", "v2"]


def test_attributes_and_methods_that_were_loaded():
    class Batch:
        x = wg.tensor([[1.0, 2.0]])
        y = wg.tensor([[0.5]])

    def compute(batch, weight):
        z = batch.x.matmul(weight)
        return (z - batch.y).sum()

    w = leaf([[1.0], [1.0]])
    names = wg.graph(compute(Batch, w)).names()
    assert names == ["w", "batch.x", "z", "batch.y", "v1", "v2"]


def test_arrays_of_numpy_are_named():
    data = np.array([1.0, 2.0], np.float32)
    x = leaf([1.0, 1.0])
    y = x * data
    assert wg.graph(y).names() == ["x", "data", "y"]


def test_a_name_only_the_caller_knows():
    made = [leaf() * 2]
    out = made[0]
    assert wg.graph(out).names() == ["v1", "out"]


def test_variables_of_a_notebook_with_underscores_are_skipped():
    made = [leaf() + 1]
    _9 = made[0]
    out = made[0] * 2
    assert wg.graph(out).names()[1:] == ["v2", "out"]


def test_without_provenance_the_caller_still_names():
    with wg.provenance(False):
        x = leaf()
        h = x * 2
        out = h + 1
    g = wg.graph(out)
    assert g.names() == ["x", "h", "out"]
    assert g["h"].site is None


@pytest.mark.parametrize("composite", [wg.softmax, wg.nn.functional.mse_loss])
def test_only_the_result_of_a_function_gets_the_name(composite):
    x = leaf([1.0, 2.0])
    for _ in range(2):
        y = composite(x, x * 2) if composite is not wg.softmax else composite(x, 0)
    g = wg.graph(y)
    assert g["y"] == g.outputs[0]


def test_names_survive_in_the_graph_at_other_inputs():
    x = leaf()
    h = x * 2
    h = h + 1
    g = wg.graph(h).at(x=5.0)
    assert g.names() == ["x", "h#1", "h#2"]
    assert g["h"].value.item() == 11


def test_a_module_is_no_operand():
    def compute(pixels):
        return wg.clamp(pixels, 0.5)

    assert wg.graph(compute([leaf([1.0, 2.0])][0])).names()[0] == "pixels"


def test_scopes_nest_and_decorate() -> None:
    @wg.scope("attention")
    def attention(x: wg.Tensor) -> wg.Tensor:
        return x * x

    x = wg.tensor(2.0, requires_grad=True)
    outside = x * x
    with wg.scope("encoder"):
        inside = attention(x)
    assert outside.grad_fn.scope == ""
    assert inside.grad_fn.scope == "encoder/attention"


def test_a_scope_needs_a_name() -> None:
    with pytest.raises(ValueError, match="no name"):
        wg.scope("a//b")


def test_scopes_may_be_numbers():
    x = wg.tensor(2.0, requires_grad=True)
    for layer in range(2):
        with wg.scope(layer):
            x = x * x
    g = wg.graph(x)
    assert [node.scope for node in g.nodes] == ["", "0", "1"]
    assert g.select(scope="1") == [g["x"]]
