"""A graph at other inputs, and its parts as graphs of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from wengert.graphs.vertex import Vertex
from wengert.questions.asked import Asked, Where

if TYPE_CHECKING:
    from wengert.ask.sweep import Sweep


class OtherInputs(Asked):
    """The same computation at other inputs."""

    def __call__(self, /, **inputs: Any) -> Any:
        """The outputs at other inputs, by name; inputs that are not given keep their values.

        Numbers fill an input of any shape. Returns one tensor, or a tuple for several outputs.
        """
        from wengert.graphs.replay import outputs_at

        return outputs_at(self, inputs)

    def at(self, /, **inputs: Any) -> Self:
        """The graph at other inputs, with values and derivatives there."""
        from wengert.graphs.replay import replayed

        return type(self)(*replayed(self, inputs))

    def sweep(self, /, **values: Any) -> Sweep:
        """The outputs and their derivatives at many values of some inputs, all at once.

        values: per input, values along a further first axis; one number each fills an input of any
        shape. The answer prints as a table; `.plot()` draws it with matplotlib.

        >>> import wengert as wg
        >>> x = wg.tensor(3.0, requires_grad=True)
        >>> y = x * x
        >>> print(wg.graph(y).sweep(x=[1.0, 2.0, 3.0]))
        x   y   dy/dx
        1   1   2
        2   4   4
        3   9   6
        """
        from wengert.ask.sweep import sweep

        return sweep(self, values)


class Parts(Asked):
    """Some of the nodes: found, or as a graph of their own."""

    def select(
        self, *, op: str | None = None, scope: str | None = None, name: str | None = None,
        shape: tuple[int | None, ...] | None = None,
        where: Callable[[Vertex], bool] | None = None,
    ) -> list[Vertex]:  # fmt: skip
        """The nodes that fit all that is given, oldest first.

        op: an operation's name. scope: nodes filed under it, or inside it. name: a name, with *
        and ? for what may stand there. shape: None in it for any length. where: a test of one's
        own.

        >>> import wengert as wg
        >>> x = wg.ones(2, 3, requires_grad=True)
        >>> y = (x * x).sum(1)
        >>> [node.name for node in wg.graph(y).select(shape=(None, 3))]
        ['x', 'v1']
        """
        from wengert.ask.select import select

        return select(self, op, scope, name, shape, where)

    def subgraph(self, source: Where, target: Where | None = None) -> Self:
        """A part as a graph of its own: of a scope, or of all that lies between two nodes.

        What the part uses from outside becomes its inputs. Raises GraphError where nothing leads
        from source to target, UnknownNameError for no scope of that name.
        """
        from wengert.ask.cutting import check_scope
        from wengert.graphs.part import between, of_scope

        if target is not None:
            return type(self)(*between(self, self[source], self[target]))
        return type(self)(*of_scope(self, check_scope(self, source)))
