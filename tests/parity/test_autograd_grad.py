"""autograd.grad and higher derivatives, by experiment."""

from __future__ import annotations

from parity.scenario import founding, leaf, raised, same_as_torch, warned

# autograd.grad


@same_as_torch
def test_grad_of_one(m):
    x = leaf(m, 3.0)
    return m.autograd.grad(x * x, x), x.grad


@same_as_torch
def test_grad_of_several_outputs_and_inputs(m):
    x, y = leaf(m, 3.0), leaf(m, 4.0)
    return m.autograd.grad([x * y, x * x], [x, y])


@same_as_torch
def test_grad_of_interior_tensors(m):
    a, _, c, d, e = founding(m)
    return m.autograd.grad(e, [c, d, a])


@same_as_torch
def test_grad_of_the_output_itself(m):
    *_, e = founding(m)
    return m.autograd.grad(e, e)


@same_as_torch
def test_grad_of_the_same_input_twice(m):
    x = leaf(m, 3.0)
    return m.autograd.grad(x * x, [x, x])


@same_as_torch
def test_grad_of_an_unused_input(m):
    x, other = leaf(m, 3.0), leaf(m, 1.0)

    def grad(**options):
        return m.autograd.grad(x * x, [x, other], **options)

    return [
        raised(grad),
        raised(lambda: grad(allow_unused=False)),
        grad(allow_unused=True),
        grad(materialize_grads=True),
        grad(allow_unused=True, materialize_grads=True),
        raised(lambda: grad(allow_unused=False, materialize_grads=True)),
    ]


@same_as_torch
def test_grad_of_a_constant(m):
    x = leaf(m, 3.0)
    constant = m.tensor([1.0])
    return [
        raised(lambda: m.autograd.grad(x * x, constant)),
        raised(lambda: m.autograd.grad(x * x, constant, allow_unused=True)),
        raised(lambda: m.autograd.grad(constant, x)),
        raised(lambda: m.autograd.grad(x * x, [])),
    ]


@same_as_torch
def test_grad_outputs(m):
    x = leaf(m, 1.0, 2.0)
    return [
        m.autograd.grad(x * x, x, m.tensor([1.0, 10.0])),
        m.autograd.grad([x * x, x.sum()], x, [m.tensor([1.0, 10.0]), None]),
        raised(lambda: m.autograd.grad(x * x, x)),
        raised(lambda: m.autograd.grad(x * x, x, m.tensor([1.0]))),
        raised(lambda: m.autograd.grad([x * x, x.sum()], x, [None])),
    ]


@same_as_torch
def test_grad_fills_retained_gradients(m):
    a, _, c, d, e = founding(m)
    c.retain_grad()
    d.retain_grad()
    grads = m.autograd.grad(e, [a])
    return grads, c.grad, d.grad, a.grad


@same_as_torch
def test_grad_under_no_grad(m):
    x = leaf(m, 3.0)
    y = x * x
    with m.no_grad():
        return m.autograd.grad(y, x)


@same_as_torch
def test_create_graph_under_no_grad(m):
    x = leaf(m, 3.0)
    y = x * x * x
    with m.no_grad():
        (first,) = m.autograd.grad(y, x, create_graph=True)
    return first.requires_grad, m.autograd.grad(first, x)


# Higher derivatives


@same_as_torch
def test_third_derivative(m):
    x = leaf(m, 2.0)
    seen = []
    y = x * x * x * x
    for _ in range(4):
        (y,) = m.autograd.grad(y, x, create_graph=True)
        seen.append([y.detach(), y.requires_grad])
    return seen


@same_as_torch
def test_gradient_penalty(m):
    x, w = leaf(m, 1.0, 2.0), leaf(m, 3.0, -1.0)
    loss = (x * w * w).sum()
    (gx,) = m.autograd.grad(loss, x, create_graph=True)
    (loss + (gx * gx).sum()).backward()
    return w.grad, x.grad


@same_as_torch
def test_backward_with_create_graph(m):
    x = leaf(m, 2.0)
    seen = warned(lambda: (x * x * x).backward(create_graph=True))[0]
    first = x.grad
    second = m.autograd.grad(first, x)
    return seen, first.detach(), first.requires_grad, second


@same_as_torch
def test_second_derivative_for_the_cotangent(m):
    x, v = leaf(m, 1.0, 2.0), leaf(m, 1.0, 1.0)
    (vjp,) = m.autograd.grad(x * x, x, v, create_graph=True)
    return vjp.detach(), m.autograd.grad(vjp, v, m.tensor([1.0, 10.0]))


@same_as_torch
def test_gradient_of_something_linear_is_constant(m):
    x = leaf(m, 2.0)
    (first,) = m.autograd.grad(x * 3, x, create_graph=True)
    return first.requires_grad, raised(lambda: m.autograd.grad(first, x))
