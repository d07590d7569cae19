"""From a function to a graph whose only inputs are its arguments and the tensors it closes over.

The arguments are symbols (graphs/trace.py), so whatever depends on them is recorded. What f does
with tensors that it closes over runs at once, as these have values; it is watched, so that it
becomes a part of the graph, too, and is computed anew at every call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from wengert.compiler.arguments import Call, tensor_of
from wengert.compiler.importing import Import, new_node
from wengert.compiler.noticing import printing_noticed, say_hooks
from wengert.compiler.watching import Watch
from wengert.core.node import Leaf, Node
from wengert.core.tensor import Tensor
from wengert.errors import TraceError
from wengert.graphs.trace import symbol
from wengert.modes import using
from wengert.transform.tree import Spec, flatten

__all__ = ["Traced", "new_node", "trace"]


class Traced(NamedTuple):
    """A traced function.

    inputs: a leaf per argument that is data. hidden: tensors that the function closes over, each
    with its leaf. results: per leaf of the result a node, or what is returned as it is. A leaf
    that is neither an input nor hidden has a value: a constant, which the function made of nothing.
    """

    inputs: list[Leaf]
    names: dict[str, Any]
    hidden: list[tuple[Tensor, Leaf]]
    results: list[Any]
    spec: Spec

    def outputs(self) -> list[Node]:
        """The nodes among the results."""
        return [r for r in self.results if isinstance(r, Node)]


def trace(function: Callable[..., Any], call: Call, name: str) -> Traced:
    """Run the function on symbols in place of its data. Raises TraceError where that cannot be.

    name: of the function, for warnings of what it does besides.
    """
    symbols = [symbol(tensor_of(leaf)._aval) for leaf in call.data()]
    leaves: list[Any] = [s._node for s in symbols]
    for leaf, called in zip(leaves, call.data_names(), strict=True):
        leaf.get_extra().name = called
    watch = Watch()
    for i in range(len(symbols)):  # with no name for one, which would be kept
        watch.escapes.note(symbols[i])
    with printing_noticed(name):
        results, spec = _run(function, call, symbols, watch)
    imported = Import(watch, leaves)
    made = [imported.of(r) if isinstance(r, Tensor) else r for r in results]
    traced = Traced(
        leaves, dict(zip(call.data_names(), leaves, strict=True)), imported.hidden, made, spec
    )
    escapes = watch.escapes
    say_hooks(name, [*imported.hooked, *leaves])
    del results, symbols, imported, watch
    escapes.say(name)
    return traced


def _run(
    function: Callable[..., Any], call: Call, symbols: Sequence[Tensor], watch: Watch
) -> tuple[list[Any], Spec]:
    args, kwargs = call.with_data(iter(symbols))
    # What the caller is in the middle of is no part of the function: it sees the program replayed.
    with using(
        levels=(watch,), saved=(), inference=False, arrays=None, started=watch.started,
        fresh=watch.fresh,
    ):  # fmt: skip
        try:
            return flatten(function(*args, **kwargs))
        except ValueError as error:  # NumPy's, of a number that it could not have
            if isinstance(error.__cause__, TraceError):
                raise error.__cause__ from None
            raise
