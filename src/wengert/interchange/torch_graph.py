"""Graphs of torch: a live tensor's autograd graph read into ours, with foreign nodes.

torch is imported by the user, never here: what is read is found on the objects that it made. A
foreign node is differentiated by calling torch's own backward node; torch keeps no forward
functions, so values are those that it saved, and no others.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import FrameType
from typing import Any

from wengert.core.aval import Aval
from wengert.core.handles import _new
from wengert.core.node import Applied, Leaf, Node, project
from wengert.core.op import Op
from wengert.core.registry import every_op
from wengert.errors import ArgumentError, GradientError
from wengert.graphs.names import Names
from wengert.interchange.torch_arrays import as_array, dtype_of, is_torch
from wengert.interchange.torch_node import UNKNOWN, Handle, foreign_op

Output = tuple[int, int]
"""A torch node by its id, and the number of one of its outputs."""


class TorchGraph:
    """The nodes that some torch tensors were computed by, as ours.

    known: tensors whose values are known, if they are in it. outputs: our nodes of the tensors.
    Raises GradientError for a tensor without history.
    """

    def __init__(self, tensors: Iterable[Any], known: Iterable[Any] = ()) -> None:
        tensors = list(tensors)
        self._made: dict[Output, Node] = {}
        self._saved: dict[Output, Any] = {}
        roots = [_source(tensor) for tensor in tensors]
        self._order = _topological([node for node, _ in roots])
        for node in self._order:
            self._read_saved(node)
        for tensor in (*tensors, *known):
            if tensor.grad_fn is not None:
                self._saved[id(tensor.grad_fn), tensor.output_nr] = tensor
        for node in self._order:
            self._make(node)
        self.outputs = [self._node(node, number) for node, number in roots]

    def find(self, tensor: Any) -> Node | None:
        """Our node of a torch tensor, if it is in the graph."""
        if not is_torch(tensor) or not tensor.requires_grad:
            return None
        node, number = _source(tensor)
        return self._made.get((id(node), number))

    def _node(self, torch_node: Any, number: int) -> Node:
        """Our node for one output of a torch node."""
        made = self._made.get((id(torch_node), number))
        if made is None:
            handle = self._made[id(torch_node), -1]
            made = project(handle, number, self._value(torch_node, number), handle.aval[number])
            self._made[id(torch_node), number] = made
        return made

    def _value(self, torch_node: Any, number: int) -> Any:
        """The value of an output that somebody saved, or None."""
        saved = self._saved.get((id(torch_node), number))
        return None if saved is None else as_array(saved)

    def _read_saved(self, torch_node: Any) -> None:
        """Note what a node saved: inputs and outputs, with where they come from."""
        for _, tensor in saved_tensors(torch_node):
            if tensor.requires_grad:
                source, number = _source(tensor)
                self._saved.setdefault((id(source), number), tensor)

    def _make(self, torch_node: Any) -> None:
        if hasattr(torch_node, "variable"):
            made: Node = Leaf(_new(as_array(torch_node.variable), None), None)
            grad = torch_node.variable.grad
            made.grad = None if grad is None else _new(as_array(grad), None)
            self._made[id(torch_node), 0] = made
            return
        sources = [self._node(n, k) if n is not None else None
                   for n, k in torch_node.next_functions]  # fmt: skip
        avals = tuple(Aval(tuple(m.shape), dtype_of(m.dtype)) for m in torch_node._input_metadata)
        number = 0 if len(avals) == 1 else -1
        value = self._value(torch_node, 0) if len(avals) == 1 else None
        aval: Any = avals[0] if len(avals) == 1 else avals
        node = foreign_node(torch_node, sources, value, aval)
        self._made[id(torch_node), number] = node


def foreign_node(torch_node: Any, sources: list[Node | None], value: Any, aval: Any) -> Node:
    """Our node for a node of torch's."""
    op = operation(torch_node.name())
    mask = sum(1 << i for i, source in enumerate(sources) if source is not None)
    constants = _constants(torch_node, sources)
    inputs = tuple(s if s is not None else constants.get(i) for i, s in enumerate(sources))
    operands = tuple(_operand(source) for source in inputs)
    plan = op.plan(mask, False, len(inputs))
    attrs = {"_backward": Handle(torch_node, tuple(s.aval if s is not None else None
                                                  for s in sources))}  # fmt: skip
    return Applied(plan, inputs, operands, attrs, value, aval, None)


def _operand(source: Any) -> Any:
    """What a node keeps of an input: a constant's array; of what torch does not tell, a mark."""
    if source is None:
        return UNKNOWN
    return None if isinstance(source, Node) else source._data


@functools.cache
def operation(torch_name: str) -> Op:
    """The operation of foreign nodes that torch calls by this name: MulBackward0.

    Ours of the same name, if there is one, lends its symbol and its words. A custom function keeps
    its name.
    """
    name = torch_name.rpartition("::")[2]
    head, _, number = name.partition("Backward")
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", head).lower()
    named = (op for op in every_op().values() if isinstance(op.grad_name, str) and op.torch)
    ours = next((op for op in named if op.backward_name(None) == name), None)
    return foreign_op(words if number else head, ours)


_SLOTS = {"self": 0, "input": 0, "other": 1, "mat2": 1, "exponent": 1}
"""Which input torch's names of saved values mean; derivatives.yaml has them all."""


def _constants(torch_node: Any, sources: list[Node | None]) -> dict[int, Any]:
    """Saved values without history, by the input that they are, where the name says it."""
    found: dict[int, Any] = {}
    for name, tensor in saved_tensors(torch_node):
        slot = _SLOTS.get(name, len(sources))
        if slot < len(sources) and sources[slot] is None and not tensor.requires_grad:
            found[slot] = _new(as_array(tensor), None)
    return found


_SAVED_NAMES: dict[type, tuple[str, ...]] = {}


def saved_tensors(torch_node: Any) -> Iterator[tuple[str, Any]]:
    """(name, tensor) of all that a node still saves; nothing once it was freed."""
    torch = sys.modules["torch"]
    kind = type(torch_node)
    names = _SAVED_NAMES.get(kind)
    if names is None:
        names = tuple(name for name in dir(kind) if name.startswith("_saved_"))
        _SAVED_NAMES[kind] = names
    for name in names:
        try:
            saved = getattr(torch_node, name)
        except (RuntimeError, AttributeError):  # freed, overwritten, or not of this call
            continue
        if isinstance(saved, torch.Tensor):
            yield name.removeprefix("_saved_"), saved


def _source(tensor: Any) -> tuple[Any, int]:
    """The torch node that a tensor comes from, and which of its outputs it is."""
    if tensor.grad_fn is not None:
        return tensor.grad_fn, tensor.output_nr
    if not tensor.requires_grad:
        raise GradientError(
            "graph: the torch tensor has no history: nothing it was computed from requires grad",
            "torch leaves no mark where a history is cut; look for detach() and no_grad.",
        )
    torch = sys.modules["torch"]
    return torch.autograd.graph.get_gradient_edge(tensor).node, 0


def _topological(roots: Iterable[Any]) -> list[Any]:
    """All nodes that the roots lead to, each behind all it depends on; no recursion."""
    order: list[Any] = []
    state: dict[int, Any] = {}
    todo = [(root, False) for root in roots]
    while todo:
        node, is_done = todo.pop()
        if is_done:
            order.append(node)
        elif id(node) not in state:
            state[id(node)] = node  # keeps it alive, and so its id its own
            todo.append((node, True))
            sources = [source for source, _ in node.next_functions if source is not None]
            todo.extend((source, False) for source in reversed(sources))
    return order


def read_graph(
    tensors: Iterable[Any], given: Mapping[str, Any], frame: FrameType | None
) -> tuple[list[Node], Names, tuple[Node, ...], Callable[[Any], Node | None]]:
    """What Graph is made of: outputs, names, no further inputs, and what finds a torch tensor.

    given: names for torch tensors. frame: the caller's, whose variables and modules name the rest.
    """
    scope = {**frame.f_globals, **frame.f_locals} if frame is not None else {}
    variables = dict(_variables(scope))
    graph = TorchGraph(tensors, variables.values())
    named = dict(_given(graph, given))
    for name, tensor in [*_parameters(scope), *variables.items()]:
        named.setdefault(name, graph.find(tensor))
    names = {name: node for name, node in named.items() if node is not None}
    return graph.outputs, Names(names), (), graph.find


def _given(graph: TorchGraph, given: Mapping[str, Any]) -> Iterator[tuple[str, Node | None]]:
    for name, tensor in given.items():
        if not is_torch(tensor):
            raise ArgumentError(f"graph: {name} is no torch tensor but a {type(tensor).__name__}")
        yield name, graph.find(tensor)


def _parameters(variables: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The parameters of modules by their paths, with the module's name where there are several."""
    module_type = sys.modules["torch"].nn.Module
    modules = {name: each for name, each in variables.items() if isinstance(each, module_type)}
    for variable, module in modules.items():
        prefix = f"{variable}." if len(modules) > 1 else ""
        for path, parameter in module.named_parameters():
            yield prefix + path, parameter


def _variables(variables: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in variables.items():
        if is_torch(value) and not name.startswith("_"):
            yield name, value
