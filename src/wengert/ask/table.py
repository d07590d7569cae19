"""Tables: rows of text under headings, and the one of every gradient beside its measurement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.ask.derivation import aligned, markdown_table
from wengert.ask.derivative import adjoints
from wengert.ask.experiment import Experiment, in_double
from wengert.ask.quiet import quiet
from wengert.graphs.expression import number, summary
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex

_MOST_ROWS = 300
_ENDS = 20
"""Where there are more nodes, so many are measured and shown at either end: each is nudged, and all
behind it computed again, which for 3,000 nodes took a minute.
"""


class Table:
    """Rows of text under headings; notebooks show it as a table."""

    def __init__(
        self, head: tuple[str, ...], rows: Sequence[tuple[str, ...]], note: str = ""
    ) -> None:
        self.head = head
        self.rows = list(rows)
        self.note = note

    def __str__(self) -> str:
        lines = aligned([self.head, *self.rows], gap=3)
        return "\n".join([*lines, self.note] if self.note else lines)

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        from wengert.ask.derivation import markdown_escape

        text = markdown_table(self.rows, self.head)
        return f"{text}\n\n{markdown_escape(self.note)}" if self.note else text


@quiet
def table(graph: Graph, output: Vertex) -> Table:
    """Every node with its value, the output's gradient, and the same measured by nudging.

    For arrays the gradient is shown by its norm, and measured along its own direction. With an
    output of several elements, the gradients are those of its sum.
    """
    experiment = Experiment(graph)
    found = adjoints(graph, output, np.ones(output.shape, output.aval.dtype)[()])
    rows = []
    nodes = [vertex for vertex in graph.nodes if not vertex.is_constant]
    shown = nodes if len(nodes) <= _MOST_ROWS else [*nodes[:_ENDS], *nodes[-_ENDS:]]
    for vertex in shown:
        gradient = found.get(vertex.index, np.zeros(vertex.shape))
        value = summary(vertex.value._data)
        compared = _compared(experiment, output, vertex, gradient)
        rows.append((vertex.name, vertex.expression, value, *compared))
    notes = []
    if len(shown) < len(nodes):
        rows.insert(_ENDS, ("...",) * 5 + ("",))
        notes.append(f"{len(nodes) - len(shown)} nodes are left out; g.subgraph(source, target)"
                     ".table() shows those of a part")  # fmt: skip
    if output.aval.size != 1:
        notes.append(f"gradients are those of {output.name}.sum()")
    elif len(graph.outputs) > 1:
        count = len(graph.outputs)
        notes.append(f"gradients are those of {output.name}, the last of {count} outputs")
    head = ("node", "expression", "value", "gradient", "measured", "")
    return Table(head, rows, "\n".join(notes))


def _compared(
    experiment: Experiment, output: Vertex, vertex: Vertex, gradient: Any
) -> tuple[str, str, str]:
    """The gradient, its measurement, and whether they agree."""
    if not vertex.is_differentiable:
        return "", "", "no gradient: integers"
    wide = np.asarray(in_double(np.asarray(gradient)))
    direction = np.ones(vertex.shape)
    if wide.size == 1:
        exact = float(wide.reshape(()).real)
        shown = number(exact)
    else:
        exact = float(np.linalg.norm(wide))
        shown = f"norm {number(exact)}"
        direction = wide / exact if exact else direction
    measured = experiment.slope(output, vertex, direction)
    if not np.isfinite(measured):
        verdict = "not finite"
    elif agree(exact, measured):
        verdict = "ok"
    else:
        verdict = "a kink" if experiment.bends(output, vertex, direction) else "differs"
    return shown, as_measured(measured), verdict


def as_measured(value: float) -> str:
    """A measured number with three decimals where that says enough: 2.000, 1.3e-05."""
    if abs(value) < 1e-10:
        return "0.000"
    return f"{value:.3f}" if 0.1 <= abs(value) < 1e6 else number(value, 3)


def agree(exact: float, measured: float) -> bool:
    """Whether a derivative and its measurement are the same but for what measuring blurs."""
    return abs(exact - measured) <= 1e-3 * max(abs(exact), abs(measured)) + 1e-6
