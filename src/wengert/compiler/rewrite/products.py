"""Many small products as few large ones.

A batch of products with vectors, in which one factor is the same all along an axis, is a product
of matrices: the vectors along that axis are rows of one. And products of columns with rows that are
added up along an axis are one product that is added up along it. Only the order of sums changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from wengert.compiler.rewrite.writer import Writer, rule
from wengert.core.aval import Shape
from wengert.core.node import Node
from wengert.ops.matmul import matmul_op
from wengert.ops.reduce import sum_op
from wengert.ops.reshape import view_op
from wengert.ops.transpose import permute_op


class _Axes(NamedTuple):
    """The batch axes of a product: those of both factors, and those of one alone."""

    shared: tuple[int, ...]
    of_x: tuple[int, ...]
    of_y: tuple[int, ...]


def _batch_axes(product: Node) -> _Axes | None:
    """None where a factor is a vector, or nothing is multiplied."""
    x, y = product.inputs
    if x is None or y is None or min(x.aval.ndim, y.aval.ndim) < 2 or not product.aval.size:
        return None
    lengths = [_lengths(factor, product) for factor in (x, y)]
    axes = range(product.aval.ndim - 2)
    of_x = tuple([a for a in axes if lengths[1][a] == 1 < lengths[0][a]])
    of_y = tuple([a for a in axes if lengths[0][a] == 1 < lengths[1][a]])
    return _Axes(tuple([a for a in axes if a not in of_x + of_y]), of_x, of_y)


def _lengths(factor: Node, product: Node) -> Shape:
    """A factor's lengths along the batch axes of its product."""
    own: Shape = factor.aval.shape[:-2]
    missing: Shape = (1,) * (product.aval.ndim - 2 - len(own))
    return missing + own


@rule(lambda op: op is matmul_op)
def vectors_as_rows(node: Node, writer: Writer) -> Node | None:
    """Multiply all the vectors that meet one matrix at once."""
    axes = _batch_axes(node)
    if axes is None:
        return None
    x, y = node.inputs
    if axes.of_x and node.aval.shape[-2] == 1:
        return _rows_by(x, y, axes.shared, axes.of_x, axes.of_y, node, writer)
    if axes.of_y and node.aval.shape[-1] == 1:
        last = x.aval.ndim - 1
        turned = writer.apply(permute_op, x, at=node, dims=(*range(last - 1), last, last - 1))
        return _rows_by(y, turned, axes.shared, axes.of_y, axes.of_x, node, writer)
    return None


def _rows_by(
    vectors: Node, matrix: Node, shared: Shape, own: Shape, wide: Shape, node: Node,
    writer: Writer,
) -> Node:  # fmt: skip
    """vectors: (batch, one axis of length 1). matrix: (batch, k, m). own and wide: axes of one."""
    batch = node.aval.shape[:-2]
    last = len(batch)
    k, m = matrix.aval.shape[-2:]
    common, along, across = (_picked(batch, axes) for axes in (shared, own, wide))
    rows = _arranged(
        vectors, (*_lengths(vectors, node), k), (*shared, *own, *wide, last),
        (*common, prod(along), k), node, writer,
    )  # fmt: skip
    columns = _arranged(
        matrix, (*_lengths(matrix, node), k, m), (*shared, *own, last, *wide, last + 1),
        (*common, k, prod(across) * m), node, writer,
    )  # fmt: skip
    made = writer.apply(matmul_op, rows, columns, at=node)
    back = _inverse((*shared, *own, *wide, last))
    return _arranged(made, (*common, *along, *across, m), back, node.aval.shape, node, writer)


def _picked(lengths: Sequence[int], axes: Sequence[int]) -> Shape:
    return tuple([lengths[axis] for axis in axes])


def _inverse(order: Shape) -> Shape:
    return tuple([order.index(axis) for axis in range(len(order))])


def _arranged(
    x: Node, shape: Shape, dims: Shape, then: Shape, at: Node, writer: Writer
) -> Node:  # fmt: skip
    """x in a shape, its dimensions in another order, and that in another shape."""
    seen = writer.apply(view_op, x, at=at, shape=shape)
    turned = writer.apply(permute_op, seen, at=at, dims=dims)
    made: Node = writer.apply(view_op, turned, at=at, shape=then)
    return made


@rule(lambda op: op is sum_op)
def summed_within(node: Node, writer: Writer) -> Node | None:
    """Let a product add up itself what are sums of columns times rows."""
    product = node.inputs[0]
    if product is None or product.op is not matmul_op or product.aval.dtype != node.aval.dtype:
        return None
    axes = _batch_axes(product)
    if axes is None or product.inputs[0].aval.shape[-1] != 1:
        return None
    assert node.attrs is not None
    along = tuple(sorted([d % product.aval.ndim for d in node.attrs["dim"] or (-1,)]))
    if not along or not set(along) <= set(axes.shared):
        return None
    made = _added_up(product, axes, along, node, writer)
    found: Node = writer.apply(view_op, made, at=node, shape=node.aval.shape)
    return found


def _added_up(product: Node, axes: _Axes, along: Shape, node: Node, writer: Writer) -> Node:
    """The sum along batch axes of columns times rows, without these axes."""
    shared, of_x, of_y = axes
    rest = tuple([axis for axis in shared if axis not in along])
    batch = product.aval.shape[:-2]
    last = len(batch)
    common, down, across = (_picked(batch, some) for some in (rest, of_x, of_y))
    length = prod(_picked(batch, along))
    (x, y), (m, n) = product.inputs, product.aval.shape[-2:]
    columns = _arranged(
        x, (*_lengths(x, product), m), (*rest, *of_x, *of_y, last, *along),
        (*common, prod(down) * m, length), node, writer,
    )  # fmt: skip
    rows = _arranged(
        y, (*_lengths(y, product), n), (*rest, *along, *of_x, *of_y, last),
        (*common, length, prod(across) * n), node, writer,
    )  # fmt: skip
    made = writer.apply(matmul_op, columns, rows, at=node)
    kept = (*rest, *of_x, last, *of_y, last + 1)
    back = _inverse(tuple([sorted(kept).index(axis) for axis in kept]))
    then = _picked(batch, sorted({*rest, *of_x, *of_y}))
    return _arranged(made, (*common, *down, m, *across, n), back, (*then, m, n), node, writer)
