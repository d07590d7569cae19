"""The size of the gradient of every node at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.ask.derivative import adjoints
from wengert.ask.experiment import in_double
from wengert.ask.quiet import quiet
from wengert.errors import GraphError, WengertError
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex


@quiet
def gradient_norms(graph: Graph, of: Vertex) -> dict[int, float]:
    """|d of / d node| for each node that `of` depends on, by index, in one reverse accumulation.

    Of an output with several elements the derivative of their sum. Where values are gone, the
    norms of the gradients that backward() left; other nodes are missing then.

    Raises GraphError for an output without derivatives.
    """
    if not of.is_differentiable:
        raise GraphError(
            f"{of.name} is {of.aval}: only floats and complex numbers have derivatives",
            "draw(gradients=name) takes the output that is meant.",
        )
    try:
        found = adjoints(graph, of, np.ones(of.shape, of.aval.dtype)[()])
    except WengertError:
        stored = ((v.index, v.grad) for v in graph)
        return {index: _norm(grad._data) for index, grad in stored if grad is not None}
    return {index: _norm(adjoint) for index, adjoint in found.items()}


def _norm(array: Any) -> float:
    """The square root of the sum of squares, in double precision; scaled, so that it can neither
    overflow nor vanish.
    """
    sizes = np.abs(in_double(array)).ravel()
    largest = float(sizes.max(initial=0.0))
    if largest == 0 or not np.isfinite(largest):
        return largest
    return largest * float(np.linalg.norm(sizes / largest))
