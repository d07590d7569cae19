"""torch.autograd.graph's names: nodes, edges, and what becomes of saved values."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from wengert.autograd.edges import GradientEdge, get_gradient_edge
from wengert.autograd.multi_hooks import register_multi_grad_hook
from wengert.autograd.saved_hooks import (
    allow_mutation_on_saved_tensors,
    disable_saved_tensors_hooks,
    save_on_cpu,
    saved_tensors_hooks,
)
from wengert.core.handles import memory_of
from wengert.core.node import Node, next_sequence
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentValueError
from wengert.modes import current
from wengert.sites import here


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Note that a tensor's memory was written, by something that does not note it itself.

    A backward pass that needs the old value then raises StaleError, with the line of this call.
    Raises ArgumentValueError for what is no tensor.
    """
    site = here(sys._getframe(1)) if current().sites else None
    several = (tensor,) if isinstance(tensor, Tensor) else tensor
    if not isinstance(several, Iterable):
        raise ArgumentValueError(f"increment_version takes tensors, not {type(tensor).__name__}")
    for one in several:
        if not isinstance(one, Tensor):
            raise ArgumentValueError(f"increment_version takes tensors, not {type(one).__name__}")
        if not one.is_inference():
            memory_of(one).stamp(next_sequence(), "increment_version", site)


def set_warn_on_accumulate_grad_stream_mismatch(enabled: bool) -> None:
    """Accepted, and without effect: there are no streams here that could differ."""


def set_override_stale_capture_stream(enabled: bool) -> None:
    """Accepted, and without effect, likewise."""


__all__ = [
    "GradientEdge", "Node", "allow_mutation_on_saved_tensors", "disable_saved_tensors_hooks",
    "get_gradient_edge", "increment_version", "register_multi_grad_hook", "save_on_cpu",
    "saved_tensors_hooks", "set_override_stale_capture_stream",
    "set_warn_on_accumulate_grad_stream_mismatch",
]  # fmt: skip
