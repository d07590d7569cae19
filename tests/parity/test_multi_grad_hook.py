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
def test_each_pass_counts_anew(m):
    a, b, seen = leaf(m, 2.0), leaf(m, 3.0), []
    m.autograd.graph.register_multi_grad_hook((a, b), lambda g: seen.append(list(g)))
    (a * b).sum().backward()
    (a * 2).sum().backward()
    (a * b).sum().backward()
    return seen


@same_as_torch
def test_one_tensor_twice_and_no_tensor(m):
    a, seen = leaf(m, 2.0), []
    m.autograd.graph.register_multi_grad_hook((a, a), lambda g: seen.append(list(g)))
    none = m.autograd.graph.register_multi_grad_hook((), lambda g: seen.append("none"))
    (a * 2).sum().backward()
    none.remove()
    return seen


@same_as_torch
def test_a_hook_that_fails_is_called_in_the_next_pass(m):
    a, b, seen = leaf(m, 2.0), leaf(m, 3.0), []

    def hook(gradients):
        seen.append(len(gradients))
        if len(seen) == 1:
            raise KeyError

    m.autograd.graph.register_multi_grad_hook((a, b), hook)
    return type(raised((a * b).sum().backward)).__name__, raised((a * b).sum().backward), seen


@same_as_torch
def test_what_it_returns_is_not_looked_at(m):
    a, b = leaf(m, 2.0), leaf(m, 3.0)
    for mode in ("all", "any"):
        m.autograd.graph.register_multi_grad_hook((a, b), lambda g: m.zeros(1), mode=mode)
    (a * b).sum().backward()
    return a.grad, b.grad


@same_as_torch
def test_passes_inside_the_hook(m):
    a, b, seen = leaf(m, 2.0), leaf(m, 3.0), []

    def hook(gradients):
        seen.append(len(gradients))
        if len(seen) < 3:
            with m.enable_grad():
                (a * b).sum().backward()

    m.autograd.graph.register_multi_grad_hook((a, b), hook)
    (a * b).sum().backward()
    return seen, a.grad, b.grad


@same_as_torch
def test_grad_with_respect_to_interior_tensors(m):
    a, seen = leaf(m, 2.0), []
    b = a * 2
    c = b * 3
    m.autograd.graph.register_multi_grad_hook((b, c), lambda g: seen.append(list(g)))
    y = (c * c).sum()
    for x in (a, b, c):
        m.autograd.grad(y, x, retain_graph=True)
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
