"""why: what became of a gradient, and which line is to blame."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from wengert.core.expression import summary
from wengert.core.graph import Graph, Vertex
from wengert.core.names import Names
from wengert.core.node import Cut, Leaf, Node
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError
from wengert.sites import user_frame


class Answer:
    """An answer in words; `cuts` are the marks of the cuts that it names."""

    def __init__(self, text: str, cuts: tuple[Cut, ...] = ()) -> None:
        self.text = text
        self.cuts = cuts

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


def why(x: Any, loss: Any) -> Answer:
    """Why the gradient of x with respect to `loss` is None, or what it is.

    Names the operation and the line that cut the history between them: detach, no_grad, an
    integer operation. What is proved by the graph is stated; several cuts that could each be the
    one are listed as candidates.
    """
    for name, value in (("x", x), ("loss", loss)):
        if not isinstance(value, Tensor):
            raise ArgumentError(f"why: {name} must be a tensor, not {type(value).__name__}")
    names = Names(frame=user_frame())
    called = _called(names, x, "x")
    if x._node is None:
        return _no_history(called, x)
    if loss._node is None:
        target = _called(names, loss, "loss")
        return _cut_off(f"{called} has no gradient: {target} has no history.", _cuts_of(loss))
    graph = Graph([loss._node], names)
    if x._node in graph:
        return _reached(graph, graph[x])
    cuts = tuple(c for v in graph.nodes if v.is_constant for c in _cuts_of(v.key))
    head = f"{called}.grad is None: no path leads from it to {graph.outputs[0].name}."
    return _cut_off(head, _likeliest(cuts, called))


def _called(names: Names, tensor: Tensor, otherwise: str) -> str:
    """What the caller calls a tensor."""
    for name, value in names.aliases.items():
        if value is tensor or (tensor._node is not None and value is tensor._node):
            return name
    site = tensor._node.site if tensor._node is not None else None
    stored = site.stored_names() if site is not None else ()
    return stored[0] if stored else otherwise


def _cuts_of(tensor: Any) -> tuple[Cut, ...]:
    extra = tensor._extra
    return extra.cuts if extra is not None else ()


def _no_history(called: str, x: Tensor) -> Answer:
    cuts = _cuts_of(x)
    if cuts:
        return _cut_off(f"{called} has no gradient: it has no history.", cuts)
    return Answer(
        f"{called} has no gradient: it does not require grad, and nothing it was computed from "
        f"does.\n  Create it with requires_grad=True, or call {called}.requires_grad_()."
    )


def _cut_off(head: str, cuts: tuple[Cut, ...]) -> Answer:
    if not cuts:
        return Answer(
            f"{head}\n  The graph holds no mark of a cut: it was not used, or was used through "
            "numbers (.item(), .tolist(), .numpy()), which leave no mark."
        )
    intro = "The path ends at" if len(cuts) == 1 else "The path ends at one of"
    lines = [f"  {cut.site if cut.site is not None else '(no line)'}    [{cut.by}]" for cut in cuts]
    return Answer("\n".join([f"{head} {intro}", *lines]), cuts)


def _likeliest(cuts: tuple[Cut, ...], called: str) -> tuple[Cut, ...]:
    """Each cut once; those whose line names the variable are the ones."""
    distinct = tuple({(c.by, c.site): c for c in cuts}.values())
    word = re.compile(rf"\b{re.escape(called)}\b")
    naming = tuple(c for c in distinct if c.site is not None and word.search(c.site.source))
    return naming or distinct


def _reached(graph: Graph, vertex: Vertex) -> Answer:
    """There is a path: say what the gradient is, or why it was not stored."""
    from wengert.ask.derivative import adjoints, reaches

    output = graph.outputs[0]
    if isinstance(vertex.key, Node) and not isinstance(vertex.key, Leaf) and vertex.grad is None:
        return Answer(
            f"{vertex.name}.grad is None: it is no leaf, and gradients are kept for leaves only."
            f"\n  Call {vertex.name}.retain_grad() before backward()."
        )
    seed = np.ones(output.shape, output.aval.dtype)[()]
    within = reaches(graph, vertex, output)
    gradient = adjoints(graph, output, seed, within)[vertex.index]
    if vertex.grad is None:
        return Answer(
            f"{vertex.name}.grad is None: backward() has not been called on {output.name} since "
            f"it was computed, or .grad was reset. It would be {summary(gradient)}."
        )
    return Answer(f"{vertex.name}.grad is there: d{output.name}/d{vertex.name} = "
                  f"{summary(gradient)}.")  # fmt: skip


