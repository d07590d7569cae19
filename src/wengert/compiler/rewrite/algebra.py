"""Algebra that is exact: casts that lose nothing, choices that are settled, sums of one number."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.compiler.rewrite.constants import constant
from wengert.compiler.rewrite.writer import Writer, rule
from wengert.core.node import Node
from wengert.ops.arithmetic import add_op
from wengert.ops.axes import count
from wengert.ops.cast import to_op
from wengert.ops.expand import expand_op
from wengert.ops.reshape import view_op
from wengert.ops.selection import where_op


@rule(lambda op: op is to_op)
def shorter_casts(node: Node, writer: Writer) -> Any:
    """Cast from where no cast has lost anything yet."""
    source = node.inputs[0]
    if source.aval.dtype == node.aval.dtype:
        return source
    if source.op is not to_op:
        return None
    first = source.inputs[0]
    if not is_shorter(first.aval.dtype, source.aval.dtype, node.aval.dtype):
        return None
    return writer.apply(to_op, first, at=node, dtype=node.aval.dtype)


def is_shorter(first: np.dtype[Any], second: np.dtype[Any], third: np.dtype[Any]) -> bool:
    """Whether a cast by way of a second dtype is the one that leaves it out, to the bit."""
    if first.kind == "b":
        return True
    kinds = first.kind + second.kind
    if kinds in ("ff", "ii", "uu"):
        # From floats to integers, what does not fit becomes one thing or another.
        return second.itemsize >= first.itemsize and (third.kind == first.kind or third.kind == "b")
    if kinds in ("if", "uf"):
        keeps = 8 * first.itemsize <= np.finfo(second).nmant + 1
        return keeps and (third.kind == "f" or third == first)
    return False


@rule(lambda op: op is where_op)
def settled_choices(node: Node, writer: Writer) -> Any:
    """where(True, x, y) is x, in the shape and the dtype of both."""
    if node.inputs[0] is not None:
        return None
    assert node.operands is not None
    slot = 1 if node.operands[0] else 2
    chosen = node.inputs[slot]
    if chosen is None:
        number = np.asarray(node.operands[slot]).astype(node.aval.dtype)
        return constant(np.broadcast_to(number, node.aval.shape))
    if chosen.aval.dtype != node.aval.dtype:
        chosen = writer.apply(to_op, chosen, at=node, dtype=node.aval.dtype)
    if chosen.aval.shape != node.aval.shape:
        chosen = writer.apply(expand_op, chosen, at=node, shape=node.aval.shape)
    return chosen


@rule(lambda op: bool(op.reduces))
def without_kept_axes(node: Node, writer: Writer) -> Any:
    """Reduce to a value without the reduced axes, and see it with them: it may be there already."""
    attrs = node.attrs or {}
    if not attrs.get("keepdim"):
        return None
    made = writer.apply(node.op, *node.inputs, at=node, **{**attrs, "keepdim": False})
    return writer.apply(view_op, made, at=node, shape=node.aval.shape)


@rule(lambda op: op.reduces in ("add", "mul", "max", "min"))
def reductions_of_one(node: Node, writer: Writer) -> Any:
    """A reduction over axes of length 1 is its input in another shape; of a sum, plus 0.

    NumPy's sums begin with 0, so that of -0 alone is 0.
    """
    source = node.inputs[0]
    if source is None or source.aval.dtype.kind not in "biuf" or node.aval.dtype.kind not in "if":
        return None
    if count(source.aval.shape, (node.attrs or {}).get("dim")) != 1:
        return None
    if source.aval.dtype != node.aval.dtype:
        source = writer.apply(to_op, source, at=node, dtype=node.aval.dtype)
    if node.op.reduces == "add":
        source = writer.apply(add_op, source, 0, at=node)
    if source.aval.shape == node.aval.shape:
        return source
    return writer.apply(view_op, source, at=node, shape=node.aval.shape)
