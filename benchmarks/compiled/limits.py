"""Bare limits: what no library can do better, written in C where there is a C compiler."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

# Of vector functions only exp and log are asked of the C library, which has fast ones for vectors.
SOURCE = r"""
#include <math.h>

void triad(long n, const float *restrict b, const float *restrict c, float *restrict a) {
  #pragma omp parallel for simd if(n > 50000)
  for (long i = 0; i < n; i++) a[i] = b[i] + 0.5f * c[i];
}

double fused(long n, const float *restrict x, const float *restrict w, const float *restrict b,
             float *restrict dx, float *restrict dw, float *restrict db) {
  double total = 0;
  long block = 4096, blocks = (n + block - 1) / block;
  #pragma omp parallel for reduction(+:total) if(n > 50000)
  for (long k = 0; k < blocks; k++) {
    long first = k * block, after = first + block < n ? first + block : n;
    float part = 0;
    #pragma omp simd reduction(+:part)
    for (long i = first; i < after; i++) {
      float u = x[i] * w[i] + b[i];
      float e = expf(-2 * fabsf(u)), t = copysignf((1 - e) / (1 + e), u);
      float s = 1 / (1 + expf(-x[i])), q = expf(-x[i] * x[i]);
      float du = s * (1 - t * t);
      part += t * s - logf(1 + q);
      dx[i] = du * w[i] + t * s * (1 - s) + 2 * x[i] * q / (1 + q);
      dw[i] = du * x[i];
      db[i] = du;
    }
    total += part;
  }
  return total;
}
"""
FLAGS = ("-O3", "-march=native", "-ffast-math", "-fopenmp", "-shared", "-fPIC")


@functools.cache
def library() -> ctypes.CDLL | None:
    """The functions above, compiled; None without a C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    key = hashlib.sha256(SOURCE.encode()).hexdigest()[:16]
    folder = Path(tempfile.mkdtemp(prefix="wengert-benchmarks-"))
    source, built = folder / f"{key}.c", folder / f"{key}.so"
    source.write_text(SOURCE, encoding="utf-8")
    subprocess.run([compiler, *FLAGS, "-o", str(built), str(source), "-lm"], check=True)
    loaded = ctypes.CDLL(str(built))
    loaded.fused.restype = ctypes.c_double
    return loaded


def _pointers(arrays: Sequence[Any]) -> list[Any]:
    return [a.ctypes.data_as(ctypes.c_void_p) for a in arrays]


def triad(count: int) -> Callable[[], Any] | None:
    """a = b + c / 2 on arrays of count * 2 / 3 floats: so many are read and written in all."""
    c = library()
    if c is None:
        return None
    length = count * 2 // 3
    arrays = [np.ones(length, np.float32) for _ in range(3)]
    arguments = [ctypes.c_long(length), *_pointers(arrays)]

    def run() -> Any:
        c.triad(*arguments)
        return arrays

    return run


def fused_loop(x: Any, w: Any, b: Any) -> Callable[[], Any] | None:
    """The elementwise formula and its gradients in one loop, into arrays that are there."""
    c = library()
    if c is None:
        return None
    results = [np.empty_like(x) for _ in range(3)]
    arguments = [ctypes.c_long(x.size), *_pointers([x, w, b, *results])]
    return lambda: [c.fused(*arguments), *results]
