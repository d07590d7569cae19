"""Questions about derivatives, and the paths that they come by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wengert.core.tensor import Tensor
from wengert.questions.asked import Asked, Where

if TYPE_CHECKING:
    from wengert.ask.cost import Cost
    from wengert.ask.cutting import Cutting
    from wengert.ask.derivation import Derivation
    from wengert.ask.edges import Edge
    from wengert.ask.paths import Paths
    from wengert.ask.table import Table


class Derivatives(Asked):
    """Any derivative: whole, by edge, by path, by part, explained."""

    def derivative(self, of: Where, wrt: Where | None = None) -> Tensor:
        """d of / d wrt for any two nodes: read as in the fraction.

        Returns shape (*of.shape, *wrt.shape), wrt's shape where `of` has one element, 0-d where
        both have; zeros where they are not connected. Raises GraphError if asked the wrong way
        round.
        """
        from wengert.ask.derivative import derivative

        of, wrt = (self._output(), of) if wrt is None else (of, wrt)
        return derivative(self, self[of], self[wrt])

    def edge(self, source: Where, target: Where, slot: int | None = None) -> Edge:
        """The edge from source to target, read with the data, and its local derivative.

        slot: which input of the target, needed where several edges run in parallel (x * x).
        """
        from wengert.ask.edges import find_edge

        return find_edge(self, self[source], self[target], slot)

    def paths(self, source: Where, target: Where | None = None) -> Paths:
        """The paths from source to target, lazily; `.sum()` is the derivative, `.count()` exact."""
        from wengert.ask.paths import Paths

        return Paths(self, self[source], self[target] if target is not None else self._output())

    def contribution(self, part: Any, of: Where, wrt: Where | None = None) -> Tensor:
        """What d of / d wrt owes to a part of the graph: the sum over the paths through it.

        part: a node, an edge, or the name of a scope. Contribution and the derivative without the
        part add up to the whole derivative.
        """
        from wengert.ask.cutting import contribution

        of, wrt = (self._output(), of) if wrt is None else (of, wrt)
        return contribution(self, part, self[of], self[wrt])

    def without(self, *parts: Any) -> Cutting:
        """The graph with edges, nodes or scopes cut: what remains of its derivatives.

        >>> import wengert as wg
        >>> x = wg.tensor(3.0, requires_grad=True)
        >>> h = x * x
        >>> y = x + h
        >>> g = wg.graph(y)
        >>> g.contribution("h", "y", "x"), g.without("h").derivative("y", "x")
        (tensor(6.), tensor(1.))
        """
        from wengert.ask.cutting import without

        return without(self, parts)

    def explain(self, of: Where, wrt: Where | None = None) -> Derivation:
        """The derivation of d of / d wrt with this run's numbers."""
        from wengert.ask.explain import explain

        of, wrt = (self._output(), of) if wrt is None else (of, wrt)
        return explain(self, self[of], self[wrt])

    def sensitivities(self, wrt: Where) -> Table:
        """How fast every node moves if wrt moves at speed 1, in all its elements: forward mode."""
        from wengert.ask.sensitivities import sensitivities

        return sensitivities(self, self[wrt])

    def cost(self, of: Where, wrt: Where | None = None) -> Cost:
        """How many multiplications all of d of / d wrt take: forward mode against reverse mode.

        >>> import wengert as wg
        >>> x = wg.ones(1000, requires_grad=True)
        >>> y = (x * x).sum()
        >>> wg.graph(y).cost("y", "x")
        Cost(sweep=3000, forward=3000000, reverse=3000)
        """
        from wengert.ask.cost import cost

        of, wrt = (self._output(), of) if wrt is None else (of, wrt)
        return cost(self, self[of], self[wrt])
