"""Other shapes in place: t_, transpose_, squeeze_, unsqueeze_. The memory stays, nothing moves."""

from __future__ import annotations

from typing import Any

from wengert.core.tensor import Tensor
from wengert.core.turn import turn
from wengert.ops.define import method
from wengert.ops.reshape import squeeze, unsqueeze
from wengert.ops.transpose import t, transpose


@method(Tensor)
def t_(self: Tensor) -> Tensor:
    """The transpose of a matrix, in place; vectors and 0-d tensors stay as they are."""
    return turn(t, self)


@method(Tensor)
def transpose_(self: Tensor, dim0: int, dim1: int) -> Tensor:
    """With two dimensions exchanged, in place.

    >>> import wengert as wg
    >>> x = wg.tensor([[1., 2.], [3., 4.]])
    >>> row = x[0]
    >>> x.transpose_(0, 1), row
    (tensor([[1., 3.],
            [2., 4.]]), tensor([1., 2.]))
    """
    return turn(transpose, self, dim0, dim1)


@method(Tensor)
def swapaxes_(self: Tensor, axis0: int, axis1: int) -> Tensor:
    """With two dimensions exchanged, in place: NumPy's name of transpose_."""
    return turn(transpose, self, axis0, axis1)


@method(Tensor)
def swapdims_(self: Tensor, dim0: int, dim1: int) -> Tensor:
    """With two dimensions exchanged, in place: another name of transpose_."""
    return turn(transpose, self, dim0, dim1)


@method(Tensor)
def squeeze_(self: Tensor, dim: Any = None) -> Tensor:
    """Without the dimensions of length 1, all of them or those among `dim`, in place."""
    return turn(squeeze, self, dim)


@method(Tensor)
def unsqueeze_(self: Tensor, dim: int) -> Tensor:
    """With a dimension of length 1 put in before `dim`, in place."""
    return turn(unsqueeze, self, dim)
