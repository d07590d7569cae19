"""Nodes: one per application of an operation, and one per tensor made to require grad."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wengert.core.aval import Aval, aval_of
from wengert.core.memory import Memory
from wengert.core.op import Op, Plan
from wengert.errors import GradientError
from wengert.sites import Site

if TYPE_CHECKING:
    from wengert.core.tensor import Tensor

SMALL: Final = 256
"""Bytes up to which every output is kept, so that a small graph can always be asked."""

next_sequence = itertools.count(1).__next__


def is_large(value: Any) -> bool:
    return type(value) is np.ndarray and value.nbytes > SMALL


class Freed:
    """Who freed a graph: the call and its line. One object per backward pass."""

    __slots__ = ("call", "site")

    def __init__(self, call: str, site: Site | None) -> None:
        self.call = call
        self.site = site


class Extra:
    """What few nodes and tensors have: a given name, a retained gradient, the mark of a cut."""

    __slots__ = ("cut", "grad", "name", "projections", "retains")

    def __init__(self) -> None:
        self.name: str | None = None
        self.grad: Tensor | None = None
        self.retains = False
        self.cut: Cut | None = None
        # Per output of an operation with several, its projection while that lives.
        self.projections: list[Callable[[], Node | None]] = []


class Cut:
    """Where a tensor lost its history: what did it, and the line. Never a link to the source."""

    __slots__ = ("by", "site")

    def __init__(self, by: str, site: Site | None) -> None:
        self.by = by
        self.site = site


class Node:
    """One application of an operation.

    plan: the operation and how it is differentiated. inputs: per input the node it came from, or
    the Tensor if it is a constant, or None for a Python number. operands: per input its array if
    it is a constant or a residual, else None. value: the output if it is small or a residual.
    sequence: when it was made; inputs are always older. There is no link to consumers.
    """

    __slots__ = (
        "__weakref__", "_aval", "_memory", "attrs", "extra", "freed", "inputs", "operands", "plan",
        "sequence", "site", "value",
    )  # fmt: skip

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
        self.sequence: int = next_sequence()
        self.site = site
        self._memory: Memory | None = None
        self.freed: Freed | None = None
        self.extra: Extra | None = None

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

    def free(self, freed: Freed) -> None:
        """Drop large residuals, constants and values; structure, avals and sites stay."""
        if self.plan.keeps_any:
            self.freed = freed
        operands = self.operands
        if operands is not None:
            for operand in operands:
                if is_large(operand):
                    self._drop_large(operands)
                    break
        if is_large(self.value):
            self._aval = self.aval
            self.value = None

    def _drop_large(self, operands: tuple[Any, ...]) -> None:
        kept = tuple(None if is_large(o) else o for o in operands)
        self.inputs = tuple(
            aval_of(o) if is_large(o) and not isinstance(source, Node) else source
            for source, o in zip(self.inputs, operands, strict=True)
        )
        self.operands = kept

    def get_extra(self) -> Extra:
        if self.extra is None:
            self.extra = Extra()
        return self.extra

    # torch's surface of grad_fn

    def name(self) -> str:
        """torch's name of the node: "MulBackward0"."""
        return self.plan.op.backward_name(self.attrs)

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The nodes that the inputs came from, each with the index of its output."""
        return tuple(unproject(source) for source in self.inputs)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


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

    It holds the tensor's Memory strongly and the tensor weakly, so `.variable` outlives the
    handle, and a graph does not keep a dead handle alive.
    """

    __slots__ = ("grad", "handle")

    def __init__(self, tensor: Tensor, memory: Memory, site: Site | None) -> None:
        data = tensor._data
        super().__init__(_LEAF_PLAN, (), None, None, data, Aval(data.shape, data.dtype), site)
        self._memory = memory
        self.grad: Tensor | None = None
        self.handle = weakref.ref(tensor)

    def free(self, freed: Freed) -> None:
        """A leaf keeps its value."""

    def name(self) -> str:
        return "AccumulateGrad"

    @property
    def variable(self) -> Tensor:
        """The tensor whose gradient is accumulated here."""
        tensor = self.handle()
        if tensor is None:
            raise GradientError("the tensor of this AccumulateGrad no longer exists")
        return tensor


_LEAF_PLAN: Final = Plan(Op("leaf", "leaf", lambda: None, ()), (), False, 0)
_PROJECTION: Final = Op("projection", "projection", lambda: None, (), attributes=("index",))
PROJECTION_PLAN: Final = Plan(_PROJECTION, (), False, 1)


def project(source: Node, index: int, value: Any, aval: Any) -> Node:
    """The node that stands for one output of a node with several."""
    made = Node(PROJECTION_PLAN, (source,), None, {"index": index}, value, aval, source.site)
    extra = source.get_extra()
    if not extra.projections:
        extra.projections = [_nothing] * len(source.aval)
    extra.projections[index] = weakref.ref(made)
    return made


def _nothing() -> None:
    return None
