"""What a Function returned, as tensors in the graph: views, inputs as they are, dirty ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.autograd.custom.call import Call, Returned
from wengert.autograd.custom.context import FunctionCtx
from wengert.autograd.custom.node import FunctionNode, place_of
from wengert.core.dtype import is_differentiable
from wengert.core.handles import handle, memory_of
from wengert.core.marks import mark_cut
from wengert.core.node import SMALL, Leaf, Node, project
from wengert.core.registry import OPS
from wengert.core.tensor import Tensor
from wengert.core.view import FUNCTION, SEVERAL, View, attach, view_of
from wengert.core.write import _rewrite, _write_through, refuse
from wengert.errors import GradientError
from wengert.modes import State
from wengert.sites import Site


def index_of(tensor: Any, among: Sequence[Any]) -> int | None:
    """Where a tensor stands, by identity."""
    for i, other in enumerate(among):
        if other is tensor:
            return i
    return None


class Outputs:
    """The outputs of an application that are tensors.

    raw: as forward returned them. made: as users get them, once `attached` or `detached` has run.
    places: their positions among all `count` values that were returned. carries: per output
    whether it can have a gradient.
    """

    def __init__(
        self, call: Call, returned: Returned, ctx: FunctionCtx, state: State, site: Site | None
    ) -> None:
        self._call = call
        self._returned = returned
        self._marks = ctx._marks
        self._state = state
        self._site = site
        self.places = returned.places
        self.count = len(returned.values)
        self.raw: list[Tensor] = [returned.values[i] for i in self.places]
        self.made: list[Tensor] = list(self.raw)
        self.carries = [
            is_differentiable(t._data.dtype) and index_of(t, ctx._marks.constant) is None
            for t in self.raw
        ]
        self._recorded = False

    @property
    def differentiable(self) -> bool:
        """Whether any can."""
        return any(self.carries)

    @property
    def aval(self) -> Any:
        """The node's aval: a tuple of them unless there is exactly one output."""
        avals = tuple(t._aval for t in self.raw)
        return avals[0] if len(avals) == 1 else avals

    def kept_value(self) -> Any:
        """What the node keeps of its outputs: small ones."""
        datas = [t._data for t in self.raw]
        if any(t._level for t in self.raw) or sum(d.nbytes for d in datas) > SMALL:
            return None
        return datas[0] if len(datas) == 1 else tuple(datas)

    def attached(self, node: FunctionNode) -> Any:
        """The outputs with their nodes, in the form in which forward returned them."""
        self._recorded = True
        for j, tensor in enumerate(self.raw):
            own = self._own_node(node, j, tensor) if self.carries[j] else None
            self.made[j] = self._placed(tensor, own)
        return self._wrapped()

    def detached(self) -> Any:
        """The outputs without history."""
        for j, tensor in enumerate(self.raw):
            if index_of(tensor, self._call.args) is None:
                self.made[j] = _without_node(tensor)
            elif tensor.requires_grad or index_of(tensor, self._marks.dirty) is None:
                self.made[j] = self._as_is(tensor, None)
        return self._wrapped()

    def _wrapped(self) -> Any:
        values = list(self._returned.values)
        for place, tensor in zip(self.places, self.made, strict=True):
            values[place] = tensor
        return self._returned.wrapped(values)

    def _own_node(self, node: FunctionNode, j: int, tensor: Tensor) -> Node:
        if len(self.raw) == 1:
            return node
        aval = tensor._aval
        small = not tensor._level and aval.nbytes <= SMALL
        return project(node, j, tensor._data if small else None, aval)

    def _placed(self, tensor: Tensor, node: Node | None) -> Tensor:
        """One output as users get it."""
        if index_of(tensor, self._call.args) is not None:
            if index_of(tensor, self._marks.dirty) is not None:
                return self._rewritten(tensor, node)
            if tensor.requires_grad and self._call.was_written(tensor):
                raise self._unmarked()
            return self._as_is(tensor, node)
        made = _without_node(tensor)
        if isinstance(made, View) and made._base_tensor is not None:
            made._refusal = SEVERAL if sum(self.carries) > 1 else FUNCTION
            memory = memory_of(made)
            made._followed = memory.rewritten
        return self._with(made, node)

    def _unmarked(self) -> GradientError:
        call = self._call
        return GradientError(
            f"{call.name}: forward wrote into an input that requires grad and returned it, but did "
            f"not mark it as dirty\n  forward is {place_of(call.function.forward)}",
            "Call ctx.mark_dirty(x) for it; or compute a new tensor.",
            self._site,
        )

    def _with(self, made: Tensor, node: Node | None) -> Tensor:
        if node is None:
            if self._recorded:
                mark_cut(made, self._call.name, self._site)
            return made
        if made._extra is not None:
            made._extra.cuts = ()  # those of what forward computed unrecorded
        node._memory = made._memory
        made._node = node
        return made

    def _as_is(self, tensor: Tensor, node: Node | None) -> Tensor:
        """An input that was returned as it is: a view of it, with a node of its own."""
        if tensor._level:
            made = tensor._handle()
            made._node = None
            assert isinstance(made, View)
            attach(made, tensor, OPS["alias"], None, self._state)
        else:
            array = memory_of(tensor).array  # of a 0-d tensor: it is boxed now
            data = tensor._data if isinstance(tensor._data, np.ndarray) else array
            made = view_of(tensor, data, OPS["alias"], None, self._state)
        made._refusal = FUNCTION
        return self._with(made, node)

    def _rewritten(self, tensor: Tensor, node: Node | None) -> Tensor:
        """An input that forward wrote into: the same tensor, with a new node."""
        refuse(self._call.name, tensor, self._state)
        if node is None:
            if not isinstance(tensor._node, Leaf):
                tensor._node = None
            return tensor
        if isinstance(tensor, View) and tensor._base_tensor is not None:
            _write_through(tensor, handle(tensor._data, node, None), self._state)
        else:
            memory_of(tensor)
            _rewrite(tensor, node, self._state)
        return tensor


def _without_node(tensor: Tensor) -> Tensor:
    """The tensor itself, or if it has a history of its own, a handle without."""
    if tensor._node is None:
        return tensor
    bare = tensor._handle()
    bare._node = None
    bare._memory = tensor._memory
    return bare
