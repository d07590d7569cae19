"""torch.autograd's names: backward, grad, and the modes.

>>> import wengert as wg
>>> x = wg.tensor(2.0, requires_grad=True)
>>> wg.autograd.grad(x * x, x)
(tensor(4.),)
"""

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
    "backward", "enable_grad", "grad", "inference_mode", "is_grad_enabled", "no_grad",
    "set_grad_enabled",
]  # fmt: skip
