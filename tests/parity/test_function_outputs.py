"""What a Function returns, by experiment: several outputs, inputs as they are, views, integers."""

from __future__ import annotations

from collections import namedtuple

from parity.functions import custom
from parity.scenario import graph_of, leaf, raised, same_as_torch, warned


def both(ctx, x):
    return x * 2, x * 3


@same_as_torch
def test_two_outputs(m):
    seen = []

    def backward(ctx, g, h):
        seen.extend([g, h])
        return g * 2 + h * 3

    x = leaf(m, 1.0, 2.0)
    y, z = custom(m, both, backward).apply(x)
    (y * 5 + z).sum().backward()
    return y, z, y.output_nr, z.output_nr, x.grad, seen, graph_of(y), y.grad_fn is z.grad_fn


@same_as_torch
def test_an_unused_output_has_zeros(m):
    seen = []
    x = leaf(m, 1.0, 2.0)
    _, z = custom(m, both, lambda ctx, g, h: (seen.extend([g, h]), g)[1]).apply(x)
    z.sum().backward()
    return seen


@same_as_torch
def test_an_unused_output_without_materialized_gradients(m):
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    seen = []
    x = leaf(m, 1.0, 2.0)
    _, z = custom(m, forward, lambda ctx, g, h: (seen.extend([g, h]), h)[1]).apply(x)
    z.sum().backward()
    return seen, x.grad


@same_as_torch
def test_no_gradient_for_no_gradient(m):
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    inner = custom(m, forward, lambda ctx, g, h: None if g is None else g * 2)
    x = leaf(m, 1.0)
    _, z = inner.apply(x)
    (z + x * 0).backward()
    return x.grad


@same_as_torch
def test_a_tuple_of_one(m):
    x = leaf(m, 1.0)
    outputs = custom(m, lambda ctx, x: (x * 2,), lambda ctx, g: (g,)).apply(x)
    return outputs


@same_as_torch
def test_values_that_are_no_tensors(m):
    seen = []

    def forward(ctx, x):
        return None, x * 2, "s", x.argmax(), 5

    def backward(ctx, *grads):
        seen.append([None if g is None else g for g in grads])
        return grads[1] * 2

    x = leaf(m, 1.0, 3.0)
    outputs = custom(m, forward, backward).apply(x)
    outputs[1].sum().backward()
    return outputs, seen, x.grad


@same_as_torch
def test_only_values_that_are_no_tensors(m):
    return custom(m, lambda ctx, x: None, lambda ctx, g: g).apply(leaf(m, 1.0))


@same_as_torch
def test_outputs_marked_as_not_differentiable(m):
    seen = []

    def forward(ctx, x):
        y, z = x * 2, x * 3
        ctx.mark_non_differentiable(z)
        return y, z

    x = leaf(m, 1.0)
    y, z = custom(m, forward, lambda ctx, g, h: (seen.extend([g, h]), g)[1]).apply(x)
    y.backward()
    return z.requires_grad, z.grad_fn, seen, x.grad


@same_as_torch
def test_integers_are_not_differentiable(m):
    x = leaf(m, 3.0, 1.0)
    values, indices = custom(m, lambda ctx, x: tuple(x.sort()), lambda ctx, g, h: g).apply(x)
    return values, indices, indices.requires_grad


@same_as_torch
def test_all_outputs_are_not_differentiable(m):
    def forward(ctx, x):
        y = x * 2
        ctx.mark_non_differentiable(y)
        return y

    return custom(m, forward, lambda ctx, g: g).apply(leaf(m, 1.0))


@same_as_torch
def test_an_input_returned_as_it_is(m):
    x = leaf(m, 1.0)
    y = custom(m, lambda ctx, x: x, lambda ctx, g: g * 5).apply(x)
    y.backward()
    return y is x, y, x.grad, x.grad_fn, y._is_view(), y._base is x


@same_as_torch
def test_a_constant_returned_as_it_is(m):
    x, c = leaf(m, 1.0), m.ones(1)
    _, same = custom(m, lambda ctx, x, c: (x * c, c), lambda ctx, g, h: (g, h)).apply(x, c)
    return same is c, same, c.requires_grad


@same_as_torch
def test_an_input_returned_and_not_differentiable(m):
    def forward(ctx, x):
        ctx.mark_non_differentiable(x)
        return x

    x = leaf(m, 1.0) * 1
    y = custom(m, forward, lambda ctx, g: g * 5).apply(x)
    return y is x, y.requires_grad, x.requires_grad


@same_as_torch
def test_no_grad_gives_no_history(m):
    x = leaf(m, 1.0) * 1
    function = custom(m, lambda ctx, x, y: (x, x * 2), lambda ctx, *g: g)
    with m.no_grad():
        return [(t.requires_grad, t is x) for t in function.apply(x, x)]


@same_as_torch
def test_a_view_of_an_input(m):
    x = leaf(m, 1.0, 2.0) * 1
    y = custom(m, lambda ctx, x: x[:1], lambda ctx, g: m.cat([g * 5, g])).apply(x)
    return y._is_view(), y, m.autograd.grad(y.sum(), x)


@same_as_torch
def test_writing_into_a_view_that_a_function_made(m):
    x = leaf(m, 1.0, 2.0) * 1
    as_is = custom(m, lambda ctx, x: x, lambda ctx, g: g)
    view = custom(m, lambda ctx, x: x[:1], lambda ctx, g: g)
    two = custom(m, lambda ctx, x: (x[:1], x[1:]), lambda ctx, g, h: g)
    return [
        raised(lambda: as_is.apply(x).mul_(2)),
        raised(lambda: view.apply(x).mul_(2)),
        raised(lambda: two.apply(x)[0].mul_(2)),
    ]


@same_as_torch
def test_writing_into_the_base_of_a_view_that_a_function_made(m):
    x = leaf(m, 1.0, 2.0) * 1
    y = custom(m, lambda ctx, x: x[:1], lambda ctx, g: g).apply(x)
    x.mul_(2)
    return raised(lambda: y.grad_fn), raised(lambda: (y * 2).sum().backward())


@same_as_torch
def test_writing_into_one_of_several_outputs(m):
    x = leaf(m, 1.0)
    y, z = custom(m, both, lambda ctx, g, h: g * 2 + h * 3).apply(x)
    y.mul_(10)
    (y + z).backward()
    return x.grad, graph_of(y)


@same_as_torch
def test_the_same_output_twice(m):
    def forward(ctx, x):
        y = x * 2
        return y, y

    x = leaf(m, 1.0)
    y, z = custom(m, forward, lambda ctx, g, h: g + h).apply(x)
    return y, z


@same_as_torch
def test_a_named_tuple(m):
    pair = namedtuple("pair", "a b")
    x = leaf(m, 1.0)
    result = custom(m, lambda ctx, x: pair(x * 2, x * 3), lambda ctx, g, h: g).apply(x)
    return [t.requires_grad for t in result]


@same_as_torch
def test_a_tensor_from_elsewhere(m):
    x, w = leaf(m, 1.0), leaf(m, 2.0) * 1
    y = custom(m, lambda ctx, x: w * 1, lambda ctx, g: g * 5).apply(x)
    y.backward()
    return x.grad


@same_as_torch
def test_a_graph_inside_of_forward_is_not_seen_outside(m):
    def forward(ctx, x):
        with m.enable_grad():
            inner = x.detach().requires_grad_()
            y = inner * inner
        ctx.inner, ctx.y = inner, y
        return y.detach()

    def backward(ctx, g):
        with m.enable_grad():
            return m.autograd.grad(ctx.y, ctx.inner, g)

    x = leaf(m, 3.0)
    y = custom(m, forward, backward).apply(x)
    y.backward()
    return x.grad, graph_of(y)


@same_as_torch
def test_dirty_marks_that_are_none(m):
    def forward(ctx, x):
        y = x * 2
        ctx.mark_dirty(y)
        return y

    return warned(lambda: custom(m, forward, lambda ctx, g: g).apply(leaf(m, 1.0)).requires_grad)
