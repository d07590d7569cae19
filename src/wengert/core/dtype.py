"""Dtypes under torch's names, and torch's promotion rules on NumPy's dtypes."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from wengert.errors import ArgumentError, MissingPackageError
from wengert.modes import get_state

NumpyDType = np.dtype[Any]


class DType:
    """A dtype as torch names it: `wengert.float32`. There is one object per dtype."""

    __slots__ = ("category", "name", "numpy")

    def __init__(self, name: str, numpy: Any) -> None:
        self.name = name
        self.numpy: NumpyDType = np.dtype(numpy)
        self.category: int = _CATEGORY[self.numpy.kind]

    @property
    def is_floating_point(self) -> bool:
        return self.category == FLOATING

    @property
    def is_complex(self) -> bool:
        return self.category == COMPLEX

    @property
    def is_signed(self) -> bool:
        return self.numpy.kind not in "bu"

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self.numpy.itemsize

    def to_real(self) -> DType:
        """The dtype of the real part: float32 for complex64."""
        return dtype_of(np.zeros((), self.numpy).real.dtype)

    def to_complex(self) -> DType:
        """The complex dtype that holds this one: complex64 for float32."""
        return dtype_of(np.result_type(self.numpy, np.complex64))

    @property
    def dtype(self) -> NumpyDType:
        """NumPy's own, so that np.dtype(x.dtype) and np.zeros(2, x.dtype) understand it."""
        return self.numpy

    def __eq__(self, other: object) -> bool:
        """The same dtype, also as NumPy or Python name it: x.dtype == np.float64."""
        if isinstance(other, DType):
            return self is other
        if isinstance(other, (np.dtype, type)):
            try:
                return bool(self.numpy == other)
            except TypeError:
                return False
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.numpy)

    def __repr__(self) -> str:
        return f"wengert.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (as_dtype, (self.name,))

    def __copy__(self) -> DType:
        return self

    def __deepcopy__(self, memo: Any) -> DType:
        return self


BOOLEAN: Final = 0
INTEGRAL: Final = 1
FLOATING: Final = 2
COMPLEX: Final = 3
_CATEGORY: Final = {
    "b": BOOLEAN, "i": INTEGRAL, "u": INTEGRAL, "f": FLOATING, "c": COMPLEX,
    "V": FLOATING,  # bfloat16, which is no dtype of NumPy's own; it has no other that we take
}  # fmt: skip

bool_ = DType("bool", np.bool_)
uint8 = DType("uint8", np.uint8)
int8 = DType("int8", np.int8)
int16 = DType("int16", np.int16)
int32 = DType("int32", np.int32)
int64 = DType("int64", np.int64)
float16 = DType("float16", np.float16)
float32 = DType("float32", np.float32)
float64 = DType("float64", np.float64)
complex64 = DType("complex64", np.complex64)
complex128 = DType("complex128", np.complex128)

_ALL: Final = (
    bool_, uint8, int8, int16, int32, int64, float16, float32, float64, complex64, complex128,
)  # fmt: skip
_BY_NUMPY: Final = {d.numpy: d for d in _ALL}
_BY_NAME: Final = {d.name: d for d in _ALL}
_BY_PYTHON: Final[dict[Any, DType]] = {
    bool: bool_, int: int64, float: float64, complex: complex128,
}  # fmt: skip


@functools.cache
def bfloat16() -> DType:
    """wengert.bfloat16. Raises MissingPackageError without ml_dtypes, which is loaded here."""
    try:
        from ml_dtypes import bfloat16 as scalar
    except ImportError:
        raise MissingPackageError(
            "bfloat16 is no dtype of NumPy's own; it comes with the package ml_dtypes",
            "Install it: pip install 'wengert[bfloat16]' (or pip install ml_dtypes).",
        ) from None
    return DType("bfloat16", scalar)


def dtype_of(numpy: NumpyDType) -> DType:
    """Our dtype for NumPy's; raises ArgumentError for those that tensors cannot have."""
    found = _BY_NUMPY.get(numpy)
    if found is not None:
        return found
    if numpy.name == "bfloat16":
        return bfloat16()
    names = ", ".join(d.name for d in _ALL)
    raise ArgumentError(
        f"a tensor cannot hold dtype {numpy}", f"The dtypes are: {names}, bfloat16."
    )


def as_dtype(value: Any) -> DType:
    """The dtype that an argument `dtype=` names: ours, NumPy's, Python's or a string."""
    if isinstance(value, DType):
        return value
    if isinstance(value, str):
        name = value.rpartition(".")[2]
        known = bfloat16() if name == "bfloat16" else _BY_NAME.get(name)
    else:
        known = _BY_PYTHON.get(value)
    if known is not None:
        return known
    try:
        return dtype_of(np.dtype(value))
    except TypeError as error:
        if isinstance(error, ArgumentError):
            raise
        message = f"{value!r} is not a dtype"
        raise ArgumentError(message, "Write wengert.float32, for example.") from None


def _maker(scalar: Any) -> Any:
    """What makes a NumPy scalar of a Python float: 1 * x in a third of the time of float32(x)."""
    one = scalar(1)
    return one.__mul__ if type(one * 2.0) is scalar else scalar


class _Defaults:
    """The default dtype: process-wide, changed under a lock.

    scalar: makes a NumPy scalar of it of a Python float.
    """

    __slots__ = ("floating", "lock", "scalar")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.floating: DType = float32
        self.scalar = _maker(np.float32)


DEFAULTS: Final = _Defaults()


def get_default_dtype() -> DType:
    """The dtype that Python floats become: float32 unless it was changed."""
    return DEFAULTS.floating


def set_default_dtype(d: Any) -> None:
    """Make `d` the dtype of tensors built from Python floats, and of integers in true division.

    Raises ArgumentError unless `d` is a floating-point dtype.

    >>> set_default_dtype(float64); set_default_dtype(float32)
    """
    dtype = as_dtype(d)
    if not dtype.is_floating_point:
        raise ArgumentError(f"the default dtype must be floating point, not {dtype}")
    with DEFAULTS.lock:
        DEFAULTS.floating = dtype
        DEFAULTS.scalar = _maker(dtype.numpy.type)


def computed_float() -> NumpyDType:
    """The dtype that arithmetic turns integers into: the default one, float64 among arrays.

    In a function that was given NumPy's arrays, a ratio of counts is as precise as NumPy's.
    """
    state = get_state()
    return float64.numpy if state is not None and state.arrays is not None else default_float()


def default_float() -> NumpyDType:
    """NumPy's dtype of Python floats."""
    return DEFAULTS.floating.numpy


def default_complex() -> NumpyDType:
    """NumPy's dtype of Python complex numbers."""
    return np.dtype(np.result_type(DEFAULTS.floating.numpy, np.complex64))


def weak_dtype(value: Any) -> NumpyDType:
    """The dtype of a Python scalar, where nothing stronger decides."""
    if isinstance(value, bool):
        return bool_.numpy
    if isinstance(value, int):
        return int64.numpy
    return default_float() if isinstance(value, float) else default_complex()


def promote(a: NumpyDType, b: NumpyDType) -> NumpyDType:
    """torch.promote_types: the higher category wins, and inside a category the wider dtype.

    Unlike NumPy, int64 with float32 is float32.
    """
    if a == b:
        return a
    low, high = sorted((a, b), key=lambda d: _CATEGORY[d.kind])
    if _CATEGORY[low.kind] == _CATEGORY[high.kind] or (high.kind == "c" and is_floating(low)):
        # Of two halves neither holds the other, and NumPy knows nothing above both.
        halves = low.itemsize == high.itemsize == 2 and is_floating(low)
        return float32.numpy if halves else np.promote_types(a, b)
    return high


def _strongest(dtypes: Iterable[NumpyDType]) -> NumpyDType | None:
    result: NumpyDType | None = None
    for dtype in dtypes:
        result = dtype if result is None else promote(result, dtype)
    return result


def common_dtype(values: Iterable[Any]) -> NumpyDType:
    """torch.result_type of arrays, 0-d arrays and Python scalars.

    Arrays with dimensions decide; 0-d ones count only if their category is higher, and Python
    scalars only if theirs is higher still.
    """
    dimensioned: list[NumpyDType] = []
    zero_dim: list[NumpyDType] = []
    weak: list[NumpyDType] = []
    for value in values:
        if value is None:
            continue
        if isinstance(value, (np.ndarray, np.generic)):
            (dimensioned if value.ndim else zero_dim).append(value.dtype)
        else:
            weak.append(computed_float() if type(value) is float else weak_dtype(value))
    result: NumpyDType | None = None
    for group in (dimensioned, zero_dim, weak):
        strongest = _strongest(group)
        if strongest is None:
            continue
        if result is None:
            result = strongest
        elif _CATEGORY[strongest.kind] > _CATEGORY[result.kind]:
            if strongest.kind == "c" and is_floating(result):
                strongest = np.dtype(np.complex64)  # the precision stays that of the reals
            result = promote(result, strongest)
    return result if result is not None else computed_float()


def category(dtype: NumpyDType) -> int:
    """BOOLEAN < INTEGRAL < FLOATING < COMPLEX: values may be stored upwards only."""
    return _CATEGORY[dtype.kind]


def is_differentiable(dtype: NumpyDType) -> bool:
    """Whether tensors of this dtype can require grad: floating point and complex."""
    return dtype.kind in "fcV"


def is_floating(dtype: NumpyDType) -> bool:
    """Whether this is a floating-point dtype, bfloat16 included, whose kind is V to NumPy."""
    return dtype.kind in "fV"


def limits_of(dtype: NumpyDType) -> Any:
    """The limits of a floating-point dtype: what np.finfo says, of bfloat16 too."""
    if dtype.kind != "V":
        return np.finfo(dtype)
    import ml_dtypes

    limits: Any = ml_dtypes.finfo
    return limits(dtype)


def is_numeric(dtype: NumpyDType) -> bool:
    """Whether these are numbers or booleans: all but text, dates and objects."""
    return dtype.kind in _CATEGORY
