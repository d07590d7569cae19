"""A step of a derivation element by element, in index notation."""

from __future__ import annotations

from wengert.ask.edges import Edge
from wengert.ask.formula import Derivative, Equation, Name, Number, Over, Product
from wengert.graphs.vertex import Vertex

_TERMS = (2,)
"""The inputs of a product that are added to it: the bias of a layer."""


def by_elements(edge: Edge, target: str, is_one: bool) -> Equation | None:
    """dL/dx[i,k] = sum_j dL/dz[i,j] * y[k,j], for operations that say how their indices run.

    target: what is differentiated. is_one: whether the consumer is that itself, of one element.
    None for operations whose formula on whole arrays says it all.
    """
    consumer = edge.consumer
    op = consumer.op
    if op is None or op.indices is None or len(consumer.application.inputs) < 2:
        return None
    notation = op.indices(*consumer.application.operand_avals())
    if not notation:
        return None
    inputs, _, output = notation.partition("->")
    letters = inputs.split(",")
    mine = letters[edge.slot]
    ct: object = Number("1") if is_one else Derivative(target, consumer.name, index=output)
    factors = [f for f in (ct, *_others(consumer, edge.slot, letters)) if f != Number("1")]
    product = factors[0] if len(factors) == 1 else Product(tuple(factors))
    present = output if edge.slot in _TERMS else output + letters[1 - edge.slot]
    summed = "".join(x for x in dict.fromkeys(present) if x not in mine)
    whole = Derivative(target, edge.producer.name, index=mine)
    return Equation((whole, Over(summed, product) if summed else product))


def _others(consumer: Vertex, slot: int, letters: list[str]) -> list[object]:
    """The other factor of a product, with its indices; what is added has none."""
    if slot in _TERMS:
        return []
    other = 1 - slot
    operand = consumer.operands[other]
    return [Name(operand.name, letters[other])] if isinstance(operand, Vertex) else []
