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
from wengert.ops.generator import Generator, next_draw, stream
from wengert.ops.kinds import discrete

_DOUBLE: Final = np.dtype(np.float64)


def _choices(p: Any, *, count: int, replacement: bool, key: int, offset: int) -> Any:
    _check_distribution(p)
    rows = np.atleast_2d(p).astype(np.float64)
    draw = _with_replacement if replacement else _without_replacement
    chosen = draw(rows, count, key, offset)
    return chosen.reshape(*p.shape[:-1], count)


def _with_replacement(rows: Any, count: int, key: int, offset: int) -> Any:
    drawn = uniform((len(rows), count), _DOUBLE, key, offset)
    chosen = np.empty(drawn.shape, np.int64)
    for i, row in enumerate(rows):
        sums = np.cumsum(row)
        last = np.flatnonzero(row)[-1]  # rounding could reach the total
        chosen[i] = np.minimum(np.searchsorted(sums, drawn[i] * sums[-1], side="right"), last)
    return chosen


def _without_replacement(rows: Any, count: int, key: int, offset: int) -> Any:
    """The first `count` to ring, if category i rings at rate p_i: the greatest p_i / E_i."""
    waits = stream(key, offset).standard_exponential(rows.shape)
    return np.argsort(-rows / waits, axis=1, kind="stable")[:, :count]


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
    return multinomial_op(
        input, count=int(num_samples), replacement=bool(replacement), **next_draw(generator)
    )


def _check_distribution(p: Any) -> None:
    if not is_floating(p.dtype):
        raise DTypeError(f"multinomial only supports floating-point dtypes, not {p.dtype}")
    if not np.all(np.isfinite(p) & (p >= 0)):
        raise ShapeError("multinomial: a probability is inf, nan or negative")
    if np.any(p.sum(axis=-1) <= 0):
        raise ShapeError("multinomial: invalid distribution (sum of probabilities <= 0)")
