"""Formulas as trees, printed as text and as LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

ATOM = 100
_OPENING = ("(", "{", ", ", r",\,", "|", "[")
_SUM, _PRODUCT = 11, 12


@dataclass(frozen=True, slots=True)
class Name:
    """A variable: c, h#2, self.w. index: the letters of an element, "ij"."""

    name: str
    index: str = ""


@dataclass(frozen=True, slots=True)
class Derivative:
    """d of / d wrt, as a symbol. slot: which input wrt is, where it goes in twice. index: the
    letters of the element of wrt.
    """

    of: str
    wrt: str
    slot: int | None = None
    index: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """A number, already rounded for reading."""

    text: str


@dataclass(frozen=True, slots=True)
class Product:
    """Factors, left to right."""

    factors: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """Terms, left to right."""

    terms: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Over:
    """A sum over indices: sum_j dL/dz[ij] * y[kj]."""

    letters: str
    body: object


@dataclass(frozen=True, slots=True)
class Applied:
    """An operation on arguments.

    text, latex: templates with {} for each argument. precedence: Python's, of the operator in
    the template; ATOM where none stands open.
    """

    text: str
    latex: str
    precedence: int
    args: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Equation:
    """Sides joined by =, left to right."""

    sides: tuple[object, ...]


def as_text(tree: object) -> str:
    """de/db = de/dc * dc/db + de/dd * dd/db = 2 * 1 + 3 * 1 = 5"""
    match tree:
        case Equation(sides):
            return " = ".join(as_text(side) for side in sides)
        case Sum(terms):
            return " + ".join(_text_within(t, _SUM, i > 0) for i, t in enumerate(terms))
        case Product(factors):
            return " * ".join(_text_within(factor, _PRODUCT) for factor in factors)
        case Derivative(of, wrt, slot, index):
            which = "" if slot is None else f"|{slot}"
            return f"d{of}/d{wrt}{which}{_text_index(index)}"
        case Over(letters, body):
            return f"sum_{letters} {_text_within(body, _PRODUCT)}"
        case Applied(text, _, precedence, args):
            return text.format(*_filled(text, precedence, args, _text_within))
        case Name(name, index):
            return name + _text_index(index)
    assert isinstance(tree, Number)
    return tree.text


def as_latex(tree: object) -> str:
    r"""\frac{\partial e}{\partial b} = 2 \cdot 1 + 3 \cdot 1 = 5"""
    match tree:
        case Equation(sides):
            return " = ".join(as_latex(side) for side in sides)
        case Sum(terms):
            return " + ".join(_latex_within(t, _SUM, i > 0) for i, t in enumerate(terms))
        case Product(factors):
            return r" \cdot ".join(_latex_within(factor, _PRODUCT) for factor in factors)
        case Derivative(of, wrt, slot, index):
            below = latex_name(wrt, index)
            fraction = rf"\frac{{\partial {latex_name(of)}}}{{\partial {below}}}"
            return fraction if slot is None else rf"\left.{fraction}\right|_{{{slot}}}"
        case Over(letters, body):
            return rf"\sum_{{{letters}}} {_latex_within(body, _PRODUCT)}"
        case Applied(_, latex, precedence, args):
            return latex.format(*_filled(latex, precedence, args, _latex_within))
        case Name(name, index):
            return latex_name(name, index)
    assert isinstance(tree, Number)
    return _latex_number(tree.text)


def _text_index(index: str) -> str:
    return f"[{','.join(index)}]" if index else ""


def precedence_of(tree: object) -> int:
    """How tightly the outermost operator of a tree binds."""
    match tree:
        case Sum(terms) if len(terms) > 1:
            return _SUM
        case Product(factors) if len(factors) > 1:
            return _PRODUCT
        case Over():
            return _SUM
        case Applied(_, _, precedence, _):
            return precedence
    return ATOM


def needs_brackets(tree: object, precedence: int, is_later: bool) -> bool:
    """Whether a tree inside an operator must be set apart; the right side of a - (b - c), too."""
    if isinstance(tree, Number):
        return tree.text.startswith("-") and (precedence > _SUM or (precedence > 0 and is_later))
    inner = precedence_of(tree)
    return inner < precedence or (inner == precedence and is_later and precedence < ATOM)


def _text_within(tree: object, precedence: int, is_later: bool = False) -> str:
    text = as_text(tree)
    return f"({text})" if needs_brackets(tree, precedence, is_later) else text


def _latex_within(tree: object, precedence: int, is_later: bool = False) -> str:
    text = as_latex(tree)
    needs = needs_brackets(tree, precedence, is_later)
    return rf"\left({text}\right)" if needs else text


def _filled(
    template: str, precedence: int, args: tuple[object, ...], within: Callable[..., str]
) -> list[str]:
    """The arguments as they stand in a template, in brackets where they need them."""
    places = zip(args, open_places(template, len(args)), strict=True)
    return [
        within(arg, precedence if is_open else 0, is_later=i > 0)
        for i, (arg, is_open) in enumerate(places)
    ]


def open_places(template: str, count: int) -> list[bool]:
    """Per placeholder whether it stands in the open: `{} + {}` yes, `tanh({})` no.

    The base of a power is in the open, though LaTeX groups it: {a + b}^2 means a + b^2.
    """
    pieces = template.format(*["\0"] * count).split("\0")
    return [
        after.startswith("}^") or not before.endswith(_OPENING)
        for before, after in pairwise(pieces)
    ]


def _latex_number(text: str) -> str:
    special = {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\mathrm{NaN}"}
    if text in special:
        return special[text]
    mantissa, e, exponent = text.partition("e")
    if e and re.fullmatch(r"-?[\d.]+", mantissa):
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    return text if re.fullmatch(r"-?[\d.]+", text) else rf"\text{{{latex_escape(text)}}}"


def latex_name(name: str, index: str = "") -> str:
    r"""h#2 as h_{2}, v1 as v_{1}, loss as \mathrm{loss}; index: further letters below."""
    base, _, number = name.partition("#")
    match = re.fullmatch(r"([A-Za-z])(\d+)", base)
    subscripts = [latex_escape(number)] if number else []
    if match:
        base = match[1]
        subscripts.insert(0, match[2])
    subscripts += [index] if index else []
    text = base if re.fullmatch(r"[A-Za-z]", base) else rf"\mathrm{{{latex_escape(base)}}}"
    return f"{text}_{{{','.join(subscripts)}}}" if subscripts else text


def latex_escape(text: str) -> str:
    """Text with the characters that LaTeX gives a meaning escaped."""
    special = {
        "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
        "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
        "×": r"\(\times\)", "∂": r"\(\partial\)", "→": r"\(\to\)",
    }  # fmt: skip
    return "".join(special.get(c, "\\" + c if c in "#$%&_{}" else c) for c in text)
