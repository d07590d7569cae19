"""Rewriting a program's graph: the same values by fewer operations, and by those that fuse.

Each pass takes the output nodes and returns new ones; what no output needs is not reached any more.
No pass changes a bit, but for decompositions: these add up in another order than eager code does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from wengert.compiler.rewrite.decompositions import decomposed
from wengert.compiler.rewrite.expansions import without_expansions
from wengert.compiler.rewrite.identities import without_identities
from wengert.compiler.rewrite.repeats import without_repeats
from wengert.core.node import Node

__all__ = ["PASSES", "Pass", "rewritten"]

Pass = Callable[[Sequence[Node]], list[Node]]

PASSES: Final[tuple[Pass, ...]] = (
    decomposed, without_identities, without_expansions, without_repeats,
)  # fmt: skip


def rewritten(outputs: Sequence[Node]) -> list[Node]:
    """The outputs after all passes."""
    made = list(outputs)
    for one in PASSES:
        made = one(made)
    return made
