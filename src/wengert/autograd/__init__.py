"""torch.autograd's names: backward, grad, and the modes.

>>> import wengert as wg
>>> x = wg.tensor(2.0, requires_grad=True)
>>> wg.autograd.grad(x * x, x)
(tensor(4.),)
"""

import importlib
from typing import Any

from wengert.autograd import hooks as _hooks  # noqa: F401  # they are methods of Tensor
from wengert.autograd.backward import backward_all as backward
from wengert.autograd.backward import grad
from wengert.autograd.gradcheck import gradcheck, gradgradcheck
from wengert.modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)

__all__ = [
    "Function", "backward", "detect_anomaly", "enable_grad", "forward_ad", "function", "functional",
    "grad", "grad_mode", "gradcheck", "gradgradcheck", "graph", "inference_mode", "is_grad_enabled",
    "no_grad", "set_detect_anomaly", "set_grad_enabled", "set_multithreading_enabled",
]  # fmt: skip

_MODULES = ("anomaly_mode", "forward_ad", "function", "functional", "grad_mode", "graph")
_NAMES = {
    "Function": "function", "detect_anomaly": "anomaly_mode",
    "set_detect_anomaly": "anomaly_mode",
    "set_multithreading_enabled": "grad_mode",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Modules that are loaded on first use, and what is in them."""
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
