"""Decompositions: composite operations in terms of others, as their definitions write them.

What an operation's `written=` makes of tensors is traced on symbols, once for its avals and
attributes, and put in the place of each application. Sums may be taken in another order than
eagerly; all else is the same, NaN and infinities included. Half dtypes and complex numbers keep
the forward function, which computes in float32, and rounds once.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

from wengert.compiler.rewrite.keys import UNKNOWN, frozen
from wengert.compiler.rewrite.sweep import seen_operands, with_inputs
from wengert.compiler.rewrite.writer import Writer, rule, written_by
from wengert.core.aval import Aval
from wengert.core.dtype import default_float
from wengert.core.half import is_half
from wengert.core.node import Leaf, Node
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.graphs.graph import collect
from wengert.graphs.trace import symbol
from wengert.graphs.verify import promoted_operands
from wengert.modes import using
from wengert.ops.cast import to


@rule(lambda op: op.written is not None)
def written_out(node: Node, writer: Writer) -> Any:
    """A composite operation in terms of others."""
    seen = seen_operands(node)
    key = (node.op, frozen(seen), frozen(node.attrs), default_float())
    exact = node.op.exact or node.op.view
    if UNKNOWN in key or not (exact or all(map(_is_plain, (*seen, node.aval)))):
        return None
    template = _template(_Application(node.op, seen, node.attrs or {}, node.aval, key))
    if template is None:
        return None
    return template.on([source for source in node.inputs if source is not None], node, writer)


def _is_plain(operand: Any) -> bool:
    """Whether values are real, and have no half dtype."""
    if isinstance(operand, tuple):
        return all(map(_is_plain, operand))
    if isinstance(operand, Aval):
        return operand.dtype.kind in "fbiu" and not is_half(operand.dtype)
    return not isinstance(operand, complex)


class _Application:
    """What a template depends on; equal where the key is."""

    def __init__(
        self, op: Op, seen: Sequence[Any], attrs: dict[str, Any], aval: Any, key: Hashable
    ) -> None:
        self.op = op
        self.seen = seen
        self.attrs = attrs
        self.aval = aval
        self._key = key

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Application) and self._key == other._key


class _Template(NamedTuple):
    """Nodes that compute an operation's outputs from leaves, which stand for its inputs."""

    leaves: Sequence[Leaf]
    order: Sequence[Node]
    outputs: Sequence[Node]
    several: bool

    def on(self, inputs: Sequence[Node], node: Node, writer: Writer) -> Any:
        """What stands for the outputs for these inputs, all operations at the node's line."""
        env: dict[Any, Any] = dict(zip(self.leaves, inputs, strict=True))
        env[None] = None
        for one in self.order:
            if one not in env:
                made = with_inputs(one, tuple([env[s] for s in one.inputs]), at=node)
                env[one] = writer.simplest(made)
        found = tuple([env[one] for one in self.outputs])
        return found if self.several else found[0]


@functools.lru_cache(maxsize=1024)
def _template(application: _Application) -> _Template | None:
    """The operation as it is written; None where that is no other way than its own."""
    op, attrs = application.op, application.attrs
    tensors = [symbol(a) if isinstance(a, Aval) else a for a in application.seen]
    leaves: list[Any] = [t._node for t in tensors if isinstance(t, Tensor)]
    assert op.written is not None
    usual = getattr(op.forward, "__kwdefaults__", None) or {}
    with using(grad=True, inference=False, levels=(), saved=(), arrays=None, scope=""):
        operands = _promoted(op, tensors, application.seen)
        made = op.written(*operands, **{**usual, **attrs})
        if made is None:
            return None
        several = isinstance(made, tuple)
        avals = application.aval if several else (application.aval,)
        results = [_cast(t, a) for t, a in zip(made if several else (made,), avals, strict=True)]
    outputs = written_by((written_out,), [t._node for t in results])
    return _Template(leaves, collect(outputs), outputs, several)


def _promoted(op: Op, tensors: Sequence[Any], seen: Sequence[Any]) -> list[Any]:
    """The operands in the dtype that the operation computes in."""
    computed = promoted_operands(op, seen)
    pairs = zip(tensors, computed, strict=True)
    return [_cast(t, c) if isinstance(c, Aval) else c for t, c in pairs]


def _cast(tensor: Any, aval: Aval) -> Any:
    return tensor if tensor._data.dtype == aval.dtype else to(tensor, aval.dtype)
