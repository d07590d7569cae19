"""A value that was overwritten: the error names who saved it and who wrote, and both lines."""

from __future__ import annotations

import pytest

import wengert as wg
from wengert.errors import StaleError


def leaf(*values: float) -> wg.Tensor:
    return wg.tensor(list(values), requires_grad=True)


def message(y: wg.Tensor) -> str:
    with pytest.raises(StaleError) as caught:
        y.sum().backward()
    return str(caught.value)


def assert_names(text: str, saved: str, wrote: str, saving: str, writing: str) -> None:
    """saved and wrote: the operations; saving and writing: the code of their lines."""
    what, remedy = text.split("\n  saved by ", 1)
    assert f"operation: {wrote} at test_stale_messages.py" in what
    assert writing in what
    assert remedy.startswith(f"{saved} at test_stale_messages.py")
    assert saving in remedy
    assert "clone()" in remedy


def test_an_input():
    x = leaf(1.0, 2.0) * 1
    y = x.sin()
    x.mul_(2)

    text = message(y)

    assert text.startswith("SinBackward0 needs its input 1")
    assert_names(text, "sin", "mul_", "y = x.sin()", "x.mul_(2)")


def test_an_output():
    y = leaf(1.0, 2.0).exp()
    y.add_(1)

    text = message(y)

    assert "needs its output" in text
    assert_names(text, "exp", "add_", "y = leaf(1.0, 2.0).exp()", "y.add_(1)")


def test_the_output_of_an_operation_in_place():
    x = leaf(1.0, 2.0) * 1
    x.sigmoid_()
    x[0] = 3.0

    assert_names(message(x), "sigmoid", "copy_", "x.sigmoid_()", "x[0] = 3.0")


def test_through_a_view():
    x = leaf(1.0, 2.0) * 1
    y = x * x
    x[1:].zero_()

    assert_names(message(y), "mul", "zero_", "y = x * x", "x[1:].zero_()")


def test_an_index_write_that_is_not_recorded():
    x, k = leaf(1.0, 2.0), wg.ones(2)
    y = x * k
    k[0] = 7.0

    assert_names(message(y), "mul", "x[...] = v", "y = x * k", "k[0] = 7.0")


def test_under_no_grad():
    x = leaf(1.0, 2.0)
    y = x * x
    with wg.no_grad():
        x -= 0.5

    assert_names(message(y), "mul", "sub_", "y = x * x", "x -= 0.5")


def test_through_detach():
    x = leaf(1.0, 2.0) * 1
    y = x * x
    x.detach().zero_()

    assert_names(message(y), "mul", "zero_", "y = x * x", "x.detach().zero_()")


def test_the_last_of_several_writes_is_named():
    x = leaf(1.0, 2.0) * 1
    y = x * x
    x.add_(1)
    x.mul_(3)

    assert_names(message(y), "mul", "mul_", "y = x * x", "x.mul_(3)")


def test_what_a_second_derivative_needs():
    z = leaf(1.0, 2.0)
    x = z * 1
    (first,) = wg.autograd.grad((x**3).sum(), z, create_graph=True)
    x.add_(1)

    assert "needs its input" in message(first)


def test_the_result_can_be_written_into_where_nobody_saved_it():
    x = leaf(1.0, 2.0)
    y = x * 2
    y.add_(1).mul_(3)
    y.sum().backward()

    assert x.grad.tolist() == [6.0, 6.0]


def test_two_operations_in_place_save_copies():
    x = leaf(0.5)
    y = x * 1
    y.sin_().sin_().mul_(y.detach().clone())
    y.backward()

    assert x.grad is not None


def test_writes_through_data_are_overlooked_by_backward_and_not_by_questions():
    x = leaf(1.0, 2.0)
    y = x * x
    x.data[0] = 10.0
    y.sum().backward()

    assert x.grad.tolist() == [20.0, 4.0]  # as in torch: the value is the new one
    assert x._version == 0


def test_what_is_assigned_to_data_leaves_saved_values_alone():
    """torch reads the new numbers of a saved leaf: another gradient, and no error."""
    x = leaf(1.0, 2.0)
    y = x * x
    x.data = wg.tensor([5.0, 5.0])
    y.sum().backward()

    assert x.grad.tolist() == [2.0, 4.0]
