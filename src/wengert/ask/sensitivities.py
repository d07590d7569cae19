"""Forward sensitivities: how fast every node moves if one of them does."""

from __future__ import annotations

import numpy as np

from wengert.ask.backwards import size
from wengert.ask.derivative import tangents
from wengert.ask.quiet import quiet
from wengert.ask.table import Table
from wengert.errors import GraphError
from wengert.graphs.expression import shape_text
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex


@quiet
def sensitivities(graph: Graph, wrt: Vertex) -> Table:
    """A row for each node that moves, with how fast, if every element of wrt moves at speed 1."""
    if not wrt.is_differentiable:
        raise GraphError(
            f"{wrt.name} is {wrt.aval}: only floats and complex numbers move smoothly",
            "Write 2. instead of 2, or cast it before it is used.",
        )
    found = tangents(graph, wrt, np.ones(wrt.shape, wrt.aval.dtype)[()])
    rows = [
        (v.name, v.expression, shape_text(v.shape) or "scalar", size(found[v.index]))
        for v in graph
        if v.index in found
    ]
    return Table(("node", "expression", "shape", f"speed, if {wrt.name} moves at 1"), rows)
