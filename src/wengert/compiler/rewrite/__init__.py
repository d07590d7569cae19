"""Rewriting a program's graph: the same values by fewer operations, and by those that fuse.

A pass takes the output nodes and returns new ones; what no output needs is not reached any more.
The first pass goes through the graph once, and puts each operation into its simplest form, by
rules; the others also look at who uses what. Three things are not to the bit what eager code does:
sums and products add up in another order; x ** 3 and x ** 4 are products, within 2 ulp, and so is
x ** 2 of a single number; and where differentiation adds a part to zeros, -0 stays -0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from wengert.compiler.rewrite.algebra import (
    reductions_of_one,
    settled_choices,
    shorter_casts,
    without_kept_axes,
)
from wengert.compiler.rewrite.constants import folded, with_numbers
from wengert.compiler.rewrite.decompositions import written_out
from wengert.compiler.rewrite.expansions import broadcasting
from wengert.compiler.rewrite.identities import without_involutions, without_neutral
from wengert.compiler.rewrite.joins import joined_parts
from wengert.compiler.rewrite.layout import with_a_copy
from wengert.compiler.rewrite.lookups import lookups_as_parts, sums_as_parts
from wengert.compiler.rewrite.parts import part_by_part
from wengert.compiler.rewrite.products import summed_within, vectors_as_rows
from wengert.compiler.rewrite.signs import (
    signs_into_numbers,
    signs_outwards,
    sums_of_negatives,
)
from wengert.compiler.rewrite.spaces import in_one_space
from wengert.compiler.rewrite.turning import turned_products
from wengert.compiler.rewrite.views import fewer_parts, fewer_permutations, fewer_reshapes
from wengert.compiler.rewrite.writer import Rule, written_by
from wengert.core.node import Node

__all__ = ["PASSES", "RULES", "Pass", "Rule", "rewritten"]

Pass = Callable[[Sequence[Node]], list[Node]]

RULES: Final[tuple[Rule, ...]] = (
    folded, with_numbers, written_out, without_neutral, without_involutions, signs_outwards,
    sums_of_negatives, signs_into_numbers, broadcasting,
    fewer_reshapes, fewer_permutations, fewer_parts, shorter_casts, settled_choices,
    reductions_of_one, without_kept_axes, joined_parts, with_a_copy, vectors_as_rows, summed_within,
    lookups_as_parts, sums_as_parts,
)  # fmt: skip


def simplified(outputs: Sequence[Node]) -> list[Node]:
    """Each operation in its simplest form, and once."""
    return written_by(RULES, outputs)


def gathered(outputs: Sequence[Node]) -> list[Node]:
    """Elementwise operations and reductions on both sides of reshapes in one space."""
    return in_one_space(outputs, RULES)


def cut_apart(outputs: Sequence[Node]) -> list[Node]:
    """Elementwise operations of which parts are used as operations on parts."""
    return part_by_part(outputs, RULES)


def turned(outputs: Sequence[Node]) -> list[Node]:
    """Products whose transposes are wanted as products of transposes."""
    return turned_products(outputs, RULES)


PASSES: Final[tuple[Pass, ...]] = (simplified, turned, cut_apart, gathered)


def rewritten(outputs: Sequence[Node]) -> list[Node]:
    """The outputs after all passes."""
    made = list(outputs)
    for one in PASSES:
        made = one(made)
    return made
