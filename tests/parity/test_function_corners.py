"""Functions where several things meet, by experiment."""

from __future__ import annotations

from parity.functions import custom
from parity.scenario import graph_of, leaf, raised, same_as_torch


def double_(ctx, x):
    x.mul_(2)
    ctx.mark_dirty(x)
    return x


@same_as_torch
def test_a_number_in_place(m):
    x = m.tensor(3.0, requires_grad=True)
    c = x * 1
    y = custom(m, double_, lambda ctx, g: g * 2).apply(c)
    (y * y).backward()
    return c, x.grad


@same_as_torch
def test_a_number_as_it_is(m):
    x = m.tensor(3.0, requires_grad=True)
    y = custom(m, lambda ctx, x: x, lambda ctx, g: g * 5).apply(x * 1)
    y.backward()
    return y, x.grad


@same_as_torch
def test_in_place_twice(m):
    x = leaf(m, 1.0)
    c = x * 1
    function = custom(m, double_, lambda ctx, g: g * 2)
    function.apply(c)
    function.apply(c)
    c.backward()
    return c, x.grad, c._version


@same_as_torch
def test_a_view_after_a_function_wrote_into_its_base(m):
    x = leaf(m, 1.0, 2.0)
    c = x * 1
    v = c[:1]
    custom(m, double_, lambda ctx, g: g * 2).apply(c)
    (v * 10).sum().backward()
    return v.detach(), x.grad


@same_as_torch
def test_one_of_two_views_is_written_by_a_function(m):
    x = leaf(m, 1.0, 2.0, 3.0)
    c = x * 1
    v, w = c[:2], c[1:]
    custom(m, double_, lambda ctx, g: g * 2).apply(v)
    (w * 10).sum().backward()
    return w.detach(), x.grad


@same_as_torch
def test_a_retained_gradient_moves_on(m):
    x = leaf(m, 1.0)
    c = x * 1
    c.retain_grad()
    custom(m, double_, lambda ctx, g: g * 2).apply(c)
    (c * 3).backward()
    return c.grad, x.grad


@same_as_torch
def test_integers_among_the_inputs(m):
    def forward(ctx, x, i):
        ctx.save_for_backward(i)
        return x[i]

    def backward(ctx, g):
        (i,) = ctx.saved_tensors
        seen.append(ctx.needs_input_grad)
        return m.zeros(3).index_add(0, i, g), None

    seen = []
    x, i = leaf(m, 1.0, 2.0, 3.0), m.tensor([2, 0, 2])
    custom(m, forward, backward).apply(x, i).sum().backward()
    return x.grad, seen


@same_as_torch
def test_saved_tensors_may_be_written_where_that_is_allowed(m):
    def forward(ctx, x):
        y = x.clone()
        ctx.save_for_backward(x, y)
        return y

    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * x * y

    x = leaf(m, 3.0)
    with m.autograd.graph.allow_mutation_on_saved_tensors():
        c = x * 1
        y = custom(m, forward, backward).apply(c)
        c.zero_()
        y.add_(10)
        y.backward()
    return x.grad


@same_as_torch
def test_an_edge_to_an_output(m):
    x = leaf(m, 2.0)
    y, z = custom(m, lambda ctx, x: (x * 2, x * 3), lambda ctx, g, h: g * 2 + h * 3).apply(x)
    edge = m.autograd.graph.get_gradient_edge(z)
    return m.autograd.grad(y * z, [edge, x])


@same_as_torch
def test_backward_to_some_inputs(m):
    x, w = leaf(m, 2.0), leaf(m, 3.0)
    y = custom(m, lambda ctx, x, w: x * w, lambda ctx, g: (g * 5, g * 7)).apply(x, w)
    y.backward(inputs=[w])
    return x.grad, w.grad


@same_as_torch
def test_nothing_is_recorded_in_forward(m):
    w = leaf(m, 2.0)
    x = leaf(m, 1.0)
    y = custom(m, lambda ctx, x: (x * w).detach() * w, lambda ctx, g: g).apply(x)
    y.backward()
    return x.grad, w.grad, graph_of(y)


@same_as_torch
def test_no_tensors_at_all(m):
    return custom(m, lambda ctx, k: m.ones(k), lambda ctx, g: None).apply(2)


@same_as_torch
def test_cotangents_of_expanded_sums(m):
    seen = []

    def backward(ctx, g):
        seen.append((tuple(g.shape), g.clone()))
        return g

    x = leaf(m, 1.0, 2.0)
    custom(m, lambda ctx, x: x * 1, backward).apply(x).sum().backward()
    return seen


@same_as_torch
def test_a_gradient_is_summed_to_its_input(m):
    x, b = m.ones(2, 3, requires_grad=True), leaf(m, 1.0, 2.0, 3.0)
    custom(m, lambda ctx, x, b: x + b, lambda ctx, g: (g, g)).apply(x, b).sum().backward()
    return b.grad, x.grad


@same_as_torch
def test_inference_mode(m):
    x = leaf(m, 1.0)
    with m.inference_mode():
        y = custom(m, lambda ctx, x: x * 2, lambda ctx, g: g).apply(x)
        return y.is_inference(), y.requires_grad


@same_as_torch
def test_a_leaf_made_from_an_output(m):
    y = custom(m, lambda ctx, x: x * 2, lambda ctx, g: g).apply(m.ones(2))
    y.requires_grad_()
    (y * 3).sum().backward()
    return y.grad


@same_as_torch
def test_an_output_is_detached_in_place(m):
    x = leaf(m, 1.0)
    y = custom(m, lambda ctx, x: x * 2, lambda ctx, g: g).apply(x)
    y.detach_()
    return y.requires_grad, raised(y.backward)


@same_as_torch
def test_the_number_of_an_output(m):
    def forward(ctx, x):
        return None, x * 2, "s", x * 3

    outputs = custom(m, forward, lambda ctx, *g: g[1]).apply(leaf(m, 1.0))
    return outputs[3].output_nr - outputs[1].output_nr > 0


@same_as_torch
def test_hooks_on_outputs_and_inputs(m):
    seen = []
    x = leaf(m, 1.0)
    x.register_hook(lambda g: seen.append(("x", g)))
    y, z = custom(m, lambda ctx, x: (x * 2, x * 3), lambda ctx, g, h: g * 2 + h * 3).apply(x)
    y.register_hook(lambda g: g * 10)
    z.register_hook(lambda g: seen.append(("z", g)))
    (y + z).backward()
    return seen, x.grad


@same_as_torch
def test_dirty_and_not_differentiable(m):
    def forward(ctx, x):
        x.mul_(2)
        ctx.mark_dirty(x)
        ctx.mark_non_differentiable(x)
        return x

    x = leaf(m, 2.0).clone()
    y = custom(m, forward, lambda ctx, g: g).apply(x)
    return y is x, y.requires_grad, y


@same_as_torch
def test_dirty_constant_beside_another_output(m):
    def forward(ctx, a, b):
        ctx.mark_dirty(a)
        return a.add_(b), b + 2

    x, y = m.tensor([1.0]), leaf(m, 2.0)
    q, p = custom(m, forward, lambda ctx, g, h: (g, g + h)).apply(x, y)
    (q + p).backward()
    return q is x, q, p, y.grad, x.is_leaf


@same_as_torch
def test_a_view_made_under_no_grad(m):
    x = leaf(m, 1.0, 2.0)
    with m.no_grad():
        y = custom(m, lambda ctx, x: x[:1], lambda ctx, g: g).apply(x)
    return y._is_view(), raised(y.zero_)


@same_as_torch
def test_a_context_that_somebody_kept(m):
    kept = []

    def forward(ctx, x):
        ctx.save_for_backward(x)
        kept.append(ctx)
        return x * 1

    def backward(ctx, g):
        kept.append(ctx)
        return g * ctx.saved_tensors[0]

    x = leaf(m, 2.0)
    y = custom(m, forward, backward).apply(x)
    y.backward()
    return kept[0] is kept[1], raised(lambda: kept[0].saved_tensors)


@same_as_torch
def test_a_leaf_written_and_marked_inside_of_no_grad(m):
    def forward(ctx, x):
        x.add_(1)
        ctx.mark_dirty(x)
        return x

    x = leaf(m, 1.0)
    function = custom(m, forward, lambda ctx, g: g)
    with m.no_grad():
        function.apply(x)
    return x, x.is_leaf


@same_as_torch
def test_undefined_gradients_go_on(m):
    inner = custom(m, lambda ctx, x: x * 1, lambda ctx, g: None)
    outer = custom(m, lambda ctx, x: x * 1, lambda ctx, g: g * 2)
    x = leaf(m, 1.0)
    (outer.apply(inner.apply(outer.apply(x))) + x).backward()
    return x.grad
