"""Names of nodes, from the code itself.

First that applies: given explicitly, given to tensor(..., name=), the variable that the producing
instruction stored into, a variable of the caller, and otherwise v1, v2, ... A variable that was
bound several times gives h#1, h#2, ...; a bare h is what h means now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

from wengert.core.node import Leaf, Node
from wengert.core.tensor import Tensor

_SKIPPED = {"In", "Out", "exit", "quit"}


class Names:
    """Explicit names, and the variables of the caller's frame, by what they are bound to."""

    def __init__(
        self, explicit: dict[str, Any] | None = None, frame: FrameType | None = None
    ) -> None:
        self.aliases: dict[str, Any] = {}
        self._explicit: dict[Any, str] = {}
        for name, value in (explicit or {}).items():
            self._explicit[_key(value)] = name
            self.aliases[name] = _object(value)
        self._variables: dict[Any, str] = {}
        if frame is not None:
            self._read(frame)

    def _read(self, frame: FrameType) -> None:
        for name, value in _variables(frame):
            if isinstance(value, Tensor) and not name.startswith("_") and name not in _SKIPPED:
                self._variables.setdefault(_key(value), name)
                self.aliases.setdefault(name, _object(value))

    def assign(self, keys: Sequence[Any]) -> list[str]:
        """A unique name for each node and each constant tensor, in their order."""
        stored = _stored_names([k for k in keys if isinstance(k, Node)])
        wanted = [self._wanted(key, stored) for key in keys]
        counts = Counter(name for name in wanted if name is not None)
        numbers: Counter[str] = Counter()
        taken = set(counts)
        names: list[str] = []
        for key, name in zip(keys, wanted, strict=True):
            if name is None:
                name = _next_free(numbers, taken)
            elif counts[name] > 1 and self._explicit.get(_key(key)) != name:
                # The last binding is what the bare name means, unless the caller knows better.
                self._mean(name, key)
                numbers[name] += 1
                name = f"{name}#{numbers[name]}"
            names.append(name)
        return names

    def _wanted(self, key: Any, stored: dict[Node, str]) -> str | None:
        identity = _key(key)
        explicit = self._explicit.get(identity)
        extra = key.extra if isinstance(key, Node) else key._extra
        given = extra.name if extra is not None else None
        by_code = stored.get(key) if isinstance(key, Node) else None
        return explicit or given or by_code or self._variables.get(identity)

    def _mean(self, name: str, key: Any) -> None:
        current = self.aliases.get(name)
        if current is None or self._variables.get(_key(current)) != name:
            self.aliases[name] = key


def _next_free(numbers: Counter[str], taken: set[str]) -> str:
    while True:
        numbers["v"] += 1
        name = f"v{numbers['v']}"
        if name not in taken:
            return name


def _key(value: Any) -> Any:
    """What names are kept under: the node of a tensor, or the tensor's id if it has none."""
    if isinstance(value, Tensor):
        return value._node if value._node is not None else id(value)
    return value


def _object(value: Any) -> Any:
    return value._node if isinstance(value, Tensor) and value._node is not None else value


def _variables(frame: FrameType) -> Iterator[tuple[str, Any]]:
    """The caller's variables and, as self.w, the tensors of the object it is a method of."""
    # list(): another thread may bind a variable while these are read.
    yield from list(frame.f_locals.items())
    owner = frame.f_locals.get("self")
    for name, value in list(getattr(owner, "__dict__", {}).items()):
        yield f"self.{name}", value
    if frame.f_globals is not frame.f_locals:
        yield from list(frame.f_globals.items())


def _stored_names(nodes: Sequence[Node]) -> dict[Node, str]:
    """Per node the variable that its instruction stored the result into."""
    by_site: dict[Any, list[Node]] = {}
    found: dict[Node, str] = {}
    for node in nodes:
        if node.site is not None:
            by_site.setdefault(node.site, []).append(node)
    for site, group in by_site.items():
        names = site.stored_names()
        if not names:
            continue
        for node in _stored(group):
            index = node.attrs["index"] if node.op.kind == "projection" and node.attrs else 0
            if index < len(names):
                found[node] = names[index]
    return found


def _stored(group: Sequence[Node]) -> list[Node]:
    """Of the nodes made at one instruction, those whose value was stored.

    A composite function makes several nodes per call, and only the last of them is the result.
    The operations then repeat with a period, once per call; each period's last is what counts.
    """
    if isinstance(group[0], Leaf):
        return list(group)
    if any(node.op.kind == "projection" for node in group):
        return [node for node in group if node.op.kind == "projection"]
    ops = [node.op.name for node in group]
    period = next(
        p for p in range(1, len(ops) + 1) if len(ops) % p == 0 and ops == ops[:p] * (len(ops) // p)
    )
    return list(group[period - 1 :: period])
