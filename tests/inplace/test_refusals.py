"""Writes that are refused: what is said, and that nothing was written."""

from __future__ import annotations

import pytest

import wengert as wg
from wengert.errors import ArgumentError, DTypeError, GradientError, ShapeError


def leaf() -> wg.Tensor:
    return wg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)


def no_grad_view() -> tuple[wg.Tensor, wg.Tensor]:
    base = leaf() * 1
    with wg.no_grad():
        view = base[0]
    return base, view


def one_of_several() -> tuple[wg.Tensor, wg.Tensor]:
    base = leaf() * 1
    return base, base.unbind()[0]


def own(x: wg.Tensor) -> tuple[wg.Tensor, wg.Tensor]:
    return x, x


CASES = {
    "a leaf": (
        lambda: own(leaf()), lambda x: x.mul_(2), GradientError,
        "mul_: a leaf that requires grad is being changed in place", "no_grad",
    ),
    "a view of a leaf": (
        lambda: (x := leaf(), x[0]), lambda x: x.mul_(2), GradientError,
        "mul_: a view of a leaf that requires grad is being changed in place", "no_grad",
    ),
    "a view made under no_grad": (
        no_grad_view, lambda x: x.mul_(2), GradientError,
        "a view was created in no_grad mode and is being modified inplace", "both inside",
    ),
    "one of several views": (
        one_of_several, lambda x: x.mul_(2), GradientError,
        "output of a function that returns multiple views", "by indexing",
    ),
    "elements that are one in memory": (
        lambda: own(wg.ones(2).expand(3, 2)), lambda x: x.add_(1), ShapeError,
        "more than one element of the written-to tensor refers to a single memory", "clone()",
    ),
    "a result that is larger": (
        lambda: own(wg.ones(2)), lambda x: x.add_(wg.ones(3, 2)), ShapeError,
        "add_: the result has shape (3, 2), the tensor (2,)", "new tensor",
    ),
    "a result that the dtype cannot hold": (
        lambda: own(wg.ones(2, dtype=wg.int64)), lambda x: x.mul_(0.5), DTypeError,
        "mul_: result type float32 can't be cast to int64", "Cast the tensor first",
    ),
    "a larger value at an index": (
        lambda: own(leaf() * 1), lambda x: x.__setitem__(0, wg.ones(3)), ShapeError,
        "", "",
    ),
    "a turn of a leaf": (
        lambda: own(leaf()), lambda x: x.t_(), GradientError,
        "t_: a leaf that requires grad is being changed in place", "no_grad",
    ),
    "resize_ with a history": (
        lambda: own(leaf() * 1), lambda x: x.resize_(3), GradientError,
        "cannot resize variables that require grad", "detach()",
    ),
    "set_ with a history": (
        lambda: own(leaf() * 1), lambda x: x.set_(wg.ones(2)), GradientError,
        "set_ is not differentiable", "no_grad",
    ),
    "set_ to another dtype": (
        lambda: own(wg.ones(2)), lambda x: x.set_(wg.ones(2, dtype=wg.int64)), DTypeError,
        "set_: the source is", "",
    ),
    "data of integers for a leaf": (
        lambda: own(leaf()), lambda x: setattr(x, "data", wg.tensor([1])), DTypeError,
        ".data of a tensor that requires grad must be floating point", "",
    ),
    "data that is no tensor": (
        lambda: own(wg.ones(2)), lambda x: setattr(x, "data", [1.0]), ArgumentError,
        ".data takes a tensor, not list", "",
    ),
    "a Python function of a history": (
        lambda: own(leaf() * 1), lambda x: x.apply_(abs), GradientError,
        "apply_: a Python function has no derivative", "detach()",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_refused(case):
    make, write, error, what, remedy = case
    base, target = make()
    before, version = base.detach().clone(), base._version
    with pytest.raises(error) as caught:
        write(target)

    assert what in str(caught.value)
    assert remedy in str(caught.value)
    assert "test_refusals.py" in str(caught.value)
    assert wg.equal(base.detach(), before)
    assert base._version == version


def test_a_base_that_was_given_other_memory():
    base = leaf() * 1
    view = base[0]
    base.data = wg.zeros(2, 2)
    with pytest.raises(GradientError, match="has been given other memory since"):
        view.mul_(2)

    assert base.tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_a_value_from_a_view_that_cannot_follow_is_not_written():
    target, (base, view) = leaf() * 1, one_of_several()
    base.mul_(2)
    with pytest.raises(GradientError, match="multiple views and its base or another view"):
        target[0] = view

    assert target.tolist() == [[1.0, 2.0], [3.0, 4.0]]
