"""Products of many matrices, in the order that takes the fewest multiplications."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from wengert.core.tensor import Tensor
from wengert.errors import ShapeError
from wengert.ops.arguments import array_of
from wengert.ops.contract import contract_op
from wengert.ops.define import public
from wengert.ops.matmul import check_one_dtype
from wengert.ops.reshape import view_op
from wengert.ops.samples import Call, Sampler

Order = int | tuple[Any, Any]
"""A matrix by its number, or a pair of orders that are multiplied."""


@functools.lru_cache(maxsize=1024)
def best_order(lengths: tuple[int, ...]) -> Order:
    """The order for matrices of shapes (lengths[0], lengths[1]), (lengths[1], lengths[2]), ...

    Source: the matrix chain order of Cormen, Leiserson, Rivest and Stein.
    """
    count = len(lengths) - 1
    best: dict[tuple[int, int], tuple[int, Order]] = {(i, i): (0, i) for i in range(count)}
    for span in range(1, count):
        for first in range(count - span):
            last = first + span
            best[first, last] = min(
                (_joined(best, lengths, first, split, last) for split in range(first, last)),
                key=lambda found: found[0],
            )
    return best[0, count - 1][1]


def _joined(
    best: dict[tuple[int, int], tuple[int, Order]], lengths: tuple[int, ...], first: int,
    split: int, last: int,
) -> tuple[int, Order]:  # fmt: skip
    """The cost and order of (first ... split) @ (split + 1 ... last)."""
    left_cost, left = best[first, split]
    right_cost, right = best[split + 1, last]
    work = lengths[first] * lengths[split + 1] * lengths[last + 1]
    return left_cost + right_cost + work, (left, right)


def _multiplied(order: Order, tensors: Sequence[Any]) -> Any:
    if isinstance(order, int):
        return tensors[order]
    left, right = (_multiplied(part, tensors) for part in order)
    return contract_op(left, right, equation="ij,jk->ik")


def _samples(s: Sampler) -> Call:
    lengths = [s.integer(1, 4) for _ in range(s.integer(3, 5))]
    shapes: list[tuple[int, ...]]
    shapes = [(lengths[i], lengths[i + 1]) for i in range(len(lengths) - 1)]
    if s.integer(0, 1):
        shapes[0] = shapes[0][1:]
    if s.integer(0, 1):
        shapes[-1] = shapes[-1][:1]
    return ([s.array(shape) for shape in shapes],), {}


@public(torch="linalg.multi_dot", samples=_samples, method=False)
def multi_dot(tensors: Sequence[Tensor]) -> Any:
    """x1 @ x2 @ ... @ xn, in the order that takes the fewest multiplications.

    All are matrices, but the first may be a row and the last a column of one dimension, which is
    then left out of the result. Raises ShapeError where lengths do not fit or fewer than two are
    given, DTypeError where the dtypes differ.

    >>> import wengert as wg
    >>> wg.multi_dot([wg.ones(2, 500), wg.ones(500, 3), wg.ones(3)])
    tensor([1500., 1500.])
    """
    arrays = [array_of(x) for x in tensors]
    _check(arrays)
    check_one_dtype("multi_dot", *arrays)
    matrices = list(tensors)
    shape: tuple[int, ...] = (arrays[0].shape[0], arrays[-1].shape[-1])
    if arrays[-1].ndim == 1:
        matrices[-1] = view_op(matrices[-1], shape=(arrays[-1].size, 1))
        shape = shape[:1]
    if arrays[0].ndim == 1:
        matrices[0] = view_op(matrices[0], shape=(1, arrays[0].size))
        shape = shape[1:]
    lengths = (*(x.shape[0] for x in matrices), matrices[-1].shape[1])
    out = _multiplied(best_order(lengths), matrices)
    return out if tuple(out.shape) == shape else view_op(out, shape=shape)


def _check(arrays: Sequence[Any]) -> None:
    count = len(arrays)
    if count < 2:
        raise ShapeError(f"multi_dot(): expected at least 2 tensors but got {count}")
    for i, x in enumerate(arrays):
        if x.ndim != 2 and not (x.ndim == 1 and i in (0, count - 1)):
            kinds = "1D or 2D" if i in (0, count - 1) else "2D"
            raise ShapeError(f"multi_dot(): tensor {i} must be {kinds} but got {x.ndim}D")
    for i in range(count - 1):
        x, y = arrays[i], arrays[i + 1]
        if x.shape[-1] != y.shape[0]:
            raise ShapeError(
                f"multi_dot(): tensors {i} and {i + 1} with shapes {list(x.shape)} and "
                f"{list(y.shape)} cannot be multiplied"
            )


def _matrices_samples(s: Sampler) -> Call:
    lengths = [s.integer(1, 4) for _ in range(s.integer(3, 5))]
    return tuple(s.array(lengths[i : i + 2]) for i in range(len(lengths) - 1)), {}


@public(torch="chain_matmul", samples=_matrices_samples, method=False)
def chain_matmul(*matrices: Tensor) -> Any:
    """`multi_dot` of matrices given one by one, as torch once had it; one alone is returned."""
    for i, x in enumerate(matrices):
        if array_of(x).ndim != 2:
            raise ShapeError(f"chain_matmul: tensor {i} must be 2D but got {x.ndim}D")
    return matrices[0] if len(matrices) == 1 else multi_dot(matrices)
