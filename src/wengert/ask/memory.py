"""memory: what a graph keeps alive, by node, scope and line; who holds it; what backward takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from wengert.ask.cycles import cycles
from wengert.ask.derivation import aligned
from wengert.ask.holders import holders
from wengert.ask.peak import predicted_peak
from wengert.ask.storage import Storage, overhead, storages
from wengert.errors import Cause
from wengert.graphs.expression import shape_text
from wengert.graphs.graph import Graph
from wengert.sites import Site

_SHOWN = 8


class MemoryReport:
    """What a graph keeps alive. All sizes are in bytes, shared memory counted once.

    total: of all arrays. structure: of the nodes themselves. by_node, by_line, by_scope: largest
    first. holders: what holds the graph from outside. cycles: objects on nodes that lead back to
    them. backward_peak: what a backward pass will allocate at most, predicted.
    """

    def __init__(self, graph: Graph) -> None:
        found = storages(graph)
        self.total = sum(storage.nbytes for storage in found)
        self.structure = overhead(graph)
        self.storages = sorted(found, key=lambda s: -s.nbytes)
        self.by_node = _sums((s.vertex, s) for s in found)
        self.by_line = _by_line(found)
        self.by_scope = _sums((s.vertex.scope, s) for s in found)
        self.holders = holders(graph)
        self.cycles = cycles(graph)
        self.backward_peak = predicted_peak(graph)

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The lines whose results keep the most, largest first, and what holds them."""
        held = f", held by {', '.join(self.holders)}" if self.holders else ""
        results = [s for s in self.storages if s.vertex.is_operation]
        return tuple(
            Cause(f"{_operations(results, site)}: {in_bytes(nbytes)}{held}", site)
            for site, nbytes in list(_by_line(results).items())[:_SHOWN]
            if site is not None
        )

    def __str__(self) -> str:
        arrays = "one array" if len(self.storages) == 1 else f"{len(self.storages)} arrays"
        lines = [
            f"The graph keeps {in_bytes(self.total)} in {arrays}, and {in_bytes(self.structure)} "
            "in its nodes."
        ]
        lines += [f"  {line}" for line in aligned(self._rows(), gap=3)]
        if len(self.by_scope) > 1 or "" not in self.by_scope:
            scopes = [f"{name or 'no scope'} {in_bytes(n)}" for name, n in self.by_scope.items()]
            lines.append(f"By scope: {', '.join(scopes[:_SHOWN])}.")
        held = ", ".join(self.holders) or "nothing but this graph"
        lines.append(f"Held by: {held}.")
        lines += [f"A reference cycle: {cycle}." for cycle in self.cycles]
        lines.append(f"backward() will take up to {in_bytes(self.backward_peak)} more.")
        return "\n".join(lines)

    __repr__ = __str__

    def _rows(self) -> list[tuple[str, ...]]:
        """bytes, what, why it is kept, the line: for the largest storages."""
        rows = [_row(storage) for storage in self.storages[:_SHOWN]]
        rest = self.storages[_SHOWN:]
        if rest:
            nbytes = sum(s.nbytes for s in rest)
            rows.append((in_bytes(nbytes), f"{len(rest)} smaller ones", "", ""))
        return rows


def memory(graph: Graph) -> MemoryReport:
    """What a graph keeps alive; see MemoryReport."""
    return MemoryReport(graph)


def _row(storage: Storage) -> tuple[str, ...]:
    vertex = storage.vertex
    shape = shape_text(vertex.shape)
    what = f"{vertex.name} {vertex.dtype.name}{' ' + shape if shape else ''}"
    site = str(vertex.site) if vertex.site is not None else ""
    return in_bytes(storage.nbytes), what, ", ".join(storage.reasons), site


def _sums(items: Iterable[tuple[Any, Storage]]) -> dict[Any, int]:
    """Bytes by what the storages are filed under, largest first."""
    sums: dict[Any, int] = defaultdict(int)
    for key, storage in items:
        sums[key] += storage.nbytes
    return dict(sorted(sums.items(), key=lambda item: -item[1]))


def _by_line(found: Sequence[Storage]) -> dict[Site | None, int]:
    """Bytes by source line; of the sites in a line the first one stands for all."""
    first: dict[tuple[str, int], Site] = {}
    known: dict[Site | None, Site | None] = {None: None}
    for storage in found:
        site = storage.vertex.site
        if site is not None and site not in known:
            known[site] = first.setdefault((site.filename, site.line), site)
    return _sums((known[storage.vertex.site], storage) for storage in found)


def _operations(found: list[Storage], line: Site) -> str:
    """The operations of one line that keep something."""
    sites = {s.vertex.site for s in found if s.vertex.site is not None}
    same = {site for site in sites if (site.filename, site.line) == (line.filename, line.line)}
    there = (s.vertex.op for s in found if s.vertex.site in same)
    return ", ".join(dict.fromkeys(op.name for op in there if op is not None))


def in_bytes(count: int) -> str:
    """A number of bytes: 360 kB."""
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{count} bytes" if unit == "bytes" else f"{size:.3g} {unit}"
