"""The syntax of einsum: "bij,bjk->bik", with ellipses and implicit outputs, or lists of indices.

What is read is an Equation in which every dimension has a name of one character: the letters
that were given, and Greek ones for the dimensions that an ellipsis stands for.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from wengert.errors import ArgumentError, ArgumentValueError, ShapeError

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # 0 is "A", as in torch
_ALPHA: Final = ord("α")

Written = list[Any]
"""A term as it was written: letters, and Ellipsis at most once."""


class Equation(NamedTuple):
    """The names of the dimensions of each factor, and of the result."""

    factors: tuple[str, ...]
    output: str


def text_and_factors(args: Sequence[Any]) -> tuple[str, list[Any]]:
    """The equation and the factors that einsum was called with, in either format."""
    if not args or (isinstance(args[0], str) and len(args) < 2):
        raise ArgumentValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one "
            "operand and its subscripts list",
            'For example: einsum("ij,jk->ik", x, y).',
        )
    if not isinstance(args[0], str):
        return _from_lists(args)
    factors = list(args[1:])
    if len(factors) == 1 and isinstance(factors[0], (list, tuple)):
        factors = list(factors[0])
    return args[0], factors


def _from_lists(args: Sequence[Any]) -> tuple[str, list[Any]]:
    """x, [0, 1], y, [1, 2], [0, 2]: factors with their indices, and perhaps the output's."""
    count = len(args) // 2
    text = ",".join(_listed(indices) for indices in args[1 : 2 * count : 2])
    if len(args) % 2:
        text += "->" + _listed(args[-1])
    return text, list(args[: 2 * count : 2])


def _listed(indices: Any) -> str:
    if not isinstance(indices, (list, tuple)):
        raise ArgumentError(
            f"einsum(): a list of subscripts was expected, not {type(indices).__name__}",
            "Operands and lists of subscripts alternate: einsum(x, [0, 1], y, [1, 2], [0, 2]).",
        )
    return "".join("..." if i is Ellipsis else _letter(operator.index(i)) for i in indices)


def _letter(index: int) -> str:
    if not 0 <= index < len(_LETTERS):
        raise ArgumentValueError(
            "einsum(): subscript in subscript list is not within the valid range [0, 52)"
        )
    return _LETTERS[index]


def read(text: str, ranks: Sequence[int]) -> Equation:
    """The equation for factors with these numbers of dimensions.

    Raises ShapeError for what is no equation, or does not fit them.
    """
    left, arrow, right = text.partition("->")
    written: list[Written] = []
    start = 0
    for i, term in enumerate(left.split(",")):
        written.append(_parsed(term, start, f"operand {i}"))
        start += len(term) + 1
    output = _parsed(right, len(left) + 2, "the output") if arrow else None
    if len(written) != len(ranks):
        which = "fewer" if len(ranks) < len(written) else "more"
        raise ShapeError(
            f"einsum(): {which} operands were provided than specified in the equation",
            f"The equation has {len(written)} terms, and {len(ranks)} operands were given.",
        )
    return _resolved(written, output, ranks)


def _parsed(term: str, start: int, where: str) -> Written:
    """The letters and the ellipsis of one term, which begins at `start` of the equation."""
    found: Written = []
    at = 0
    while at < len(term):
        c = term[at]
        if term.startswith("...", at):
            if Ellipsis in found:
                raise ShapeError(
                    f"einsum(): found '.' for {where} for which an ellipsis was already found"
                )
            found.append(Ellipsis)
            at += 2
        elif c == ".":
            raise ShapeError(f"einsum(): found '.' for {where} that is not part of any ellipsis")
        elif c in _LETTERS:
            found.append(c)
        elif c != " ":
            raise ShapeError(
                f"einsum(): invalid subscript given at index {start + at} in the equation string, "
                f"subscripts must be in [a-zA-Z], and this one is {c!r}"
            )
        at += 1
    return found


def _resolved(written: list[Written], output: Written | None, ranks: Sequence[int]) -> Equation:
    """Ellipses replaced by names; they are aligned at the last of their dimensions."""
    counts = [_hidden(i, w, ndim) for i, (w, ndim) in enumerate(zip(written, ranks, strict=True))]
    names = "".join(chr(_ALPHA + k) for k in range(max(counts)))
    factors = tuple(
        _spelled(w, names[len(names) - count :]) for w, count in zip(written, counts, strict=True)
    )
    if output is None:
        seen = Counter(c for w in written for c in w if c is not Ellipsis)
        return Equation(factors, names + "".join(sorted(c for c in seen if seen[c] == 1)))
    return Equation(factors, _checked(_spelled(output, names), factors))


def _hidden(i: int, written: Written, ndim: int) -> int:
    """How many dimensions the ellipsis of a term stands for."""
    named = len(written) - written.count(Ellipsis)
    if named == ndim or (named < ndim and Ellipsis in written):
        return ndim - named
    given = "even without the ellipsis" if Ellipsis in written else "and no ellipsis was given"
    raise ShapeError(
        f"einsum(): the number of subscripts in the equation ({named}) does not match the number "
        f"of dimensions ({ndim}) for operand {i} {given}",
        'One letter per dimension; "..." stands for those that are left.',
    )


def _spelled(written: Written, hidden: str) -> str:
    return "".join(hidden if c is Ellipsis else c for c in written)


def _checked(output: str, factors: Sequence[str]) -> str:
    """The output; each of its names must stand in a factor, and only once in itself."""
    for name in output:
        if output.count(name) > 1:
            raise ShapeError(
                f"einsum(): output subscript {name} appears more than once in the output"
            )
        if not any(name in factor for factor in factors):
            raise ShapeError(
                f"einsum(): output subscript {name} does not appear in the equation for any input "
                "operand"
            )
    return output
