"""why: what became of a gradient, and which line is to blame."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from wengert.ask.backwards import size
from wengert.ask.derivative import adjoints, reaches
from wengert.ask.quiet import quiet
from wengert.core.aval import Aval
from wengert.core.dtype import is_differentiable
from wengert.core.memory import Memory
from wengert.core.node import RETAINED, Cut, Leaf, Node
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, WengertError
from wengert.graphs.expression import equation
from wengert.graphs.graph import Graph
from wengert.graphs.names import Names
from wengert.graphs.vertex import Vertex
from wengert.sites import user_frame
from wengert.transform.withheld import withheld


class Answer:
    """An answer in words; `cuts` are the places that it names."""

    def __init__(self, text: str, cuts: tuple[Cut, ...] = ()) -> None:
        self.text = text
        self.cuts = cuts

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


def why(x: Any, loss: Any) -> Answer:
    """Why the gradient of x with respect to `loss` is None, or what it is.

    Names the operation and the line that cut the history between them: detach, no_grad, an
    integer operation. What the graph proves is stated; where it proves nothing, the places where
    the history of `loss` was cut are listed, and called candidates.

    Raises ArgumentError for what is no tensor.
    """
    for name, value in (("x", x), ("loss", loss)):
        if not isinstance(value, Tensor):
            raise ArgumentError(f"why: {name} must be a tensor, not {type(value).__name__}")
    names = Names(frame=user_frame())
    called, target = names.of(x) or "x", names.of(loss) or "the loss"
    if loss._node is None:
        return _without_history(x, called, loss, target)
    return why_in(Graph([loss._node], names), x, called)


def why_in(graph: Graph, x: Tensor, called: str) -> Answer:
    """The same for a tensor and the last output of a graph."""
    if x._node is None:
        return _not_required(_marks(x), x._aval, called)
    if x not in graph:
        return _cut_off(graph, x, called, graph.outputs[-1].name)
    return why_vertex(graph[x])


def why_vertex(vertex: Vertex) -> Answer:
    """The same for a node of a graph."""
    output = vertex.graph.outputs[-1]
    if vertex.is_constant:
        return _not_required(vertex.cuts, vertex.aval, vertex.name)
    if output != vertex and not reaches(vertex.graph, vertex, output):
        return Answer(f"{vertex.name}.grad is None: {output.name} does not depend on it.")
    return _reached(vertex, output)


def _marks(tensor: Tensor) -> tuple[Cut, ...]:
    return tensor._extra.cuts if tensor._extra is not None else ()


def _line(cut: Cut) -> str:
    return f"  {cut.site if cut.site is not None else '(no line)'}    [{cut.by}]"


def _lines(cuts: tuple[Cut, ...]) -> str:
    return "\n".join(_line(cut) for cut in cuts)


def _not_required(cuts: tuple[Cut, ...], aval: Aval, called: str) -> Answer:
    """x has no history of its own."""
    if cuts:
        return Answer(f"{called} has no gradient: its history was cut at\n{_lines(cuts)}", cuts)
    if not is_differentiable(aval.dtype):
        return Answer(f"{called} has no gradient: it is {aval}, and only floating-point and "
                      "complex tensors have one.")  # fmt: skip
    return Answer(
        f"{called} has no gradient: it does not require grad, and nothing it was computed from "
        f"does.\n  Create it with requires_grad=True, or call {called}.requires_grad_() before "
        "it is used."
    )


def _without_history(x: Tensor, called: str, loss: Tensor, target: str) -> Answer:
    cuts = _marks(loss)
    if cuts:
        head = f"{called} gets no gradient: the history of {target} was cut at"
        return Answer(f"{head}\n{_lines(cuts)}", cuts)
    if x._node is None:
        return _not_required(_marks(x), x._aval, called)
    return Answer(f"{called} gets no gradient: nothing that {target} was computed from requires "
                  "grad.")  # fmt: skip


def _cut_off(graph: Graph, x: Tensor, called: str, target: str) -> Answer:
    """No path leads from x to the output: where does the output's history end?"""
    head = f"{called}.grad is None: no path leads from {called} to {target}."
    if x._node is not None and x._node.retained_grad is not None:
        head = f"No path leads from {called} to {target}; {called}.grad is from something else."
    memory = x._memory if x._memory is not None else x._node._memory if x._node else None
    cuts = _shared(graph, memory)
    if cuts:
        return Answer(f"{head}\n{target} was computed from {called} without its history, cut off at"
                      f"\n{_lines(cuts)}", cuts)  # fmt: skip
    cuts = _distinct([cut for vertex in graph.constants for cut in vertex.cuts])
    naming = tuple(cut for cut in cuts if _names(cut, called))
    if not cuts:
        return Answer(
            f"{head}\n  Its history was cut nowhere, so {called} was not used for {target}, or "
            "only through plain\n  numbers (.item(), float(), an index), which have no history."
        )
    if len(cuts) == 1:
        return Answer(f"{head}\nThe history of {target} was cut in one place only:\n{_lines(cuts)}"
                      f"\n  {_about(called, bool(naming))}", cuts)  # fmt: skip
    return Answer(_candidates(head, target, called, cuts, naming), naming or cuts)


def _shared(graph: Graph, memory: Memory | None) -> tuple[Cut, ...]:
    """The cuts of constants that share the memory of x: they are x, without its history."""
    if memory is None:
        return ()
    aliases = (v for v in graph.constants if isinstance(v.key, Tensor) and v.key._memory is memory)
    return _distinct([cut for vertex in aliases for cut in vertex.cuts])


def _about(called: str, is_named: bool) -> str:
    if is_named:
        return f"That line uses {called}."
    return f"If {called} was used, it was before that."


def _candidates(
    head: str, target: str, called: str, cuts: tuple[Cut, ...], naming: tuple[Cut, ...]
) -> str:
    """Several cuts: those whose line names x first, and nothing is claimed."""
    others = tuple(cut for cut in cuts if cut not in naming)
    text = f"{head}\nThe history of {target} was cut in {len(cuts)} places; candidates:"
    if naming:
        text += f"\n{_lines(naming)}    (uses {called})" if len(naming) == 1 else \
            f"\n{_lines(naming)}\n  (these use {called})"  # fmt: skip
    return text + (f"\n{_lines(others)}" if others else "")


def _distinct(cuts: list[Cut]) -> tuple[Cut, ...]:
    return tuple({(cut.by, cut.site): cut for cut in cuts}.values())


def _names(cut: Cut, called: str) -> bool:
    """Whether the line of a cut mentions the variable."""
    word = rf"(?<![\w.]){re.escape(called)}(?!\w)"
    return cut.site is not None and re.search(word, cut.site.source) is not None


def _reached(vertex: Vertex, output: Vertex) -> Answer:
    """There is a path: what the gradient is, or why it was not stored."""
    node = vertex.key
    assert isinstance(node, Node)
    name = vertex.name
    if vertex.grad is not None:
        return Answer(f"{name}.grad is there: {size(vertex.grad._data)}.")
    by = withheld(vertex.graph.order(), node)
    if by:
        return Answer(f"{name}.grad is None: {by}.")
    would = _would_be(vertex, output)
    if isinstance(node, Leaf) or node.grad is RETAINED:
        return Answer(
            f"{name}.grad is None: backward() was not called on {output.name} since it was "
            f"computed, or .grad was reset.{would}"
        )
    made = f" at {vertex.site}" if vertex.site is not None else ""
    return Answer(
        f"{name}.grad is None: it is no leaf but the result of {equation(vertex)}{made}\n"
        f"  Gradients are kept for leaves only. Call {name}.retain_grad() before backward(); or, "
        f"if {name} is to be\n  trained, make it a leaf: .detach().requires_grad_().{would}"
    )


@quiet
def _would_be(vertex: Vertex, output: Vertex) -> str:
    """The gradient that it would have, if the values for it are still there."""
    graph = vertex.graph
    seed = np.ones(output.shape, output.aval.dtype)[()]
    on_path = reaches(graph, vertex, output) or {vertex.index}
    try:
        found = adjoints(graph, output, seed, on_path)[vertex.index]
    except WengertError:
        return ""
    return f"\n  It would be {size(found)}."
