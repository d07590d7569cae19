"""Graphs as JSON: lossless, readable, and safe to read from anybody.

One object, with a line per node, oldest first; every node refers to older ones by number:

    {"format": "wengert graph", "version": 1,
     "nodes": [
      {"kind": "leaf", "name": "a", "aval": ["float32", [1]], "value": {...}, "site": 0},
      {"kind": "constant", "name": "x", "aval": ..., "value": ...},
      {"kind": "operation", "name": "c", "op": "add", "inputs": [0, {"number": 1}], ...},
      {"kind": "operation", "op": "max", "inputs": [2], "avals": [..., ...], ...},
      {"kind": "projection", "name": "m", "inputs": [3], "output": 0, ...}],
     "outputs": [4], "aliases": {"h": 2}, "sites": [["train.py", 12, "c = a + b"], ...]}

What a node has besides: attributes, opaque (for a user's function that has the name of an
operation), scope, site, value (if it is kept: small ones, leaves, constants), grad, retains, freed,
cuts, overwritten. Reading is in read.py.
"""

from __future__ import annotations

import json
from typing import Any

from wengert.core.node import RETAINED, Leaf, Node, is_large
from wengert.core.registry import every_op
from wengert.core.tensor import Tensor
from wengert.errors import StaleError
from wengert.graphs.graph import Graph
from wengert.graphs.names import Names
from wengert.graphs.vertex import Vertex, identity, key_of
from wengert.interchange import encode
from wengert.interchange.encode import Json
from wengert.sites import Site

FORMAT = "wengert graph"
VERSION = 1


def to_json(graph: Graph) -> str:
    """The graph as JSON. Raises GraphError for attributes that a file cannot hold."""
    writer = _Writer(graph)
    nodes = writer.nodes()
    head = {"format": FORMAT, "version": VERSION}
    tail = {
        "outputs": [writer.places[identity(v.key)] for v in graph.outputs],
        "aliases": {a: writer.places[identity(graph.keys[i])]
                    for a, i in graph.naming.aliases.items()},
        "sites": writer.sites.entries,
    }  # fmt: skip
    lines = ",\n".join(f"  {_text(node)}" for node in nodes)
    return f'{_text(head)[:-1]},\n "nodes": [\n{lines}],\n {_text(tail)[1:]}\n'


def from_json(text: str) -> tuple[list[Node], Names, list[Node]]:
    """The outputs, names and leaves that `to_json` wrote. Nothing in the text is executed.

    Raises GraphError, which says what and where, for everything that is not of this form.
    """
    from wengert.interchange.read import read

    return read(text)


def _text(value: Json) -> str:
    return json.dumps(value, allow_nan=False, separators=(", ", ": "))


class _Writer:
    """Writes nodes and constants in the order of the graph and numbers them."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.places: dict[Any, int] = {}
        self.sites = encode.Sites()

    def nodes(self) -> list[Json]:
        """One entry per node and constant, oldest first; a constant before its first use."""
        entries: list[Json] = []
        for node in self._graph.order():
            for source in node.inputs:
                constant = key_of(source)
                is_new = identity(constant) not in self.places
                if constant is not None and not isinstance(constant, Node) and is_new:
                    self.places[identity(constant)] = len(entries)
                    entries.append(self._constant(constant))
            self.places[node] = len(entries)
            entries.append(self._leaf(node) if isinstance(node, Leaf) else self._node(node))
        return entries

    def _named(self, key: Any, kind: str) -> dict[str, Json]:
        index = self._graph.index_of(key)
        return {"kind": kind} | ({} if index is None else {"name": self._graph.naming.names[index]})

    def _constant(self, key: Any) -> Json:
        aval = key._aval if isinstance(key, Tensor) else key
        vertex = Vertex(self._graph, self._graph[key].index) if isinstance(key, Tensor) else None
        cuts = vertex.cuts if vertex is not None else key.cuts
        entry = {**self._named(key, "constant"), "aval": encode.aval(aval)}
        if isinstance(key, Tensor):
            entry |= self._input_value(key)
        return entry | ({"cuts": [self.sites.cut(cut) for cut in cuts]} if cuts else {})

    def _leaf(self, leaf: Leaf) -> Json:
        entry = {**self._named(leaf, "leaf"), "aval": encode.aval(leaf.aval)}
        if leaf.value is not None:
            entry |= self._input_value(leaf)
        return entry | self._facts(leaf)

    def _input_value(self, key: Leaf | Tensor) -> dict[str, Json]:
        """The value of an input; if it was overwritten, by whom: there is no other then."""
        try:
            return {"value": encode.array(self._graph.values.of(key))}
        except StaleError:
            memory = key._memory
            assert memory is not None
            site = None if memory.site is None else self.sites.number(memory.site)
            return {"overwritten": [memory.writer, site]}

    def _node(self, node: Node) -> Json:
        if node.op.kind == "projection":
            assert node.attrs is not None
            entry = {**self._named(node, "projection"), "inputs": [self.places[node.inputs[0]]],
                     "output": node.attrs["index"], "aval": encode.aval(node.aval)}  # fmt: skip
        else:
            entry = {**self._named(node, "operation"), "op": node.op.name, **self._uses(node)}
            # A Function may be called exp.
            if node.op.kind == "opaque" and node.op.name in every_op():
                entry["opaque"] = True
            several = isinstance(node.aval, tuple)
            entry |= (
                {"avals": [encode.aval(a) for a in node.aval]} if several
                else {"aval": encode.aval(node.aval)}
            )  # fmt: skip
        return entry | self._kept_value(node) | self._facts(node)

    def _uses(self, node: Node) -> dict[str, Json]:
        inputs = [self._use(node, i) for i in range(len(node.inputs))]
        write = encode.shown if node.op.kind == "opaque" else encode.plain
        attrs = {name: write(value, f"the attribute {name} of {node.op.name}")
                 for name, value in (node.attrs or {}).items()}  # fmt: skip
        return {"inputs": inputs} | ({"attributes": attrs} if attrs else {})

    def _use(self, node: Node, i: int) -> Json:
        source = key_of(node.inputs[i])
        if source is not None:
            return self.places[identity(source)]
        value = node.operands[i] if node.operands is not None else None
        return {"number": encode.plain(value, f"input {i} of {node.op.name}")}

    def _kept_value(self, node: Node) -> dict[str, Json]:
        """A small value that is still what was computed."""
        memory = node._memory
        stale = memory is not None and memory.touched > node.sequence
        if node.value is None or stale:
            return {}
        if isinstance(node.value, tuple):
            large = any(is_large(v) for v in node.value)
            return {} if large else {"values": [encode.array(v) for v in node.value]}
        return {} if is_large(node.value) else {"value": encode.array(node.value)}

    def _facts(self, node: Node) -> dict[str, Json]:
        """Scope, site, gradient, and who freed it."""
        facts: dict[str, Json] = {}
        if node.scope and node.op.kind != "projection":  # which is where its operation is
            facts["scope"] = node.scope
        if node.site is not None:
            facts["site"] = self.sites.number(node.site)
        if node.retained_grad is not None:
            facts["grad"] = encode.array(node.retained_grad._data)
        elif node.grad is RETAINED:
            facts["retains"] = True
        if node.freed is not None:
            site = node.freed
            facts["freed"] = self.sites.number(site) if isinstance(site, Site) else None
        return facts
