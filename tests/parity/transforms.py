"""Small programs on transforms that run twice, with torch and with wengert as `m`.

Values are compared within a tolerance (torch adds up in its own order), everything else exactly.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

import wengert
from parity.close import assert_close
from parity.scenario import Scenario
from parity.theirs import builtin_of, name_of
from wengert.core.tensor import Tensor


def agrees_with_torch(scenario: Scenario) -> Callable[[], None]:
    """Make a scenario, a function of the module that returns what it saw, into a test."""

    def test() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's advertisements of other functions
            theirs = seen(scenario(torch))
        assert_alike(seen(scenario(wengert)), theirs)

    test.__name__ = scenario.__name__
    test.__doc__ = scenario.__doc__
    return test


def seen(value: Any) -> Any:
    """What was seen, without either module's own types: arrays, with the need of a gradient."""
    if isinstance(value, Tensor):
        return "tensor", np.asarray(value._data), value.requires_grad
    if isinstance(value, torch.Tensor):
        return "tensor", value.detach().numpy(force=True), value.requires_grad
    if isinstance(value, Mapping):
        return {name: seen(part) for name, part in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value).__name__, [seen(part) for part in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return seen(vars(value))
    return value


def assert_alike(mine: Any, theirs: Any) -> None:
    """Equal; an exception of ours is one that code for torch would catch."""
    if isinstance(theirs, Exception):
        assert isinstance(mine, builtin_of(theirs)), f"{mine!r}; torch raises {theirs!r}"
    elif isinstance(theirs, np.ndarray):
        assert isinstance(mine, np.ndarray), f"{mine!r}; torch: {theirs!r}"
        assert_close("a transform", mine, theirs)
    elif isinstance(theirs, (list, tuple)):
        assert isinstance(mine, type(theirs)), f"{mine!r}; torch: {theirs!r}"
        assert len(mine) == len(theirs), f"{mine!r}; torch: {theirs!r}"
        for part, other in zip(mine, theirs, strict=True):
            assert_alike(part, other)
    elif isinstance(theirs, dict):
        assert_alike(list(mine.items()), list(theirs.items()))
    else:
        assert mine == theirs, f"{mine!r}; torch: {theirs!r}"


def numbers(m: Any, *values: float) -> Any:
    """A vector in float64."""
    return m.tensor(list(values), dtype=m.float64)


def grid(m: Any, *shape: int, start: float = -1.0) -> Any:
    """A tensor in float64 whose elements all differ."""
    count = int(np.prod(shape))
    values = start + np.arange(count) * 0.37
    return m.from_numpy(np.sin(values).reshape(shape) + 0.1 * values.reshape(shape))


def name(dtype: Any) -> str:
    """float32, of our dtype or torch's."""
    return name_of(dtype)
