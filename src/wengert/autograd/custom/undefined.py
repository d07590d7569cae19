"""The methods of a Function until its class defines them: each says what is missing."""

from __future__ import annotations

from typing import Any

from wengert.errors import NotDefinedError


def forward(*args: Any, **kwargs: Any) -> Any:
    """Compute the outputs; takes ctx first, unless setup_context is defined."""
    raise NotDefinedError(
        "You must implement the forward function for custom autograd.Function.",
        "A static method forward(ctx, x, ...) that returns a tensor or a tuple of them.",
    )


def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
    """Save what backward and jvp need. inputs: all arguments of forward; output: its result."""
    raise NotDefinedError("setup_context is not implemented.")


def backward(ctx: Any, *grad_outputs: Any) -> Any:
    """The gradients of the arguments of forward, from those of its outputs."""
    raise NotDefinedError(
        "You must implement either the backward or vjp method for your custom autograd.Function "
        "to use it with backward mode AD.",
        "A static method backward(ctx, grad) that returns one gradient per argument.",
    )


def jvp(ctx: Any, *grad_inputs: Any) -> Any:
    """The tangents of the outputs, from those of the arguments."""
    raise NotDefinedError(
        "You must implement the jvp function for custom autograd.Function to use it with forward "
        "mode AD.",
        "A static method jvp(ctx, *tangents) that returns one tangent per output.",
    )


def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> Any:
    """Apply to all slices at once: returns (output, out_dims).

    info: batch_size and randomness. in_dims: per argument the mapped dimension, or None.
    """
    raise NotDefinedError(
        "To use autograd.Function with vmap, you must either override the vmap staticmethod or set "
        "generate_vmap_rule=True.",
        "generate_vmap_rule = True in the class makes a rule of your own code; it needs "
        "setup_context.",
    )
