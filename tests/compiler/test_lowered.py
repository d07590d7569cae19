"""Every operation with native code by itself: special values and casts, in every dtype."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from compiler.equal import assert_same, bits
from wengert.core.handles import _new
from wengert.core.registry import every_op
from wengert.errors import WengertError

LOWERED = [op for op in every_op().values() if op.lower is not None]
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -3.25, np.inf, -np.inf, np.nan, 1e-40, 3e38, -1e308]
SMOOTH = [0.1, -0.3, 0.9, 1.7, -2.5, 6.0, -7.0, 20.5, -31.0, 87.0, -95.0, 1e-5, 1e4, -3e7]
WHOLE = [0, 1, -1, 2, 3, -5, 7, 64, 100, 127, -128, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63)]
FLOATS = [np.float32, np.float64]
DTYPES = [*FLOATS, np.bool_, np.uint8, np.int8, np.int16, np.int32, np.int64]

ATTRIBUTES = {
    "add_scaled": [{"alpha": 3}], "sub_scaled": [{"alpha": 2}], "rsub": [{"alpha": 1}],
    "div_rounded": [{"rounding_mode": "floor"}, {"rounding_mode": "trunc"}],
    "round_decimals": [{"decimals": 2}, {"decimals": -1}],
    "nan_to_num": [
        {"nan": None, "posinf": None, "neginf": None}, {"nan": 2.0, "posinf": 3.0, "neginf": 4.0},
    ],
    "masked_fill": [{"value": 7}], "addcmul": [{"value": 3}], "addcdiv": [{"value": -2}],
    "leaky_relu": [{"negative_slope": 0.1}], "elu": [{"alpha": 0.7}],
    "celu": [{"alpha": 1.3}], "hardtanh": [{"min_val": -1.0, "max_val": 1.0}],
    "softplus": [{"beta": 1.0, "threshold": 20.0}, {"beta": 2.0, "threshold": 3.0}],
    "logit": [{"eps": None}, {"eps": 0.25}], "to": [{"dtype": np.dtype(np.float32)}],
}  # fmt: skip
CASES = [(op, attributes) for op in LOWERED for attributes in ATTRIBUTES.get(op.name, [{}])]


def values(dtype: type, rough: bool) -> np.ndarray:
    """Special numbers of a dtype, and ordinary ones."""
    if np.issubdtype(dtype, np.floating):
        with np.errstate(over="ignore"):
            return np.array(SPECIAL + SMOOTH * (not rough)).astype(dtype)
    return np.unique(np.array(WHOLE).astype(dtype))


def arguments(op, dtype):
    """Tensors of all combinations of values for an operation; it chooses by a mask."""
    count = len(op.inputs)
    alone = values(dtype, rough=count > 2)
    arrays = [np.ascontiguousarray(x).ravel() for x in np.meshgrid(*[alone] * count)]
    masked = {"where": 0, "masked_fill": 1, "masked_fill_from": 1}.get(op.name)
    if masked is not None:
        arrays[masked] = arrays[masked] > 0
    return [_new(a, None) for a in arrays]


def defined(cases, tensors):
    """Those of some cases that are defined for these tensors."""
    found = []
    for op, attributes in cases:
        try:
            op(*tensors[op], **attributes)
        except (WengertError, TypeError, ValueError):
            continue
        found.append((op, attributes))
    return found


def applied(cases, tensors):
    """The results of all cases."""
    return [op(*tensors[op], **attributes) for op, attributes in cases]


def all_compiled(cases, tensors):
    """The cases as one compiled function of their tensors, and its report."""

    def function(*given):
        remaining = iter(given)
        return applied(cases, {op: [next(remaining) for _ in op.inputs] for op in tensors})

    compiled = wg.compile(function)
    given = [t for op in tensors for t in tensors[op]]
    return compiled(*given), compiled.report(*given)


def assert_close(op, mine, other, tensors):
    """Equal to the bit, or as close as the operation says: it and NumPy each are off by so much."""
    if not op.ulps or other._data.dtype.kind != "f":
        assert bits(mine._data) == bits(other._data), (op.name, mine, other)
        assert (mine.shape, mine.dtype) == (other.shape, other.dtype), op.name
        return
    x, y = np.asarray(mine._data), np.asarray(other._data)
    assert (x.shape, x.dtype) == (y.shape, y.dtype)
    limits = np.finfo(x.dtype)
    with np.errstate(all="ignore"):
        size = np.abs(y)
        if op.cancels:
            size = np.maximum(np.max([np.abs(t._data) for t in tensors], axis=0), 1)
        unit = np.spacing(np.where(np.isfinite(size), size, 1).astype(x.dtype))
        # Eagerly, some functions are 0 where an exponential overflows.
        allowed = 2 * op.ulps * unit + 1024 * limits.smallest_normal
        near = np.abs(x - y) <= allowed
    same = (x == y) | np.isnan(x) & np.isnan(y)
    wrong = ~(near | same)
    assert not wrong.any(), [op.name, (*(t._data[wrong] for t in tensors), x[wrong], y[wrong])]
    nothing = (x == 0) & (y == 0)
    assert np.array_equal(np.signbit(x[nothing]), np.signbit(y[nothing])), op.name


DIVISIONS = {"floor_divide", "div_rounded", "remainder", "fmod"}
"""Of integers by a tensor they are NumPy's: a divisor of 0 raises, which native code cannot."""
COUNTS = sorted({len(op.inputs) for op in LOWERED})


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values(dtype, count):
    """All operations at once: one program takes no longer to compile than one operation."""
    cases = [(op, attributes) for op, attributes in CASES if len(op.inputs) == count]
    tensors = {op: arguments(op, dtype) for op, _ in cases}
    cases = defined(cases, tensors)
    found, report = all_compiled(cases, {op: tensors[op] for op, _ in cases})

    assert report.coverage == 1, report
    for (op, _), mine, other in zip(cases, found, applied(cases, tensors), strict=True):
        assert_close(op, mine, other, tensors[op])


@pytest.mark.parametrize("place", range(0, 12, 3))
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_one_element(dtype, place):
    """Straight-line code on tensors without dimensions does what the loop does."""
    tensors = {}
    for op in LOWERED:
        whole = arguments(op, dtype)
        tensors[op] = [t[place * 7 % whole[0].numel()] for t in whole]
    cases = defined(CASES, tensors)
    found, report = all_compiled(cases, {op: tensors[op] for op, _ in cases})

    assert report.numpy.keys() <= (DIVISIONS if dtype == np.int64 else set())
    for (op, _), mine, other in zip(cases, found, applied(cases, tensors), strict=True):
        assert_close(op, mine, other, tensors[op])


@pytest.mark.parametrize("function", [lambda x: x**0.5, lambda x: wg.where(x > 1, x, 0.5)])
def test_a_float_beside_integers_is_of_the_default_dtype(function):
    assert wg.compile(function)(wg.tensor([1, 2])).dtype == wg.float32
    assert wg.graph(function, wg.tensor([1, 2])).outputs[0].dtype == wg.float32


NUMBERS = [3, -2, 1, -1, 0, 0.5, -1.5]


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.int8, np.int64])
@pytest.mark.parametrize("name", ["floor_divide", "remainder", "fmod", "pow"])
def test_numbers_on_the_right(name, dtype):
    """A divisor or an exponent that is a number is known when the code is written."""
    op = every_op()[name]
    tensor = _new(values(dtype, rough=False), None)
    tried = 0
    for number in NUMBERS:
        try:
            wanted = op(tensor, number)
        except WengertError:
            continue
        compiled = wg.compile(lambda x, number=number: op(x, number))
        assert_close(op, compiled(tensor), wanted, [tensor])
        assert compiled.report(tensor).coverage == 1
        tried += 1
    assert tried >= 2


@pytest.mark.parametrize("limits", [(-1, 2), (None, 1), (0.5, None), (3, -3)])
@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.uint8])
def test_limits_that_are_numbers(limits, dtype):
    tensor = _new(values(dtype, rough=False), None)
    if dtype == np.uint8:
        limits = tuple(None if n is None else abs(n) for n in limits)
    compiled = wg.compile(lambda x: wg.clamp(x, *limits))

    assert_same([compiled(tensor)], [wg.clamp(tensor, *limits)])
    assert compiled.report(tensor).coverage == 1


@pytest.mark.parametrize("target", DTYPES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_casts(dtype, target):
    """Numbers that do not fit become what NumPy makes of them; vectors and elements alike."""
    given = values(dtype, rough=False)
    edges = [2.0**31, -(2.0**31) - 1, 2.0**63, -(2.0**63), 255.5, -1.5, 300, 65536.7, 1e10]
    if dtype in FLOATS:
        given = np.concatenate([given, np.array(edges).astype(dtype)])
    tensor = _new(np.tile(given, 3), None)
    compiled = wg.compile(lambda x: x.to(target))

    with np.errstate(invalid="ignore"):
        assert_same([compiled(tensor)], [tensor.to(target)])
    assert compiled.report(tensor).coverage == 1


# What has no native code ---------------------------------------------------------------------
