"""Parts put together: sums of parts among zeros, and joined values in another order.

The transpose of taking a part puts its cotangent among zeros, and those of all parts are added up.
Where the parts make up the whole, it is they that are joined. Only differentiation makes such zeros
(see `embed`), so they are symbolic; eager code adds them, and makes 0 of -0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wengert.compiler.rewrite.writer import Writer, rule
from wengert.core.node import Node
from wengert.ops.arithmetic import add_op
from wengert.ops.join import cat_op, stack_op
from wengert.ops.slicing import embed
from wengert.ops.transpose import permute_op


@rule(lambda op: op is add_op)
def joined_parts(node: Node, writer: Writer) -> Any:
    """Join parts that make up a whole, instead of adding them among zeros."""
    x, y = (0 if source is None else _covered(source, node, writer) for source in node.inputs)
    if not x or not y:
        return None
    covered = x + y
    if covered < node.aval.size:
        writer.covered[node] = covered
    if covered != node.aval.size:
        return None
    return _joined(_terms(node), node, writer)


def _covered(source: Node, whole: Node, writer: Writer) -> int:
    """How many elements the parts have that a value is the sum of; 0 where it is none of parts."""
    if source.aval != whole.aval:
        return 0
    if source.op is embed:
        size: int = source.inputs[0].aval.size
        return size
    return writer.covered.get(source, 0)


def _joined(terms: Sequence[Node], node: Node, writer: Writer) -> Any:
    """The whole that parts make up; None if they do not, though they have as many elements."""
    indices = [(term.attrs or {})["index"] for term in terms]
    axis = _axis(indices)
    if axis is None:
        return None
    places = {_start(index[axis]): at for at, index in enumerate(indices)}
    if len(places) != len(terms):
        return None
    ordered = [places[start] for start in sorted(places)]
    length = node.aval.shape[axis]
    parts = [terms[at].inputs[0] for at in ordered]
    entries = [indices[at][axis] for at in ordered]
    if all(type(entry) is int for entry in entries) and sorted(places) == list(range(length)):
        return writer.apply(stack_op, *parts, at=node, dim=axis)
    bounds = _bounds(entries, length)
    if bounds is None:
        return None
    return writer.apply(cat_op, *parts, at=node, dim=axis, bounds=bounds)


def _terms(node: Node) -> list[Node]:
    """The parts that a sum adds up, of which it is known that there is nothing else."""
    found: list[Node] = []
    todo = [node]
    while todo:
        one = todo.pop()
        if one.op is embed:
            found.append(one)
        else:
            todo.extend(one.inputs)
    return found


def _axis(indices: Sequence[Any]) -> int | None:
    """The one axis that all indices cut; None if there is none."""
    axes = set()
    for index in indices:
        cut = [axis for axis, entry in enumerate(index) if entry != slice(None)]
        if len(cut) != 1 or index[cut[0]] is None:
            return None
        axes.add(cut[0])
    return axes.pop() if len(axes) == 1 else None


def _start(entry: int | slice) -> int:
    return entry if isinstance(entry, int) else entry.start or 0


def _bounds(entries: Sequence[Any], length: int) -> tuple[int, ...] | None:
    """Where slices begin, and the end, if each begins where the one before it ends."""
    bounds = [0]
    for entry in entries:
        if not isinstance(entry, slice):
            return None
        start, stop, step = entry.indices(length)
        if step != 1 or start != bounds[-1] or stop <= start:
            return None
        bounds.append(stop)
    return tuple(bounds) if bounds[-1] == length else None


def permuted_join(permuted: Node, writer: Writer) -> Any:
    """Join permuted parts, instead of permuting what is joined; None if it is not."""
    join = permuted.inputs[0] if permuted.op is permute_op else None
    if join is None or join.op not in (cat_op, stack_op):
        return None
    assert permuted.attrs is not None
    assert join.attrs is not None
    dims, axis = permuted.attrs["dims"], join.attrs["dim"]
    inner = dims
    if join.op is stack_op:
        inner = tuple([d - (d > axis) for d in dims if d != axis])
    parts = [writer.apply(permute_op, part, at=permuted, dims=inner) for part in join.inputs]
    return writer.apply(join.op, *parts, at=permuted, **{**join.attrs, "dim": dims.index(axis)})
