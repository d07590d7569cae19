"""Reading and writing memory: elements and vectors, contiguous, repeated or strided, in part."""

from __future__ import annotations

from wengert.compiler.code import Code, Value
from wengert.compiler.types import llvm, size, stored


def splat(code: Code, x: Value) -> Value:
    """A scalar in every lane."""
    if code.lanes == 1:
        return x
    wide = code.wide(x.type)
    if not x.name.startswith("%"):
        return Value(f"splat ({llvm(x.type)} {x.name})", x.type, x.number)
    first = code.emit(f"insertelement {wide} poison, {llvm(x.type)} {x.name}, i64 0", x.type).name
    zeros = f"<{code.lanes} x i32> zeroinitializer"
    return code.emit(f"shufflevector {wide} {first}, {wide} poison, {zeros}", x.type)


def first_lanes(code: Code, count: int) -> str:
    """A mask of the first lanes."""
    bits = ", ".join(f"i1 {'true' if i < count else 'false'}" for i in range(code.lanes))
    return f"<{bits}>"


def _lane_numbers(code: Code, stride: int) -> str:
    return "<" + ", ".join(f"i64 {i * stride}" for i in range(code.lanes)) + ">"


def load(code: Code, pointer: str, stride: int, type: str, count: int | None = None) -> Value:
    """The elements at a pointer and every `stride` further; only the first `count` are read."""
    kind = stored(type)
    if code.lanes == 1 or stride == 0:
        found = code.beside(1).emit(f"load {kind}, ptr {pointer}, align {size(type)}", kind)
        return _truth(code, splat(code, found), type)
    if stride == 1:
        return _truth(code, _contiguous(code, pointer, kind, count), type)
    return _truth(code, _gathered(code, pointer, stride, kind, count), type)


def _truth(code: Code, x: Value, type: str) -> Value:
    if type != "i1":
        return x._replace(type=type)
    zero = "zeroinitializer" if code.lanes > 1 else "0"
    return code.emit(f"icmp ne {code.wide('i8')} {x.name}, {zero}", "i1")


def _contiguous(code: Code, pointer: str, kind: str, count: int | None) -> Value:
    wide, align = code.wide(kind), size(kind)
    if count is None:
        return code.emit(f"load {wide}, ptr {pointer}, align {align}", kind)
    masks = code.wide("i1")
    name = f"@llvm.masked.load.{code.suffix(kind)}.p0"
    code.declared.add(f"declare {wide} {name}(ptr, i32, {masks}, {wide})")
    mask = first_lanes(code, count)
    given = f"ptr {pointer}, i32 {align}, {masks} {mask}, {wide} zeroinitializer"
    return code.emit(f"call {wide} {name}({given})", kind)


def _gathered(code: Code, pointer: str, stride: int, kind: str, count: int | None) -> Value:
    wide, masks, align = code.wide(kind), code.wide("i1"), size(kind)
    numbers = f"{code.wide('i64')} {_lane_numbers(code, stride)}"
    places = code.emit(f"getelementptr {kind}, ptr {pointer}, {numbers}", "ptr").name
    name = f"@llvm.masked.gather.{code.suffix(kind)}.v{code.lanes}p0"
    code.declared.add(f"declare {wide} {name}({code.wide('ptr')}, i32, {masks}, {wide})")
    mask = first_lanes(code, code.lanes if count is None else count)
    given = f"{code.wide('ptr')} {places}, i32 {align}, {masks} {mask}, {wide} zeroinitializer"
    return code.emit(f"call {wide} {name}({given})", kind)


def store(code: Code, value: Value, pointer: str, stride: int, count: int | None = None) -> None:
    """Write a value's elements, or the first `count`, to a pointer and every `stride` further."""
    if value.type == "i1":
        wide = f"{code.wide('i1')} {value.name} to {code.wide('i8')}"
        value = code.emit(f"zext {wide}", "i8")
    wide, align = code.wide(value.type), size(value.type)
    if code.lanes == 1 or (stride == 1 and count is None):
        code.lines.append(f"  store {wide} {value.name}, ptr {pointer}, align {align}")
        return
    masks = code.wide("i1")
    mask = first_lanes(code, code.lanes if count is None else count)
    places, kind, name = pointer, "ptr", f"@llvm.masked.store.{code.suffix(value.type)}.p0"
    if stride != 1:
        numbers = f"{code.wide('i64')} {_lane_numbers(code, stride)}"
        places = code.emit(
            f"getelementptr {stored(value.type)}, ptr {pointer}, {numbers}", "ptr"
        ).name
        kind = code.wide("ptr")
        name = f"@llvm.masked.scatter.{code.suffix(value.type)}.v{code.lanes}p0"
    code.declared.add(f"declare void {name}({wide}, {kind}, i32, {masks})")
    given = f"{wide} {value.name}, {kind} {places}, i32 {align}, {masks} {mask}"
    code.lines.append(f"  call void {name}({given})")
