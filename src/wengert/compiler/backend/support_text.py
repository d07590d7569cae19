"""Functions that all entries call, as LLVM's text: they check one argument, or make one result.

A check returns null or false where the argument is not what is expected; what makes something does
where Python raised.
"""

from __future__ import annotations

from string import Template
from typing import Final

from wengert.compiler.backend.layout import (
    DATA,
    DESCR,
    DIMENSIONS,
    FLAGS,
    NDIM,
    TYPE,
    VALUE,
    WHOLE,
    Layout,
)
from wengert.compiler.backend.memory import LARGE

SUPPORT: Final = {
    "wengert_whole": "ptr (ptr, ptr, i32, ptr)",
    "wengert_number": "ptr (ptr, ptr, ptr)",
    "wengert_data": "ptr (ptr)",
    "wengert_data_unrecorded": "ptr (ptr)",
    "wengert_int": "i1 (ptr, ptr)",
    "wengert_bool": "i1 (ptr, ptr)",
    "wengert_made": "ptr (ptr, i32, ptr, i64)",
    "wengert_scalar": "i1 (ptr, ptr, ptr)",
    "wengert_wrap": "i1 (ptr)",
    "wengert_drop": "void (ptr, i64)",
}
"""Result and parameters of each."""

OBJECTS: Final = (
    "PyLong_Type", "_Py_TrueStruct", "_Py_FalseStruct", "_Py_NoneStruct", "numpy_ndarray",
    "wengert_tensor", "wengert_view",
)  # fmt: skip

FUNCTIONS: Final = {
    "PyArray_NewFromDescr": "ptr (ptr, ptr, i32, ptr, ptr, ptr, i32, ptr)",
    "PyArray_Scalar": "ptr (ptr, ptr, ptr)",
    "PyLong_AsLongLongAndOverflow": "i64 (ptr, ptr)",
    "PyType_GenericAlloc": "ptr (ptr, i64)",
    "Py_DecRef": "void (ptr)",
    "Py_IncRef": "void (ptr)",
    "wengert_array": "ptr (ptr, i32, ptr, i64)",
}

# Arrays in one aligned piece, of a dtype and shape; NumPy's scalars; tensors; numbers.
_ARGUMENTS: Final = """
define ptr @wengert_whole(ptr %thing, ptr %descr, i32 %ndim, ptr %sides) {
entry:
  %kind_at = getelementptr i8, ptr %thing, i64 $TYPE
  %kind = load ptr, ptr %kind_at
  %is_array = icmp eq ptr %kind, @numpy_ndarray
  br i1 %is_array, label %facts, label %no
facts:
  %descr_at = getelementptr i8, ptr %thing, i64 $DESCR
  %its_descr = load ptr, ptr %descr_at
  %same_descr = icmp eq ptr %its_descr, %descr
  %flags_at = getelementptr i8, ptr %thing, i64 $FLAGS
  %flags = load i32, ptr %flags_at
  %two = and i32 %flags, $WHOLE
  %whole = icmp eq i32 %two, $WHOLE
  %ndim_at = getelementptr i8, ptr %thing, i64 $NDIM
  %its_ndim = load i32, ptr %ndim_at
  %same_ndim = icmp eq i32 %its_ndim, %ndim
  %some = and i1 %same_descr, %whole
  %all = and i1 %some, %same_ndim
  br i1 %all, label %shape, label %no
shape:
  %its_at = getelementptr i8, ptr %thing, i64 $DIMENSIONS
  %its_sides = load ptr, ptr %its_at
  br label %loop
loop:
  %i = phi i32 [ 0, %shape ], [ %next, %side ]
  %more = icmp ult i32 %i, %ndim
  br i1 %more, label %side, label %yes
side:
  %wanted_at = getelementptr i64, ptr %sides, i32 %i
  %wanted = load i64, ptr %wanted_at
  %side_at = getelementptr i64, ptr %its_sides, i32 %i
  %its_side = load i64, ptr %side_at
  %fits = icmp eq i64 %its_side, %wanted
  %next = add i32 %i, 1
  br i1 %fits, label %loop, label %no
yes:
  %data_at = getelementptr i8, ptr %thing, i64 $DATA
  %data = load ptr, ptr %data_at
  ret ptr %data
no:
  ret ptr null
}

define ptr @wengert_number(ptr %thing, ptr %scalar, ptr %descr) {
entry:
  %kind_at = getelementptr i8, ptr %thing, i64 $TYPE
  %kind = load ptr, ptr %kind_at
  %is_scalar = icmp eq ptr %kind, %scalar
  br i1 %is_scalar, label %value, label %array
value:
  %at = getelementptr i8, ptr %thing, i64 $VALUE
  ret ptr %at
array:
  %data = call ptr @wengert_whole(ptr %thing, ptr %descr, i32 0, ptr null)
  ret ptr %data
}

define ptr @wengert_data_unrecorded(ptr %thing) {
entry:
  %kind_at = getelementptr i8, ptr %thing, i64 $TYPE
  %kind = load ptr, ptr %kind_at
  %is_tensor = icmp eq ptr %kind, @wengert_tensor
  %is_view = icmp eq ptr %kind, @wengert_view
  %is_any = or i1 %is_tensor, %is_view
  br i1 %is_any, label %yes, label %no
yes:
  %at = getelementptr i8, ptr %thing, i64 $_data
  %data = load ptr, ptr %at
  ret ptr %data
no:
  ret ptr null
}

; The same for a tensor that has no history, and is no view whose base has got one.
define ptr @wengert_data(ptr %thing) {
entry:
  %overflow = alloca i32
  %kind_at = getelementptr i8, ptr %thing, i64 $TYPE
  %kind = load ptr, ptr %kind_at
  %is_tensor = icmp eq ptr %kind, @wengert_tensor
  br i1 %is_tensor, label %node, label %other
other:
  %is_view = icmp eq ptr %kind, @wengert_view
  br i1 %is_view, label %view, label %no
view:
  %memory_at = getelementptr i8, ptr %thing, i64 $_memory
  %memory = load ptr, ptr %memory_at
  %none = icmp eq ptr %memory, @_Py_NoneStruct
  br i1 %none, label %node, label %written
written:
  %rewritten_at = getelementptr i8, ptr %memory, i64 $rewritten
  %rewritten = load ptr, ptr %rewritten_at
  %last = call i64 @PyLong_AsLongLongAndOverflow(ptr %rewritten, ptr %overflow)
  %followed_at = getelementptr i8, ptr %thing, i64 $_followed
  %followed = load ptr, ptr %followed_at
  %known = call i64 @PyLong_AsLongLongAndOverflow(ptr %followed, ptr %overflow)
  %follows = icmp sle i64 %last, %known
  br i1 %follows, label %node, label %no
node:
  %node_at = getelementptr i8, ptr %thing, i64 $_node
  %its_node = load ptr, ptr %node_at
  %bare = icmp eq ptr %its_node, @_Py_NoneStruct
  br i1 %bare, label %yes, label %no
yes:
  %at = getelementptr i8, ptr %thing, i64 $_data
  %data = load ptr, ptr %at
  ret ptr %data
no:
  ret ptr null
}

define i1 @wengert_int(ptr %thing, ptr %place) {
entry:
  %overflow = alloca i32
  %kind_at = getelementptr i8, ptr %thing, i64 $TYPE
  %kind = load ptr, ptr %kind_at
  %is_int = icmp eq ptr %kind, @PyLong_Type
  br i1 %is_int, label %convert, label %no
convert:
  %number = call i64 @PyLong_AsLongLongAndOverflow(ptr %thing, ptr %overflow)
  store i64 %number, ptr %place
  %over = load i32, ptr %overflow
  %fits = icmp eq i32 %over, 0
  ret i1 %fits
no:
  ret i1 false
}

define i1 @wengert_bool(ptr %thing, ptr %place) {
  %yes = icmp eq ptr %thing, @_Py_TrueStruct
  %no = icmp eq ptr %thing, @_Py_FalseStruct
  %byte = zext i1 %yes to i8
  store i8 %byte, ptr %place
  %either = or i1 %yes, %no
  ret i1 %either
}
"""

_RESULTS: Final = """
define ptr @wengert_made(ptr %descr, i32 %ndim, ptr %sides, i64 %bytes) {
entry:
  call void @Py_IncRef(ptr %descr) ; the array takes it
  %is_large = icmp uge i64 %bytes, $LARGE
  br i1 %is_large, label %large, label %small
large:
  %ours = call ptr @wengert_array(ptr %descr, i32 %ndim, ptr %sides, i64 %bytes)
  ret ptr %ours
small:
  %array = call ptr @PyArray_NewFromDescr(ptr @numpy_ndarray, ptr %descr, i32 %ndim, ptr %sides,
      ptr null, ptr null, i32 0, ptr null)
  ret ptr %array
}

; %place: where the result stands among the objects that are made.
define i1 @wengert_scalar(ptr %place, ptr %value, ptr %descr) {
  %made = call ptr @PyArray_Scalar(ptr %value, ptr %descr, ptr null)
  store ptr %made, ptr %place
  %there = icmp ne ptr %made, null
  ret i1 %there
}

define i1 @wengert_wrap(ptr %place) {
entry:
  %tensor = call ptr @PyType_GenericAlloc(ptr @wengert_tensor, i64 0)
  %there = icmp ne ptr %tensor, null
  br i1 %there, label %fill, label %out
fill:
  %data = load ptr, ptr %place
  %data_at = getelementptr i8, ptr %tensor, i64 $_data
  store ptr %data, ptr %data_at
  $nones
  store ptr %tensor, ptr %place
  br label %out
out:
  ret i1 %there
}

define void @wengert_drop(ptr %objects, i64 %count) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %on ]
  %more = icmp ult i64 %i, %count
  br i1 %more, label %look, label %out
look:
  %at = getelementptr ptr, ptr %objects, i64 %i
  %made = load ptr, ptr %at
  %none = icmp eq ptr %made, null
  br i1 %none, label %on, label %drop
drop:
  call void @Py_DecRef(ptr %made)
  br label %on
on:
  %next = add i64 %i, 1
  br label %loop
out:
  ret void
}
"""

_NONE: Final = """
  call void @Py_IncRef(ptr @_Py_NoneStruct)
  %$name = getelementptr i8, ptr %tensor, i64 $place
  store ptr @_Py_NoneStruct, ptr %$name
"""


def support_text(layout: Layout) -> str:
    """All of them."""
    nones = "".join(
        Template(_NONE).substitute(name=name, place=place)
        for name, place in layout.tensor.items()
        if name != "_data"
    )
    text = Template(_ARGUMENTS + _RESULTS).substitute(
        layout.tensor | layout.view | layout.memory, nones=nones, LARGE=LARGE, TYPE=TYPE,
        DATA=DATA, DESCR=DESCR, DIMENSIONS=DIMENSIONS, FLAGS=FLAGS, NDIM=NDIM, VALUE=VALUE,
        WHOLE=WHOLE,
    )  # fmt: skip
    outside = [f"@{name} = external global i8" for name in OBJECTS]
    return "\n".join([*outside, *declarations(FUNCTIONS), text])


def declarations(functions: dict[str, str]) -> list[str]:
    """Declarations, from results and parameters by name."""
    return [f"declare {kind.replace(' ', f' @{name}', 1)}" for name, kind in functions.items()]
