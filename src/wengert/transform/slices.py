"""A sweep of many cotangents at once, the rules on plain arrays.

The cotangents of a node are one array, their number in front. The rule of an elementwise operation
multiplies, so it takes that array as it is; other rules see it as the value of a map.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.computing import _scalar
from wengert.core.half import is_half
from wengert.core.handles import _new
from wengert.core.node import Node
from wengert.core.tensor import Tensor
from wengert.modes import State, current, entered, silent_context, silently
from wengert.transform.batch import Batched, BatchLevel
from wengert.transform.plain import is_elementwise
from wengert.transform.residuals import check_residuals
from wengert.transform.reverse import Reach


def takes_slices(order: Sequence[Node], reach: Reach) -> bool:
    """Whether all that is on the way is ordinary: nothing that a user's code has to see."""
    state = current()
    if state.levels or state.anomaly is not None:
        return False
    return all(_is_ordinary(node) for node in order if node in reach.sources)


def _is_ordinary(node: Node) -> bool:
    plan = node.plan
    extra = node.extra
    if extra is not None and (extra.hooks is not None or extra.packed is not None):
        return False
    if plan.special or plan.joint is not None or node.retains():
        return False
    aval = node.aval
    return isinstance(aval, Aval) and aval.dtype.kind == "f" and not is_half(aval.dtype)


def sweep_slices(
    cotangents: dict[Node, Any], order: Sequence[Node], reach: Reach, size: int
) -> dict[Node, Any]:
    """The cotangents of the targets, all with their number `size` in front.

    cotangents: of the roots; used up. Raises FreedError and StaleError as any sweep does.
    """
    level = BatchLevel(size, "error", 1)
    # The loop is inside of the silent context; operations on mapped values need another one.
    run = silent_context().run
    state = current().but(run=run, grad=False, inference=True, levels=(level,))
    found: dict[Node, Any] = silently(_in_state(_sweep, state), cotangents, order, reach, level)
    return found


def _in_state(function: Callable[..., Any], state: State) -> Callable[..., Any]:
    """The function, called in a state: another context has modes of its own."""

    def called(*args: Any) -> Any:
        with entered(state):
            return function(*args)

    return called


def _sweep(
    cotangents: dict[Node, Any], order: Sequence[Node], reach: Reach, level: BatchLevel
) -> dict[Node, Any]:
    found: dict[Node, Any] = {}
    for node in order:
        ct = cotangents.pop(node, None)
        if ct is None:
            continue
        if node in reach.targets:
            found[node] = ct
        if node in reach.through:
            _spread(node, ct, cotangents, reach, level)
    return found


def _spread(
    node: Node, ct: Any, cotangents: dict[Node, Any], reach: Reach, level: BatchLevel
) -> None:
    plan = node.plan
    if plan.keeps_any:
        check_residuals(node)
    plainly = is_elementwise(plan.op)
    inputs = node.inputs
    for i, pull in plan.steps:
        source = inputs[i]
        if source not in reach.sources:
            continue
        if pull is None:
            pulled = ct
        elif plainly:
            pulled = pull(node, ct)
        else:
            pulled = _value(pull(node, level.lift(_new(ct, None), mapped=True)), level)
        if pulled is None:
            continue
        pulled = _conformed(pulled, source.aval, level.size)
        before = cotangents.get(source)
        cotangents[source] = pulled if before is None else before + pulled


def _value(pulled: Any, level: BatchLevel) -> Any:
    """What a rule made of a mapped cotangent, as an array for all slices."""
    if pulled is None:
        return None
    if not isinstance(pulled, Tensor):
        data: Any = np.asarray(pulled)
    elif isinstance(pulled, Batched):
        if pulled._mapped:
            return pulled._value._data
        data = pulled._value._data
    else:
        data = pulled._data
    return np.broadcast_to(data, (level.size, *data.shape))


def _conformed(pulled: Any, aval: Aval, size: int) -> Any:
    """Broadcasting and promotion undone, slice by slice."""
    shape = (size, *aval.shape)
    if pulled.shape != shape:
        extra = pulled.ndim - len(shape)
        axes = tuple(range(1, 1 + extra)) + tuple(
            extra + i
            for i, length in enumerate(shape)
            if i and length == 1 and pulled.shape[extra + i] != 1
        )
        pulled = pulled.sum(axis=axes).reshape(shape)
    if pulled.dtype != aval.dtype:
        pulled = (pulled.real if pulled.dtype.kind == "c" else pulled).astype(aval.dtype)
    return pulled


def owned(array: Any) -> Tensor:
    """A cotangent as a tensor that owns its memory."""
    return _new(_scalar(np.array(array)), None)
