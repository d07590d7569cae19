"""autograd.Function, by experiment: what apply gives and what backward is given."""

from __future__ import annotations

import numpy as np

from parity.functions import custom
from parity.scenario import leaf, raised, same_as_torch


@same_as_torch
def test_a_gradient_of_ones_own(m):
    x = leaf(m, 1.0, 2.0)
    y = custom(m, lambda ctx, x: x * 2, lambda ctx, g: g * 7).apply(x)
    y.sum().backward()
    return y, x.grad, y.is_leaf, y.grad_fn.name(), y.output_nr


@same_as_torch
def test_saved_tensors_and_attributes(m):
    def forward(ctx, x, k):
        y = x * x * k
        ctx.save_for_backward(x, y, None)
        ctx.k = k
        return y

    seen = []

    def backward(ctx, g):
        x, y, nothing = ctx.saved_tensors
        seen.extend([x, y, nothing, ctx.k])
        return g * y, None

    x = leaf(m, 0.0, 1.0)
    y = custom(m, forward, backward).apply(x, 3)
    y.sum().backward()
    return x.grad, seen, y.grad_fn.k


@same_as_torch
def test_the_saved_leaf_is_the_leaf_itself(m):
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * 2

    x = leaf(m, 1.0)
    y = custom(m, forward, lambda ctx, g: g).apply(x)
    return y.grad_fn.saved_tensors[0] is x


@same_as_torch
def test_attributes_of_ctx_are_those_of_grad_fn(m):
    def forward(ctx, x):
        ctx.inputs, ctx.value, ctx.anything = 1, 2, [3]
        return x * 2

    seen = []

    def backward(ctx, g):
        seen.extend([ctx.inputs, ctx.value, ctx.anything, ctx.later])
        return g

    x = leaf(m, 1.0)
    y = custom(m, forward, backward).apply(x)
    y.grad_fn.later = "late"
    y.backward()
    return seen, y.grad_fn.anything, y.grad_fn.needs_input_grad


@same_as_torch
def test_needs_input_grad(m):
    seen = []

    def forward(ctx, x, k, y, s):
        seen.append((ctx.needs_input_grad, m.is_grad_enabled(), x.requires_grad))
        return x * y * k

    def backward(ctx, g):
        seen.append(ctx.needs_input_grad)
        return g, None, None, None

    function = custom(m, forward, backward)
    function.apply(leaf(m, 1.0), 2, m.ones(1), "s").backward()
    with m.no_grad():
        y = function.apply(leaf(m, 1.0), 2, m.ones(1), "s")
    return seen, y, y.requires_grad


@same_as_torch
def test_no_input_requires_grad(m):
    y = custom(m, lambda ctx, x: x * 2, lambda ctx, g: g).apply(m.ones(2))
    return y, y.grad_fn


@same_as_torch
def test_default_arguments_with_setup_context(m):
    seen = []

    def setup(ctx, inputs, output):
        seen.extend([inputs[1:], output])

    function = custom(m, lambda x, k=2, s="a": x * k, lambda ctx, g: (g * 5, None, None), setup)
    x = leaf(m, 1.0)
    function.apply(x).backward()
    function.apply(x, 3).backward()
    function.apply(x, s="b").backward()
    return seen, x.grad


@same_as_torch
def test_keyword_arguments_without_setup_context(m):
    x = leaf(m, 1.0)
    custom(m, lambda ctx, x, k=2: x * k, lambda ctx, g: (g * 4, None)).apply(x, k=5).backward()
    return x.grad


@same_as_torch
def test_vjp_is_another_name_of_backward(m):
    class Double(m.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def vjp(ctx, g):
            return g * 2

    x = leaf(m, 1.0)
    Double.apply(x).backward()
    return x.grad


@same_as_torch
def test_a_function_inherits(m):
    base = custom(m, lambda ctx, x: x * 2, lambda ctx, g: g * 7)

    class Derived(base):
        @staticmethod
        def backward(ctx, g):
            return base.backward(ctx, g) + 1

    x = leaf(m, 1.0)
    y = Derived.apply(x)
    y.backward()
    return x.grad, y.grad_fn.name()


@same_as_torch
def test_methods_need_no_staticmethod(m):
    class Plain(m.autograd.Function):
        def forward(ctx, x):  # it is how old code looks
            return x * 2

        def backward(ctx, g):
            return g * 3

    x = leaf(m, 1.0)
    Plain.apply(x).backward()
    return x.grad


@same_as_torch
def test_next_functions_are_of_tensors_only(m):
    x = leaf(m, 1.0)
    y = custom(m, lambda ctx, *a: a[0] * a[2], lambda ctx, *g: g).apply(x, 2, m.ones(1), "s", x * 1)
    return [
        node.name().rpartition("::")[2] if node else None for node, _ in y.grad_fn.next_functions
    ]


@same_as_torch
def test_numpy_inside(m):
    def forward(ctx, x):
        y = np.cumsum(x.detach().numpy())
        return m.from_numpy(y)

    def backward(ctx, g):
        return m.from_numpy(np.cumsum(g.numpy()[::-1])[::-1].copy())

    x = leaf(m, 1.0, 2.0, 3.0)
    y = custom(m, forward, backward).apply(x)
    y.backward(m.tensor([1.0, 10.0, 100.0]))
    return y, x.grad


@same_as_torch
def test_grad_mode_in_backward(m):
    seen = []

    def backward(ctx, g):
        seen.append((m.is_grad_enabled(), g.requires_grad))
        return g * 2

    function = custom(m, lambda ctx, x: x * 2, backward)
    x = leaf(m, 1.0)
    function.apply(x).backward()
    m.autograd.grad(function.apply(x) * x, x, create_graph=True)
    return seen


@same_as_torch
def test_boxed_gradients(m):
    seen = []

    class Boxed(m.autograd.Function):
        boxed_grads_call = True

        @staticmethod
        def forward(ctx, x):
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, grads):
            seen.append(list(grads))
            return grads[0]

    Boxed.apply(leaf(m, 1.0))[0].backward()
    return seen


@same_as_torch
def test_errors_of_definitions(m):
    x = leaf(m, 1.0)

    class Empty(m.autograd.Function):
        pass

    class Both(m.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g

        @staticmethod
        def vjp(ctx, g):
            return g

    no_backward = custom(m, lambda ctx, x: x * 2)
    with_setup = custom(m, lambda x: x * 2, lambda ctx, g: g, lambda ctx, inputs, output: None)
    return [
        raised(lambda: Empty.apply(x)),
        raised(lambda: no_backward.apply(x).backward()),
        raised(lambda: Both.apply(x).backward()),
        raised(lambda: no_backward.forward(x)),
        raised(lambda: with_setup.apply()),
    ]


@same_as_torch
def test_it_is_no_instance(m):
    function = custom(m, lambda ctx, x: x * 2, lambda ctx, g: g)
    return [raised(function), raised(lambda: m.autograd.function.InplaceFunction(True))]


@same_as_torch
def test_a_function_is_differentiated_by_some_inputs(m):
    a, b = leaf(m, 2.0), leaf(m, 3.0)
    seen = []

    def backward(ctx, g):
        seen.append(ctx.needs_input_grad)
        return g * 5, g * 7

    y = custom(m, lambda ctx, a, b: a * b, backward).apply(a, b)
    return m.autograd.grad(y, b), seen


@same_as_torch
def test_the_same_tensor_twice(m):
    x = leaf(m, 2.0)
    custom(m, lambda ctx, a, b: a * b, lambda ctx, g: (g * 5, g * 7)).apply(x, x).backward()
    return x.grad


@same_as_torch
def test_names_of_nodes(m):
    seen = []

    def backward(ctx, g):
        seen.append(ctx.name())
        return g

    x = leaf(m, 1.0)
    function = custom(m, lambda ctx, x: x * 2, backward)
    y = function.apply(x)
    y.backward()
    kind = type(y.grad_fn)
    return seen, y.grad_fn.name(), kind.__name__, kind is function._backward_cls
