"""What a Function saves, by experiment: when it is stale, freed, packed."""

from __future__ import annotations

from parity.functions import custom
from parity.scenario import leaf, raised, same_as_torch


def saving(m, what, backward=None):
    """A Function that doubles and saves what(x, y) of its input and its output."""

    def forward(ctx, x):
        y = x * 2
        ctx.save_for_backward(*what(x, y))
        return y

    def default(ctx, g):
        ctx.saved_tensors  # noqa: B018  # reading it checks what is there
        return g * 2

    return custom(m, forward, backward or default)


@same_as_torch
def test_an_input_that_was_overwritten(m):
    c = leaf(m, 1.0) * 1
    y = saving(m, lambda x, y: [x]).apply(c)
    c.mul_(2)
    return raised(y.backward)


@same_as_torch
def test_an_output_that_was_overwritten(m):
    x = leaf(m, 1.0)
    y = saving(m, lambda x, y: [y]).apply(x)
    y.mul_(2)
    return raised(y.backward)


@same_as_torch
def test_a_view_of_the_output_that_was_overwritten(m):
    x = leaf(m, 1.0, 2.0)
    y = saving(m, lambda x, y: [y]).apply(x)
    y[:1].mul_(2)
    return raised(y.sum().backward)


@same_as_torch
def test_one_of_several_outputs_that_was_overwritten(m):
    def forward(ctx, x):
        y, z = x * 2, x * 3
        ctx.save_for_backward(y)
        return y, z

    y, z = custom(m, forward, lambda ctx, g, h: ctx.saved_tensors[0]).apply(leaf(m, 1.0))
    y.zero_()
    del y
    return raised(z.backward)


@same_as_torch
def test_a_constant_that_was_overwritten(m):
    def forward(ctx, x, c):
        ctx.save_for_backward(c)
        return x * c

    c = m.ones(1)
    y = custom(m, forward, lambda ctx, g: (ctx.saved_tensors[0], None)).apply(leaf(m, 1.0), c)
    c.mul_(2)
    return raised(y.backward)


@same_as_torch
def test_a_leaf_that_was_overwritten(m):
    x = leaf(m, 1.0)
    y = saving(m, lambda x, y: [x]).apply(x)
    with m.no_grad():
        x.mul_(2)
    return raised(y.backward)


@same_as_torch
def test_an_intermediate_that_was_overwritten(m):
    kept = []

    def forward(ctx, x):
        h = x * 2
        kept.append(h)
        ctx.save_for_backward(h)
        return h * 1

    y = custom(m, forward, lambda ctx, g: ctx.saved_tensors[0]).apply(leaf(m, 1.0))
    kept[0].mul_(2)
    return raised(y.backward)


@same_as_torch
def test_what_is_not_read_is_not_checked(m):
    c = leaf(m, 1.0) * 1
    y = saving(m, lambda x, y: [x], lambda ctx, g: g).apply(c)
    c.mul_(2)
    return raised(y.backward)


@same_as_torch
def test_freed_values(m):
    x = leaf(m, 1.0)
    reads, ignores = saving(m, lambda x, y: [x]), saving(m, lambda x, y: [x], lambda ctx, g: g)
    nothing = saving(m, lambda x, y: [])
    seen = []
    for function in (reads, ignores, nothing):
        y = function.apply(x)
        y.backward()
        seen.append([raised(lambda y=y: y.grad_fn.saved_tensors), raised(y.backward)])
    return seen


@same_as_torch
def test_retained_values(m):
    x = leaf(m, 1.0)
    y = saving(m, lambda x, y: [x, y]).apply(x)
    y.backward(retain_graph=True)
    y.backward()
    return x.grad


@same_as_torch
def test_the_last_call_counts(m):
    def forward(ctx, x):
        ctx.save_for_backward(x)
        seen.append(ctx.saved_tensors)
        ctx.save_for_backward(x, None, x * 3)
        return x * 2

    seen = []
    y = custom(m, forward, lambda ctx, g: g).apply(leaf(m, 1.0))
    return seen, y.grad_fn.saved_tensors


@same_as_torch
def test_only_tensors(m):
    x = leaf(m, 1.0)
    return [
        raised(lambda: saving(m, lambda x, y: [x, 3]).apply(x)),
        raised(lambda: saving(m, lambda x, y: [[x]]).apply(x)),
        raised(lambda: saving(m, lambda x, y: [None]).apply(x)),
    ]


@same_as_torch
def test_nothing_is_saved_without_a_gradient(m):
    kept = []

    def forward(ctx, x):
        ctx.save_for_backward(x)
        kept.append(ctx)
        return x * 2

    custom(m, forward, lambda ctx, g: g).apply(m.ones(1))
    return len(kept)


@same_as_torch
def test_saved_tensors_hooks(m):
    seen = []

    def pack(t):
        seen.append(("pack", t.detach() * 1))
        return t.detach() * 10

    def unpack(t):
        seen.append(("unpack", t))
        return t

    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * x + y

    x = leaf(m, 1.0)
    with m.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = saving(m, lambda x, y: [x, y], backward).apply(x)
    y.backward()
    return x.grad, seen


@same_as_torch
def test_hooks_on_one_saved_tensor(m):
    x = leaf(m, 1.0)
    y = saving(m, lambda x, y: [x], lambda ctx, g: ctx.saved_tensors[0] * g).apply(x)
    y.grad_fn._raw_saved_tensors[0].register_hooks(lambda t: t.detach() * 7, lambda t: t)
    y.backward()
    return x.grad


@same_as_torch
def test_a_second_derivative_through_unpacked_values(m):
    def backward(ctx, g):
        return ctx.saved_tensors[0] * 2 * g

    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    x = leaf(m, 3.0)
    with m.autograd.graph.saved_tensors_hooks(lambda t: t.detach() * 1, lambda t: t):
        y = custom(m, forward, backward).apply(x)
    (g,) = m.autograd.grad(y, x, create_graph=True)
    return m.autograd.grad(g, x)


@same_as_torch
def test_values_that_are_cleared_by_reading(m):
    class Clearing(m.autograd.Function):
        clear_saved_tensors_on_access = True

        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            errors.append(raised(lambda: ctx.saved_tensors))
            return g * x

    errors = []
    x = leaf(m, 3.0)
    Clearing.apply(x).backward()
    return x.grad, errors


@same_as_torch
def test_inference_tensors_cannot_be_saved(m):
    with m.inference_mode():
        c = m.ones(1)

    def forward(ctx, x, c):
        ctx.save_for_backward(c)
        return x * 2

    return raised(lambda: custom(m, forward, lambda ctx, g: (g, None)).apply(leaf(m, 1.0), c))
