"""Graphs in Graphviz's language."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

import wengert as wg
from ask.founding import founding
from ask.test_matrix import network


def unquoted(dot: str) -> str:
    """The text without its strings."""
    return re.sub(r'"(?:[^"\\]|\\.)*"', "S", dot)


def test_the_founding_computation():
    lines = founding().to_dot().splitlines()
    assert lines[0] == 'digraph "computational graph of e" {'
    assert lines[3].startswith('  n0 [label="a\\n2", shape="ellipse", tooltip="founding.py:')
    assert 'label="e = c * d\\n6", penwidth="2"' in lines[7]
    assert lines[8:] == [
        "  n0 -> n2;", "  n1 -> n2;", "  n1 -> n3;", "  n2 -> n4;", "  n3 -> n4;", "}",
    ]  # fmt: skip


def test_numbers_stand_in_the_expressions():
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    k = wg.tensor(3.0)
    y = x * k + 1
    dot = wg.graph(y).to_dot()
    assert "x * 3" in dot
    assert dot.count("label=") == 3


def test_names_cannot_break_out():
    x = wg.tensor(2.0, requires_grad=True)
    y = x * x
    dot = wg.graph(y, **{'"]; evil [label="\\': x, "a\nb&lt;": y}).to_dot()
    rest = unquoted(dot)
    assert "evil" not in rest
    assert "\n" not in "".join(re.findall(r'"(?:[^"\\]|\\.)*"', dot))
    assert "&amp;lt;" in dot


@pytest.mark.skipif(shutil.which("dot") is None, reason="needs Graphviz")
def test_graphviz_reads_it():
    x = wg.tensor(2.0, requires_grad=True)
    y = x * x
    for g in (founding(), network(), wg.graph(y, **{'<b>"\\': x})):
        subprocess.run(["dot", "-Tsvg"], input=g.to_dot().encode(), check=True, capture_output=True)
