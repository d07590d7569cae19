"""vmap: a function of one slice as a function of all of them at once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.core.tensor import Tensor
from wengert.errors import ArgumentValueError, DimensionError
from wengert.func.arguments import are_arrays, as_arrays, as_tensor, called, inside
from wengert.modes import current, using
from wengert.ops.generator import default_generator
from wengert.ops.join import cat
from wengert.transform.batch import Batched, BatchLevel
from wengert.transform.tree import Spec, flatten, spread, unflatten

InDims = Any
OutDims = Any


def vmap(
    func: Callable[..., Any], in_dims: InDims = 0, out_dims: OutDims = 0,
    randomness: str = "error", *, chunk_size: int | None = None,
) -> Callable[..., Any]:  # fmt: skip
    """A function that applies `func` to every slice of its arguments, all at once.

    in_dims: per argument the dimension to map over, None for arguments that every slice gets whole;
    a number stands for a whole tree. Keyword arguments go to every slice whole, as in torch.
    out_dims: where the mapped dimension goes in the results; None for one that is not mapped.
    randomness: "error", "same" or "different" random numbers for the slices. chunk_size: how many
    slices at once. Raises ArgumentValueError where sizes or dimensions do not fit.

    >>> import wengert as wg
    >>> wg.func.vmap(wg.dot)(wg.ones(3, 2), wg.ones(3, 2))
    tensor([2., 2., 2.])
    """
    if randomness not in ("error", "same", "different"):
        raise ArgumentValueError(
            f"vmap: randomness should be 'error', 'different' or 'same', not {randomness!r}"
        )
    if chunk_size is not None and chunk_size <= 0:
        raise ArgumentValueError(f"vmap: chunk_size should be None or positive, got {chunk_size}")

    _check_out_dims(out_dims)

    @functools.wraps(func)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        arrays = are_arrays(flatten((args, kwargs))[0])
        inputs = Inputs(func, in_dims, args)
        run = _Run(functools.partial(func, **kwargs) if kwargs else func, out_dims, randomness)
        with using(**inside(arrays)):
            if chunk_size is None or chunk_size >= inputs.size:
                result = unflatten(*run(inputs, inputs.leaves, inputs.size)[:2])
            else:
                result = _in_chunks(run, inputs, chunk_size)
        return as_arrays(result, arrays)

    return mapped


class Inputs:
    """The leaves of the arguments, the dimension of each, the tree's shape, the common size."""

    def __init__(self, func: Callable[..., Any], in_dims: InDims, args: tuple[Any, ...]) -> None:
        name = getattr(func, "__name__", repr(func))
        self.leaves, self.spec = flatten(args)
        if not self.leaves:
            raise ArgumentValueError(f"vmap({name}): got no inputs; there is nothing to map over")
        self.dims: list[int | None] = []
        for i, dim in enumerate(_dims(name, in_dims, self.spec)):
            at = None
            if dim is not None:
                self.leaves[i], at = _checked(name, self.leaves[i], dim)
            self.dims.append(at)
        self.size = self._size(name)

    def _size(self, name: str) -> int:
        pairs = zip(self.leaves, self.dims, strict=True)
        sizes = {leaf._data.shape[dim]: None for leaf, dim in pairs if dim is not None}
        if not sizes:
            raise ArgumentValueError(
                f"vmap({name}): no argument is mapped: at least one in_dims must not be None"
            )
        if len(sizes) > 1:
            raise ArgumentValueError(
                f"vmap({name}): expected all tensors to have the same size in the mapped "
                f"dimension, got sizes {list(sizes)}"
            )
        return int(next(iter(sizes)))


def _dims(name: str, in_dims: InDims, spec: Spec) -> list[Any]:
    """One dimension per leaf."""
    if not isinstance(in_dims, (int, list, tuple)):
        raise ArgumentValueError(
            f"vmap({name}): in_dims must be an int or a (possibly nested) tuple, got {in_dims!r}"
        )
    dims = spread(in_dims if isinstance(in_dims, int) else tuple(in_dims), spec)
    if dims is None:
        raise ArgumentValueError(
            f"vmap({name}): in_dims={in_dims} is not compatible with the structure of the inputs, "
            f"{spec}",
            "One entry per positional argument; None for those that are not mapped.",
        )
    return dims


def _checked(name: str, leaf: Any, dim: Any) -> tuple[Tensor, int]:
    if not isinstance(dim, int):
        raise ArgumentValueError(f"vmap({name}): in_dims holds ints and None, got {dim!r}")
    if not isinstance(leaf, (Tensor, np.ndarray)):
        raise ArgumentValueError(
            f"vmap({name}): got in_dim={dim} for an input of type {type(leaf).__name__}, which "
            "cannot be mapped over",
            "Give None for it in in_dims.",
        )
    tensor = as_tensor("vmap", leaf)
    ndim = tensor._data.ndim
    if not -ndim <= dim < ndim:
        raise ArgumentValueError(
            f"vmap({name}): got in_dim={dim} for an input of dimensionality {ndim}"
        )
    return tensor, dim % ndim


def _check_out_dims(out_dims: OutDims) -> None:
    for dim in flatten(out_dims)[0]:
        if dim is not None and not isinstance(dim, int):
            raise ArgumentValueError(
                f"vmap: out_dims must be an int, None or a nest of them, not {out_dims!r}"
            )


class _Run:
    """One run of the mapped function on some slices."""

    def __init__(self, func: Callable[..., Any], out_dims: OutDims, randomness: str) -> None:
        self.func = func
        self.out_dims = out_dims
        self.randomness = randomness

    def __call__(
        self, inputs: Inputs, leaves: Sequence[Any], size: int
    ) -> tuple[list[Any], Spec, list[Any]]:
        """The results, the shape of their tree, and where each has the mapped dimension."""
        levels = current().levels
        level = BatchLevel(size, self.randomness, len(levels) + 1)
        pairs = zip(leaves, inputs.dims, strict=True)
        args = unflatten([_lifted(level, x, d) for x, d in pairs], inputs.spec)
        with using(levels=(*levels, level)):
            result = called(self.func, args, {})
        outputs, spec = flatten(result)
        places = self._places(spec)
        return [_lowered(level, o, d) for o, d in zip(outputs, places, strict=True)], spec, places

    def _places(self, spec: Spec) -> list[Any]:
        dims = self.out_dims
        if spec.kind is None and isinstance(dims, tuple) and len(dims) == 1:
            return list(dims)  # as torch has it: a tuple of one stands for a single result
        places = spread(dims, spec)
        if places is None:
            raise ArgumentValueError(
                f"vmap: out_dims={dims} is not compatible with the structure of the outputs, {spec}"
            )
        return places


def _lifted(level: BatchLevel, value: Any, dim: int | None) -> Any:
    if dim is None:
        return value
    return level.lift(value.movedim(dim, 0) if dim else value, mapped=True)


def _lowered(level: BatchLevel, value: Any, dim: Any) -> Any:
    """A result of the mapped function as it is outside: with the mapped axis where it should be."""
    if not isinstance(value, Tensor):
        if dim is None:
            return value
        raise ArgumentValueError(
            f"vmap: the function must return tensors, got {type(value).__name__}",
            "Give None for it in out_dims.",
        )
    if isinstance(value, Batched) and value._at is level:
        inner, is_mapped = value._value, value._mapped
    else:
        inner, is_mapped = value, False
    if dim is None:
        if is_mapped:
            raise ArgumentValueError(
                "vmap: out_dims is None for an output that is mapped", "Give its dimension."
            )
        return inner
    if not is_mapped:
        inner = inner.expand((level.size, *inner._data.shape))
    ndim = inner._data.ndim
    if not -ndim <= dim < ndim:
        raise DimensionError(
            f"vmap: Dimension out of range: out_dims={dim} for an output with {ndim} dimensions"
        )
    return inner.movedim(0, dim) if dim else inner


def _in_chunks(run: _Run, inputs: Inputs, chunk_size: int) -> Any:
    """The same a few slices at a time, the results joined."""
    before = default_generator.get_state()
    parts: list[list[Any]] = []
    for start in range(0, inputs.size, chunk_size):
        count = min(chunk_size, inputs.size - start)
        some = [
            x if d is None else x.narrow(d, start, count)
            for x, d in zip(inputs.leaves, inputs.dims, strict=True)
        ]
        if run.randomness == "same":
            default_generator.set_state(before)
        outputs, spec, places = run(inputs, some, count)
        parts.append(outputs)
    joined = [
        pieces[0] if dim is None else cat(pieces, dim)
        for pieces, dim in zip(zip(*parts, strict=True), places, strict=True)
    ]
    return unflatten(joined, spec)
