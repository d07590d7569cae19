"""gradcheck and gradgradcheck by experiment: what passes in torch passes here, and what fails."""

from __future__ import annotations

import warnings

from parity.scenario import raised, same_as_torch, warned


def double(m, *values, **options):
    return m.tensor(list(values), dtype=m.float64, requires_grad=True, **options)


def complex_leaf(m, *values):
    return m.tensor(list(values), dtype=m.complex128, requires_grad=True)


def outcome(call):
    """True, False, or the class of the error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call()
        except Exception as error:
            return error


def all_ways(m, f, *inputs, second=True):
    """The outcomes of every check there is."""
    grad = m.autograd
    found = [
        outcome(lambda: grad.gradcheck(f, inputs)),
        outcome(lambda: grad.gradcheck(f, inputs, fast_mode=True)),
        outcome(lambda: grad.gradcheck(f, inputs, check_forward_ad=True)),
        outcome(lambda: grad.gradcheck(f, inputs, check_batched_grad=True)),
        outcome(
            lambda: grad.gradcheck(
                f, inputs, check_forward_ad=True, check_backward_ad=False,
                check_undefined_grad=False, fast_mode=True,
            )
        ),
        outcome(
            lambda: grad.gradcheck(
                f, inputs, check_forward_ad=True, check_batched_forward_grad=True
            )
        ),
    ]  # fmt: skip
    if second:
        found += [
            outcome(lambda: grad.gradgradcheck(f, inputs)),
            outcome(lambda: grad.gradgradcheck(f, inputs, fast_mode=True)),
            outcome(lambda: grad.gradgradcheck(f, inputs, gen_non_contig_grad_outputs=True)),
            outcome(lambda: grad.gradgradcheck(f, inputs, check_fwd_over_rev=True)),
            outcome(lambda: grad.gradgradcheck(f, inputs, check_batched_grad=True)),
        ]
    return found


# What passes


@same_as_torch
def test_a_function_of_one(m):
    return all_ways(m, lambda x: x.sin() * x.exp(), double(m, 0.5, 1.0))


@same_as_torch
def test_a_function_of_two(m):
    return all_ways(m, lambda x, y: (x @ y).sigmoid(), double(m, 0.5, 1.0), double(m, 2.0, -1.0))


@same_as_torch
def test_several_outputs(m):
    return all_ways(m, lambda x: (x.sin(), x.exp() * 2, x.sum()), double(m, 0.5, 1.0))


@same_as_torch
def test_an_output_that_depends_on_some_inputs(m):
    return all_ways(m, lambda x, y: (x.sin(), x * y), double(m, 0.5), double(m, 2.0))


@same_as_torch
def test_scalars(m):
    x = m.tensor(0.5, dtype=m.float64, requires_grad=True)
    return all_ways(m, lambda x: x.sin() * x, x)


@same_as_torch
def test_complex_inputs_and_outputs(m):
    return all_ways(m, lambda z: z.exp() * z, complex_leaf(m, 0.5 + 1j, -1.0))


@same_as_torch
def test_complex_inputs_and_real_outputs(m):
    return all_ways(m, lambda z: z.abs(), complex_leaf(m, 0.5 + 1j, -1.0 - 2j))


@same_as_torch
def test_real_inputs_and_complex_outputs(m):
    return all_ways(m, lambda x: x * (1 + 2j), double(m, 0.5, 1.0))


@same_as_torch
def test_real_and_complex_together(m):
    f = lambda x, z: (x * z, z.real, x.sin())  # noqa: E731  # short
    return all_ways(m, f, double(m, 0.5, 1.0), complex_leaf(m, 1j, 2.0))


@same_as_torch
def test_non_contiguous_inputs(m):
    base = m.tensor([[0.5, 1.0, 2.0], [3.0, 4.0, 5.0]], dtype=m.float64)
    x = base.t()[::2].detach().requires_grad_()
    return x.is_contiguous(), all_ways(m, lambda x: (x.sin() * x).sum(0), x)


@same_as_torch
def test_inputs_that_are_no_leaves(m):
    x = double(m, 0.5, 1.0)
    return outcome(lambda: m.autograd.gradcheck(lambda y: y.sin(), x * 2))


@same_as_torch
def test_other_arguments(m):
    return all_ways(m, lambda x, n, c: x**n * c, double(m, 0.5), 3, m.tensor(2.0, dtype=m.float64))


@same_as_torch
def test_a_tensor_a_list_or_a_tuple(m):
    x = double(m, 0.5)
    check = m.autograd.gradcheck
    return [check(m.sin, x), check(m.sin, [x]), check(m.sin, (x,)), check(lambda x: [x.sin()], x)]


@same_as_torch
def test_views_and_in_place_changes(m):
    def f(x):
        y = x.clone()
        y[0] = x[1] * 2
        y.mul_(x)
        return y.view(2, 1).t(), y[1:]

    return all_ways(m, f, double(m, 0.5, 1.0))


@same_as_torch
def test_the_identity(m):
    return all_ways(m, lambda x: x, double(m, 0.5, 1.0))


@same_as_torch
def test_a_linear_function(m):
    return all_ways(m, lambda x: x * 3, double(m, 0.5, 1.0))


@same_as_torch
def test_the_same_tensor_twice(m):
    x = double(m, 0.5, 1.0)
    return outcome(lambda: m.autograd.gradcheck(lambda a, b: a * b, (x, x)))


@same_as_torch
def test_empty_inputs(m):
    x = m.zeros((0, 2), dtype=m.float64, requires_grad=True)
    return outcome(lambda: m.autograd.gradcheck(lambda x: x.sin(), x))


@same_as_torch
def test_a_step_function_that_requires_no_grad(m):
    return [
        outcome(lambda: m.autograd.gradcheck(lambda x: (x > 1).double(), double(m, 0.5, 3.0))),
        outcome(lambda: m.autograd.gradcheck(lambda x: x.argmax(), double(m, 0.5, 3.0))),
    ]


@same_as_torch
def test_inputs_are_as_before(m):
    x = double(m, 0.1, 0.2)
    m.autograd.gradcheck(m.sin, x)
    return x, x.grad


@same_as_torch
def test_given_cotangents(m):
    x = double(m, 0.5, 1.0)
    check = m.autograd.gradgradcheck
    return [
        outcome(lambda: check(m.sin, x, double(m, 1.0, 2.0))),
        outcome(lambda: check(m.sin, x, m.tensor([1.0, 2.0], dtype=m.float64))),
        outcome(lambda: check(lambda x: (x.sin(), x), x, (double(m, 1.0, 2.0),) * 2)),
    ]


# What fails


def failures(m, f, *inputs):
    check = m.autograd.gradcheck
    return [
        outcome(lambda: check(f, inputs)),
        outcome(lambda: check(f, inputs, fast_mode=True)),
        outcome(lambda: check(f, inputs, raise_exception=False)),
        outcome(lambda: check(f, inputs, raise_exception=False, fast_mode=True)),
    ]


@same_as_torch
def test_a_cut(m):
    return failures(m, lambda x: x * x.detach(), double(m, 0.5, 1.0))


@same_as_torch
def test_everything_cut(m):
    return failures(m, lambda x: x.detach() * 2, double(m, 0.5, 1.0))


@same_as_torch
def test_a_kink(m):
    return failures(m, lambda x: x.abs(), double(m, 0.0, 1.0))


@same_as_torch
def test_single_precision(m):
    x = m.tensor([0.5, 1.0], requires_grad=True)
    f = lambda x: x.sin() * x  # noqa: E731  # short
    check = m.autograd.gradcheck
    return [
        outcome(lambda: check(f, x)),
        outcome(lambda: check(f, x, eps=1e-2, atol=1e-2, rtol=1e-2)),
    ]


@same_as_torch
def test_single_precision_warns(m):
    x = m.tensor([0.5, 1.0], requires_grad=True)
    check = lambda: m.autograd.gradcheck(m.sin, x, eps=1e-2, atol=1e-2)  # noqa: E731  # short
    return warned(check), warned(lambda: m.autograd.gradcheck(m.sin, double(m, 0.5)))


@same_as_torch
def test_a_hook_that_changes_the_gradient(m):
    def f(x):
        y = x * 2
        if y.requires_grad:
            y.register_hook(lambda g: g * 3)
        return y

    return failures(m, f, double(m, 0.5, 1.0))


@same_as_torch
def test_not_multiplied_by_the_cotangent(m):
    def f(x):
        y = x * 2
        if y.requires_grad:
            y.register_hook(lambda g: g + 1e-7)
        return y

    return failures(m, f, double(m, 0.5, 1.0))


@same_as_torch
def test_not_the_same_twice(m):
    def f(x):
        y = x * 2
        noise = []
        y.register_hook(lambda g: g * (1 + 1e-9 * (noise.append(1) or len(noise))))
        return y

    x = double(m, 0.5, 1.0)

    def check(f, x, **options):
        return m.autograd.gradcheck(f, x, check_undefined_grad=False, **options)

    return [
        outcome(lambda: check(f, x)),
        outcome(lambda: check(f, x, nondet_tol=1e-3)),
        outcome(lambda: check(f, x, fast_mode=True)),
        outcome(lambda: check(f, x, nondet_tol=1e-3, fast_mode=True)),
    ]


@same_as_torch
def test_a_second_derivative_that_is_cut(m):
    x = double(m, 0.5, 1.0)

    class Square(m.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.x = x.detach()
            return x * x

        @staticmethod
        def backward(ctx, g):
            return 2 * g * ctx.x

    check = m.autograd.gradgradcheck
    return [
        outcome(lambda: m.autograd.gradcheck(Square.apply, x)),
        outcome(lambda: check(Square.apply, x)),
        outcome(lambda: check(Square.apply, x, fast_mode=True)),
        outcome(lambda: check(Square.apply, x, raise_exception=False)),
    ]


@same_as_torch
def test_a_function_with_a_wrong_backward(m):
    class Cube(m.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * x**2

    return failures(m, lambda x: Cube.apply(x.sin()), double(m, 0.5, 1.0))


@same_as_torch
def test_tolerances_and_steps(m):
    x = double(m, 0.5, 1.0)
    almost = lambda x: x * 2 + (x - x.detach()) * 1e-2  # noqa: E731  # short
    check = m.autograd.gradcheck
    return [
        outcome(lambda: check(almost, x)),
        outcome(lambda: check(almost, x, rtol=1e-1)),
        outcome(lambda: check(almost, x, atol=1e-1)),
        outcome(lambda: check(lambda x: x.exp(), x, eps=1e-1)),
        outcome(lambda: check(lambda x: x.exp(), x, eps=1e-1, rtol=1e-2)),
    ]


# Misuse


@same_as_torch
def test_nothing_requires_grad(m):
    x = m.tensor([0.5], dtype=m.float64)
    return [
        raised(lambda: m.autograd.gradcheck(m.sin, x)),
        raised(lambda: m.autograd.gradcheck(m.sin, x, raise_exception=False)),
        raised(lambda: m.autograd.gradcheck(lambda: x, ())),
    ]


@same_as_torch
def test_overlapping_memory(m):
    x = m.tensor([0.5], dtype=m.float64).expand(3).requires_grad_()
    one = m.tensor([[0.5]], dtype=m.float64).expand(1, 1).requires_grad_()
    return [
        raised(lambda: m.autograd.gradcheck(m.sin, x)),
        m.autograd.gradcheck(m.sin, one),
    ]


@same_as_torch
def test_outputs_that_are_no_tensors(m):
    x = double(m, 0.5)
    return [
        raised(lambda: m.autograd.gradcheck(lambda x: 3.0, x)),
        raised(lambda: m.autograd.gradcheck(lambda x: (x, None), x)),
    ]


@same_as_torch
def test_flags_that_contradict(m):
    x = double(m, 0.5)
    first, second = m.autograd.gradcheck, m.autograd.gradgradcheck
    return [
        raised(lambda: first(m.sin, x, check_backward_ad=False)),
        raised(
            lambda: first(
                m.sin, x, check_forward_ad=True, check_backward_ad=False, check_batched_grad=True
            )
        ),
        raised(lambda: first(m.sin, x, check_batched_forward_grad=True)),
        raised(lambda: second(m.sin, x, check_rev_over_rev=False)),
        raised(
            lambda: second(m.sin, x, check_fwd_over_rev=True, check_rev_over_rev=False)
        ),
        outcome(
            lambda: second(
                m.sin, x, check_fwd_over_rev=True, check_rev_over_rev=False,
                check_undefined_grad=False,
            )
        ),
        raised(lambda: first(m.sin, x, 1e-6)),
        raised(lambda: first(m.sin, x, step=1e-6)),
    ]  # fmt: skip


@same_as_torch
def test_where_the_names_are(m):
    import importlib

    package = m.__name__
    module = importlib.import_module(f"{package}.autograd.gradcheck")
    return [
        callable(m.autograd.gradcheck),
        m.autograd.gradcheck is module.gradcheck,
        m.autograd.gradgradcheck is module.gradgradcheck,
        issubclass(module.GradcheckError, RuntimeError),
    ]
