"""Functions of our own as functions of LLVM: written once per module, and called."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from wengert.compiler.math.numbers import Number

if TYPE_CHECKING:
    from wengert.compiler.code import Code, Value

Writer = Callable[..., Number]

FUNCTIONS: Final[dict[str, Writer]] = {}
"""By name, filled as this package is imported."""


def function(writer: Writer) -> Writer:
    """Enter a function of numbers, under its own name."""
    FUNCTIONS[writer.__name__] = writer
    return writer


MOST_INLINED: Final = 64
"""Instructions of a function whose code stands in the loops that call it.

There its constants stay in registers: exp on 1,000 numbers took 0.10 us so, and 0.16 when called.
Larger functions do not notice, and would be compiled in each place.
"""


class Text(NamedTuple):
    """A function of LLVM: its name, its definition, its instructions, and what it needs beside."""

    name: str
    definition: str
    length: int
    declared: frozenset[str]


def called(code: Code, name: str, xs: tuple[Value, ...]) -> Value:
    """A call of one of our functions, on floats of one type."""
    language: Any = type(code)  # which cannot be imported here: it imports this
    text = _written(language, name, len(xs), xs[0].type, code.lanes, code.fused)
    code.declared.add(text.definition)
    code.declared.update(text.declared)
    code.called += text.length
    wide = code.wide(xs[0].type)
    given = ", ".join(f"{wide} {x.name}" for x in xs)
    return code.emit(f"call {wide} {text.name}({given})", xs[0].type)


@functools.cache
def _written(
    language: Any, name: str, count: int, type: str, lanes: int, fused: bool
) -> Text:  # fmt: skip
    """The function for one type and one number of lanes. language: the class Code itself."""
    code: Code = language(lanes, fused)
    inputs = [Number(code, code.named(f"%x{i}", type)) for i in range(count)]
    result = FUNCTIONS[name](*inputs)
    wide = code.wide(type)
    full = f"@wengert.{name}.{code.suffix(type)}"
    given = ", ".join(f"{wide} {x.value.name}" for x in inputs)
    how = "alwaysinline nounwind" if lanes > 1 and len(code.lines) <= MOST_INLINED else "nounwind"
    lines = [
        f"define internal {wide} {full}({given}) {how} {{", *code.lines,
        f"  ret {wide} {result.value.name}", "}",
    ]  # fmt: skip
    return Text(full, "\n".join(lines), len(code.lines), frozenset(code.declared))
