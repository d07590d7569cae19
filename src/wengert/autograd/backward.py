"""backward and grad: torch.autograd's two ways into a reverse sweep."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np

from wengert.autograd.accumulate import (
    accumulate_arrays,
    accumulate_tensors,
    deliver_array,
    deliver_tensor,
    owned,
    retained,
)
from wengert.autograd.edges import GradientEdge, end_of
from wengert.autograd.seeds import fitted, implied, nothing_to_differentiate, seed_all
from wengert.core.handles import _new
from wengert.core.hooks import WATCHED_NODES
from wengert.core.node import ACCUMULATION, UNKNOWN_LINE, Node
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, GradientError, WengertError
from wengert.modes import current, get_state, set_grad_enabled
from wengert.ops.define import method
from wengert.sites import Site, here, site_at
from wengert.transform.careful import Deliver
from wengert.transform.failure import remember
from wengert.transform.newest import sweep_newest
from wengert.transform.passes import announced
from wengert.transform.reverse import (
    Reach,
    free,
    has_hooks,
    leaves_early,
    silently_swept,
    sweep_arrays,
    sweep_tensors,
    upstream,
)
from wengert.transform.withheld import told, withheld

_ndarray: Final = np.ndarray
_getframe: Final = sys._getframe
_ONES: Final[dict[Any, Any]] = {number: number(1) for number in (np.float32, np.float64)}
for _number in (np.float32, np.float64):
    _ONES[np.dtype(_number)] = np.ones(1, _number)
    _ONES[np.dtype(_number)].flags.writeable = False  # what is stored is copied, as this is shared
"""The implicit cotangents of 0-d tensors."""
Tensors = Tensor | GradientEdge | Sequence[Tensor | GradientEdge]


@method(Tensor)
def backward(
    self: Tensor, gradient: Tensor | None = None, retain_graph: bool | None = None,
    create_graph: bool = False, inputs: Tensors | None = None,
) -> None:  # fmt: skip
    """Accumulate the gradient of this tensor into the leaves it was computed from.

    gradient: the cotangent, of this tensor's shape; may be left out for one element. inputs:
    accumulate into these only. Raises GradientError where nothing requires grad, FreedError
    where an earlier call freed the graph, ShapeError where `gradient` does not fit.

    >>> import wengert as wg
    >>> x = wg.tensor(3.0, requires_grad=True)
    >>> (x * x).backward()
    >>> x.grad
    tensor(6.)
    """
    try:
        state = get_state() or current()
        if create_graph or inputs is not None or self._level or state.anomaly:
            _backward((self,), (gradient,), retain_graph, create_graph, inputs)
            return
        node = self._node
        if node is None:
            raise nothing_to_differentiate("backward", self)
        if WATCHED_NODES and has_hooks(upstream((node,))):
            _backward((self,), (gradient,), retain_graph, create_graph, inputs)
            return
        if gradient is not None:
            seed = fitted("backward", self, gradient, False)
        else:
            data = self._data
            seed = _ONES.get(data.dtype if type(data) is _ndarray else type(data))
            if seed is None or seed.shape != data.shape:
                seed = implied("backward", self)
        captured, to_free = silently_swept(state, sweep_newest, node, seed)
        del seed  # what is accumulated is asked whether anybody else holds it
        with ACCUMULATION:
            accumulate_arrays(captured)
        if to_free and not retain_graph:
            frame = _getframe(1)
            line = site_at(id(frame.f_code) + frame.f_lasti)  # here(frame), its common case
            if line is None or line.internal or not state.sites:
                line = here(frame) if state.sites else None
            free(to_free, line or UNKNOWN_LINE)
    except WengertError as error:
        remember(error, _nodes((self,)))
        raise


def backward_all(
    tensors: Tensors, grad_tensors: Any = None, retain_graph: bool | None = None,
    create_graph: bool = False, inputs: Tensors | None = None,
) -> None:  # fmt: skip
    """torch.autograd.backward: the same for several outputs, their gradients summed."""
    outputs = _as_tuple("backward", tensors)
    gradients: tuple[Any, ...] = (None,) * len(outputs)
    if grad_tensors is not None:
        gradients = _as_tuple("backward", grad_tensors)
    try:
        _backward(outputs, gradients, retain_graph, create_graph, inputs)
    except WengertError as error:
        remember(error, _nodes(outputs))
        raise


def _nodes(outputs: Iterable[Any]) -> list[Node]:
    """The nodes that a pass began at."""
    return [o._node for o in outputs if isinstance(o, Tensor) and o._node is not None]


def _as_tuple(name: str, value: Any) -> tuple[Any, ...]:
    if isinstance(value, Tensor) or value is None:
        return (value,)
    if isinstance(value, GradientEdge):
        return (end_of(value),)
    if not isinstance(value, Iterable):
        raise ArgumentError(
            f"{name}: expected a tensor or several, not {type(value).__name__}",
            "Numbers and arrays have no history; tensor(value, requires_grad=True) starts one.",
        )
    return tuple(end_of(one) if isinstance(one, GradientEdge) else one for one in value)


def _backward(
    outputs: tuple[Tensor, ...], gradients: tuple[Any, ...], retain_graph: bool | None,
    create_graph: bool, inputs: Any,
) -> None:  # fmt: skip
    on_tensors = create_graph or _is_wrapped(outputs)
    cotangents = seed_all("backward", outputs, gradients, on_tensors)
    order = upstream(cotangents)
    reach = None if inputs is None else Reach(_targets("backward", inputs), order, True)
    deliver = None
    if WATCHED_NODES:
        early = leaves_early(order)
        if early is not order:
            order, deliver = early, deliver_tensor if on_tensors else deliver_array
    captured = _swept(cotangents, order, reach, deliver, create_graph if on_tensors else None)
    if on_tensors:
        with set_grad_enabled(create_graph):
            accumulate_tensors(captured)
    else:
        with ACCUMULATION:
            accumulate_arrays(captured)
    if not (create_graph if retain_graph is None else retain_graph):
        free(order, _line(), reach)


def _swept(
    cotangents: dict[Node, Any], order: Sequence[Node], reach: Reach | None,
    deliver: Deliver | None, create_graph: bool | None,
) -> list[tuple[Node, Any]]:  # fmt: skip
    """A sweep on tensors, or on arrays if create_graph is None."""
    if create_graph is None:
        return announced(sweep_arrays, cotangents, order, reach, deliver)
    with set_grad_enabled(create_graph):
        return announced(sweep_tensors, cotangents, order, reach, deliver, create_graph)


def _is_wrapped(outputs: Iterable[Any]) -> bool:
    """Whether any is a tensor of a transform: then its rules run on such tensors, too.

    So they do where a function is being compiled, whose trace has to see them.
    """
    if current().fresh is not None:
        return True
    return any(isinstance(output, Tensor) and output._level for output in outputs)


def _line() -> Site | str:
    """The user's line, for the nodes that this pass frees."""
    return (here(_getframe(2)) if current().sites else None) or UNKNOWN_LINE


def _targets(name: str, tensors: Any) -> set[Node]:
    inputs = _as_tuple(name, tensors)
    if not inputs:
        remedy = "Leave it out to mean all leaves." if name == "backward" else ""
        raise GradientError(f"{name}: inputs is empty", remedy)
    for i, tensor in enumerate(inputs):
        if not isinstance(tensor, Tensor):
            raise ArgumentError(
                f"{name}: inputs[{i}] is a {type(tensor).__name__}, no tensor",
                "Give the tensors themselves, with requires_grad=True before they are used.",
            )
        if tensor._node is None:
            raise GradientError(
                f"{name}: inputs[{i}] does not require grad",
                "Call requires_grad_() on it before it is used.",
            )
    return {tensor._node for tensor in inputs}


def grad(
    outputs: Tensors, inputs: Tensors, grad_outputs: Any = None,
    retain_graph: bool | None = None, create_graph: bool = False, only_inputs: bool = True,
    allow_unused: bool | None = None, is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:  # fmt: skip
    """torch.autograd.grad: the gradients of `outputs` (summed) with respect to each input.

    Returns one tensor per input, of its shape; None for an input that the outputs do not depend
    on if `allow_unused`, zeros if `materialize_grads`. Nothing is accumulated. Raises
    GradientError for an unused input otherwise. is_grads_batched: `grad_outputs` have a further
    axis in front, and so have the results; everything is computed in one sweep.

    >>> import wengert as wg
    >>> x = wg.tensor(3.0, requires_grad=True)
    >>> (first,) = wg.autograd.grad(x ** 3, x, create_graph=True)
    >>> wg.autograd.grad(first, x)
    (tensor(18.),)
    """
    if not only_inputs:
        raise ArgumentValueError("grad: only_inputs=False is not supported, as in torch")
    if allow_unused is False and materialize_grads:
        raise ArgumentValueError(
            "grad: materialize_grads=True contradicts allow_unused=False", "Give one of them."
        )
    if is_grads_batched:
        rest = (retain_graph, create_graph, allow_unused, materialize_grads)
        return _grad_batched(outputs, inputs, grad_outputs, rest)
    outs, ins = _as_tuple("grad", outputs), _as_tuple("grad", inputs)
    given = _as_tuple("grad", grad_outputs) if grad_outputs is not None else (None,) * len(outs)
    targets = _targets("grad", ins)
    on_tensors = create_graph or _is_wrapped((*outs, *given))
    cotangents = seed_all("grad", outs, given, on_tensors)
    order = upstream(cotangents)
    if WATCHED_NODES:
        order = leaves_early(order)
    reach = Reach(targets, order)
    found = _found(cotangents, order, reach, create_graph if on_tensors else None)
    results = tuple(found.get(tensor._node) for tensor in ins)
    if not (create_graph if retain_graph is None else retain_graph) and not _is_wrapped(outs):
        free(order, _line(), reach)
    return _completed(ins, results, bool(allow_unused), materialize_grads, order)


def _found(
    cotangents: dict[Node, Any], order: Sequence[Node], reach: Reach, create_graph: bool | None
) -> dict[Node, Tensor]:
    """The gradients by node, as tensors; what nodes retain is accumulated there."""
    captured = _swept(cotangents, order, reach, None, create_graph)
    kept = retained(captured)
    if create_graph is not None:
        if kept:
            with set_grad_enabled(create_graph):
                accumulate_tensors(kept)
        return dict(captured)
    found = owned(captured)
    with ACCUMULATION:
        accumulate_arrays(kept)
    return found


def _grad_batched(
    outputs: Tensors, inputs: Tensors, grad_outputs: Any, rest: tuple[Any, ...]
) -> tuple[Tensor | None, ...]:
    """One sweep for a whole batch of cotangents, which have a further axis in front."""
    retain_graph, create_graph, allow_unused, materialize_grads = rest
    given = _as_tuple("grad", grad_outputs)
    if any(g is None for g in given):
        raise ArgumentError(
            "grad: is_grads_batched=True needs a tensor in grad_outputs for every output"
        )
    from wengert.func.mapping import vmap

    if not create_graph:
        at_once = _at_once(outputs, inputs, given, retain_graph, bool(allow_unused))
        if at_once is not None:
            return at_once
    unused: list[int] = []

    def one(*cotangents: Any) -> tuple[Any, ...]:
        results = grad(
            outputs, inputs, cotangents, retain_graph, create_graph, True, allow_unused, False,
            materialize_grads,
        )  # fmt: skip
        unused[:] = [i for i, r in enumerate(results) if r is None]
        return tuple(r for r in results if r is not None)

    found: list[Tensor | None] = list(vmap(one)(*given))
    for i in unused:
        found.insert(i, None)
    return tuple(found)


def _at_once(
    outputs: Tensors, inputs: Tensors, given: tuple[Any, ...], retain_graph: bool | None,
    allow_unused: bool,
) -> tuple[Tensor | None, ...] | None:  # fmt: skip
    """The batch in one sweep on arrays; None where anything has to be seen slice by slice."""
    from wengert.transform.slices import owned, sweep_slices, takes_slices

    outs, ins = _as_tuple("grad", outputs), _as_tuple("grad", inputs)
    cotangents: dict[Node, Any] = {}
    for output, ct in zip(outs, given, strict=False):
        shape = output._data.shape
        if not isinstance(ct, Tensor) or ct._level or output._level or output._node is None:
            return None
        if ct._data.shape[1:] != shape or ct._data.dtype != output._data.dtype or ct.requires_grad:
            return None
        if not ct._data.ndim or output._node in cotangents:
            return None
        cotangents[output._node] = ct._data
    sizes = {len(ct) for ct in cotangents.values()}
    if len(outs) != len(given) or len(sizes) != 1:
        return None
    order = upstream(cotangents)
    reach = Reach(_targets("grad", ins), order)
    if not takes_slices(order, reach):
        return None
    found = sweep_slices(cotangents, order, reach, sizes.pop())
    if not allow_unused and any(x._node not in found for x in ins):
        return None  # the sweep for one slice says what is wrong
    if not retain_graph:
        free(order, _line(), reach)
    return tuple(owned(found[x._node]) if x._node in found else None for x in ins)


def _completed(
    inputs: tuple[Tensor, ...], results: tuple[Tensor | None, ...], allow_unused: bool,
    zeros: bool, order: Sequence[Node],
) -> tuple[Tensor | None, ...]:  # fmt: skip
    if zeros:
        return tuple(
            _new(np.zeros(t._data.shape, t._data.dtype)[()], None) if r is None else r
            for t, r in zip(inputs, results, strict=True)
        )
    unused = [r is None for r in results]
    if not allow_unused and any(unused):
        index = unused.index(True)
        by = withheld(order, inputs[index]._node)
        raise GradientError(
            f"grad: nothing reaches inputs[{index}]: {told(by)}"
            if by is not None
            else f"grad: inputs[{index}] was not used in the graph of the outputs",
            "Pass allow_unused=True to get None for it, or ask wengert.why(x, output).",
        )
    return results


__all__ = ["backward_all", "grad"]
