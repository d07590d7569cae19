"""Nodes: one per application of an operation, and one per tensor made to require grad."""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wengert.core.aval import Aval, aval_of
from wengert.core.dtype import is_differentiable
from wengert.core.extra import Dropped, Extra
from wengert.core.grad_fn import GradFn
from wengert.core.hooks import watch
from wengert.core.memory import Memory
from wengert.core.op import Op, Plan
from wengert.sites import Site

if TYPE_CHECKING:
    from wengert.core.tensor import Tensor

SMALL: Final = 256
"""Bytes up to which every output is kept, so that a small graph can always be asked."""

next_sequence = itertools.count(1).__next__


def is_large(value: Any) -> bool:
    """Whether a value is dropped after backward."""
    return type(value) is np.ndarray and value.nbytes > SMALL


_MAKING: Final = threading.Lock()
_ARRAYS: Final = (np.ndarray, np.generic)

# Reentrant: under create_graph sums are operations, and what they do is not known here.
ACCUMULATION: Final = threading.RLock()
"""Held while a gradient is accumulated, or gets its handle."""

UNKNOWN_LINE: Final = "(no line: provenance is off)"
"""What stands in Node.freed where sites are off."""

RETAINED: Final = object()
"""What stands in Node.grad after retain_grad(), until a gradient arrives."""

WATCHED: Final = object()
"""What stands in Node.grad where there are hooks, and no gradient is kept."""


class Node(GradFn):
    """One application of an operation, or a leaf.

    plan: the operation and how it is differentiated. value: the output if it is small or a
    residual. sequence: when it was made; inputs are always older. grad: of leaves and of retained
    nodes. freed: the line of the backward pass that freed it, or UNKNOWN_LINE. There is no link to
    consumers. Subclasses keep inputs, operands, attributes and aval as suits them: the fewer
    objects a node consists of, the less CPython's cyclic collector has to walk.
    """

    # Neither this class nor Pair has a constructor: Pair() is a third faster so. What makes nodes
    # writes every slot: fast.binary, fast.make_leaf, and Applied.
    __slots__ = (
        "__weakref__", "_memory", "extra", "freed", "grad", "plan", "sequence", "site", "value",
    )  # fmt: skip

    plan: Plan
    value: Any
    sequence: int
    site: Site | None
    grad: Any
    freed: Site | str | None
    extra: Extra | None
    _memory: Memory | None

    @property
    def inputs(self) -> tuple[Any, ...]:
        """Per input the node it came from, the Tensor if it is a constant, None for a number."""
        return ()

    @property
    def operands(self) -> tuple[Any, ...] | None:
        """Per input its array if it is a constant or a residual, else None; None if all are."""
        return None

    @property
    def attrs(self) -> dict[str, Any] | None:
        """The attributes of the application; None if there are none."""
        return None

    @property
    def _aval(self) -> Any:
        """The aval of an output that is not kept, of several their avals; else None."""
        return None

    @property
    def retained_grad(self) -> Tensor | None:
        """The gradient stored here, or None. A pass leaves an array; this makes its handle."""
        grad = self.grad
        if isinstance(grad, _ARRAYS):
            from wengert.core.handles import _new

            with ACCUMULATION:
                if isinstance(self.grad, _ARRAYS):
                    self.grad = _new(self.grad, None)
                grad = self.grad
        return None if grad is RETAINED or grad is WATCHED else grad

    @property
    def op(self) -> Op:
        return self.plan.op

    @property
    def aval(self) -> Any:
        """The output's aval; a tuple of avals if there are several outputs."""
        return self._aval if self._aval is not None else aval_of(self.value)

    def operand_aval(self, i: int) -> Aval:
        """The aval of input i, whether or not its value is still there."""
        source = self.inputs[i]
        if isinstance(source, Node):
            aval: Aval = source.aval
            return aval
        if source is not None and not self._has_operand(i):
            return source if isinstance(source, Aval) else aval_of(source._data)
        assert self.operands is not None
        return aval_of(self.operands[i])

    def _has_operand(self, i: int) -> bool:
        return self.operands is not None and self.operands[i] is not None

    def operand_avals(self) -> tuple[Aval, ...]:
        return tuple(self.operand_aval(i) for i in range(len(self.inputs)))

    @property
    def scope(self) -> str:
        """What `wengert.scope` filed this node under: "encoder/attention", or ""."""
        return self.extra.scope if self.extra is not None else ""

    def get_extra(self) -> Extra:
        return self.extra if self.extra is not None else _made_extra(self)

    def _watch(self) -> None:
        """There are hooks: a pass looks at this node."""
        if self.grad is None and self.inputs:
            self.grad = WATCHED
        watch(self)

    def retains(self) -> bool:
        """Whether retain_grad() was called on this node's tensor."""
        return self.grad is not None and self.grad is not WATCHED

    def hand_over(self, new: Node) -> None:
        """The tensor has a new node: what it retains is retained there; hooks stay here."""
        if self.retains():
            hooks = self.extra.hooks if self.extra is not None else None
            new.grad, self.grad = self.grad, None if hooks is None else WATCHED

    # torch's surface of grad_fn; the rest is in core/grad_fn.py

    def name(self) -> str:
        """torch's name of the node: "MulBackward0"."""
        return self.plan.op.backward_name(self)

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The nodes that the inputs came from, each with the index of its output."""
        return tuple(unproject(self.inputs[i]) for i in self.edges())

    def edges(self) -> list[int]:
        """The inputs that torch counts in next_functions: tensors that can have a gradient.

        Numbers count where the same node of torch's has tensors, too (x + 1), and do not where it
        is named by them (x ** 2).
        """
        op, operands = self.plan.op, self.operands or ()
        if self.plan.joint is not None or not op.rules:
            return list(range(len(self.inputs)))
        numbers = {i for i, o in enumerate(operands) if o is not None}
        if callable(op.grad_name):
            numbers = set()
        return [
            i
            for i, source in enumerate(self.inputs)
            if op.rule(i) is not None and (i in numbers if source is None else self._carries(i))
        ]

    def _carries(self, i: int) -> bool:
        """Whether input i, a tensor, can have a gradient: indices cannot."""
        is_node = isinstance(self.inputs[i], Node)
        return is_node or is_differentiable(self.operand_aval(i).dtype)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class Applied(Node):
    """One application of any operation."""

    __slots__ = ("_aval", "attrs", "inputs", "operands")

    inputs: tuple[Any, ...]
    operands: tuple[Any, ...] | None
    attrs: dict[str, Any] | None
    _aval: Any

    def __init__(
        self, plan: Plan, inputs: tuple[Any, ...], operands: tuple[Any, ...] | None,
        attrs: dict[str, Any] | None, value: Any, aval: Any, site: Site | None,
    ) -> None:  # fmt: skip
        self.plan = plan
        self.inputs = inputs
        self.operands = operands
        self.attrs = attrs
        self.value = value
        self._aval = aval
        self.sequence = next_sequence()
        self.site = site
        self._memory = None
        self.freed = None
        self.extra = None
        self.grad = None

    def drop_large(self) -> None:
        """Drop large residuals, constants and values; structure, avals and sites stay."""
        operands = self.operands
        if operands is not None:
            for operand in operands:
                if type(operand) is np.ndarray and operand.nbytes > SMALL:
                    self._drop_operands(operands)
                    break
        if self._aval is not None:  # the output is large
            self.value = None

    def _drop_operands(self, operands: tuple[Any, ...]) -> None:
        self.inputs = tuple(
            Dropped(source, o) if is_large(o) and not isinstance(source, Node) else source
            for source, o in zip(self.inputs, operands, strict=True)
        )
        self.operands = tuple(None if is_large(o) else o for o in operands)


class Pair(Node):
    """What `a + b` makes of small tensors: an application to two inputs, without attributes.

    first and second: the inputs; x and y: the operands. They stand in slots, because in a chain of
    10,000 operations each tuple that a node held cost as much as the node itself: the collector
    walks them all, and the more there are, the more often. All is small, so nothing is dropped.
    even: whether nothing was broadcast, so that cotangents fit as they are.
    """

    __slots__ = ("even", "first", "second", "x", "y")

    even: bool

    first: Any
    second: Any
    x: Any
    y: Any

    @property
    def inputs(self) -> tuple[Any, ...]:
        return (self.first, self.second)

    @property
    def operands(self) -> tuple[Any, ...] | None:
        x, y = self.x, self.y
        return None if x is None and y is None else (x, y)


def _made_extra(node: Node) -> Extra:
    """A new Extra, unless another thread has made one just now."""
    with _MAKING:
        if node.extra is None:
            node.extra = Extra()
        return node.extra


def unproject(source: Any) -> tuple[Node | None, int]:
    """(node, output index) with projections hidden; (None, 0) for a constant."""
    if not isinstance(source, Node):
        return None, 0
    if not isinstance(source, Leaf) and source.plan.op.kind == "projection":
        assert source.attrs is not None
        return source.inputs[0], source.attrs["index"]
    return source, 0


class Leaf(Node):
    """The node of a tensor made to require grad.

    It holds the tensor's array and Memory strongly and the tensor weakly: a graph does not keep
    a dead handle alive, and `.variable` makes a new one.
    """

    __slots__ = ("_aval", "handle")

    _aval: Any

    def __init__(self, tensor: Tensor, site: Site | None) -> None:
        self.plan = LEAF_PLAN
        self.value = tensor._data
        self._aval = None
        self.sequence = next_sequence()
        self.site = site
        self._memory = tensor._memory
        self.freed = None
        self.extra = None
        self.grad = None
        self.handle = weakref.ref(tensor)

    def name(self) -> str:
        return "AccumulateGrad"

    def retains(self) -> bool:
        return False

    @property
    def variable(self) -> Tensor:
        """The tensor whose gradient is accumulated here; a new handle if the old one is gone."""
        from wengert.core.handles import handle_of

        alive = self.handle()
        return alive if alive is not None else handle_of(self)


class Carrier(Applied):
    """What stands for the node of a tensor that requires no gradient but has tangents.

    It has no inputs: forward mode keeps nothing alive. It goes with its level.
    """

    __slots__ = ("handle",)

    def __init__(self, tensor: Tensor) -> None:
        super().__init__(_CARRIER_PLAN, (), None, None, None, tensor._aval, None)
        self.handle = weakref.ref(tensor)


def unrecorded(old: Node | None, new: Node | None, levels: Sequence[Any]) -> Node | None:
    """A tensor's node after a write under no_grad: the old history, with the new tangents.

    new: what the write made under no_grad; it has tangents, or is None. levels: those in force.
    """
    before, after = _tangents(old), _tangents(new)
    tangents = {
        level: level.unrecorded(before.get(level), after.get(level))
        for level in levels
        if level in before or level in after
    }
    if old is None or type(old) is Carrier:
        old = new
    if old is not None and (tangents or old.extra is not None):
        old.get_extra().tangents = tangents or None
    return old


def _tangents(node: Node | None) -> dict[Any, Any]:
    extra = node.extra if node is not None else None
    return (extra.tangents if extra is not None else None) or {}


LEAF_PLAN: Final = Plan(Op("leaf", "leaf", lambda: None, ()), (), False, 0)
_CARRIER_PLAN: Final = Plan(Op("carrier", "leaf", lambda: None, ()), (), False, 0)
_PROJECTION: Final = Op("projection", "projection", lambda: None, (), attributes=("index",))
PROJECTION_PLAN: Final = Plan(_PROJECTION, (), False, 1)
PROJECTION_PLAN.wanted = (0,)  # gradients go through; the walk itself bundles them
PROJECTION_PLAN.special = True


def project(source: Node, index: int, value: Any, aval: Any) -> Node:
    """The node that stands for one output of a node with several."""
    made = Applied(PROJECTION_PLAN, (source,), None, {"index": index}, value, aval, source.site)
    extra = source.get_extra()
    if not extra.projections:
        extra.projections = [_nothing] * len(source.aval)
    extra.projections[index] = weakref.ref(made)
    return made


def _nothing() -> None:
    return None
