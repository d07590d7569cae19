"""What a function does while it is traced, with tensors that have values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from wengert.compiler.noticing import Escapes
from wengert.core.node import Leaf, Node, next_sequence
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.errors import TraceError
from wengert.modes import current
from wengert.sites import Site, user_site


class Application(NamedTuple):
    """An operation on tensors that have values."""

    op: Op
    args: Sequence[Any]
    attrs: dict[str, Any]
    avals: Any
    site: Site | None


class Watch:
    """A level that sees every application while a function is traced.

    made: by identity, each tensor without history that was made, the tensor itself, by what, and
    which of several outputs it is. handles: tensors of nodes that are older than the trace. fresh:
    by id, the tensors that were made of nothing, and their arrays. used: by id, when one of these
    was first used. values: by the id of an array,
    that and the tensor that had it first: residuals are arrays.
    """

    size = None  # it is no map

    def __init__(self) -> None:
        self.started = next_sequence()
        self.made: dict[int, tuple[Tensor, Application, int | None]] = {}
        self.handles: dict[Node, Tensor] = {}
        self.fresh: dict[int, Any] = {}
        self.used: dict[int, int] = {}
        self.values: dict[int, tuple[Any, Tensor]] = {}
        self.escapes = Escapes()

    def push(self, op: Op, args: Sequence[Any], attrs: dict[str, Any], out: Any) -> None:
        """Note an application and its output."""
        for a in args:
            if isinstance(a, Tensor) and not a._level:
                self._note_value(a)
                if id(a) in self.fresh:
                    self.used.setdefault(id(a), next_sequence())
                if a._node is not None and a._node.sequence < self.started:
                    self.handles.setdefault(a._node, a)
        outputs = out if isinstance(out, tuple) else (out,)
        for o in outputs:
            self.escapes.note(o)
            if not o._level:
                self._note_value(o)
        if all(o._node is not None for o in outputs):
            return
        avals = tuple(o._aval for o in outputs) if isinstance(out, tuple) else out._aval
        site = user_site() if current().sites else None
        made = Application(op, tuple(args), attrs, avals, site)
        for i, o in enumerate(outputs):
            if o._node is None and not o._level:
                self.made[id(o)] = o, made, i if isinstance(out, tuple) else None

    def _note_value(self, tensor: Tensor) -> None:
        node = tensor._node
        if isinstance(node, Leaf) and node.sequence >= self.started:
            return  # an alias of a transform's, on somebody else's array
        # The array is kept: a 0-d tensor has another one after a write, and ids are used again.
        self.values.setdefault(id(tensor._data), (tensor._data, tensor))

    def refuse_draws(self, name: str) -> None:
        """Raise TraceError: a compiled function would draw the same numbers at every call."""
        raise TraceError(
            f"{name} draws random numbers in a function that is being compiled, once for all calls",
            "Draw them outside, and pass them as an argument.",
        )
