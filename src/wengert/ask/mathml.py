"""Formulas as MathML, which browsers draw by themselves."""

from __future__ import annotations

import re
from html import escape
from itertools import pairwise

from wengert.ask.formula import (
    Applied,
    Derivative,
    Equation,
    Name,
    Number,
    Over,
    Product,
    Sum,
    needs_brackets,
    open_places,
)

_SUM, _PRODUCT = 11, 12
_WORDS = re.compile(r"[A-Za-z_][\w.]*|\d+(?:\.\d+)?|\*\*|[^\sA-Za-z_0-9]")


def as_mathml(tree: object) -> str:
    """A formula as a <math> element on a line of its own."""
    return f'<math display="block">{row(tree)}</math>'


def row(tree: object) -> str:
    """A formula without the element around it."""
    match tree:
        case Equation(sides):
            return _mrow("<mo>=</mo>".join(row(side) for side in sides))
        case Sum(terms):
            parts = [_within(term, _SUM, i > 0) for i, term in enumerate(terms)]
            return _mrow("<mo>+</mo>".join(parts))
        case Product(factors):
            return _mrow("<mo>⋅</mo>".join(_within(factor, _PRODUCT) for factor in factors))
        case Derivative(of, wrt, slot, index):
            fraction = f"<mfrac>{_d(_name(of))}{_d(_name(wrt, index))}</mfrac>"
            return fraction if slot is None else f"<msub>{fraction}<mn>{slot}</mn></msub>"
        case Over(letters, body):
            return _mrow(f"<munder><mo>∑</mo>{_letters(letters)}</munder>{_within(body, _PRODUCT)}")
        case Applied():
            return _applied(tree)
        case Name(name, index):
            return _name(name, index)
    assert isinstance(tree, Number)
    return _number(tree.text)


def _mrow(inner: str) -> str:
    return f"<mrow>{inner}</mrow>"


def _d(inner: str) -> str:
    return _mrow(f"<mo>∂</mo>{inner}")


def _within(tree: object, precedence: int, is_later: bool = False) -> str:
    inner = row(tree)
    if not needs_brackets(tree, precedence, is_later):
        return inner
    return _mrow(f"<mo>(</mo>{inner}<mo>)</mo>")


def _applied(tree: Applied) -> str:
    """An operation, read off its text: a quotient as a fraction, a power raised, else in a row."""
    args = tree.args
    if tree.text == "{} / {}":
        return f"<mfrac>{row(args[0])}{row(args[1])}</mfrac>"
    if tree.text == "{} ** {}":
        return f"<msup>{_within(args[0], tree.precedence)}{row(args[1])}</msup>"
    if tree.text == "{}.T":
        return f"<msup>{_within(args[0], tree.precedence)}<mo>⊤</mo></msup>"
    places = zip(args, open_places(tree.text, len(args)), strict=True)
    filled = [_within(arg, tree.precedence if is_open else 0, i > 0)
              for i, (arg, is_open) in enumerate(places)]  # fmt: skip
    pieces = tree.text.format(*["\0"] * len(args)).split("\0")
    parts = [_words(pieces[0])]
    for arg, (_, after) in zip(filled, pairwise(pieces), strict=True):
        parts += [arg, _words(after)]
    return _mrow("".join(parts))


def _words(text: str) -> str:
    """The literal part of an operation's text: names, numbers and signs."""
    return "".join(_word(word) for word in _WORDS.findall(text))


def _word(word: str) -> str:
    if word[0].isalpha() or word[0] == "_":
        return f'<mi mathvariant="normal">{escape(word)}</mi>'
    if word[0].isdigit():
        return f"<mn>{word}</mn>"
    return f"<mo>{escape({'*': '⋅', '@': '', '-': '−'}.get(word, word))}</mo>"


def _name(name: str, index: str = "") -> str:
    """h#2 as an h with 2 below; longer names upright."""
    base, _, number = name.partition("#")
    match = re.fullmatch(r"([A-Za-z])(\d+)", base)
    below = [f"<mn>{match[2]}</mn>"] if match else []
    base = match[1] if match else base
    below += [f"<mn>{escape(number)}</mn>"] if number else []
    below += [_letters(index)] if index else []
    upright = "" if re.fullmatch(r"[A-Za-z]", base) else ' mathvariant="normal"'
    letter = f"<mi{upright}>{escape(base)}</mi>"
    return f"<msub>{letter}{_mrow('<mo>,</mo>'.join(below))}</msub>" if below else letter


def _letters(letters: str) -> str:
    return _mrow("".join(f"<mi>{escape(letter)}</mi>" for letter in letters))


def _number(text: str) -> str:
    special = {"inf": "∞", "-inf": "−∞"}
    mantissa, e, exponent = text.partition("e")
    if text in special or not re.fullmatch(r"-?[\d.]+", mantissa):
        return f"<mtext>{escape(special.get(text, text))}</mtext>"
    sign = "<mo>−</mo>" if mantissa.startswith("-") else ""
    number = f"{sign}<mn>{mantissa.lstrip('-')}</mn>"
    if e:
        power = f"<msup><mn>10</mn><mn>{int(exponent)}</mn></msup>"
        number = f"{number}<mo>⋅</mo>{power}"
    return _mrow(number) if sign or e else number
