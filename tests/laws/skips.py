"""Every exception to every law: law -> function -> reason.

The list is exact. A function in it is tried all the same, and the run fails if it obeys the law.
"""

from __future__ import annotations

ONE_INT = "the method takes a single int in place of the tuple; here the function does, too"

SKIPS: dict[str, dict[str, str]] = {
    "method": {
        "where": "the tensor is the second argument of the function: x.where(condition, y)",
    },
    "torch_dtypes": {
        "kthvalue": "among equal elements torch picks any, here the first",
        "topk": "among equal elements torch picks any, here the first",
    },
    "torch_errors": {
        "broadcast_to": ONE_INT,
        "flip": ONE_INT,
        "permute": ONE_INT,
        "reshape": ONE_INT,
        "split": "torch.split calls a method of whatever it is given: AttributeError",
        "tile": ONE_INT,
    },
    "torch_freed": {
        "pad": "torch keeps the input of a padding by reflection; nothing but its shape is needed",
    },
    "torch_names": {
        "pad": "circular padding is a series of in-place writes in torch, one operation here",
        "repeat_interleave": "a series of views and a copy in torch, one operation here",
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
