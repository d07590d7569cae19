"""Entries of programs that copy their inputs to their outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from wengert.compiler.backend.build import build
from wengert.compiler.backend.calling import Entry
from wengert.compiler.backend.llvm import host
from wengert.compiler.backend.signature import (
    Computed,
    Container,
    Given,
    Signature,
    Tree,
    data_in,
)
from wengert.compiler.pieces.piece import Module
from wengert.core.aval import Aval
from wengert.modes import current

MISSED = "missed"


def number(kind: str, dtype: Any = np.float64) -> Given:
    return Given(kind, (), np.dtype(dtype))


def array(shape: Sequence[int], dtype: Any = np.float64) -> Given:
    return Given("array", tuple(shape), np.dtype(dtype))


def tensor(shape: Sequence[int], dtype: Any = np.float32) -> Given:
    return Given("tensor", tuple(shape), np.dtype(dtype))


def copier(
    *arguments: Tree, hidden: Sequence[Given] = (), result: Tree | None = None,
    tensors: bool = False, grad: bool = True, same: Sequence[Any] = (), held: Sequence[Any] = (),
    through_block: bool = False, long: bool = False, spare: int = 0,
    instead: Callable[..., Any] | None = None,
) -> Any:  # fmt: skip
    """An entry whose outputs are copies of its data: of the arguments', then of the hidden ones'.

    result: by default a tuple of all. through_block: the copies are made by way of the block.
    spare: bytes of the block that nobody needs. instead: what a miss calls; by default it returns
    MISSED with the arguments.
    """
    current()  # of this thread: without modes there is nothing to compare with
    data = [*data_in(arguments), *hidden]
    outputs = tuple(Aval(given.shape, given.dtype) for given in data)
    count = len(data)
    table = [("input", i) for i in range(count)] + [("output", i) for i in range(count)]
    offset, module = spare, Module({})
    for i, aval in enumerate(outputs):
        stops = [i, len(table), count + i] if through_block else [i, count + i]
        if through_block:
            table.append(("block", offset))
            offset += -(-aval.nbytes // 64) * 64
        for start, end in pairwise(stops):
            module.define(_copying(f"copy{i}_{end}", start, end, aval.nbytes).split("\n"))
            module.step(f"copy{i}_{end}")
    whole = Container("tuple", tuple(Computed(i) for i in range(count)))
    signature = Signature(
        arguments, len(same), tuple(hidden), outputs, result or whole, tensors, grad, grad,
        tuple(table), offset, None, long,
    )  # fmt: skip
    program = build(host(), module)
    return Entry(host(), signature, program, same, held).function(instead or _missed)


def _missed(*args: Any, **kwargs: Any) -> Any:
    return MISSED, args, kwargs


def _copying(name: str, start: int, end: int, nbytes: int) -> str:
    return f"""define void @{name}(ptr %table, i64 %chunk) {{
  %p = getelementptr ptr, ptr %table, i64 {start}
  %q = getelementptr ptr, ptr %table, i64 {end}
  %from = load ptr, ptr %p
  %to = load ptr, ptr %q
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %from, i64 {nbytes}, i1 false)
  ret void
}}"""
