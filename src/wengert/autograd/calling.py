"""A node called like a function: one step of a backward pass, by hand."""

from __future__ import annotations

from typing import Any

from wengert.autograd.accumulate import deliver_array, deliver_tensor
from wengert.core.node import Leaf, Node
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, GradientError
from wengert.modes import current
from wengert.transform.careful import run
from wengert.transform.cotangents import Arrays, Tensors
from wengert.transform.reverse import check_seed


def called(node: Any, gradients: tuple[Tensor | None, ...]) -> Any:
    """The gradients of a node's inputs from those of its outputs; one alone, or a tuple.

    Recorded where gradients are enabled. No hook of the node is called. A leaf's node accumulates.
    """
    avals = node.aval if isinstance(node.aval, tuple) else (node.aval,)
    if len(gradients) != len(avals):
        raise GradientError(
            f"{node.name()} takes {len(avals)} gradients, one per output, not {len(gradients)}"
        )
    for aval, gradient in zip(avals, gradients, strict=True):
        if not isinstance(gradient, (Tensor, type(None))):
            raise ArgumentError(
                f"{node.name()} takes tensors or None, not {type(gradient).__name__}"
            )
        if gradient is not None:
            check_seed(aval, gradient._aval, node.name())
    recording = current().grad
    kind = Tensors(current(), history=True) if recording else Arrays(current())
    taken = [None if g is None else kind.taken(g) for g in gradients]
    if isinstance(node, Leaf):
        if taken[0] is not None:
            (deliver_tensor if recording else deliver_array)(node, taken)
        return ()
    return _pulled(node, taken, kind)


def _pulled(node: Node, cotangents: list[Any], kind: Arrays) -> Any:
    ct = cotangents if isinstance(node.aval, tuple) else cotangents[0]
    found = {} if ct is None else run(node, ct, node.plan.steps, kind, None)
    results = tuple(kind.shown(found[i]) if i in found else None for i in node.edges())
    return results[0] if len(results) == 1 else results


__all__ = ["called"]
