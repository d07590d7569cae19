"""Gradient edges: places in a graph where a gradient arrives, named without a tensor."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from wengert.core.advice import cut_off
from wengert.core.handles import handle
from wengert.core.node import Node, project, unproject
from wengert.core.tensor import Tensor
from wengert.core.view import refuse_lost
from wengert.errors import ArgumentError, DimensionError, GradientError


class GradientEdge(NamedTuple):
    """Output `output_nr` of a node; backward and grad take it where they take a tensor.

    ownership_token: what must live as long as the edge.
    """

    node: Node
    output_nr: int
    ownership_token: Node | None = None


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The edge where the gradient of a tensor arrives; it does not keep the tensor alive.

    Raises GradientError for a tensor that does not require grad, ArgumentError for no tensor.

    >>> import wengert as wg
    >>> x = wg.tensor(3.0, requires_grad=True)
    >>> y = x * x
    >>> edge = wg.autograd.graph.get_gradient_edge(y)
    >>> loss = y * 5
    >>> wg.autograd.grad(loss, edge)
    (tensor(5.),)
    """
    if not isinstance(tensor, Tensor):
        raise ArgumentError(f"get_gradient_edge takes a tensor, not {type(tensor).__name__}")
    refuse_lost(tensor)
    node = tensor._node
    if node is None or not tensor.requires_grad:
        raise GradientError(
            "get_gradient_edge: it is not possible to get the gradient edge for a Tensor that "
            "does not require gradients" + cut_off(tensor),
        )
    shown, output = unproject(node)
    assert shown is not None
    return GradientEdge(shown, output, None if shown is node else node)


def end_of(edge: GradientEdge) -> Tensor:
    """A tensor without values that stands for what the edge is the gradient of."""
    node, output = edge.node, edge.output_nr
    if not isinstance(node, Node):
        raise ArgumentError(f"a GradientEdge needs a node, not {type(node).__name__}")
    aval: Any = node.aval
    count = len(aval) if isinstance(aval, tuple) else 1
    if not 0 <= output < count:
        raise DimensionError(f"{node.name()} has {count} outputs; there is no output {output}")
    if isinstance(aval, tuple):
        projections = node.get_extra().projections
        known = projections[output]() if projections else None
        aval = aval[output]
        node = known if known is not None else project(node, output, None, aval)
    zeros = np.broadcast_to(np.zeros((), aval.dtype), aval.shape)
    return handle(zeros[()], node, None)
