"""Names of vertices, from the code itself.

First that applies: given explicitly, given to tensor(..., name=), the variable that the producing
instruction stored into, a variable of the caller, for inputs and constants the variable that the
consuming instruction loaded, and otherwise v1, v2, ... A variable that was bound several times
gives h#1, h#2, ...; a bare h is what h means now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Any

import numpy as np

from wengert.core.node import Leaf, Node
from wengert.core.tensor import Tensor
from wengert.graphs.loads import loaded_names
from wengert.graphs.vertex import Key, identity, key_of, node_of
from wengert.sites import Site

_NOTEBOOK = {"In", "Out", "exit", "quit"}


class Naming:
    """The names of a graph's vertices: one each, unique, and further ones that look up, too."""

    __slots__ = ("_by_name", "aliases", "names")

    def __init__(self, names: list[str], aliases: dict[str, int]) -> None:
        self.names = names
        self._by_name = {name: i for i, name in enumerate(names)}
        self.aliases = {a: i for a, i in aliases.items() if a not in self._by_name}

    def find(self, name: str) -> int | None:
        """The index of the vertex of this name or alias."""
        index = self._by_name.get(name)
        return self.aliases.get(name) if index is None else index

    def known(self) -> Iterable[str]:
        """All names and aliases."""
        return [*self.names, *self.aliases]

    def of(self, index: int) -> list[str]:
        """Every name of one vertex, its own first."""
        return [self.names[index], *(a for a, i in self.aliases.items() if i == index)]


class Names:
    """Where names come from, besides the nodes themselves.

    explicit: given by the user, or by a function's parameters. frame: the caller's, whose variables
    name what nothing else names.
    """

    def __init__(
        self, explicit: Mapping[str, Any] | None = None, frame: FrameType | None = None
    ) -> None:
        self._explicit = {name: _key(value) for name, value in (explicit or {}).items()}
        self._variables = dict(_variables(frame)) if frame is not None else {}

    def of(self, tensor: Tensor) -> str | None:
        """What the caller, or else the code, calls a tensor; None if nothing does."""
        wanted = identity(_key(tensor))
        for known in (self._explicit, self._variables):
            for name, key in known.items():
                if identity(key) == wanted:
                    return name
        stored = _stored_names([tensor._node]) if tensor._node is not None else {}
        return stored.get(tensor._node) if tensor._node is not None else None

    def assign(self, keys: Sequence[Key]) -> Naming:
        """A unique name for each vertex, in their order."""
        index = {identity(key): i for i, key in enumerate(keys)}
        for i, key in enumerate(keys):
            if isinstance(key, Tensor):  # a constant is also known by its array, or by a late leaf
                index.setdefault(id(key._data), i)
                index.setdefault(key._node, i)
        explicit = _bound(self._explicit, index)
        variables = _bound(self._variables, index)
        wanted = _wanted(keys, _first_names(explicit), _first_names(variables))
        given = {i for name, i in explicit.items() if wanted[i] == name}
        names, last = _numbered(wanted, given)
        return Naming(names, {**last, **variables, **explicit})


def _bound(names: Mapping[str, Any], index: dict[Any, int]) -> dict[str, int]:
    """Per name the vertex that it is bound to; names of other things are left out."""
    found = ((name, index.get(identity(key))) for name, key in names.items())
    return {name: i for name, i in found if i is not None}


def _first_names(names: Mapping[str, int]) -> dict[int, str]:
    first: dict[int, str] = {}
    for name, i in names.items():
        first.setdefault(i, name)
    return first


def _wanted(
    keys: Sequence[Key], explicit: dict[int, str], variables: dict[int, str]
) -> list[str | None]:
    """Per vertex the name that it should have, if there is one."""
    nodes = [key for key in keys if isinstance(key, Node)]
    stored = _stored_names(nodes)
    loaded = _loaded_names(nodes)
    return [
        explicit.get(i) or _given(key) or (stored.get(key) if isinstance(key, Node) else None)
        or variables.get(i) or loaded.get(identity(key))
        for i, key in enumerate(keys)
    ]  # fmt: skip


def _given(key: Key) -> str | None:
    """The name given to tensor(..., name=)."""
    extra = key.extra if isinstance(key, Node) else getattr(key, "_extra", None)
    return extra.name if extra is not None else None


def _numbered(
    wanted: Sequence[str | None], given: set[int]
) -> tuple[list[str], dict[str, int]]:  # fmt: skip
    """Unique names, and what a bare name means where several vertices want it: the last of them.

    given: the vertices that keep their name in any case.
    """
    counts = Counter(name for name in wanted if name is not None)
    taken = {name for name, count in counts.items() if count == 1} | {wanted[i] for i in given}
    numbers: Counter[str] = Counter()
    last: dict[str, int] = {}
    names: list[str] = []
    for i, name in enumerate(wanted):
        if name is None:
            name = _next(numbers, "v", "", taken)
        elif counts[name] > 1 and i not in given:
            last[name] = i
            name = _next(numbers, name, "#", taken)
        names.append(name)
    return names, last


def _next(numbers: Counter[str], base: str, mark: str, taken: set[Any]) -> str:
    while True:
        numbers[base + mark] += 1
        name = f"{base}{mark}{numbers[base + mark]}"
        if name not in taken:
            return name


def _key(value: Any) -> Any:
    """What a value is looked up by: the node of a tensor that has one."""
    node = node_of(value) if isinstance(value, Tensor) else None
    return value if node is None else node


def _variables(frame: FrameType) -> Iterator[tuple[str, Any]]:
    """The caller's tensors and arrays by name, the innermost scope first.

    Those of the object that it is a method of are called self.w.
    """
    seen: set[str] = set()
    for name, value in _bindings(frame):
        is_public = not name.startswith("_") and name not in _NOTEBOOK
        if (
            is_public
            and _is_variable(name)
            and name not in seen
            and isinstance(value, (Tensor, np.ndarray))
        ):
            seen.add(name)
            yield name, _key(value)


def _bindings(frame: FrameType) -> Iterator[tuple[str, Any]]:
    # list(): another thread may bind a variable while these are read.
    yield from list(frame.f_locals.items())
    owner = frame.f_locals.get("self")
    for name, value in list(getattr(owner, "__dict__", {}).items()):
        yield f"self.{name}", value
    if frame.f_globals is not frame.f_locals:
        yield from list(frame.f_globals.items())


def _is_variable(name: str) -> bool:
    """Whether a person could have written this: not what pytest puts into code, @py_assert1."""
    return name.replace(".", "").isidentifier()


def _stored_names(nodes: Sequence[Node]) -> dict[Node, str]:
    """Per node the variable that its instruction stored the result into."""
    by_site: dict[Site, list[Node]] = {}
    found: dict[Node, str] = {}
    for node in nodes:
        if node.site is not None:
            by_site.setdefault(node.site, []).append(node)
    for site, group in by_site.items():
        names = site.stored_names()
        if not names or not _is_variable(names[0]):
            continue
        for node in _stored(group):
            index = node.attrs["index"] if node.op.kind == "projection" and node.attrs else 0
            if index < len(names):
                found[node] = names[index]
    return found


def _stored(group: Sequence[Node]) -> Sequence[Node]:
    """Of the nodes made at one instruction, those whose value was stored.

    A composite function makes several nodes per call, and only the last of them is the result.
    The operations then repeat with a period, once per call; each period's last is what counts.
    """
    if isinstance(group[0], Leaf):
        return group
    if any(node.op.kind == "projection" for node in group):
        return [node for node in group if node.op.kind == "projection"]
    ops = [node.op.name for node in group]
    period = next(
        p for p in range(1, len(ops) + 1) if len(ops) % p == 0 and ops == ops[:p] * (len(ops) // p)
    )
    return group[period - 1 :: period]


def _loaded_names(nodes: Sequence[Node]) -> dict[Any, str]:
    """For leaves and constants, by identity: the variable that an instruction loaded."""
    found: dict[Any, str] = {}
    for node in nodes:
        inputs = [i for i, source in enumerate(node.inputs) if _is_input(source)]
        if inputs and node.site is not None:
            names = loaded_names(node.site, node.op.name, _given_inputs(node))
            for i in inputs:
                name = names[i] if i < len(names) else None
                if name is not None:
                    found.setdefault(identity(key_of(node.inputs[i])), name)
    return found


def _given_inputs(node: Node) -> int:
    """How many inputs a node has, without optional ones that were left out at the end."""
    values = node.operands or (None,) * len(node.inputs)
    count = len(node.inputs)
    while count and node.inputs[count - 1] is None and values[count - 1] is None:
        count -= 1
    return count


def _is_input(source: Any) -> bool:
    """Whether a node's input is a leaf or a constant."""
    return source is not None and (isinstance(source, Leaf) or not isinstance(source, Node))
