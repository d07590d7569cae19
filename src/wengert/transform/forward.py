"""Forward mode: tangents pushed along as operations are applied.

A level is one nesting of forward mode. While it is active, every operation on a tensor that has a
tangent at this level computes the tangent of its output at once and leaves it on the output's
node, under the level's key. The arithmetic of a level runs with it and all inner levels hidden;
outer levels see it, so levels nest without confusion.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.core.dtype import is_differentiable
from wengert.core.handles import _new
from wengert.core.node import Carrier, Node
from wengert.core.op import Op
from wengert.core.registry import OPS
from wengert.core.tensor import Tensor
from wengert.core.write import has_history, in_place
from wengert.errors import ShapeError, TransformError
from wengert.modes import State, current, entered
from wengert.transform.batch import BatchLevel
from wengert.transform.plain import SEEN
from wengert.transform.pushed import on_arrays
from wengert.transform.pushforward import pushforward


class ForwardLevel:
    """One nesting of forward mode.

    started: the number of a node, older than all that is made inside; 0 if it has no such scope.
    basis: the level of a map that only the tangents are in: many of them for each primal.
    recording: whether tangents are recorded under no_grad, too, to be differentiated.
    """

    size = None  # it is no map

    def __init__(
        self, started: int = 0, basis: BatchLevel | None = None, recording: bool = False
    ) -> None:
        self.started = started
        self._recording = recording
        self.basis = basis
        self._opened = (basis,) if basis is not None else ()
        self._carriers: weakref.WeakSet[Carrier] = weakref.WeakSet()
        # A backward pass inside of this level reads the tangents of all outputs that were saved,
        # those too whose tensors are gone: see tests/checks/test_gradcheck.py on svdvals.
        self._projections: list[Node] = []

    def below(self, state: State) -> State:
        """What tangents are computed in: this level and all inner ones are hidden."""
        below = state.below(state.levels.index(self), self._opened)
        return below.but(grad=True, inference=False) if self._recording else below

    def refuse_draws(self, name: str) -> None:
        """Raise BatchingError where random numbers are drawn for many tangents, if not allowed."""
        if self.basis is not None:
            self.basis.refuse_draws(name)

    def push(self, op: Op, args: Sequence[Any], attrs: dict[str, Any], out: Any) -> None:
        """Give the output of an application its tangent, if any of the inputs has one."""
        if not op.differentiable:
            return
        tangents = [self.tangent(a) for a in args]
        if not any(t is not None for t in tangents):
            return
        below = self.below(current())
        pushed: Any = SEEN
        if type(out) is not tuple:
            arrays = [self._array(a, below) for a in args]
            pushed = on_arrays(op, arrays, tangents, attrs, self._array(out, below), below)
        if pushed is SEEN:
            pushed = self._pushed_on_tensors(op, args, tangents, attrs, out, below)
        if isinstance(out, tuple):
            self.give(out, pushed)
        elif pushed is not None:
            self.attach(out, pushed)

    def give(self, outputs: Sequence[Any], tangents: Sequence[Any]) -> None:
        """Give several outputs of one application their tangents; None is none."""
        for one, tangent in zip(outputs, tangents, strict=True):
            if tangent is not None and is_differentiable(one._data.dtype):
                self.attach(one, tangent)
                if type(one._node) is not Carrier:
                    self._projections.append(one._node)

    def _pushed_on_tensors(
        self, op: Op, args: Sequence[Any], tangents: Sequence[Any], attrs: dict[str, Any],
        out: Any, below: State,
    ) -> Any:  # fmt: skip
        args = [self._outside(a, below) for a in args]
        if isinstance(out, tuple):
            shown: Any = tuple(self._outside(o, below) for o in out)
        else:
            shown = self._outside(out, below)
        with entered(below):
            return pushforward(op, args, tangents, attrs, shown, below)

    def _array(self, value: Any, below: State) -> Any:
        """An argument as an array, if nothing outside of this level has to see it; else SEEN."""
        if not isinstance(value, Tensor):
            return value
        if value._level:
            return SEEN
        node = value._node
        if node is None:
            return value._data
        if type(node) is not Carrier and self._is_seen(node):
            return SEEN
        tangents = node.extra.tangents if node.extra is not None else None
        if tangents and below.levels and any(level in below.levels for level in tangents):
            return SEEN
        return value._data

    def _outside(self, value: Any, below: State) -> Any:
        """A tensor as it is outside of this level: what is inside has no part in tangents."""
        if not isinstance(value, Tensor):
            return value
        node = value._node
        if node is None or (type(node) is not Carrier and self._is_seen(node)):
            return value
        shown = value._handle()
        shown._node = None
        tangents = node.extra.tangents if node.extra is not None else None
        if tangents and below.levels:
            for level, tangent in tangents.items():
                if level in below.levels:
                    level.attach(shown, tangent)
        return shown

    def _is_seen(self, node: Node) -> bool:
        """Whether the history of a node made inside leads to anything older than the level."""
        if node.sequence < self.started or not self.started:
            return True
        extra = node.extra
        known = extra.seen.get(self) if extra is not None and extra.seen is not None else None
        return self._look(node) if known is None else known

    def _look(self, node: Node) -> bool:
        """The same, for all the nodes on the way that have not been asked about."""
        found = [node]
        met = {node}
        for one in found:  # grows while it is walked
            for source in one.inputs:
                if isinstance(source, Node) and source not in met and self._is_unknown(source):
                    met.add(source)
                    found.append(source)
        for one in sorted(found, key=lambda n: n.sequence):
            sources = (s for s in one.inputs if isinstance(s, Node))
            extra = one.get_extra()
            seen = any(self._is_seen(s) for s in sources)
            extra.seen = {**(extra.seen or {}), self: seen}
        return self._is_seen(node)

    def _is_unknown(self, node: Node) -> bool:
        if node.sequence < self.started:
            return False
        extra = node.extra
        return extra is None or extra.seen is None or self not in extra.seen

    def tangent(self, value: Any) -> Any:
        """The tangent of a tensor at this level, or None."""
        if not isinstance(value, Tensor):
            return None
        node = value._node
        if node is None or node.extra is None or node.extra.tangents is None:
            return None
        return node.extra.tangents.get(self)

    def attach(self, tensor: Tensor, tangent: Tensor) -> None:
        """Give a tensor its tangent at this level."""
        node = tensor._node
        if node is None:
            node = tensor._node = Carrier(tensor)
            self._carriers.add(node)
        extra = node.get_extra()
        extra.tangents = {**(extra.tangents or {}), self: tangent}

    def unrecorded(self, old: Any, new: Any) -> Any:
        """A tangent after a write under no_grad: it is written, too, and keeps its history."""
        if old is None or not (old._level or has_history(old)):
            return new
        if new is None:
            new = _new(np.zeros(old._data.shape, old._data.dtype), None)
        below = self.below(current())
        with entered(below.but(grad=True)):
            tangent = OPS["where"](np.True_, old, new)  # a copy of the old, mapped where either is
        with entered(below):
            return in_place(OPS["copy"], tangent, new)

    def close(self) -> None:
        """End the level: tensors that outlive it are ordinary ones again."""
        self._projections.clear()
        for carrier in list(self._carriers):
            extra = carrier.extra
            if extra is not None and extra.tangents is not None:
                extra.tangents.pop(self, None)
                tensor = carrier.handle()
                if not extra.tangents and tensor is not None and tensor._node is carrier:
                    tensor._node = None


def check_tangent(primal: Tensor, tangent: Any, name: str) -> None:
    """Raise where a tangent given by the user does not fit its primal."""
    if not isinstance(tangent, Tensor):
        raise TransformError(f"{name}: a tangent is a tensor, not a {type(tangent).__name__}")
    if tangent._aval.shape != primal._aval.shape:
        raise ShapeError(
            f"{name}: the tangent has shape {tuple(tangent.shape)}, its primal "
            f"{tuple(primal.shape)}",
            "They must be equal: one number per element.",
        )
