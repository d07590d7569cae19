"""Indices drawn with given probabilities."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from wengert.core.aval import Aval
from wengert.core.dtype import is_floating
from wengert.core.tensor import Tensor
from wengert.errors import DTypeError, ShapeError
from wengert.ops.about import expect_tensor
from wengert.ops.define import public
from wengert.ops.distributions import uniform
from wengert.ops.generator import Generator, stream
from wengert.ops.kinds import discrete
from wengert.ops.slices import Shape, draw, repeated

_DOUBLE: Final = np.dtype(np.float64)


def _choices(
    p: Any, *, count: int, replacement: bool, key: int, offset: int, alike: Shape = ()
) -> Any:
    _check_distribution(p)
    draw = _with_replacement if replacement else _without_replacement
    return draw(p.astype(np.float64), count, key, offset, alike)


def _with_replacement(p: Any, count: int, key: int, offset: int, alike: Shape) -> Any:
    shape = (*p.shape[:-1], count)
    drawn = repeated(lambda s: uniform(s, _DOUBLE, key, offset), shape, alike).reshape(-1, count)
    chosen = np.empty(drawn.shape, np.int64)
    for i, row in enumerate(p.reshape(-1, p.shape[-1])):
        sums = np.cumsum(row)
        last = np.flatnonzero(row)[-1]  # rounding could reach the total
        chosen[i] = np.minimum(np.searchsorted(sums, drawn[i] * sums[-1], side="right"), last)
    return chosen.reshape(shape)


def _without_replacement(p: Any, count: int, key: int, offset: int, alike: Shape) -> Any:
    """The first `count` to ring, if category i rings at rate p_i: the greatest p_i / E_i."""
    waits = repeated(stream(key, offset).standard_exponential, p.shape, alike)
    return np.argsort(-p / waits, axis=-1, kind="stable")[..., :count]


def _aval(p: Aval, *, count: int, **_: Any) -> Aval:
    return Aval((*p.shape[:-1], count), np.dtype(np.int64))


multinomial_op = discrete("multinomial", _choices, torch="multinomial", aval=_aval)


@public(torch="multinomial", differentiable=False)
def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *,
    generator: Generator | None = None,
) -> Any:  # fmt: skip
    """Indices drawn with the probabilities in each row, which need not sum to 1.

    input: (k,) or (n, k) -> (num_samples,) or (n, num_samples). Without replacement no index
    comes twice. Raises ShapeError where that is impossible, and for rows that are no
    distribution; DTypeError for integers.
    """
    p = expect_tensor("multinomial", input)._data
    if p.ndim not in (1, 2):
        raise ShapeError(f"multinomial: probabilities must be 1 or 2 dim, not {p.ndim}")
    if num_samples <= 0:
        raise ShapeError(f"multinomial: cannot sample n_sample <= 0 samples ({num_samples})")
    if not replacement and num_samples > p.shape[-1]:
        raise ShapeError(
            f"multinomial: cannot sample {num_samples} of {p.shape[-1]} without replacement",
            "Pass replacement=True to allow repetitions.",
        )
    attrs = {"count": int(num_samples), "replacement": bool(replacement)}
    return draw(multinomial_op, input, generator=generator, **attrs)


def _check_distribution(p: Any) -> None:
    if not is_floating(p.dtype):
        raise DTypeError(f"multinomial only supports floating-point dtypes, not {p.dtype}")
    if not np.all(np.isfinite(p) & (p >= 0)):
        raise ShapeError("multinomial: a probability is inf, nan or negative")
    if np.any(p.sum(axis=-1) <= 0):
        raise ShapeError("multinomial: invalid distribution (sum of probabilities <= 0)")
