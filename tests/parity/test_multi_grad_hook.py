"""One hook for the gradients of several tensors, by experiment."""

from __future__ import annotations

from parity.scenario import leaf, raised, same_as_torch


@same_as_torch
def test_a_hook_for_all(m):
    a, b, seen = leaf(m, 2.0), leaf(m, 3.0), []
    c, d = a * b, a * b
    m.autograd.graph.register_multi_grad_hook((a, c, b, d), lambda g: seen.append(list(g)))
    c.sum().backward(retain_graph=True)
    c.sum().backward(inputs=(a,), retain_graph=True)
    (c + d).sum().backward(retain_graph=True)
    return seen


@same_as_torch
def test_a_hook_for_any(m):
    a, b, seen = leaf(m, 2.0), leaf(m, 3.0), []
    c = a * b
    handle = m.autograd.graph.register_multi_grad_hook(
        (a, c, b, m.ones(1)), lambda g: seen.append(g), mode="any"
    )
    c.sum().backward(retain_graph=True)
    c.sum().backward(retain_graph=True)
    handle.remove()
    c.sum().backward()
    return seen


@same_as_torch
def test_removing_a_hook_for_all(m):
    a, b, seen = leaf(m, 2.0), leaf(m, 3.0), []
    with m.autograd.graph.register_multi_grad_hook((a, b), lambda g: seen.append(list(g))):
        (a * b).sum().backward()
    (a * b).sum().backward()
    return seen


@same_as_torch
def test_wrong_hooks_for_several(m):
    a = leaf(m, 2.0)
    register = m.autograd.graph.register_multi_grad_hook
    return (
        raised(lambda: register((a,), print, mode="some")),
        isinstance(raised(lambda: register((a, m.ones(1)), print)), Exception),
        isinstance(register((m.ones(1),), print, mode="any"), object),
    )
