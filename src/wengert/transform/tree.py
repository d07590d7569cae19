"""Nested containers as trees: their leaves in a list, and the same shape built again.

Dicts, lists, tuples, named tuples and dataclasses are containers; everything else is a leaf.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

Rebuild = Callable[[Iterator[Any]], Any]


class Spec:
    """The shape of a tree. Equal shapes compare equal."""

    __slots__ = ("children", "keys", "kind")

    def __init__(self, kind: Any, keys: Any, children: tuple[Spec, ...]) -> None:
        self.kind = kind
        self.keys = keys
        self.children = children

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Spec):
            return NotImplemented
        mine, theirs = (self.kind, self.keys), (other.kind, other.keys)
        return mine == theirs and self.children == other.children

    def __hash__(self) -> int:
        return hash((self.kind, self.children))

    def __repr__(self) -> str:
        if self.kind is None:
            return "*"
        inside = ", ".join(map(repr, self.children))
        return f"{self.kind.__name__}({inside})"

    @property
    def size(self) -> int:
        """The number of leaves."""
        return 1 if self.kind is None else sum(child.size for child in self.children)


LEAF = Spec(None, None, ())


def flatten(tree: Any) -> tuple[list[Any], Spec]:
    """The leaves of a tree, in order, and its shape."""
    leaves: list[Any] = []
    return leaves, _flatten(tree, leaves)


def _flatten(tree: Any, leaves: list[Any]) -> Spec:
    kind = type(tree)
    keys, children = _parts(tree)
    if children is None:
        leaves.append(tree)
        return LEAF
    return Spec(kind, keys, tuple(_flatten(child, leaves) for child in children))


def _parts(tree: Any) -> tuple[Any, Sequence[Any] | None]:
    """What tells a container from others of its kind, and its children; None for a leaf."""
    if isinstance(tree, dict):
        return tuple(tree), list(tree.values())
    if type(tree) in (list, tuple) or (isinstance(tree, tuple) and hasattr(tree, "_fields")):
        return len(tree), list(tree)
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        names = tuple(f.name for f in dataclasses.fields(tree))
        return names, [getattr(tree, name) for name in names]
    return None, None


def unflatten(leaves: Sequence[Any], spec: Spec) -> Any:
    """The tree of this shape with these leaves."""
    return _unflatten(iter(leaves), spec)


def _unflatten(leaves: Iterator[Any], spec: Spec) -> Any:
    kind = spec.kind
    if kind is None:
        return next(leaves)
    children = [_unflatten(leaves, child) for child in spec.children]
    if issubclass(kind, dict):
        return kind(zip(spec.keys, children, strict=True))
    if dataclasses.is_dataclass(kind):
        make: Any = kind
        return make(**dict(zip(spec.keys, children, strict=True)))
    return kind(*children) if hasattr(kind, "_fields") else kind(children)


def tree_map(function: Callable[..., Any], tree: Any) -> Any:
    """The tree with the function applied to every leaf."""
    leaves, spec = flatten(tree)
    return unflatten([function(leaf) for leaf in leaves], spec)


def spread(prefix: Any, spec: Spec) -> list[Any] | None:
    """One entry per leaf from a tree that may stop early: 0 stands for a whole subtree.

    None if it is no prefix of the shape.
    """
    if spec.kind is not None:
        keys, children = _parts(prefix)
        if children is not None and _alike(prefix, spec) and keys == spec.keys:
            parts = [spread(p, s) for p, s in zip(children, spec.children, strict=True)]
            if any(part is None for part in parts):
                return None
            return [entry for part in parts for entry in part or ()]
        if children is not None:
            return None
    elif _parts(prefix)[1] is not None:
        return None
    return [prefix] * spec.size


def _alike(prefix: Any, spec: Spec) -> bool:
    """Whether two containers are of one kind; lists and tuples stand for each other."""
    plain = (list, tuple)
    return type(prefix) is spec.kind or (type(prefix) in plain and spec.kind in plain)
