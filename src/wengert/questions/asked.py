"""What all questions share: how a node is meant, and which output is implied."""

from __future__ import annotations

from types import FrameType
from typing import Any

from wengert.core.node import Node
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError
from wengert.graphs import graph as core
from wengert.graphs.vertex import Vertex

Where = str | Tensor | Vertex | Node
"""How a node is meant: its name, the tensor itself, or what the graph gave."""


class Asked(core.Graph):
    """A graph that questions are put to."""

    def _output(self) -> Vertex:
        if len(self.outputs) > 1:
            names = ", ".join(v.name for v in self.outputs)
            raise ArgumentError(f"the graph has several outputs: {names}", "Say which one.")
        return self.outputs[0]


def name_of(value: Any, frame: FrameType | None) -> str:
    """What the caller calls a value."""
    variables = {**frame.f_globals, **frame.f_locals} if frame is not None else {}
    return next((name for name, each in variables.items() if each is value), "x")
