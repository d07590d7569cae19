"""Few long rows in parts: each part leaves its reductions' states, and a further step joins them.

The parts depend on shapes alone, and their states are joined in one order, so that results do not
depend on how many threads there are. A nest with several passes has as many such steps; what the
rows know by then lies in memory in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from wengert.compiler.loops.body import Loops
from wengert.compiler.loops.columns import Columns
from wengert.compiler.loops.flow import Flow, closure
from wengert.compiler.loops.reductions import REDUCTIONS
from wengert.compiler.loops.space import Place, Sources, Space, cut
from wengert.compiler.loops.values import accumulated_in
from wengert.compiler.pieces.piece import Module, contiguous
from wengert.compiler.types import DTYPES
from wengert.core.aval import Aval
from wengert.core.node import Leaf, Node
from wengert.graphs.trace import symbol


class Split:
    """The steps of a nest whose rows are cut along an inner axis into parts of a length."""

    def __init__(
        self, kind: type[Loops], nodes: Sequence[Node], sources: Sources, space: Space,
        module: Module, axis: int, length: int,
    ) -> None:  # fmt: skip
        self._kind, self._nodes, self._sources, self._space = kind, nodes, sources, space
        self._module = module
        self._axis, self._length = axis, length
        self._parts = -(-space.inner[axis] // length)
        self._flow = Flow(nodes, sources, space)
        self._slots: dict[Node, int] = {}
        self._known = dict(space.loads)
        self._stored: set[Node] = set()

    def write(self) -> None:
        """A step per pass, and one that joins its reductions."""
        for number in range(self._flow.passes):
            reductions = self._flow.accumulated(number)
            states = {node: self._states(node) for node in reductions}
            self._pass(number, states)
            if reductions:
                self._join(number, states)

    def _room(self, count: int, dtype: np.dtype[Any]) -> Leaf:
        """Memory for some elements, and what it is known by."""
        room = symbol(Aval((), dtype))._node
        assert isinstance(room, Leaf)
        self._slots[room] = self._module.workspace(count * dtype.itemsize)
        return room

    def _states(self, node: Node) -> tuple[Leaf, ...]:
        """Memory for the states of a reduction, of all parts of all rows."""
        (source,) = self._sources[node]
        assert source is not None
        dtypes = [DTYPES[accumulated_in(node, source)]]
        if REDUCTIONS[node.op.reduces].indexed:
            dtypes.append(np.dtype(np.int64))
        return tuple(self._room(self._space.rows * self._parts, dtype) for dtype in dtypes)

    # The strides of states: parts lie side by side, or columns do.

    @property
    def _down(self) -> bool:
        return issubclass(self._kind, Columns)

    def _strides(self) -> tuple[tuple[int, ...], int]:
        """Along the outer axes, and from part to part."""
        outer = contiguous(self._space.outer)
        if self._down:
            return outer, prod(self._space.outer)
        return tuple(stride * self._parts for stride in outer), 1

    def _pass(self, number: int, states: dict[Node, tuple[Leaf, ...]]) -> None:
        """One pass, over the parts."""
        flow, space = self._flow, self._space
        outer, step = self._strides()
        part = 0 if self._down else len(outer)
        still = (0,) * len(space.inner)
        placed = (*outer[:part], step, *outer[part:])
        partials = {n: tuple(Place(s, 0, placed, still) for s in own) for n, own in states.items()}
        nodes = closure(flow.targets(number), self._nodes, self._sources, self._known)
        written = {node: space.stores[node] for node in flow.written(number)}
        nodes = [node for node in self._nodes if node in {*nodes, *states}]
        loads = self._loads(nodes, self._sources, written)
        whole = replace(space, loads=loads, stores=written)
        parts = replace(cut(whole, self._axis, self._length, part), partials=partials)
        self._kind(nodes, self._sources, parts, self._module, self._slots).write()

    def _loads(
        self, nodes: Sequence[Node], sources: Sources, stores: dict[Node, Place]
    ) -> dict[Node, Place]:
        read = {s for node in nodes for s in sources[node]} | (stores.keys() - set(nodes))
        return {node: place for node, place in self._known.items() if node in read}

    def _join(self, number: int, states: dict[Node, tuple[Leaf, ...]]) -> None:
        """The states of all parts to results, and what belongs to the rows after that."""
        outer, step = self._strides()
        sources: Sources = {**self._sources, **states}
        rows = {n: p for n, p in self._row_stores(number).items() if n not in self._stored}
        stores = rows | self._exports(number, rows)
        nodes = closure(stores, self._nodes, sources, self._known)
        loads = {
            node: place._replace(inner=(0,))
            for node, place in self._loads(nodes, sources, {}).items()
        }
        for own in states.values():
            loads |= {state: Place(state, 0, outer, (step,)) for state in own}
        space = Space(self._space.outer, (self._parts,), loads, stores, reduces=True)
        kind = Columns if self._down else self._kind
        kind(nodes, sources, space, self._module, self._slots).write()
        still = (0,) * len(self._space.inner)
        self._known |= {node: place._replace(inner=still) for node, place in stores.items()}
        self._stored |= rows.keys()

    def _row_stores(self, number: int) -> dict[Node, Place]:
        """What is to be stored and belongs to rows, as far as it is known after a pass."""
        known = [n for n in self._flow.row_stores() if self._flow.when[n] <= number + 1]
        return {node: self._space.stores[node]._replace(inner=(0,)) for node in known}

    def _exports(self, number: int, stored: dict[Node, Place]) -> dict[Node, Place]:
        """The rows' values that later steps read: where they lie."""
        flow = self._flow
        later = [n for q in range(number + 1, flow.passes) for n in flow.targets(q)]
        later += [node for node in flow.row_stores() if flow.when[node] > number + 1]
        ready = {n for n in self._nodes if n not in flow.full and flow.when[n] <= number + 1}
        known = self._known.keys() | ready
        nodes = closure(later, self._nodes, self._sources, known)
        read = {*later, *(s for node in nodes for s in self._sources[node])}
        strides = contiguous(self._space.outer)
        return {
            node: Place(self._room(self._space.rows, node.aval.dtype), 0, strides, (0,))
            for node in self._nodes
            if node in read and node in ready and node not in {*stored, *self._known}
        }
