"""utils.checkpoint by experiment: torch's non-reentrant checkpoint decides."""

from __future__ import annotations

import contextlib
import functools

from parity import scenario
from parity.scenario import graph_of, leaf, raised


def rounded(seen):
    """Tensors to five digits: the two add and multiply in their own order."""
    if hasattr(seen, "requires_grad"):
        values = [float(f"{v:.5g}") for v in seen.detach().reshape(-1).tolist()]
        return str(seen.dtype).rpartition(".")[2], list(seen.shape), values, seen.requires_grad
    if isinstance(seen, (tuple, list)):
        return [rounded(part) for part in seen]
    return seen


def same_as_torch(program):
    return scenario.same_as_torch(functools.wraps(program)(lambda m: rounded(program(m))))


def checkpoint(m, *args, **kwargs):
    return m.utils.checkpoint.checkpoint(*args, use_reentrant=False, **kwargs)


def twice(x):
    return (x.exp() * x).sigmoid() * x


# Values, gradients, graphs


@same_as_torch
def test_values_and_gradients(m):
    x = leaf(m, 0.5, -1.0)
    y = checkpoint(m, twice, x)
    y.sum().backward()
    return y, graph_of(y), x.grad


@same_as_torch
def test_autograd_grad_for_leaves_and_for_what_is_between(m):
    x = leaf(m, 0.5, -1.0)
    h = x * 2
    y = checkpoint(m, twice, h)
    return m.autograd.grad(y.sum(), [x, h])


@same_as_torch
def test_a_second_backward(m):
    x = leaf(m, 0.5)
    y = checkpoint(m, twice, x)
    y.backward(retain_graph=True)
    first = x.grad.clone()
    y.backward()
    return first, x.grad, raised(y.backward)


@same_as_torch
def test_parts_of_a_graph_in_two_passes(m):
    x, w = leaf(m, 0.5), leaf(m, 2.0)
    y = checkpoint(m, lambda x, w: (x.exp() * w).sin(), x, w)
    first = m.autograd.grad(y, w, retain_graph=True)
    second = m.autograd.grad(y, x)
    return first, second


@same_as_torch
def test_create_graph(m):
    x = leaf(m, 0.5, 2.0)
    y = checkpoint(m, twice, x)
    (first,) = m.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = m.autograd.grad(first.sum(), x, create_graph=True)
    return first.detach(), second.detach(), m.autograd.grad(second.sum(), x)


@same_as_torch
def test_several_outputs_and_others(m):
    x = leaf(m, 0.5)
    a, (b, c), d, e = checkpoint(m, lambda x: (x.exp(), [x.sin(), "text"], None, x.detach()), x)
    (a * b).backward()
    return a, b, c, d, e, x.grad


@same_as_torch
def test_two_outputs_differentiated_one_after_the_other(m):
    x = leaf(m, 0.5)
    a, b = checkpoint(m, lambda x: (x.exp().sin(), x.tanh().exp()), x)
    a.backward()
    b.backward()
    return x.grad


# Arguments


@same_as_torch
def test_keywords_numbers_and_nested_tensors(m):
    x, w = leaf(m, 0.5), leaf(m, 2.0)

    def f(x, scale, *, tree, power=1):
        return (x.exp() * tree["w"][0]) ** power * scale

    y = checkpoint(m, f, x, 3.0, tree={"w": [w]}, power=2)
    y.backward()
    return y, x.grad, w.grad


@same_as_torch
def test_weights_that_are_no_arguments(m):
    x, w = leaf(m, 0.5), leaf(m, 2.0)
    checkpoint(m, lambda x: (x * w).sin().exp(), x).backward()
    return x.grad, w.grad


@same_as_torch
def test_inputs_that_require_no_grad(m):
    w = leaf(m, 2.0)
    x = m.tensor([0.5])
    y = checkpoint(m, lambda x: (x * w).sin().exp(), x)
    constant = checkpoint(m, lambda x: x.exp(), x)
    y.backward()
    return y, constant, w.grad


@same_as_torch
def test_no_arguments(m):
    w = leaf(m, 2.0)
    y = checkpoint(m, lambda: w.exp().sin())
    y.backward()
    return y, w.grad


@same_as_torch
def test_under_no_grad(m):
    x = leaf(m, 0.5)
    with m.no_grad():
        y = checkpoint(m, twice, x)
    return y


@same_as_torch
def test_a_function_that_turns_grad_off_and_on(m):
    x = leaf(m, 0.5)

    def f(x):
        with m.no_grad():
            c = x.exp().sin()
            with m.enable_grad():
                d = x.cos().exp()
        return c * d * x.exp()

    y = checkpoint(m, f, x)
    y.backward()
    return y, x.grad


@same_as_torch
def test_wrong_arguments(m):
    x = leaf(m, 0.5)
    contexts = lambda: (contextlib.nullcontext(), contextlib.nullcontext())  # noqa: E731  # short
    return [
        raised(lambda: checkpoint(m, twice, x, determinism_check="most")),
        raised(lambda: checkpoint(m, twice, x, context_fn=contexts, debug=True)),
        raised(lambda: checkpoint(m, twice, x, unknown=1)),
        raised(lambda: checkpoint(m, twice)),
        raised(lambda: checkpoint(m, None, x)),
    ]


# Nesting


@same_as_torch
def test_nested(m):
    x, w = leaf(m, 0.5), leaf(m, 2.0)
    calls = []

    def inner(x):
        calls.append("inner")
        return (x * w).sin().exp()

    def outer(x):
        calls.append("outer")
        return checkpoint(m, inner, checkpoint(m, inner, x).cos()).tanh()

    y = checkpoint(m, outer, x)
    y.backward()
    return y, x.grad, w.grad, calls


@same_as_torch
def test_nested_three_deep_and_again(m):
    x = leaf(m, 0.5)
    calls = []

    def deep(x, depth):
        calls.append(depth)
        if depth == 0:
            return x.sin().exp()
        return checkpoint(m, deep, x.cos(), depth - 1).tanh()

    y = checkpoint(m, deep, x, 3)
    y.backward(retain_graph=True)
    y.backward()
    return x.grad, calls


@same_as_torch
def test_nested_with_create_graph(m):
    x = leaf(m, 0.5)
    y = checkpoint(m, lambda x: checkpoint(m, twice, x.sin()).exp(), x)
    (first,) = m.autograd.grad(y, x, create_graph=True)
    return m.autograd.grad(first, x)


# Early stop


def stops(m, enabled, **kwargs):
    x = leaf(m, 0.5)
    seen = []

    def f(x):
        y = x.sin()
        z = y.exp()
        seen.append("before")
        z = z + 1
        seen.append("after")
        return z

    with (
        m.utils.checkpoint.set_checkpoint_early_stop(enabled)
        if enabled is not None
        else (contextlib.nullcontext())
    ):
        y = checkpoint(m, f, x, **kwargs)
    y.backward()
    return seen, x.grad


@same_as_torch
def test_early_stop(m):
    return [
        stops(m, None),
        stops(m, True),
        stops(m, False),
        stops(m, None, early_stop=False),
        stops(m, True, early_stop=False),
        stops(m, False, early_stop=True),
    ]


@same_as_torch
def test_the_early_stop_runs_finally_and_passes_handlers(m):
    x = leaf(m, 0.5)
    seen = []

    def f(x):
        try:
            return x.sin().exp()
        finally:
            seen.append("finally")

    checkpoint(m, f, x).backward()
    return seen, x.grad


# Backward passes inside of the function


@same_as_torch
def test_grad_inside(m):
    x = leaf(m, 0.5)

    def f(x):
        y = x.sin()
        z = y.cos()
        (g,) = m.autograd.grad(z, x, create_graph=True)
        return x.cos() * g

    y = checkpoint(m, f, x)
    y.backward()
    return y, x.grad


@same_as_torch
def test_grad_inside_that_frees(m):
    x = leaf(m, 0.5)

    def f(x):
        z = x.sin().cos()
        (g,) = m.autograd.grad(z, x)
        return x.cos() * g

    for early_stop in (True, False):
        checkpoint(m, f, x, early_stop=early_stop).backward()
    return x.grad


@same_as_torch
def test_grad_inside_that_retains(m):
    x = leaf(m, 0.5)

    def f(x):
        z = x.sin().cos()
        (g,) = m.autograd.grad(z, x, retain_graph=True)
        return z * g

    for early_stop in (True, False):
        checkpoint(m, f, x, early_stop=early_stop).backward()
    return x.grad


# Hooks, in-place changes, views


@same_as_torch
def test_hooks_inside_and_outside(m):
    x = leaf(m, 0.5)
    seen = []

    def f(x):
        h = x.sin()
        if h.requires_grad:
            h.register_hook(lambda g: seen.append(g) or g * 10)
        return h.exp()

    x.register_hook(lambda g: seen.append(g) or g + 1)
    y = checkpoint(m, f, x)
    y.register_hook(lambda g: seen.append(g) or g * 2)
    y.backward()
    return seen, x.grad


@same_as_torch
def test_retained_gradients(m):
    x = leaf(m, 0.5)
    kept = []

    def f(x):
        h = x.sin()
        h.retain_grad()
        kept.append(h)
        return h.exp()

    y = checkpoint(m, f, x)
    y.retain_grad()
    y.backward()
    return kept[0].grad, y.grad


@same_as_torch
def test_in_place_changes_of_the_result(m):
    x = leaf(m, 0.5, 1.0)
    y = checkpoint(m, lambda x: x.sin().exp(), x)
    y.mul_(x)
    y.sum().backward()
    return y, x.grad


@same_as_torch
def test_in_place_changes_inside(m):
    x = leaf(m, 0.5, 1.0)

    def f(x):
        h = x.sin()
        h.mul_(2)
        h[0] = x[1] * 3
        return h.exp()

    y = checkpoint(m, f, x)
    y.sum().backward()
    return y, x.grad


@same_as_torch
def test_an_argument_that_is_overwritten_later(m):
    x = leaf(m, 0.5, 1.0)
    h = x * 2
    y = checkpoint(m, lambda h: h.sin().exp(), h)
    with m.no_grad():
        h.zero_()
    return raised(lambda: y.sum().backward())


@same_as_torch
def test_an_argument_that_the_function_overwrites(m):
    x = leaf(m, 0.5, 1.0)
    h = x * 2
    y = checkpoint(m, lambda h: h.mul_(3).sin().exp(), h)
    return raised(lambda: y.sum().backward())


@same_as_torch
def test_views(m):
    x = leaf(m, 0.5, 1.0)
    y = checkpoint(m, lambda x: x.exp().view(2, 1).t()[0, 1:], x)
    y.sum().backward()
    return y, x.grad


# Exceptions


@same_as_torch
def test_an_exception_in_the_first_run(m):
    x = leaf(m, 0.5)
    error = raised(lambda: checkpoint(m, lambda x: {}[x], x))
    y = x.exp()  # no hook is left behind
    y.backward()
    return error, x.grad


@same_as_torch
def test_an_exception_in_the_recomputation(m):
    x = leaf(m, 0.5)
    calls = []

    def f(x):
        calls.append(1)
        if len(calls) == 2:
            raise ZeroDivisionError("once")
        return x.exp().sin()

    y = checkpoint(m, f, x)
    error = raised(lambda: y.backward(retain_graph=True))
    return error, x.grad, y.backward(), x.grad


# Determinism


def changing(m, first, second, **kwargs):
    x = leaf(m, 0.5, 1.0)
    calls = []

    def f(x):
        calls.append(1)
        return first(x) if len(calls) == 1 else second(x)

    y = checkpoint(m, f, x, **kwargs)
    return raised(lambda: y.sum().backward())


def sin(x):
    return x.sin().exp()


@same_as_torch
def test_fewer_saved_tensors(m):
    return [
        changing(m, sin, lambda x: x.sin()),
        changing(m, sin, lambda x: x.sin(), determinism_check="none"),
        changing(m, sin, lambda x: x.sin(), debug=True),
        changing(m, sin, lambda x: x * 1),
    ]


@same_as_torch
def test_more_saved_tensors(m):
    return [
        changing(m, sin, lambda x: sin(x).exp(), early_stop=False),
        changing(m, sin, lambda x: sin(x).exp(), determinism_check="none", early_stop=False),
    ]


@same_as_torch
def test_another_shape(m):
    return changing(m, sin, lambda x: x[:1].sin().exp())


@same_as_torch
def test_another_dtype(m):
    return changing(m, sin, lambda x: x.to(m.float64).sin().exp())


@same_as_torch
def test_no_check(m):
    return changing(m, lambda x: (x * 2).exp(), lambda x: (x * 3).exp(), determinism_check="none")


# Contexts


@same_as_torch
def test_context_fn(m):
    seen = []

    @contextlib.contextmanager
    def noting(name):
        seen.append(f"enter {name}")
        try:
            yield
        finally:
            seen.append(f"leave {name}")

    x = leaf(m, 0.5)
    y = checkpoint(m, sin, x, context_fn=lambda: (noting("first"), noting("second")))
    y.backward()
    return seen, x.grad


@same_as_torch
def test_a_context_that_suppresses_an_exception(m):
    x = leaf(m, 0.5)
    contexts = lambda: (contextlib.suppress(KeyError), contextlib.nullcontext())  # noqa: E731  # short
    return raised(lambda: checkpoint(m, lambda x: {}[1], x, context_fn=contexts))


@same_as_torch
def test_saved_tensors_hooks_inside_and_around(m):
    x = leaf(m, 0.5)
    seen = []

    def pack(t):
        seen.append("pack")
        return t

    def unpack(t):
        seen.append("unpack")
        return t

    hooks = m.autograd.graph.saved_tensors_hooks(pack, unpack)

    def f(x):
        with hooks:
            h = x.sin()
        return h.exp()

    checkpoint(m, f, x).backward()
    inside = list(seen)
    seen.clear()
    h = x * 1
    with hooks:
        y = checkpoint(m, sin, h)
    y.backward()
    return inside, seen, x.grad


@same_as_torch
def test_where_saved_tensors_hooks_are_disabled(m):
    x = leaf(m, 0.5)

    def call():
        with m.autograd.graph.disable_saved_tensors_hooks("not here"):
            checkpoint(m, sin, x)

    return raised(call)


# checkpoint_sequential


def sequential(m, segments, count=4, **kwargs):
    x = leaf(m, 0.5)
    calls = []

    def step(i):
        def f(x):
            calls.append(i)
            return x.sin() * (i + 1)

        return f

    steps = [step(i) for i in range(count)]
    y = m.utils.checkpoint.checkpoint_sequential(steps, segments, x, use_reentrant=False, **kwargs)
    y.backward()
    return y, x.grad, calls


@same_as_torch
def test_sequential(m):
    return [
        sequential(m, 1),
        sequential(m, 2),
        sequential(m, 3),
        sequential(m, 4),
        sequential(m, 2, count=5, preserve_rng_state=False),
    ]


@same_as_torch
def test_sequential_misused(m):
    return [
        raised(lambda: sequential(m, 5)),
        raised(lambda: sequential(m, 2, early_stop=False)),
    ]


@same_as_torch
def test_a_pack_hook_with_attributes_of_its_own(m):
    class Noting:
        def __init__(self):
            self.recorded = []

        def __call__(self, t):
            self.recorded.append(tuple(t.shape))
            return t

    noting = Noting()
    x = leaf(m, 0.5)
    with m.autograd.graph.saved_tensors_hooks(noting, lambda t: t):
        y = x.sin()
    y.backward()
    return noting.recorded, x.grad
