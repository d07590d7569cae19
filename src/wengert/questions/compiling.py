"""The graph as native code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wengert.questions.asked import Asked

if TYPE_CHECKING:
    from wengert.compiler.of_graph import CompiledGraph


class Compiling(Asked):
    """The same computation, fast."""

    def compile(
        self, *, wrt: str | Sequence[str] = (), verify: bool = False, threads: int | None = None,
        arrays: bool = False,
    ) -> CompiledGraph:  # fmt: skip
        """A compiled function that is called like the graph itself, and returns what it returns.

        Inputs are given by name, or by position in the order of `inputs`; constants by name. What
        is not given has the value of the recording. wrt: names of inputs to return the gradients
        by, too: (value, gradient) for one name, (value, gradients) for several. Given tensors that
        require grad, the result has a history, as with `wengert.compile`, which explains the rest.

        >>> import wengert as wg
        >>> a = wg.tensor(2.0, requires_grad=True)
        >>> b = wg.tensor(1.0, requires_grad=True)
        >>> e = (a + b) * (b + 1)
        >>> compiled = wg.graph(e).compile(wrt=("a", "b"))
        >>> compiled(a=5.0, b=7.0)
        (tensor(96.), (tensor(8.), tensor(20.)))
        """
        from wengert.compiler.interface import options
        from wengert.compiler.of_graph import CompiledGraph

        return CompiledGraph(self, wrt, options(verify, threads, arrays))
