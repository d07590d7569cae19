"""Batching rules by kind: how an operation applies to values with a mapped first axis."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wengert.core.op import Op
from wengert.core.record import apply
from wengert.core.registry import OPS
from wengert.core.tensor import Tensor
from wengert.errors import BatchingError, BatchingWarning
from wengert.ops.batching import aligned, broadcast_rule, with_axis

if TYPE_CHECKING:
    from wengert.transform.batch import BatchLevel


def batched_by_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], level: BatchLevel
) -> tuple[Any, Any]:
    """The result, and whether its first axis is the mapped one; tuples for several outputs."""
    if "alike" in op.attributes:
        return _drawn(op, values, mapped, attrs, level)
    if not any(mapped):
        return _unmapped(apply(op, values, attrs or None))
    if op.batch is not None:
        return _mapped(op.batch(op, values, mapped, attrs, level.size))
    if op.kind == "elementwise":
        return _mapped(broadcast_rule(op, values, mapped, attrs, level.size))
    return _mapped(_looped(op, values, mapped, attrs, level))


def _drawn(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], level: BatchLevel
) -> tuple[Any, Any]:
    """A random operation: the same numbers for every slice, or different ones."""
    alike = tuple(axis + 1 for axis in attrs["alike"])
    differ = level.draws_differ(op.name)
    if not differ and not any(mapped):
        return _unmapped(apply(op, [_outer(v) for v in values], attrs))
    whole, is_whole = list(values), list(mapped)
    first = next(i for i, v in enumerate(values) if isinstance(v, Tensor))
    whole[first] = with_axis(values[first], mapped[first], level.size)
    is_whole[first] = True
    given = [_outer(v) for v in aligned(whole, is_whole)]
    return _mapped(apply(op, given, attrs | {"alike": alike if differ else (0, *alike)}))


def _outer(value: Any) -> Any:
    """A value for the next map further out to see, whether it is mapped there or not."""
    from wengert.transform.batch import lifted

    return lifted(value) if isinstance(value, Tensor) else value


def _mapped(result: Any) -> tuple[Any, Any]:
    return result, (True,) * len(result) if isinstance(result, tuple) else True


def _unmapped(result: Any) -> tuple[Any, Any]:
    return result, (False,) * len(result) if isinstance(result, tuple) else False


def _looped(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any],
    level: BatchLevel,
) -> Any:  # fmt: skip
    """Slice by slice, with a warning: the fallback for operations without a rule."""
    warnings.warn(
        f"vmap: {op.name} has no batching rule, and is applied slice by slice",
        BatchingWarning,
        stacklevel=2,
    )
    if not level.size:
        raise BatchingError(f"vmap: {op.name} has no batching rule, and there are no slices")
    results = [
        apply(op, [v[i] if m else v for v, m in zip(values, mapped, strict=True)], attrs or None)
        for i in range(level.size)
    ]
    if isinstance(results[0], tuple):
        return tuple(OPS["stack"](*parts, dim=0) for parts in zip(*results, strict=True))
    return OPS["stack"](*results, dim=0)
