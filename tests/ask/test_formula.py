"""Formulas as text and LaTeX: brackets where they are needed, names and numbers escaped."""

from __future__ import annotations

import shutil
import subprocess

import pytest

import wengert as wg
from ask.founding import founding
from ask.test_matrix import network
from wengert.ask.formula import (
    Applied,
    Derivative,
    Equation,
    Name,
    Number,
    Product,
    Sum,
    as_latex,
    as_text,
    latex_escape,
    latex_name,
)

x, y = Name("x"), Name("y")
plus = Applied("{} + {}", "{} + {}", 11, (x, y))
minus = Applied("{} - {}", "{} - {}", 11, (x, y))
power = Applied("{} ** {}", "{{{}}}^{{{}}}", 14, (plus, Number("2")))


@pytest.mark.parametrize(
    ("tree", "text", "latex"),
    [
        (Sum((x, y)), "x + y", "x + y"),
        (Product((plus, y)), "(x + y) * y", r"\left(x + y\right) \cdot y"),
        (Product((x, Number("-2"))), "x * (-2)", r"x \cdot \left(-2\right)"),
        (Sum((x, Number("-2"))), "x + (-2)", r"x + \left(-2\right)"),
        (Applied("{} - {}", "{} - {}", 11, (x, minus)), "x - (x - y)", r"x - \left(x - y\right)"),
        (Applied("{} - {}", "{} - {}", 11, (minus, x)), "x - y - x", "x - y - x"),
        (Applied("tanh({})", r"\tanh\left({}\right)", 100, (plus,)), "tanh(x + y)",
         r"\tanh\left(x + y\right)"),
        (Applied("{}.T", r"{}^\top", 100, (plus,)), "(x + y).T", r"\left(x + y\right)^\top"),
        (power, "(x + y) ** 2", r"{\left(x + y\right)}^{2}"),
        (Applied("{} / {}", r"\frac{{{}}}{{{}}}", 12, (plus, minus)), "(x + y) / (x - y)",
         r"\frac{x + y}{x - y}"),
        (Derivative("e", "h#2"), "de/dh#2", r"\frac{\partial e}{\partial h_{2}}"),
        (Equation((x, Number("1e-05"), Number("inf"))), "x = 1e-05 = inf",
         r"x = 1 \cdot 10^{-5} = \infty"),
    ],
)  # fmt: skip
def test_printers(tree, text, latex):
    assert as_text(tree) == text
    assert as_latex(tree) == latex


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("a", "a"), ("v12", "v_{12}"), ("h#2", "h_{2}"), ("W1#3", "W_{1,3}"),
        ("loss", r"\mathrm{loss}"), ("self.w_1", r"\mathrm{self.w\_1}"),
        ("h#%", r"h_{\%}"), ("{}", r"\mathrm{\{\}}"), ("ä", r"\mathrm{ä}"),
    ],
)  # fmt: skip
def test_names(name, latex):
    assert latex_name(name) == latex


def test_escapes():
    assert latex_escape("a_b & 50% {x} ~ ^ \\ <|>") == (
        r"a\_b \& 50\% \{x\} \textasciitilde{} \textasciicircum{} \textbackslash{} "
        r"\textless{}\textbar{}\textgreater{}"
    )


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs a LaTeX installation")
def test_latex_compiles(tmp_path):
    t = wg.tensor(2.0, requires_grad=True)
    u = t * t
    hostile = wg.graph(u, **{r"\evil{%_#": t}).explain(t)
    parts = [founding().explain("b"), founding().explain("a"), network().explain("W"), hostile]
    body = "\n\n".join(part.latex() for part in parts)
    preamble = "\\documentclass{article}\\usepackage[utf8]{inputenc}\\usepackage{amsmath}"
    document = f"{preamble}\\begin{{document}}\n{body}\n\\end{{document}}"
    (tmp_path / "a.tex").write_text(document, encoding="utf-8")
    subprocess.run(
        ["pdflatex", "-halt-on-error", "a.tex"], cwd=tmp_path, check=True, capture_output=True
    )
