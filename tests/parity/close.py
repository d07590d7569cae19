"""How close to torch is close enough: stated once, loosened per function with a reason."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.dtype import is_differentiable
from wengert.core.half import is_half

RELATIVE = {
    "float16": 2e-3,
    "bfloat16": 1.6e-2,
    "float32": 2e-5,
    "float64": 1e-12,
    "complex64": 2e-5,
    "complex128": 1e-12,
}

LOOSENED: dict[tuple[str, str], tuple[float, str]] = {
    ("binary_cross_entropy", "float64"): (1e-8, "torch keeps a denominator above 1e-12"),
    ("digamma", "float64"): (1e-9, "torch's trigamma, the slope, is good to 1e-10"),
    ("lgamma", "float64"): (1e-9, "torch's trigamma, the second slope, is good to 1e-10"),
    ("polygamma", "float64"): (1e-8, "torch's trigamma and zeta function are good to 1e-9"),
    ("logcumsumexp", "complex128"): (1e-9, "torch takes the logarithm of the cotangent"),
    ("hardsigmoid", "float64"): (1e-7, "torch's slope is 1/6 rounded to float32"),
}
"""(Function, dtype) -> another tolerance, and why."""


def assert_close(function: str, mine: Any, theirs: Any, *, signed_zero: bool = False) -> None:
    """Same shape and dtype; values equal within the tolerance, NaN where torch has NaN.

    The tolerance is relative to the element and to the largest finite element: both add up sums
    in their own order. signed_zero: -0 is not 0.
    """
    mine, theirs = np.asarray(mine), np.asarray(theirs)
    assert mine.dtype == theirs.dtype
    assert mine.shape == theirs.shape
    if not is_differentiable(theirs.dtype):
        np.testing.assert_array_equal(mine, theirs)
        return
    dtype = str(theirs.dtype)
    if is_half(theirs.dtype):  # NumPy would compare in the dtype itself
        mine, theirs = mine.astype(np.float32), theirs.astype(np.float32)
    relative, _ = LOOSENED.get((function, dtype), (RELATIVE[dtype], ""))
    finite = np.abs(theirs[np.isfinite(theirs)])
    largest = float(finite.max()) if finite.size else 0.0
    np.testing.assert_allclose(
        mine, theirs, rtol=relative, atol=relative * min(max(largest, 1.0), 1e6), equal_nan=True
    )
    if signed_zero and theirs.dtype.kind == "f":
        zeros = theirs == 0
        np.testing.assert_array_equal(np.signbit(mine[zeros]), np.signbit(theirs[zeros]))
