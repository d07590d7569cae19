"""From what was recorded and watched to one graph of nodes."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from wengert.compiler.watching import Watch
from wengert.core.aval import Aval
from wengert.core.computing import as_operand
from wengert.core.half import REAL
from wengert.core.handles import _new, handle
from wengert.core.node import Applied, Carrier, Leaf, Node, next_sequence, project
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.errors import TraceError
from wengert.graphs.trace import symbol
from wengert.graphs.vertex import identity
from wengert.sites import Site


class Import:
    """Copies of what was recorded and watched, as one graph of nodes.

    A key is what a value is known by: a node of this trace; or the tensor that has the value, be
    it one that was watched being made or one from outside.
    """

    def __init__(self, watch: Watch, inputs: Sequence[Leaf]) -> None:
        self._watch = watch
        self._new: dict[Any, Node] = {leaf: leaf for leaf in inputs}
        self._applied: dict[int, Node] = {}
        self._outside: dict[Any, Tensor] = {}
        self.hidden: list[tuple[Tensor, Leaf]] = []
        self.hooked: list[Node] = []

    def of(self, tensor: Tensor) -> Node:
        """The copy of a tensor's node, and of all that it was computed from; no recursion."""
        wanted = self._key(tensor)
        if isinstance(wanted, Node):
            self._take_over(wanted)
        todo = [wanted]
        while todo:
            key = todo[-1]
            missing = [k for k in self._needs(key) if identity(k) not in self._new]
            if identity(key) not in self._new and missing:
                todo.extend(missing)
                continue
            if identity(key) not in self._new:
                self._new[identity(key)] = self._copy(key)
            todo.pop()
        return self._new[identity(wanted)]

    def _take_over(self, wanted: Node) -> None:
        """Let nodes be their own copies where that can be, which is nearly always."""
        new = self._new
        for node in self._untaken(wanted):
            if node.inputs and (self._is_connected(node) or self._connects(node)):
                new[node] = node
                node.sequence = next_sequence()  # newer than copies that were made just now
                if node.extra is not None:
                    self._note_hooks(node)
                    node.extra.tangents = None  # which keep tensors of this trace alive

    def _untaken(self, wanted: Node) -> list[Node]:
        """The nodes of the trace that a node needs and that have no copies yet, oldest first."""
        started = self._watch.started
        if wanted in self._new or wanted.sequence < started:
            return []
        nodes = [wanted]
        seen = {wanted}
        for node in nodes:  # grows while it is walked
            for source in node.inputs:
                if not isinstance(source, Node) or source in seen or source in self._new:
                    continue
                if source.sequence >= started:
                    seen.add(source)
                    nodes.append(source)
        nodes.sort(key=attrgetter("sequence"))
        return nodes

    def _is_connected(self, node: Node) -> bool:
        """Whether all that it uses is its own copy."""
        for source in node.inputs:
            # A tensor is known by its identity, and would be compared with that by ==.
            if source is not None and (
                isinstance(source, Tensor) or self._new.get(source) is not source
            ):
                return False
        return True

    def _connects(self, node: Node) -> bool:
        """Let a traced node use the copies; whether that can be."""
        if type(node) is not Applied or node.value is not None:
            return False
        made: list[Node | None] = []
        for source in node.inputs:
            if isinstance(source, Tensor):
                made.append(self.of(source))
            elif source is None or source in self._new:
                made.append(self._new.get(source))
            else:
                return False
        numbers = node.operands or ()
        kept = tuple([n if copy is None else None for n, copy in zip(numbers, made, strict=False)])
        node.inputs = tuple(made)
        node.operands = kept if any(n is not None for n in kept) else None
        return True

    def _note_hooks(self, node: Node) -> None:
        if node.extra is not None and node.extra.hooks is not None:
            self.hooked.append(node)

    def _key(self, source: Any) -> Any:
        """What a source is known by; None for a number."""
        if isinstance(source, Aval):
            raise TraceError(
                f"a constant {source} was dropped by a backward pass in a function to be compiled",
                "Use wengert.func.grad there, or retain_graph=True.",
            )
        if isinstance(source, np.ndarray):
            found = self._tensor_of(source)
            if found is not None:
                return self._key(found)
            return self._outside.setdefault(id(source), _new(source, None))
        if not isinstance(source, (Tensor, Node)):
            return None
        node = source._node if isinstance(source, Tensor) else source
        if node is None or type(node) is Carrier:
            assert isinstance(source, Tensor)
            found = None if id(source) in self._watch.made else self._tensor_of(source._data)
            return source if found is None or found is source else self._key(found)
        if node in self._new or (node.sequence >= self._watch.started and node.inputs):
            return node
        return self._value_of(node)

    def _tensor_of(self, array: Any) -> Tensor | None:
        """The tensor that was seen with an array, if any was."""
        found = self._watch.values.get(id(array))
        return None if found is None else found[1]

    def _value_of(self, node: Node) -> Any:
        """The tensor of a node that is older than the trace, or of a leaf made by a transform."""
        found = self._outside.get(node, self._watch.handles.get(node))
        if found is None:
            if not isinstance(node, Leaf):
                raise TraceError(
                    f"the function uses the result of {node.name()} from outside in a way that "
                    "compile does not follow",
                    "Pass that tensor as an argument.",
                    node.site,
                )
            inner = node.sequence >= self._watch.started
            if inner:  # an alias: it shares its array with what was given to it
                seen = self._tensor_of(node.value)
                if seen is not None:
                    return self._key(seen)
            found = handle(node.value, None, node._memory) if inner else node.variable
        self._outside[node] = found
        return found

    def _needs(self, key: Any) -> list[Any]:
        """The keys of what a value is computed from."""
        if isinstance(key, Node):
            sources: Sequence[Any] = key.inputs
        else:
            entry = self._watch.made.get(id(key))
            sources = entry[1].args if entry is not None else ()
        keys = map(self._key, sources)
        return [key for key in keys if key is not None]

    def _copy(self, key: Any) -> Node:
        if isinstance(key, Node):
            return self._copied(key)
        self._check_unwritten(key)
        entry = self._watch.made.get(id(key))
        if entry is None:
            leaf = symbol(key._aval)._node
            assert isinstance(leaf, Leaf)
            if id(key) in self._watch.fresh or id(key._data) in self._watch.fresh:
                leaf.value = np.array(key._data)[()]  # whatever becomes of the tensor
            else:
                self.hidden.append((key, leaf))
            return leaf
        _, made, index = entry
        node = self._applied.get(id(made))
        if node is None:
            numbers = [as_operand(made.op, a) if _is_number(a) else None for a in made.args]
            node = self._node(made.op, made.args, numbers, made.attrs, made.avals, made.site)
            self._applied[id(made)] = node
        return node if index is None else project(node, index, None, made.avals[index])

    def _copied(self, node: Node) -> Node:
        if node.op.kind == "projection":
            source = self._new[node.inputs[0]]
            assert node.attrs is not None
            return project(source, node.attrs["index"], None, node.aval)
        self._note_hooks(node)
        operands = node.operands or (None,) * len(node.inputs)
        numbers = [o if s is None else None for s, o in zip(node.inputs, operands, strict=True)]
        return self._node(node.op, node.inputs, numbers, node.attrs, node.aval, node.site)

    def _node(
        self, op: Op, sources: Sequence[Any], numbers: list[Any], attrs: dict[str, Any] | None,
        aval: Any, site: Site | None,
    ) -> Node:  # fmt: skip
        keys = [self._key(s) for s in sources]
        inputs = tuple(None if key is None else self._new[identity(key)] for key in keys)
        return new_node(op, inputs, numbers, attrs, aval, site)

    def _check_unwritten(self, tensor: Tensor) -> None:
        memory = tensor._memory
        if memory is None or memory.touched < self._watch.started:
            return
        if id(tensor) in self._watch.fresh:
            used = self._watch.used.get(id(tensor))
            if used is None or memory.touched < used:
                return  # it was finished before it was used
            raise TraceError(
                f"{memory.writer} writes a tensor that was used before, in a function that is "
                "being compiled: only its last contents are known",
                "Compute a new tensor instead: with wengert.where, cat or stack.",
                memory.site,
            )
        if id(tensor) in self._watch.made:
            raise TraceError(
                f"{memory.writer} writes a tensor that does not depend on the arguments, in a "
                "function that is being compiled, and that is not followed",
                "Compute a new tensor instead: with wengert.where, cat or stack.",
                memory.site,
            )
        raise TraceError(
            f"{memory.writer} writes a tensor from outside in a function that is being compiled: "
            "it would happen once, and not at every call",
            "Compute a new tensor and return it; write it outside of the compiled function.",
            memory.site,
        )


def new_node(
    op: Op, inputs: tuple[Any, ...], numbers: Sequence[Any], attrs: dict[str, Any] | None,
    aval: Any, site: Site | None,
) -> Node:  # fmt: skip
    """A node of a program. numbers: per input the number it is, where it is no node."""
    mask = 0
    kept = None
    for i, source in enumerate(inputs):
        if source is not None:
            mask |= 1 << i
        elif numbers[i] is not None:
            kept = tuple(numbers)
    plan = op.plan(mask if op.differentiable else 0, REAL, len(inputs))
    return Applied(plan, inputs, kept, attrs or None, None, aval, site)


def _is_number(value: Any) -> bool:
    return value is not None and not isinstance(value, (Tensor, np.ndarray))
