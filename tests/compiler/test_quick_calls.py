"""Compiled functions give the same by their native entries as by Python, and see the same."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import wengert as wg
from compiler.equal import assert_same
from wengert.compiler.backend.layout import layout
from wengert.compiler.entering import CALLS_BEFORE
from wengert.core.handles import _new
from wengert.core.tensor import Tensor
from wengert.errors import GradientError
from wengert.transform.tree import flatten

pytest.importorskip("llvmlite")
pytestmark = pytest.mark.skipif(layout() is None, reason="objects are not to be read here")

F32, F64 = np.float32, np.float64


def is_native(compiled) -> bool:
    """Whether calls begin in native code."""
    return compiled.__call__ != compiled._called


def entered(function, *args, **options):
    """A compiled function after so many calls that it has an entry for these arguments."""
    compiled = wg.compile(function, **options)
    for _ in range(CALLS_BEFORE):
        compiled(*args)
    assert is_native(compiled)
    return compiled


def assert_equal_results(a, b):
    """The same structure, types, dtypes and bits."""
    (mine, spec), (other, other_spec) = flatten(a), flatten(b)
    assert spec == other_spec
    for x, y in zip(mine, other, strict=True):
        assert type(x) is type(y)
        if isinstance(x, (Tensor, np.ndarray, np.generic)):
            pair = [t if isinstance(t, Tensor) else _new(t, None) for t in (x, y)]
            assert_same([pair[0]], [pair[1]])
            assert type(pair[0]._data) is type(pair[1]._data)
        else:
            assert x == y or x is y


def gradients(a, b):
    return wg.func.value_and_grad(lambda a, b: ((a + b) * (b + 1)).sum(), argnums=(0, 1))(a, b)


ONES, MATRIX = wg.ones(3), wg.arange(6.0).reshape(2, 3).clone()
CASES = {
    "floats": (gradients, (2.0, 1.0)),
    "scalars of NumPy": (gradients, (F32(2), F64(1))),
    "arrays": (gradients, (np.arange(3.0), np.ones((2, 1)))),
    "float32": (gradients, (np.arange(3, dtype=F32), np.ones((2, 1), F32))),
    "tensors": (gradients, (ONES, MATRIX)),
    "0-d tensors": (gradients, (wg.tensor(2.0), wg.tensor(1.0))),
    "a tensor and a number": (gradients, (ONES, 2.0)),
    "a tensor and an array": (gradients, (ONES, np.ones(3))),
    "an int": (lambda x, n: x * n + n, (ONES, 3)),
    "a bool": (lambda x, flag: wg.where(flag, x, -x), (ONES, True)),
    "a dict": (lambda p: {"sum": p["w"].sum(), "all": [p["b"] * 2, p["w"]]},
               ({"w": MATRIX + 0, "b": ONES},)),
    "nested": (lambda p, x: [(w * x + b).abs() for w, b in p],
               ([(ONES, 1.0), (MATRIX, 2.0)], ONES)),
    "constants": (lambda x: (x * 2, None, "text", 3, [], {"a": ()}), (ONES,)),
    "several steps": (lambda x: (x - x.sum(1, keepdim=True)).abs().sum(0), (MATRIX,)),
    "a product": (lambda x: (x @ x.mT + 1).relu(), (MATRIX,)),
    "comparisons": (lambda x: (x > 1, (x * 2).argmax()), (MATRIX,)),
    "empty": (lambda x: (x * 2).sum(), (wg.ones(0),)),
    "views": (lambda x: (x.T * 2, x[0] + 1, x.reshape(-1) * x.reshape(-1)), (MATRIX,)),
}  # fmt: skip


@pytest.mark.parametrize(("function", "args"), CASES.values(), ids=CASES)
def test_the_same_as_by_python(function, args):
    compiled = wg.compile(function)
    expected = compiled._called(*args)

    for _ in range(CALLS_BEFORE + 2):
        assert_equal_results(compiled(*args), expected)
    assert is_native(compiled)


@pytest.mark.parametrize(("function", "args"), CASES.values(), ids=CASES)
def test_results_are_new_at_each_call(function, args):
    compiled = entered(function, *args)
    arrays = [_data(t) for _ in "ab" for t in flatten(compiled(*args))[0]]
    arrays = [a for a in arrays if isinstance(a, np.ndarray)]

    for i, a in enumerate(arrays):
        assert not any(np.shares_memory(a, b) for b in arrays[:i])
        assert not any(np.shares_memory(a, _data(x)) for x in flatten(args)[0] if a.size)


def _data(x):
    return x._data if isinstance(x, Tensor) else x


def test_arguments_of_other_kinds_go_the_other_way():
    compiled = entered(lambda x: x * 2, wg.ones(3))

    assert compiled(wg.ones(6)[::2]).tolist() == [2, 2, 2]
    assert compiled(wg.ones(4)).tolist() == [2, 2, 2, 2]
    assert compiled(wg.ones(3).double()).dtype == wg.float64
    assert compiled(x=wg.ones(3)).tolist() == [2, 2, 2]
    assert type(compiled(np.ones(3))) is np.ndarray
    with pytest.raises(TypeError):
        compiled(wg.ones(3), 1)


def test_several_programs_take_turns():
    compiled = wg.compile(lambda x: x + 1)
    for _ in range(4):
        for n in range(6):
            assert compiled(np.full(n, 1.0)).tolist() == [2] * n


def test_history_is_recorded():
    x, weight = wg.ones(3), wg.ones(3)
    compiled = entered(lambda x: (x * weight).sum(), x)

    y = compiled(x.clone().requires_grad_())
    assert y.requires_grad
    weight.requires_grad_()
    compiled(x).backward()
    assert weight.grad.tolist() == [1, 1, 1]
    with wg.no_grad():
        for _ in range(4):
            assert not compiled(x).requires_grad


def test_modes_and_transforms():
    x = wg.ones(3)
    compiled = entered(lambda x: x * 3, x)

    with wg.inference_mode():
        assert compiled(x).is_inference()
    assert wg.vmap(compiled)(wg.ones(2, 3)).tolist() == [[3] * 3] * 2
    assert wg.func.jvp(compiled, (x,), (x,))[1].tolist() == [3, 3, 3]
    assert wg.func.grad(lambda x: compiled(x).sum())(x).tolist() == [3, 3, 3]


def test_hidden_tensors_are_read_at_each_call():
    weight = wg.tensor([1.0, 2.0])
    compiled = entered(lambda x: x * weight, 2.0)

    weight.mul_(10)
    assert compiled(2.0).tolist() == [20, 40]
    weight.data = wg.tensor([1.0, 2.0, 3.0])
    assert compiled(2.0).tolist() == [2, 4, 6]


def test_static_arguments():
    compiled = wg.compile(lambda x, n, how: x * n if how == "times" else x + n, static=("n", "how"))
    for _ in range(4):
        assert compiled(1.0, 5, "times") == 5
        assert compiled(1.0, 5, "plus") == 6
        assert compiled(1.0, 5.0, "times") == 5
        assert compiled(1.0, True, "times") == 1
    assert is_native(compiled)


def test_donated_memory_and_verification():
    compiled = entered(lambda x: x + 1, wg.ones(2))
    out = wg.zeros(2)
    assert compiled(wg.ones(2), out=out) is out
    assert out.tolist() == [2, 2]

    verified = wg.compile(lambda x: x + 1, verify=True)
    for _ in range(CALLS_BEFORE + 1):
        verified(wg.ones(2))
    assert not is_native(verified)


def test_arrays_on_request():
    x = wg.ones(2, requires_grad=True)
    compiled = entered(lambda x: x + 1, x, arrays=True)

    assert type(compiled(x)) is np.ndarray


def test_errors_are_those_of_python():
    compiled = entered(lambda x: x + 1, wg.ones(2))
    with pytest.raises(GradientError, match="out= does not support"):
        compiled(wg.ones(2, requires_grad=True), out=wg.zeros(2))


def test_an_index_out_of_range():
    """What native code refuses, eager code explains; nothing is kept of such a call."""
    x, index = np.arange(4.0), np.array([3, 0])
    compiled = entered(lambda x, index: wg.gather(x, 0, index) * 2, x, index)

    for _ in range(3):
        with pytest.raises(IndexError):
            compiled(x, np.array([4, 0]))
        assert compiled(x, index).tolist() == [6, 0]


def test_threads():
    compiled = wg.compile(lambda x: (x.abs() * x - x / 3).sum())
    arrays = [np.full(n % 3 + 1000, float(n)) for n in range(8)]
    wanted = [compiled(a) for a in arrays]
    wrong = []

    def work(i):
        wrong.extend(r for _ in range(200) if (r := compiled(arrays[i])) != wanted[i])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
