"""once_differentiable: a backward that is not differentiated in its turn, and says so."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Final

from wengert.autograd.custom.node import place_of
from wengert.core.aval import stand_in
from wengert.core.handles import from_node
from wengert.core.node import Node
from wengert.core.op import Op
from wengert.core.record import apply
from wengert.core.registry import OPS
from wengert.core.tensor import Tensor
from wengert.errors import GradientError
from wengert.modes import current, using


def _first(*xs: Any, by: str) -> Any:
    return xs[0]


def _refuse(ct: Any, by: str) -> Any:
    raise GradientError(
        f"trying to differentiate twice a function that was marked with @once_differentiable: {by}",
        "Write its backward with differentiable operations and leave the mark out, or do not "
        "differentiate through this gradient: gradient.detach().",
    )


def _slices(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """The batching rule: the first input has the mapped axis in any case."""
    first, *others = values
    if not mapped[0]:
        first = OPS["expand"](first, shape=(size, *first._data.shape))
    return op(first, *others, **attrs)


ONCE: Final = Op(
    "once_differentiable", "opaque", _first, (_refuse,), inputs=("xs",), variadic=True,
    attributes=("by",), batch=_slices, no_torch="what makes a second differentiation an error",
    grad_name="OnceDifferentiable",
)  # fmt: skip
"""Its first input as it is; whoever pulls back through it is told that this cannot be."""


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a backward that must not be differentiated: it runs without being recorded.

    Where its result is differentiated again, GradientError is raised: a second derivative without
    what this backward leaves out would be wrong.

    >>> import wengert as wg
    >>> class Square(wg.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return wg.tensor(x.item() ** 2)
    ...
    ...     @staticmethod
    ...     @wg.autograd.function.once_differentiable
    ...     def backward(ctx, grad):
    ...         (x,) = ctx.saved_tensors
    ...         return 2 * x * grad
    >>> x = wg.tensor(3.0, requires_grad=True)
    >>> (gradient,) = wg.autograd.grad(Square.apply(x), x, create_graph=True)
    >>> wg.autograd.grad(gradient, x)
    Traceback (most recent call last):
    ...
    wengert.errors.GradientError: trying to differentiate twice a function that was marked with...
    """

    @functools.wraps(fn)
    def wrapper(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        with using(grad=False):
            outputs = fn(ctx, *args, **kwargs)
        if not current().grad:
            return outputs
        through = [t for t in (*args, *_sources(ctx)) if _requires_grad(t)]
        if not through:
            return outputs
        if not isinstance(outputs, tuple):
            return _refusing(outputs, through, _name(ctx, fn))
        return tuple(_refusing(output, through, _name(ctx, fn)) for output in outputs)

    return wrapper


def _sources(ctx: Any) -> list[Any]:
    """What a gradient depends on besides the cotangents: the saved tensors and the inputs."""
    marks = ctx._marks
    found: list[Any] = [] if marks.clears or marks.freed is not None else list(ctx.saved_tensors)
    node = marks.applied() if marks.applied is not None else None
    if node is not None and not any(isinstance(t, Tensor) and t._level for t in found):
        found += [from_node(stand_in(s.aval), s) for s in node.inputs if isinstance(s, Node)]
    return found


def _requires_grad(value: Any) -> bool:
    return isinstance(value, Tensor) and value.requires_grad


def _name(ctx: Any, backward: Callable[..., Any]) -> str:
    """The Function, where it was applied, and where its backward is, for the error."""
    node = ctx._marks.applied() if ctx._marks.applied is not None else None
    at = f", applied at {node.site}" if node is not None and node.site is not None else ""
    return f"{ctx._marks.name}{at}\n  its backward is {place_of(backward)}"


def _refusing(output: Any, through: list[Tensor], by: str) -> Any:
    return apply(ONCE, (output, *through), {"by": by}) if isinstance(output, Tensor) else output
