"""torch's functions that end in an underscore: the in-place methods, and activations, as functions.

>>> import wengert as wg
>>> x = wg.tensor([-1.0, 4.0])
>>> wg.abs_(x) is x, x
(True, tensor([1., 4.]))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError
from wengert.ops import rectifiers


def _function(name: str) -> Callable[..., Any]:
    """A method as a function. It is looked up when it is called: Tensor may not have it yet."""

    def change(input: Tensor, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(input, Tensor):
            raise ArgumentError(f"{name}: input must be a tensor, not {type(input).__name__}")
        return getattr(input, name)(*args, **kwargs)

    change.__name__ = change.__qualname__ = name
    change.__doc__ = f"Tensor.{name} as a function: it returns the tensor that it changes."
    return change


abs_ = _function("abs_")
acos_ = _function("acos_")
acosh_ = _function("acosh_")
addmv_ = _function("addmv_")
arccos_ = _function("arccos_")
arccosh_ = _function("arccosh_")
arcsin_ = _function("arcsin_")
arcsinh_ = _function("arcsinh_")
arctan_ = _function("arctan_")
arctanh_ = _function("arctanh_")
asin_ = _function("asin_")
asinh_ = _function("asinh_")
atan_ = _function("atan_")
atanh_ = _function("atanh_")
ceil_ = _function("ceil_")
clamp_ = _function("clamp_")
clamp_max_ = _function("clamp_max_")
clamp_min_ = _function("clamp_min_")
clip_ = _function("clip_")
conj_physical_ = _function("conj_physical_")
cos_ = _function("cos_")
cosh_ = _function("cosh_")
deg2rad_ = _function("deg2rad_")
detach_ = _function("detach_")
erf_ = _function("erf_")
erfc_ = _function("erfc_")
exp2_ = _function("exp2_")
exp_ = _function("exp_")
expm1_ = _function("expm1_")
fill_ = _function("fill_")
fix_ = _function("fix_")
floor_ = _function("floor_")
frac_ = _function("frac_")
i0_ = _function("i0_")
index_put_ = _function("index_put_")
log10_ = _function("log10_")
log1p_ = _function("log1p_")
log2_ = _function("log2_")
log_ = _function("log_")
logit_ = _function("logit_")
nan_to_num_ = _function("nan_to_num_")
neg_ = _function("neg_")
negative_ = _function("negative_")
rad2deg_ = _function("rad2deg_")
reciprocal_ = _function("reciprocal_")
relu_ = _function("relu_")
resize_as_ = _function("resize_as_")
round_ = _function("round_")
rsqrt_ = _function("rsqrt_")
sigmoid_ = _function("sigmoid_")
sin_ = _function("sin_")
sinc_ = _function("sinc_")
sinh_ = _function("sinh_")
sqrt_ = _function("sqrt_")
square_ = _function("square_")
tan_ = _function("tan_")
tanh_ = _function("tanh_")
trunc_ = _function("trunc_")
xlogy_ = _function("xlogy_")
zero_ = _function("zero_")


def celu_(input: Tensor, alpha: float = 1.0) -> Any:
    """celu in the input's own memory."""
    return rectifiers.celu(input, alpha, inplace=True)


def elu_(input: Tensor, alpha: float = 1.0) -> Any:
    """elu in the input's own memory."""
    return rectifiers.elu(input, alpha, inplace=True)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """hardtanh in the input's own memory."""
    return rectifiers.hardtanh(input, min_val, max_val, inplace=True)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Any:
    """leaky_relu in the input's own memory."""
    return rectifiers.leaky_relu(input, negative_slope, inplace=True)


def selu_(input: Tensor) -> Any:
    """selu in the input's own memory."""
    return rectifiers.selu(input, inplace=True)


FUNCTIONAL: Final = ("celu_", "elu_", "hardtanh_", "leaky_relu_", "relu_", "selu_")
"""Those that stand in nn.functional."""

ONLY_FUNCTIONAL: Final = ("elu_", "hardtanh_", "leaky_relu_")
"""Those that stand nowhere else."""
