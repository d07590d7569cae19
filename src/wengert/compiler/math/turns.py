"""Arguments of circular functions less whole quarters of a turn: x = q pi / 2 + r, |r| <= pi / 4.

The usual way subtracts q pi / 2 in parts (Cody and Waite). Where any lane is too large for that,
the product of x with 2 / pi is taken in integers, modulo 4 (Payne and Hanek): x = m 2^e, and of
the binary digits of 2 / pi only 192 from place e - 2 on count.
"""

from __future__ import annotations

import functools
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from wengert.compiler.math.coefficients import HALF_PI, HALF_PI_PARTS, TWO_OVER_PI
from wengert.compiler.math.lanes import put, taken
from wengert.compiler.math.numbers import (
    Number,
    fma,
    nearest,
    product_of,
    quick_sum,
    rarely,
    sum_of,
    where,
)

if TYPE_CHECKING:
    from wengert.compiler.code import Code, Value

MOST = {"float": 1e4, "double": 1e6}
"""From where on the slow way is taken. Below, q times a part of pi / 2 has no rounding."""


def reduced(a: Number) -> tuple[Number, Number]:
    """(r, q) of a >= 0; q as an integer. r is NaN for infinity."""
    n, q = nearest(a, 2 / math.pi)
    r = a
    for part in _parts(a):
        r = fma(n, -part, r)
    r, _, q = _or_slowly(a, (r, r, q))
    return r, q


def reduced_twice(a: Number) -> tuple[Number, Number, Number]:
    """(r, s, q) where r + s is more exact than one number can be."""
    n, q = nearest(a, 2 / math.pi)
    r, rest = a, a.number(0.0)
    for part in _parts(a):
        product, lost = product_of(n, part)
        r, left = sum_of(r, -product)
        rest = rest + (left - lost)
    r, rest = quick_sum(r, rest)
    return _or_slowly(a, (r, rest, q))


def _parts(a: Number) -> tuple[float, ...]:
    return HALF_PI[a.type] if a.code.fused else HALF_PI_PARTS[a.type]


def _or_slowly(a: Number, usual: tuple[Number, Number, Number]) -> tuple[Number, Number, Number]:
    large = a > MOST[a.type]

    def slow() -> list[Number]:
        found = _called(a, where(large, a, MOST[a.type]))
        return [where(large, new, old) for new, old in zip(found, usual, strict=True)]

    r, s, q = rarely(large, usual, slow)
    return r, s, q


def _called(a: Number, large: Number) -> list[Number]:
    """The slow way in a function by itself, so that where sines are inlined it is not."""
    code = a.code
    types = (a.type, a.type, "i32" if a.type == "float" else "i64")
    result = "{ " + ", ".join(map(code.wide, types)) + " }"
    name = f"@wengert.turns.{code.suffix(a.type)}"
    language: Any = type(code)  # which cannot be imported here: it imports this
    text = _turns_text(language, a.type, code.lanes, code.fused, name, result)
    code.declared.update(text)
    found = code.emit(
        f"call {result} {name}({code.wide(a.type)} {large.value.name})", "struct"
    ).name
    parts = [code.emit(f"extractvalue {result} {found}, {i}", t) for i, t in enumerate(types)]
    return [Number(code, part) for part in parts]


@functools.cache
def _turns_text(
    language: Any, type: str, lanes: int, fused: bool, name: str, result: str
) -> frozenset[str]:  # fmt: skip
    """The definition of that function, and what it needs."""
    code: Code = language(lanes, fused)
    a = Number(code, code.named("%x", type))
    r, s, q = _each_lane(a)
    finite = a < math.inf
    made = "poison"
    for i, part in enumerate((where(finite, r, math.nan), where(finite, s, 0.0), q)):
        part_text = f"{code.wide(part.type)} {part.value.name}"
        made = code.emit(f"insertvalue {result} {made}, {part_text}, {i}", "struct").name
    head = f"define internal {result} {name}({code.wide(type)} %x) noinline nounwind {{"
    lines = [head, *code.lines, f"  ret {result} {made}", "}"]
    return frozenset(["\n".join(lines), *code.declared])


def _each_lane(a: Number) -> tuple[Number, Number, Number]:
    """The slow way, lane by lane, in float64."""
    code = a.code
    one = code.beside(1)
    code.declared.update(_turn_text(type(code), code.fused))
    whole = "i32" if a.type == "float" else "i64"
    made = [code.named("poison", t) for t in ("double", "double", whole)]
    for lane in range(code.lanes):
        x = one.converted(taken(code, a.value, lane), "double")
        found = one.emit(f"call {_RESULT} @wengert.turn(double {x.name})", "struct").name
        for i, kind in enumerate(("double", "double", "i64")):
            part = one.emit(f"extractvalue {_RESULT} {found}, {i}", kind)
            made[i] = put(code, made[i], one.converted(part, made[i].type), lane)
    r, s, q = (Number(code, value) for value in made)
    if a.type == "double":
        return r, s, q
    short = r.to("float")
    return short, (s + (r - short.to("double"))).to("float"), q


_RESULT = "{ double, double, i64 }"
_DIGITS = (0, *TWO_OVER_PI)
"""With as many zeros before as an exponent of a number above 2^13 can be negative."""


def _turn_text(language: Any, fused: bool) -> list[str]:
    """The function of one double, the constants that it reads, and what it declares."""
    code: Code = language(1, fused)
    words = ", ".join(f"i64 {word}" for word in _DIGITS)
    table = f"@wengert.two_over_pi = internal constant [{len(_DIGITS)} x i64] [{words}]"
    r, s, q = _turn(code, code.named("%x", "double"))
    lines = [
        f"define internal {_RESULT} @wengert.turn(double %x) noinline nounwind {{", *code.lines,
        f"  %a = insertvalue {_RESULT} poison, double {r.value.name}, 0",
        f"  %b = insertvalue {_RESULT} %a, double {s.value.name}, 1",
        f"  %c = insertvalue {_RESULT} %b, i64 {q.name}, 2", f"  ret {_RESULT} %c", "}",
    ]  # fmt: skip
    return ["\n".join(lines), table, *code.declared]


def _turn(code: Code, x: Value) -> tuple[Number, Number, Value]:
    """(r, s, q) of a positive x above 2^13."""
    bits = code.bits(x).name
    place = code.emit(f"lshr i64 {bits}, 52", "i64").name
    place = code.emit(f"sub i64 {place}, {1075 + 2 - 64}", "i64").name
    digits = code.emit(f"and i64 {bits}, {2**52 - 1}", "i64").name
    m = _long(code, code.emit(f"or i64 {digits}, {2**52}", "i64").name)
    w2, w1, w0 = (_long(code, w) for w in _window(code, place))
    products = [code.emit(f"mul i128 {w}, {m}", "i128").name for w in (w0, w1, w2)]
    low = code.emit(f"lshr i128 {products[0]}, 64", "i128").name
    high = code.emit(f"shl i128 {products[2]}, 64", "i128").name
    turns = code.emit(f"add i128 {low}, {products[1]}", "i128").name
    turns = code.emit(f"add i128 {turns}, {high}", "i128").name
    near = code.emit(f"add i128 {turns}, {2**125}", "i128").name
    q = code.emit(f"lshr i128 {near}, 126", "i128")
    r, s = _angle(code, code.emit(f"shl i128 {turns}, 2", "i128").name)
    return r, s, code.emit(f"trunc i128 {q.name} to i64", "i64")


def _long(code: Code, x: str) -> str:
    return code.emit(f"zext i64 {x} to i128", "i128").name


def _window(code: Code, place: str) -> list[str]:
    """Three words of digits of 2 / pi, from a place on."""
    code.declared.add("declare i64 @llvm.fshl.i64(i64, i64, i64)")
    first = code.emit(f"lshr i64 {place}, 6", "i64").name
    array = f"[{len(_DIGITS)} x i64]"
    words = []
    for i in range(4):
        index = code.emit(f"add i64 {first}, {i}", "i64").name
        at = code.emit(
            f"getelementptr {array}, ptr @wengert.two_over_pi, i64 0, i64 {index}", "ptr"
        )
        words.append(code.emit(f"load i64, ptr {at.name}", "i64").name)
    return [
        code.emit(f"call i64 @llvm.fshl.i64(i64 {w}, i64 {v}, i64 {place})", "i64").name
        for w, v in pairwise(words)
    ]


def _angle(code: Code, f: str) -> tuple[Number, Number]:
    """f 2^-128 quarters of a turn, for a signed f, in two numbers."""
    code.declared.add("declare i128 @llvm.ctlz.i128(i128, i1)")
    code.declared.add("declare i128 @llvm.abs.i128(i128, i1)")
    size = code.emit(f"call i128 @llvm.abs.i128(i128 {f}, i1 false)", "i128").name
    zeros = code.emit(f"call i128 @llvm.ctlz.i128(i128 {size}, i1 false)", "i128").name
    top = code.emit(f"shl i128 {size}, {zeros}", "i128").name
    down = code.emit(f"trunc i128 {zeros} to i64", "i64").name
    exponent = code.emit(f"sub i64 1023, {down}", "i64").name
    scale = code.float_of(code.emit(f"shl i64 {exponent}, 52", "i64"))
    high, low = (_digits(code, top, shift) for shift in (75, 22))
    scale = code.copysign(scale, code.cast("bitcast", _sign_of(code, f), "double"))
    h = Number(code, high) * 2.0**-53 * Number(code, scale)
    rest = Number(code, low) * 2.0**-106 * Number(code, scale)
    pi_high, pi_low, _ = HALF_PI["double"]
    r, lost = product_of(h, pi_high)
    return quick_sum(r, lost + (h * pi_low + rest * pi_high))


def _digits(code: Code, top: str, shift: int) -> Value:
    """53 digits of an integer as a float."""
    moved = code.emit(f"lshr i128 {top}, {shift}", "i128").name
    word = code.emit(f"trunc i128 {moved} to i64", "i64").name
    kept = code.emit(f"and i64 {word}, {2**53 - 1}", "i64")
    return code.cast("sitofp", kept, "double")


def _sign_of(code: Code, f: str) -> Value:
    high = code.emit(f"lshr i128 {f}, 64", "i128").name
    return code.emit(f"trunc i128 {high} to i64", "i64")
