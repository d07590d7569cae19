"""The native code of memory.py, as LLVM's text."""

from __future__ import annotations

from string import Template
from typing import Final

TAKE, GIVE, ARRAY = "wengert_take", "wengert_give", "wengert_array"
"""ptr wengert_take(i64 bytes): aligned to 64 bytes, or null. void wengert_give(ptr).

ptr wengert_array(ptr descr, i32 ndim, ptr sides, i64 bytes): a new array, or null where Python
raised; it takes a reference to the dtype."""

HANDLER: Final = "handler"
"""NumPy's PyDataMem_Handler: a name of 127 bytes, a version, a context, four functions."""

# Before each block are 64 bytes: the next free one, its size, what malloc returned.
_BLOCKS: Final = """
@blocks = internal global ptr null
@total = global i64 0
declare ptr @malloc(i64)
declare void @free(ptr)
$advice

define ptr @wengert_take(i64 %bytes) {
entry:
  %quarter = lshr i64 %bytes, 2
  %more = add i64 %quarter, 65536
  %most = add i64 %bytes, %more
  br label %look
look:
  %link = phi ptr [ @blocks, %entry ], [ %block, %next ]
  %block = load ptr, ptr %link
  %none = icmp eq ptr %block, null
  br i1 %none, label %get, label %seen
seen:
  %at = getelementptr i8, ptr %block, i64 8
  %size = load i64, ptr %at
  %large = icmp uge i64 %size, %bytes
  %small = icmp ule i64 %size, %most
  %fits = and i1 %large, %small
  br i1 %fits, label %take, label %next
next:
  br label %look
take:
  %rest = load ptr, ptr %block
  store ptr %rest, ptr %link
  %before = load i64, ptr @total
  %after = sub i64 %before, %size
  store i64 %after, ptr @total
  br label %done
get:
  %whole = add i64 %bytes, 128
  %got = call ptr @malloc(i64 %whole)
  %failed = icmp eq ptr %got, null
  br i1 %failed, label %out, label %align
align:
  %number = ptrtoint ptr %got to i64
  %above = add i64 %number, 63
  %rounded = and i64 %above, -64
  %made = inttoptr i64 %rounded to ptr
  %sized = getelementptr i8, ptr %made, i64 8
  store i64 %bytes, ptr %sized
  %keep = getelementptr i8, ptr %made, i64 16
  store ptr %got, ptr %keep
  call void @advise(ptr %made, i64 %bytes)
  br label %done
done:
  %found = phi ptr [ %block, %take ], [ %made, %align ]
  %memory = getelementptr i8, ptr %found, i64 64
  ret ptr %memory
out:
  ret ptr null
}

define internal void @back(ptr %memory) {
  %block = getelementptr i8, ptr %memory, i64 -64
  %first = load ptr, ptr @blocks
  store ptr %first, ptr %block
  store ptr %block, ptr @blocks
  %at = getelementptr i8, ptr %block, i64 8
  %size = load i64, ptr %at
  %before = load i64, ptr @total
  %after = add i64 %before, %size
  store i64 %after, ptr @total
  ret void
}

; Free the blocks that came back first, until no more than the limit is kept; or one, if %one.
define internal void @shrink(i1 %one) {
entry:
  br label %again
again:
  %total = load i64, ptr @total
  %first = load ptr, ptr @blocks
  %none = icmp eq ptr %first, null
  %allowed = icmp ule i64 %total, $limit
  %enough = or i1 %none, %allowed
  br i1 %enough, label %out, label %several
several:
  %second = load ptr, ptr %first
  %single = icmp eq ptr %second, null
  %stays = and i1 %single, %one
  br i1 %stays, label %out, label %walk
walk:
  %link = phi ptr [ @blocks, %several ], [ %block, %on ]
  %block = load ptr, ptr %link
  %follows = load ptr, ptr %block
  %last = icmp eq ptr %follows, null
  br i1 %last, label %drop, label %on
on:
  br label %walk
drop:
  store ptr null, ptr %link
  %at = getelementptr i8, ptr %block, i64 8
  %size = load i64, ptr %at
  %less = sub i64 %total, %size
  store i64 %less, ptr @total
  %kept = getelementptr i8, ptr %block, i64 16
  %old = load ptr, ptr %kept
  call void @free(ptr %old)
  br label %again
out:
  ret void
}

define void @wengert_give(ptr %memory) {
  call void @back(ptr %memory)
  call void @shrink(i1 true)
  ret void
}
"""

_ADVICE: Final = """
declare i32 @madvise(ptr, i64, i32)
define internal void @advise(ptr %made, i64 %bytes) {
entry:
  %large = icmp uge i64 %bytes, 4194304
  br i1 %large, label %ask, label %out
ask:
  %number = ptrtoint ptr %made to i64
  %above = add i64 %number, 4095
  %page = and i64 %above, -4096
  %start = inttoptr i64 %page to ptr
  %length = sub i64 %bytes, 4096
  call i32 @madvise(ptr %start, i64 %length, i32 14) ; MADV_HUGEPAGE
  br label %out
out:
  ret void
}
"""

_NO_ADVICE: Final = "define internal void @advise(ptr %made, i64 %bytes) { ret void }"

# What NumPy calls for arrays whose memory this is, always with the interpreter's lock.
_HANDLER: Final = """
@handler = constant { [127 x i8], i8, ptr, ptr, ptr, ptr, ptr } {
  [127 x i8] c"$name", i8 1, ptr null, ptr @new, ptr @zeroed, ptr @resized, ptr @dropped }, align 8

define internal ptr @new(ptr %context, i64 %bytes) {
  %memory = call ptr @wengert_take(i64 %bytes)
  ret ptr %memory
}

define internal ptr @zeroed(ptr %context, i64 %count, i64 %each) {
entry:
  %bytes = mul i64 %count, %each
  %memory = call ptr @wengert_take(i64 %bytes)
  %none = icmp eq ptr %memory, null
  br i1 %none, label %out, label %clear
clear:
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 %bytes, i1 false)
  br label %out
out:
  ret ptr %memory
}

define internal ptr @resized(ptr %context, ptr %memory, i64 %bytes) {
entry:
  %new = call ptr @wengert_take(i64 %bytes)
  %failed = icmp eq ptr %new, null
  %fresh = icmp eq ptr %memory, null
  %no = or i1 %failed, %fresh
  br i1 %no, label %out, label %copy
copy:
  %at = getelementptr i8, ptr %memory, i64 -56
  %size = load i64, ptr %at
  %length = call i64 @llvm.umin.i64(i64 %size, i64 %bytes)
  call void @llvm.memcpy.p0.p0.i64(ptr %new, ptr %memory, i64 %length, i1 false)
  call void @dropped(ptr null, ptr %memory, i64 0)
  br label %out
out:
  ret ptr %new
}

define void @dropped(ptr %context, ptr %memory, i64 %bytes) {
entry:
  %none = icmp eq ptr %memory, null
  br i1 %none, label %out, label %take
take:
  call void @back(ptr %memory)
  call void @shrink(i1 false)
  br label %out
out:
  ret void
}
"""

_ARRAY: Final = """
@numpy_ndarray = external global i8
@capsule = external global i8
declare ptr @PyArray_NewFromDescr(ptr, ptr, i32, ptr, ptr, ptr, i32, ptr)
declare ptr @PyErr_NoMemory()
declare void @Py_IncRef(ptr)
declare void @Py_DecRef(ptr)
declare ptr @wengert_take(i64)
declare void @dropped(ptr, ptr, i64)

define ptr @wengert_array(ptr %descr, i32 %ndim, ptr %sides, i64 %bytes) {
entry:
  %data = call ptr @wengert_take(i64 %bytes)
  %none = icmp eq ptr %data, null
  br i1 %none, label %short, label %make
short:
  call void @Py_DecRef(ptr %descr)
  call ptr @PyErr_NoMemory()
  ret ptr null
make:
  %array = call ptr @PyArray_NewFromDescr(ptr @numpy_ndarray, ptr %descr, i32 %ndim, ptr %sides,
      ptr null, ptr %data, i32 1281, ptr null) ; NPY_ARRAY_CARRAY
  %failed = icmp eq ptr %array, null
  br i1 %failed, label %drop, label %own
drop:
  call void @dropped(ptr null, ptr %data, i64 %bytes)
  ret ptr null
own:
  %flagged = getelementptr i8, ptr %array, i64 $flags
  %flags = load i32, ptr %flagged
  %owning = or i32 %flags, 4 ; NPY_ARRAY_OWNDATA
  store i32 %owning, ptr %flagged
  call void @Py_IncRef(ptr @capsule)
  %handled = getelementptr i8, ptr %array, i64 $mem_handler
  store ptr @capsule, ptr %handled
  ret ptr %array
}
"""

_PLAIN_ARRAY: Final = """
@numpy_ndarray = external global i8
declare ptr @PyArray_NewFromDescr(ptr, ptr, i32, ptr, ptr, ptr, i32, ptr)

define ptr @wengert_array(ptr %descr, i32 %ndim, ptr %sides, i64 %bytes) {
  %array = call ptr @PyArray_NewFromDescr(ptr @numpy_ndarray, ptr %descr, i32 %ndim, ptr %sides,
      ptr null, ptr null, i32 0, ptr null)
  ret ptr %array
}
"""


def blocks_text(limit: int, pages: bool) -> str:
    """Blocks, and NumPy's handler of them. limit: bytes kept. pages: whether Linux is asked for
    large ones.
    """
    name = "wengert" + "\\00" * 120
    text = Template(_BLOCKS + _HANDLER)
    return text.substitute(limit=limit, advice=_ADVICE if pages else _NO_ADVICE, name=name)


def array_text(flags: int, mem_handler: int) -> str:
    """Arrays whose memory is a block; NumPy's own where it is not known how to tell NumPy."""
    if not mem_handler:
        return _PLAIN_ARRAY
    return Template(_ARRAY).substitute(flags=flags, mem_handler=mem_handler)
