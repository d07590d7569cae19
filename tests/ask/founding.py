"""The founding computation, e = (a + b) * (b + 1) at a = 2 and b = 1."""

from __future__ import annotations

import wengert as wg


def founding(*, zero_d: bool = False, backward: bool = True) -> wg.Graph:
    """Its graph, from a function whose variables are gone: the names come from the code."""
    a = wg.tensor(2.0 if zero_d else [2.0], requires_grad=True)
    b = wg.tensor(1.0 if zero_d else [1.0], requires_grad=True)
    c = a + b
    d = b + 1
    e = c * d
    c.retain_grad()
    d.retain_grad()
    e.retain_grad()
    if backward:
        e.backward()
    return wg.graph(e)
