"""Strings that come from users, made fit for a picture: no control characters, no endless lines."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 64  # characters of a title, line or label that are drawn; the hint holds the rest

# Control, format (bidirectional overrides), surrogates, line and paragraph separators: they break
# the grid of a terminal, may command it, or cannot stand in XML. So do the two noncharacters.
_UNFIT = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_NONCHARACTERS = "\ufffe\uffff"

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SPELLED = {"∂": "d", "×": "*", "·": "*", "−": "-", "→": "->", "∞": "inf", "∇": "grad "}


def clean(text: str) -> str:
    r"""One printable line: white space becomes a space, any other unfit character a mark.

    >>> clean("a\nb\x1b[31m")
    'a b�[31m'
    """
    return "".join(_fit(character) for character in text)


def _fit(character: str) -> str:
    if character.isspace():
        return " "
    if unicodedata.category(character) in _UNFIT or character in _NONCHARACTERS:
        return "\ufffd"
    return character


def shorten(text: str) -> str:
    """The clean text, cut to LONGEST characters.

    >>> shorten("x" * 100)[-4:], len(shorten("x" * 100))
    ('xxx…', 64)
    """
    fit = clean(text[: 2 * LONGEST])
    if len(fit) <= LONGEST:
        return fit
    return fit[: LONGEST - 1].rstrip() + "…"


def typeset(expression: str) -> str:
    """An expression of Python with the signs of mathematics.

    >>> typeset("e = c * d"), typeset("y = -x - 1e-4"), typeset("x ** 2"), typeset("x ** y")
    ('e = c × d', 'y = −x − 1e-4', 'x²', 'x ** y')
    """
    text = re.sub(r" ?\*\* ?(-?\d+)(?![\w.])", _power, expression)
    text = re.sub(r"(?<!\*)\*(?!\*)", "×", text)
    return re.sub(r"(?<![\w\-])-(?![->])", "−", text)


def _power(match: re.Match[str]) -> str:
    return match[1].translate(_SUPERSCRIPTS)


def spell(text: str) -> str:
    r"""The text in ASCII: signs and Greek letters by name, the rest by its escape.

    >>> spell("∂e/∂c"), spell("λ × Σ"), spell("é"), spell("猫")
    ('de/dc', 'lambda * Sigma', 'e', '\\u732b')
    """
    if text.isascii():
        return text
    letters = unicodedata.normalize("NFKD", text)
    return "".join(_spelled(letter) for letter in letters if not unicodedata.combining(letter))


def _spelled(character: str) -> str:
    if character.isascii():
        return character
    if character in _SPELLED:
        return _SPELLED[character]
    greek = re.match(r"GREEK (SMALL|CAPITAL) LETTER (\w+)", unicodedata.name(character, ""))
    if greek:
        name = greek[2].replace("LAMDA", "LAMBDA")  # Unicode's own spelling
        return name.lower() if greek[1] == "SMALL" else name.capitalize()
    return character.encode("ascii", "backslashreplace").decode()


def cells(text: str) -> list[str]:
    r"""The text as the cells of a terminal: wide characters take two, accents join a letter.

    >>> cells("x\u0304=猫")
    ['x̄', '=', '猫', '']
    """
    taken: list[str] = []
    for character in text:
        if unicodedata.combining(character) and taken:
            taken[-1] += character
        elif unicodedata.east_asian_width(character) in "WF":
            taken += [character, ""]
        else:
            taken.append(character)
    return taken
