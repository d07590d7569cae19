"""Methods that NumPy's arrays and torch's tensors have, and mean different things by.

torch's meaning holds - but in a function that a transform calls with NumPy's arrays, the user's own
lines get NumPy's: x.std() divides by n, x.max(axis=0) is an array, x.repeat repeats elements. `dim`
and `keepdim` are torch's words, and mean what torch means there, too.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from wengert.modes import get_state
from wengert.sites import is_ours

_TORCH: Final = frozenset(("dim", "keepdim", "dims", "descending", "correction", "unbiased"))


def _sort(self: Any, axis: int = -1, kind: Any = None, order: Any = None) -> None:
    """In place, as NumPy sorts."""
    self.copy_(np.sort(self, axis))


def _transpose(self: Any, *axes: Any) -> Any:
    if len(axes) == 1 and not isinstance(axes[0], (int, np.integer)):
        axes = tuple(axes[0]) if axes[0] is not None else ()
    return np.transpose(self, axes or None)


def _flatten(self: Any, order: Any = "C") -> Any:
    return np.copy(np.ravel(self, order))


NUMPYS: Final[dict[str, Callable[..., Any]]] = {
    "std": np.std, "var": np.var, "max": np.max, "min": np.min, "mean": np.mean, "sum": np.sum,
    "prod": np.prod, "cumsum": np.cumsum, "cumprod": np.cumprod, "repeat": np.repeat,
    "dot": np.dot, "take": np.take, "nonzero": np.nonzero, "round": np.round, "sort": _sort,
    "transpose": _transpose, "flatten": _flatten, "ravel": np.ravel, "trace": np.trace,
    "argmax": np.argmax, "argmin": np.argmin, "all": np.all, "any": np.any, "clip": np.clip,
    "diagonal": np.diagonal, "squeeze": np.squeeze, "argsort": np.argsort,
}  # fmt: skip
"""Methods of both, and what NumPy means by them."""


def among_arrays() -> bool:
    """Whether a function is running that a transform has called with NumPy's arrays."""
    state = get_state()
    return state is not None and state.arrays is not None


def with_numpys(name: str, torchs: Callable[..., Any]) -> Callable[..., Any]:
    """A method of Tensor, with NumPy's meaning of its name where that holds."""
    numpys = NUMPYS.get(name)
    if numpys is None:
        return torchs

    @functools.wraps(torchs)
    def either(self: Any, *args: Any, **kwargs: Any) -> Any:
        if _wants_numpy(kwargs):
            return numpys(self, *args, **kwargs)
        return torchs(self, *args, **kwargs)

    return either


def _wants_numpy(kwargs: dict[str, Any]) -> bool:
    """Whether the call stands in the user's lines of a function that was given arrays."""
    if not among_arrays() or not _TORCH.isdisjoint(kwargs):
        return False
    return not is_ours(sys._getframe(2).f_code)
