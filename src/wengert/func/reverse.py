"""grad and vjp: reverse mode as transforms of functions.

Arguments are bound to fresh aliases, and the walk back is limited to what reaches these: that is
what keeps nested derivatives apart. The rules run on tensors only where something in the walk
depends on something outside, which may be differentiated in its turn.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.core.handles import _new, fresh
from wengert.core.node import Leaf, Node, next_sequence
from wengert.core.tensor import Tensor
from wengert.errors import DTypeError, ShapeError, TransformError
from wengert.func.arguments import (
    Argnums,
    are_arrays,
    as_arrays,
    as_tensor,
    called,
    chosen,
    differentiable,
    inside,
    picked,
    replaced,
    result_leaves,
    split_aux,
)
from wengert.modes import current, using
from wengert.transform.aliases import alias_leaf, outside, outside_of
from wengert.transform.passes import announced
from wengert.transform.reverse import Reach, sweep_arrays, sweep_tensors, upstream
from wengert.transform.tree import Spec, flatten, unflatten


class Recorded:
    """A function's run on fresh aliases of its arguments, to be pulled back through."""

    def __init__(self, name: str, leaves: Sequence[Any]) -> None:
        self.started = next_sequence()
        self.recording = current().grad
        self.arrays = are_arrays(leaves)
        tensors = differentiable(name, leaves)
        with using(grad=True, inference=False):
            self.inputs = [alias_leaf(t) for t in tensors]
        self.outputs: list[Tensor] = []
        self._savers: Any = None

    def modes(self) -> dict[str, Any]:
        """The modes that the function runs in."""
        modes = inside(self.arrays, self.started)
        self._savers = modes["arrays"]
        return {"grad": True, "inference": False, **modes}

    def pull(self, cotangents: Sequence[Any], create_graph: bool | None = None) -> list[Any]:
        """The cotangents of the inputs, zeros where the outputs do not depend on one."""
        if self._savers is not None:
            self._savers.check()
        pairs = zip(self.outputs, cotangents, strict=True)
        seeds: dict[Node, Any] = {}
        for output, ct in pairs:
            node = output._node
            if node is not None:
                seeds[node] = ct if node not in seeds else seeds[node] + ct
        order = upstream(seeds)
        reach = Reach({x._node for x in self.inputs if x._node is not None}, order)
        history = self._is_seen_outside(order, cotangents)
        create = history and self.recording if create_graph is None else create_graph
        if history or create or self._is_wrapped(cotangents):
            with using(grad=create if create_graph is not None else self.recording):
                found = dict(announced(sweep_tensors, seeds, order, reach, None, history or create))
            if create_graph is None:
                pairs_found = found.items()
                found = {n: outside_of(ct, self.started, self.recording) for n, ct in pairs_found}
        else:
            arrays = {node: ct._data for node, ct in seeds.items()}
            captured = announced(sweep_arrays, arrays, order, reach)
            found = {n: _new(_own(a), None) for n, a in captured}
        return [self._gradient(x, found) for x in self.inputs]

    def _is_wrapped(self, cotangents: Sequence[Any]) -> bool:
        """Whether the rules must run on tensors, for another level to see what they do."""
        tensors = (*self.inputs, *self.outputs, *cotangents)
        return bool(current().levels) or any(isinstance(t, Tensor) and t._level for t in tensors)

    def _is_seen_outside(self, order: Sequence[Node], cotangents: Sequence[Any]) -> bool:
        """Whether the walk depends on something older, which may be differentiated in its turn."""
        if any(isinstance(c, Tensor) and c.requires_grad for c in cotangents):
            return True
        if any(not isinstance(x._node, Leaf) for x in self.inputs):
            return True
        return bool(order) and order[-1].sequence < self.started

    def _gradient(self, x: Tensor, found: dict[Any, Any]) -> Any:
        gradient = found.get(x._node)
        if gradient is None:
            return fresh(np.zeros(x._data.shape, x._data.dtype)[()])
        return gradient

    def bare(self, tree: Any) -> Any:
        """A result without the history that only this transform made."""
        return outside(tree, self.started, self.recording)


def _own(data: Any) -> Any:
    """An array that nobody else holds: what a sweep returns may be a residual, or a view."""
    return data.copy() if isinstance(data, np.ndarray) else data


def _run(
    name: str, func: Callable[..., Any], argnums: Argnums, has_aux: bool, args: Sequence[Any],
    kwargs: dict[str, Any],
) -> tuple[Recorded, Any, Any, Spec]:  # fmt: skip
    """Run a function on aliases of the arguments that it is differentiated by."""
    positions = chosen(name, argnums, args)
    leaves, spec = flatten(picked(argnums, args, positions))
    recorded = Recorded(name, leaves)
    with using(**recorded.modes()):
        inner = replaced(argnums, args, positions, unflatten(recorded.inputs, spec))
        result, aux = split_aux(name, called(func, inner, kwargs), has_aux)
    return recorded, result, aux, spec


def grad_and_value(
    func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns the gradient of a scalar-valued function, and its value.

    argnums: the positions of the arguments to differentiate by; each may be a tree of tensors.
    Returns (gradient, value), or (gradient, (value, aux)) with has_aux. Where the arguments are
    NumPy's arrays and numbers, so are the results. Raises ShapeError if the function returns more
    than one number.

    >>> import wengert as wg
    >>> wg.func.grad_and_value(lambda x: (x**2).sum())(wg.tensor([1.0, 2.0]))
    (tensor([2., 4.]), tensor(5.))
    """

    @functools.wraps(func)
    def transformed(*args: Any, **kwargs: Any) -> Any:
        recorded, value, aux, spec = _run("grad", func, argnums, has_aux, args, kwargs)
        _check_scalar(value)
        recorded.outputs = [value]
        one = fresh(np.ones(value._data.shape, value._data.dtype)[()])
        gradient = as_arrays(unflatten(recorded.pull([one]), spec), recorded.arrays)
        plain, aux = as_arrays((recorded.bare(value), recorded.bare(aux)), recorded.arrays)
        return gradient, (plain, aux) if has_aux else plain

    return transformed


def _check_scalar(value: Any) -> None:
    if not isinstance(value, Tensor):
        raise TransformError(
            f"grad: expected the function to return a tensor, got {type(value).__name__}",
            "Return a 0-d tensor; with has_aux=True a tuple of it and anything else.",
        )
    if value._data.ndim:
        raise ShapeError(
            f"grad: expected the function to return a scalar tensor, got shape "
            f"{tuple(value.shape)}",
            "Reduce it first, as in loss.sum(), or use vjp or jacrev.",
        )
    if value._data.dtype.kind == "c":
        raise DTypeError(
            f"grad: expected the function to return a real scalar, not {value.dtype}",
            "Return its real part or its absolute value, or use vjp with a cotangent.",
        )


def grad(
    func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns the gradient of a scalar-valued function.

    >>> import numpy as np
    >>> import wengert as wg
    >>> wg.func.grad(wg.func.grad(lambda x: x**3))(wg.tensor(2.0))
    tensor(12.)
    >>> wg.func.grad(lambda x: np.sum(x**2))(np.arange(3.0))
    array([0., 2., 4.])
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def transformed(*args: Any, **kwargs: Any) -> Any:
        gradient, value = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return transformed


def value_and_grad(
    func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """grad_and_value with the value first: (value, gradient), or ((value, aux), gradient)."""
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def transformed(*args: Any, **kwargs: Any) -> Any:
        gradient, value = both(*args, **kwargs)
        return value, gradient

    return transformed


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The output of func(*primals), and a function from its cotangents to those of the primals.

    Returns (output, pullback), or (output, pullback, aux) with has_aux. The pullback takes a tree
    like the output and returns a tuple with one entry per primal, or the entry of the only one.

    >>> import wengert as wg
    >>> output, pullback = wg.func.vjp(lambda x: x.sin(), wg.tensor([0.0, 1.0]))
    >>> pullback(wg.ones(2))
    (tensor([1.0000, 0.5403]),)
    """
    leaves, spec = flatten(primals)
    recorded = Recorded("vjp", leaves)
    with using(**recorded.modes()):
        result = called(func, unflatten(recorded.inputs, spec), {})
    output, aux = split_aux("vjp", result, has_aux)
    recorded.outputs, out_spec = result_leaves("vjp", output)

    def pullback(cotangents: Any, retain_graph: bool = True, create_graph: Any = None) -> Any:
        seeds = _matching(cotangents, recorded.outputs, out_spec)
        return as_arrays(unflatten(recorded.pull(seeds, create_graph), spec), recorded.arrays)

    plain, aux = as_arrays((recorded.bare(output), recorded.bare(aux)), recorded.arrays)
    return (plain, pullback, aux) if has_aux else (plain, pullback)


def _matching(cotangents: Any, outputs: Sequence[Tensor], spec: Spec) -> list[Tensor]:
    """The cotangents as leaves, if they fit the outputs."""
    leaves, given = flatten(cotangents)
    if given != spec and not (len(leaves) == len(outputs) == 1):
        raise TransformError(
            f"vjp: expected cotangents in the shape of the output, {spec}, got {given}"
        )
    leaves = [as_tensor("vjp", x) if isinstance(x, (np.ndarray, np.generic)) else x for x in leaves]
    for i, (leaf, output) in enumerate(zip(leaves, outputs, strict=True)):
        if not isinstance(leaf, Tensor):
            raise TransformError(f"vjp: cotangent {i} is a {type(leaf).__name__}, not a tensor")
        if leaf._data.shape != output._data.shape:
            raise ShapeError(
                f"vjp: cotangent {i} has shape {tuple(leaf.shape)}, the output "
                f"{tuple(output.shape)}"
            )
    return leaves
