"""Matrix products and nothing else, into arrays that are there: the bound of a network."""

from __future__ import annotations

import ctypes
import importlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import importable


@dataclass(frozen=True)
class Shape:
    """(rows, inner) @ (inner, columns), `batch` times; a factor may lie transposed in memory."""

    rows: int
    inner: int
    columns: int
    left_turned: bool = False
    right_turned: bool = False
    batch: int = 1

    def arrays(self) -> tuple[Any, Any, Any]:
        """The factors as they are multiplied, and room for the product."""
        x = _numbers(self.batch, self.rows, self.inner, self.left_turned)
        y = _numbers(self.batch, self.inner, self.columns, self.right_turned)
        return x, y, np.empty((self.batch, self.rows, self.columns), np.float32)


def _numbers(batch: int, rows: int, columns: int, turned: bool) -> Any:
    rng = np.random.default_rng(0)
    if turned:
        return rng.standard_normal((batch, columns, rows), dtype=np.float32).transpose(0, 2, 1)
    return rng.standard_normal((batch, rows, columns), dtype=np.float32)


def in_numpy(shapes: Sequence[Shape]) -> Callable[[], Any]:
    """By numpy.matmul."""
    calls = []
    for shape in shapes:
        x, y, out = shape.arrays()
        calls.append((x, y, out) if shape.batch > 1 else (x[0], y[0], out[0]))

    def run() -> Any:
        for x, y, out in calls:
            np.matmul(x, y, out=out)
        return calls

    return run


def in_jax(jax: Any, shapes: Sequence[Shape]) -> Callable[[], Any]:
    """By jax, in one compiled function."""
    jnp = importlib.import_module("jax.numpy")
    pairs = []
    for shape in shapes:
        x, y, _ = shape.arrays()
        # What lies transposed is transposed inside, where jax gives it to the product as a flag.
        stored = [
            a.transpose(0, 2, 1) if t else a
            for a, t in ((x, shape.left_turned), (y, shape.right_turned))
        ]
        pairs.append(tuple(jnp.asarray(a if shape.batch > 1 else a[0]) for a in stored))

    def everything(pairs: Any) -> Any:
        found = []
        for shape, (x, y) in zip(shapes, pairs, strict=True):
            left = jnp.swapaxes(x, -1, -2) if shape.left_turned else x
            right = jnp.swapaxes(y, -1, -2) if shape.right_turned else y
            found.append(left @ right)
        return found

    compiled = jax.jit(everything)
    return lambda: jax.block_until_ready(compiled(pairs))


def in_openblas(shapes: Sequence[Shape]) -> Callable[[], Any] | None:
    """By sgemm of the OpenBLAS that wengert uses, which takes its own threads meanwhile.

    None where it is not installed. Batches are one call each of its batched sgemm.
    """
    if not importable(["scipy_openblas32"]):
        return None
    package = importlib.import_module("scipy_openblas32")
    (path,) = Path(package.get_lib_dir()).glob("libscipy_openblas*.*")
    library = ctypes.CDLL(str(path))
    calls = [_call(library, shape) for shape in shapes]
    threads = library.scipy_openblas_set_num_threads
    count = len(os.sched_getaffinity(0))

    def run() -> Any:
        threads(count)
        for function, arguments, _ in calls:
            function(*arguments)
        threads(1)  # as wengert leaves it
        return calls

    return run


def _call(library: Any, shape: Shape) -> tuple[Any, list[Any], Any]:
    """The function, its arguments and what they point to."""
    arrays = shape.arrays()
    integer, number, pointer = ctypes.c_int, ctypes.c_float, ctypes.c_void_p
    x, y, out = (pointer(a.ctypes.data) for a in arrays)
    left = shape.rows if shape.left_turned else shape.inner
    right = shape.inner if shape.right_turned else shape.columns
    flags = [integer(112 if turned else 111) for turned in (shape.left_turned, shape.right_turned)]
    sides = [integer(n) for n in (shape.rows, shape.columns, shape.inner)]
    head = [integer(101), *flags, *sides, number(1)]
    if shape.batch == 1:
        arguments = [*head, x, integer(left), y, integer(right), number(0), out]
        return library.scipy_cblas_sgemm, [*arguments, integer(shape.columns)], arrays
    strides = [integer(a.size // shape.batch) for a in arrays]
    arguments = [
        *head, x, integer(left), strides[0], y, integer(right), strides[1], number(0), out,
        integer(shape.columns), strides[2], integer(shape.batch),
    ]  # fmt: skip
    return library.scipy_cblas_sgemm_batch_strided, arguments, arrays
