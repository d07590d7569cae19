"""Why a gradient is NaN or infinite: the first place where that arises, and how it spread."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from wengert.ask.answer import Answer, place
from wengert.ask.edges import Edge
from wengert.ask.flow import Flow, called
from wengert.ask.local import pull
from wengert.errors import Cause
from wengert.graphs.expression import equation, number
from wengert.graphs.vertex import Vertex

_SHOWN = 8


class Origin(NamedTuple):
    """Where something that is not finite arises, and an element there."""

    vertex: Vertex
    place: tuple[int, ...]


def nonfinite(flow: Flow, gradient: Any) -> Answer:
    """In the forward pass if the output is not finite itself; else in the backward pass."""
    if not _is_finite(flow.output.value._data):
        return _forwards(flow, _first_value(flow.output), gradient)
    edge = _first_edge(flow)
    if edge is None:
        text = (
            f"{flow.vertex.name}.grad is {_word(gradient)}, and with this run's values it is not."
        )
        return Answer(f"{text}\n  It was accumulated over several backward passes, or changed.")
    odd = next((v for v in edge.consumer.inputs if not _is_finite(v.value._data)), None)
    if odd is not None:
        return _forwards(flow, _first_value(odd), gradient)
    return _backwards(flow, edge, gradient)


def _is_finite(array: Any) -> bool:
    return bool(np.isfinite(array).all())


def _word(array: Any) -> str:
    return "NaN" if np.isnan(array).any() else "infinite"


def _first_value(vertex: Vertex) -> Origin:
    """Of what a vertex is computed from, the oldest that is not finite though its inputs are."""
    while True:
        odd = [v for v in vertex.inputs if not _is_finite(v.value._data)]
        if not odd:
            return Origin(vertex, _place(vertex.value._data))
        vertex = min(odd, key=lambda v: v.index)


def _place(array: Any) -> tuple[int, ...]:
    """Where an array is not finite first."""
    found = np.argwhere(~np.isfinite(np.atleast_1d(array)))
    return tuple(int(i) for i in found[0]) if np.ndim(array) else ()


def _first_edge(flow: Flow) -> Edge | None:
    """The first edge on the way back that makes something not finite of what is."""
    for vertex in flow.backwards():
        if _is_finite(flow.of(vertex)):
            for edge in flow.edges_into(vertex):
                if not _is_finite(flow.along(edge)):
                    return edge
    return None


def _forwards(flow: Flow, origin: Origin, gradient: Any) -> Answer:
    vertex, index = origin
    head = f"{flow.vertex.name}.grad is {_word(gradient)}: it starts in the forward pass, in"
    value = _at(vertex, index)
    if not vertex.is_operation:
        used = next((v.site for v in vertex.consumers if v.site is not None), None)
        what = "input" if vertex.is_input else "constant"
        text = f"{head} the {what} {vertex.name}{_brackets(index)} = {value}, first used in\n"
        cause = Cause(f"{what} {vertex.name} is {value}", vertex.site or used)
        return Answer(f"{text}  {place(used)}{_spread(flow, vertex)}", [cause])
    operands = ", ".join(f"{v.name} = {_operand(v, vertex, index)}" for v in vertex.producers)
    text = f"{head}\n  {place(vertex.site)}\n    {equation(vertex)} is {value}"
    text += f" at {list(index)}" if index else ""
    text += f", with {operands}" if operands else ""
    name = vertex.op.name if vertex.op is not None else vertex.name
    return Answer(text + _spread(flow, vertex), [Cause(f"{name} gives {value}", vertex.site)])


def _backwards(flow: Flow, edge: Edge, gradient: Any) -> Answer:
    """All values are finite: the derivative of one operation is not."""
    along = flow.along(edge)
    index = _place(along)
    consumer, producer = edge.consumer, edge.producer
    arriving = _arriving(flow, edge, index)
    name, value = called(edge), number(np.asarray(along)[index])
    local = pull(consumer, edge.slot, np.ones(consumer.shape, consumer.aval.dtype)[()])
    slope = number(np.asarray(local)[index])
    head = f"{flow.vertex.name}.grad is {_word(gradient)}: it starts in the backward pass, in"
    text = f"{head}\n  {place(consumer.site)}\n    {equation(consumer)}: the derivative in "
    text += f"{producer.name}{_brackets(index)} = {_at(producer, index)} is {slope}"
    if arriving == 0:
        text += f", and what arrives is 0: 0 * {slope} = {value}"
        masking = _masking(flow, consumer)
        text += _where(masking, edge) if masking is not None else ""
        cause = Cause(f"0 * inf in {name}", consumer.site)
    else:
        cause = Cause(f"the derivative of {name} is {slope}", consumer.site)
    return Answer(text + _spread(flow, producer), [cause])


def _arriving(flow: Flow, edge: Edge, index: tuple[int, ...]) -> Any:
    """What arrives at the consumer, at the same element; 0 only if it is 0 everywhere otherwise."""
    ct = np.asarray(flow.of(edge.consumer))
    if ct.shape == edge.producer.shape:
        return ct[index]
    return np.abs(ct).max(initial=0.0)


def _masking(flow: Flow, vertex: Vertex) -> Vertex | None:
    """The selection on the way to the output that did not take an element of a vertex."""
    todo, seen = [vertex], {vertex.index}
    while todo:
        for edge in flow.edges_out_of(todo.pop()):
            op = edge.consumer.op
            if op is not None and op.vanishing == "masked":
                return edge.consumer
            if edge.consumer.index not in seen:
                seen.add(edge.consumer.index)
                todo.append(edge.consumer)
    return None


def _where(masking: Vertex, edge: Edge) -> str:
    """The remedy for the branch that was not taken."""
    name = edge.producer.name
    return (
        f"\n    {equation(masking)} does not take this element, but its branch is differentiated "
        "all the same."
        f"\n  Keep {name} away from it before the operation: {called(edge)} of "
        f"where(condition, {name}, 1), and where() again after it."
    )


def _at(vertex: Vertex, index: tuple[int, ...]) -> str:
    return number(np.asarray(vertex.value._data)[index])


def _operand(operand: Vertex, vertex: Vertex, index: tuple[int, ...]) -> str:
    """The operand's element that belongs to an element of the result, where that can be told."""
    value = np.asarray(operand.value._data)
    if value.size == 1:
        return number(value.reshape(()))
    is_reduced = vertex.op is None or vertex.op.kind != "elementwise"
    try:
        spread = np.broadcast_to(value, vertex.shape)
    except ValueError:
        is_reduced = True
    return f"{value.shape}" if is_reduced else number(spread[index])


def _brackets(index: tuple[int, ...]) -> str:
    return str(list(index)) if index else ""


def _spread(flow: Flow, origin: Vertex) -> str:
    """The nodes through which it came back to where it was asked about."""
    names = [v.name for v in flow.backwards() if not _is_finite(flow.of(v))]
    if len(names) < 2:
        return ""
    shown = names if len(names) <= _SHOWN else [*names[:4], "...", *names[-3:]]
    return f"\n  It spread back through {' -> '.join(shown)}."
