"""Views in a row become one, and those that change nothing go.

Of all the operations that only give elements another shape, or dimensions another order, there are
two left, view and permute: the others are written as these in their definitions.
"""

from __future__ import annotations

from typing import Any

from wengert.compiler.rewrite.writer import Writer, rule
from wengert.core.aval import Shape
from wengert.core.node import Node
from wengert.ops.expand import expand_op
from wengert.ops.reshape import view_op
from wengert.ops.slicing import embed, take_part_of
from wengert.ops.transpose import permute_op


@rule(lambda op: op is view_op or op is expand_op)
def fewer_reshapes(node: Node, writer: Writer) -> Any:
    """Join view and expand, which have a shape, with what they are a view of."""
    source, shape = node.inputs[0], node.aval.shape
    if source.aval == node.aval:
        return source
    if node.op is expand_op and source.aval.size == node.aval.size:
        return writer.apply(view_op, source, at=node, shape=shape)
    if source.op is node.op:
        return writer.apply(node.op, source.inputs[0], at=node, shape=shape)
    if node.op is expand_op and source.op is view_op:
        inner = source.inputs[0]
        lengths = inner.aval.shape
        if len(lengths) <= len(shape) and _from_first(lengths) == _from_first(source.aval.shape):
            return writer.apply(expand_op, inner, at=node, shape=shape)
    assert node.attrs is not None
    if node.attrs["shape"] != shape:  # a length was left to be inferred
        return writer.apply(node.op, source, at=node, shape=shape)
    return None


def _from_first(shape: Shape) -> Shape:
    """A shape without its first lengths of 1, which broadcasting adds by itself."""
    first = next((d for d, length in enumerate(shape) if length != 1), len(shape))
    return shape[first:]


@rule(lambda op: op is take_part_of or op is embed)
def fewer_parts(node: Node, writer: Writer) -> Any:
    """A part that is the whole, but for dimensions of length 1, is the whole in another shape.

    And the whole that has no element besides those of a part is that part.
    """
    source = node.inputs[0]
    assert node.attrs is not None
    if source.aval.size != node.aval.size or any(map(_goes_back, node.attrs["index"])):
        return None
    return writer.apply(view_op, source, at=node, shape=node.aval.shape)


def _goes_back(entry: int | slice | None) -> bool:
    return isinstance(entry, slice) and entry.step is not None and entry.step < 0


@rule(lambda op: op is permute_op)
def fewer_permutations(node: Node, writer: Writer) -> Any:
    """Join permute with one that it is a view of, or leave it out."""
    source, shape = node.inputs[0], node.aval.shape
    assert node.attrs is not None
    ndim = len(shape)
    dims = tuple([d % ndim for d in node.attrs["dims"]])
    if dims == tuple(range(ndim)):
        return source
    moved = [d for d in dims if source.aval.shape[d] != 1]
    if moved == sorted(moved):  # only dimensions of length 1 have another place
        return writer.apply(view_op, source, at=node, shape=shape)
    if source.op is permute_op:
        assert source.attrs is not None
        inner = source.attrs["dims"]
        together = tuple([inner[d] % ndim for d in dims])
        return writer.apply(permute_op, source.inputs[0], at=node, dims=together)
    return None
