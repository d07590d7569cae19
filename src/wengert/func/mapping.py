"""vmap: a function of one slice as a function of all of them at once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.core.tensor import Tensor
from wengert.errors import ArgumentValueError
from wengert.func.arguments import are_arrays, as_arrays, as_tensor, called, inside
from wengert.modes import current, using
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
    a number stands for a whole tree. out_dims: where the mapped dimension goes in the results.
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

    @functools.wraps(func)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        arrays = are_arrays(flatten((args, kwargs))[0])
        leaves, dims, spec, size = _inputs(func, in_dims, args, kwargs)
        with using(**inside(arrays)):
            if chunk_size is None or chunk_size >= size:
                result = _mapped(func, leaves, dims, spec, size, out_dims, randomness)
            else:
                result = _in_chunks(
                    func, leaves, dims, spec, size, out_dims, randomness, chunk_size
                )
        return as_arrays(result, arrays)

    return mapped


def _inputs(
    func: Callable[..., Any], in_dims: InDims, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[list[Any], list[int | None], Spec, int]:
    """The leaves of the arguments, the dimension of each, the tree's shape, the common size."""
    name = getattr(func, "__name__", repr(func))
    if not isinstance(in_dims, (int, list, tuple)):
        raise ArgumentValueError(
            f"vmap({name}): in_dims must be an int or a (possibly nested) tuple, got {in_dims!r}"
        )
    leaves, spec = flatten((args, kwargs))
    if not leaves:
        raise ArgumentValueError(f"vmap({name}): got no inputs; there is nothing to map over")
    per_argument = in_dims if isinstance(in_dims, int) else tuple(in_dims)
    dims = spread(per_argument, spec.children[0])
    if dims is None:
        raise ArgumentValueError(
            f"vmap({name}): in_dims={in_dims} is not compatible with the structure of the inputs, "
            f"{spec.children[0]}",
            "One entry per positional argument; None for those that are not mapped.",
        )
    dims = [*dims, *[0] * spec.children[1].size]
    sizes: dict[int, Any] = {}
    found: list[int | None] = []
    for i, (leaf, dim) in enumerate(zip(leaves, dims, strict=True)):
        if dim is None:
            found.append(None)
            continue
        leaves[i], at = _checked(name, leaf, dim)
        found.append(at)
        sizes.setdefault(leaves[i]._data.shape[at], i)
    if not sizes:
        raise ArgumentValueError(
            f"vmap({name}): no argument is mapped: at least one in_dims must not be None"
        )
    if len(sizes) > 1:
        raise ArgumentValueError(
            f"vmap({name}): expected all tensors to have the same size in the mapped dimension, "
            f"got sizes {list(sizes)}"
        )
    return leaves, found, spec, next(iter(sizes))


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


def _mapped(
    func: Callable[..., Any], leaves: Sequence[Any], dims: Sequence[int | None], spec: Spec,
    size: int, out_dims: OutDims, randomness: str,
) -> Any:  # fmt: skip
    levels = current().levels
    level = BatchLevel(size, randomness, len(levels) + 1)
    lifted = [_lifted(level, x, d) for x, d in zip(leaves, dims, strict=True)]
    args, kwargs = unflatten(lifted, spec)
    with using(levels=(*levels, level)):
        result = called(func, args, kwargs)
    outputs, out_spec = flatten(result)
    places = spread(out_dims, out_spec)
    if places is None:
        raise ArgumentValueError(
            f"vmap: out_dims={out_dims} is not compatible with the structure of the outputs, "
            f"{out_spec}"
        )
    return unflatten(
        [_lowered(level, o, d) for o, d in zip(outputs, places, strict=True)], out_spec
    )


def _lifted(level: BatchLevel, value: Any, dim: int | None) -> Any:
    if dim is None:
        return value
    return level.lift(value.movedim(dim, 0) if dim else value, mapped=True)


def _lowered(level: BatchLevel, value: Any, dim: Any) -> Any:
    """A result of the mapped function as it is outside: with the mapped axis where it should be."""
    if not isinstance(value, Tensor):
        raise ArgumentValueError(
            f"vmap: the function must return tensors, got {type(value).__name__}"
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
    if not isinstance(dim, int) or not -ndim <= dim < ndim:
        raise ArgumentValueError(f"vmap: out_dims={dim!r} for an output with {ndim} dimensions")
    return inner.movedim(0, dim) if dim else inner


def _in_chunks(
    func: Callable[..., Any], leaves: Sequence[Any], dims: Sequence[int | None], spec: Spec,
    size: int, out_dims: OutDims, randomness: str, chunk_size: int,
) -> Any:  # fmt: skip
    """The same a few slices at a time, the results joined."""
    parts: list[list[Any]] = []
    out_spec = places = None
    for start in range(0, size, chunk_size):
        count = min(chunk_size, size - start)
        some = [
            x if d is None else x.narrow(d, start, count) for x, d in zip(leaves, dims, strict=True)
        ]
        result = _mapped(func, some, dims, spec, count, out_dims, randomness)
        outputs, out_spec = flatten(result)
        places = spread(out_dims, out_spec)
        parts.append(outputs)
    assert out_spec is not None
    assert places is not None
    joined = [
        pieces[0] if dim is None else cat(pieces, dim)
        for pieces, dim in zip(zip(*parts, strict=True), places, strict=True)
    ]
    return unflatten(joined, out_spec)
