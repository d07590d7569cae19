"""Products whose transpose is wanted are computed the other way round: (x y)^T = y^T x^T.

The factors are read transposed, which costs a product nothing; its result would have to be copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wengert.compiler.rewrite.sweep import rebuilt, users_of, with_inputs
from wengert.compiler.rewrite.writer import Rule, Writer
from wengert.core.node import Node
from wengert.graphs.graph import collect
from wengert.ops.matmul import matmul_op
from wengert.ops.transpose import permute_op


def turned_products(outputs: Sequence[Node], rules: Sequence[Rule]) -> list[Node]:
    """The outputs, with products turned that nobody wants as they are."""
    order = collect(outputs)
    if not any(map(_turns, order)):
        return list(outputs)
    users, kept, writer = users_of(order), set(outputs), Writer(rules)

    def visit(node: Node, inputs: tuple[Any, ...]) -> Any:
        if _turns(node) and users[node.inputs[0]] == [node] and node.inputs[0] not in kept:
            product = inputs[0]
            if product.op is matmul_op:
                return _turned(node, product, writer)
        return writer.simplest(with_inputs(node, inputs))

    return rebuilt(outputs, visit)


def _turns(node: Node) -> bool:
    """Whether a node has the matrices of a product transposed."""
    if node.op is not permute_op or node.inputs[0].op is not matmul_op:
        return False
    if min(factor.aval.ndim for factor in node.inputs[0].inputs) < 2:
        return False
    dims = _dims(node)
    return dims.index(len(dims) - 1) < dims.index(len(dims) - 2)


def _dims(permuted: Node) -> list[int]:
    assert permuted.attrs is not None
    return [d % permuted.aval.ndim for d in permuted.attrs["dims"]]


def _turned(permuted: Node, product: Node, writer: Writer) -> Any:
    x, y = (_transposed(factor, permuted, writer) for factor in product.inputs)
    made = writer.apply(matmul_op, y, x, at=product)
    last = permuted.aval.ndim - 1
    swapped = {last: last - 1, last - 1: last}
    dims = tuple([swapped.get(d, d) for d in _dims(permuted)])
    return writer.apply(permute_op, made, at=permuted, dims=dims)


def _transposed(factor: Node, at: Node, writer: Writer) -> Node:
    last = factor.aval.ndim - 1
    made: Node = writer.apply(permute_op, factor, at=at, dims=(*range(last - 1), last, last - 1))
    return made
