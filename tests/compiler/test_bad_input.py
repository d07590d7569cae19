"""What compile says where it cannot do what the function does."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.errors import ArgumentError, CompileWarning, GradientError, TraceError


def test_a_branch_on_values_is_named_with_its_line():
    def absolute(x):
        if x > 0:
            return x
        return -x

    with pytest.raises(TraceError, match=r"(?s)bool\(\).*test_bad_input.*if x > 0.*where.*static"):
        wg.compile(absolute)(wg.tensor(1.0))


@pytest.mark.parametrize(
    "function",
    [lambda x: int(x) * x, lambda x: [x for _ in range(x.sum())], lambda x: x.tolist()],
    ids=["int", "range", "tolist"],
)
def test_python_values_are_refused(function):
    with pytest.raises(TraceError):
        wg.compile(function)(wg.tensor(1.0))


def test_random_numbers_are_refused():
    for draw in (lambda x: x + wg.randn(1), lambda x: wg.bernoulli(x)):
        with pytest.raises(TraceError, match="random"):
            wg.compile(draw)(wg.ones(1))


def test_writing_what_is_outside_is_refused():
    count = wg.zeros(1)

    with pytest.raises(TraceError, match="add_ writes a tensor from outside"):
        wg.compile(lambda x: x * count.add_(1))(wg.ones(1))


@pytest.mark.parametrize("write", [lambda x: x.add_(1), lambda x: x[:1].zero_()])
def test_writing_an_argument_is_refused(write):
    x = wg.ones(2)

    def under_no_grad(x):
        with wg.no_grad():
            return write(x) * 2

    with pytest.raises(GradientError, match=r"in place(?s:.*)Change a copy of the argument"):
        wg.compile(lambda x: write(x) * 2)(x)
    with pytest.raises(TraceError, match=r"no_grad(?s:.*)Compute a new tensor"):
        wg.compile(under_no_grad)(x)
    assert wg.compile(lambda x: write(x.clone()).sum())(x).item() in (0, 4)
    assert x.tolist() == [1, 1]


def test_writing_under_no_grad():
    """What has no history is written; what has one cannot be, as it would keep it."""

    def inside(x):
        with wg.no_grad():
            y = x * 2
            y[0] = 7
            return y.add_(1) * 3

    def between(x):
        y = x * 2
        with wg.no_grad():
            y.add_(1)
        return y

    x = wg.ones(2)
    assert wg.compile(inside)(x).tolist() == inside(x).tolist() == [24, 9]
    with pytest.raises(TraceError, match="add_ under no_grad writes a tensor whose history goes"):
        wg.compile(between)(x)


def test_arguments_that_are_no_data():
    with pytest.raises(ArgumentError, match="static='how'"):
        wg.compile(lambda x, how: x)(wg.ones(1), "text")
    with pytest.raises(ArgumentError, match="hashable"):
        wg.compile(lambda x, how: x, static="how")(wg.ones(1), [1])
    with pytest.raises(ArgumentError, match="names no parameter"):
        wg.compile(lambda x: x, static=3)


@pytest.mark.parametrize(
    "value", [np.array(["text"]), np.array([object()]), np.array(["2020"], "M8[D]"), np.uint64(1)]
)
def test_arrays_of_no_numbers(value):
    with pytest.raises(ArgumentError, match=r"argument x is an array of.*cannot hold dtype"):
        wg.compile(lambda x: x)(value)


def test_integers_that_are_too_large():
    with pytest.raises(ArgumentError, match="too large for 64 bits"):
        wg.compile(lambda x: x)(2**70)


def test_what_is_no_function():
    with pytest.raises(ArgumentError, match=r"Tensor is no function(?s:.*)graph\.compile"):
        wg.compile(wg.ones(1))


@pytest.mark.parametrize("static", ["n", 1, -1, ("x", "n")])
def test_static_arguments_that_are_no_parameters(static):
    with pytest.raises(ArgumentError, match="names no parameter"):
        wg.compile(lambda x: x, static=static)
    assert wg.compile(lambda x, **rest: x * rest["n"], static="n")(wg.ones(1), n=2).item() == 2


@pytest.mark.parametrize("threads", [0, -1, 1.5, True, "two"])
def test_no_numbers_of_threads(threads):
    with pytest.raises(ArgumentError, match="no number of threads"):
        wg.compile(lambda x: x, threads=threads)


def test_backward_inside():
    weight = wg.ones(2, requires_grad=True)

    with pytest.raises(TraceError, match=r"writes into \.grad(?s:.*)value_and_grad"):
        wg.compile(lambda x: (weight * x).sum().backward())(wg.ones(2))


def test_hooks_inside_are_said():
    def f(x):
        y = x * 2
        y.register_hook(lambda g: g * 100)
        return y.sum()

    x = wg.ones(2, requires_grad=True)
    with pytest.warns(CompileWarning, match=r"hangs a hook.*y = x \* 2"):
        wg.compile(f)(x)


LAYOUTS = {
    "Fortran": np.asfortranarray,
    "transposed": lambda a: a.T,
    "reversed": lambda a: a[::-1, ::-1],
    "strided": lambda a: a[:, ::3],
    "expanded": lambda a: np.broadcast_to(a[0], a.shape),
    "empty": lambda a: a[:0],
    "0-d": lambda a: a[0, 0, ...],
    "scalar": lambda a: a[0, 0],
    "matrix": lambda a: np.asarray(a).view(np.matrix),
    "masked": lambda a: np.ma.masked_array(a),
    "unaligned": lambda a: np.frombuffer(b"x" + a.tobytes(), np.uint8)[1:].view(a.dtype),
    "other byte order": lambda a: a.astype(a.dtype.newbyteorder()),
}


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "i4", "i8", "u1", "c8", "c16"])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_and_dtype_works(layout, dtype):
    array = layout(np.arange(42).reshape(6, 7).astype(dtype))
    compiled = wg.compile(lambda x: ((x + 1) * x - x.abs(), x.sum(), x.flip(0) if x.ndim else x))

    plain = wg.tensor(np.array(array, np.dtype(dtype)))
    wanted = [t.numpy() for t in ((plain + 1) * plain - plain.abs(), plain.sum())]
    found = compiled(array)

    np.testing.assert_array_equal(found[0], wanted[0])
    np.testing.assert_array_equal(found[1], wanted[1])
    assert found[0].dtype == wanted[0].dtype
