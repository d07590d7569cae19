"""x[...] read and written: views share memory, index tensors copy, writes are seen and recorded."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.errors import (
    ArgumentError,
    DimensionError,
    DTypeError,
    GradientError,
    ShapeError,
    StaleError,
)

VIEWS = {
    "x[0]": lambda x: x[0],
    "x[0, 1]": lambda x: x[0, 1],
    "x[1:]": lambda x: x[1:],
    "x[:, ::2]": lambda x: x[:, ::2],
    "x[None]": lambda x: x[None],
    "x[...]": lambda x: x[...],
    "select": lambda x: x.select(1, -1),
    "narrow": lambda x: x.narrow(1, 1, 2),
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "permute": lambda x: x.permute(1, 0),
    "movedim": lambda x: x.movedim(0, 1),
    "view": lambda x: x.view(-1),
    "reshape": lambda x: x.reshape(3, 2),
    "flatten": lambda x: x.flatten(),
    "unflatten": lambda x: x.unflatten(1, (3, 1)),
    "squeeze": lambda x: x.squeeze(),
    "unsqueeze": lambda x: x.unsqueeze(1),
    "diagonal": lambda x: x.diagonal(),
    "split": lambda x: x.split(2, 1)[1],
    "chunk": lambda x: x.chunk(2)[1],
    "tensor_split": lambda x: x.tensor_split(2, 1)[0],
    "unbind": lambda x: x.unbind()[1],
    "unfold": lambda x: x.unfold(1, 2, 1),
    "expand": lambda x: x.expand(2, 2, 3),
    "the rows": lambda x: list(x)[1],
}
COPIES = {
    "x[[0, 1]]": lambda x: x[[0, 1]],
    "x[mask]": lambda x: x[x > 0],
    "x[True]": lambda x: x[True],
    "index_select": lambda x: x.index_select(0, wg.tensor([0, 1])),
    "clone": lambda x: x.clone(),
    "reshape after T": lambda x: x.T.reshape(-1),
    "contiguous after T": lambda x: x.T.contiguous(),
    "flip": lambda x: x.flip(0),
    "diag": lambda x: x.diag(),
    "repeat": lambda x: x.repeat(1, 1),
}


def matrix(**facts):
    return wg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], **facts)


def same(tensor, values):
    np.testing.assert_array_equal(tensor.detach().numpy(), values)


@pytest.mark.parametrize("take", VIEWS.values(), ids=VIEWS)
def test_a_write_to_the_tensor_shows_in_its_view(take):
    x = matrix()
    y = take(x)

    x[...] = x + 10

    same(y, take(matrix() + 10).detach().numpy())


@pytest.mark.parametrize("take", COPIES.values(), ids=COPIES)
def test_a_write_to_the_tensor_does_not_show_in_a_copy(take):
    x = matrix()
    y = take(x)
    before = y.detach().numpy().copy()

    x[...] = x + 10

    same(y, before)


def test_a_write_to_a_view_shows_in_the_tensor():
    x = matrix()
    x[0][1] = 20.0
    x.T[2, 1] = 60.0
    x.view(-1)[0] = 10.0

    same(x, [[10, 20, 3], [4, 5, 60]])


def test_an_element_of_a_vector_is_a_view():
    x = wg.tensor([1.0, 2.0, 3.0])
    first = x[0]

    first[...] = 7.0
    x[1] = 8.0

    same(x, [7, 8, 3])
    assert first.item() == 7.0


def test_a_view_of_a_0d_result_shares_its_memory():
    x = matrix().sum()
    y = x.view(1)

    y[0] = 5.0

    assert x.item() == 5.0


def test_a_part_of_an_expanded_tensor_is_written_where_no_two_elements_are_one():
    x = wg.tensor([1.0, 2.0]).expand(3, 2)

    x[0] = 7.0
    same(x, [[7, 7]] * 3)
    with pytest.raises(ShapeError, match="single memory location"):
        x[:] = 1.0


def test_masks_and_index_tensors_are_written():
    x = matrix()
    x[x > 4] = 0.0
    x[[0, 1], [1, 0]] = wg.tensor([20.0, 40.0])
    x[:, -1] = 9

    same(x, [[1, 20, 9], [40, 0, 9]])


def test_values_are_cast_to_the_tensors_dtype():
    x = wg.tensor([1, 2, 3])
    x[0] = 2.9

    assert x.dtype is wg.int64
    same(x, [2, 2, 3])


def test_leading_dimensions_of_length_1_are_let_through():
    x = matrix()
    x[0] = wg.tensor([[[7.0, 8.0, 9.0]]])

    same(x[0], [7, 8, 9])


def test_a_recorded_write_has_gradients_to_the_tensor_and_the_value():
    x = matrix(requires_grad=True)
    v = wg.tensor([10.0, 20.0], requires_grad=True)
    y = x * 2
    y[:, 1] = v
    (y * y).sum().backward()

    same(x.grad, [[8, 0, 24], [32, 0, 48]])
    same(v.grad, [20, 40])


def test_a_value_that_requires_grad_makes_the_tensor_require_it():
    x = wg.zeros(3) if hasattr(wg, "zeros") else wg.tensor([0.0, 0.0, 0.0])
    v = wg.tensor(2.0, requires_grad=True)
    x[[0, 2]] = v
    x.sum().backward()

    assert v.grad.item() == 2.0


def test_a_leaf_is_written_under_no_grad_only():
    x = matrix(requires_grad=True)
    with pytest.raises(GradientError, match="leaf"):
        x[0] = 0.0
    with wg.no_grad():
        x[0] = 0.0

    same(x[0], [0, 0, 0])
    assert x.requires_grad


def test_a_write_after_a_value_was_saved_is_noticed():
    x = matrix(requires_grad=True)
    w = matrix()
    y = (x * w).sum()
    w[0, 0] = 5.0
    with pytest.raises(StaleError, match=r"w\[0, 0\] = 5\.0"):
        y.backward()


def test_an_element_taken_twice_gets_both_gradients():
    x = wg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (x[[0, 0, 2]] * wg.tensor([1.0, 10.0, 100.0])).sum().backward()

    same(x.grad, [11, 0, 100])


def test_second_derivatives_pass_through_indexing():
    x = wg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = (x[[2, 0, 0]] ** 3).sum()
    (slope,) = wg.autograd.grad(y, x, create_graph=True)
    slope[0].backward()

    same(x.grad, [12, 0, 0])


def test_iteration_unpacking_and_membership():
    x = matrix(requires_grad=True)
    first, second = x

    assert first.grad_fn.name() == "UnbindBackward0"
    same(second, [4, 5, 6])
    assert len(x) == 2
    assert 5 in x
    assert 7 not in x
    assert wg.tensor(6.0) in x


ERRORS = {
    "x[2]": (DimensionError, "index 2 is out of bounds for dimension 0 with size 2"),
    "x[0, -4]": (DimensionError, "index -4 is out of bounds for dimension 1 with size 3"),
    "x[:, [0, 3]]": (DimensionError, "index 3 is out of bounds for dimension 1 with size 3"),
    "x[0, 0, 0]": (DimensionError, "too many indices for tensor of dimension 2"),
    "x[0, 0][0]": (DimensionError, "0-dim"),
    "x[::-1]": (ValueError, "step must be greater than zero"),
    "x['a']": (ArgumentError, "got str"),
    "x[1.0]": (DimensionError, "got float"),
    "x[1.5:]": (ArgumentError, "slice indices must be integers"),
    "x[wg.tensor([0.0])]": (DimensionError, "int64, int32 or bool"),
    "x[wg.tensor([True, False, True])]": (DimensionError, "shape of the mask"),
    "x[wg.tensor([0, 1]), wg.tensor([0, 1, 2])]": (DimensionError, "could not be broadcast"),
    "x[[[0, 1], [1, 0]]]": (DimensionError, "ambiguous"),
    "len(x[0, 0])": (TypeError, "len\\(\\) of a 0-d tensor"),
    "list(x[0, 0])": (TypeError, "iteration over a 0-d tensor"),
    "'a' in x": (RuntimeError, "str"),
    "x.T.view(-1)": (ShapeError, "reshape"),
    "x.view(4)": (ShapeError, "invalid for input of size 6"),
    "x.view(-1, -1)": (ShapeError, "only one dimension can be inferred"),
    "x.expand(4, 3)": (ShapeError, "must match the existing size"),
    "x.transpose(0, 2)": (DimensionError, "Dimension out of range"),
    "wg.cat([x, x[0]])": (ShapeError, "same number of dimensions"),
    "wg.cat([x, x.T])": (ShapeError, "Expected size 3 but got size 2"),
    "wg.stack([x, x.T])": (ShapeError, "equal size"),
    "x.gather(0, wg.tensor([[2]]))": (IndexError, "out of bounds for dimension 0 with size 2"),
    "x.gather(0, wg.tensor([[-1]]))": (RuntimeError, "out of bounds"),
    "x.split([1, 2])": (ShapeError, "sum exactly to 2"),
    "wg.nn.functional.pad(x, (1,))": (ShapeError, "divisible by 2"),
    "wg.nn.functional.pad(x, (1, 1), 'mirror')": (ValueError, "not known"),
    "x.topk(4)": (ShapeError, "out of range"),
}


@pytest.mark.parametrize("code", ERRORS)
def test_what_does_not_fit_is_refused(code):
    error, text = ERRORS[code]
    with pytest.raises(error, match=text):
        eval(code, {"x": matrix(), "wg": wg})


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (wg.tensor([1.0, 2.0]), ShapeError),
        ([1.0, 2.0, 3.0], ArgumentError),
        ("a", ArgumentError),
        (1j, DTypeError),
    ],
)
def test_a_value_that_does_not_fit_is_refused(value, error):
    x = matrix()
    with pytest.raises(error):
        x[0] = value
    same(x, matrix().numpy())


def test_a_number_that_the_dtype_cannot_hold_is_refused():
    x = wg.tensor([1, 2], dtype=wg.uint8)
    with pytest.raises(DTypeError, match="uint8"):
        x[0] = 300


def test_the_line_is_named():
    x = matrix()
    with pytest.raises(DimensionError, match=r"test_indexing\.py"):
        x[5]
