"""Nests made of functions on tensors, and run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from compiler import native
from wengert.compiler.pieces.nest import Nest
from wengert.compiler.pieces.piece import Access, contiguous
from wengert.core.aval import Aval
from wengert.core.node import Leaf, Node
from wengert.graphs.graph import collect
from wengert.graphs.trace import symbol


def nest_of(
    function: Callable[..., Any], arrays: Sequence[Any], space: tuple[int, ...],
    reduced: Sequence[int] = (),
) -> tuple[Nest, list[Leaf], list[Node]]:  # fmt: skip
    """A function of operations without views as a nest, its inputs and its outputs.

    arrays: views of contiguous arrays, of as many axes as the space has; reductions keep theirs.
    """
    symbols = [symbol(Aval(a.shape, a.dtype)) for a in arrays]
    results = function(*symbols)
    results = results if isinstance(results, (tuple, list)) else (results,)
    outputs = list(dict.fromkeys(r._node for r in results))
    leaves = [s._node for s in symbols]
    nodes = [node for node in collect(outputs) if not isinstance(node, Leaf)]
    sources = {n: tuple(s if isinstance(s, Node) else None for s in n.inputs) for n in nodes}
    used = {s for found in sources.values() for s in found}
    loads = {x: _access(x, a, space) for x, a in zip(leaves, arrays, strict=True) if x in used}
    stores = {n: Access(n, 0, _repeated(n.aval.shape, contiguous(n.aval.shape))) for n in outputs}
    return Nest(space, reduced, nodes, sources, loads, stores), leaves, [r._node for r in results]


def base(array: Any) -> Any:
    """The contiguous array that an array is a view of; itself if it is none."""
    while array.base is not None:
        array = array.base
    return array


def _access(leaf: Leaf, array: Any, space: tuple[int, ...]) -> Access:
    assert array.ndim == len(space)
    offset = (array.ctypes.data - base(array).ctypes.data) // array.itemsize
    strides = tuple(s // array.itemsize for s in array.strides)
    return Access(leaf, offset, _repeated(array.shape, strides))


def _repeated(shape: Sequence[int], strides: Sequence[int]) -> tuple[int, ...]:
    return tuple(0 if n == 1 else s for n, s in zip(shape, strides, strict=True))


def run(
    function: Callable[..., Any], arrays: Sequence[Any], space: tuple[int, ...],
    reduced: Sequence[int] = (), **how: bool,
) -> list[Any]:  # fmt: skip
    """The outputs of a function as a nest. how: as in native.run."""
    nest, leaves, outputs = nest_of(function, arrays, space, reduced)
    bases = {x: base(a) for x, a in zip(leaves, arrays, strict=True) if x in nest.loads}
    found = dict(zip(nest.stores, native.run(nest, bases, **how), strict=True))
    return [found[root] for root in outputs]
