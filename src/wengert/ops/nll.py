"""The negative log-likelihood of classes: nll_loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.ops import classes_written
from wengert.ops.arguments import array_of, integer
from wengert.ops.axes import refuse_kinds
from wengert.ops.batching_losses import classes_rule, nll_transpose_rule
from wengert.ops.class_targets import (
    IGNORED,
    check_classes,
    one_class,
    share,
    target_weights,
    targets,
)
from wengert.ops.define import public
from wengert.ops.kinds import multilinear
from wengert.ops.losses import REDUCTIONS, check_reduction, check_weight, written
from wengert.ops.reduce import total
from wengert.ops.samples import Call, Sampler


def _nll(
    x: Any, target: Any, weight: Any, *, ignore_index: int, reduction: str, spatial: int
) -> Any:
    dim = 0 if x.ndim == 1 else 1
    target, kept = targets(target, x.shape[dim], ignore_index)
    losses = -_picked(x, target, dim)
    weights = target_weights(weight, target, kept, x.dtype)
    if weight is not None:
        losses = losses * weights
    if kept is not None:
        losses = np.where(kept, losses, x.dtype.type(0))  # also where the input is infinite
    if reduction == "none":
        return losses
    summed = total(losses, None, False)
    return summed if reduction == "sum" else summed / x.dtype.type(share(weights, target))


def _picked(x: Any, target: Any, dim: int) -> Any:
    """x at the target's class."""
    if x.ndim == 2:
        return x[np.arange(len(x)), target]
    return np.take_along_axis(x, np.expand_dims(target, dim), dim).squeeze(dim)


def _nll_transpose(
    x: Any, target: Any, weight: Any, *,
    shape: tuple[int, ...], ignore_index: int, reduction: str, spatial: int,
) -> Any:  # fmt: skip
    """x spread over the elements that were picked, among zeros of `shape`."""
    dim = 0 if len(shape) == 1 else 1
    target, kept = targets(target, shape[dim], ignore_index)
    weights = target_weights(weight, target, kept, x.dtype)
    values = -x / x.dtype.type(share(weights, target)) if reduction == "mean" else -x
    if weight is not None:
        values = values * weights
    if kept is not None:
        values = np.where(kept, values, x.dtype.type(0))
    out = np.zeros(shape, x.dtype)
    if len(shape) == 2:
        out[np.arange(shape[0]), target] = values
    else:
        values = np.broadcast_to(values, target.shape)
        np.put_along_axis(out, np.expand_dims(target, dim), np.expand_dims(values, dim), dim)
    return out


def _nll_aval(
    x: Aval, target: Aval, weight: Aval | None, ignore_index: int, reduction: str, spatial: int
) -> Aval:
    return Aval(target.shape if reduction == "none" else (), x.dtype)


def torch_name(attrs: dict[str, Any]) -> str:
    """torch has a kernel for images, and views all else as images."""
    spatial = attrs["spatial"]
    if not spatial:
        return "NllLossBackward0"
    return "ViewBackward0" if attrs["reduction"] == "none" != spatial != 2 else "NllLoss2DBackward0"


nll_op: Op = multilinear(
    "nll_loss", _nll,
    transposes=[
        lambda ct, x, target, weight, ignore_index, reduction, spatial: nll_transpose_op(
            ct, target, weight, shape=x.shape,
            ignore_index=ignore_index, reduction=reduction, spatial=spatial,
        ),
    ],
    promotion="none", torch="nn.functional.nll_loss", aval=_nll_aval, grad_name=torch_name,
    symbol=written("nll_loss", ignore_index=IGNORED),
    explain="slope -1 at the class that is right, shared out in a mean; 0 at all others",
    batch=classes_rule, written=classes_written.nll,
)  # fmt: skip
nll_transpose_op: Op = multilinear(
    "nll_loss_backward", _nll_transpose,
    transposes=[
        lambda ct, target, weight, ignore_index, reduction, spatial: nll_op(
            ct, target, weight, ignore_index=ignore_index, reduction=reduction, spatial=spatial,
        ),
    ],
    promotion="none", no_torch="torch has it for itself only",
    aval=lambda x, target, weight, shape, ignore_index, reduction, spatial: Aval(shape, x.dtype),
    explain="slope -1 into the place of the class that is right",
    batch=nll_transpose_rule, written=classes_written.nll_transpose,
)  # fmt: skip


def _samples(s: Sampler) -> Call:
    shape = s.choice([(3,), (2, 3), (4, 2), (2, 3, 2), (2, 3, 2, 2)])
    kept = shape[:1] + shape[2:] if len(shape) > 1 else ()
    classes = shape[min(len(shape), 2) - 1]
    ignored = s.choice([-100, -100, 0])
    args = (s.array(shape), s.integers(kept, 0, classes))
    return args, {"reduction": s.choice(REDUCTIONS), "ignore_index": ignored}


@public(torch="nn.functional.nll_loss", samples=_samples, method=False)
def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *,
    ignore_index: int = IGNORED, reduction: str = "mean",
) -> Any:  # fmt: skip
    """The mean of -input at the target's class: input holds log-probabilities.

    input: (n, c), (c,) or (n, c, ...), target: the class of each, (n,), () or (n, ...) -> (), or
    the target's shape with reduction="none". weight: (c,), by class; the mean is divided by the
    weights' sum. Targets equal to ignore_index count for nothing. Raises DimensionError for a
    class that there is not, ArgumentValueError or ShapeError where shapes do not fit,
    GradientError for a weight that requires grad.

    >>> import wengert as wg
    >>> wg.nll_loss(wg.tensor([[-0.1, -2.0], [-3.0, -0.5]]), wg.tensor([0, 1]))
    tensor(0.3000)
    """
    check_reduction("nll_loss", reduction)
    check_weight("nll_loss", "weight", weight)
    x = array_of(input)
    check_classes("nll_loss", x, array_of(target), weight)
    refuse_kinds("nll_loss", x, "biuc")
    integer("ignore_index", ignore_index)
    return nll_op(
        input, one_class(x, target), weight,
        ignore_index=ignore_index, reduction=reduction, spatial=max(x.ndim - 2, 0),
    )  # fmt: skip
