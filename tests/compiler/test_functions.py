"""Our own mathematical functions: how far from the true values, in every width of vectors."""

from __future__ import annotations

import re

import numpy as np
import pytest

from compiler.exact import SLOW, TRUE, arguments, pairs
from compiler.functions import assembly, count_of, machine_of, native, text_of, ulps
from wengert.compiler.math.function import FUNCTIONS

FLOATS = [np.float32, np.float64]
MOST = dict.fromkeys(FUNCTIONS, 2.0) | {
    "acosh": 2.2, "atanh": 2.2, "erf": 4, "erfc": 4, "gelu": 4, "gelu_tanh": 4, "mish": 4,
    "softplus": 2.5, "logsigmoid": 2.5, "logaddexp": 3, "logaddexp2": 3, "pow": 4, "fmod": 0,
}  # fmt: skip
"""Units of the last place that are allowed."""
MOST_UNFUSED = MOST | {
    "mish": 4.5,
    "tanh": 2.6,
    "acosh": 2.4,
    "atanh": 2.4,
    "softplus": 3,
    "logsigmoid": 3,
}
"""The same for machines that do not multiply and add in one instruction."""
OF_SUMS = ("logaddexp", "logaddexp2")
"""Where the result is a small difference, its error is one of the larger operand's."""

pytestmark = pytest.mark.skipif(
    np.finfo(np.longdouble).nmant < 63, reason="there is no type with more digits than float64"
)


def drawn(name, dtype, count):
    generator = np.random.default_rng(0)
    if count_of(name) == 2:
        return pairs(name, dtype, count, generator)
    return [arguments(dtype, count, generator)]


def errors(name, dtype, count, fused=None):
    """Arguments, results, true values, and the errors in ulps."""
    given = drawn(name, dtype, 1000 if name in SLOW else count)
    lanes = 16 if dtype == np.float32 else 8
    found = native(name, dtype, lanes, fused)(*given)
    with np.errstate(all="ignore"):
        exact = TRUE[name](*(x.astype(np.longdouble) for x in given))
    return given, found, exact, ulps(found, exact)


def assert_within(name, dtype, most, fused=None):
    given, found, exact, wrong = errors(name, dtype, 40_000, fused)
    if name in OF_SUMS:
        with np.errstate(all="ignore"):
            sizes = np.maximum(np.maximum(*map(np.abs, given)), np.abs(found))
            near = np.abs(found - exact) <= 3 * np.spacing(sizes)
        wrong = np.where(near, 0, wrong)
    place = int(np.argmax(wrong))
    shown = [x[place] for x in given], found[place], exact[place]
    assert wrong[place] <= most, f"{name}{shown[0]} is {shown[1]} and not {shown[2]}"


def test_all_are_tested():
    assert set(TRUE) == set(FUNCTIONS)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_errors(name, dtype):
    assert_within(name, dtype, MOST[name])


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_errors_without_fused_instructions(name, dtype):
    assert_within(name, dtype, MOST_UNFUSED[name], fused=False)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_width_gives_the_same_bits(name, dtype):
    given = drawn(name, dtype, 500)
    wanted = native(name, dtype, 1)(*given)

    for lanes in (4, 8, 16):
        found = native(name, dtype, lanes)(*given)
        assert np.array_equal(found, wanted, equal_nan=True), lanes
        assert np.array_equal(np.signbit(found[found == 0]), np.signbit(wanted[found == 0]))


ODD = ("asin", "asinh", "atan", "atanh", "erf", "expm1", "gelu", "gelu_tanh", "log1p", "mish",
       "silu", "sin", "sinh", "tan", "tanh")  # fmt: skip


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ODD)
def test_minus_zero_stays(name, dtype):
    found = native(name, dtype, 4)(np.array([0.0, -0.0], dtype))

    assert np.array_equal(found, [0, 0])
    assert np.array_equal(np.signbit(found), [False, True])


@pytest.mark.parametrize("dtype", FLOATS)
def test_what_is_exact(dtype):
    whole = np.arange(-40, 41).astype(dtype)
    powers = np.ldexp(dtype(1), np.arange(-40, 41))

    assert np.array_equal(native("exp2", dtype, 4)(whole), powers)
    assert np.array_equal(native("log2", dtype, 4)(powers), whole)
    assert np.array_equal(native("pow", dtype, 4)(whole, whole * 0 + 2), whole * whole)
    assert np.array_equal(native("cos", dtype, 4)(whole * 0), whole * 0 + 1)


@pytest.mark.parametrize("dtype", FLOATS)
def test_powers_of_what_is_special(dtype):
    special = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 0.5, -0.5, np.inf, -np.inf, np.nan]
    x, y = (a.ravel().astype(dtype) for a in np.meshgrid(special, special))
    found = native("pow", dtype, 4)(x, y)
    with np.errstate(all="ignore"):
        wanted = np.power(x.astype(np.float64), y.astype(np.float64))

    np.testing.assert_allclose(found, wanted, rtol=4 * np.finfo(dtype).eps)
    assert np.array_equal(np.signbit(found[wanted == 0]), np.signbit(wanted[wanted == 0]))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_library_is_called(name):
    """What a processor lacks would become a call: of 2008's, too, none is needed."""
    for machine, fused in ((machine_of(), None), (machine_of("x86-64-v2"), False)):
        for type, lanes in (("float", 4), ("double", 4), ("float", 1)):
            text = assembly(text_of(name, type, lanes, fused), machine)
            called = re.findall(r"\b(?:call|jmp)q?\s+([\w.\"]+)", text)
            assert all(c.strip('"').startswith((".L", "wengert.")) for c in called), called
