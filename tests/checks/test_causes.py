"""A check that fails names the operation that is to blame, or says why it is none."""

from __future__ import annotations

import re

import numpy as np
import pytest

import wengert as wg
from planting import planted
from wengert.autograd import gradcheck, gradgradcheck
from wengert.autograd.gradcheck import GradcheckError


def without_history(x):
    return getattr(x, "_data", x)


RIGHT = planted("sin", rules=(lambda x: np.cos(x),))
WRONG = planted("sin", rules=(lambda x: np.cos(x) * 1.01,))
SHIFTED = planted("sin", rules=(lambda x: np.cos(x) + 1e-4,))
LOST = planted("sin", rules=(lambda x: np.cos(without_history(x)),))


@pytest.fixture
def x():
    return wg.tensor([0.5, 1.0, 1.5], dtype=wg.float64, requires_grad=True)


def failure(check, f, *inputs, **options) -> GradcheckError:
    with pytest.raises(GradcheckError) as raised:
        check(f, inputs, **options)
    return raised.value


def through(op):
    def f(x):
        h = wg.exp(x)
        s = op(h)
        return s * h

    return f


# The formula


@pytest.mark.parametrize("fast_mode", [False, True])
def test_a_wrong_rule_is_named_and_it_alone(x, fast_mode):
    error = failure(gradcheck, through(WRONG), x, fast_mode=fast_mode)
    text = str(error)
    assert error.cause == "formula"
    assert "Jacobian mismatch for output 0 with respect to input 0" in text
    assert "cause: the formula: the rule is wrong in sin (input 0 of s) at test_causes.py:" in text
    assert "s = op(h)" in text
    assert "exp" not in text.split("cause:")[1]
    assert "mul " not in text.split("cause:")[1]
    ruled, measured = map(float, re.findall(r"gives (\S+), .* alone (\S+)", text)[0])
    assert ruled == pytest.approx(measured * 1.01, rel=1e-3)


def test_a_right_rule_is_not(x):
    assert gradcheck(through(RIGHT), x)
    assert gradgradcheck(through(RIGHT), x)


def test_an_error_that_is_small(x):
    error = failure(gradcheck, through(SHIFTED), x, rtol=1e-6, atol=1e-6)
    assert error.cause == "formula"
    assert "the rule is wrong in sin (input 0 of s)" in str(error)


def test_one_wrong_input_of_two_and_two_wrong_operations(x):
    mul = planted("mul", rules=(lambda y: y, lambda x: 2 * x))

    def f(x, y):
        return mul(x, y) + WRONG(y)

    text = str(failure(gradcheck, f, x, x.detach().clone().requires_grad_()))
    assert "mul (input 1 of v1) at" in text
    assert "sin (input 0 of v2) at" in text
    assert "mul (input 0" not in text


def test_the_wrong_rule_among_many_outputs(x):
    text = str(failure(gradcheck, lambda x: (x.exp(), x.cos(), WRONG(x).sum()), x))
    assert "Jacobian mismatch for output 2 with respect to input 0" in text
    assert "wrong in sin" in text


def test_a_complex_rule_that_is_wrong():
    op = planted("exp", rules=(lambda x: np.exp(x) * 1j,))
    z = wg.tensor([0.5 + 1j, -1.0], dtype=wg.complex128, requires_grad=True)
    text = str(failure(gradcheck, lambda z: op(z * 2), z))
    assert text.startswith("While considering the imaginary part of complex outputs only, Jacobian")
    assert "the rule is wrong in exp" in text


def test_a_forward_mode_rule_that_is_wrong(x):
    mode = {"check_forward_ad": True, "check_backward_ad": False, "check_undefined_grad": False}
    error = failure(gradcheck, through(WRONG), x, **mode)
    assert error.cause == "formula"
    assert "Jacobian computed with forward mode mismatch for output 0" in str(error)
    assert "the forward-mode derivative is wrong in sin (s) at" in str(error)


@pytest.mark.parametrize("fast_mode", [False, True])
def test_a_second_derivative_that_is_lost(x, fast_mode):
    assert gradcheck(through(LOST), x, fast_mode=fast_mode)
    error = failure(gradgradcheck, through(LOST), x, fast_mode=fast_mode)
    assert error.cause == "formula"
    text = str(error).split("cause:")[1]
    assert "the formula: the second derivative is wrong in sin (s) at test_causes.py:" in text
    assert "s = op(h)" in text


def test_a_wrong_rule_in_single_precision_is_still_the_formula():
    x = wg.tensor([0.5, 1.0], requires_grad=True)
    with pytest.warns(UserWarning, match="Input #0 requires gradient"):
        error = failure(gradcheck, through(WRONG), x, eps=1e-2, atol=1e-3, rtol=1e-3)
    assert error.cause == "formula"
    assert "wrong in sin" in str(error)


def test_a_pullback_without_the_cotangent(x):
    op = planted("real", rules=(lambda ct: ct + 1e-9,), kind="linear", pushforward=None)
    error = failure(gradcheck, lambda x: op(x * 2), x)
    text = str(error)
    assert error.cause == "formula"
    assert "backward not multiplied by grad_output" in text
    assert "the rule of real (input 0 of v2) at test_causes.py" in text
    assert "which is not zero for a zero cotangent" in text


# Functions that users write


class Cube(wg.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * g * x**2


class Leaking(wg.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.x = x.detach()
        return x**3

    @staticmethod
    def backward(ctx, g):
        return 3 * g * ctx.x**2


def test_a_function_with_a_wrong_backward(x):
    error = failure(gradcheck, lambda x: Cube.apply(x.sin()).exp(), x)
    assert error.cause == "formula"
    assert "the rule is wrong in Cube (input 0 of v2) at test_causes.py:" in str(error)


def test_a_function_whose_second_derivative_is_lost(x):
    assert gradcheck(lambda x: Leaking.apply(x.sin()), x)
    error = failure(gradgradcheck, lambda x: Leaking.apply(x.sin()), x)
    assert error.cause == "formula"
    assert "the second derivative is wrong in Leaking" in str(error)


class Pushed(Cube):
    """Right in reverse mode, and wrong in forward mode."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_forward(x)
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * g * x**2

    @staticmethod
    def jvp(ctx, t):
        (x,) = ctx.saved_tensors
        return 2 * t * x**2


def test_a_function_with_a_wrong_jvp(x):
    assert gradcheck(lambda x: Pushed.apply(x.sin()), x)
    error = failure(gradcheck, lambda x: Pushed.apply(x.sin()), x, check_forward_ad=True)
    assert error.cause == "formula"
    assert "the forward-mode derivative is wrong in Pushed (v2) at test_causes.py" in str(error)


class Tripled(wg.autograd.Function):
    """x * 2 in each slice, and x * 3 in all of them at once."""

    @staticmethod
    def forward(x):
        return x * 2

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, g):
        return g * 2

    @staticmethod
    def vmap(info, in_dims, x):
        return x * 3, in_dims[0]


class Doubled(wg.autograd.Function):
    @staticmethod
    def forward(x):
        return x * 2

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, g):
        return Tripled.apply(g)


def test_a_batching_rule_that_is_wrong(x):
    def f(x):
        return Doubled.apply(x.sin()).exp()

    assert gradcheck(f, x)
    error = failure(gradcheck, f, x, check_batched_grad=True)
    text = str(error)
    assert error.cause == "formula"
    assert "while testing batched gradient computation, for output 0 and input 0" in text
    assert "is wrong in Doubled (v2) at test_causes.py" in text
    assert "check_batched_grad=False" in text


# Not the formula


def test_single_precision():
    x = wg.tensor([0.5, 1.0], requires_grad=True)
    with pytest.warns(UserWarning, match="not a double precision") as caught:
        error = failure(gradcheck, through(RIGHT), x)
    assert caught[0].filename == __file__
    assert error.cause == "precision"
    text = str(error)
    assert "the precision: no rule is wrong. Input 0 is wengert.float32" in text
    assert "eps=1e-06 is lost in its rounding" in text
    assert "x.double()" in text


def test_a_kink_at_the_point():
    x = wg.tensor([0.0, 1.0], dtype=wg.float64, requires_grad=True)

    def f(x):
        h = x.relu()
        return h * 2

    error = failure(gradcheck, f, x)
    assert error.cause == "kink"
    assert "relu (input 0 of h) at test_causes.py" in str(error)
    assert "h = x.relu() has no slope there" in str(error)


def test_a_kink_within_the_step():
    x = wg.tensor([1e-4, 1.0], dtype=wg.float64, requires_grad=True)
    error = failure(gradcheck, lambda x: x.relu(), x, eps=1e-3)
    assert error.cause == "precision"
    assert "Differences over eps=0.001 are not the slope: relu (input 0 of" in str(error)
    assert "with eps=0.0001 they agree" in str(error)
    assert gradcheck(lambda x: x.relu(), x, eps=1e-5)


def test_a_jump_of_an_operation():
    x = wg.tensor([0.5, 2.0], dtype=wg.float64, requires_grad=True)
    error = failure(gradcheck, lambda x: x.floor() * x, x)
    assert error.cause == "kink"
    assert "floor (input 0 of" in str(error)


def test_a_branch_that_is_taken_the_other_way():
    x = wg.tensor([0.5, 2.0], dtype=wg.float64, requires_grad=True)
    error = failure(gradcheck, lambda x: x * 2 if x.sum() > 2.5 else x * 3, x)
    assert error.cause == "kink"
    assert "if the input moves by eps=1e-06, the function does something else" in str(error)
    assert "at the input: mul at test_causes.py" in str(error)
    assert "next to it:   mul at test_causes.py" in str(error)


def test_a_branch_that_ends_in_another_operation():
    def f(x):
        if x.sum() > 2.5:
            return x.exp()
        return x.sin()

    x = wg.tensor([0.5, 2.0], dtype=wg.float64, requires_grad=True)
    error = failure(gradcheck, f, x)
    assert error.cause == "kink"
    assert re.search(r"at the input: sin at test_causes.py:\d+    return x.sin\(\)", str(error))
    assert re.search(r"next to it:   exp at test_causes.py:\d+    return x.exp\(\)", str(error))


@pytest.mark.parametrize(
    ("f", "what"),
    [
        (lambda x: (x - 1).log().exp(), "the value of log (v2) at"),
        (lambda x: (x - 1).abs().sqrt(), "the derivative of sqrt (input 0 of v3) at"),
    ],
)
def test_values_that_are_not_finite(f, what):
    x = wg.tensor([1.0, 2.0], dtype=wg.float64, requires_grad=True)
    error = failure(gradcheck, f, x)
    assert error.cause == "not finite"
    assert what in str(error)


@pytest.mark.parametrize("dtype", [wg.float16, wg.bfloat16])
@pytest.mark.filterwarnings("ignore:Input #0")
def test_half_precision(dtype):
    x = wg.tensor([1.0, 2.0], dtype=dtype, requires_grad=True)
    error = failure(gradcheck, wg.sin, x)
    assert error.cause == "precision"
    assert f"Input 0 is {dtype}" in str(error)


def test_a_step_that_is_too_large_for_a_steep_function():
    x = wg.tensor([0.5], dtype=wg.float64, requires_grad=True)
    error = failure(gradcheck, lambda x: (x * 1e5).sin(), x)
    assert error.cause == "precision"
    assert "eps=1e-06" in str(error)
    assert "wrong in" not in str(error)


def test_a_step_that_is_lost_in_rounding():
    x = wg.tensor([0.5], dtype=wg.float64, requires_grad=True)
    error = failure(gradcheck, lambda x: x + 1e10, x)
    assert error.cause == "precision"
    assert "A step of eps=1e-06 is lost in rounding" in str(error)
    assert "Pass eps=" in str(error)


def test_a_cut(x):
    def f(x):
        c = x.detach()
        return x * c

    error = failure(gradcheck, f, x)
    assert error.cause == "cut"
    assert "History ends at detach at test_causes.py" in str(error)
    assert "c = x.detach()" in str(error)


@pytest.mark.parametrize(
    "mode", [{}, {"fast_mode": True}, {"check_forward_ad": True, "check_backward_ad": False}]
)
def test_a_cut_among_complex_numbers(mode):
    z = wg.tensor([0.5 + 1j, 1.0], dtype=wg.complex128, requires_grad=True)

    def f(z):
        c = z.real.detach()
        return c * z

    error = failure(gradcheck, f, z, check_undefined_grad=False, **mode)
    assert error.cause == "cut"
    ends = str(error).split("History ends at ")[1]
    assert ends.startswith("detach at test_causes.py")
    assert "c = z.real.detach()" in ends
    assert ";" not in ends.splitlines()[0]


def test_a_cut_of_everything(x):
    def f(x):
        with wg.no_grad():
            return x * 2

    error = failure(gradcheck, f, x)
    assert error.cause == "cut"
    assert "expected to be zero: no output requires grad" in str(error)
    assert "no_grad at test_causes.py" in str(error)


@pytest.mark.parametrize(
    ("f", "what"),
    [
        (lambda x: x * x[0].item(), "Input 1 of mul at test_causes.py"),
        (lambda x: float(x.detach().sum()) + x.sin(), "Input 0 of add at test_causes.py"),
        (lambda x: x * wg.from_numpy(x.detach().numpy() ** 2), "Input 1 of mul at"),
        (lambda x: x.clamp(max=float(x[0]) + 0.6), "at test_causes.py"),
    ],
)
def test_a_number_taken_out(x, f, what):
    error = failure(gradcheck, f, x)
    assert error.cause == "cut"
    text = str(error).split("cause:")[1]
    assert what in text
    assert "to the graph, and changes with the input" in text
    assert ".item(), float(), .numpy()" in text


def test_what_nobody_can_see(x):
    class Peeking(wg.autograd.Function):
        @staticmethod
        def forward(ctx, y):
            return y * float(x[0])

        @staticmethod
        def backward(ctx, g):
            return g * float(x[0])

    error = failure(gradcheck, lambda x: Peeking.apply(x.sin()), x)
    assert error.cause == ""
    assert "cause: not known" in str(error)


def test_a_hook(x):
    def f(x):
        y = x * 2
        y.register_hook(tripled)
        return y

    def tripled(g):
        return g * 3

    error = failure(gradcheck, f, x)
    assert error.cause == "hook"
    assert "'tripled', on MulBackward0 at test_causes.py" in str(error)


def test_a_hook_that_only_looks_is_not_blamed():
    seen = []

    def f(x):
        y = x + 1e10
        y.register_hook(lambda g: seen.append(g))
        return y

    x = wg.tensor([0.5], dtype=wg.float64, requires_grad=True)
    assert failure(gradcheck, f, x).cause == "precision"


def test_chance(x):
    def f(x):
        noise = wg.rand(3, dtype=wg.float64)
        return (x * noise).exp()

    error = failure(gradcheck, f, x)
    assert error.cause == "chance"
    assert "the function gives other numbers: output 0 differs by" in str(error)
    assert "noise" in str(error).split("cause:")[1]


def test_a_rule_that_is_not_repeatable(x):
    random = np.random.default_rng(0)
    op = planted("sin", rules=(lambda x: np.cos(x) * (1 + 1e-9 * random.random()),))
    error = failure(gradcheck, lambda x: op(x.exp()), x)
    assert error.cause == "chance"
    assert "Backward is not reentrant" in str(error)
    assert "the rule of sin (input 0 of v2) at test_causes.py" in str(error)
    assert gradcheck(lambda x: op(x.exp()), x, nondet_tol=1e-6)
