"""wengert: computational graphs you can see and ask."""

from wengert.autograd.backward import grad
from wengert.core.tensor import Tensor
from wengert.ops.arithmetic import add, mul
from wengert.ops.create import tensor

__all__ = ["Tensor", "add", "grad", "mul", "tensor"]
