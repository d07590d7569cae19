"""Hooks of tensors: called with a gradient as soon as it is known."""

from __future__ import annotations

from typing import Any

from wengert.autograd.calling import called
from wengert.autograd.saved import names, saved
from wengert.core.advice import cut_off
from wengert.core.grad_fn import bind_autograd
from wengert.core.hooks import Hook, Registered, RemovableHandle, enter
from wengert.core.node import Leaf, Node
from wengert.core.tensor import Tensor
from wengert.core.view import refuse_lost
from wengert.errors import GradientError
from wengert.ops.define import method

bind_autograd(saved, names, called)


@method(Tensor)
def register_hook(self: Tensor, hook: Hook) -> RemovableHandle:
    """Call hook(grad) whenever the gradient of this tensor has been computed.

    It returns None, or a tensor that replaces the gradient. Several are called in the order of
    registration. After an in-place change of the tensor they stay with the value it had before.
    Raises GradientError for a tensor that does not require grad.

    >>> import wengert as wg
    >>> x = wg.tensor(3.0, requires_grad=True)
    >>> handle = x.register_hook(lambda grad: grad * 10)
    >>> (x * x).backward()
    >>> x.grad
    tensor(60.)
    >>> handle.remove()
    """
    return enter(hooked("register_hook", self).hooks().tensor, hook)


@method(Tensor)
def register_post_accumulate_grad_hook(self: Tensor, hook: Hook) -> RemovableHandle:
    """Call hook(tensor) when a backward pass has added to this leaf's `.grad`.

    All that uses the leaf has run by then: an optimiser can step, and free the gradient, while the
    pass goes on. It returns None, or the tensor. A pass in another thread that has a gradient for
    the same leaf waits until it has returned. Raises GradientError for tensors that are no leaves
    or do not require grad.

    >>> import wengert as wg
    >>> w = wg.tensor(3.0, requires_grad=True)
    >>> @w.register_post_accumulate_grad_hook
    ... def step(w):
    ...     with wg.no_grad():
    ...         w -= 0.5 * w.grad
    >>> (w * 4).backward()
    >>> w
    tensor(1., requires_grad=True)
    """
    node = hooked("register_post_accumulate_grad_hook", self)
    if not isinstance(node, Leaf):
        raise GradientError(
            "post accumulate grad hooks cannot be registered on non-leaf tensors",
            "Use register_hook: it is called with the gradient.",
        )
    return enter(node.hooks().accumulated, hook)


def hooked(name: str, tensor: Tensor) -> Node:
    """The node that a tensor's hooks stand on. Raises GradientError if it needs no gradient."""
    refuse_lost(tensor)
    node = tensor._node
    if node is None or not tensor.requires_grad:
        raise GradientError(
            f"{name}: cannot register a hook on a tensor that doesn't require gradient"
            + cut_off(tensor),
            "Call requires_grad_() on it before.",
        )
    return node


def _hooks_of(self: Tensor, which: str) -> Registered | None:
    node = self._node
    hooks = node.extra.hooks if node is not None and node.extra is not None else None
    registered: Registered | None = None if hooks is None else getattr(hooks, which)
    return registered


def _backward_hooks(self: Tensor) -> Any:
    """The hooks of this tensor by number, or None if there never were any."""
    return _hooks_of(self, "tensor")


def _post_accumulate_grad_hooks(self: Tensor) -> Any:
    """The hooks that are called when this leaf's `.grad` is complete, or None."""
    return _hooks_of(self, "accumulated")


for _property in (_backward_hooks, _post_accumulate_grad_hooks):
    setattr(Tensor, _property.__name__, property(_property))
