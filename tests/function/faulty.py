"""Functions with one fault each, for the audit to find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import wengert as wg
from wengert.autograd import Function
from wengert.autograd.function import once_differentiable

Planted = tuple[Any, tuple[Any, ...], str, str]
FAULTS: dict[str, Callable[[], Planted]] = {}


def vector() -> Any:
    return wg.tensor([0.5, 1.5, -2.0])


def planted(rule: str, text: str) -> Callable[..., Any]:
    """A fault, with the rule that finds it and a word of what the report says of it."""

    def enter(make: Callable[[], Any]) -> Callable[[], Any]:
        def case() -> Planted:
            function, *inputs = make()
            return function, tuple(inputs), rule, text

        FAULTS[make.__name__] = case
        return make

    return enter


@planted("gradient", "at [1] backward gives")
def wrong_factor():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return ctx.saved_tensors[0] * g

    return Square, wg.tensor([0.1, 1.5])


@planted("gradient", "the gradient of w is wrong")
def swapped_gradients():
    class Product(Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.save_for_backward(x, w)
            return x * w

        @staticmethod
        def backward(ctx, g):
            x, w = ctx.saved_tensors
            return g * x, g * w

    return Product, vector(), vector() + 3


@planted("gradient", "the gradient of a is wrong")
def forgotten_transpose():
    class Product(Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            return a @ b

        @staticmethod
        def backward(ctx, g):
            a, b = ctx.saved_tensors
            return g @ b, a.T @ g

    return Product, wg.tensor([[1.0, 2.0], [3.0, 4.0]]), wg.tensor([[1.0, 5.0], [-2.0, 3.0]])


@planted("gradient", "the gradient of z is wrong")
def forgotten_conjugate():
    class Square(Function):
        @staticmethod
        def forward(ctx, z):
            ctx.save_for_backward(z)
            return z * z

        @staticmethod
        def backward(ctx, g):
            return 2 * ctx.saved_tensors[0] * g

    return Square, wg.tensor([1 + 2j])


@planted("saved intermediate", "ctx.save_for_backward(s)")
def saved_intermediate():
    class Logistic(Function):
        @staticmethod
        def forward(ctx, x):
            s = 1 / (1 + (-x).exp())
            ctx.save_for_backward(s)
            return s * 3

        @staticmethod
        def backward(ctx, g):
            (s,) = ctx.saved_tensors
            return 3 * g * s * (1 - s)

    return Logistic, vector()


@planted("tensor on ctx", "ctx.x = x")
def input_on_ctx():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.x = x
            return x * x

        @staticmethod
        def backward(ctx, g):
            return 2 * ctx.x * g

    return Square, vector()


@planted("circle", "ctx.y holds an output")
def output_on_ctx():
    class Exp(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.y = x.exp()
            return ctx.y

        @staticmethod
        def backward(ctx, g):
            return ctx.y * g

    return Exp, vector()


@planted("tensor on ctx", "a tensor that forward made")
def intermediate_on_ctx():
    class Tanh(Function):
        @staticmethod
        def forward(x):
            return x.tanh()

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.kept = [inputs[0].tanh()]

        @staticmethod
        def backward(ctx, g):
            return g * (1 - ctx.kept[0] ** 2)

    return Tanh, vector()


@planted("tensor on ctx", "shares memory")
def array_on_ctx():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.array = x.detach().numpy()
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            return 2 * wg.tensor(ctx.array) * g

    return Square, vector()


@planted("second derivative", "mark it with @once_differentiable")
def detached_in_backward():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return 2 * ctx.saved_tensors[0].detach() * g

    return Square, vector()


@planted("arity", "backward returns 1 gradient for 2 arguments")
def too_few():
    class Scale(Function):
        @staticmethod
        def forward(ctx, x, k):
            ctx.k = k
            return x * k

        @staticmethod
        def backward(ctx, g):
            return g * ctx.k

    return Scale, vector(), 3.0


@planted("arity", "backward returns 2 gradients for 1 argument")
def too_many():
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2, g

    return Double, vector()


@planted("shape", "the gradient of b has shape [2, 3], b has [3]")
def not_summed():
    class Add(Function):
        @staticmethod
        def forward(ctx, x, b):
            return x + b

        @staticmethod
        def backward(ctx, g):
            return g, g

    return Add, wg.ones(2, 3), vector()


@planted("dtype", "the gradient of x is float64, x is float32")
def promoted():
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g.double() * 2

    return Double, vector()


@planted("type", "is a ndarray, no tensor")
def an_array_as_gradient():
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g.numpy() * 2

    return Double, vector()


@planted("type", "a gradient for k, which is no tensor")
def a_gradient_for_a_number():
    class Scale(Function):
        @staticmethod
        def forward(ctx, x, k):
            return x * k

        @staticmethod
        def backward(ctx, g):
            return g * 3, g

    return Scale, vector(), 3.0


@planted("none", "backward returns None for w")
def none_for_a_gradient():
    class Product(Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.save_for_backward(x, w)
            return x * w

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[1], None

    return Product, vector(), vector()


@planted("write", "x.mul_(2)")
def unmarked_write():
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(2)
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            return g * 2

    return Double, vector()


@planted("write", "forward writes into x and does not mark it")
def unmarked_write_by_numpy():
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            array = x.detach().numpy()
            array *= 2
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 2

    return Double, vector()


@planted("dirty", "x is marked as dirty and not returned")
def dirty_and_not_returned():
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            return g * 2

    return Double, vector()


@planted("dirty", "that is no input")
def dirty_and_no_input():
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            y = x * 2
            ctx.mark_dirty(y)
            return y

        @staticmethod
        def backward(ctx, g):
            return g * 2

    return Double, vector()


@planted("marks", "not differentiable that is no output")
def mark_on_no_output():
    class Sort(Function):
        @staticmethod
        def forward(ctx, x):
            y, places = x.sort()
            ctx.mark_non_differentiable(places)
            ctx.save_for_backward(places)
            return y

        @staticmethod
        def backward(ctx, g):
            return wg.zeros_like(g).scatter(0, ctx.saved_tensors[0], g)

    return Sort, vector()


@planted("repeats", "forward gives other values")
def a_counter_in_forward():
    calls = []

    class Drift(Function):
        @staticmethod
        def forward(ctx, x):
            calls.append(1)
            return x * len(calls)

        @staticmethod
        def backward(ctx, g):
            return g

    return Drift, vector()


@planted("repeats", "backward gives other gradients")
def a_counter_in_backward():
    calls = []

    class Drift(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            calls.append(1)
            return g * 2 * (1 + 1e-3 * len(calls))

    return Drift, vector()


@planted("backward writes", "backward writes into the cotangent of an output")
def cotangent_written():
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g.mul_(2)

    return Double, vector()


@planted("backward writes", "backward writes into the input x")
def input_written_in_backward():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return x.detach().mul_(2) * g

    return Square, vector()


@planted("materialize", "where the gradient of output 1 is None")
def none_not_handled():
    class Both(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, g, h):
            return h * 3 if g is None else g * 2 + h * 3

    return Both, vector()


@planted("materialize", "gives another gradient where that of output 0 is None")
def none_taken_for_something():
    class Both(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, g, h):
            return None if g is None or h is None else g * 2 + h * 3

    return Both, vector()


@planted("needs_input_grad", "the gradient of w is another where it is the only")
def order_by_needs():
    class Product(Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.save_for_backward(x, w)
            return x * w

        @staticmethod
        def backward(ctx, g):
            x, w = ctx.saved_tensors
            if not ctx.needs_input_grad[0]:
                return None, g * w
            return g * w, g * x

    return Product, vector(), vector() + 5


@planted("jvp", "jvp gives")
def wrong_jvp():
    class Square(Function):
        @staticmethod
        def forward(x):
            return x * x

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)
            ctx.save_for_forward(*inputs)

        @staticmethod
        def backward(ctx, g):
            return 2 * ctx.saved_tensors[0] * g

        @staticmethod
        def jvp(ctx, t):
            return ctx.saved_tensors[0] * t

    return Square, vector()


class Mean(Function):
    """x / mean(x), whose subclasses have batching rules."""

    @staticmethod
    def forward(x):
        return x / x.mean()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g / x.mean() - (g * x).sum() / x.mean() ** 2 / x.numel()


@planted("vmap", "vmap over x gives other values than a loop")
def wrong_vmap():
    class Wrong(Mean):
        @staticmethod
        def vmap(info, in_dims, x):
            return x / x.mean(), 0

    return Wrong, wg.tensor([1.0, 2.0, 5.0])


@planted("vmap", "raises")
def vmap_that_raises():
    class Raises(Mean):
        @staticmethod
        def vmap(info, in_dims, x):
            return x

    return Raises, wg.tensor([1.0, 2.0, 5.0])


@planted("hidden input", "forward uses w, which requires grad, from outside")
def closure():
    w = wg.tensor([2.0, 3.0, 4.0], requires_grad=True)

    class Scale(Function):
        @staticmethod
        def forward(ctx, x):
            return x * w

        @staticmethod
        def backward(ctx, g):
            return g * w

    return Scale, vector()


@planted("hidden input", "xs is a list that holds tensors")
def tensors_in_a_list():
    class Sum(Function):
        @staticmethod
        def forward(ctx, x, xs):
            return x + xs[0]

        @staticmethod
        def backward(ctx, g):
            return g, None

    return Sum, vector(), [wg.ones(3, requires_grad=True)]


@planted("output", "nothing that forward returns has a gradient")
def no_output():
    class Nothing(Function):
        @staticmethod
        def forward(ctx, x):
            return x.argmax()

        @staticmethod
        def backward(ctx, g):
            return g

    return Nothing, vector()


@planted("error", "You must implement either the backward or vjp method")
def no_backward():
    class Half(Function):
        @staticmethod
        def forward(ctx, x):
            return x / 2

    return Half, vector()


@planted("error", "ZeroDivisionError")
def forward_that_raises():
    class Raises(Function):
        @staticmethod
        def forward(ctx, x):
            raise ZeroDivisionError("nothing")

    return Raises, vector()


@planted("second derivative", "the second derivative by the gradient of output 0 is wrong")
def detached_cotangent():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return 2 * ctx.saved_tensors[0] * g.detach()

    return Square, vector()


@planted("second derivative", "differentiating backward raises")
def numpy_in_backward():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return wg.from_numpy(2 * ctx.saved_tensors[0].detach().numpy() * g.numpy())

    return Square, vector()


@planted("gradient", "the gradient of x is wrong")
def wrong_and_in_single_precision():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.float() ** 2

        @staticmethod
        def backward(ctx, g):
            return 3 * ctx.saved_tensors[0] * g

    return Square, vector()
