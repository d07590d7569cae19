"""What the laws are about: the public functions, each once, and x[index]."""

from __future__ import annotations

from typing import Any

import wengert  # noqa: F401  # registers every operation
from wengert.ops.define import FUNCTIONS, Function
from wengert.ops.samples import Call, Sampler


def subscripts(s: Sampler) -> Call:
    """x[index] with integers, slices, None, an Ellipsis and index tensors."""
    shape = s.shape(min_dims=1)
    length = s.integer(1, 3)
    kinds = ["all", "int", "slice", "tensor"]
    index = [_part(s, s.choice(kinds), side, length) for side in shape]
    if s.choice([False, False, True]):
        index[s.integer(0, len(index) - 1)] = Ellipsis
    if s.choice([False, False, True]):
        index.insert(s.integer(0, len(index)), None)
    return (s.array(shape), tuple(index[: s.integer(1, len(index))])), {}


def masked(s: Sampler) -> Call:
    """x[mask], the mask over the leading dimensions."""
    shape = s.shape(min_dims=1)
    return (s.array(shape), s.mask(shape[: s.integer(1, len(shape))])), {}


def _part(s: Sampler, kind: str, side: int, length: int) -> Any:
    """The index of one dimension."""
    if kind == "int":
        return s.integer(-side, side - 1)
    if kind == "slice":
        return slice(s.integer(-side, side), s.choice([None, side, -1]), s.integer(1, 2))
    if kind == "tensor":
        return s.integers((length,), -side, side)
    return slice(None)


EXTRA = [
    Function(name, call, "Tensor.__getitem__", method=False, samples=samples)
    for name, call, samples in [
        ("getitem", lambda x, index: x[index], subscripts),
        ("getitem_mask", lambda x, mask: x[mask], masked),
    ]
]


def distinct_functions() -> list[Function]:
    """The public functions without further names for the same one."""
    seen: dict[int, Function] = {}
    for function in [*FUNCTIONS.values(), *EXTRA]:
        seen.setdefault(id(function.call), function)
    return list(seen.values())


def function_named(name: str) -> Function:
    return next((f for f in EXTRA if f.name == name), None) or FUNCTIONS[name]
