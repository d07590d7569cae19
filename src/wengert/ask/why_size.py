"""Why a gradient is tiny or huge: the factors along its strongest path."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np

from wengert.ask.answer import Answer, place
from wengert.ask.derivation import aligned
from wengert.ask.edges import Edge
from wengert.ask.flow import Flow
from wengert.ask.paths import Paths
from wengert.errors import Cause
from wengert.graphs.expression import equation, number

_SHOWN = 5


def profile(flow: Flow, gradient: Any) -> Answer:
    """The strongest path, and the lines that make it weaker or stronger, the most telling first."""
    largest = float(np.abs(np.asarray(gradient)).max())
    is_tiny = largest < 1
    word = "vanishing" if is_tiny else "exploding"
    (strongest,) = Paths(flow.graph, flow.vertex, flow.output).top(1)
    groups = _by_line(list(strongest.path.edges))
    ranked = sorted(groups, key=lambda group: _logarithm(group), reverse=not is_tiny)
    text = [
        f"{flow.vertex.name}.grad is {word}: at most {number(largest)} in size. The factors along "
        f"the strongest path, {len(strongest.path.edges)} steps, multiply to "
        f"{'at most ' if strongest.is_bound else ''}{number(strongest.size)}:"
    ]
    rows = [(_factor(group), place(group[0].consumer.site)) for group in ranked[:_SHOWN]]
    text += [f"  {row}" for row in aligned(rows)]
    text.append(f"  In order: {_in_order(list(strongest.path.edges))}")
    causes = [Cause(f"{word}: {_factor(g)} in {equation(g[0].consumer)}", g[0].consumer.site)
              for g in ranked[:_SHOWN]]  # fmt: skip
    return Answer("\n".join(text), causes)


def _by_line(edges: list[Edge]) -> list[list[Edge]]:
    """Edges whose operations stand in the same line, together."""
    groups: dict[Any, list[Edge]] = defaultdict(list)
    for edge in edges:
        site = edge.consumer.site
        groups[edge.consumer if site is None else (site.filename, site.line)].append(edge)
    return list(groups.values())


def _logarithm(group: list[Edge]) -> float:
    return sum(math.log(norm) if norm > 0 else -math.inf for norm in (e.norm for e in group))


def _factor(group: list[Edge]) -> str:
    """x 0.25, thirty times: "x 8.7e-19 (30 steps)"."""
    logarithm = _logarithm(group)
    size = math.exp(logarithm) if logarithm < 700 else math.inf
    steps = f" ({len(group)} steps)" if len(group) > 1 else ""
    return f"x {number(size, 3)}{steps}"


def _in_order(edges: list[Edge]) -> str:
    """What has arrived after each step back from the output, every so often."""
    step = max(1, len(edges) // 8)
    arrived, parts = 1.0, []
    for i, edge in enumerate(reversed(edges)):
        arrived *= edge.norm
        if i % step == step - 1 or i == len(edges) - 1:
            parts.append(f"{edge.producer.name} {number(arrived, 2)}")
    return ", ".join(parts)
