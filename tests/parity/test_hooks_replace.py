"""What hooks are given and what becomes of what they return, by experiment."""

from __future__ import annotations

import pytest

from parity.scenario import leaf, noting, raised, same_as_torch


@same_as_torch
def test_a_hook_on_a_leaf(m):
    x, seen = leaf(m, 1.0, 2.0), []
    x.register_hook(noting(seen, "x"))
    (x * x).sum().backward()
    return seen, x.grad


@same_as_torch
def test_a_hook_replaces_the_gradient(m):
    x = leaf(m, 1.0, 2.0)
    y = x * 2
    y.register_hook(lambda grad: grad * 10)
    x.register_hook(lambda grad: grad + 1)
    y.sum().backward()
    return x.grad


@same_as_torch
def test_hooks_see_what_earlier_ones_made(m):
    x, seen = leaf(m, 3.0), []
    for i in range(3):
        x.register_hook(lambda grad, i=i: seen.append((i, grad)) or grad * 2)
    x.sum().backward()
    return seen, x.grad


@same_as_torch
def test_a_node_hook_replaces_gradients(m):
    a, b = leaf(m, 1.0), leaf(m, 2.0)
    y = a * b
    y.grad_fn.register_hook(lambda i, o: (i[0] * 10, None))
    y.sum().backward()
    return a.grad, b.grad


@same_as_torch
def test_a_prehook_replaces_the_gradient(m):
    a, b = leaf(m, 1.0), leaf(m, 2.0)
    y = a * b
    y.register_hook(lambda grad: grad * 5)
    y.grad_fn.register_prehook(lambda o: (o[0] * 10,))
    y.sum().backward()
    return a.grad, b.grad


@same_as_torch
def test_a_prehook_of_a_leaf_replaces_what_is_accumulated(m):
    x, seen = leaf(m, 1.0), []
    y = x * 2
    node = y.grad_fn.next_functions[0][0]
    node.register_prehook(lambda o: (o[0] * 10,))
    node.register_hook(noting(seen, "after"))
    y.sum().backward()
    return x.grad, seen


@same_as_torch
def test_a_gradient_kept_by_a_hook_is_its_own(m):
    x, kept = leaf(m, 2.0, 3.0), []
    x.register_hook(kept.append)
    for _ in range(3):
        (x * 2).sum().backward()
    return kept, x.grad


@pytest.mark.parametrize("which", ["tensor", "before", "after", "done"])
@pytest.mark.parametrize(
    "result",
    [
        lambda m: 3,
        lambda m: "x",
        lambda m: [m.ones(2), None],
        lambda m: (m.ones(2),),
        lambda m: (m.ones(2), None),
        lambda m: (m.ones(2), m.ones(2)),
        lambda m: (None, None),
        lambda m: (3, None),
        lambda m: m.ones(3),
        lambda m: (m.ones(3),),
        lambda m: (m.ones(3), None),
        lambda m: m.ones(2, dtype=m.float64),
        lambda m: (m.ones(2, dtype=m.float64),),
        lambda m: (m.ones(2, dtype=m.float64), None),
        lambda m: m.ones(2, 1),
        lambda m: (m.ones(2), None, None),
        lambda m: (),
    ],
)
def test_what_a_hook_may_return(which, result):
    @same_as_torch
    def test(m):
        x = leaf(m, 1.0, 2.0)
        y = x * 2
        register = {
            "tensor": y.register_hook,
            "before": y.grad_fn.register_prehook,
            "after": y.grad_fn.register_hook,
            "done": x.register_post_accumulate_grad_hook,
        }[which]
        register(lambda *_: result(m))
        return raised(y.sum().backward), x.grad if which != "done" else None

    test()


@same_as_torch
def test_hooks_of_0d_tensors(m):
    x, seen = m.tensor(3.0, requires_grad=True), []
    y = x * x
    y.register_hook(lambda grad: seen.append(grad) or grad * 2)
    x.register_hook(noting(seen, "x"))
    y.grad_fn.register_hook(noting(seen, "y"))
    (y * 5).backward()
    return seen, x.grad


@same_as_torch
def test_hooks_of_complex_tensors(m):
    x, seen = m.tensor([1 + 2j], requires_grad=True), []
    y = x * x
    y.register_hook(noting(seen, "y"))
    x.register_hook(lambda grad: grad * 1j)
    (y.real + y.imag).sum().backward()
    return seen, x.grad


@same_as_torch
def test_a_hook_changes_a_gradient_in_place(m):
    x = leaf(m, 2.0, 3.0)
    y = x * 2
    y.register_hook(lambda grad: grad.mul_(10))
    (y * m.tensor([1.0, 3.0])).sum().backward()
    return x.grad


@pytest.mark.filterwarnings("ignore:Using backward")
@same_as_torch
def test_whether_hooks_record(m):
    x, seen = leaf(m, 2.0), []
    y = x * x
    x.register_hook(lambda grad: seen.append((m.is_grad_enabled(), grad.requires_grad)))
    y.grad_fn.register_hook(lambda i, o: seen.append((m.is_grad_enabled(), i[0].requires_grad)))
    x.register_post_accumulate_grad_hook(lambda t: seen.append(m.is_grad_enabled()))
    y.sum().backward(retain_graph=True)
    y.sum().backward(create_graph=True)
    with m.no_grad():
        y.sum()
    return seen


@same_as_torch
def test_a_replacement_under_create_graph_is_differentiated(m):
    x = leaf(m, 2.0)
    y = x**3
    y.register_hook(lambda grad: grad * x)
    (first,) = m.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = m.autograd.grad(first.sum(), x)
    return first, second


@same_as_torch
def test_node_hooks_under_create_graph(m):
    x = leaf(m, 2.0)
    y = x**3
    y.grad_fn.register_hook(lambda i, o: (i[0] * x,))
    y.grad_fn.register_prehook(lambda o: (o[0] * 2,))
    (first,) = m.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = m.autograd.grad(first.sum(), x)
    return first, second


@same_as_torch
def test_hooks_are_called_in_the_second_pass_too(m):
    x, seen = leaf(m, 2.0), []
    y = x**3
    y.register_hook(noting(seen, "y"))
    (first,) = m.autograd.grad(y.sum(), x, create_graph=True)
    first.register_hook(noting(seen, "first"))
    first.sum().backward()
    return [name for name, _ in seen], x.grad
