"""When hooks of tensors and of nodes are called, by experiment."""

from __future__ import annotations

import contextvars

from parity.scenario import leaf, noting, raised, same_as_torch


@same_as_torch
def test_the_order_of_all_hooks_of_a_node(m):
    x, seen = leaf(m, 1.0, 2.0), []
    y = x * 2
    y.retain_grad()
    y.grad_fn.register_hook(noting(seen, "after 1"))
    y.grad_fn.register_prehook(noting(seen, "before 1"))
    y.register_hook(lambda grad: seen.append("tensor 1") or grad * 2)
    y.grad_fn.register_hook(noting(seen, "after 2"))
    y.grad_fn.register_prehook(noting(seen, "before 2"))
    y.register_hook(noting(seen, "tensor 2"))
    y.sum().backward()
    return seen, y.grad, x.grad


@same_as_torch
def test_the_order_of_all_hooks_of_a_leaf(m):
    x, seen = leaf(m, 1.0, 2.0), []
    y = x * 2
    node = y.grad_fn.next_functions[0][0]
    node.register_hook(lambda i, o: seen.append(("after", i, o, x.grad)))
    node.register_prehook(lambda o: seen.append(("before", o, x.grad)))
    x.register_post_accumulate_grad_hook(lambda t: seen.append(("done", t is x, t.grad)))
    x.register_hook(lambda grad: seen.append(("tensor", grad, x.grad)))
    y.sum().backward()
    return seen


@same_as_torch
def test_grad_calls_hooks_of_tensors_only(m):
    x, seen = leaf(m, 1.0, 2.0), []
    y = x * 2
    node = y.grad_fn.next_functions[0][0]
    node.register_hook(noting(seen, "after"))
    node.register_prehook(noting(seen, "before"))
    x.register_post_accumulate_grad_hook(noting(seen, "done"))
    x.register_hook(lambda grad: seen.append("tensor") or grad * 3)
    return m.autograd.grad(y.sum(), x), seen, x.grad


@same_as_torch
def test_grad_with_respect_to_an_interior_tensor(m):
    x, seen = leaf(m, 1.0, 2.0), []
    y = x * 2
    y.register_hook(lambda grad: seen.append("tensor") or grad * 3)
    y.grad_fn.register_prehook(noting(seen, "before"))
    y.grad_fn.register_hook(noting(seen, "after"))
    z = y.exp()
    z.grad_fn.register_hook(lambda i, o: seen.append("z"))
    return m.autograd.grad(z.sum(), y, retain_graph=True), seen, m.autograd.grad(z.sum(), x)


@same_as_torch
def test_backward_with_inputs_calls_what_it_reaches(m):
    a, b, seen = leaf(m, 1.0), leaf(m, 2.0), []
    a.register_hook(noting(seen, "a"))
    b.register_hook(noting(seen, "b"))
    b.register_post_accumulate_grad_hook(lambda t: seen.append("b done"))
    (a * b).sum().backward(inputs=[b])
    return seen, a.grad, b.grad


@same_as_torch
def test_a_node_hook_sees_none_where_there_is_no_gradient(m):
    x, seen = leaf(m, 1.0), []
    y = x * m.tensor([3.0])
    y.grad_fn.register_hook(noting(seen, "y"))
    y.sum().backward()
    return seen


@same_as_torch
def test_a_node_with_two_consumers_is_visited_once(m):
    x, seen = leaf(m, 2.0), []
    y = x * 3
    y.register_hook(noting(seen, "tensor"))
    y.grad_fn.register_prehook(noting(seen, "before"))
    (y * 2 + y * y).sum().backward()
    return len(seen), seen[0], x.grad


@same_as_torch
def test_hooks_on_the_output_itself(m):
    x, seen = leaf(m, 2.0), []
    y = (x * 3).sum()
    y.register_hook(lambda grad: seen.append(grad) or grad * 7)
    y.backward()
    return seen, x.grad


@same_as_torch
def test_hooks_on_a_leaf_that_is_the_output(m):
    x, seen = leaf(m, 2.0), []
    x.register_hook(lambda grad: seen.append(grad) or grad * 7)
    x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad * 1))
    x.backward()
    return seen, x.grad


@same_as_torch
def test_an_optimiser_steps_inside_backward(m):
    x, w1, w2 = m.tensor([1.0, 2.0]), leaf(m, 0.5, -0.5), leaf(m, 2.0, 1.0)
    losses = []

    def step(w):
        w.sub_(0.125 * w.grad)
        w.grad = None

    for w in (w1, w2):
        w.register_post_accumulate_grad_hook(step)
    for _ in range(4):
        loss = ((x * w1) * w2 - x).square().sum()
        loss.backward()
        losses.append(loss.detach())
    return losses, w1.detach(), w2.detach(), w1.grad


@same_as_torch
def test_a_hook_on_one_leaf_sees_the_others_complete(m):
    a, b, c, seen = leaf(m, 1.0), leaf(m, 2.0), leaf(m, 3.0), []
    a.register_post_accumulate_grad_hook(lambda t: seen.append([a.grad, b.grad, c.grad]))
    (((a * 2) + b).exp() * c).sum().backward()
    return seen


@same_as_torch
def test_hooks_of_a_node_with_several_outputs(m):
    x, seen = leaf(m, 1.0, 5.0, 3.0), []
    values, indices = x.max(0)
    values.grad_fn.register_prehook(noting(seen, "before"))
    values.grad_fn.register_hook(noting(seen, "after"))
    values.register_hook(lambda grad: grad * 2)
    values.backward()
    return seen, x.grad, indices.requires_grad


@same_as_torch
def test_hooks_of_interior_nodes_see_gradients_that_are_complete(m):
    w, x, seen = leaf(m, 2.0), leaf(m, 3.0), []
    y = x * 2
    y.register_hook(lambda grad: seen.append((w.grad, x.grad)))
    y.grad_fn.register_hook(lambda i, o: seen.append((w.grad, x.grad)))
    (y * w).sum().backward()
    return seen


@same_as_torch
def test_backward_into_an_interior_tensor_runs_its_node(m):
    x, seen = leaf(m, 3.0), []
    y = x * 2
    y.register_hook(lambda grad: seen.append("tensor") or grad * 2)
    y.grad_fn.register_prehook(noting(seen, "before"))
    y.grad_fn.register_hook(noting(seen, "after"))
    (y * y).sum().backward(inputs=[y])
    return y.grad, seen, x.grad, y.retains_grad


@same_as_torch
def test_a_context_variable_that_a_hook_sets(m):
    variable = contextvars.ContextVar("variable", default=0)
    x = leaf(m, 3.0)
    x.register_hook(lambda grad: variable.set(variable.get() + 1))
    before = raised((x * 2).sum().backward)
    return before, variable.get()


@same_as_torch
def test_a_view_that_was_written_is_older_than_what_came_after(m):
    x = m.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    base = x.clone()
    written = base.diagonal()
    written.tanh_()
    after = x * 2
    seen = []
    for name, tensor in (("written", written), ("after", after)):
        tensor.register_hook(lambda g, name=name: seen.append(name))
    (written.sum() + after.sum()).backward()
    return seen
