"""Whether native code does what it says, before any user's code depends on it."""

from __future__ import annotations

import ctypes
from typing import Final

import numpy as np

from wengert.compiler.backend.llvm import QUICK, Host
from wengert.compiler.backend.stored import compiled_text

_TEXT: Final = """
declare <8 x float> @llvm.masked.load.v8f32.p0(ptr, i32, <8 x i1>, <8 x float>)
declare void @llvm.masked.store.v8f32.p0(<8 x float>, ptr, i32, <8 x i1>)

define void @check(ptr %table) {
  %from = load ptr, ptr %table
  %second = getelementptr ptr, ptr %table, i64 1
  %to = load ptr, ptr %second
  %mask = icmp ult <8 x i32> <i32 0, i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7>,
                             <i32 5, i32 5, i32 5, i32 5, i32 5, i32 5, i32 5, i32 5>
  %x = call <8 x float> @llvm.masked.load.v8f32.p0(ptr %from, i32 4, <8 x i1> %mask,
                                                   <8 x float> zeroinitializer)
  %y = fmul <8 x float> %x, %x
  %z = fdiv <8 x float> %y, <float 3.0, float 3.0, float 3.0, float 3.0, float 3.0, float 3.0,
                             float 3.0, float 3.0>
  call void @llvm.masked.store.v8f32.p0(<8 x float> %z, ptr %to, i32 4, <8 x i1> %mask)
  ret void
}
"""


def works(host: Host) -> bool:
    """Whether vectors are loaded, computed with and stored under a mask, as NumPy does it.

    Raises RuntimeError where LLVM refuses.
    """
    given = np.array([1.0, -2.5, np.inf, np.nan, 1e-30, 7.0, 7.0, 7.0], np.float32)
    found = np.full(8, 9, np.float32)
    library = host.load([compiled_text(host, _TEXT, QUICK)], ["check"], {})
    table = (ctypes.c_void_p * 2)(given.ctypes.data, found.ctypes.data)
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(library.address("check"))(ctypes.addressof(table))
    with np.errstate(all="ignore"):
        expected = np.where(np.arange(8) < 5, given * given / np.float32(3), np.float32(9))
    return bool(np.array_equal(found, expected, equal_nan=True))
