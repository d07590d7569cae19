"""Random numbers inside of maps: refused, the same for every slice, or different ones.

Every map that is running has its say, the innermost first. A random operation has an attribute
`alike`: the dimensions along which the same numbers are repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.core.write import in_place
from wengert.errors import BatchingError
from wengert.modes import current
from wengert.ops.generator import Generator, next_draw

Shape = tuple[int, ...]


def maps(name: str) -> list[Any]:
    """The maps that are running, outermost first. Raises BatchingError if one allows no draws."""
    levels = current().levels
    for level in levels:
        level.refuse_draws(name)
    return [level for level in levels if level.size is not None]


def drawn(make: Callable[[Shape], Tensor], name: str) -> Tensor:
    """make(lengths): new random numbers, with the dimensions of the maps that want different ones.

    Raises BatchingError inside of a map with randomness="error".
    """
    levels = [level for level in maps(name) if level.draws_differ(name)]
    made = make(tuple(level.size for level in levels))
    for level in levels:
        made = level.lift(made, mapped=True)
    return made


def draw(op: Op, *args: Any, generator: Generator | None, **attrs: Any) -> Any:
    """Apply a random operation to tensors, for every slice of the innermost map if there is one."""
    marks = next_draw(generator)
    levels = maps(op.name)
    if levels:
        args = tuple(_inside(levels[-1], a) if isinstance(a, Tensor) else a for a in args)
    return op(*args, **attrs, **marks, alike=())


def _inside(level: Any, tensor: Tensor) -> Any:
    return tensor if getattr(tensor, "_at", None) is level else level.lift(tensor, mapped=False)


def draw_into(
    op: Op, target: Tensor, *args: Any, generator: Generator | None, **attrs: Any
) -> Tensor:
    """Write the result of a random operation into a tensor.

    Raises BatchingError where there is one place for different numbers.
    """
    _check_room(op.name, target)
    return in_place(op, target, *args, **attrs, **next_draw(generator), alike=())


def _check_room(name: str, target: Any) -> None:
    for level in reversed(maps(name)):
        is_inside = getattr(target, "_at", None) is level
        if level.draws_differ(name) and not (is_inside and target._mapped):
            raise BatchingError(
                f"{name}_: cannot ask for different inplace randomness on an unbatched tensor, "
                "which has one place for as many numbers as there are slices",
                "Make the target from a mapped tensor, as in wengert.zeros_like(x).",
            )
        if is_inside:
            target = target._value


def repeated(make: Callable[[Shape], Any], shape: Shape, alike: Shape) -> Any:
    """make(shape), with the same numbers along some dimensions."""
    if not alike:
        return make(shape)
    once = make(tuple(1 if i in alike else n for i, n in enumerate(shape)))
    return np.broadcast_to(once, shape)
