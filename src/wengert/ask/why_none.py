"""Why there is no gradient: what cut the history, or why it was not kept."""

from __future__ import annotations

import re

import numpy as np

from wengert.ask.answer import Answer, line, lines, place
from wengert.ask.backwards import size
from wengert.ask.derivative import adjoints, reaches
from wengert.ask.quiet import quiet
from wengert.core.aval import Aval
from wengert.core.dtype import is_differentiable
from wengert.core.extra import Cut
from wengert.core.memory import Memory
from wengert.core.node import RETAINED, Leaf, Node
from wengert.core.tensor import Tensor
from wengert.errors import Cause, WengertError
from wengert.graphs.expression import equation
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex
from wengert.sites import EXITS, Site
from wengert.transform.withheld import told, withheld

_MOST_EXITS = 5


def _causes(cuts: tuple[Cut, ...]) -> tuple[Cause, ...]:
    return tuple(Cause(cut.by, cut.site) for cut in cuts)


def _blamed(head: str, causes: tuple[Cause, ...], tail: str = "") -> Answer:
    """An answer that lists its causes line by line."""
    return Answer(f"{head}\n{lines(causes)}{tail}", causes)


def not_required(
    cuts: tuple[Cut, ...], aval: Aval, called: str, used: Site | None = None
) -> Answer:
    """x has no history of its own. used: the line that first uses it."""
    if cuts:
        return _blamed(f"{called} has no gradient: its history was cut at", _causes(cuts))
    cause = Cause("does not require grad", used)
    if not is_differentiable(aval.dtype):
        return Answer(f"{called} has no gradient: it is {aval}, and only floating-point and "
                      "complex tensors have one.", [cause])  # fmt: skip
    first = f"\n  It is first used at {used}" if used is not None else ""
    return Answer(
        f"{called} has no gradient: it does not require grad, and nothing it was computed from "
        f"does.{first}\n  Create it with requires_grad=True, or call {called}.requires_grad_() "
        "before it is used.",
        [cause],
    )


def without_history(x: Tensor, called: str, loss: Tensor, target: str) -> Answer:
    """The loss itself has no history."""
    cuts = loss._extra.cuts if loss._extra is not None else ()
    if cuts:
        head = f"{called} gets no gradient: the history of {target} was cut at"
        return _blamed(head, _causes(cuts))
    if x._node is None:
        return not_required(x._extra.cuts if x._extra is not None else (), x._aval, called)
    return Answer(f"{called} gets no gradient: nothing that {target} was computed from requires "
                  "grad.")  # fmt: skip


def not_reached(vertex: Vertex, output: Vertex) -> Answer:
    """It is in the graph, and no derivative leads to it."""
    return Answer(
        f"{vertex.name}.grad is None: {output.name} does not depend on it.",
        [Cause("unused", output.site)],
    )


def cut_off(graph: Graph, x: Tensor, called: str, output: Vertex) -> Answer:
    """No path leads from x to the output: where does the output's history end?"""
    target = output.name
    head = f"{called}.grad is None: no path leads from {called} to {target}."
    if x._node is not None and x._node.retained_grad is not None:
        head = f"No path leads from {called} to {target}; {called}.grad is from something else."
    memory = x._memory if x._memory is not None else x._node._memory if x._node else None
    cuts = _shared(graph, memory)
    if cuts:
        return _blamed(
            f"{head}\n{target} was computed from {called} without its history, cut off at",
            _causes(cuts),
        )
    cuts = _distinct([cut for vertex in graph.constants for cut in vertex.cuts])
    naming = tuple(cut for cut in cuts if _names(cut.site, called))
    if len(cuts) == 1:
        where = f"{head}\nThe history of {target} was cut in one place only:"
        return _blamed(where, _causes(cuts), f"\n  {_about(called, bool(naming))}")
    if cuts:
        return _candidates(head, target, called, cuts, naming)
    return _by_numbers(head, graph, called, output)


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
) -> Answer:
    """Several cuts: those whose line names x first, and nothing is claimed."""
    others = tuple(cut for cut in cuts if cut not in naming)
    text = f"{head}\nThe history of {target} was cut in {len(cuts)} places; candidates:"
    if naming:
        text += f"\n{lines(_causes(naming))}    (uses {called})" if len(naming) == 1 else \
            f"\n{lines(_causes(naming))}\n  (these use {called})"  # fmt: skip
    text += f"\n{lines(_causes(others))}" if others else ""
    return Answer(text, _causes(naming + others))


def _by_numbers(head: str, graph: Graph, called: str, output: Vertex) -> Answer:
    """Nothing was cut: it was not used at all, or through numbers, of which lines are known.

    Lines of other files than the graph's may well mean something else by the name.
    """
    files = {vertex.site.filename for vertex in graph if vertex.site is not None}
    exits = [Cause(by, site) for site, by in EXITS.items()
             if site.filename in files and _names(site, called)]  # fmt: skip
    unused = Cause("unused", output.site)
    if not exits:
        return Answer(
            f"{head}\n  Its history was cut nowhere, so {called} was not used for {output.name}, "
            "or only through plain\n  numbers (.item(), float(), an index), which have no "
            f"history.\n  {output.name} was computed at {place(output.site)}",
            [unused],
        )
    shown = exits[-_MOST_EXITS:]
    uses = (
        f"a line that uses {called} takes" if len(shown) == 1 else f"lines that use {called} take"
    )
    listed = "\n".join(line(cause) for cause in shown)
    return Answer(
        f"{head}\n  Its history was cut nowhere. Candidates: {uses} plain numbers or arrays, which "
        f"have no history\n{listed}\n  or {called} was not used for {output.name} at all.",
        [*shown, unused],
    )


def _distinct(cuts: list[Cut]) -> tuple[Cut, ...]:
    return tuple({(cut.by, cut.site): cut for cut in cuts}.values())


def _names(site: Site | None, called: str) -> bool:
    """Whether a line mentions the variable."""
    word = rf"(?<![\w.]){re.escape(called)}(?!\w)"
    return site is not None and re.search(word, site.source) is not None


def not_stored(vertex: Vertex, output: Vertex) -> Answer:
    """There is a path, and nothing was stored."""
    node = vertex.key
    assert isinstance(node, Node)
    name = vertex.name
    by = withheld(vertex.graph.order(), node)
    if by is not None:
        return Answer(f"{name}.grad is None: {told(by)}.", [by])
    would = _would_be(vertex, output)
    if isinstance(node, Leaf) or node.grad is RETAINED:
        return _not_called(vertex, output, would)
    return Answer(
        f"{name}.grad is None: it is no leaf but the result of {equation(vertex)}\n"
        f"  {place(vertex.site)}\n"
        f"  Gradients are kept for leaves only. Call {name}.retain_grad() before backward(); or, "
        f"if {name} is to be\n  trained, make it a leaf: .detach().requires_grad_().{would}",
        [Cause("non-leaf", vertex.site)],
    )


def _not_called(vertex: Vertex, output: Vertex, would: str) -> Answer:
    """It would be kept: was there a backward pass? One that frees leaves its line on the nodes."""
    name = vertex.name
    freed = [node.freed for node in vertex.graph.order() if isinstance(node.freed, Site)]
    if freed:
        return Answer(
            f"{name}.grad is None: a backward pass went through here, and .grad was reset since.\n"
            f"  {freed[-1]}    [backward]\n"
            f"  Look for {name}.grad = None, or zero_grad(), behind that line.{would}",
            [Cause("reset after backward", freed[-1])],
        )
    return Answer(
        f"{name}.grad is None: backward() was not called on {output.name} since it was computed, "
        f"or .grad was reset.{would}",
        [Cause("backward was not called", None)],
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
