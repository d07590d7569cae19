"""How many elements one vector of this machine holds."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from wengert.compiler.backend.processor import has
from wengert.compiler.types import size


@functools.cache
def vector_bytes() -> int:
    """The width of this machine's widest vectors."""
    if all(map(has, ("avx512f", "avx512bw", "avx512vl"))):
        return 64
    return 32 if has("avx2") else 16


def lanes_for(types: Iterable[str]) -> int:
    """How many elements are computed at once, where these types meet in one loop.

    Masks fit whatever they meet. Where wide types meet narrow ones, the wide take two registers.
    """
    sizes = {size(type) for type in types if type != "i1"} or {1}
    widest, narrowest = max(sizes), min(sizes)
    return vector_bytes() // (widest if widest == narrowest else max(widest // 2, narrowest))
