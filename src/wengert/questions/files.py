"""A graph in the languages of other programs, and as a file of its own."""

from __future__ import annotations

from typing import Any, Self

from wengert.questions.asked import Asked


class Files(Asked):
    """The graph written down, and read back."""

    def to_dot(self) -> str:
        """The graph in Graphviz's language."""
        from wengert.interchange.dot import to_dot

        return to_dot(self)

    def to_networkx(self) -> Any:
        """The graph as a networkx.MultiDiGraph, if networkx is installed."""
        from wengert.interchange.networkx import to_networkx

        return to_networkx(self)

    def to_json(self) -> str:
        """The graph as JSON, lossless; `Graph.from_json` reads it back."""
        from wengert.interchange.json import to_json

        return to_json(self)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The graph that `to_json` wrote. Nothing in the text is executed.

        Raises GraphError for a text that is damaged or not of this form.
        """
        from wengert.interchange.json import from_json

        return cls(*from_json(text))
