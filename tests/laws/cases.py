"""One call of a public function as a function of its float arrays, for the laws to examine."""

from __future__ import annotations

from typing import Any

import numpy as np

from sampling import arrays_in, map_arrays
from wengert.autograd.backward import grad
from wengert.core.dtype import is_differentiable
from wengert.core.fast import make_leaf
from wengert.core.handles import _new
from wengert.core.tensor import Tensor
from wengert.modes import no_grad
from wengert.ops.define import Function
from wengert.ops.samples import Call


def as_tensor(array: Any, requires_grad: bool = False) -> Tensor:
    """A tensor on this very array, whatever its memory layout."""
    made = _new(array, None)
    if requires_grad and is_differentiable(array.dtype):
        make_leaf(made)
    return made


def tensors_in(result: Any) -> list[Tensor]:
    """The tensors in a result, in order; also of named tuples and lists."""
    if isinstance(result, Tensor):
        return [result]
    if isinstance(result, (tuple, list)):
        return [tensor for part in result for tensor in tensors_in(part)]
    return []


def differentiable_in(result: Any) -> list[Tensor]:
    return [t for t in tensors_in(result) if is_differentiable(t._data.dtype)]


def turned(array: Any) -> Any:
    """Float arrays become complex, each number off the axes, where branch cuts lie."""
    return array * (0.8 + 0.6j) if array.dtype.kind == "f" else array


class Case:
    """A call, its float arrays (`at`), and what comes out for those or others in their place."""

    def __init__(self, function: Function, call: Call) -> None:
        self.function = function
        self.args, self.kwargs = call
        self.arrays = arrays_in(call)
        self.at = [x for x in self.arrays if is_differentiable(x.dtype)]

    def call(self, floats: list[Any]) -> Any:
        """The public function applied, with these tensors instead of the float arrays."""
        given = iter(floats)

        def replaced(array: Any) -> Tensor:
            return next(given) if is_differentiable(array.dtype) else as_tensor(array)

        args, kwargs = map_arrays(replaced, (self.args, self.kwargs))
        return self.function.call(*args, **kwargs)

    def leaves(self, at: list[Any] | None = None) -> list[Tensor]:
        return [as_tensor(x, requires_grad=True) for x in (self.at if at is None else at)]

    def outputs(self, at: list[Any] | None = None) -> list[np.ndarray]:
        """The arrays of all outputs."""
        with no_grad():
            result = self.call([as_tensor(x) for x in (self.at if at is None else at)])
        return [np.asarray(t._data) for t in tensors_in(result)]

    def values(self, at: list[Any] | None = None) -> list[np.ndarray]:
        """The arrays of the outputs that can have a gradient."""
        return [y for y in self.outputs(at) if is_differentiable(y.dtype)]


def weights(arrays: list[Any], seed: int) -> list[Any]:
    """A weight for each element, between 1/2 and 3/2 and of either sign; complex for complex."""
    generator = np.random.default_rng(seed)

    def drawn(shape: tuple[int, ...]) -> Any:
        return generator.uniform(0.5, 1.5, shape) * generator.choice([-1, 1], shape)

    made = []
    for x in arrays:
        imaginary = 1j * drawn(np.shape(x)) if np.iscomplexobj(x) else 0
        made.append(np.asarray(drawn(np.shape(x)) + imaginary)[()])
    return made


def weighted(arrays: list[np.ndarray], by: list[Any]) -> np.ndarray:
    """The sum of all elements, each times its weight: the real part of <by, arrays>."""
    return np.asarray(sum(inner(w, x) for x, w in zip(arrays, by, strict=True)))


def inner(a: Any, b: Any) -> float:
    return float(np.sum(np.real(np.conj(a) * b)))


def gradients(
    outputs: list[Tensor], inputs: list[Tensor], by: list[Any], create_graph: bool = False
) -> list[Tensor | None]:
    """The gradients of the weighted sum of the outputs; an output without history adds nothing."""
    kept = [(y, w) for y, w in zip(outputs, by, strict=True) if y.requires_grad]
    if not kept or not inputs:
        return [None] * len(inputs)
    seeds = [w if isinstance(w, Tensor) else as_tensor(w) for _, w in kept]
    return list(
        grad(
            [y for y, _ in kept], inputs, grad_outputs=seeds, create_graph=create_graph,
            allow_unused=True,
        )
    )  # fmt: skip


def as_arrays(grads: list[Tensor | None], like: list[Any]) -> list[np.ndarray]:
    """Gradients as arrays, None as zeros."""
    return [
        np.zeros(np.shape(x), x.dtype) if g is None else np.asarray(g._data)
        for g, x in zip(grads, like, strict=True)
    ]
