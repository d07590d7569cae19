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
from wengert.core.node import Node, next_sequence
from wengert.core.record import memory_of
from wengert.core.tensor import Tensor
from wengert.modes import current
from wengert.sites import here


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Note that a tensor's memory was written, by something that does not note it itself.

    A backward pass that needs the old value then raises StaleError, with the line of this call.
    """
    site = here(sys._getframe(1)) if current().sites else None
    for one in (tensor,) if isinstance(tensor, Tensor) else tensor:
        if not one.is_inference():
            memory_of(one).stamp(next_sequence(), "increment_version", site)


__all__ = [
    "GradientEdge", "Node", "allow_mutation_on_saved_tensors", "disable_saved_tensors_hooks",
    "get_gradient_edge", "increment_version", "register_multi_grad_hook", "save_on_cpu",
    "saved_tensors_hooks",
]  # fmt: skip
