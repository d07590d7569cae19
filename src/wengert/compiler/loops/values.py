"""The values of a nest as code: operations lowered, operands found, numbers written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from wengert.compiler.code import Code, Value
from wengert.compiler.loops.reductions import REDUCTIONS
from wengert.compiler.lowering import computed_in
from wengert.compiler.types import TYPES
from wengert.core.node import Node

Operands = tuple[Node | None, ...]


def type_of(node: Node) -> str:
    """What the elements of a node are in registers."""
    return TYPES[node.aval.dtype]


def types_of(nodes: Iterable[Node]) -> set[str]:
    """The types that meet in loops over these."""
    return {type_of(node) for node in nodes}


def lowered(code: Code, node: Node, sources: Operands, find: Callable[[Node], Value]) -> Value:
    """An elementwise operation on the values that `find` has; a reduction of a single one."""
    if node.op.reduces:
        assert sources[0] is not None
        return _reduced_alone(code, node, find(sources[0]))
    numbers = node.operands or (None,) * len(sources)
    operands: list[Value | None] = []
    for source, number, type in zip(sources, numbers, _computed_in(node, sources), strict=True):
        if source is not None:
            operands.append(code.converted(find(source), type))
        else:
            operands.append(None if number is None else code.constant(number, type))
    assert node.op.lower is not None
    result: Value = node.op.lower(code, *operands, **(node.attrs or {}))
    return code.converted(result, type_of(node))


def _computed_in(node: Node, sources: Operands) -> list[str]:
    """The types of the operands. Most have one dtype; asking for that first saves a quarter."""
    dtype = node.aval.dtype
    if dtype.kind == "f" and all(s is not None and s.aval.dtype == dtype for s in sources):
        return [TYPES[dtype]] * len(sources)
    return ["" if computed is None else TYPES[computed] for computed in computed_in(node)]


def accumulated_in(node: Node, source: Node) -> str:
    """The type that a reduction of a value is accumulated in."""
    if node.op.reduces in ("any", "all"):
        return "i1"
    return type_of(source if REDUCTIONS[node.op.reduces].indexed else node)


def _reduced_alone(code: Code, node: Node, x: Value) -> Value:
    if REDUCTIONS[node.op.reduces].indexed:
        return code.constant(0, type_of(node))
    return code.converted(taken(code, node, x, type_of(node)), type_of(node))


def taken(code: Code, node: Node, x: Value, type: str) -> Value:
    """A value as a reduction accumulates it."""
    return code.truth(x) if node.op.reduces in ("any", "all") else code.converted(x, type)


class Values:
    """The values at one point of a row, each made when it is first asked for.

    known: what is there already. load: reads a value that is not.
    """

    def __init__(
        self, code: Code, known: Mapping[Node, Value], load: Callable[[Node], Value]
    ) -> None:
        self._code = code
        self._found = dict(known)
        self._load = load

    def __getitem__(self, node: Node) -> Value:
        value = self._found.get(node)
        if value is None:
            value = self._found[node] = self._load(node)
        return value

    def compute(self, node: Node, sources: Operands) -> None:
        """Lower an operation whose operands are loads or were computed before."""
        self._found[node] = lowered(self._code, node, sources, self.__getitem__)
