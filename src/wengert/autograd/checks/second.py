"""The gradient as a function of the inputs and of the cotangents: what gradgradcheck checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.autograd.backward import grad
from wengert.autograd.checks.case import as_outputs, as_tuple
from wengert.core.fast import make_leaf
from wengert.core.handles import _new
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError

Function = Callable[..., Any]


def gradient_of(
    func: Function, inputs: Any, cotangents: Any, with_gaps: bool
) -> tuple[Function, tuple[Any, ...]]:
    """The gradients as a function, and its inputs."""
    given = as_tuple(inputs)
    cts = as_tuple(cotangents) if cotangents is not None else _random(func, given, with_gaps)
    if not cts:
        raise ArgumentValueError(
            "gradgradcheck: no output of the function requires grad: there is no gradient to check",
            "Ask wengert.why(input, output) for the reason.",
        )
    for ct in cts:
        if not isinstance(ct, Tensor):
            raise ArgumentError(f"gradgradcheck: grad_outputs holds a {type(ct).__name__}")
    wanted = _requiring(given)
    wanted_cts = _requiring(cts)

    def gradient(*args: Any) -> tuple[Tensor, ...]:
        # Forward mode gives detached tensors with tangents: they must require grad again.
        xs = [_required(x) if i in wanted else x for i, x in enumerate(args[: len(given)])]
        outputs = [o for o in as_outputs(func(*xs)) if o.requires_grad]
        by = [_required(c) if i in wanted_cts else c for i, c in enumerate(args[len(given) :])]
        found = grad(
            outputs, [xs[i] for i in sorted(wanted)], by, create_graph=True, allow_unused=True
        )
        return tuple(g for g in found if g is not None)

    return gradient, (*given, *cts)


def _requiring(values: Sequence[Any]) -> set[int]:
    return {i for i, x in enumerate(values) if isinstance(x, Tensor) and x.requires_grad}


def _required(x: Tensor) -> Tensor:
    required: Tensor = x.requires_grad_()
    return required


def _random(func: Function, inputs: tuple[Any, ...], with_gaps: bool) -> tuple[Tensor, ...]:
    """Cotangents for the outputs that require grad: numbers from -1 to 1, always the same."""
    random = np.random.default_rng(0)
    outputs = [o for o in as_outputs(func(*inputs)) if o.requires_grad]
    return tuple(_drawn(random, o, with_gaps) for o in outputs)


def _drawn(random: Any, like: Tensor, with_gaps: bool) -> Tensor:
    shape, dtype = like._data.shape, like._data.dtype
    numbers = random.uniform(-1, 1, shape)
    if dtype.kind == "c":
        numbers = numbers + 1j * random.uniform(-1, 1, shape)
    data = np.asarray(numbers).astype(dtype)
    if with_gaps and data.ndim:
        spaced = np.zeros((*shape[:-1], 2 * shape[-1]), dtype)[..., ::2]
        spaced[...] = data
        data = spaced
    ct = _new(data[()] if data.ndim == 0 else data, None)
    make_leaf(ct)
    return ct
