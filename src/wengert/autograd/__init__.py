"""torch.autograd's names: backward, grad, and the modes.

>>> import wengert as wg
>>> x = wg.tensor(2.0, requires_grad=True)
>>> wg.autograd.grad(x * x, x)
(tensor(4.),)
"""

import importlib
from typing import Any

from wengert.autograd.backward import backward_all as backward
from wengert.autograd.backward import grad
from wengert.modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)

__all__ = [
    "backward", "enable_grad", "forward_ad", "functional", "grad", "inference_mode",
    "is_grad_enabled", "no_grad", "set_grad_enabled",
]  # fmt: skip

_LAZY = ("forward_ad", "functional")


def __getattr__(name: str) -> Any:
    """Modules that are loaded on first use."""
    if name in _LAZY:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
