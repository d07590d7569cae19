"""Further operations in random programs: picks, sums, masks, products; and their in-place kin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from parity.programs.drawing import ANYWHERE, INDEX, SMALL, Choice, statement
from parity.programs.world import World

GATHERS: dict[str, Callable[[Any, int, Any], Any]] = {
    "rows": lambda x, i, m: x[m.tensor([i % x.shape[0], 0])],
    "mask": lambda x, i, m: x[m.tensor([j % 2 == i % 2 for j in range(x.shape[0])])],
    "masked_fill": lambda x, i, m: x.masked_fill(m.tensor(i % 2 == 0), 0.5),
    "index_select": lambda x, i, m: x.index_select(0, m.tensor([i % x.shape[0]])),
    "cumsum": lambda x, i, m: x.cumsum(0),
    "flip": lambda x, i, m: x.flip(0),
    "where": lambda x, i, m: m.where(x.detach() > 0, x, x * 2),
    "stack": lambda x, i, m: m.stack([x, x]).sum(0),
    "matmul": lambda x, i, m: x @ x.mT if x.ndim == 2 else x * x,
    "softmax": lambda x, i, m: x.softmax(-1),
    # Away from zero, where torch's third derivative is NaN (test_products.py).
    "prod": lambda x, i, m: (x + 0.0517).prod(0),
    "max": lambda x, i, m: x.amax(0),
}


@statement(2, where=ANYWHERE, name=Choice(sorted(GATHERS)), at=INDEX, i=SMALL)
@dataclass(frozen=True)
class Gather:
    """y = x[rows]"""

    name: str
    at: int
    i: int

    def run(self, world: World, place: str) -> None:
        x = world.pick(self.at, lambda v: len(v.shape) > 0 and 0 not in v.shape)
        if x is not None:
            world.new(GATHERS[self.name](x.tensor.contiguous(), self.i, world.m))


FURTHER_IN_PLACE: dict[str, Callable[[Any, int, Any], Any]] = {
    "masked_fill_": lambda x, i, m: x.masked_fill_(m.tensor(i % 2 == 0), 0.5),
    "index_fill_": lambda x, i, m: x.index_fill_(0, m.tensor([i % x.shape[0]]), -0.25),
    "index_copy_": lambda x, i, m: x.index_copy_(0, m.tensor([i % x.shape[0]]), x[:1] * 2),
    "index_add_": lambda x, i, m: x.index_add_(0, m.tensor([i % x.shape[0]]), x[:1] * 2),
    "cumsum_": lambda x, i, m: x.cumsum_(0),
    "tril_": lambda x, i, m: x.tril_() if x.ndim == 2 else x.sin_(),
    "clamp_": lambda x, i, m: x.clamp_(-0.5, 0.75),
    "lerp_": lambda x, i, m: x.lerp_(x * 3, 0.25),
    "addcmul_": lambda x, i, m: x.addcmul_(x * 2, x * 3, value=0.5),
    "pow_": lambda x, i, m: x.pow_(2),
    "sgn_": lambda x, i, m: x.sgn_(),
}


@statement(2, name=Choice(sorted(FURTHER_IN_PLACE)), at=INDEX, i=SMALL)
@dataclass(frozen=True)
class FurtherInPlace:
    """x.cumsum_(0)"""

    name: str
    at: int
    i: int

    def run(self, world: World, place: str) -> None:
        x = world.target(
            self.at, lambda v: len(v.shape) > 0 and 0 not in v.shape and not v.expanded
        )
        if x is not None:
            FURTHER_IN_PLACE[self.name](x.tensor, self.i, world.m)
