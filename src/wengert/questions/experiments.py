"""Experiments with a graph: nudged, checked, compared, weighed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError
from wengert.graphs import graph as core
from wengert.graphs.names import Names
from wengert.interchange.torch_arrays import is_torch
from wengert.questions.asked import Asked, Where, name_of
from wengert.sites import user_frame

if TYPE_CHECKING:
    from wengert.ask.answer import Answer
    from wengert.ask.check import Check
    from wengert.ask.compare import Comparison
    from wengert.ask.memory import MemoryReport
    from wengert.ask.table import Table


class Experiments(Asked):
    """What the numbers say when they are tried out."""

    def table(self) -> Table:
        """Each node with its expression, value, gradient, and the gradient measured by nudging."""
        from wengert.ask.table import table

        return table(self, self.outputs[-1])

    def nudge(self, /, **steps: Any) -> Table:
        """What every node does if the named ones move: predicted and measured.

        >>> import wengert as wg
        >>> x = wg.tensor(3.0, requires_grad=True)
        >>> y = x * x
        >>> print(wg.graph(y).nudge(x=0.1))
        node   expression   value   predicted   measured
        x      input        3       0.1         0.1
        y      x * x        9       0.6         0.61
        """
        from wengert.ask.nudge import nudge

        return nudge(self, steps)

    def check(self, tolerance: float = 1e-3) -> Check:
        """Every local derivative against finite differences; names the operation that is wrong.

        What is wrong is told from what loses its precision: a formula that is right in double.
        tolerance: how far a derivative may be off, relative to its size, or to 1; where the slope
        can be measured to its last digits, and is computed in double, it must be right to 1e-7.
        """
        from wengert.ask.check import check

        return check(self, tolerance)

    def why(self, x: Where) -> Answer:
        """Why the gradient of x is None, or what it is; see `wengert.why`."""
        from wengert.ask.why import why_in, why_vertex

        if isinstance(x, Tensor) and x not in self:
            return why_in(self, x, Names(frame=user_frame()).of(x) or "x")
        if is_torch(x) and x not in self:
            from wengert.ask.why_foreign import cut_off

            foreign: Any = x
            return cut_off(self, name_of(x, user_frame()), foreign.requires_grad)
        return why_vertex(self[x])

    def compare(
        self, other: core.Graph, *, rtol: float | None = None, atol: float | None = None
    ) -> Comparison:
        """Where another graph differs from this one: in structure, values and derivatives.

        Steps are matched by structure, whatever their names and order. The answer has
        `differences` in structure, and the first divergence in `values` and in `derivatives`; it is
        True if there is none. rtol, atol: as in testing.assert_close, by the dtype if not given.

        >>> import wengert as wg
        >>> x = wg.tensor(2.0, requires_grad=True)
        >>> g = wg.graph((x * 3).sin())
        >>> bool(g.compare(wg.graph((x * 3).sin())))
        True
        >>> [d.kind for d in g.compare(wg.graph((x * 3).cos())).differences]
        ['replaced']
        """
        from wengert.ask.compare import compare

        if not isinstance(other, core.Graph):
            raise ArgumentError(
                f"compare takes a graph, not a {type(other).__name__}",
                "wengert.graph(tensor) is the graph of a tensor.",
            )
        return compare(self, other, rtol, atol)

    def memory(self) -> MemoryReport:
        """What the graph keeps alive: bytes by node, scope and line; who holds it; what a backward
        pass will take at its peak.

        >>> import wengert as wg
        >>> x = wg.ones(1000, requires_grad=True)
        >>> wg.graph(x.exp().sum()).memory().total
        8004
        """
        from wengert.ask.memory import memory

        return memory(self)
