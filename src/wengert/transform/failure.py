"""The last error of a backward pass, for who asks why afterwards."""

from __future__ import annotations

import contextvars
from collections.abc import Iterable
from typing import Final, NamedTuple

from wengert.core.node import Node
from wengert.errors import Cause, FreedError, WengertError
from wengert.sites import Site
from wengert.transform.reverse import upstream


class Failure(NamedTuple):
    """What is kept of an error: words and lines, and nothing that keeps a graph alive.

    links: of a pass through what was freed, the values of the earlier computation that the later
    one uses: the variable, if there is one, and the line.
    """

    kind: type[WengertError]
    what: str
    remedy: str
    site: Site | None
    causes: tuple[Cause, ...]
    links: tuple[tuple[str, Site | None], ...] = ()


LAST: Final[contextvars.ContextVar[Failure | None]] = contextvars.ContextVar(
    "wengert_failure", default=None
)


def remember(error: WengertError, roots: Iterable[Node] = ()) -> None:
    """Note an error of a backward pass from `roots`; local to the thread or task."""
    links = _links(roots) if isinstance(error, FreedError) else ()
    LAST.set(Failure(type(error), error.what, error.remedy, error.site, error.causes, links))


def _links(roots: Iterable[Node]) -> tuple[tuple[str, Site | None], ...]:
    """The newest results of what was freed that something newer uses.

    A node belongs to what was freed if all that keep values below it are freed.
    """
    order = upstream(roots)
    old: dict[Node, bool] = {}
    new: set[Node] = set()
    for node in reversed(order):
        sources = [source for source in node.inputs if source in old or source in new]
        keeps = node.plan.keeps_any
        if (keeps and node.freed is None) or any(source in new for source in sources):
            new.add(node)
        else:
            old[node] = node.freed is not None or any(old[source] for source in sources)
    found = {
        source: (next(iter(source.site.stored_names()), "") if source.site else "", source.site)
        for node in order if node in new
        for source in node.inputs if old.get(source)
    }  # fmt: skip
    return tuple(found.values())
