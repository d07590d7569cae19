"""Jacobians and Hessians: a vmap of pullbacks or of pushforwards over a basis."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.core.handles import fresh
from wengert.core.node import next_sequence
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentValueError
from wengert.func.arguments import (
    Argnums,
    as_arrays,
    chosen,
    differentiable,
    inside,
    opened,
    picked,
    refuse_complex,
    replaced,
    result_leaves,
)
from wengert.func.forward import Pushed, jvp
from wengert.func.mapping import vmap
from wengert.func.reverse import vjp
from wengert.modes import current, using
from wengert.transform.aliases import outside
from wengert.transform.batch import BatchLevel
from wengert.transform.forward import ForwardLevel
from wengert.transform.tree import Spec, flatten, unflatten


def jacrev(
    func: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False,
    chunk_size: int | None = None,
) -> Callable[..., Any]:  # fmt: skip
    """A function that returns the Jacobian of `func`, by reverse mode: a row per output.

    The Jacobian of an output of shape s by an argument of shape t has shape s + t; trees of
    outputs and arguments give trees of them. chunk_size: how many rows at once.

    >>> import wengert as wg
    >>> wg.func.jacrev(lambda x: x**2)(wg.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ArgumentValueError(f"jacrev: chunk_size should be greater than 0, not {chunk_size}")

    @functools.wraps(func)
    def transformed(*args: Any, **kwargs: Any) -> Any:
        started = next_sequence()
        positions = chosen("jacrev", argnums, args)
        given, arrays = opened(picked(argnums, args, positions))

        def of_chosen(by: Any) -> Any:
            return func(*replaced(argnums, args, positions, by), **kwargs)

        inputs, in_spec = flatten(given)
        refuse_complex("jacrev", differentiable("jacrev", inputs), "input")
        with using(**inside(arrays)):
            output, pullback, *aux = vjp(of_chosen, given, has_aux=has_aux)
        outputs, out_spec = result_leaves("jacrev", output)
        refuse_complex("jacrev", outputs, "output")
        blocks = _blocks(pullback, outputs, out_spec, inputs, chunk_size)
        jacobian = unflatten([unflatten(block, in_spec) for block in blocks], out_spec)
        jacobian = outside(jacobian, started, current().grad)
        return as_arrays((jacobian, aux[0]) if has_aux else jacobian, arrays)

    return transformed


def _blocks(
    pullback: Callable[..., Any], outputs: Sequence[Tensor], spec: Spec, inputs: Sequence[Any],
    chunk_size: int | None,
) -> list[list[Any]]:  # fmt: skip
    """The Jacobian of each output by each input."""
    basis = basis_of(outputs)
    if len(outputs) == len(basis[0]._data) == 1:  # one number needs no map
        shape = outputs[0]._data.shape
        one = basis[0].reshape(shape)
        found = flatten(pullback(unflatten([one], spec))[0])[0]
        pairs = zip(found, inputs, strict=True)
        return [[_shaped(row, (*shape, *x.shape)) for row, x in pairs]]
    rows = flatten(vmap(pullback, chunk_size=chunk_size)(unflatten(basis, spec))[0])[0]
    return _row_blocks(rows, outputs, inputs)


def _shaped(part: Any, shape: tuple[int, ...]) -> Any:
    return part if part._data.shape == shape else part.reshape(shape)


def _part(whole: Any, start: int, size: int) -> Any:
    """Some rows of a Jacobian, or all of them."""
    return whole if len(whole._data) == size else whole.narrow(0, start, size)


def basis_of(values: Sequence[Tensor]) -> list[Tensor]:
    """Per value, the parts of all standard basis vectors that belong to it: (total, *shape)."""
    sizes = [int(np.prod(v._data.shape)) for v in values]
    total = sum(sizes)
    parts: list[Tensor] = []
    start = 0
    for value, size in zip(values, sizes, strict=True):
        part = np.zeros((total, size), value._data.dtype)
        part[range(start, start + size), range(size)] = 1
        parts.append(fresh(part.reshape(total, *value._data.shape)))
        start += size
    return parts


def _row_blocks(
    rows: Sequence[Any], outputs: Sequence[Any], inputs: Sequence[Any]
) -> list[list[Any]]:
    """Rows, (total outputs, *input shape) per input, as blocks [output][input]."""
    blocks: list[list[Any]] = []
    start = 0
    for output in outputs:
        shape = tuple(output._data.shape)
        size = int(np.prod(shape))
        blocks.append(
            [
                _shaped(_part(row, start, size), (*shape, *x.shape))
                for row, x in zip(rows, inputs, strict=True)
            ]
        )
        start += size
    return blocks


def jacfwd(
    func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False, *,
    randomness: str = "error",
) -> Callable[..., Any]:  # fmt: skip
    """A function that returns the Jacobian of `func`, by forward mode: a column per input.

    Shapes and trees are those of jacrev.

    >>> import wengert as wg
    >>> wg.func.jacfwd(lambda x: x**2)(wg.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """

    @functools.wraps(func)
    def transformed(*args: Any, **kwargs: Any) -> Any:
        positions = chosen("jacfwd", argnums, args)
        given, arrays = opened(picked(argnums, args, positions))
        leaves, in_spec = flatten(given)
        inputs = differentiable("jacfwd", leaves)
        refuse_complex("jacfwd", inputs, "input")
        primal = unflatten(inputs, in_spec)

        def of_chosen(by: Any) -> Any:
            return func(*replaced(argnums, args, positions, by), **kwargs)

        if randomness == "different":
            columns, out_spec, aux = _in_a_map(of_chosen, primal, has_aux, randomness)
        else:
            columns, out_spec, aux = _at_once(of_chosen, primal, has_aux, randomness, arrays)
        refuse_complex("jacfwd", columns, "output")
        blocks = _column_blocks(columns, inputs)
        jacobian = unflatten([unflatten(block, in_spec) for block in blocks], out_spec)
        return as_arrays((jacobian, aux) if has_aux else jacobian, arrays)

    return transformed


def _at_once(
    func: Callable[..., Any], primal: Any, has_aux: bool, randomness: str, arrays: bool
) -> tuple[list[Any], Spec, Any]:
    """The columns by one run of the function, outside of the map that its tangents are in."""
    directions = basis_of(flatten(primal)[0])
    basis = BatchLevel(len(directions[0]._data), randomness, len(current().levels) + 1)
    lifted = [basis.lift(direction, mapped=True) for direction in directions]
    level = ForwardLevel(next_sequence(), basis)
    run = Pushed("jacfwd", level, func, (primal,), lifted, has_aux, arrays)
    return _columns(run, basis.size), run.spec, run.aux


def _columns(run: Pushed, size: int) -> list[Any]:
    """The tangents of the basis vectors, zeros where an output does not depend."""
    return [
        fresh(np.zeros((size, *o._data.shape), o._data.dtype)) if t is None else t
        for o, t in zip(run.outputs, run.tangents, strict=True)
    ]


def _in_a_map(
    func: Callable[..., Any], primal: Any, has_aux: bool, randomness: str
) -> tuple[list[Any], Any, Any]:
    """The columns where the function itself is to be mapped, for it draws numbers for each."""
    kept: list[Any] = [None]

    def push(direction: Any) -> Any:
        _, tangent, *aux = jvp(func, (primal,), (direction,), has_aux=has_aux)
        kept.extend(aux)
        return tangent

    leaves, spec = flatten(primal)
    columns, out_spec = flatten(
        vmap(push, randomness=randomness)(unflatten(basis_of(leaves), spec))
    )
    return columns, out_spec, kept[-1]


def _column_blocks(columns: Sequence[Any], inputs: Sequence[Any]) -> list[list[Any]]:
    """Columns, (total inputs, *output shape) per output, as blocks [output][input]."""
    blocks: list[list[Any]] = []
    for column in columns:
        row: list[Any] = []
        start = 0
        for x in inputs:
            size = int(np.prod(x._data.shape))
            part = _part(column, start, size).movedim(0, -1)
            row.append(_shaped(part, (*part._data.shape[:-1], *x._data.shape)))
            start += size
        blocks.append(row)
    return blocks


def hessian(func: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """A function that returns the Hessian of `func`: forward mode over reverse mode.

    >>> import wengert as wg
    >>> wg.func.hessian(lambda x: (x**3).sum())(wg.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)
