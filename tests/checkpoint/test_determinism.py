"""A function that does something else the second time: the first difference is shown."""

from __future__ import annotations

import re

import numpy as np
import pytest

import wengert as wg
from wengert.utils.checkpoint import (
    CheckpointError,
    checkpoint,
    set_checkpoint_debug_enabled,
)


class Alternating:
    """A function that calls one function the first time, and another one after that."""

    def __init__(self, first, second):
        self.steps = [first, second]

    def __call__(self, x):
        return self.steps.pop(0)(x) if len(self.steps) > 1 else self.steps[0](x)


def failure(first, second, **options) -> str:
    x = wg.tensor([0.5, 1.0, 2.0], requires_grad=True)
    y = checkpoint(Alternating(first, second), x, **options)
    with pytest.raises(CheckpointError) as raised:
        y.sum().backward()
    assert x.grad is None
    return str(raised.value)


def sines(x):
    h = x.sin()
    return h.exp()


def cosines(x):
    h = x.cos()
    return h.exp()


def longer(x):
    return x.sin().exp().exp()


def narrower(x):
    return x.sin()[:2].exp()


def test_another_operation():
    text = failure(sines, cosines)

    assert "operation 1 is another one" in text
    assert re.search(r"in the forward run: +sin -> float32\[3\] at .*h = x.sin\(\)", text)
    assert re.search(r"in the recomputation: cos -> float32\[3\] at .*h = x.cos\(\)", text)
    assert "at test_determinism.py:" in text
    assert "y = checkpoint(" in text


def test_fewer_operations():
    text = failure(longer, sines)

    assert "it ended earlier in the recomputation" in text
    assert "only in the forward run: exp -> float32[3] at" in text
    assert "original forward and recomputation: 3 and 2." in text


def test_more_operations():
    text = failure(sines, longer, early_stop=False)

    assert "only in the recomputation: exp -> float32[3] at" in text
    assert "return x.sin().exp().exp()" in text
    assert "original forward and recomputation: 2 and 3." in text


def test_more_operations_do_no_harm_after_the_last_that_is_needed():
    x = wg.tensor([0.5], requires_grad=True)
    checkpoint(Alternating(sines, longer), x).backward()
    found = x.grad.clone()
    x.grad = None
    sines(x).backward()
    assert wg.equal(found, x.grad)


def test_another_shape():
    text = failure(longer, narrower)

    assert "operation 2 is another one" in text
    assert "exp -> float32[3] at" in text
    assert "part -> float32[2] at" in text
    assert "3 and 2." in text


def test_the_run_goes_on_so_that_all_saved_values_are_counted():
    assert "recomputation: 3 and 2." in failure(longer, cosines)
    assert "A different number" not in failure(sines, cosines)


def test_another_saved_value_of_the_same_operations():
    def first(x):
        return x.index_select(0, wg.tensor([0, 1]))

    def second(x):
        return x.index_select(0, wg.tensor([0, 1], dtype=wg.int32))

    text = failure(first, second)
    assert "value 1 that operation 1 saved has different metadata than during the forward" in text
    assert "int64[2], by index_select -> float32[2] at" in text
    assert "int32[2], by index_select -> float32[2] at" in text


@pytest.mark.parametrize("dtype", [wg.float32, wg.float64, wg.float16, wg.bfloat16, wg.complex64])
def test_other_numbers_in_the_same_shape(dtype):
    random = np.random.default_rng(0)

    def noisy(x):
        noise = wg.tensor(random.standard_normal(3)).to(dtype)
        return (x.to(dtype) * noise).abs()

    text = failure(noisy, noisy)

    assert "that operation" in text
    assert "has other elements" in text
    assert "noise).abs()" in text


def test_other_numbers_are_noticed_where_random_numbers_should_be_the_same():
    random = np.random.default_rng(0)

    def noisy(x):
        return x * wg.tensor(random.standard_normal(3), dtype=wg.float32)

    x = wg.tensor([0.5, 1.0, 2.0], requires_grad=True)
    checkpoint(noisy, x, preserve_rng_state=False).sum().backward()
    checkpoint(noisy, x, determinism_check="none").sum().backward()
    assert x.grad is not None


def test_a_weight_that_changed_since():
    x = wg.tensor([0.5, 1.0], requires_grad=True)
    w = wg.tensor([2.0, 3.0], requires_grad=True)
    y = checkpoint(lambda x: (x + w).sin(), x)
    with wg.no_grad():
        w.add_(1)
    with pytest.raises(CheckpointError, match="value 1 that operation 2 saved has other elements"):
        y.sum().backward()


def test_a_saved_weight_that_changed_since_is_named_with_who_changed_it():
    x = wg.tensor([0.5, 1.0], requires_grad=True)
    w = wg.tensor([2.0, 3.0], requires_grad=True)
    y = checkpoint(lambda x: (x * w).sin(), x)
    with wg.no_grad():
        w.sub_(1)
    with pytest.raises(CheckpointError) as raised:
        y.sum().backward()
    text = str(raised.value)
    assert "in the forward run:   2, 3, by mul -> float32[2]" in text
    assert "it was modified in between by sub_ at test_determinism.py" in text
    assert "w.sub_(1)" in text


def test_rounding_is_no_difference():
    x = wg.tensor([0.5, 1.0], requires_grad=True)
    f = Alternating(lambda x: (x * 1.0000001).sin(), lambda x: (x * 1.0000002).sin())
    checkpoint(f, x).sum().backward()


@pytest.mark.parametrize("dtype", [wg.float32, wg.float16, wg.bfloat16, wg.complex64])
def test_the_same_nan_in_any_dtype(dtype):
    x = wg.tensor([np.nan, 1.0], requires_grad=True)
    checkpoint(lambda x: (x.to(dtype) * x.to(dtype)).abs(), x).sum().backward()
    assert x.grad is not None


def test_another_mask():
    masks = [wg.tensor([True, False, True]), wg.tensor([True, True, False])]
    text = failure(*(lambda x, m=m: wg.where(m, x, x * 2) for m in masks))
    assert "True, False, True, by where -> float32[3]" in text
    assert "True, True, False, by where -> float32[3]" in text


def test_another_index():
    indices = [wg.tensor([0, 1]), wg.tensor([1, 2])]
    text = failure(*(lambda x, i=i: x.index_select(0, i) for i in indices))
    assert "0, 1, by index_select" in text
    assert "1, 2, by index_select" in text


def test_infinities_and_nan_are_the_same_twice():
    x = wg.tensor([0.0, -1.0, np.inf], requires_grad=True)
    checkpoint(lambda x: (x.log() * x).exp(), x).sum().backward()
    assert x.grad is not None


def test_no_check_but_of_the_number():
    x = wg.tensor([0.5, 1.0, 2.0], requires_grad=True)
    checkpoint(Alternating(sines, cosines), x, determinism_check="none").sum().backward()
    text = failure(longer, cosines, determinism_check="none")
    assert "3 and 2." in text


def test_debug_shows_all_operations():
    plain = failure(longer, cosines)
    text = failure(longer, cosines, debug=True)
    with set_checkpoint_debug_enabled(True):
        assert failure(longer, cosines).count("1: sin ->") == 1
        with set_checkpoint_debug_enabled(False):
            assert "1: sin ->" not in failure(longer, cosines, debug=True)
        with set_checkpoint_debug_enabled(None):
            assert "1: sin ->" not in failure(longer, cosines)

    assert "1: sin ->" not in plain
    assert "in the forward run:\n  1: sin -> float32[3] at" in text
    assert "in the recomputation:\n  1: cos -> float32[3] at" in text
    assert "  2: exp -> float32[3] at" in text


def test_without_lines():
    with wg.provenance(False):
        text = failure(sines, cosines)
    assert "in the forward run:   sin -> float32[3]\n" in text


def test_an_exception_of_the_second_run_names_the_checkpoint():
    def fails(x):
        raise ZeroDivisionError("once")

    x = wg.tensor([0.5], requires_grad=True)
    y = checkpoint(Alternating(sines, fails), x)
    with pytest.raises(ZeroDivisionError) as raised:
        y.backward()
    (note,) = raised.value.__notes__
    assert note.startswith("raised while recomputing the checkpoint at test_determinism.py:")


def test_inside_of_another_checkpoint():
    x = wg.tensor([0.5], requires_grad=True)
    f = Alternating(sines, cosines)
    y = checkpoint(lambda x: checkpoint(f, x.tanh()), x)
    with pytest.raises(CheckpointError, match="operation 1 is another one"):
        y.backward()
