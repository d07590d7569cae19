"""Elementwise operations and reductions on both sides of a reshape, in one space.

A nest runs over one space, so that what is computed in (8, 128, 1000) and used in (1024, 1000)
would be two of them. What is needed in another shape only is computed in that; and what is only
reduced in another shape is reduced in its own. Axes of length 1 make no other space.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wengert.compiler.rewrite.blocks import axes_before, only_adds_axes, shape_after
from wengert.compiler.rewrite.expansions import broadcasts
from wengert.compiler.rewrite.layout import layout
from wengert.compiler.rewrite.sweep import rebuilt, users_of, with_inputs
from wengert.compiler.rewrite.writer import Rule, Writer
from wengert.core.aval import Aval, Shape
from wengert.core.node import Applied, Node
from wengert.graphs.graph import collect
from wengert.ops.cast import to_op
from wengert.ops.reshape import view_op
from wengert.ops.strides import can_view

_ADDED = ("add", "mul", "max", "min", "any", "all")


def in_one_space(outputs: Sequence[Node], rules: Sequence[Rule]) -> list[Node]:
    """The outputs, with as few spaces as that takes."""
    order = collect(outputs)
    if not any(map(_is_reshape, order)):
        return list(outputs)
    spaces = _Spaces(outputs, order, Writer(rules))
    return rebuilt(outputs, spaces.visit)


def _is_reshape(node: Node) -> bool:
    """Whether a node is a view that joins or splits axes."""
    if node.op is not view_op or node.aval.size < 2:
        return False
    return not only_adds_axes(node.inputs[0].aval.shape, node.aval.shape)


def is_elementwise(node: Node) -> bool:
    """Whether each element of the result depends on one of each operand."""
    is_one = broadcasts(node.op) or node.op is to_op
    return is_one and isinstance(node.aval, Aval) and node.aval.size > 1


def _axes_in(shape: Shape, view: Node, reduction: Node) -> tuple[int, ...] | None:
    """The axes of a viewed shape that a reduction of the view runs over, if there are such."""
    dims = (reduction.attrs or {}).get("dim")
    if reduction.op.reduces not in _ADDED or not isinstance(dims, tuple):
        return None
    return axes_before([d % view.aval.ndim for d in dims], shape, view.aval.shape)


def _reduces_a_part(user: Node, view: Node) -> bool:
    """Whether a user is a reduction of a view that cannot be one of what is viewed."""
    return bool(user.op.reduces) and not _axes_in(view.inputs[0].aval.shape, view, user)


class _Spaces:
    """wanted: the shape that an elementwise operation is computed in, where that is not its own."""

    def __init__(self, outputs: Sequence[Node], order: Sequence[Node], writer: Writer) -> None:
        self._writer = writer
        self._outputs = set(outputs)
        self._users = users_of(order)
        self.wanted: dict[Node, Shape] = {}
        for node in reversed(order):
            self._choose(node)
        # Forth and back, so that one look at a long chain is enough for all of it.
        while self._parted(order) or self._parted(order[::-1]):
            pass

    def _choose(self, node: Node) -> None:
        """Whether an operation is computed in the shape in which all its users want it."""
        if not is_elementwise(node) or node in self._outputs:
            return
        shapes = {self._shape_for(node, user) for user in self._users[node]}
        shape = shapes.pop() if len(shapes) == 1 else None
        if shape is None or shape == node.aval.shape:
            return
        sources = [source for source in node.inputs if source is not None]
        if all(self._can_be_seen(source, node.aval.shape, shape) for source in sources):
            self.wanted[node] = shape

    def _parted(self, order: Sequence[Node]) -> bool:
        """Leave in its own shape what would be parted from an operand; whether anything was."""
        before = len(self.wanted)
        for node in order:
            if node in self.wanted and self._is_parted(node, self.wanted[node]):
                del self.wanted[node]
        return len(self.wanted) < before

    def _is_parted(self, node: Node, shape: Shape) -> bool:
        if any(self._shape_for(node, user) != shape for user in self._users[node]):
            return True
        sources = [s for s in node.inputs if s is not None and s.aval.shape == node.aval.shape]
        return any(is_elementwise(source) and source not in self.wanted for source in sources)

    def _shape_for(self, node: Node, user: Node) -> Shape | None:
        """The shape in which a user wants a value; None if it wants it as it is."""
        if _is_reshape(user):
            computes = any(is_elementwise(u) or _reduces_a_part(u, user) for u in self._users[user])
            return user.aval.shape if computes else None
        same = user in self.wanted and user.aval.shape == node.aval.shape
        return self.wanted[user] if same else None

    def _can_be_seen(self, source: Node, before: Shape, after: Shape) -> bool:
        if source.aval.size == 1:
            return True
        shape = shape_after(source.aval.shape, before, after)
        return shape is not None and can_view(layout(source, self._writer), shape)

    def visit(self, node: Node, inputs: tuple[Any, ...]) -> Any:
        """What stands for a node on its new inputs."""
        if node in self.wanted:
            return self._moved(node, inputs)
        source = node.inputs[0] if node.inputs else None
        if node.op is view_op and source in self.wanted:
            return inputs[0]  # which is in that shape
        if node.op.reduces and isinstance(source, Node) and self._is_only_reduced(source):
            reduced = self._reduced(node, source, inputs[0])
            if reduced is not None:
                return reduced
        return self._writer.simplest(with_inputs(node, inputs))

    def _moved(self, node: Node, inputs: tuple[Any, ...]) -> Any:
        """An elementwise operation in the shape that is wanted."""
        before, after = node.aval.shape, self.wanted[node]
        made = [
            new if old is None or old in self.wanted else self._seen(new, before, after, node)
            for old, new in zip(node.inputs, inputs, strict=True)
        ]
        aval = Aval(after, node.aval.dtype)
        moved = Applied(
            node.plan, tuple(made), node.operands, node.attrs, None, aval, node.site
        )  # fmt: skip
        return self._writer.simplest(moved)

    def _seen(self, source: Node, before: Shape, after: Shape, at: Node) -> Any:
        """An operand as it broadcasts to the other shape."""
        if not source.aval.shape:
            return source  # as one without dimensions it counts less in promotion
        shape = shape_after(source.aval.shape, before, after)
        return self._writer.apply(view_op, source, at=at, shape=shape)

    def _is_only_reduced(self, view: Node) -> bool:
        """Whether a view of a computed value is for reductions, and for what reads memory."""
        if not _is_reshape(view) or not is_elementwise(view.inputs[0]):
            return False
        return not any(is_elementwise(user) for user in self._users[view])

    def _reduced(self, node: Node, view: Node, new: Any) -> Any:
        """A reduction of a view as one of what is viewed; None if axes do not fit."""
        inner = new.inputs[0] if new.op is view_op else None
        axes = None if inner is None else _axes_in(inner.aval.shape, view, node)
        if not axes:
            return None
        attrs = {**(node.attrs or {}), "dim": axes, "keepdim": False}
        made = self._writer.apply(node.op, inner, at=node, **attrs)
        return self._writer.apply(view_op, made, at=node, shape=node.aval.shape)
