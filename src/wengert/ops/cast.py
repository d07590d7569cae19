"""Tensors in other dtypes."""

from __future__ import annotations

import warnings
from typing import Any, Final

from wengert.core.dtype import DType, NumpyDType, as_dtype, float64
from wengert.core.place import Device
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError
from wengert.ops.about import expect_tensor
from wengert.ops.batching import broadcast_rule
from wengert.ops.canonical import check_device, numpy_dtype
from wengert.ops.define import method, public
from wengert.ops.kinds import linear
from wengert.ops.samples import Call, Sampler


def _cast(x: Any, *, dtype: NumpyDType) -> Any:
    if x.dtype.kind == "c" and dtype.kind not in "cb":
        x = x.real
    return x.astype(dtype)


to_op = linear(
    "to", _cast, transpose=lambda ct: ct, no_torch="torch has it as a method only",
    grad_name="ToCopyBackward0", exact=True,
    explain="slope 1: a change goes through a conversion of the dtype",
    batch=broadcast_rule, lower=lambda code, x, dtype: x,  # the compiler casts results
)  # fmt: skip


def _to_samples(s: Sampler) -> Call:
    return (s.array(s.shape()), float64), {"copy": True}


@public(torch="Tensor.to", samples=_to_samples)
def to(
    input: Tensor, *args: Any, dtype: Any = None, device: Any = None, copy: bool = False,
    non_blocking: bool = False, memory_format: Any = None,
) -> Any:  # fmt: skip
    """The tensor in another dtype: `x.to(dtype)`, `x.to("cpu", dtype)`, `x.to(other)`.

    The tensor itself if it has the dtype already and `copy` is not asked for. The gradient comes
    back in this tensor's own dtype. non_blocking and memory_format are accepted and mean nothing
    here. Raises ArgumentError for devices other than "cpu".

    >>> import wengert as wg
    >>> wg.tensor([1.7, -1.7]).to(wg.int64)
    tensor([ 1, -1])
    """
    expect_tensor("to", input)
    given, copy = _to_arguments(args, copy)
    if not isinstance(copy, bool):
        raise ArgumentError(f"to(): copy must be True or False, not {type(copy).__name__}")
    wanted = numpy_dtype(dtype if dtype is not None else given)
    check_device(device)
    own: NumpyDType = input._data.dtype
    if wanted is None:
        wanted = own
    if wanted == own and not copy:
        return input
    if own.kind == "c" and wanted.kind not in "cb":
        message = "Casting complex values to real discards the imaginary part; .real says so."
        warnings.warn(message, UserWarning, stacklevel=2)
    return to_op(input, dtype=wanted)


def _to_arguments(args: tuple[Any, ...], copy: bool) -> tuple[Any, bool]:
    """dtype and copy from to(dtype), to(device, dtype) or to(other), non_blocking and copy last."""
    rest = list(args)
    dtype = None
    if rest and isinstance(rest[0], Tensor):
        dtype = rest.pop(0).dtype
    elif rest and (rest[0] is None or _is_device(rest[0])):
        check_device(rest.pop(0))
    if rest and dtype is None and not isinstance(rest[0], bool):
        dtype = rest.pop(0)
    if len(rest) > 2 or not all(isinstance(flag, bool) for flag in rest):
        raise ArgumentError(
            "to() takes a dtype, a device or a tensor, and then non_blocking and copy",
            "x.to(wengert.float64), x.to('cpu', wengert.float64), x.to(other).",
        )
    return dtype, rest[1] if len(rest) == 2 else copy


def _is_device(value: Any) -> bool:
    """An integer is one, too: the number of an accelerator, of which there are none."""
    return isinstance(value, (str, Device, int)) and not isinstance(value, bool)


_CASTS: Final = {
    "float": "float32", "double": "float64", "half": "float16", "int": "int32", "long": "int64",
    "short": "int16", "char": "int8", "byte": "uint8", "bool": "bool", "cfloat": "complex64",
    "cdouble": "complex128",
}  # fmt: skip


def _add_cast(name: str, dtype: DType) -> None:
    def cast(self: Tensor, memory_format: Any = None) -> Any:
        return to(self, dtype)

    cast.__name__ = cast.__qualname__ = name
    cast.__doc__ = f"The tensor in {dtype.name}: `x.to(wengert.{dtype.name})`."
    setattr(Tensor, name, cast)


for _name, _dtype in _CASTS.items():
    _add_cast(_name, as_dtype(_dtype))


@method(Tensor)
def bfloat16(self: Tensor, memory_format: Any = None) -> Any:
    """The tensor in bfloat16. Raises MissingPackageError without the package ml_dtypes."""
    return to(self, dtype="bfloat16")


# torch's names from the time when the dtype was part of the class: x.type() == "torch.FloatTensor".
_OLD_NAMES: Final = {
    dtype: f"{name.capitalize()}Tensor"
    for name, dtype in _CASTS.items()
    if name not in ("cfloat", "cdouble")
} | {
    "complex64": "ComplexFloatTensor",
    "complex128": "ComplexDoubleTensor",
    "bfloat16": "BFloat16Tensor",
}


def type_(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The name of this tensor's type, or this tensor in another dtype.

    >>> import wengert as wg
    >>> wg.tensor(1.0).type()
    'wengert.FloatTensor'
    >>> wg.tensor(1.0).type("torch.LongTensor")
    tensor(1)
    """
    if dtype is None:
        return f"wengert.{_OLD_NAMES[self.dtype.name]}"
    if isinstance(dtype, str):
        old = dtype.rpartition(".")[2]
        names = [name for name, known in _OLD_NAMES.items() if known == old]
        if not names:
            raise ArgumentValueError(f"invalid type: {dtype!r}", 'For example "LongTensor".')
        dtype = names[0]
    return to(self, dtype=dtype)


type_.__name__ = "type"  # which would hide the builtin here
method(Tensor)(type_)


@method(Tensor)
def type_as(self: Tensor, other: Tensor) -> Any:
    """The tensor in the dtype of another one."""
    return to(self, other)


@method(Tensor)
def cpu(self: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor itself: the CPU is where all tensors are."""
    return self
