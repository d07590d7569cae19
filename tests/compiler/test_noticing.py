"""What a compiled function does besides returning a result is said: it happens once."""

from __future__ import annotations

import sys
import threading
import warnings
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
import pytest

import wengert as wg
from wengert.errors import CompileWarning, TraceError


def test_printing_is_said(capsys):
    def f(x):
        print("x is", x)
        return x * 2

    compiled = wg.compile(f)
    with pytest.warns(
        CompileWarning, match=r'prints at test_noticing.*print\("x is", x\).*once|no l'
    ):
        compiled(wg.ones(2))
    compiled(wg.ones(2))

    assert capsys.readouterr().out == "x is Traced(float32[2])\n"


def test_the_streams_are_as_they_were():
    before = sys.stdout, sys.stderr

    wg.compile(lambda x: x * 2)(wg.ones(2))
    with pytest.raises(TraceError):
        wg.compile(lambda x: bool(x))(wg.ones(()))

    assert (sys.stdout, sys.stderr) == before


def test_printing_to_somewhere_else_is_not_said():
    def f(x):
        with redirect_stdout(StringIO()):
            print("kept")
        return x

    wg.compile(f)(wg.ones(2))


def test_another_threads_printing_is_not_said(capsys):
    def f(x):
        thread = threading.Thread(target=print, args=("from another thread",))
        thread.start()
        thread.join()
        return x * 2

    wg.compile(f)(wg.ones(2))

    assert "another" in capsys.readouterr().out


def kept_in(keep):
    """A compiled function that keeps an intermediate value, after its first call."""

    def f(x):
        y = x * 3
        keep(y)
        return y + 1

    compiled = wg.compile(f)
    with pytest.warns(CompileWarning, match=r"keeps a tensor outside of its result.*y = x \* 3"):
        result = compiled(wg.ones(2))
    assert result.tolist() == [4, 4]
    return compiled


class Layer:
    pass


def test_what_is_kept_elsewhere_is_said():
    outer: list = []
    layer = Layer()

    kept_in(outer.append)
    kept_in(lambda y: setattr(layer, "last", y))

    for tensor in (outer[0], layer.last):
        for use in (lambda t: t + 1, lambda t: t.numpy(), lambda t: 2 * t, wg.exp, np.exp, bool):
            with pytest.raises(TraceError, match=r"(?s)y = x \* 3.*Return it"):
                use(tensor)
        assert tensor.shape == (2,)
        assert "Escaped" in repr(tensor)


def test_where_it_is_kept_is_said():
    layer = Layer()

    with pytest.warns(CompileWarning, match="as last"):
        wg.compile(lambda x: [setattr(layer, "last", x * 2), x][1])(wg.ones(1))


def test_arguments_are_kept():
    outer: list = []

    with pytest.warns(CompileWarning, match="keeps a tensor"):
        wg.compile(lambda x: [outer.append(x), x * 2][1])(wg.ones(1))
    with pytest.raises(TraceError):
        outer[0] + 1


def test_what_only_cycles_hold_is_not_said():
    def f(x):
        def again(n):
            return x * 2 if not n else again(n - 1)

        holder = [x + 1]
        holder.append(holder)
        return again(2)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert wg.compile(f)(wg.ones(1)).item() == 2


def test_views_and_writes_of_the_function_are_not_said():
    def f(x):
        y = x * 2
        y[0] = 7
        return y[1:], y.T

    assert wg.compile(f)(wg.ones(2, 2))[0].tolist() == [[2, 2]]


def test_the_size_that_is_an_argument_is_named():
    for use in (range, lambda n: [1, 2, 3][n], lambda n: wg.ones(3).reshape(n, -1), int, wg.zeros,
                lambda n: wg.ones(3).sum(n), lambda n: wg.full((n, 2), 1.0)):  # fmt: skip
        with pytest.raises(TraceError, match=r"value of n(?s:.*)static='n'"):
            wg.compile(lambda x, n, use=use: [use(n), x][1])(wg.ones(3), 1)


def test_storing_into_an_array_is_refused():
    def f(x):
        array = np.zeros(2)
        array[0] = x
        return x

    with pytest.raises(TraceError, match=r"array\[0\] = x"):
        wg.compile(f)(wg.tensor(1.0))
