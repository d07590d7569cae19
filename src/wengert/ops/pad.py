"""pad: more elements at the ends of dimensions, or, with negative numbers, fewer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, ShapeError
from wengert.ops.arguments import integer, is_number, one_of, shape_of
from wengert.ops.batching import mode_pad_rule
from wengert.ops.define import public
from wengert.ops.expand import expand_op
from wengert.ops.index_slices import index_add_op
from wengert.ops.join import cat
from wengert.ops.kinds import general, linear
from wengert.ops.labels import call
from wengert.ops.samples import Call, Sampler
from wengert.ops.slicing import take_part, take_part_of

Pads = tuple[tuple[int, int], ...]
"""Per dimension, how many elements are added before and after; negative ones are taken away."""


def _crop(pads: Pads, sign: int) -> tuple[slice, ...]:
    """The slices that take away what pads (sign -1) take away, or (sign 1) what they add."""
    ends = ((max(sign * a, 0), max(sign * b, 0)) for a, b in pads)
    return tuple(slice(a or None, -b or None) for a, b in ends)


def _constant_pad(x: Any, *, pads: Pads, value: Any) -> Any:
    kept = take_part(x, index=_crop(pads, -1))
    shape = [n + a + b for n, (a, b) in zip(kept.shape, _added(pads), strict=True)]
    out: Any = np.full(shape, np.asarray(value).astype(x.dtype))
    out[(*_crop(pads, 1), ...)] = kept
    return out


def _constant_pad_pullback(ct: Any, pads: Pads) -> Any:
    """Elements that were taken away get zero, those that were added go."""
    if _only_adds(pads):
        return take_part_of(ct, index=_crop(pads, 1))
    back = tuple((-a, -b) for a, b in pads)
    return constant_pad_op(ct, pads=back, value=0)


def _only_adds(pads: Pads) -> bool:
    return all(n >= 0 for pair in pads for n in pair)


def _cropped_first(x: Any, *, pads: Pads, value: Any) -> Any:
    """What is taken away as a view, before anything is added."""
    if _only_adds(pads):
        return None
    kept = take_part_of(x, index=_crop(pads, -1))
    return constant_pad_op(kept, pads=_added(pads), value=value)


def _added(pads: Pads) -> Pads:
    return tuple((max(a, 0), max(b, 0)) for a, b in pads)


constant_pad_op: Op = general(
    "constant_pad_nd", _constant_pad, pullbacks=[_constant_pad_pullback],
    torch="nn.functional.pad", symbol=call("pad", "pads", "value"),
    explain="slope 1 for the elements of x: the constants around them do not move",
    batch=mode_pad_rule, piece="parts", written=_cropped_first,
)  # fmt: skip


def _mode_pad(x: Any, *, pads: Pads, mode: str) -> Any:
    """Cropped where pads are negative, then filled from the elements themselves."""
    kept = take_part(x, index=_crop(pads, -1))
    return np.pad(kept, _added(pads), _MODES[mode])


def _mode_pad_written(x: Any, *, pads: Pads, mode: str, count: int) -> Any:
    """Per dimension what is added at the ends, as views of what is there, joined to it."""
    x = take_part_of(x, index=_crop(pads, -1))
    for dim, (before, after) in enumerate(_added(pads)):
        ends = _ends(x.shape[dim], before, after)[mode]
        parts = [_slices(x, dim, *end) for end in ends if end[1]]
        if len(parts) > 1:
            x = cat(parts, dim)
    return x


def _ends(length: int, before: int, after: int) -> dict[str, list[tuple[slice | int, int]]]:
    """Per mode the slices that are joined, and how many there are of each."""
    whole = (slice(None), 1)
    return {
        "reflect": [
            (slice(before, 0, -1), before), whole,
            (slice(length - 2, length - 2 - after if length - 2 >= after else None, -1), after),
        ],
        "replicate": [(0, before), whole, (length - 1, after)],
        "circular": [(slice(length - before, None), before), whole, (slice(0, after), after)],
    }  # fmt: skip


def _slices(x: Any, dim: int, entry: slice | int, count: int) -> Any:
    """Slices along a dimension, or one of them several times."""
    all_before = (slice(None),) * dim
    if isinstance(entry, slice):
        return take_part_of(x, index=(*all_before, entry))
    one = take_part_of(x, index=(*all_before, slice(entry, entry + 1)))
    return expand_op(one, shape=(*x.shape[:dim], count, *x.shape[dim + 1 :]))


def _mode_pad_transpose(ct: Any, x: Any, pads: Pads, mode: str) -> Any:
    """Each element gets the sum of what its copies got."""
    lengths = [n + min(a, 0) + min(b, 0) for n, (a, b) in zip(x.shape, pads, strict=True)]
    for dim, (length, (before, after)) in enumerate(zip(lengths, pads, strict=True)):
        if before > 0 or after > 0:
            places = np.pad(np.arange(length), (max(before, 0), max(after, 0)), _MODES[mode])
            shape = (*ct.shape[:dim], length, *ct.shape[dim + 1 :])
            ct = index_add_op(None, places, ct, dim=dim, shape=shape, alpha=1)
    back = tuple((max(-a, 0), max(-b, 0)) for a, b in pads)
    return constant_pad_op(ct, pads=back, value=0)


_MODES: dict[str, Any] = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
"""torch's names of the modes, and NumPy's."""


def _mode_pad_name(attrs: dict[str, Any]) -> str:
    kind = {"reflect": "Reflection", "replicate": "Replication"}.get(attrs["mode"], "Circular")
    return f"{kind}Pad{attrs['count']}DBackward0"


mode_pad_op = linear(
    "pad", lambda x, *, pads, mode, count: _mode_pad(x, pads=pads, mode=mode),
    transpose=lambda ct, x, pads, mode: _mode_pad_transpose(ct, x, pads, mode),
    torch="nn.functional.pad", grad_name=_mode_pad_name, symbol=call("pad", "pads", "mode"),
    explain="slope 1 from each element to itself and to its copies at the ends",
    batch=mode_pad_rule, written=_mode_pad_written,
)  # fmt: skip


def _pad_samples(s: Sampler) -> Call:
    shape = s.shape(2, 3, 3, 4)
    mode = s.choice(["constant", "constant", "reflect", "replicate", "circular"])
    count = s.integer(1, len(shape)) if mode == "constant" else len(shape) - 1
    pads = [s.integer(-1, 1) for _ in range(2 * count)]
    if mode != "constant":
        return (s.array(shape), pads, mode), {}
    return (s.array(shape), pads, mode, s.choice([None, 0.5])), {}


@public(torch="nn.functional.pad", samples=_pad_samples, method=False)
def pad(
    input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Any:
    """With elements added at the ends, two numbers per dimension, from the last one backwards.

    pad: (left, right, top, bottom, ...); negative numbers take elements away. mode: "constant"
    (`value`, 0 if not given), "reflect" (mirrored, the edge not repeated), "replicate" (the edge
    repeated) or "circular" (from the other end). Raises ShapeError where the numbers do not fit.

    >>> import wengert as wg
    >>> wg.pad(wg.tensor([1.0, 2.0, 3.0]), (2, 1), mode="reflect")
    tensor([3., 2., 1., 2., 3., 2.])
    """
    pads = _pairs(shape_of(input), tuple(integer("pad", n) for n in pad))
    one_of("pad: mode", mode, ("constant", *_MODES))
    if value is not None and not is_number(value):
        raise ArgumentError(f"pad: the value must be a number, not {type(value).__name__}")
    if mode == "constant":
        return constant_pad_op(input, pads=pads, value=0 if value is None else value)
    if value is not None:
        raise ArgumentValueError(f'Padding mode "{mode}" doesn\'t take in value argument')
    for dim, (length, (before, after)) in enumerate(zip(shape_of(input), pads, strict=True)):
        _check_reach(length + min(before, 0) + min(after, 0), before, after, mode, dim)
    return mode_pad_op(input, pads=pads, mode=mode, count=len(pad) // 2)


def _pairs(shape: tuple[int, ...], pad: tuple[int, ...]) -> Pads:
    """torch's numbers as pairs, one per dimension, the first dimension first."""
    if len(pad) % 2:
        raise ShapeError("Padding length must be divisible by 2", "Two numbers per dimension.")
    count = len(pad) // 2
    if count > len(shape):
        raise ShapeError(
            "Padding length should be less than or equal to two times the input dimension but "
            f"got padding length {len(pad)} and input of dimension {len(shape)}"
        )
    given = tuple((pad[2 * i], pad[2 * i + 1]) for i in range(count))
    pads = ((0, 0),) * (len(shape) - count) + given[::-1]
    for dim, (length, (before, after)) in enumerate(zip(shape, pads, strict=True)):
        if length + min(before, 0) + min(after, 0) < 0 or length + before + after < 0:
            raise ShapeError(
                f"pad: the length {length} of dimension {dim} plus {before} and {after} is negative"
            )
    return pads


def _check_reach(length: int, before: int, after: int, mode: str, dim: int) -> None:
    """Raise ShapeError where a mode has not enough elements for what is to be added."""
    reach = max(before, after, 0)
    limit = {"reflect": length - 1, "circular": length}.get(mode, reach)
    if reach > (limit if length else 0):
        raise ShapeError(
            f"pad: mode {mode!r} can add at most {limit if length else 0} elements at an end of "
            f"dimension {dim} with size {length}, not {before} and {after}"
        )
