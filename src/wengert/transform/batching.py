"""Batching rules by kind: how an operation applies to values with a mapped first axis."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wengert.core.op import OPS, Op
from wengert.core.record import apply
from wengert.errors import BatchingError, BatchingWarning
from wengert.ops.batching import broadcast_rule

if TYPE_CHECKING:
    from wengert.transform.batch import BatchLevel


def batched_by_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], level: BatchLevel
) -> tuple[Any, Any]:
    """The result, and whether its first axis is the mapped one; tuples for several outputs."""
    if not any(mapped):
        return _unmapped(apply(op, values, attrs or None))
    if op.batch is not None:
        return _mapped(op.batch(op, values, mapped, attrs, level.size))
    if op.kind == "elementwise":
        return _mapped(broadcast_rule(op, values, mapped, attrs, level.size))
    return _mapped(_looped(op, values, mapped, attrs, level))


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
