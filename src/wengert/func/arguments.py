"""Arguments and results of transformed functions: trees of tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.core.dtype import dtype_of, is_differentiable
from wengert.core.handles import _new
from wengert.core.node import next_sequence
from wengert.core.savers import Savers
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentValueError, TransformError, WengertError
from wengert.modes import current
from wengert.transform.tree import Spec, flatten, tree_map

Argnums = int | tuple[int, ...]


def as_tensor(name: str, value: Any) -> Tensor:
    """A leaf of an argument as a tensor; arrays and numbers become one. Else ArgumentValueError.

    Python's numbers are as precise as they are: a float becomes float64.
    """
    if isinstance(value, Tensor):
        return value
    if isinstance(value, np.ndarray):
        return _new(value.view(), None)  # as_arrays tells by .base what is the user's
    if isinstance(value, (np.generic, float, complex)):
        return _new(np.asarray(value)[()], None)
    raise ArgumentValueError(
        f"{name}: expected tensors, but an argument has a {type(value).__name__}",
        "Name the arguments that are tensors with argnums, or close over the others.",
    )


def differentiable(name: str, leaves: Sequence[Any]) -> list[Tensor]:
    """The leaves as tensors that can be differentiated with respect to."""
    tensors = [as_tensor(name, leaf) for leaf in leaves]
    for t in tensors:
        if not is_differentiable(t._data.dtype):
            raise ArgumentValueError(
                f"{name}: only floating-point and complex tensors can be differentiated, not "
                f"{dtype_of(t._data.dtype).name}",
                "Write 2. instead of 2, or convert it with .float().",
            )
    return tensors


def refuse_complex(name: str, tensors: Sequence[Tensor], what: str) -> None:
    """Raise TransformError for complex tensors, whose Jacobian is no single matrix."""
    for i, t in enumerate(tensors):
        if t._data.dtype.kind == "c":
            raise TransformError(
                f"{name}: expected all {what}s to be real, but {what} {i} is {t.dtype}",
                "Use vjp or jvp, which have a convention for complex numbers, or map a function "
                "of real and imaginary part.",
            )


def chosen(name: str, argnums: Argnums, args: Sequence[Any]) -> list[int]:
    """The positions that argnums names, counted from the front."""
    given = argnums if isinstance(argnums, tuple) else (argnums,)
    positions: list[int] = []
    for n in given:
        if not isinstance(n, int):
            raise TransformError(f"{name}: argnums must be int or tuple of ints, got {argnums!r}")
        if not -len(args) <= n < len(args):
            raise ArgumentValueError(
                f"{name}: got argnums={argnums}, but only {len(args)} positional inputs"
            )
        positions.append(n % len(args))
    if len(set(positions)) != len(positions) or not positions:
        raise ArgumentValueError(f"{name}: argnums must be different positions, got {argnums}")
    return positions


def picked(argnums: Argnums, args: Sequence[Any], positions: Sequence[int]) -> Any:
    """What the derivative is taken by: one argument, or a tuple of several."""
    return tuple(args[i] for i in positions) if isinstance(argnums, tuple) else args[positions[0]]


def replaced(argnums: Argnums, args: Sequence[Any], positions: Sequence[int], by: Any) -> list[Any]:
    """The arguments with those put in place that the derivative is taken by."""
    values = by if isinstance(argnums, tuple) else (by,)
    changed = list(args)
    for i, value in zip(positions, values, strict=True):
        changed[i] = value
    return changed


def result_leaves(name: str, tree: Any) -> tuple[list[Tensor], Spec]:
    """The tensors that a function returned, in a tree. Raises TransformError for anything else."""
    leaves, spec = flatten(tree)
    for leaf in leaves:
        if not isinstance(leaf, Tensor):
            raise TransformError(
                f"{name}: expected the function to return tensors, got {type(leaf).__name__}",
                "Compute the result with operations on tensors; return other things as aux, with "
                "has_aux=True.",
            )
    return leaves, spec


def split_aux(name: str, result: Any, has_aux: bool) -> tuple[Any, Any]:
    """The output of a function, and what it returned besides."""
    if not has_aux:
        return result, None
    if not isinstance(result, tuple) or len(result) != 2:
        raise TransformError(
            f"{name}: with has_aux=True the function must return a tuple (output, aux), "
            f"and it returned {type(result).__name__}"
        )
    return result[0], result[1]


# Arrays in, arrays out ---------------------------------------------------------------------------


def are_arrays(leaves: Sequence[Any]) -> bool:
    """Whether arguments are NumPy's arrays and numbers, so that results are arrays, too."""
    return bool(leaves) and not any(isinstance(leaf, Tensor) for leaf in leaves)


def inside(arrays: bool = False, started: int = 0) -> dict[str, Any]:
    """The modes that a transformed function runs in.

    arrays: whether it was given arrays. started: a number older than the nodes of its arguments.
    """
    state = current()
    first = state.started or started or next_sequence()
    return {"started": first, "arrays": state.arrays or (Savers() if arrays else None)}


def called(func: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """func(*args, **kwargs), with our errors in place of what NumPy makes of them.

    array[0] = x asks x for a number; when that is refused, NumPy says that x is a sequence.
    """
    try:
        return func(*args, **kwargs)
    except ValueError as error:
        if isinstance(error.__cause__, WengertError):
            raise error.__cause__ from None
        raise


def opened(tree: Any) -> tuple[Any, bool]:
    """A tree with its arrays as tensors, and whether it holds arrays only."""
    leaves, _ = flatten(tree)
    return tree_map(_opened, tree), are_arrays(leaves)


def _opened(leaf: Any) -> Any:
    return (
        as_tensor("", leaf) if isinstance(leaf, (np.ndarray, np.generic, float, complex)) else leaf
    )


def as_arrays(tree: Any, wanted: bool = True) -> Any:
    """A result with its tensors as arrays; those that an outer transform sees stay tensors."""
    return tree_map(_array, tree) if wanted else tree


def _array(value: Any) -> Any:
    if not isinstance(value, Tensor) or value._node is not None or value._level:
        return value
    data = value._data
    # The output of a function that returns its argument shares memory with it.
    return data.copy() if isinstance(data, np.ndarray) and data.base is not None else data
