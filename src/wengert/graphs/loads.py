"""What an instruction computed with: the variables that were loaded for it.

`x @ W` loads x and W and multiplies. So a constant that is its left factor was called x there,
though the function that called it so may have ended long ago.
"""

from __future__ import annotations

import dis
from collections.abc import Iterable
from functools import lru_cache

from wengert.sites import Site, instructions_up_to

_IGNORED = ("PRECALL", "PUSH_NULL")
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
    every = instructions_up_to(site.code, site.offset)
    steps = (step for step in every if step.opname not in _IGNORED)
    last = next(steps, None)
    if last is not None and last.opname == "BINARY_OP" and count == 2:
        # The right operand was loaded last; if it was computed, nothing is known of the left.
        return (*(None, None), *_loads(steps))[-2:]
    if last is not None and last.opname == "CALL":
        return _arguments(_loads(steps), called, count, last.arg)
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


def _loads(steps: Iterable[dis.Instruction]) -> list[str | None]:
    """What was loaded, one right after the other: variables, and None for constants.

    steps: backwards.
    """
    found: list[str | None] = []
    attributes = ""
    for step in steps:
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
