"""The node of an application of a Function, and the operation that the graph sees in it."""

from __future__ import annotations

import linecache
import weakref
from collections.abc import Callable, Sequence
from typing import Any, Final

from wengert.autograd.custom import undefined
from wengert.autograd.custom.context import FunctionCtx
from wengert.autograd.custom.layout import Layout
from wengert.core.node import Applied, is_large
from wengert.core.op import Op, Plan
from wengert.core.tensor import Tensor
from wengert.errors import GradientError, GraphError
from wengert.sites import Line


def _no_rule(ct: Any) -> Any:
    raise AssertionError("the derivative of a Function is its backward, for all inputs at once")


class FunctionOp(Op):
    """A Function as an operation: opaque, with a value and a pullback.

    Its inputs are the arguments that are tensors, its attributes all others. pulled: the cotangent
    of one input, for questions to a graph, (node as seen, cotangent, slot) -> array.
    """

    function: Any = None
    layout: Any = None
    pullback: Callable[..., Any] | None = None
    pulled: Callable[..., Any] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        raise GraphError(
            f"{self.name}: the graph of a Function cannot be pickled",
            "Use to_json: there it is an operation that can be looked at.",
        )

    def __call__(self, *tensors: Any, **attrs: Any) -> Any:
        """Apply the Function to other tensors, with these other arguments by name."""
        from wengert.autograd.custom.again import applied_to

        return applied_to(self, tensors, attrs)

    def applied(self, args: Sequence[Any], attrs: dict[str, Any] | None) -> Any:
        """The tensors that the Function returns: mapped ones have to go by its vmap."""
        from wengert.autograd.custom.again import applied_to
        from wengert.autograd.custom.call import Returned

        values = Returned(applied_to(self, args, attrs or {})).values
        tensors = tuple(value for value in values if isinstance(value, Tensor))
        return tensors[0] if len(tensors) == 1 else tensors

    def needs(self, i: int, count: int) -> set[int | str]:
        """Nothing that the recorder would keep: ctx does."""
        return set()

    def pull(self, i: int, numbers: int) -> Any:
        """What questions to a graph ask; sweeps use the plan's `joint`."""
        pulled = self.pulled
        assert pulled is not None
        return lambda node, ct: pulled(node, ct, i)

    def plan(self, mask: int, numbers: int, count: int) -> Plan:
        """The plan: its pullback gives the cotangents of all inputs at once."""
        plan = super().plan(mask, numbers, count)
        if plan.joint is None:
            plan.joint = self.pullback
            plan.special = True
            plan.keeps_any = True  # so that a pass that frees says in which line
        return plan


def function_op(
    function: Any, layout: Layout, forward: Callable[..., Any], pullback: Callable[..., Any],
    pulled: Callable[..., Any],
) -> FunctionOp:  # fmt: skip
    """The operation of a Function for arguments of this layout."""
    name = function.__name__
    return FunctionOp(
        name, "opaque", forward, (_no_rule,) * len(layout.inputs), inputs=layout.inputs,
        attributes=layout.attributes, no_torch="a function that a user wrote",
        grad_name=f"{name}Backward", explain="what its own backward says", function=function,
        layout=layout, pullback=pullback, pulled=pulled,
    )  # fmt: skip


class FunctionNode(Applied):
    """The grad_fn of what a Function returned.

    It has the attributes of ctx, and what is put on one can be read from the other. places: per
    output that is a tensor, its position among all that forward returned; returned: how many there
    were.
    """

    __slots__ = ("__dict__", "ctx", "places", "returned")

    ctx: FunctionCtx
    places: tuple[int, ...]
    returned: int

    def share(self, ctx: FunctionCtx) -> None:
        """Take over a context and its attributes."""
        self.ctx = ctx
        ctx._marks.applied = weakref.ref(self)
        self.__dict__ = ctx.__dict__

    def drop_large(self) -> None:
        """A pass has freed this node: saved values go, and what is large besides."""
        self.ctx._marks.free(self.freed)
        operands = self.operands
        if operands is not None and any(map(is_large, operands)):
            self._drop_operands(operands)
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        if any(map(is_large, values)):
            self.value = None

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What was saved for backward."""
        return self.ctx.saved_tensors

    @property
    def _raw_saved_tensors(self) -> tuple[Any, ...]:
        return self.ctx._raw_saved_tensors

    @property
    def needs_input_grad(self) -> tuple[bool, ...]:
        """Per argument of forward, whether it requires grad."""
        return self.ctx.needs_input_grad

    @property
    def kept_by_user(self) -> list[tuple[Any, str]]:
        """What it keeps besides its inputs, each with the reason."""
        saved = [s.kept() for s in self.ctx._marks.saved if s is not None]
        name = self.plan.op.name
        found = [(k, "packed by a hook" if hook else f"{name}'s derivative") for k, hook in saved]
        return found + [(value, f"ctx.{name}") for name, value in self.__dict__.items()]

    @property
    def withheld(self) -> set[int]:
        """The inputs that backward gave None for when a gradient was due."""
        return self.ctx._marks.withheld

    def apply(self, *cotangents: Any) -> Any:
        """Call the Function's backward with this node's context."""
        function: Any = self.plan.op
        return backward_of(function.function)(self.ctx, *cotangents)


def backward_of(function: Any) -> Callable[..., Any]:
    """The backward, or vjp, that a Function defines. Raises GradientError if there are both."""
    backward, vjp = function.backward, function.vjp
    if backward is not undefined.backward and vjp is not undefined.backward:
        raise GradientError(
            f"{function.__name__} implements both 'backward' and 'vjp', which mean the same",
            "Delete one of them.",
        )
    found: Callable[..., Any] = vjp if backward is undefined.backward else backward
    return found


def place_of(function: Callable[..., Any]) -> Line | str:
    """Where a function is defined: train.py:12    def backward(ctx, g):; "" if nobody knows."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    code = getattr(function, "__code__", None)
    return "" if code is None else Line(code.co_filename, _line_of_def(code))


def _line_of_def(code: Any) -> int:
    """The line of `def`, behind those of the decorators."""
    first: int = code.co_firstlineno
    for line in range(first, first + _MOST_DECORATORS):
        if not linecache.getline(code.co_filename, line).lstrip().startswith("@"):
            return line
    return first


_MOST_DECORATORS: Final = 20
