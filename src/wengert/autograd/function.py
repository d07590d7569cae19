"""torch.autograd.function's names: functions whose derivative the user writes."""

from __future__ import annotations

import warnings
from typing import Any

from wengert.autograd.custom import undefined
from wengert.autograd.custom.apply import applied
from wengert.autograd.custom.call import Call
from wengert.autograd.custom.context import FunctionCtx
from wengert.autograd.custom.node import FunctionNode
from wengert.autograd.custom.once import once_differentiable
from wengert.errors import GradientError


class FunctionMeta(type):
    """Gives each Function a place for what is worked out once: its layouts and operations."""

    def __init__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> None:
        super().__init__(name, bases, body)
        # grad_fn's class, as in torch: type(y.grad_fn).__name__ is "ExpBackward".
        cls._backward_cls = type(f"{name}Backward", (FunctionNode,), {"__slots__": ()})
        cls._ops: dict[Any, Any] = {}
        cls._layouts: dict[Any, Any] = {}


class Function(metaclass=FunctionMeta):
    """A function whose derivative you write yourself.

    Subclass it, define the static methods `forward` and `backward`, and call `apply`. forward
    computes the outputs; nothing in it is recorded. backward gets the gradients of the outputs and
    returns one for each argument of forward, None for those that are no tensors. In the graph the
    application is one operation with the name of the class.

    forward comes in two forms: forward(ctx, *args), or forward(*args) beside
    setup_context(ctx, inputs, output), which vmap needs. `wengert.audit` checks a Function.

    generate_vmap_rule: whether vmap may run forward, backward and jvp on mapped tensors.
    clear_saved_tensors_on_access: whether reading ctx.saved_tensors lets them go.
    boxed_grads_call: whether backward gets the gradients in one list.

    >>> import wengert as wg
    >>> class Exp(wg.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         y = x.exp()
    ...         ctx.save_for_backward(y)
    ...         return y
    ...
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         (y,) = ctx.saved_tensors
    ...         return grad * y
    >>> x = wg.tensor(0.0, requires_grad=True)
    >>> y = Exp.apply(x)
    >>> y
    tensor(1., grad_fn=<ExpBackward>)
    >>> y.backward()
    >>> x.grad
    tensor(1.)
    """

    generate_vmap_rule = False
    clear_saved_tensors_on_access = False
    boxed_grads_call = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            f"{type(self).__name__} should not be instantiated: the methods of a Function are all "
            f"static. Call {type(self).__name__}.apply(...).",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        name = type(self).__name__
        raise GradientError(
            f"{name}: legacy autograd function with non-static forward method",
            f"Make forward and backward static methods, and call {name}.apply(...).",
        )

    forward = staticmethod(undefined.forward)
    setup_context = staticmethod(undefined.setup_context)
    backward = staticmethod(undefined.backward)
    vjp = staticmethod(undefined.backward)
    jvp = staticmethod(undefined.jvp)
    vmap = staticmethod(undefined.vmap)

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Apply the function to arguments: tensors and anything else.

        Gradients go to arguments that are tensors themselves; tensors inside of lists and the like
        are constants. Raises BatchingError inside a vmap for a Function that has no rule for it.
        """
        return applied(Call(cls, args, kwargs))


class InplaceFunction(Function):
    """A Function that may write into its inputs; there for old code's sake."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


__all__ = ["Function", "FunctionCtx", "FunctionMeta", "InplaceFunction", "once_differentiable"]
