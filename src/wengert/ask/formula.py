"""Derivations as trees, and their printers: text, LaTeX and Markdown from the same tree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """A variable: c, h#2, self.w."""

    name: str


@dataclass(frozen=True, slots=True)
class Derivative:
    """d of / d wrt, as a symbol."""

    of: str
    wrt: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number, already rounded for reading."""

    text: str


@dataclass(frozen=True, slots=True)
class Product:
    factors: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    terms: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Equation:
    """Sides joined by =, left to right."""

    sides: tuple[object, ...]


def as_text(tree: object) -> str:
    """de/db = de/dc * dc/db + de/dd * dd/db = 2 * 1 + 3 * 1 = 5"""
    if isinstance(tree, Equation):
        return " = ".join(as_text(side) for side in tree.sides)
    if isinstance(tree, Sum):
        return " + ".join(as_text(term) for term in tree.terms)
    if isinstance(tree, Product):
        return " * ".join(_signed(as_text(factor)) for factor in tree.factors)
    if isinstance(tree, Derivative):
        return f"d{tree.of}/d{tree.wrt}"
    if isinstance(tree, Name):
        return tree.name
    assert isinstance(tree, Number)
    return tree.text


def as_latex(tree: object) -> str:
    r"""\frac{\partial e}{\partial b} = 2 \cdot 1 + 3 \cdot 1 = 5"""
    if isinstance(tree, Equation):
        return " = ".join(as_latex(side) for side in tree.sides)
    if isinstance(tree, Sum):
        return " + ".join(as_latex(term) for term in tree.terms)
    if isinstance(tree, Product):
        return r" \cdot ".join(_signed(as_latex(factor)) for factor in tree.factors)
    if isinstance(tree, Derivative):
        of, wrt = latex_name(tree.of), latex_name(tree.wrt)
        return rf"\frac{{\partial {of}}}{{\partial {wrt}}}"
    if isinstance(tree, Name):
        return latex_name(tree.name)
    assert isinstance(tree, Number)
    return _latex_number(tree.text)


def _signed(text: str) -> str:
    """A negative factor stands in brackets."""
    return f"({text})" if text.startswith("-") else text


def _latex_number(text: str) -> str:
    special = {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\mathrm{NaN}"}
    if text in special:
        return special[text]
    mantissa, e, exponent = text.partition("e")
    if e and re.fullmatch(r"-?[\d.]+", mantissa):
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    return text if re.fullmatch(r"-?[\d.]+", text) else rf"\text{{{latex_escape(text)}}}"


def latex_name(name: str) -> str:
    """h#2 as h_{2}, v1 as v_{1}, loss as \\mathrm{loss}."""
    base, _, index = name.partition("#")
    match = re.fullmatch(r"([A-Za-z])(\d+)", base)
    subscripts = [index] if index else []
    if match:
        base = match[1]
        subscripts.insert(0, match[2])
    text = base if len(base) == 1 else rf"\mathrm{{{latex_escape(base)}}}"
    return f"{text}_{{{','.join(subscripts)}}}" if subscripts else text


def latex_escape(text: str) -> str:
    """Text with the characters that LaTeX gives a meaning escaped."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(c, "\\" + c if c in "#$%&_{}" else c) for c in text)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A line of prose."""

    text: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Lines of cells that stand in columns."""

    cells: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Display:
    """A formula on a line of its own."""

    formula: object


class Derivation:
    """A derivation with this run's numbers. Printed as text; notebooks show the formulas."""

    def __init__(self, blocks: Sequence[Sentence | Rows | Display]) -> None:
        self.blocks = tuple(blocks)

    def text(self) -> str:
        """For the terminal: prose, aligned columns, formulas in one line."""
        lines: list[str] = []
        for block in self.blocks:
            if isinstance(block, Sentence):
                lines.append(block.text)
            elif isinstance(block, Rows):
                lines.extend(f"  {line}" for line in aligned(block.cells))
            else:
                lines.append(f"  {as_text(block.formula)}")
        return "\n".join(lines)

    def markdown(self) -> str:
        """For notebooks and documents: formulas in LaTeX between dollars, columns as tables."""
        parts: list[str] = []
        for block in self.blocks:
            if isinstance(block, Sentence):
                parts.append(markdown_escape(block.text))
            elif isinstance(block, Rows):
                parts.append(_markdown_table(block.cells))
            else:
                parts.append(f"$${as_latex(block.formula)}$$")
        return "\n\n".join(parts)

    def latex(self) -> str:
        """For a document: prose escaped, formulas displayed, columns as a tabular."""
        parts: list[str] = []
        for block in self.blocks:
            if isinstance(block, Sentence):
                parts.append(latex_escape(block.text))
            elif isinstance(block, Rows):
                parts.append(_latex_table(block.cells))
            else:
                parts.append(rf"\[ {as_latex(block.formula)} \]")
        return "\n\n".join(parts)

    __str__ = text
    __repr__ = text
    _repr_markdown_ = markdown


def aligned(rows: Sequence[Sequence[str]], gap: int = 4) -> list[str]:
    """Rows of cells as lines whose columns stand under each other."""
    widths: list[int] = []
    for row in rows:
        for i, cell in enumerate(row):
            if i == len(widths):
                widths.append(0)
            widths[i] = max(widths[i], len(cell))
    space = " " * gap
    return [space.join(c.ljust(w) for c, w in zip(r, widths, strict=False)).rstrip() for r in rows]


def markdown_escape(text: str) -> str:
    """Text in which no character means Markdown or HTML."""
    escaped = re.sub(r"([\\`*_{}\[\]#|$])", r"\\\1", text)
    return escaped.replace("<", "&lt;").replace(">", "&gt;")


def _markdown_table(rows: Sequence[Sequence[str]]) -> str:
    columns = max(len(row) for row in rows)
    head = "|" + " |" * columns
    lines = [head, "|" + "---|" * columns]
    for row in rows:
        cells = [markdown_escape(c) for c in row] + [""] * (columns - len(row))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _latex_table(rows: Sequence[Sequence[str]]) -> str:
    columns = max(len(row) for row in rows)
    body = " \\\\\n".join(" & ".join(latex_escape(c) for c in row) for row in rows)
    return f"\\begin{{tabular}}{{{'l' * columns}}}\n{body}\n\\end{{tabular}}"
