"""gradcheck beyond what torch's own experiments show: messages, memory, other inputs."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.autograd import gradcheck, gradgradcheck
from wengert.autograd.gradcheck import GradcheckError
from wengert.errors import ArgumentError, ArgumentValueError, ContradictionError, ShapeError
from wengert.utils.checkpoint import checkpoint


@pytest.fixture
def x():
    return wg.tensor([0.5, 1.0, 1.5], dtype=wg.float64, requires_grad=True)


EVERYTHING = {
    "check_forward_ad": True, "check_batched_grad": True, "check_batched_forward_grad": True,
}  # fmt: skip


@pytest.mark.parametrize("fast_mode", [False, True])
@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.sin() * x,
        lambda x: wg.softmax(x, 0),
        lambda x: wg.cumsum(x, 0).log(),
        lambda x: wg.stack([x, x.exp()]).sum(1),
        lambda x: x[wg.tensor([0, 0, 2])] ** 2,
        lambda x: np.where(x._data > 1.2, 1.0, 2.0) * x,
        lambda x: checkpoint(lambda x: x.sin().exp(), x),
        lambda x: wg.func.vmap(wg.func.grad(lambda x: x.sin()))(x),
    ],
)
def test_everything_at_once(x, f, fast_mode):
    assert gradcheck(f, x, fast_mode=fast_mode, **EVERYTHING)
    assert gradgradcheck(f, x, fast_mode=fast_mode, check_batched_grad=True)


@pytest.mark.parametrize("over", ["check_rev_over_rev", "check_fwd_over_rev"])
@pytest.mark.parametrize(
    "f", [wg.linalg.svdvals, lambda x: wg.linalg.eigh(x + x.mT)[0], lambda x: x.max(0)[0] ** 2]
)
def test_one_of_several_outputs_to_second_order(f, over):
    x = wg.tensor([[1.0, 2.0], [3.0, 5.0]], dtype=wg.float64, requires_grad=True)
    one = {"check_rev_over_rev": False, "check_fwd_over_rev": False, over: True}
    assert gradgradcheck(f, x, check_undefined_grad=over == "check_rev_over_rev", **one)


def test_the_inputs_are_put_back_even_if_the_function_fails(x):
    before = x._data.copy()
    calls = []

    def f(x):
        calls.append(1)
        if len(calls) == 4:
            raise ZeroDivisionError("once")
        return x.sin()

    with pytest.raises(ZeroDivisionError):
        gradcheck(f, x)
    np.testing.assert_array_equal(x._data, before)
    assert x.grad is None
    assert x._version == 0


def test_a_function_that_closes_over_an_input(x):
    assert gradcheck(lambda _: x.sin() * x, x)


def test_zero_dimensional_leaves_stay_usable():
    x = wg.tensor(0.5, dtype=wg.float64, requires_grad=True)
    assert gradcheck(lambda x: x * x, x)
    (x * x).backward()
    assert x.grad.item() == 1.0


def test_elements_that_share_memory_are_refused():
    base = np.arange(4.0)
    windows = np.lib.stride_tricks.as_strided(base, (3, 2), (8, 8))
    x = wg.from_numpy(windows).requires_grad_()
    with pytest.raises(ShapeError, match="0th input has elements that share memory"):
        gradcheck(wg.sin, x)
    assert gradcheck(wg.sin, x.detach().clone().requires_grad_())


def test_memory_that_cannot_be_written():
    data = np.arange(3.0)
    view = data[:]
    x = wg.from_numpy(view).requires_grad_()
    view.flags.writeable = False
    with pytest.raises(ArgumentError, match="memory of input 0 is read-only"):
        gradcheck(wg.sin, x)


def test_strided_inputs():
    x = wg.from_numpy(np.arange(12.0).reshape(3, 4)[::2, ::2].T).requires_grad_()
    assert gradcheck(lambda x: x.sin() * x, x)


def test_half_precision_inputs_are_moved_in_their_own_precision():
    x = wg.tensor([0.5, 1.0], dtype=wg.float16, requires_grad=True)
    with pytest.warns(UserWarning, match=r"but wengert.float16"):
        assert gradcheck(lambda x: x * 2, x, eps=0.25, atol=1e-2)


def test_an_output_whose_shape_depends_on_values():
    x = wg.tensor([1.0, 2.0], dtype=wg.float64, requires_grad=True)
    with pytest.raises(GradcheckError, match=r"outputs with the same shape .* on index \(0,\)"):
        gradcheck(lambda x: x[x >= 1], x)


def test_without_an_exception(x):
    assert gradcheck(lambda x: x * x.detach(), x, raise_exception=False) is False
    assert gradgradcheck(lambda x: x * x.detach(), x, raise_exception=False) is False
    assert gradcheck(wg.sin, x, raise_exception=False) is True


def test_fast_mode_says_what_slow_mode_would(x):
    with pytest.raises(GradcheckError) as raised:
        gradcheck(lambda x: x * x.detach(), x, fast_mode=True)
    text = str(raised.value)
    assert "computed in fast mode" in text
    assert "The max per-element difference (slow mode) is: 1.5." in text


def test_masked(x):
    def f(x):
        y = x * 2
        y.register_hook(lambda g: g + 1e-12)
        return y

    with pytest.raises(GradcheckError, match="not multiplied by grad_output"):
        gradcheck(f, x)
    assert gradcheck(f, x, masked=True, check_undefined_grad=False)


def test_a_gradient_that_must_do_without_one_output(x):
    class Both(wg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, a, b):
            if a is None or b is None:
                raise RuntimeError("no gradient")
            return a * 2 + b * 3

    with pytest.raises(RuntimeError, match="no gradient"):
        gradcheck(Both.apply, x)


def test_batched_gradients_that_cannot_be_computed(x):
    class Inspecting(wg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2 if float(g.sum()) < 1e9 else g

    assert gradcheck(Inspecting.apply, x)
    with pytest.raises(GradcheckError, match="While computing batched gradients, got:"):
        gradcheck(Inspecting.apply, x, check_batched_grad=True)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda x: gradcheck(wg.sin, x.detach()), ArgumentValueError, "none of them have requires"),
        (lambda x: gradcheck(wg.sin, x, eps=0.0), ArgumentValueError, "eps must be positive"),
        (lambda x: gradcheck(lambda x: [x, "y"], x), ArgumentError, "output 1 .* is a str"),
        (lambda x: gradcheck(lambda x: 2.0, x), ArgumentError, "output 0 .* is a float"),
        (lambda x: gradgradcheck(wg.sin, x, "up"), ArgumentError, "grad_outputs holds a str"),
        (lambda x: gradgradcheck(wg.argmax, x), ArgumentValueError, "no output .* requires grad"),
        (
            lambda x: gradcheck(wg.sin, x, check_backward_ad=False),
            ContradictionError,
            "at least one of check_forward_ad or check_backward_ad",
        ),
        (
            lambda x: gradcheck(wg.sin, x, check_batched_forward_grad=True),
            ContradictionError,
            "check_batched_forward_grad=True requires check_forward_ad to be True",
        ),
        (
            lambda x: gradgradcheck(wg.sin, x, check_fwd_over_rev=True, check_rev_over_rev=False),
            ContradictionError,
            "check_undefined_grad=True requires check_rev_over_rev to be True",
        ),
    ],
)
def test_misuse(x, call, error, text):
    with pytest.raises(error, match=text) as raised:
        call(x)
    assert "at test_gradcheck.py" in str(raised.value)
