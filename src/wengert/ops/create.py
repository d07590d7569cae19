"""Tensors from data."""

from __future__ import annotations

import warnings
from typing import Any, Final

import numpy as np

from wengert.core.dtype import DEFAULTS, as_dtype, is_differentiable
from wengert.core.fast import make_leaf
from wengert.core.handles import note_fresh
from wengert.core.marks import mark_cut, mark_inference
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentValueError
from wengert.modes import current, get_state
from wengert.ops.canonical import check_device, numpy_dtype
from wengert.ops.cast import to
from wengert.ops.convert import from_dlpack, from_numpy
from wengert.ops.copying import named
from wengert.ops.define import public
from wengert.ops.nested import array_from
from wengert.ops.reshape import clone
from wengert.ops.samples import Call, Sampler
from wengert.sites import user_site

_FLOATS: Final = {float}
_array: Final = np.array
_create: Final = Tensor.__new__
_WITHIN_FLOAT16: Final = 65504.0


def _data_samples(s: Sampler) -> Call:
    return (s.array(s.shape(min_side=0)).tolist(),), {}


@public(torch="tensor", method=False, differentiable=False, samples=_data_samples, out=False)
def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    pin_memory: bool = False, name: str | None = None,
) -> Tensor:  # fmt: skip
    """A tensor with a copy of `data`.

    data: a number, nested lists of numbers, a NumPy array, or a tensor. dtype: the default one
    for Python's floats, int64 for ints, bool for booleans; arrays keep theirs. requires_grad:
    gradients are accumulated in `.grad`. name: what graphs call it, instead of the variable's
    name. pin_memory is accepted and means nothing here.

    Raises ArgumentValueError for ragged data, DTypeError for what is no number, and for integers
    or booleans that require grad.

    >>> import wengert as wg
    >>> wg.tensor([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 2.],
            [3., 4.]])
    >>> wg.tensor(2, dtype=float, requires_grad=True)
    tensor(2., dtype=wengert.float64, requires_grad=True)
    """
    # A float and a flat list of floats, the commonest leaves, do without the general way.
    state = get_state() or current()
    kind = type(data)
    read: list[Tensor] | None = None
    if kind is float and dtype is None and -_WITHIN_FLOAT16 < data < _WITHIN_FLOAT16:
        array: Any = DEFAULTS.scalar(data)
    elif (
        kind is list
        and dtype is None
        and (type(data[0]) is float if len(data) == 1 else set(map(type, data)) == _FLOATS)
    ):
        run = state.run
        array = run(_array, data, DEFAULTS.floating.numpy)
    else:
        read = []
        array = array_from(data, numpy_dtype(dtype), read)
    if device is not None:
        check_device(device)
    made = _create(Tensor)  # _new(array, None), written out: a tenth of a leaf's time
    made._data = array
    made._node = None
    made._memory = None
    made._extra = None
    if state.inference:
        mark_inference(made)
    if state.fresh is not None:
        note_fresh(made, state.fresh)
    if read:
        _cut_from(made, data, read)
    if requires_grad:
        if read is None or is_differentiable(array.dtype):
            make_leaf(made, state)
        else:
            made.requires_grad_()  # raises
    return made if name is None else named(made, name)


def _cut_from(copy: Tensor, data: Any, read: list[Tensor]) -> None:
    """Warn where torch does, and mark where the history of the tensors that were read ended."""
    has_history = any(t._node is not None for t in read)
    if isinstance(data, Tensor):
        _warn(
            "To copy construct from a tensor, it is recommended to use source.detach().clone() or "
            "source.detach().clone().requires_grad_(True), rather than wengert.tensor(source)."
        )
    elif has_history:
        _warn(
            "The numbers of tensors that require grad are copied, and no gradient goes through. "
            "Use wengert.stack(tensors), or .detach() if that is meant."
        )
    if has_history or any(t._extra is not None and t._extra.cuts for t in read):
        mark_cut(copy, "tensor", user_site())


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=4)


@public(torch="as_tensor", method=False, differentiable=False, samples=_data_samples, out=False)
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Any:
    """A tensor with this data: itself if it is one, on the memory of an array, else a copy.

    A tensor keeps its history. Raises what `tensor` and `from_numpy` raise.
    """
    check_device(device)
    if isinstance(data, Tensor):
        return to(data, dtype)
    if isinstance(data, np.ndarray):
        return to(from_numpy(data), dtype)
    return tensor(data, dtype=dtype)


@public(torch="asarray", method=False, differentiable=False, samples=_data_samples, out=False)
def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None,
    requires_grad: bool | None = None,
) -> Any:  # fmt: skip
    """A tensor with this data, sharing memory where it can.

    obj: a tensor, an array, an object that speaks DLPack, or what `tensor` takes. copy: True for
    a copy in any case; False raises ArgumentValueError where one is needed. requires_grad: None
    leaves a tensor as it is; False detaches it.
    """
    check_device(device)
    shares = isinstance(obj, (Tensor, np.ndarray)) or hasattr(obj, "__dlpack__")
    if copy is False and not shares:
        raise ArgumentValueError("can't alias arbitrary sequence into a tensor.")
    made = _aliased(obj) if shares else tensor(obj, dtype=dtype)
    wanted = made.dtype if dtype is None else as_dtype(dtype)
    if copy is False and wanted is not made.dtype:
        raise ArgumentValueError(
            f"can't alias tensor with dtype {made.dtype.name} into dtype {wanted.name}."
        )
    if requires_grad is False:
        made = made.detach()
    if wanted is not made.dtype:
        made = to(made, wanted)
    elif shares and copy:
        made = clone(made)
    return made.requires_grad_() if requires_grad else made


def _aliased(obj: Any) -> Any:
    if isinstance(obj, Tensor):
        return obj
    return from_numpy(obj) if isinstance(obj, np.ndarray) else from_dlpack(obj)
