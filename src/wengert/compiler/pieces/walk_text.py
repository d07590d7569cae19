"""The loops of walks, in LLVM's text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from wengert.compiler.pieces.elements import added, converted, register
from wengert.compiler.pieces.lines import Index, Lines
from wengert.compiler.pieces.piece import Access, Module
from wengert.compiler.pieces.walk import (
    Lookup,
    Number,
    Place,
    Walk,
    accesses,
    boxes,
    merged,
    sliced,
)
from wengert.core.dtype import NumpyDType
from wengert.core.node import Node


def write_walks(module: Module, name: str, walks: Sequence[Walk]) -> None:
    """Write steps that do one after the other, small ones together.

    No walk but the first may touch what another one writes, or they are written by several calls.
    """
    small: list[Walk] = []
    for walk in map(merged, walks):
        chunks = walk.chunks()
        if chunks == 1:
            small.append(walk)
        elif chunks:
            _write_step(module, name, [walk], chunks)
    for first in range(0, len(small), TOGETHER):
        _write_step(module, name, small[first : first + TOGETHER], 1)


INT64: Final = np.dtype(np.int64)

TOGETHER: Final = 256
"""Walks in one function: each is some ten instructions."""


def _write_step(module: Module, name: str, walks: Sequence[Walk], chunks: int) -> None:
    function = module.name(name)
    lines = Lines()
    for walk in walks:
        WalkText(module, lines, walk).all()
    module.define(lines.function(function))
    module.step(function, chunks)


class WalkText:
    """The loops of one walk."""

    def __init__(self, module: Module, lines: Lines, walk: Walk) -> None:
        self._module = module
        self._lines = lines
        self._walk = walk
        self._buffers: dict[Node, str] = {}
        self._found: dict[Lookup, Index] = {}
        self._refusal = ""

    def all(self) -> None:
        """Write all of them."""
        walk = self._walk
        if walk.refuses():
            self._refusal = self._lines.buffer(self._module.refusal())
        if walk.given is not None:
            self._require(walk.given)
        if any(lookup.size == 0 for lookup in self._lookups()):
            self._refuse()
            return
        for access in [*accesses(walk.source), *accesses(walk.target)]:
            if access.root not in self._buffers:
                slot = self._module.slot(access.root)
                self._buffers[access.root] = self._lines.buffer(slot)
        cut = boxes(walk.space, walk.cut)
        self._from(0, sliced(self._lines, walk.space, cut), [])

    def _lookups(self) -> tuple[Lookup, ...]:
        source = self._walk.source
        return (*(source.lookups if isinstance(source, Place) else ()), *self._walk.target.lookups)

    def _from(self, axis: int, ranges: Sequence[tuple[Index, Index]], found: list[Index]) -> None:
        """The loops from an axis on. found: the indices along those before."""
        walk = self._walk
        for lookup in self._lookups():
            if axis == _depth(lookup):
                self._found[lookup] = self._looked_up(lookup, found)
        if axis == len(walk.space):
            self._element(found)
        elif axis == len(walk.space) - 1 and self._is_block(axis):
            self._block(ranges[axis], found)
        else:
            with self._lines.loop(*ranges[axis]) as index:
                self._from(axis + 1, ranges, [*found, index])

    def _is_block(self, axis: int) -> bool:
        """Whether the elements along the last axis are moved in one piece."""
        source, target = self._walk.source, self._walk.target
        moving = [one.where.strides[axis] for one in self._lookups()]
        if self._walk.adds or self._walk.within or any(moving) or target.access.strides[axis] != 1:
            return False
        if isinstance(source, Number):
            return source.is_one_byte()
        return source.access.strides[axis] == 1 and source.dtype == target.dtype

    def _block(self, range: tuple[Index, Index], found: list[Index]) -> None:
        lines, walk = self._lines, self._walk
        source, target = walk.source, walk.target
        size = target.dtype.itemsize
        first, after = range
        count = after if first == 0 else lines.let(f"sub i64 {after}, {first}")
        nbytes = count * size if isinstance(count, int) else lines.let(f"mul i64 {count}, {size}")
        to = self._address(target, [*found, first])
        if isinstance(source, Number):
            self._module.declare(["declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)"])
            byte = source.bits & 255
            lines.do(f"call void @llvm.memset.p0.i64(ptr {to}, i8 {byte}, i64 {nbytes}, i1 false)")
            return
        at = self._address(source, [*found, first])
        self._module.declare(["declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)"])
        lines.do(f"call void @llvm.memcpy.p0.p0.i64(ptr {to}, ptr {at}, i64 {nbytes}, i1 false)")

    def _element(self, found: list[Index]) -> None:
        lines, walk = self._lines, self._walk
        source, target = walk.source, walk.target
        if isinstance(source, Number):
            value: str = str(source.bits)
        else:
            value = self._load(source, self._address(source, found))
            value = self._converted(value, source.dtype)
        place = self._address(target, found)
        if walk.adds:
            value = added(lines, self._load(target, place), value, target.dtype)
        kind, align = register(target.dtype), min(target.dtype.itemsize, 8)
        lines.do(f"store {kind} {value}, ptr {place}, align {align}")

    def _converted(self, value: str, dtype: NumpyDType) -> str:
        """What was read as it is written."""
        lines, wanted, within = self._lines, self._walk.target.dtype, self._walk.within
        if within is None:
            return converted(lines, value, dtype, wanted)
        wide = converted(lines, value, dtype, INT64)
        found = lines.let(f"icmp ult i64 {wide}, {within.size}")
        fine = found
        if within.ignored is not None:
            skipped = lines.let(f"icmp eq i64 {wide}, {within.ignored}")
            fine = lines.let(f"or i1 {found}, {skipped}")
            counts = lines.let(f"xor i1 {skipped}, true")
            found = lines.let(f"and i1 {found}, {counts}")
        with lines.unless(fine):
            self._refuse()
        safe = lines.let(f"select i1 {found}, i64 {wide}, i64 0")
        kind = register(wanted)
        return safe if wanted == INT64 else lines.let(f"trunc i64 {safe} to {kind}")

    def _load(self, place: Place, address: str) -> str:
        align = min(place.dtype.itemsize, 8)
        return self._lines.let(f"load {register(place.dtype)}, ptr {address}, align {align}")

    def _address(self, place: Place, found: Sequence[Index]) -> str:
        lines, access = self._lines, place.access
        offset = lines.sum(access.offset, zip(found, access.strides, strict=False))
        for lookup in place.lookups:
            offset = lines.sum(offset, [(self._found[lookup], lookup.stride)])
        return lines.at(register(place.dtype), self._buffers[access.root], offset)

    def _looked_up(self, lookup: Lookup, found: Sequence[Index]) -> Index:
        """The index; 0 in place of one that is out of range, which is refused."""
        lines = self._lines
        place = Place(lookup.where, lookup.dtype)
        index = self._load(place, self._address(place, found))
        if lookup.dtype.itemsize < 8:
            index = lines.let(f"sext {register(lookup.dtype)} {index} to i64")
        if lookup.wraps:
            below = lines.let(f"icmp slt i64 {index}, 0")
            wrapped = lines.let(f"add i64 {index}, {lookup.size}")
            index = lines.let(f"select i1 {below}, i64 {wrapped}, i64 {index}")
        inside = lines.let(f"icmp ult i64 {index}, {lookup.size}")
        with lines.unless(inside):
            self._refuse()
        return lines.let(f"select i1 {inside}, i64 {index}, i64 0")

    def _require(self, given: Access) -> None:
        lines = self._lines
        at = lines.at("i8", lines.buffer(self._module.slot(given.root)), given.offset)
        truth = lines.let(f"load i8, ptr {at}")
        with lines.unless(lines.let(f"icmp ne i8 {truth}, 0")):
            self._refuse()

    def _refuse(self) -> None:
        self._lines.do(f"store atomic i32 1, ptr {self._refusal} monotonic, align 4")


def _depth(lookup: Lookup) -> int:
    """The axis before which the index is known: the first one that it does not depend on."""
    return max((axis + 1 for axis, n in enumerate(lookup.where.strides) if n), default=0)
