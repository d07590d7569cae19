"""Functions as traced graphs, and what is in them after rewriting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wengert.compiler.arguments import Parameters
from wengert.compiler.rewrite import rewritten
from wengert.compiler.tracing import trace
from wengert.core.node import Node
from wengert.graphs.graph import Graph


def outputs_of(function: Callable[..., Any], *args: Any) -> list[Node]:
    """The output nodes of a function, as it is traced."""
    return trace(function, Parameters(function, ()).call(args, {}), "f").outputs()


def operations(function: Callable[..., Any], *args: Any) -> list[str]:
    """The names of the operations that are left of a function."""
    graph = Graph(rewritten(outputs_of(function, *args)))
    return [v.op.name for v in graph.nodes if v.is_operation]
