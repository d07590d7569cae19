"""graph() makes the graph that is asked; why() asks it for a gradient that surprises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wengert.core.node import Node
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, GradientError
from wengert.graphs.names import Names
from wengert.interchange.torch_arrays import is_torch
from wengert.questions.whole import Graph
from wengert.sites import user_frame

if TYPE_CHECKING:
    from wengert.ask.answer import Answer

_TO_GRAPH: Final = "graph(loss) of a recorded run, or graph(f, x) of a function and examples."


def graph(*outputs: Any, **names: Tensor) -> Graph:
    """The graph of one or more tensors, or of a function with examples.

    `graph(e)` is the recorded computation that led to e; nothing is copied. `graph(f, x, y)`
    traces f, whose arguments are then named after its parameters; each example is a tensor, an
    array, a number, or an Aval. `graph(loss)` of a live tensor of torch's reads its graph:
    structure, names of parameters and variables, what torch saved, and derivatives by calling
    torch's nodes.

    names: names for tensors, which win over those in the code:
    `graph(e, a=a)`.

    Raises GradientError for a tensor that has no history, and names the line that cut it.
    """
    if outputs and callable(outputs[0]) and not isinstance(outputs[0], Tensor):
        from wengert.graphs.trace import traced

        return Graph(*traced(outputs[0], outputs[1:], names))
    tensors = _flat(outputs)
    if not tensors:
        raise ArgumentError("graph needs a tensor, or a function with examples", _TO_GRAPH)
    if is_torch(tensors[0]):
        from wengert.interchange.torch_graph import read_graph

        return Graph(*read_graph(tensors, names, user_frame()))
    return Graph([_node_of(t) for t in tensors], Names(names, user_frame()))


def _flat(outputs: tuple[Any, ...]) -> list[Any]:
    flat: list[Any] = []
    for output in outputs:
        flat.extend(output if isinstance(output, (list, tuple)) else [output])
    return flat


def _node_of(tensor: Any) -> Node:
    if not isinstance(tensor, Tensor):
        raise ArgumentError(
            f"graph: {type(tensor).__name__} is no tensor and no function", _TO_GRAPH
        )
    if tensor._node is not None:
        return tensor._node
    cuts = tensor._extra.cuts if tensor._extra is not None else ()
    if not cuts:
        what = "it was computed from nothing that requires grad"
        remedy = "Make an input with requires_grad=True, or trace a function: graph(f, x)."
    else:
        what = "it was cut by " + " or ".join(str(cut) for cut in cuts)
        remedy = "Ask for the graph of a tensor before the cut."
    raise GradientError(f"graph: the tensor has no history: {what}", remedy)


def why(x: Any = None, loss: Any = None) -> Answer:
    """Why the gradient of `loss` with respect to x is None, zero, NaN, infinite, tiny or huge.

    Names the operation and the line to blame; `.causes` lists them. Without arguments: what the
    last error raised by backward() was about.

    Raises ArgumentError for what is no tensor, GradientError if there was no error.

    >>> import wengert as wg
    >>> x = wg.tensor([4.0, 0.0], requires_grad=True)
    >>> y = wg.where(x > 0, wg.sqrt(x), wg.zeros(2)).sum()
    >>> y.backward()
    >>> wg.why(x, y).causes[0].what
    '0 * inf in sqrt'
    """
    if x is None and loss is None:
        from wengert.ask.why_error import why_error

        return why_error()
    if is_torch(loss):
        return graph(loss).why(x)
    from wengert.ask.why import why

    return why(x, loss)
