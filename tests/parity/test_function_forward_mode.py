"""A Function's jvp, by experiment."""

from __future__ import annotations

from parity.functions import custom
from parity.scenario import leaf, raised
from parity.transforms import agrees_with_torch


def pushed(m, function, *args, tangent=5.0):
    """The tangents of what a Function makes of [1, 2], a dual number, and of further arguments."""
    fw = m.autograd.forward_ad
    with fw.dual_level():
        x = fw.make_dual(m.tensor([1.0, 2.0]), m.tensor([tangent, tangent]))
        outputs = function.apply(x, *args)
        several = outputs if isinstance(outputs, tuple) else (outputs,)
        return [fw.unpack_dual(t).tangent for t in several if t.is_floating_point()]


@agrees_with_torch
def test_a_rule_of_ones_own(m):
    return pushed(m, custom(m, lambda ctx, x: x * 2, None, jvp=lambda ctx, t: t * 7))


@agrees_with_torch
def test_what_was_saved_for_forward(m):
    def forward(ctx, x, k, w):
        y = x * w * k
        ctx.save_for_forward(x, w, y)
        ctx.save_for_backward(x)
        ctx.k = k
        return y

    seen = []

    def jvp(ctx, tx, k, tw):
        seen.append([*ctx.saved_tensors, tx, k, tw])
        x, w, _ = ctx.saved_tensors
        return tx * w * ctx.k + tw * x * ctx.k

    return pushed(m, custom(m, forward, None, jvp=jvp), 3, m.tensor([2.0, 3.0])), len(seen[0])


@agrees_with_torch
def test_tangents_that_are_zero(m):
    seen = []

    def jvp(ctx, tx, tw):
        seen.append(tw)
        return tx

    def not_materialized(ctx, x, w):
        ctx.set_materialize_grads(False)
        return x * w

    w = m.ones(2)
    pushed(m, custom(m, lambda ctx, x, w: x * w, None, jvp=jvp), w)
    pushed(m, custom(m, not_materialized, None, jvp=jvp), w)
    return seen


@agrees_with_torch
def test_several_outputs(m):
    return pushed(m, custom(m, lambda ctx, x: (x * 2, x * 3), None, jvp=lambda c, t: (t, t * 2)))


@agrees_with_torch
def test_how_many_and_what(m):
    def with_jvp(jvp):
        return raised(lambda: pushed(m, custom(m, lambda ctx, x: x * 2, None, jvp=jvp)))

    two = custom(m, lambda ctx, x: (x * 2, x * 3), None, jvp=lambda ctx, t: t)
    return [
        raised(lambda: pushed(m, two)),
        with_jvp(lambda ctx, t: (t, t)),
        with_jvp(lambda ctx, t: t[:1]),
        with_jvp(lambda ctx, t: 3.0),
    ]


@agrees_with_torch
def test_no_rule(m):
    return raised(lambda: pushed(m, custom(m, lambda ctx, x: x * 2, lambda ctx, g: g)))


@agrees_with_torch
def test_no_tangent_needs_no_rule(m):
    fw = m.autograd.forward_ad
    with fw.dual_level():
        return custom(m, lambda ctx, x: x * 2, lambda ctx, g: g).apply(m.ones(1))


@agrees_with_torch
def test_forward_does_not_see_tangents(m):
    fw = m.autograd.forward_ad
    seen = []

    def forward(ctx, x):
        seen.append(fw.unpack_dual(x * 3).tangent)
        return x * 2

    pushed(m, custom(m, forward, None, jvp=lambda ctx, t: t))
    return seen


@agrees_with_torch
def test_reverse_over_forward(m):
    def forward(ctx, x):
        ctx.save_for_forward(x)
        ctx.save_for_backward(x)
        return x * x

    def jvp(ctx, t):
        return 2 * ctx.saved_tensors[0] * t

    function = custom(m, forward, lambda ctx, g: 2 * ctx.saved_tensors[0] * g, jvp=jvp)
    fw = m.autograd.forward_ad
    x = leaf(m, 3.0)
    with fw.dual_level():
        y = function.apply(fw.make_dual(x, m.tensor([5.0])))
        tangent = fw.unpack_dual(y).tangent
        return tangent, m.autograd.grad(tangent, x)


@agrees_with_torch
def test_forward_over_reverse(m):
    def forward(ctx, x):
        ctx.save_for_forward(x)
        ctx.save_for_backward(x)
        return x * x * x

    def jvp(ctx, t):
        return 3 * ctx.saved_tensors[0] ** 2 * t

    function = custom(m, forward, lambda ctx, g: 3 * ctx.saved_tensors[0] ** 2 * g, jvp=jvp)
    fw = m.autograd.forward_ad
    x = leaf(m, 3.0)
    with fw.dual_level():
        y = function.apply(fw.make_dual(x, m.tensor([5.0])))
        (g,) = m.autograd.grad(y, x, m.ones(1), create_graph=True)
        return fw.unpack_dual(g)[0], fw.unpack_dual(g).tangent
