"""audit: whether a Function that a user wrote does what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wengert.autograd.auditing.report import Audit


def audit(function: Any, *inputs: Any, seed: int = 0) -> Audit:
    """Check a Function on real inputs: what forward, backward, jvp and vmap do and leave undone.

    Its gradient and second derivative are compared with finite differences, in double precision;
    jvp with backward, vmap with a loop. What was saved, and how, what was written into and not
    marked, numbers and shapes of gradients, and whether results repeat are looked at as well.
    inputs: the arguments of apply; those that require grad are differentiated, or all floats if
    none does. They are copied, and nothing of yours is written into. Returns a report that is
    false if anything is wrong, and says what, in which line, and what to do.

    >>> import wengert as wg
    >>> class Square(wg.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         (x,) = ctx.saved_tensors
    ...         return grad * x
    >>> report = wg.audit(Square, wg.tensor([1.0, 3.0]))
    >>> bool(report)
    False
    >>> print(report.faults[0].what)
    the gradient of x is wrong: at [1] backward gives 2.465, finite differences give 4.93
    """
    from wengert.autograd.auditing.checks import run

    return run(function, inputs, seed)


__all__ = ["audit"]
