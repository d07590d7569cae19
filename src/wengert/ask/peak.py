"""How much memory a backward pass will take at its peak, predicted from shapes alone."""

from __future__ import annotations

from typing import Any

from wengert.core.aval import Aval
from wengert.core.node import Node
from wengert.graphs.graph import Graph
from wengert.transform.reverse import upstream


def predicted_peak(graph: Graph) -> int:
    """Bytes that backward() from the last output allocates at most, at any one time.

    Counted are the cotangents that are alive together, those of leaves until the end; what a rule
    makes; and one intermediate of an elementwise rule. What the graph keeps anyway is not in it.
    """
    output = graph.outputs[-1].key
    if not isinstance(output, Node):
        return 0
    waiting: dict[Node, int] = {output: _nbytes(output.aval)}
    gradients = peak = 0
    for node in upstream([output]):
        ct = waiting.pop(node, 0)
        if not node.inputs:
            gradients += ct
            continue
        alive = gradients + sum(waiting.values()) + ct
        for i, pull in node.plan.steps:
            source: Any = node.inputs[i]
            made = 0 if pull is None else _nbytes(source.aval)
            before = waiting.get(source, 0)
            intermediate = made if node.op.kind == "elementwise" else 0
            summed = _nbytes(source.aval) if before else 0
            peak = max(peak, alive + made + max(intermediate, summed))
            waiting[source] = before or made or _nbytes(source.aval)
            alive += waiting[source] - before
        peak = max(peak, alive)
    return max(peak, gradients)


def _nbytes(aval: Aval | tuple[Aval, ...]) -> int:
    avals = aval if isinstance(aval, tuple) else (aval,)
    return sum(a.size * a.dtype.itemsize for a in avals)
