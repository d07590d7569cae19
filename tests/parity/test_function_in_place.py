"""Functions that write into their inputs, by experiment."""

from __future__ import annotations

from parity.functions import custom
from parity.scenario import graph_of, leaf, raised, same_as_torch


def double_(ctx, x):
    x.mul_(2)
    ctx.mark_dirty(x)
    return x


@same_as_torch
def test_an_input_that_is_marked(m):
    x = leaf(m, 1.0, 2.0)
    c = x * 1
    y = custom(m, double_, lambda ctx, g: g * 2).apply(c)
    y.sum().backward()
    return y is c, c, x.grad, c._version, graph_of(c)


@same_as_torch
def test_a_leaf_is_protected(m):
    return raised(lambda: custom(m, double_, lambda ctx, g: g * 2).apply(leaf(m, 1.0)))


@same_as_torch
def test_a_leaf_under_no_grad(m):
    x = leaf(m, 1.0)
    with m.no_grad():
        y = custom(m, double_, lambda ctx, g: g * 2).apply(x)
    return y is x, x, x._version


@same_as_torch
def test_a_constant(m):
    x = m.ones(2)
    y = custom(m, double_, lambda ctx, g: g * 2).apply(x)
    return y is x, y, x._version


@same_as_torch
def test_a_constant_that_gets_a_history(m):
    def forward(ctx, x, w):
        x.mul_(w)
        ctx.mark_dirty(x)
        return x

    x, w = m.ones(2), leaf(m, 2.0, 3.0)
    y = custom(m, forward, lambda ctx, g: (g, g * 5)).apply(x, w)
    y.sum().backward()
    return y is x, x.requires_grad, x.is_leaf, w.grad


@same_as_torch
def test_a_view(m):
    x = leaf(m, 1.0, 2.0, 3.0)
    c = x * 1
    v = c[:2]
    y = custom(m, double_, lambda ctx, g: g * 7).apply(v)
    (c * 10).sum().backward()
    return y is v, c, x.grad


@same_as_torch
def test_a_view_of_a_leaf(m):
    return raised(lambda: custom(m, double_, lambda ctx, g: g).apply(leaf(m, 1.0, 2.0)[:1]))


@same_as_torch
def test_a_view_that_must_not_be_written(m):
    c = leaf(m, 1.0, 2.0) * 1
    return raised(lambda: custom(m, double_, lambda ctx, g: g).apply(c.split(1)[0]))


@same_as_torch
def test_marked_and_not_returned(m):
    def forward(ctx, x):
        x.mul_(2)
        ctx.mark_dirty(x)
        return x.clone()

    return raised(lambda: custom(m, forward, lambda ctx, g: g).apply(leaf(m, 1.0) * 1))


@same_as_torch
def test_marked_beside_another_output(m):
    def forward(ctx, x):
        x.mul_(2)
        ctx.mark_dirty(x)
        return x, x.clone() * 3

    x = leaf(m, 1.0)
    c = x * 1
    y, z = custom(m, forward, lambda ctx, g, h: g * 2 + h * 6).apply(c)
    (y + z).backward()
    return y is c, z, x.grad, y.output_nr


@same_as_torch
def test_an_older_use_notices(m):
    x = leaf(m, 1.0)
    c = x * 1
    older = c * c
    custom(m, double_, lambda ctx, g: g * 2).apply(c)
    return raised(older.backward)


@same_as_torch
def test_a_write_by_numpy_that_is_marked(m):
    def forward(ctx, x):
        array = x.detach().numpy()
        array += 1
        ctx.mark_dirty(x)
        return x

    x = leaf(m, 1.0)
    c = x * 1
    older = c * c
    custom(m, forward, lambda ctx, g: g).apply(c)
    return c, raised(older.backward)


@same_as_torch
def test_what_was_saved_before_the_write_is_the_output(m):
    def forward(ctx, x):
        ctx.save_for_backward(x)
        x.exp_()
        ctx.mark_dirty(x)
        return x

    x = leaf(m, 0.0)
    c = x * 1
    y = custom(m, forward, lambda ctx, g: g * ctx.saved_tensors[0]).apply(c)
    y.backward()
    return x.grad


@same_as_torch
def test_the_dirty_result_is_written_again(m):
    def forward(ctx, x):
        x.exp_()
        ctx.mark_dirty(x)
        ctx.save_for_backward(x)
        return x

    x = leaf(m, 0.0)
    y = custom(m, forward, lambda ctx, g: g * ctx.saved_tensors[0]).apply(x * 1)
    y.mul_(2)
    return raised(y.backward)


@same_as_torch
def test_hooks_stay_with_the_value_before(m):
    seen = []
    x = leaf(m, 1.0)
    c = x * 1
    c.register_hook(lambda g: seen.append(("before", g)))
    y = custom(m, double_, lambda ctx, g: g * 2).apply(c)
    y.register_hook(lambda g: seen.append(("after", g)))
    (y * 5).backward()
    return seen
