"""The writer of a new graph: it puts each application into its simplest form, and in once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

from wengert.compiler.rewrite.keys import UNKNOWN, frozen
from wengert.compiler.rewrite.sweep import rebuilt, with_inputs
from wengert.compiler.tracing import new_node
from wengert.core.node import Leaf, Node
from wengert.core.op import Op
from wengert.graphs.verify import Inference


class Rule(NamedTuple):
    """A way to simplify applications of some operations.

    concerns: whether an operation is one of them. replace: (node, writer) -> what stands for the
    node, or None where the rule has nothing to say. The inputs of the node are of the new graph
    already, and so must be what is returned: the writer makes it. For an operation with several
    outputs that is a tuple of nodes.
    """

    concerns: Callable[[Op], bool]
    replace: Callable[[Node, Writer], Any]


def rule(concerns: Callable[[Op], bool]) -> Callable[[Callable[[Node, Writer], Any]], Rule]:
    """Make a rule of the function that replaces."""
    return lambda replace: Rule(concerns, replace)


class Writer:
    """Makes the nodes of a new graph by some rules; the first that has an answer decides.

    What rules remember: constants, those that were made, by dtype, shape and contents; layouts, how
    values lie (layout.py); covered, how many elements parts have that are added up (joins.py).
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self._for: dict[Op, tuple[Callable[[Node, Writer], Any], ...]] = {}
        self._known: dict[Hashable, Node] = {}
        self._inferred = Inference()
        self.constants: dict[Hashable, Leaf] = {}
        self.layouts: dict[Node, Any] = {}
        self.covered: dict[Node, int] = {}

    def simplest(self, node: Node) -> Any:
        """What stands for a node whose inputs are of the new graph."""
        if type(node) is Leaf:
            return node
        op = node.plan.op
        replacements = self._for.get(op)
        if replacements is None:
            concerned = [rule.replace for rule in self._rules if rule.concerns(op)]
            replacements = self._for[op] = tuple(concerned)
        for replace in replacements:
            found = replace(node, self)
            if found is not None:
                return found
        return self.as_it_is(node)

    def apply(self, op: Op, *operands: Any, at: Node, **attrs: Any) -> Any:
        """What stands for an application to nodes and numbers, at a node's line."""
        seen = [o.aval if isinstance(o, Node) else o for o in operands]
        inputs = tuple([o if isinstance(o, Node) else None for o in operands])
        numbers = [None if isinstance(o, Node) else o for o in operands]
        aval = self._inferred(op, seen, attrs, at)
        return self.simplest(new_node(op, inputs, numbers, attrs, aval, at.site))

    def as_it_is(self, node: Node) -> Node:
        """The node, or the one there is that computes the same; no rule is asked."""
        inputs = node.inputs
        numbers = None if node.operands is None else frozen(node.operands)
        attrs = None if node.attrs is None else frozen(node.attrs)
        if numbers is UNKNOWN or attrs is UNKNOWN:
            return node
        known = self._known.setdefault((node.op, inputs, numbers, attrs), node)
        if known is node and node.op.commutes:
            # Of NaNs alone it may be another one; but which is not told apart.
            numbers = None if node.operands is None else frozen(node.operands[::-1])
            known = self._known.setdefault((node.op, inputs[::-1], numbers, attrs), node)
        return known


def written_by(rules: Sequence[Rule], outputs: Sequence[Node]) -> list[Node]:
    """The outputs of the graph that a writer makes of the one that leads to `outputs`."""
    writer = Writer(rules)
    return rebuilt(outputs, lambda node, inputs: writer.simplest(with_inputs(node, inputs)))
