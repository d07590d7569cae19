"""Memory for the intermediate values of native programs, which is kept from call to call.

A fresh block costs a page fault for each 4 KB, 16 MB of it 4 ms. A call takes a block that is free
and large enough and gives it back, so there are as many as there were calls at the same time. Both
happen while the interpreter's lock is held, which is what makes the list safe.
"""

from __future__ import annotations

import functools
from typing import Final

from wengert.compiler.backend.llvm import BEST, Host
from wengert.compiler.backend.stored import compiled_text

TAKE, GIVE = "wengert_take", "wengert_give"
"""ptr wengert_take(i64 bytes): aligned to 64 bytes, or null. void wengert_give(ptr)."""

# Before each block are 64 bytes: the next free one, its size, and what malloc returned.
_TEXT: Final = f"""
@blocks = internal global ptr null
declare ptr @malloc(i64)
declare void @free(ptr)

define ptr @{TAKE}(i64 %bytes) {{
entry:
  br label %look
look:
  %link = phi ptr [ @blocks, %entry ], [ %block, %next ]
  %block = load ptr, ptr %link
  %none = icmp eq ptr %block, null
  br i1 %none, label %fresh, label %seen
seen:
  %at = getelementptr i8, ptr %block, i64 8
  %size = load i64, ptr %at
  %fits = icmp uge i64 %size, %bytes
  br i1 %fits, label %take, label %next
next:
  br label %look
take:
  %rest = load ptr, ptr %block
  store ptr %rest, ptr %link
  br label %done
fresh:
  %largest = load ptr, ptr @blocks
  %some = icmp ne ptr %largest, null
  br i1 %some, label %drop, label %get
drop:
  %second = load ptr, ptr %largest
  store ptr %second, ptr @blocks
  %kept = getelementptr i8, ptr %largest, i64 16
  %old = load ptr, ptr %kept
  call void @free(ptr %old)
  br label %get
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
  br label %done
done:
  %found = phi ptr [ %block, %take ], [ %made, %align ]
  %memory = getelementptr i8, ptr %found, i64 64
  ret ptr %memory
out:
  ret ptr null
}}

define void @{GIVE}(ptr %memory) {{
  %block = getelementptr i8, ptr %memory, i64 -64
  %first = load ptr, ptr @blocks
  store ptr %first, ptr %block
  store ptr %block, ptr @blocks
  ret void
}}
"""


@functools.cache
def symbols(host: Host) -> dict[str, int]:
    """The two functions, in this process."""
    library = host.load([compiled_text(host, _TEXT, BEST)], [TAKE, GIVE], {})
    library.keep()
    return {name: library.address(name) for name in (TAKE, GIVE)}
