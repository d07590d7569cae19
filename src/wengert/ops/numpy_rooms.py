"""NumPy's functions beyond those that an operation names: their rooms load at first use.

Who never calls np.interp on a tensor does not wait for it at `import wengert`: these rooms would
be a twelfth of its time, np.fft among what they load.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Final

from wengert.core.op import NUMPY, OPERATORS

ROOMS: Final = (
    "calculus", "editing", "linalg", "nans", "picks", "polynomials", "products", "quantiles",
    "questions", "reductions", "sets", "ufuncs", "refused",
)  # fmt: skip
"""wengert.ops.numpy_<name>: nothing but answers, so that no operation waits in there."""


def load() -> None:
    """Import the rooms: NUMPY is complete afterwards."""
    for name in ROOMS:
        importlib.import_module(f"wengert.ops.numpy_{name}")


def answer_for(function: Callable[..., Any]) -> Callable[..., Any] | None:
    """What answers for a function of NumPy's that the table did not have so far; None: nothing."""
    load()
    return NUMPY.get(function)


def _first_ufunc(*asked: Any) -> Any:
    load()
    return OPERATORS.ufunc(*asked)  # numpy_ufuncs has put its own there


OPERATORS.answer_for = answer_for
OPERATORS.ufunc = _first_ufunc
