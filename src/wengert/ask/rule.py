"""A local derivative rule as a formula: the rule itself, run on symbols.

Rules are expressions in NumPy and in operations, so they can be traced like any function. What the
trace holds is what will be computed: for h = tanh(z) it is `dL/dh * (1 - h * h)`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.ask.formula import ATOM, Applied, Name, Number, as_text
from wengert.core.aval import Aval
from wengert.core.node import Node
from wengert.core.op import Op
from wengert.core.registry import OPS
from wengert.core.tensor import Tensor
from wengert.errors import WengertError
from wengert.graphs.expression import attribute_text, number, public_name
from wengert.graphs.graph import collect
from wengert.graphs.trace import symbol
from wengert.graphs.vertex import Vertex
from wengert.modes import silently

_MOST_CHARACTERS = 72


def pullback_formula(vertex: Vertex, slot: int, cotangent: object) -> object | None:
    """What the rule for input `slot` makes of the vertex's own derivative, as a tree.

    None where the rule is too long to be read, or cannot be traced.
    """
    try:
        tree = _Symbols(vertex, cotangent).pulled(slot)
    except (WengertError, TypeError, ValueError, AttributeError, IndexError):
        return None
    return tree if len(as_text(tree)) <= _MOST_CHARACTERS else None


class _Symbols:
    """An application as its rule sees it, with symbols for values."""

    def __init__(self, vertex: Vertex, cotangent: object) -> None:
        self.node = vertex.application
        self.attrs = self.node.attrs
        self.operand_aval = self.node.operand_aval
        self.operand_avals = self.node.operand_avals
        self._vertex = vertex
        self._trees: dict[Any, object] = {}
        self._ct = self._symbol(vertex.aval, cotangent)
        self.operands = tuple(self._operand(i, o) for i, o in enumerate(vertex.operands))

    def _symbol(self, aval: Aval, tree: object) -> Any:
        made = symbol(aval)
        self._trees[made._node] = tree
        return made

    def _operand(self, i: int, operand: Any) -> Any:
        if isinstance(operand, Vertex):
            return self._symbol(self.node.operand_aval(i), Name(operand.name))
        return operand

    @property
    def value(self) -> Any:
        index = self._vertex.output_index
        if index is not None:
            raise TypeError("an operation with several outputs has no one name")
        return self._symbol(self._vertex.aval, Name(self._vertex.name))

    def pulled(self, slot: int) -> object:
        """The cotangent of input `slot`, summed where it was broadcast."""
        op, aval = self.node.op, self.node.operand_aval(slot)
        is_complex = any(
            a.dtype.kind == "c" for a in (*self.node.operand_avals(), self._vertex.aval)
        )
        rule = op.pull(slot, is_complex)
        made = self._ct if rule is None else rule(self, self._ct)
        if not isinstance(made, Tensor):
            return Number(number(made))
        tree = self._tree_of(made)
        dims = _summed_dims(made._aval.shape, aval.shape)
        if dims:
            which = ", ".join(map(str, dims))
            latex = r"\sum_{{\mathrm{{dim}}\," + which + r"}} {}"
            tree = Applied(f"sum({{}}, dim={which})", latex, ATOM, (tree,))
        return tree

    def _tree_of(self, made: Tensor) -> object:
        if made._node is None:
            return Number(number(made._data)) if made._data.size == 1 else Name("?")
        for node in collect([made._node]):
            if node not in self._trees:
                self._trees[node] = self._applied(node)
        return self._trees[made._node]

    def _applied(self, node: Node) -> object:
        args = [self._argument(node, i) for i in range(len(node.inputs))]
        rearranged = _rearranged(node, args[0])
        if rearranged is not None:
            return rearranged
        one = Number("1")
        if node.op is OPS["mul"] and one in args:
            return args[1] if args[0] == one else args[0]
        if node.op is OPS["pow"] and args[1] == one:
            return args[0]
        return applied(node.op, args, node.attrs or {})

    def _argument(self, node: Node, i: int) -> object:
        source = node.inputs[i]
        if isinstance(source, Node):
            return self._trees[source]
        value = node.operands[i] if node.operands is not None else None
        if getattr(value, "size", 1) != 1:
            raise TypeError("an array without a name")
        return Number(number(value))


_MOST_TRIED = 10_000
_TRANSPOSED = ("{}.T", r"{}^\top")


def _rearranged(node: Node, operand: object) -> object | None:
    """The operand as it is if an operation only broadcasts it, or x.T; None for all else.

    A formula says nothing of broadcasting, since + and * do it; the shape stands beside it. What
    an operation does is found by trying it out.
    """
    if node.op.kind != "linear" or node.aval.size > _MOST_TRIED:
        return None
    shape = node.operand_aval(0).shape
    numbers = np.arange(1.0, node.operand_aval(0).size + 1).reshape(shape)
    rest = (node.operands or (None,) * len(node.inputs))[1:]
    made = np.asarray(silently(node.op.forward, numbers, *rest, **(node.attrs or {})))
    if len(shape) == made.ndim == 2 and np.array_equal(made, numbers.T):
        return operand if made.size == 1 else Applied(*_TRANSPOSED, ATOM, (operand,))
    same = np.array_equal(np.squeeze(made), np.squeeze(numbers))
    return operand if same or _is_repeated(made, numbers) else None


def _is_repeated(made: Any, numbers: Any) -> bool:
    try:
        return np.array_equal(made, np.broadcast_to(numbers, made.shape))
    except ValueError:
        return False


def _summed_dims(have: tuple[int, ...], want: tuple[int, ...]) -> list[int]:
    """The dimensions that conform sums over: those that were broadcast."""
    lead = len(have) - len(want)
    stretched = [lead + i for i, n in enumerate(want) if n == 1 and have[lead + i] != 1]
    return [*range(lead), *stretched]


def applied(op: Op, args: list[object], attrs: dict[str, Any]) -> object:
    """An operation on trees as a tree."""
    if isinstance(op.symbol, str) and op.symbol:
        text = op.symbol
    elif callable(op.symbol):
        names = [as_text(a) for a in args]
        return Name(op.symbol(names, attrs))
    else:
        shown = [
            f"{k}={attribute_text(v)}" for k, v in attrs.items() if v is not None and v is not False
        ]
        text = f"{public_name(op)}({', '.join(['{}'] * len(args) + [_literal(s) for s in shown])})"
    latex = op.latex or _latex_call(public_name(op), len(args))
    return Applied(text, latex, op.precedence, tuple(args))


def _latex_call(name: str, count: int) -> str:
    escaped = name.replace("_", r"\_")
    places = r",\,".join(["{}"] * count)
    return rf"\operatorname{{{{{escaped}}}}}\left({places}\right)"


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
