"""Arithmetic on answers, silent as that of operations: infinities and NaN are answers, too."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
R = TypeVar("R")


def quiet(function: Callable[P, R]) -> Callable[P, R]:
    """NumPy's floating-point errors are ignored in the function.

    np.errstate is a decorator itself, but one whose frame errors would take for the user's line.
    """

    @functools.wraps(function)
    def silenced(*args: P.args, **kwargs: P.kwargs) -> R:
        with np.errstate(all="ignore"):
            return function(*args, **kwargs)

    return silenced
