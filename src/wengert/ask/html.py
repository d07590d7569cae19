"""Derivations as HTML: prose, tables, and formulas in MathML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from wengert.ask.derivation import Block, Display, Rows, Sentence, Step
from wengert.ask.mathml import as_mathml


def as_html(blocks: Iterable[Block]) -> str:
    """The blocks below each other, for a page; nothing in it is styled."""
    return "\n".join(map(_block, blocks))


def _block(block: Block) -> str:
    match block:
        case Sentence(text):
            return f"<p>{_prose(text)}</p>"
        case Rows(cells):
            return _table(cells)
        case Display(formula):
            return as_mathml(formula)
    assert isinstance(block, Step)
    lines = [f"<p>{block.number}. <code>{escape(block.title)}</code> ({_prose(block.shape)})</p>"]
    lines += [as_mathml(formula) for formula in block.formulas]
    lines += [f"<p>{_prose(block.result)}</p>"] if block.result else []
    lines += [f"<p><em>{_prose(reason)}</em></p>" for reason in block.reasons]
    return "\n".join(lines)


def _prose(text: str) -> str:
    return escape(text.replace("->", "→"))


def _table(rows: Sequence[Sequence[str]]) -> str:
    lines = ["".join(f"<td>{_prose(cell)}</td>" for cell in cells) for cells in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"
