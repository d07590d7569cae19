"""wengert.audit names each planted fault, in its line, and finds none where there is none."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from function.faulty import FAULTS, Mean
from function.functions import Exp
from wengert.autograd import Function
from wengert.autograd.function import once_differentiable
from wengert.errors import ArgumentError


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name):
    function, inputs, rule, text = FAULTS[name]()
    report = wg.audit(function, *inputs)
    assert not report
    assert rule in report.rules(), report
    assert text in str(report)
    assert "faulty.py:" in str(report)


@pytest.mark.parametrize("name", FAULTS)
def test_nothing_is_written_into_the_inputs(name):
    function, inputs, _, _ = FAULTS[name]()
    tensors = [x for x in inputs if isinstance(x, wg.Tensor)]
    before = [x.clone() for x in tensors]
    wg.audit(function, *inputs)
    assert all(wg.equal(x, y) for x, y in zip(tensors, before, strict=True))
    assert all(x.grad is None and not x.requires_grad for x in tensors)


class Sine(Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x, w, k=2):
        return x.sin() * w * k, x * w

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, w, ctx.k = inputs
        ctx.save_for_backward(x, w)
        ctx.save_for_forward(x, w)

    @staticmethod
    def backward(ctx, g, h):
        x, w = ctx.saved_tensors
        return g * x.cos() * w * ctx.k + h * w, g * x.sin() * ctx.k + h * x, None

    @staticmethod
    def jvp(ctx, tx, tw, _):
        x, w = ctx.saved_tensors
        return (tx * x.cos() * w + tw * x.sin()) * ctx.k, tx * w + tw * x


class ExpInPlace(Function):
    @staticmethod
    def forward(ctx, x):
        x.exp_()
        ctx.mark_dirty(x)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0]


class SortOnce(Function):
    @staticmethod
    def forward(ctx, x):
        y, places = x.sort()
        ctx.mark_non_differentiable(places)
        ctx.save_for_backward(places)
        return y, places

    @staticmethod
    @once_differentiable
    def backward(ctx, g, _):
        return wg.zeros_like(g).scatter(0, ctx.saved_tensors[0], g)


class Relu(Function):
    @staticmethod
    def forward(ctx, x):
        mask = x > 0
        ctx.save_for_backward(mask)
        return x * mask

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0]


class Dropout(Function):
    @staticmethod
    def forward(ctx, x):
        mask = wg.rand(3) > 0.5
        ctx.save_for_backward(mask)
        return x * mask

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0]


class Either(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    @staticmethod
    def backward(ctx, g, h):
        if g is None and h is None:
            return None
        return (0 if g is None else g * 2) + (0 if h is None else h * 3)


class Modulus(Function):
    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return (z * z.conj()).real

    @staticmethod
    def backward(ctx, g):
        return 2 * g * ctx.saved_tensors[0]


class Whole(Mean):
    @staticmethod
    def vmap(info, in_dims, x):
        return x / x.mean(1, keepdim=True), 0


class Alias(Function):
    @staticmethod
    def forward(ctx, x):
        return x

    @staticmethod
    def backward(ctx, g):
        return g


class Single(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.float() ** 2

    @staticmethod
    def backward(ctx, g):
        return 2 * ctx.saved_tensors[0] * g


class Bits(Function):
    """-x, by its bits in float32."""

    @staticmethod
    def forward(ctx, x):
        bits = x.detach().numpy().view(np.int32)
        if bits.shape != x.shape:
            raise TypeError("only float32")
        return wg.from_numpy((bits ^ np.int32(-(2**31))).view(np.float32))

    @staticmethod
    def backward(ctx, g):
        return -g


VECTOR = [0.5, 1.5, -2.0]
CORRECT = {
    "two outputs, every rule": (Sine, wg.tensor(VECTOR), wg.tensor([1.0, 2.0, 3.0]), 3),
    "a default argument": (Sine, wg.tensor(VECTOR), wg.tensor([1.0, 2.0, 3.0])),
    "a saved output": (Exp, wg.tensor(VECTOR)),
    "one number": (Exp, wg.tensor(0.5)),
    "a matrix": (Exp, wg.tensor([VECTOR, VECTOR])),
    "nothing": (Exp, wg.zeros(0)),
    "in place": (ExpInPlace, wg.tensor(VECTOR)),
    "once differentiable": (SortOnce, wg.tensor(VECTOR)),
    "a mask": (Relu, wg.tensor(VECTOR)),
    "a kink": (Relu, wg.tensor([0.0, 1.0])),
    "random numbers of wengert": (Dropout, wg.tensor(VECTOR)),
    "gradients that are None": (Either, wg.tensor(VECTOR)),
    "a real function of complex numbers": (Modulus, wg.tensor([1 + 2j, 3 - 1j])),
    "a batching rule": (Whole, wg.tensor([1.0, 2.0, 5.0])),
    "an input as it is": (Alias, wg.tensor(VECTOR)),
    "double precision": (Exp, wg.tensor(VECTOR, dtype=wg.float64)),
    "it computes in single precision": (Single, wg.tensor(VECTOR)),
    "it takes single precision only": (Bits, wg.tensor(VECTOR)),
    "half precision": (Exp, wg.tensor(VECTOR, dtype=wg.float16)),
}


@pytest.mark.parametrize("name", CORRECT)
def test_a_correct_function_passes(name):
    function, *inputs = CORRECT[name]
    report = wg.audit(function, *inputs)
    assert report, report
    assert report.faults == []
    assert "no faults" in repr(report)


def test_the_report_says_it_all():
    function, inputs, _, _ = FAULTS["wrong_factor"]()
    lines = repr(wg.audit(function, *inputs)).splitlines()
    assert lines[0] == "audit of Square: 1 fault"
    assert lines[1].startswith("gradient: the gradient of x is wrong: at [1] backward gives ")
    assert "def backward(ctx, g):" in lines[2]
    assert lines[4].startswith("passed: forward repeats, writes are marked, ")
    assert "jvp" not in lines[-1]


def test_only_inputs_that_require_grad_are_differentiated():
    function, (x, w), _, _ = FAULTS["none_for_a_gradient"]()
    assert wg.audit(function, x.clone().requires_grad_(), w)


def test_generators_go_on_as_if_nothing_had_happened():
    wg.manual_seed(3)
    expected = wg.rand(2)
    wg.manual_seed(3)
    wg.audit(Dropout, wg.tensor(VECTOR))
    assert wg.equal(wg.rand(2), expected)


def test_it_takes_functions_only():
    with pytest.raises(ArgumentError, match="takes a subclass of"):
        wg.audit(lambda x: x, wg.ones(2))


def test_inputs_without_floats():
    report = wg.audit(Exp, wg.tensor([1, 2]))
    assert report
    assert "no argument is a tensor of floats" in repr(report)


def test_arguments_that_do_not_fit():
    report = wg.audit(Exp)
    assert report.rules() == {"error"}
    assert "missing 1 required positional argument" in repr(report)
