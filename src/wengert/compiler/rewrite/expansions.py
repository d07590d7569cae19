"""Elementwise operations broadcast by themselves."""

from __future__ import annotations

from typing import Any

from wengert.compiler.rewrite.sweep import seen_operands, with_inputs
from wengert.compiler.rewrite.writer import Writer, rule
from wengert.core.node import Node
from wengert.core.op import Op
from wengert.graphs.verify import infer, promoted_operands
from wengert.ops.expand import expand_op


def broadcasts(op: Op) -> bool:
    """Whether an operation is elementwise, and broadcasts its inputs."""
    return getattr(op.aval, "broadcasts", False)


@rule(broadcasts)
def broadcasting(node: Node, writer: Writer) -> Any:
    """Let elementwise operations broadcast by themselves what was expanded for them."""
    made = node
    for i, source in enumerate(node.inputs):
        if source is None or source.plan.op is not expand_op:
            continue
        other = with_inputs(made, (*made.inputs[:i], source.inputs[0], *made.inputs[i + 1 :]))
        if does_the_same(other, made):
            made = other
    return None if made is node else writer.simplest(made)


def does_the_same(node: Node, as_other: Node) -> bool:
    """Whether an application has the other's shape, and computes in its dtype.

    A tensor without dimensions counts less in promotion than what it is expanded to.
    """
    seen, before = seen_operands(node), seen_operands(as_other)
    computed = (promoted_operands(node.op, avals) for avals in (seen, before))
    mine, other = ([getattr(o, "dtype", type(o)) for o in operands] for operands in computed)
    return mine == other and infer(node.op, seen, node.attrs or {}) == as_other.aval
