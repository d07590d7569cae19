"""Indices that are constants and evenly spaced: what they pick is a part, and needs no lookup.

So positions looked up in a table, table[arange(n)], are its first rows, and their slopes go there
without being added one by one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.compiler.rewrite.constants import is_constant
from wengert.compiler.rewrite.writer import Writer, rule
from wengert.core.aval import Shape
from wengert.core.node import Node
from wengert.ops.arithmetic import add_op
from wengert.ops.gather import index_select_op
from wengert.ops.index import index_op, index_put_op
from wengert.ops.index_slices import index_add_op
from wengert.ops.slicing import embed, take_part_of

Entry = int | slice


@rule(lambda op: op is index_select_op or op is index_op)
def lookups_as_parts(node: Node, writer: Writer) -> Any:
    """Take a part where an index says which."""
    x, *indices = node.inputs
    if len(indices) != 1 or not is_constant(indices[0]):
        return None
    dim = _dim(node)
    entry = _entry(indices[0].value, x.aval.shape, dim, wraps=node.op is index_op)
    if entry is None:
        return None
    if node.op is index_op and not np.ndim(indices[0].value) and isinstance(entry, slice):
        entry = entry.start
    return writer.apply(take_part_of, x, at=node, index=(*(slice(None),) * dim, entry))


@rule(lambda op: op is index_add_op or op is index_put_op)
def sums_as_parts(node: Node, writer: Writer) -> Any:
    """Embed what is added to zeros, each element in its own place; plus 0, as sums begin with 0."""
    attrs = node.attrs or {}
    place, value = (1, 2) if node.op is index_add_op else (2, 1)
    plain = attrs["alpha"] == 1 if node.op is index_add_op else attrs["accumulate"]
    if node.inputs[0] is not None or len(node.inputs) != 3 or not plain or attrs.get("basic"):
        return None
    index, source = node.inputs[place], node.inputs[value]
    if (node.operands is not None and node.operands[0] is not None) or not is_constant(index):
        return None
    shape, dim = attrs["shape"], _dim(node)
    entry = _entry(index.value, shape, dim, wraps=node.op is index_put_op)
    if entry is None or np.ndim(index.value) != 1 or not isinstance(source, Node):
        return None
    if source.aval.shape != (*shape[:dim], len(index.value), *shape[dim + 1 :]):
        return None
    summed = writer.apply(add_op, source, 0, at=node)
    if summed.aval.dtype != node.aval.dtype:
        return None
    part = (*(slice(None),) * dim, entry)
    return writer.apply(embed, summed, at=node, index=part, shape=shape)


def _dim(node: Node) -> int:
    """Along which dimension one index counts."""
    attrs = node.attrs or {}
    found: int = attrs["dim"] if "dim" in attrs else attrs["dims"][0]
    return found


def _entry(index: Any, shape: Shape, dim: int, *, wraps: bool) -> slice | None:
    """The slice that picks the same; None if there is none, or an index is out of range."""
    places = np.asarray(index).reshape(-1)
    if np.ndim(index) > 1 or places.dtype.kind != "i" or not places.size or not shape:
        return None
    if wraps:
        places = np.where(places < 0, places + shape[dim], places)
    if places.min() < 0 or places.max() >= shape[dim]:
        return None
    steps = np.diff(places)
    step = int(steps[0]) if steps.size else 1
    if step == 0 or (steps != step).any():
        return None
    end = int(places[-1]) + (1 if step > 0 else -1)
    return slice(int(places[0]), end if end >= 0 else None, step)
