"""The graph as users hold it: every question that one can ask it, in one place.

The answers are worked out in ask/ and draw/, which load on first use.
"""

from wengert.questions.asked import Where
from wengert.questions.making import graph, why
from wengert.questions.whole import Graph

__all__ = ["Graph", "Where", "graph", "why"]
