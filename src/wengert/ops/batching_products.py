"""Batching rules of products, of vectors and matrices and of what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.core.op import Op
from wengert.core.record import apply
from wengert.core.registry import OPS
from wengert.ops.batching import aligned, rank_of, shape_of, with_axis, with_rank


def product_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """Products of vectors and matrices: as matrices, by matmul, which broadcasts the rest."""
    (x, y), (is_x, is_y) = values, mapped
    rank_x, rank_y = rank_of(x) - is_x, rank_of(y) - is_y
    if rank_x == 1:
        x = x[..., None, :]
    if rank_y == 1:
        y = y[..., :, None]
    rank = max(rank_x, rank_y, 2)
    x = with_rank(x, rank) if is_x else x
    y = with_rank(y, rank) if is_y else y
    found = OPS["matmul"](x, y)
    if rank_y == 1:
        found = found[..., 0]
    if rank_x == 1:
        found = found[..., 0] if rank_y == 1 else found[..., 0, :]
    return found


def outer_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """outer: every element of one vector times every element of the other."""
    x, y = values
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
        return np.einsum("...i,...j->...ij", x, y)  # a fifth faster than the product below
    return x[..., :, None] * y[..., None, :]


def trace_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """trace: the sum of each diagonal."""
    found = OPS["diagonal"](values[0], offset=0, dim1=1, dim2=2)
    return OPS["sum"](found, dim=(1,), keepdim=False, dtype=None)


def vdot_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """vdot: the product with the conjugate."""
    return product_rule(op, [OPS["conj"](values[0]), values[1]], mapped, attrs, size)


def linear_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """linear: x @ w.T + b."""
    x, w, b = values
    rank = rank_of(w) - mapped[1]
    turned = OPS["transpose"](w, dim0=-2, dim1=-1) if rank == 2 else w
    found = product_rule(op, [x, turned], mapped[:2], attrs, size)
    return found if b is None else _plus(found, any(mapped[:2]), b, mapped[2])


def affine_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """addmm and its kin: beta * term + alpha * product."""
    term, x, y = values
    rule = outer_rule if op.name == "addr" else product_rule
    found = rule(op, [x, y], mapped[1:], attrs, size)
    if op.name == "addbmm":
        found = OPS["sum"](found, dim=(rank_of(found) - 3,), keepdim=False, dtype=None)
    if attrs["alpha"] != 1:
        found = found * attrs["alpha"]
    if attrs["beta"] == 0:
        return found if any(mapped[1:]) else with_axis(found, False, size)
    scaled = term if attrs["beta"] == 1 else term * attrs["beta"]
    return _plus(found, any(mapped[1:]), scaled, mapped[0])


def _plus(x: Any, is_x: bool, y: Any, is_y: bool) -> Any:
    """x + y, slice by slice."""
    left, right = aligned([x, y], [is_x, is_y])
    return left + right


def equation_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """einsum: a batch letter in front of what is mapped, and of the output."""
    factors, _, out = attrs["equation"].partition("->")
    used = set(attrs["equation"])
    letter = next(c for c in map(chr, range(0x3B1, 0x2000)) if c not in used)
    parts = [
        letter + factor if m else factor
        for factor, m in zip(factors.split(","), mapped, strict=True)
    ]
    return apply(op, values, {"equation": f"{','.join(parts)}->{letter}{out}"})


def cross_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """linalg_cross: both of one rank, one dimension further."""
    rank = max(rank_of(v) - m for v, m in zip(values, mapped, strict=True))
    wide = [with_rank(with_axis(v, m, size), rank) for v, m in zip(values, mapped, strict=True)]
    return apply(op, wide, {"dim": attrs["dim"] % rank + 1})


def kron_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """kron: every element of one times all of the other, the lengths multiplied."""
    rank = max(rank_of(v) - m for v, m in zip(values, mapped, strict=True))
    x, y = (with_rank(with_axis(v, m, size), rank) for v, m in zip(values, mapped, strict=True))
    lengths = [(a, b) for a, b in zip(shape_of(x)[1:], shape_of(y)[1:], strict=True)]
    left = x.reshape((size, *(n for a, _ in lengths for n in (a, 1))))
    right = y.reshape((size, *(n for _, b in lengths for n in (1, b))))
    return (left * right).reshape((size, *(a * b for a, b in lengths)))


def rows_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """For operations on matrices, whose leading dimensions broadcast."""
    rank = max(rank_of(v) - m for v, m in zip(values, mapped, strict=True))
    wide = [with_rank(with_axis(v, m, size), rank) for v, m in zip(values, mapped, strict=True)]
    return apply(op, wide, attrs or None)
