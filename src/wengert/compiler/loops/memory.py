"""Reading and writing memory: elements and vectors, contiguous, repeated or strided, in part."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wengert.compiler.code import Code, Value
from wengert.compiler.types import size, stored


def shuffled(code: Code, x: Value, y: Value, lanes: Iterable[int]) -> Value:
    """Lanes of two vectors side by side."""
    wide, chosen = code.wide(x.type), ", ".join(f"i32 {lane}" for lane in lanes)
    mask = f"<{chosen.count(',') + 1} x i32> <{chosen}>"
    return code.emit(f"shufflevector {wide} {x.name}, {wide} {y.name}, {mask}", x.type)


def splat(code: Code, x: Value) -> Value:
    """A scalar in every lane."""
    if code.lanes == 1:
        return x
    wide = code.wide(x.type)
    first = code.emit(f"insertelement {wide} poison, {wide_of(code, x)}, i64 0", x.type).name
    zeros = f"<{code.lanes} x i32> zeroinitializer"
    return code.emit(f"shufflevector {wide} {first}, {wide} poison, {zeros}", x.type)


def wide_of(code: Code, x: Value) -> str:
    """A scalar with its type."""
    return f"{code.beside(1).wide(x.type)} {x.name}"


def turned(code: Code, rows: Sequence[Value]) -> list[Value]:
    """As many vectors as lanes, as the rows of a matrix: its columns."""
    found, lanes, s = list(rows), code.lanes, 1
    while s < lanes:
        low = [lane + lanes - s if lane & s else lane for lane in range(lanes)]
        high = [lane + lanes if lane & s else lane + s for lane in range(lanes)]
        for i in (i for i in range(lanes) if not i & s):
            x, y = found[i], found[i + s]
            found[i], found[i + s] = shuffled(code, x, y, low), shuffled(code, x, y, high)
        s *= 2
    return found


def first_lanes(code: Code, count: int) -> str:
    """A mask of the first lanes."""
    bits = ", ".join(f"i1 {'true' if i < count else 'false'}" for i in range(code.lanes))
    return f"<{bits}>"


def lane_numbers(code: Code, stride: int = 1) -> str:
    """0, stride, 2 stride, ... in the lanes."""
    return "<" + ", ".join(f"i64 {i * stride}" for i in range(code.lanes)) + ">"


def load(code: Code, pointer: str, stride: int, type: str, count: int | None = None) -> Value:
    """The elements at a pointer and every `stride` further; only the first `count` are read."""
    if code.lanes == 1 or stride == 0:
        one = code.beside(1)
        found = one.emit(f"load {stored(type)}, ptr {pointer}, align {size(type)}", _read(type))
        return splat(code, one.truth(found) if type == "i1" else found)
    read = _contiguous if stride == 1 else _reversed if stride == -1 else _gathered
    if stride == -1 and count is not None:
        read = _gathered
    found = read(code, pointer, stride, type, count)
    return code.truth(found) if type == "i1" else found


def _read(type: str) -> str:
    return "i8" if type == "i1" else type


def _contiguous(code: Code, pointer: str, stride: int, type: str, count: int | None) -> Value:
    if count is not None:
        return load_masked(code, pointer, _read(type), first_lanes(code, count))
    wide, align = code.wide(_read(type)), size(type)
    return code.emit(f"load {wide}, ptr {pointer}, align {align}", _read(type))


def load_masked(code: Code, pointer: str, type: str, mask: str) -> Value:
    """The elements from a pointer on, where the mask is on; the others are 0 and not read."""
    wide, masks, align = code.wide(type), code.wide("i1"), size(type)
    name = f"@llvm.masked.load.{code.suffix(type)}.p0"
    code.declared.add(f"declare {wide} {name}(ptr, i32, {masks}, {wide})")
    given = f"ptr {pointer}, i32 {align}, {masks} {mask}, {wide} zeroinitializer"
    return code.emit(f"call {wide} {name}({given})", type)


def _reversed(code: Code, pointer: str, stride: int, type: str, count: int | None) -> Value:
    """All lanes, from the last one back."""
    last = code.lanes - 1
    first = code.emit(f"getelementptr {stored(type)}, ptr {pointer}, i64 {-last}", "i64").name
    x = _contiguous(code, first, 1, type, None)
    return shuffled(code, x, x, reversed(range(code.lanes)))


def _gathered(code: Code, pointer: str, stride: int, type: str, count: int | None) -> Value:
    kind = _read(type)
    wide, masks, pointers = code.wide(kind), code.wide("i1"), _pointers(code)
    numbers = f"<{code.lanes} x i64> {lane_numbers(code, stride)}"
    places = code.emit(f"getelementptr {stored(type)}, ptr {pointer}, {numbers}", "i64").name
    name = f"@llvm.masked.gather.{code.suffix(kind)}.v{code.lanes}p0"
    code.declared.add(f"declare {wide} {name}({pointers}, i32, {masks}, {wide})")
    mask = first_lanes(code, code.lanes if count is None else count)
    given = f"{pointers} {places}, i32 {size(type)}, {masks} {mask}, {wide} zeroinitializer"
    return code.emit(f"call {wide} {name}({given})", kind)


def _pointers(code: Code) -> str:
    return f"<{code.lanes} x ptr>"


def stream(code: Code, value: Value, pointer: str) -> None:
    """Write a vector past the caches. The pointer must be aligned to the whole vector."""
    wide, align = code.wide(value.type), size(value.type) * code.lanes
    code.declared.add("!9100 = !{i32 1}")
    where = f"ptr {pointer}, align {align}, !nontemporal !9100"
    code.lines.append(f"  store {wide} {value.name}, {where}")


def store(code: Code, value: Value, pointer: str, stride: int, count: int | None = None) -> None:
    """Write a value's elements, or the first `count`, to a pointer and every `stride` further."""
    if value.type == "i1":
        value = code.converted(value, "i8")
    wide, align = code.wide(value.type), size(value.type)
    if code.lanes == 1 or (stride == 1 and count is None):
        code.lines.append(f"  store {wide} {value.name}, ptr {pointer}, align {align}")
        return
    mask = first_lanes(code, code.lanes if count is None else count)
    places, kind = pointer, "ptr"
    name = f"@llvm.masked.store.{code.suffix(value.type)}.p0"
    if stride != 1:
        numbers = f"<{code.lanes} x i64> {lane_numbers(code, stride)}"
        moved = f"getelementptr {stored(value.type)}, ptr {pointer}, {numbers}"
        places, kind = code.emit(moved, "i64").name, _pointers(code)
        name = f"@llvm.masked.scatter.{code.suffix(value.type)}.v{code.lanes}p0"
    code.declared.add(f"declare void {name}({wide}, {kind}, i32, {code.wide('i1')})")
    given = f"{wide} {value.name}, {kind} {places}, i32 {align}, {code.wide('i1')} {mask}"
    code.lines.append(f"  call void {name}({given})")
