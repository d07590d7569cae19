"""What a call of a native program takes and returns: what its entry is written from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from wengert.compiler.backend.layout import DTYPES
from wengert.core.aval import Aval, Shape

Kind = Literal["tensor", "array", "float", "int", "bool", "complex"]

NUMBERS: Final[dict[type, tuple[Kind, np.dtype[Any]]]] = {
    float: ("float", np.dtype(np.float64)),
    int: ("int", np.dtype(np.int64)),
    bool: ("bool", np.dtype(np.bool_)),
    complex: ("complex", np.dtype(np.complex128)),
}
"""Python's numbers, and what they are computed in."""


class Given(NamedTuple):
    """Data that is given: "tensor", "array" (or NumPy's scalar), or one of Python's numbers."""

    kind: Kind
    shape: Shape
    dtype: np.dtype[np.generic]


class Same(NamedTuple):
    """An object that has to be the very same as when the program was made; which one of them."""

    which: int


class Container(NamedTuple):
    """A tuple, list or dict of arguments or results. keys: of a dict, which of the `Same`s."""

    kind: Literal["tuple", "list", "dict"]
    items: tuple[Tree, ...]
    keys: tuple[int, ...] = ()


class Computed(NamedTuple):
    """A result: which of the outputs."""

    which: int


Tree = Given | Same | Container | Computed

Place = tuple[Literal["input", "constant", "output", "block"], int]
"""What the table has the address of: an input (arguments, then hidden tensors) or an output, by
number; an array among the objects that are to be the same; or a place in the block of memory for
intermediate values, by offset."""


class Signature(NamedTuple):
    """A call.

    arguments: each a tree of Given and Same. same: how many of those objects there are. hidden: of
    the tensors that are closed over. outputs: in the order of computation. result: a tree of
    Computed and Same. tensors: whether the outputs are wrapped as such. grad: the mode; None where
    modes do not matter. records: whether calls on tensors with history are none of the entry's, as
    they are recorded. table: by slot. nbytes: of the block. refusal: where in the block an i32 is
    that is not 0 if the program refuses its input; such calls are not the entry's, either. long:
    whether other threads of Python should run meanwhile.
    """

    arguments: tuple[Tree, ...]
    same: int
    hidden: tuple[Given, ...]
    outputs: tuple[Aval, ...]
    result: Tree
    tensors: bool
    grad: bool | None
    records: bool
    table: tuple[Place, ...]
    nbytes: int
    refusal: int | None
    long: bool


def is_possible(signature: Signature) -> bool:
    """Whether there can be an entry: NumPy's own dtypes only, each output used once."""
    dtypes = {g.dtype for g in (*data_in(signature.arguments), *signature.hidden)}
    dtypes |= {aval.dtype for aval in signature.outputs}
    used = [leaf.which for leaf in _leaves(signature.result) if isinstance(leaf, Computed)]
    return dtypes <= DTYPES and len(set(used)) == len(used)


def data_in(trees: Sequence[Tree]) -> list[Given]:
    """The data among arguments, in order."""
    return [leaf for tree in trees for leaf in _leaves(tree) if isinstance(leaf, Given)]


def _leaves(tree: Tree) -> Iterator[Tree]:
    if isinstance(tree, Container):
        for item in tree.items:
            yield from _leaves(item)
    else:
        yield tree
