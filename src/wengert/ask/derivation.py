"""Derivations: prose, columns, formulas and steps, and their printers for text, Markdown, LaTeX."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from wengert.ask.formula import as_latex, as_text, latex_escape

_WIDTH = 100


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


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a derivation that goes back node by node.

    title: what was computed, `h = tanh(z)`. shape: of the result. formula: the derivative found.
    result: its size. reasons: the local rules in words. elements: the same in index notation.
    """

    number: int
    title: str
    shape: str
    formula: object
    result: str
    reasons: tuple[str, ...] = ()
    elements: object = None

    @property
    def formulas(self) -> list[object]:
        """The formula, and in index notation, if that says more."""
        return [self.formula] if self.elements is None else [self.formula, self.elements]


Block = Sentence | Rows | Display | Step


class Derivation:
    """A derivation with this run's numbers. Printed as text; notebooks show the formulas."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = tuple(blocks)

    def text(self) -> str:
        """For the terminal: prose, aligned columns, formulas in one line."""
        lines: list[str] = []
        for block in self.blocks:
            lines.extend(_text_lines(block))
        return "\n".join(lines)

    def markdown(self) -> str:
        """For notebooks and documents: formulas in LaTeX between dollars, columns as tables."""
        return "\n\n".join(_markdown(block) for block in self.blocks)

    def latex(self) -> str:
        """For a document: prose escaped, formulas displayed, columns as a tabular.

        It needs amsmath and nothing else.
        """
        return "\n\n".join(_latex(block) for block in self.blocks)

    def mathml(self) -> str:
        """For a page: HTML with the formulas in MathML, which browsers draw by themselves."""
        from wengert.ask.html import as_html

        return as_html(self.blocks)

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        return self.markdown()


def _text_lines(block: Block) -> list[str]:
    match block:
        case Sentence(text):
            return textwrap.wrap(text, _WIDTH) or [""]
        case Rows(cells):
            return _row_lines(cells)
        case Display(formula):
            return _broken(f"  {as_text(formula)}", "      ")
    assert isinstance(block, Step)
    return _step_lines(block)


def _row_lines(cells: Sequence[Sequence[str]]) -> list[str]:
    """Columns; where they are too wide together, the last one on lines of its own."""
    lines = [f"  {line}" for line in aligned(cells)]
    if max(map(len, lines)) <= _WIDTH:
        return lines
    firsts = aligned([row[:-1] for row in cells])
    lines = []
    for first, row in zip(firsts, cells, strict=True):
        lines += textwrap.wrap(
            f"  {first}", _WIDTH, subsequent_indent="      ", drop_whitespace=False
        )
        lines += textwrap.wrap(
            row[-1], _WIDTH, initial_indent="      ", subsequent_indent="        "
        )
    return lines


def _step_lines(step: Step) -> list[str]:
    """`3  h = tanh(z)    4×3`, and under it the formula, its size and the reasons."""
    head = f"{step.number:>3}  {step.title}"
    lines = [f"{head:<60}  {step.shape}".rstrip()]
    formula = _broken(f"       {as_text(step.formula)}", "           ")
    if step.result and len(formula[-1]) > 60:
        formula.append("")
    formula[-1] = f"{formula[-1]:<60}  {step.result}".rstrip()
    lines += formula
    if step.elements is not None:
        lines += _broken(f"       {as_text(step.elements)}", "           ")
    for reason in step.reasons:
        lines += textwrap.wrap(
            reason, _WIDTH, initial_indent="       ", subsequent_indent="         "
        )
    return lines


def _broken(line: str, indent: str) -> list[str]:
    """A formula on several lines where it is too wide, broken before = and +."""
    lines = [""]
    for part in re.split(r"(?= [=+] )", line):
        if len(lines[-1]) + len(part) > _WIDTH and lines[-1].strip():
            lines.append(indent + part.lstrip())
        else:
            lines[-1] += part
    return lines


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
    """Text in which no character means Markdown or HTML; arrows as arrows."""
    escaped = re.sub(r"([\\`*_{}\[\]#|$~])", r"\\\1", text.replace("->", "→"))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _markdown(block: Block) -> str:
    match block:
        case Sentence(text):
            return markdown_escape(text)
        case Rows(cells):
            return markdown_table(cells)
        case Display(formula):
            return f"$${as_latex(formula)}$$"
    assert isinstance(block, Step)
    lines = [f"{block.number}. {markdown_escape(block.title)} ({markdown_escape(block.shape)})",
             *(f"$${as_latex(formula)}$$" for formula in block.formulas)]  # fmt: skip
    lines += [markdown_escape(block.result)] if block.result else []
    lines += [f"*{markdown_escape(reason)}*" for reason in block.reasons]
    return "\n\n".join([lines[0], *(textwrap.indent(line, "   ") for line in lines[1:])])


def markdown_table(rows: Sequence[Sequence[str]], head: Sequence[str] = ()) -> str:
    """Rows of cells as a table; without a head, with an empty one."""
    columns = max(len(row) for row in [*rows, head])
    lines = []
    for row in [head, *rows]:
        cells = [markdown_escape(c) for c in row] + [""] * (columns - len(row))
        lines.append("| " + " | ".join(cells) + " |")
    lines.insert(1, "|" + "---|" * columns)
    return "\n".join(lines)


def _latex(block: Block) -> str:
    match block:
        case Sentence(text):
            return _latex_prose(text)
        case Rows(cells):
            return _latex_table(cells)
        case Display(formula):
            return rf"\[ {as_latex(formula)} \]"
    assert isinstance(block, Step)
    head = rf"{block.number}.\quad \texttt{{{latex_escape(block.title)}}}"
    shape = rf"\quad ({_latex_prose(block.shape)})"
    reasons = [rf"\textit{{{_latex_prose(reason)}}}" for reason in block.reasons]
    result = rf" \quad\text{{{_latex_prose(block.result)}}}" if block.result else ""
    formula = rf"\[ {as_latex(block.formula)}{result} \]"
    elements = [rf"\[ {as_latex(formula)} \]" for formula in block.formulas[1:]]
    return "\n\n".join([head + shape, formula, *elements, *reasons])


def _latex_prose(text: str) -> str:
    return latex_escape(text.replace("->", "→"))


def _latex_table(rows: Sequence[Sequence[str]]) -> str:
    columns = max(len(row) for row in rows)
    body = " \\\\\n".join(" & ".join(_latex_prose(c) for c in row) for row in rows)
    return f"\\begin{{tabular}}{{{'l' * columns}}}\n{body}\n\\end{{tabular}}"
