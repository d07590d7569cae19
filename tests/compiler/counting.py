"""Native programs that count how often each chunk ran: what threads do wrong shows."""

from __future__ import annotations

import ctypes

import numpy as np

from wengert.compiler.backend.build import Loaded, build
from wengert.compiler.backend.llvm import host
from wengert.compiler.pieces.piece import Module

TASK = """define internal void @task(ptr %table, i64 %chunk) {
  %counts = load ptr, ptr %table
  %place = getelementptr i64, ptr %counts, i64 %chunk
  %before = load i64, ptr %place
  %after = add i64 %before, 1
  store i64 %after, ptr %place
  ret void
}"""


def counter(chunks: int, steps: int = 1, threads: int | None = None) -> Loaded:
    """A program of steps that each add 1 to the count of every chunk."""
    module = Module({})
    module.define(TASK.split("\n"))
    for _ in range(steps):
        module.step("task", chunks)
    return build(host(), module, threads)


class Counts:
    """Counts, and the table that a program finds them by."""

    def __init__(self, chunks: int) -> None:
        self.array = np.zeros(chunks, np.int64)
        self._table = (ctypes.c_void_p * 1)(self.array.ctypes.data)
        self.table = ctypes.addressof(self._table)
