"""What holds of the graph of every operation: well formed, computed again, saved, explained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import wengert as wg
from registry import distinct_functions
from sampling import Random, Sampler, arrays_in, can_draw, draw_call, map_arrays
from wengert.ask.derivative import adjoints, tangents
from wengert.core.handles import _new
from wengert.errors import WengertError
from wengert.ops.define import Function

CALLS = 3

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # warnings of operations are tested with them
    pytest.mark.parametrize(
        "function", [f for f in distinct_functions() if can_draw(f)], ids=lambda f: f.name
    ),
]


def as_leaf(array: Any) -> wg.Tensor:
    tensor = _new(np.array(array)[()], None)
    return tensor.requires_grad_() if tensor.dtype.is_floating_point else tensor


def tensors_in(tree: Any) -> list[wg.Tensor]:
    if isinstance(tree, wg.Tensor):
        return [tree]
    if not isinstance(tree, (tuple, list)):
        return []
    return [t for branch in tree for t in tensors_in(branch)]


def calls(function: Function) -> Iterator[tuple[Any, Any]]:
    for seed in range(CALLS):
        yield draw_call(Sampler(Random(seed)), function)


def recorded(function: Function) -> Iterator[tuple[wg.Graph, list[wg.Tensor]]]:
    """The graphs of a few calls, each with the outputs that have one."""
    for args, kwargs in calls(function):
        args, kwargs = map_arrays(as_leaf, args), map_arrays(as_leaf, kwargs)
        try:
            outputs = tensors_in(function.call(*args, **kwargs))
        except WengertError:
            continue
        outputs = [t for t in outputs if t.requires_grad]
        if outputs:
            yield wg.graph(outputs), outputs


def test_the_graph_is_well_formed(function):
    for g, _ in recorded(function):
        g.verify()
        assert len(g.listing().splitlines()) == len(g) + 1


def test_a_saved_graph_is_the_same(function):
    for g, _ in recorded(function):
        text = g.to_json()
        loaded = wg.Graph.from_json(text)
        assert loaded.to_json() == text
        assert loaded.listing() == g.listing()
        assert [str(v.site) for v in loaded.nodes] == [str(v.site) for v in g.nodes]
        for ours, theirs in zip(g.nodes, loaded.nodes, strict=True):
            np.testing.assert_array_equal(ours.value.numpy(), theirs.value.numpy())


def test_values_computed_again_are_the_same(function):
    for g, _ in recorded(function):
        again = g.at()
        for ours, theirs in zip(g.nodes, again.nodes, strict=True):
            # The copies are contiguous, and sums may be rounded in another order.
            np.testing.assert_allclose(ours.value.numpy(), theirs.value.numpy(), rtol=1e-12)


def test_answers_agree_with_backward(function):
    for g, outputs in recorded(function):
        output = g[outputs[0]]
        ct = np.ones(output.shape, output.aval.dtype)[()]
        found = adjoints(wg.Graph.from_json(g.to_json()), output, ct)
        leaves = [v.key.variable for v in g.inputs]
        grads = wg.autograd.grad(outputs[0], leaves, _new(ct, None), allow_unused=True)
        for vertex, grad in zip(g.inputs, grads, strict=True):
            if grad is not None:
                ours = found.get(vertex.index, np.zeros(vertex.shape))
                np.testing.assert_allclose(ours, grad.numpy(), rtol=1e-6, atol=1e-9)


def test_tangents_are_the_adjoint_of_gradients(function):
    random = np.random.default_rng(0)
    for g, _ in recorded(function):
        output = g.outputs[0]
        ct = random.standard_normal(output.shape)[()]
        found = adjoints(g, output, ct)
        for vertex in g.inputs:
            tangent = random.standard_normal(vertex.shape)[()]
            moved = tangents(g, vertex, tangent)
            if vertex.index in found and output.index in moved:
                back = np.sum(found[vertex.index] * tangent).real
                forth = np.sum(ct * moved[output.index]).real
                np.testing.assert_allclose(back, forth, rtol=1e-6, atol=1e-8)


def test_its_rules_are_right(function):
    for g, _ in recorded(function):
        found = g.check()
        assert found, found.note
        if function.name == "linalg_eig":  # vectors of arbitrary phases have no slope to measure
            assert "ill-defined" in found.note or "could not" not in found.note
        elif function.name == "scaled_dot_product_attention":  # what is masked scores -inf
            assert "could not" not in found.note or "not finite" in found.note
        else:
            assert "could not" not in found.note


def test_explained_for_readers(function):
    for g, outputs in recorded(function):
        for vertex in g.inputs[:2]:
            derivation = g.explain(outputs[0], vertex)
            assert max(map(len, str(derivation).splitlines())) <= 100
            latex = derivation.latex()
            assert latex.count("{") == latex.count("}")
            assert derivation.markdown()
        assert "differs" not in str(g.table())


def test_traced_is_what_is_computed(function):
    for args, kwargs in calls(function):
        examples = [np.array(a)[()] for a in arrays_in((args, kwargs))]
        if not examples:
            return

        def call(*tensors: wg.Tensor, args: Any = args, kwargs: Any = kwargs) -> Any:
            rest = iter(tensors)
            made = map_arrays(lambda _: next(rest), (args, kwargs))
            return tensors_in(function.call(*made[0], **made[1]))

        try:
            eager = call(*map(as_leaf, examples))
            g = wg.graph(call, *examples).verify()
        except WengertError:
            continue  # it depends on data, or on nothing
        assert [v.aval for v in g.outputs] == [t._aval for t in eager]
        for vertex, tensor in zip(g.outputs, eager, strict=True):
            np.testing.assert_array_equal(vertex.value.numpy(), tensor.detach().numpy())
