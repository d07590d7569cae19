"""Every exception to every law: law -> function -> reason.

The list is exact. A function in it is tried all the same, and the run fails if it obeys the law.
"""

from __future__ import annotations

SKIPS: dict[str, dict[str, str]] = {
    "method": {
        "where": "the tensor is the second argument of the function: x.where(condition, y)",
    },
    "torch_gradients": {
        "floor_divide": "torch has no derivative of it",
    },
    "torch_second": {
        "floor_divide": "torch has no derivative of it",
    },
    "torch_special": {
        "floor_divide": "torch has no derivative of it",
        "masked_fill": "the value must have no dimensions; all special values at once have",
    },
    "trace": {
        "masked_select": "the shape of the result depends on the mask's values",
    },
}
