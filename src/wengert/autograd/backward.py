"""backward and grad: torch.autograd's two ways into a reverse sweep."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from wengert.core.node import Freed, Leaf, Node
from wengert.core.record import _new
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, GradientError
from wengert.modes import current, enable_grad
from wengert.ops.define import method
from wengert.sites import user_site
from wengert.transform.reverse import Sweep, check_seed, conform

_ACCUMULATION: Final = threading.Lock()
_ndarray: Final = np.ndarray
Tensors = Tensor | Sequence[Tensor]


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
    _backward((self,), (gradient,), retain_graph, create_graph, inputs)


def backward_all(
    tensors: Tensors, grad_tensors: Any = None, retain_graph: bool | None = None,
    create_graph: bool = False, inputs: Tensors | None = None,
) -> None:  # fmt: skip
    """torch.autograd.backward: the same for several outputs, their gradients summed."""
    outputs = _as_tuple(tensors)
    gradients = _as_tuple(grad_tensors) if grad_tensors is not None else (None,) * len(outputs)
    if len(gradients) != len(outputs):
        raise ArgumentError(f"backward: {len(outputs)} tensors but {len(gradients)} gradients")
    _backward(outputs, gradients, retain_graph, create_graph, inputs)


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return (value,) if isinstance(value, Tensor) or value is None else tuple(value)


def _backward(
    outputs: tuple[Tensor, ...], gradients: tuple[Any, ...], retain_graph: bool | None,
    create_graph: bool, inputs: Any,
) -> None:  # fmt: skip
    seeds = _seeds("backward", outputs, gradients, create_graph)
    targets = None if inputs is None else _targets("backward", _as_tuple(inputs))
    sweep = Sweep(seeds, targets)
    if create_graph:
        with enable_grad():
            captured = sweep.on_tensors()
            _accumulate_tensors(captured)
    else:
        seeds.clear()
        captured = sweep.on_arrays()
        with _ACCUMULATION:
            _accumulate_arrays(captured)
    if not (create_graph if retain_graph is None else retain_graph):
        sweep.free(Freed("backward()", user_site() if current().sites else None))


def _targets(name: str, inputs: tuple[Any, ...]) -> set[Node]:
    if not inputs:
        raise ArgumentValueError(f"{name}: inputs is empty", "Leave it out to mean all leaves.")
    for i, tensor in enumerate(inputs):
        if not isinstance(tensor, Tensor):
            raise ArgumentError(f"{name}: inputs[{i}] is a {type(tensor).__name__}, no tensor")
        if tensor._node is None:
            raise GradientError(
                f"{name}: inputs[{i}] does not require grad",
                "Call requires_grad_() on it before it is used.",
            )
    return {tensor._node for tensor in inputs}


def _seeds(
    name: str, outputs: tuple[Tensor, ...], gradients: tuple[Any, ...], tensors: bool
) -> list[tuple[Node, Any]]:
    """Per output its node and its cotangent, as an array or as a tensor."""
    seeds = []
    for output, gradient in zip(outputs, gradients, strict=True):
        node = output._node
        if node is None:
            raise _nothing_to_differentiate(name, output)
        if gradient is None:
            gradient = _ones(name, output)
        else:
            gradient = _given(name, output, gradient, tensors)
        if tensors and not isinstance(gradient, Tensor):
            gradient = _new(gradient, None)
        seeds.append((node, gradient))
    return seeds


def _ones(name: str, output: Tensor) -> Any:
    """The implicit cotangent 1 of an output of one element."""
    data = output._data
    if type(data) is not _ndarray:
        return type(data)(1)
    if data.size != 1:
        raise GradientError(
            f"{name}: grad can be implicitly created only for scalar outputs; this one has "
            f"shape {tuple(data.shape)}",
            "Reduce it first, as in loss.sum(), or pass gradient= of the same shape.",
        )
    if data.dtype.kind == "c":
        raise GradientError(
            f"{name}: grad can be implicitly created only for real scalar outputs, "
            f"not {output.dtype}"
        )
    one = np.empty(data.shape, data.dtype)
    one.fill(1)
    return one if data.ndim else one[()]


def _given(name: str, output: Tensor, gradient: Any, tensors: bool) -> Any:
    if not isinstance(gradient, Tensor):
        raise ArgumentError(
            f"{name}: gradients are tensors or None, not {type(gradient).__name__}",
            "Make a tensor of it first: wengert.tensor(...).",
        )
    aval = output._aval
    check_seed(aval, gradient._aval, name)
    return conform(gradient if tensors else gradient._data, aval)


def _nothing_to_differentiate(name: str, output: Tensor) -> GradientError:
    what = f"{name}: the tensor does not require grad and does not have a grad_fn"
    cut = output._extra.cut if output._extra is not None else None
    if cut is None:
        return GradientError(
            what, "No input of it requires grad: create one with requires_grad=True."
        )
    where = f" at {cut.site}" if cut.site is not None else ""
    return GradientError(f"{what}: {cut.by} cut its history{where}", "Remove the cut.")


def _accumulate_arrays(captured: dict[Node, Any]) -> None:
    """Add captured cotangents to `.grad`. Stored gradients own their memory."""
    for node in captured:
        holder: Any = node if type(node) is Leaf else node.extra
        stored = holder.grad
        if stored is None:
            holder.grad = _new(_owned(captured, node), None)
        elif type(stored._data) is _ndarray and stored._node is None:
            np.add(stored._data, captured[node], out=stored._data)
        else:
            holder.grad = _new(stored._data + captured[node], None)


# References to an array that belongs to nobody else: the dictionary, the local name, the call.
_OWN_REFERENCES: Final = 3


def _owned(captured: dict[Node, Any], node: Node) -> Any:
    """The captured array, copied if anything else can see it: a residual, a seed, a view."""
    data = captured[node]
    if type(data) is not _ndarray:
        return data
    if sys.getrefcount(data) <= _OWN_REFERENCES and data.flags.owndata and data.flags.writeable:
        return data
    return data.copy()


def _accumulate_tensors(captured: dict[Node, Any]) -> None:
    """The same under create_graph: gradients have a graph of their own, sums are recorded."""
    for node, cotangent in captured.items():
        holder: Any = node if type(node) is Leaf else node.get_extra()
        holder.grad = cotangent.clone() if holder.grad is None else holder.grad + cotangent


def grad(
    outputs: Tensors, inputs: Tensors, grad_outputs: Any = None,
    retain_graph: bool | None = None, create_graph: bool = False, only_inputs: bool = True,
    allow_unused: bool | None = None, is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:  # fmt: skip
    """torch.autograd.grad: the gradients of `outputs` (summed) with respect to each input.

    Returns one tensor per input, of its shape; None for an input that the outputs do not depend
    on if `allow_unused`, zeros if `materialize_grads`. Nothing is accumulated. Raises
    GradientError for an unused input otherwise.

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
    outs, ins = _as_tuple(outputs), _as_tuple(inputs)
    given = _as_tuple(grad_outputs) if grad_outputs is not None else (None,) * len(outs)
    targets = _targets("grad", ins)
    seeds = _seeds("grad", outs, given, create_graph)
    sweep = Sweep(seeds, targets)
    if create_graph:
        with enable_grad():
            captured = sweep.on_tensors()
    else:
        seeds.clear()
        captured = sweep.on_arrays()
    results = tuple(_result(captured, tensor) for tensor in ins)
    if not (create_graph if retain_graph is None else retain_graph):
        sweep.free(Freed("autograd.grad()", user_site() if current().sites else None))
    return _completed(ins, results, bool(allow_unused), materialize_grads)


def _result(captured: dict[Node, Any], tensor: Tensor) -> Tensor | None:
    node = tensor._node
    assert node is not None
    if node not in captured:
        return None
    found = captured[node]
    if isinstance(found, Tensor):
        return found
    del found
    return _new(_owned(captured, node), None)


def _completed(
    inputs: tuple[Tensor, ...], results: tuple[Tensor | None, ...], allow_unused: bool, zeros: bool
) -> tuple[Tensor | None, ...]:
    if zeros:
        return tuple(
            _new(np.zeros(t._data.shape, t._data.dtype)[()], None) if r is None else r
            for t, r in zip(inputs, results, strict=True)
        )
    if not allow_unused and None in [type(r) if r is not None else None for r in results]:
        index = [r is None for r in results].index(True)
        raise GradientError(
            f"grad: inputs[{index}] was not used in the graph of the outputs",
            "Pass allow_unused=True to get None for it, or ask wengert.why(x, output).",
        )
    return results


__all__ = ["backward_all", "grad"]
