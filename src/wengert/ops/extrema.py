"""The largest and smallest elements, and where they stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.core.op import Op
from wengert.core.registry import OPS
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, DimensionError, DTypeError
from wengert.ops.arguments import array_of, flag
from wengert.ops.axes import (
    Axes,
    dim_for,
    kept,
    largest,
    over,
    over_one,
    reduction_call,
    refuse_empty,
    refuse_kinds,
    smallest,
    widened,
)
from wengert.ops.batching import along, over_all
from wengert.ops.batching_index import flat_when_none
from wengert.ops.canonical import Dims
from wengert.ops.define import public
from wengert.ops.kinds import discrete, general
from wengert.ops.named import AminmaxResult, MaxResult, MinResult
from wengert.ops.samples import Call, Sampler
from wengert.ops.scatter import scatter_op

_SHARED = "slope 1 for the element that is returned, shared equally among ties; 0 for all others"
_ONE = "slope 1 for the element that is returned, 0 for all others"


# Over all elements, or over several dimensions: ties share the slope.


def _extreme(name: str, reduce: Callable[..., Any]) -> Callable[..., Any]:
    def forward(x: Any, *, dim: Axes | None, keepdim: bool) -> Any:
        refuse_kinds(name, x, "c")
        refuse_empty(name, x, dim)
        return reduce(x, dim, None, None, keepdim)

    return forward


def _whole_extreme(name: str, reduce: Callable[..., Any]) -> Callable[..., Any]:
    def forward(x: Any) -> Any:
        refuse_kinds(name, x, "c")
        refuse_empty(name, x, None)
        return reduce(x, None)

    return forward


def shared(ct: Any, x: Any, out: Any) -> Any:
    """The cotangent of one selected value, in equal shares to the elements that are equal to it.

    A NaN is shared among all NaNs. Source: torch's evenly_distribute_backward.
    """
    chosen = (x == out) | ((x != x) & (out != out))
    return ct / np.sum(chosen, dtype=ct.dtype) * chosen


def _shared_along(ct: Any, x: Any, x_aval: Any, out: Any, dim: Axes | None, keepdim: bool) -> Any:
    """The same along dimensions; where the extreme is NaN, every share is NaN, as in torch."""
    chosen = x == widened(out, x, dim, keepdim)
    how_many = np.sum(chosen, axis=dim, keepdims=True, dtype=x_aval.dtype)
    return widened(ct, x, dim, keepdim) / how_many * chosen


amax_op = general(
    "amax", _extreme("amax", largest), pullbacks=[_shared_along], torch="amax",
    latex=r"\max {}", vanishing="not selected", explain=_SHARED,
    batch=along("dim"), reduces="max",
)  # fmt: skip
amin_op = general(
    "amin", _extreme("amin", smallest), pullbacks=[_shared_along], torch="amin",
    latex=r"\min {}", vanishing="not selected", explain=_SHARED,
    batch=along("dim"), reduces="min",
)  # fmt: skip
max_op = general(
    "max", _whole_extreme("max", largest), written=lambda x: amax_op(x, dim=None, keepdim=False),
    pullbacks=[shared], torch="max",
    grad_name="MaxBackward1", latex=r"\max {}", vanishing="not selected", explain=_SHARED,
    batch=over_all("amax"),
)  # fmt: skip
min_op = general(
    "min", _whole_extreme("min", smallest), written=lambda x: amin_op(x, dim=None, keepdim=False),
    pullbacks=[shared], torch="min",
    grad_name="MinBackward1", latex=r"\min {}", vanishing="not selected", explain=_SHARED,
    batch=over_all("amin"),
)  # fmt: skip


def _aminmax(x: Any, *, dim: Axes | None, keepdim: bool) -> tuple[Any, Any]:
    refuse_kinds("aminmax", x, "c")
    refuse_empty("aminmax", x, dim)
    return (
        smallest(x, dim, None, None, keepdim),
        largest(x, dim, None, None, keepdim),
    )


def _aminmax_pullback(
    ct: Any, x: Any, x_aval: Any, out: Any, dim: Axes | None, keepdim: bool
) -> Any:
    low = _shared_along(ct[0], x, x_aval, out[0], dim, keepdim)
    return low + _shared_along(ct[1], x, x_aval, out[1], dim, keepdim)


aminmax_op = general(
    "aminmax", _aminmax, pullbacks=[_aminmax_pullback], outputs=2, torch="aminmax",
    written=lambda x, **how: (amin_op(x, **how), amax_op(x, **how)),
    results_as=("min", "max"),
    explain=_SHARED,
    batch=along("dim"),
)  # fmt: skip


# Along one dimension, with indices: the element at the index takes it all.


def _extreme_along(name: str, find: Callable[..., Any]) -> Callable[..., tuple[Any, Any]]:
    def forward(x: Any, *, dim: int, keepdim: bool) -> tuple[Any, Any]:
        refuse_kinds(name, x, "c")
        if x.ndim == 0:
            return x.copy(), np.int64(0)
        refuse_empty(name, x, dim)
        index = find(x, dim, keepdims=True)
        return taken(x, index, dim, keepdim)

    return forward


def taken(x: Any, index: Any, dim: int, keepdim: bool) -> tuple[Any, Any]:
    """The elements at an index along `dim`, where it has length 1, and the index."""
    values = np.take_along_axis(x, index, dim)
    return (values, index) if keepdim else (values.squeeze(dim), index.squeeze(dim))


def chosen_along(ct: Any, x_aval: Any, out: Any, dim: int, keepdim: bool) -> Any:
    """The cotangent of the values that stand at the indices out[1], put where they stand."""
    index = widened(out[1], x_aval, dim, keepdim)
    values = widened(ct[0], x_aval, dim, keepdim)
    return scatter_op(None, index, values, dim=dim, shape=x_aval.shape)


def _picked(find: Any, x: Any, dim: int, keepdim: bool) -> Any:
    """The element at the index, and not an extreme: of 0 and -0 the first is returned."""
    if not x.ndim:
        return None
    index = find(x, dim=dim, keepdim=True)
    values = OPS["gather"](x, index, dim=dim)
    shape = index.shape if keepdim else index.shape[:dim] + index.shape[dim + 1 :]
    return values.reshape(shape), index.reshape(shape)


max_dim_op = general(
    "max_dim", _extreme_along("max", np.argmax), pullbacks=[chosen_along], outputs=2,
    results_as=("values", "indices"),
    torch="max", grad_name="MaxBackward0", vanishing="not selected", explain=_ONE,
    batch=along("dim"), written=lambda x, *, dim, keepdim: _picked(argmax_op, x, dim, keepdim),
)  # fmt: skip
min_dim_op = general(
    "min_dim", _extreme_along("min", np.argmin), pullbacks=[chosen_along], outputs=2,
    results_as=("values", "indices"),
    torch="min", grad_name="MinBackward0", vanishing="not selected", explain=_ONE,
    batch=along("dim"), written=lambda x, *, dim, keepdim: _picked(argmin_op, x, dim, keepdim),
)  # fmt: skip


# The public functions


def _extreme_call(s: Sampler) -> Call:
    """The three forms: of everything, along a dimension, of two tensors."""
    form = s.choice(["all", "dim", "pair"])
    if form == "pair":
        shapes = s.broadcastable(2)
        return (s.array(shapes[0]), s.array(shapes[1])), {}
    x = s.array(s.shape(), distinct=True)
    return (
        ((x,), {}) if form == "all" else ((x, s.dim(x.ndim)), {"keepdim": s.choice([False, True])})
    )


def _distinct_call(s: Sampler) -> Call:
    (x,), attributes = reduction_call(s)
    return (s.array(x.shape, distinct=True),), attributes


def _aminmax_call(s: Sampler) -> Call:
    x = s.array(s.shape(), distinct=True)
    dim = s.choice([None, s.dim(x.ndim)])
    return (x,), {"dim": dim, "keepdim": s.choice([False, True])}


def _three_forms(
    name: str, input: Tensor, dim: Any, keepdim: bool, other: Any, pair: str
) -> tuple[Any, int | None]:
    """What the arguments of max and min ask for: (the elementwise result or None, dimension)."""
    if isinstance(dim, (Tensor, np.ndarray)):
        dim, other = None, dim
    if other is not None:
        return OPS[pair](input, other), None
    array_of(input)
    keepdim = flag("keepdim", keepdim)
    if dim is not None:
        return None, dim_for(name, input, dim)
    if keepdim:
        raise ArgumentError(
            f"{name}(): keepdim needs a dimension", f"Use a{name}(keepdim=True), or give dim."
        )
    return None, None


@public(torch="max", samples=_extreme_call)
def max_(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The largest element; along a dimension, the largest and their indices; or of two tensors.

    max(x): a 0-d tensor; ties share its gradient. max(x, dim, keepdim): (values, indices); the
    element at the index takes the gradient. max(x, y): elementwise, as `maximum`. A NaN is larger
    than every number. Raises ShapeError or DimensionError where there is no element, DTypeError
    for complex tensors.

    >>> import wengert as wg
    >>> wg.tensor([1.0, 5.0, 3.0]).max()
    tensor(5.)
    >>> wg.tensor([[1.0, 5.0], [7.0, 3.0]]).max(dim=1).indices
    tensor([1, 0])
    """
    pair, at = _three_forms("max", input, dim, keepdim, other, "maximum")
    if pair is not None:
        return pair
    return max_op(input) if at is None else MaxResult(*max_dim_op(input, dim=at, keepdim=keepdim))


@public(torch="min", samples=_extreme_call)
def min_(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The smallest element; along a dimension, the smallest and their indices; or of two tensors.

    min(x): a 0-d tensor; ties share its gradient. min(x, dim, keepdim): (values, indices); the
    element at the index takes the gradient. min(x, y): elementwise, as `minimum`. A NaN is smaller
    than every number. Raises ShapeError or DimensionError where there is no element, DTypeError
    for complex tensors.

    >>> import wengert as wg
    >>> wg.tensor([4.0, 1.0, 3.0]).min()
    tensor(1.)
    """
    pair, at = _three_forms("min", input, dim, keepdim, other, "minimum")
    if pair is not None:
        return pair
    return min_op(input) if at is None else MinResult(*min_dim_op(input, dim=at, keepdim=keepdim))


@public(torch="amax", samples=_distinct_call)
def amax(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Any:
    """The largest element of everything, or along one or several dimensions.

    x: any shape -> the shape without `dim`, or with length 1 there if `keepdim`. Ties share the
    gradient equally. Raises ShapeError or DimensionError where there is no element.

    >>> import wengert as wg
    >>> wg.tensor([[1.0, 5.0], [7.0, 3.0]]).amax(dim=1)
    tensor([5., 7.])
    """
    return amax_op(input, **over("amax", input, None if dim == () else dim, keepdim))


@public(torch="amin", samples=_distinct_call)
def amin(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Any:
    """The smallest element of everything, or along one or several dimensions. See `amax`.

    >>> import wengert as wg
    >>> wg.tensor([[1.0, 5.0], [7.0, 3.0]]).amin(dim=1)
    tensor([1., 3.])
    """
    return amin_op(input, **over("amin", input, None if dim == () else dim, keepdim))


@public(torch="aminmax", samples=_aminmax_call)
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """The smallest and the largest element, of everything or along a dimension: (min, max).

    Ties share the gradient equally. Raises ShapeError where there is no element.

    >>> import wengert as wg
    >>> low, high = wg.tensor([2.0, 1.0, 3.0]).aminmax()
    >>> low, high
    (tensor(1.), tensor(3.))
    """
    at = None if dim is None else dim_for("aminmax", input, dim)
    return AminmaxResult(*aminmax_op(input, **over("aminmax", input, at, keepdim)))


# Indices alone


def _place(name: str, find: Callable[..., Any]) -> Callable[..., Any]:
    def forward(x: Any, *, dim: int | None, keepdim: bool) -> Any:
        if x.dtype.kind in "bc":
            what = "bool" if x.dtype.kind == "b" else "complex"
            raise DTypeError(f"{name}(): does not support {what} input", "Cast the tensor first.")
        if x.ndim == 0:
            return np.int64(0)
        refuse_empty(name, x, dim, DimensionError)
        index = find(x, dim)
        return index.reshape(kept(x.shape, dim)) if keepdim else index

    return forward


argmax_op: Op = discrete(
    "argmax", _place("argmax", np.argmax), torch="argmax", batch=flat_when_none(), reduces="argmax"
)
argmin_op: Op = discrete(
    "argmin", _place("argmin", np.argmin), torch="argmin", batch=flat_when_none(), reduces="argmin"
)


def _place_call(s: Sampler) -> Call:
    x = s.array(s.shape(), distinct=True)
    return (x,), {"dim": s.choice([None, s.dim(x.ndim)]), "keepdim": s.choice([False, True])}


@public(torch="argmax", samples=_place_call, differentiable=False)
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """Where the largest element stands: in the flattened tensor, or along a dimension.

    x: any shape -> int64. The first of several; a NaN is larger than every number. Raises
    DTypeError for booleans and complex numbers, ShapeError or DimensionError where there is no
    element.

    >>> import wengert as wg
    >>> wg.tensor([[1.0, 5.0], [7.0, 3.0]]).argmax()
    tensor(2)
    """
    return argmax_op(input, **over_one(input, dim, keepdim))


@public(torch="argmin", samples=_place_call, differentiable=False)
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """Where the smallest element stands: in the flattened tensor, or along a dimension.

    See `argmax`; a NaN is smaller than every number.

    >>> import wengert as wg
    >>> wg.tensor([[1.0, 5.0], [7.0, 3.0]]).argmin(dim=0)
    tensor([0, 1])
    """
    return argmin_op(input, **over_one(input, dim, keepdim))
