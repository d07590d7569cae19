"""Scalar functions on the lanes of vectors, one after the other: for what is rarely needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wengert.compiler.math.numbers import Number

if TYPE_CHECKING:
    from wengert.compiler.code import Code, Value


def taken(code: Code, x: Value, lane: int) -> Value:
    """One lane of a value."""
    if code.lanes == 1:
        return x
    return code.emit(f"extractelement {code.wide(x.type)} {x.name}, i64 {lane}", x.type)


def put(code: Code, vector: Value, x: Value, lane: int) -> Value:
    """The value with another number in a lane."""
    if code.lanes == 1:
        return x
    wide = code.wide(vector.type)
    return code.emit(f"insertelement {wide} {vector.name}, {x.type} {x.name}, i64 {lane}", x.type)


def each_lane(name: str, text: str, xs: Sequence[Number]) -> Number:
    """A function of doubles, of which `text` is the definition, applied to each lane."""
    code, type = xs[0].code, xs[0].type
    one = code.beside(1)
    code.declared.add(text)
    made = code.named("poison", type)
    for lane in range(code.lanes):
        given = [one.converted(taken(code, x.value, lane), "double") for x in xs]
        listed = ", ".join(f"double {x.name}" for x in given)
        found = one.emit(f"call double {name}({listed})", "double")
        made = put(code, made, one.converted(found, type), lane)
    return Number(code, made)
