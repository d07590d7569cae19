"""What an instruction computed with: the variables that were loaded for it.

`x @ W` loads x and W and multiplies. So a constant that is its left factor was called x there,
though the function that called it so may have ended long ago.
"""

from __future__ import annotations

import dis
from functools import lru_cache

from wengert.sites import Site

_IGNORED = ("CACHE", "EXTENDED_ARG", "NOP", "PRECALL", "PUSH_NULL")
_LOADS = ("LOAD_FAST", "LOAD_NAME", "LOAD_GLOBAL", "LOAD_DEREF", "LOAD_CLASSDEREF")
_CONSTANTS = ("LOAD_CONST", "LOAD_SMALL_INT")
_ATTRIBUTES = ("LOAD_ATTR", "LOAD_METHOD")
_UNKNOWN: tuple[str | None, ...] = ()


@lru_cache(maxsize=10_000)
def loaded_names(site: Site, called: str, count: int) -> tuple[str | None, ...]:
    """Per operand the variable that it was loaded from, or None; () where the code does not tell.

    called: what the instruction calls if it is a call, `tanh` in tanh(x) or x.tanh(). count: how
    many operands there are.
    """
    steps = [
        s for s in dis.get_instructions(site.code)
        if s.offset <= site.offset and s.opname not in _IGNORED
    ]  # fmt: skip
    if not steps:
        return _UNKNOWN
    loads = _loads_before(steps[:-1])
    if steps[-1].opname == "BINARY_OP" and count == 2:
        # The right operand was loaded last; if it was computed, nothing is known of the left.
        return (*(None, None), *loads)[-2:]
    if steps[-1].opname == "CALL":
        return _arguments(loads, called, count, steps[-1].arg)
    return _UNKNOWN


def _arguments(
    loads: list[str | None], called: str, count: int, given: int | None
) -> tuple[str | None, ...]:
    """The arguments of called(x, y) or x.called(y), if all of them are variables."""
    if given not in (count, count - 1) or len(loads) <= given:
        return _UNKNOWN
    owner, _, function = (loads[-given - 1] or "").rpartition(".")
    arguments = loads[len(loads) - given :]
    if function != called:
        return _UNKNOWN
    return tuple(arguments) if given == count else (owner, *arguments)


def _loads_before(steps: list[dis.Instruction]) -> list[str | None]:
    """What was loaded, one right after the other, up to here: variables, and None for constants."""
    found: list[str | None] = []
    attributes = ""
    for step in reversed(steps):
        if step.opname in _ATTRIBUTES:
            attributes = f".{step.argval}{attributes}"
            continue
        if step.opname in _CONSTANTS:
            found.insert(0, None)
            continue
        if not step.opname.startswith(_LOADS):
            break
        # 3.13 and later fuse two loads into one instruction.
        names = step.argval if isinstance(step.argval, tuple) else (step.argval,)
        found[:0] = [*map(str, names[:-1]), f"{names[-1]}{attributes}"]
        attributes = ""
    return found
