"""torch.autograd's semantics, by experiment: what backward accumulates, and what it frees."""

from __future__ import annotations

from parity.scenario import founding, leaf, raised, same_as_torch, warned

# Accumulation


@same_as_torch
def test_founding_computation(m):
    a, b, c, d, e = founding(m)
    for tensor in (c, d, e):
        tensor.retain_grad()
    e.backward()
    return a.grad, b.grad, c.grad, d.grad, e.grad, c.retains_grad, a.retains_grad


@same_as_torch
def test_gradients_accumulate_in_place(m):
    x = leaf(m, 1.0, 2.0)
    (x * x).sum().backward()
    first = x.grad
    (x * 3).sum().backward()
    return x.grad, first, first is x.grad, x.grad is x.grad


@same_as_torch
def test_retained_gradients_accumulate(m):
    x = leaf(m, 2.0)
    y = x * x
    y.retain_grad()
    z = y * y
    z.backward(retain_graph=True)
    z.backward()
    return x.grad, y.grad


@same_as_torch
def test_gradient_of_a_leaf_that_is_the_output(m):
    x = leaf(m, 3.0)
    x.backward()
    x.backward()
    return x.grad


@same_as_torch
def test_a_used_twice_sums(m):
    x = leaf(m, 3.0)
    y = x * x + x * 2 + x
    y.backward()
    return x.grad


@same_as_torch
def test_grad_set_to_none_and_zeros(m):
    x = leaf(m, 3.0)
    (x * 2).backward()
    x.grad = None
    (x * 2).backward()
    before = x.grad.clone()
    x.grad.zero_()
    (x * 5).backward()
    return before, x.grad


@same_as_torch
def test_grad_of_a_leaf_without_backward(m):
    x = leaf(m, 3.0)
    return x.grad, m.tensor([1.0]).grad


@same_as_torch
def test_grad_of_an_interior_tensor_warns(m):
    x = leaf(m, 2.0)
    y = x * x
    (y * 3).backward()
    return warned(lambda: y.grad)


@same_as_torch
def test_retain_grad_of_a_constant(m):
    return raised(lambda: m.tensor([1.0]).retain_grad())


@same_as_torch
def test_retain_grad_of_a_leaf_does_nothing(m):
    x = leaf(m, 1.0)
    x.retain_grad()
    return x.retains_grad


# backward's arguments


@same_as_torch
def test_backward_needs_one_element(m):
    x = leaf(m, 1.0, 2.0)
    one_by_one = m.tensor([[3.0]], requires_grad=True)
    (one_by_one * 2).backward()
    return raised(lambda: (x * 2).backward()), one_by_one.grad


@same_as_torch
def test_backward_with_a_gradient(m):
    x = leaf(m, 1.0, 2.0)
    (x * x).backward(m.tensor([1.0, 10.0]))
    (x * x).backward(gradient=m.tensor([1.0, 10.0]))
    return x.grad


@same_as_torch
def test_gradient_that_does_not_fit(m):
    x = leaf(m, 1.0, 2.0)
    return [
        raised(lambda: (x * x).backward(m.tensor([1.0]))),
        raised(lambda: (x * x).backward(m.tensor([[1.0, 1.0]]))),
        raised(lambda: (x * x).backward(m.tensor(1.0))),
        raised(lambda: (x * x).backward(2.0)),
        raised(lambda: (x * x).backward([1.0, 2.0])),
        x.grad,
    ]


@same_as_torch
def test_gradient_of_another_dtype(m):
    x = leaf(m, 1.0, 2.0)
    seen = raised(lambda: (x * x).backward(m.tensor([1.0, 1.0], dtype=m.float64)))
    return seen, x.grad


@same_as_torch
def test_gradient_of_integers(m):
    x = leaf(m, 1.0, 2.0)
    return raised(lambda: (x * x).backward(m.tensor([1, 1]))), x.grad


@same_as_torch
def test_backward_of_a_constant(m):
    return raised(lambda: m.tensor([1.0]).backward())


@same_as_torch
def test_backward_into_some_inputs(m):
    a, b, *_, e = founding(m)
    e.backward(inputs=[a])
    return a.grad, b.grad


@same_as_torch
def test_backward_into_one_input(m):
    a, b, *_, e = founding(m)
    e.backward(inputs=b)
    return a.grad, b.grad


@same_as_torch
def test_backward_into_an_interior_tensor(m):
    a, b, c, _, e = founding(m)
    e.backward(inputs=[c, b])
    return a.grad, b.grad, warned(lambda: c.grad)[0]


@same_as_torch
def test_backward_into_nothing(m):
    *_, e = founding(m)
    return raised(lambda: e.backward(inputs=[]))


@same_as_torch
def test_backward_into_a_constant(m):
    *_, e = founding(m)
    return raised(lambda: e.backward(inputs=[m.tensor([1.0])]))


@same_as_torch
def test_backward_into_an_unused_leaf(m):
    a, *_, e = founding(m)
    other = leaf(m, 1.0)
    return raised(lambda: e.backward(inputs=[other, a])), other.grad, a.grad


@same_as_torch
def test_backward_of_several(m):
    x = leaf(m, 1.0, 2.0)
    y, z = (x * x).sum(), x * 3
    m.autograd.backward([y, z], [None, m.tensor([1.0, 10.0])])
    return x.grad


@same_as_torch
def test_backward_of_several_with_too_few_gradients(m):
    x = leaf(m, 1.0)
    return raised(lambda: m.autograd.backward([x * 2, x * 3], [None]))


@same_as_torch
def test_backward_of_the_same_output_twice(m):
    x = leaf(m, 3.0)
    y = x * x
    m.autograd.backward([y, y])
    return x.grad


@same_as_torch
def test_backward_through_an_output_of_another(m):
    x = leaf(m, 3.0)
    y = x * x
    z = y * 2
    m.autograd.backward([y, z])
    return x.grad


# Freed graphs


@same_as_torch
def test_second_backward_where_values_were_saved(m):
    x = leaf(m, 3.0)
    y = x * x
    y.backward()
    return raised(y.backward), x.grad


@same_as_torch
def test_second_backward_where_nothing_was_saved(m):
    a, b = leaf(m, 3.0), leaf(m, 4.0)
    c = a + b
    c.backward()
    return raised(c.backward), a.grad


@same_as_torch
def test_second_backward_through_numbers(m):
    x = leaf(m, 3.0)
    seen = []
    for y in (x * 2, x / 2, 2 / x, x - 1, 1 - x, -x, x**2, 2 * x, x + 1, x.sum(), x.mean()):
        y.backward()
        seen.append(raised(y.backward))
    return seen


@same_as_torch
def test_second_backward_through_functions(m):
    x = leaf(m, 3.0)
    seen = []
    for name in ("exp", "log", "sqrt", "tanh", "sigmoid", "abs", "relu", "sin", "square"):
        y = getattr(m, name)(x)
        y.backward()
        seen.append(raised(y.backward))
    return seen


@same_as_torch
def test_retained_graph(m):
    x = leaf(m, 3.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward(retain_graph=True)
    y.backward()
    return raised(y.backward), x.grad


@same_as_torch
def test_shared_part_freed(m):
    x = leaf(m, 3.0)
    shared = x * x
    (shared + 1).backward()
    return raised((shared * 2).backward)


@same_as_torch
def test_grad_frees_only_what_it_went_through(m):
    a, b = leaf(m, 3.0), leaf(m, 4.0)
    y = (a * a) * (b * b)
    first = m.autograd.grad(y, y, retain_graph=False, allow_unused=True)
    return first, raised(y.backward), a.grad


@same_as_torch
def test_grad_of_the_other_branch_after_one(m):
    a, b = leaf(m, 3.0), leaf(m, 4.0)
    left, right = a * a, b * b
    y = left + right
    m.autograd.grad(y, a)
    return raised(lambda: m.autograd.grad(y, b)), raised(lambda: m.autograd.grad(y, a))


@same_as_torch
def test_create_graph_retains(m):
    x = leaf(m, 3.0)
    y = x * x
    (first,) = m.autograd.grad(y, x, create_graph=True)
    again = m.autograd.grad(y, x)
    return first, again


@same_as_torch
def test_create_graph_without_retaining(m):
    x = leaf(m, 3.0)
    y = x * x * x
    (first,) = m.autograd.grad(y, x, create_graph=True, retain_graph=False)
    return first, raised(lambda: m.autograd.grad(first, x))
