"""Local derivatives: what one operation does to a cotangent or a tangent, with this run's values.

The operation's own rule is used, fed with values that were kept or computed again, so answers are
there after backward, too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.aval import Aval, aval_of
from wengert.core.dtype import is_differentiable, is_numeric
from wengert.core.fast import make_leaf
from wengert.core.half import arithmetic
from wengert.core.handles import from_node
from wengert.core.node import Node
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, GraphError, ShapeError, WengertError
from wengert.graphs.evaluate import evaluate_node
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex
from wengert.modes import enable_grad, silently
from wengert.transform.conform import conform
from wengert.transform.residuals import rewrap
from wengert.transform.reverse import (
    Reach,
    sweep_arrays,
    upstream,
)


class _Operands:
    """The inputs of a node by position; each is computed only if a rule looks at it."""

    def __init__(self, graph: Graph, node: Node) -> None:
        self._graph = graph
        self._node = node

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return tuple(self[j] for j in range(*i.indices(len(self._node.inputs))))
        source = self._node.inputs[i]
        values = self._graph.values
        return values.of(source) if isinstance(source, Node) else values.constant(self._node, i)


class _Application:
    """A node as its rules see it, with values from the graph; as tensors for `on_tensors`."""

    def __init__(self, graph: Graph, node: Node, on_tensors: bool = False) -> None:
        self._graph = graph
        self.node = node
        self._on_tensors = on_tensors
        self.attrs = node.attrs
        self.operand_aval = node.operand_aval
        self.operand_avals = node.operand_avals

    @property
    def operands(self) -> Any:
        found = _Operands(self._graph, self.node)
        if not self._on_tensors:
            return found
        return tuple(rewrap(found[i], None) for i in range(len(self.node.inputs)))

    @property
    def value(self) -> Any:
        value = self._graph.values.of(self.node)
        if not self._on_tensors:
            return value
        if isinstance(value, tuple):
            return tuple(rewrap(v, None) for v in value)
        return rewrap(value, None)


def carries(graph: Graph, index: int, slot: int) -> bool:
    """Whether a derivative passes from a vertex to its input `slot`.

    It takes floats at both ends, and a rule for this input.
    """
    key = graph.keys[index]
    assert isinstance(key, Node)
    node = key.inputs[0] if key.op.kind == "projection" else key
    op = node.op
    if not op.differentiable or op.rule(slot) is None:
        return False
    ends = key.aval.dtype, node.operand_aval(slot).dtype
    return all(map(is_differentiable, ends))


def _rule(op: Op, vertex: Vertex, slot: int) -> Any:
    """The pull function of one input; None where the operation has no derivative there."""
    if not op.differentiable or op.rule(slot) is None:
        return None
    avals = [o.aval for o in vertex.inputs] + [vertex.aval]
    return op.pull(slot, arithmetic(avals)) or _unchanged


def _unchanged(node: Any, ct: Any) -> Any:
    return ct


def _bundle(vertex: Vertex, ct: Any) -> Any:
    """The cotangents of all outputs of the application, with zeros for the others."""
    index = vertex.output_index
    if index is None:
        return ct
    avals = vertex.application.aval
    return tuple(ct if i == index else np.zeros(a.shape, a.dtype)[()] for i, a in enumerate(avals))


def input_aval(vertex: Vertex, slot: int) -> Aval:
    """What goes into an operation at `slot`, in the dtype that it computes in."""
    return vertex.application.operand_aval(slot)


def _explained(vertex: Vertex, function: Any, *args: Any) -> Any:
    """function(*args); GraphError where a rule fails, as it can in the graph of a file."""
    try:
        return function(*args)
    except WengertError:
        raise
    except (Exception, MemoryError) as error:
        name = vertex.op.name if vertex.op is not None else ""
        what = f"the derivative of {vertex.name} = {name}(...) cannot be computed: {error}"
        raise GraphError(what, site=vertex.site) from error


def pull(vertex: Vertex, slot: int, ct: Any) -> Any:
    """The cotangent of input `slot` from the cotangent of the vertex: both arrays."""
    aval = input_aval(vertex, slot)
    pulled = _pulled(vertex, slot, ct)
    if pulled is None:
        return np.zeros(aval.shape, aval.dtype)[()]
    return silently(conform, pulled, aval)


def _pulled(vertex: Vertex, slot: int, ct: Any) -> Any:
    """What the rule itself gives; None for a zero that is not written out."""
    op = vertex.op
    assert op is not None
    rule = _rule(op, vertex, slot)
    if rule is None:
        return None
    seen = _Application(vertex.graph, vertex.application)
    return _explained(vertex, silently, rule, seen, _bundle(vertex, ct))


class _Elsewhere:
    """A node as its rules see it, with other operands."""

    def __init__(self, node: Node, operands: list[Any]) -> None:
        self.node = node
        self.attrs = node.attrs
        self.operands = tuple(operands)

    def operand_aval(self, i: int) -> Aval:
        return aval_of(np.asarray(self.operands[i])[()])

    def operand_avals(self) -> tuple[Aval, ...]:
        return tuple(self.operand_aval(i) for i in range(len(self.operands)))

    @property
    def value(self) -> Any:
        return evaluate_node(self.node, list(self.operands))


def pull_at(vertex: Vertex, slot: int, ct: Any, operands: list[Any]) -> Any:
    """The same at other operands, such as those in double precision; None where that fails."""
    op = vertex.op
    rule = _rule(op, vertex, slot) if op is not None else None
    if rule is None:
        return None
    try:
        pulled = silently(rule, _Elsewhere(vertex.application, operands), _bundle(vertex, ct))
        return conform(pulled, aval_of(np.asarray(operands[slot])[()]))
    except Exception:  # a user's own rule sees only its own values
        return None


def push(vertex: Vertex, slot: int, tangent: Any) -> Any:
    """The tangent of the vertex from the tangent of input `slot`: both arrays.

    The pullback is linear in its cotangent, so pulling it back once more pushes forward.
    """
    op, aval = vertex.op, vertex.aval
    assert op is not None
    zeros = np.zeros(aval.shape, aval.dtype)[()]
    rule = _rule(op, vertex, slot)
    if rule is None:
        return zeros
    if vertex.application.plan.joint is not None:
        return _by_units(vertex, slot, tangent)
    with enable_grad():
        ct = from_node(zeros, None)
        leaf = make_leaf(ct)
        pulled = _pulled_tensor(vertex, slot, rule, ct)
    if pulled is None or pulled._node is None:
        return zeros
    order = upstream([pulled._node])
    captured = sweep_arrays({pulled._node: tangent}, order, Reach({leaf}, order))
    return captured[0][1] if captured else zeros


def _by_units(vertex: Vertex, slot: int, tangent: Any) -> Any:
    """The tangent by one pullback per element: a Function's backward may not be differentiable."""
    aval = vertex.aval
    made = np.zeros(aval.size, aval.dtype)
    for i in range(aval.size):
        unit = np.zeros(aval.size, aval.dtype)
        unit[i] = 1
        pulled = pull(vertex, slot, unit.reshape(aval.shape)[()])
        made[i] = np.vdot(pulled, tangent)  # conj(J^H e_i) is row i of J
    return made.reshape(aval.shape)[()]


def _pulled_tensor(vertex: Vertex, slot: int, rule: Any, ct: Tensor) -> Any:
    """What the rule makes of a cotangent that is a tensor; None for zero."""
    bundle = _bundle(vertex, ct)
    if isinstance(bundle, tuple):
        bundle = tuple(b if b is ct else rewrap(b, None) for b in bundle)
    seen = _Application(vertex.graph, vertex.application, on_tensors=True)
    pulled = _explained(vertex, rule, seen, bundle)
    if not isinstance(pulled, Tensor):
        return None
    return conform(pulled, input_aval(vertex, slot))


def as_array(value: Any, aval: Aval, what: str) -> Any:
    """A number or an array-like as an array of this aval; ShapeError where it does not fit."""
    data = getattr(value, "_data", value)
    array = np.asarray(data)
    if not is_numeric(array.dtype):
        raise ArgumentError(
            f"{what}: {value!r} is no number and no array", f"Give {aval}, or one number for all."
        )
    if array.shape != aval.shape and array.size != 1:
        raise ShapeError(
            f"{what} has shape {array.shape}, not {aval.shape}",
            "One number per element, or one for all.",
        )
    full = array.reshape(()) if array.shape != aval.shape else array
    return np.array(np.broadcast_to(full, aval.shape).astype(aval.dtype))[()]
