"""Turns: a tensor takes another shape of the same memory, in place: t_, squeeze_ and the like.

No element is written, so no saved value is stale; torch's version counts on all the same. Views
that were made of the tensor before go on as views of what it was: each turn leaves the steps back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from wengert.core.extra import Extra
from wengert.core.node import Leaf, next_sequence
from wengert.core.view import Steps, View
from wengert.core.write import name_in_place, refuse, writable
from wengert.modes import current, using

if TYPE_CHECKING:
    from wengert.core.tensor import Tensor


def turn(function: Callable[..., Any], target: Tensor, *args: Any) -> Tensor:
    """target becomes function(target, *args), a view of the whole of it.

    Raises what in-place writes raise for leaves that require grad, and for views that cannot
    follow.
    """
    name = name_in_place(function)
    state = current()
    refuse(name, target, state)
    memory = writable(name, target, state)
    shape = tuple(target._data.shape)
    if isinstance(target, View) and target._base_tensor is not None:
        turned = _applied(function, target, args)
        target._steps = turned._steps
    else:
        whole = target._handle()
        whole._memory = memory
        turned = _applied(function, whole, args)
        _leave_steps_back(target, turned._steps, shape)
    _take(target, turned)
    memory.version += 1
    return target


def _applied(function: Callable[..., Any], target: Tensor, args: tuple[Any, ...]) -> Any:
    # A history that exists goes on under no_grad, too: the node must have the tensor's shape.
    with using(grad=not target.is_leaf or current().grad):
        return function(target, *args)


def _leave_steps_back(target: Tensor, steps: Steps, shape: tuple[int, ...]) -> None:
    """Note how views that were made of the target before lead on from what it is now."""
    memory = target._memory
    assert memory is not None
    (name, attrs), = steps  # fmt: skip
    mirrors = name in ("t", "transpose")
    back = (name, attrs) if mirrors else ("view", (("shape", shape),))
    extra = target._extra = target._extra or Extra()
    memory.rewritten = next_sequence()
    extra.turned = (*extra.turned, (memory.rewritten, back))
    if isinstance(target, View):
        target._followed = memory.rewritten


def _take(target: Tensor, turned: Any) -> None:
    """Take over shape, history and, of a tensor of a transform, contents."""
    old, node = target._node, turned._node
    if isinstance(old, Leaf):
        target._data = turned._data
        old.value = turned._data if old._memory is not None or old.value is not None else None
        return
    target._take_contents(turned)
    if old is not None and node is not None:
        old.hand_over(node)
    target._node = node
