"""How much LLVM optimises which functions of a program, by their size."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from wengert.compiler.backend.llvm import BEST, QUICK

MOST_STRAIGHT: Final = 600
"""Instructions without a loop, up to which LLVM optimises.

They run once per call. A forward and backward chain, where every value of the way there is alive
until the way back, took LLVM 0.25 ms per instruction at every level but 0, and 4 us at 0.
"""

MOST_LOOPED: Final = 8000
"""The same for functions with loops, whose code runs many times."""


class Unit(NamedTuple):
    """Functions that are compiled together, and the level of optimisation."""

    text: str
    level: int


class _Function(NamedTuple):
    lines: list[str]
    calls: frozenset[str]
    large: bool


def units(
    definitions: Iterable[str], declarations: Iterable[str], driver: Sequence[str],
    steps: Iterable[str],
) -> list[Unit]:  # fmt: skip
    """A program as one unit, or as two where some steps are too large to be optimised.

    Each has copies of the constants and of the functions that it calls; the driver is in the first.
    """
    functions, constants = _taken_apart(definitions)
    reached = {name: _reached(name, functions) for name in dict.fromkeys(steps)}
    large = [name for name, all in reached.items() if any(functions[f].large for f in all)]
    small = [name for name in reached if name not in set(large)]
    rest = [*constants, *sorted(set(declarations))]
    if not large:
        every = [line for function in functions.values() for line in function.lines]
        return [Unit("\n".join([*every, *driver, *rest, ""]), BEST)]
    if not small:
        every = [line for function in functions.values() for line in function.lines]
        return [Unit("\n".join([*every, *driver, *rest, ""]), QUICK)]
    away = [f"declare void @{name}(ptr, i64)" for name in large]
    first = [*_bodies(small, reached, functions), *driver, *away, *rest, ""]
    second = [*_bodies(large, reached, functions), *rest, ""]
    return [Unit("\n".join(first), BEST), Unit("\n".join(second), QUICK)]


def _taken_apart(definitions: Iterable[str]) -> tuple[dict[str, _Function], list[str]]:
    """The functions by name, and all other lines."""
    functions: dict[str, _Function] = {}
    constants: list[str] = []
    open_lines: list[str] = []
    for line in (line for text in definitions for line in text.split("\n")):
        if open_lines or line.startswith("define "):
            open_lines.append(line)
            if line == "}":
                functions[_NAME.findall(open_lines[0])[0]] = _function(open_lines)
                open_lines = []
        else:
            constants.append(line)
    return functions, constants


_NAME: Final = re.compile(r"@([-\w.$]+)")


def _function(lines: list[str]) -> _Function:
    calls = frozenset(name for line in lines[1:] if "@" in line for name in _NAME.findall(line))
    looped = any(line.lstrip().startswith("br ") for line in lines)
    return _Function(lines, calls, len(lines) > (MOST_LOOPED if looped else MOST_STRAIGHT))


def _reached(name: str, functions: Mapping[str, _Function]) -> set[str]:
    """A function and all that it calls, directly or not."""
    found: set[str] = set()
    todo = [name]
    while todo:
        next = todo.pop()
        if next in functions and next not in found:
            found.add(next)
            todo.extend(functions[next].calls)
    return found


def _bodies(
    steps: Sequence[str], reached: Mapping[str, set[str]], functions: Mapping[str, _Function]
) -> list[str]:
    """The functions of some steps; the steps themselves can be called from another unit."""
    wanted = set().union(*(reached[step] for step in steps))
    lines: list[str] = []
    for name, function in functions.items():
        if name in wanted:
            head = function.lines[0]
            if name in reached:
                head = head.replace("define internal ", "define ").replace(
                    "define private ", "define "
                )
            lines += [head, *function.lines[1:]]
    return lines
