"""Native entries: what they take, what they leave to others, and what they return."""

from __future__ import annotations

import gc
import sys
import threading
import time
import weakref

import numpy as np
import pytest

import wengert as wg
from compiler.entries import MISSED, array, copier, number, tensor
from wengert.compiler.backend import layout as layouts
from wengert.compiler.backend import notices
from wengert.compiler.backend.layout import DTYPES, layout
from wengert.compiler.backend.signature import Computed, Container, Same
from wengert.core.tensor import Tensor
from wengert.errors import CompileWarning
from wengert.modes import current

pytest.importorskip("llvmlite")
pytestmark = pytest.mark.skipif(layout() is None, reason="objects are not to be read here")


def is_missed(result) -> bool:
    return type(result) is tuple and len(result) == 3 and result[0] is MISSED


def same_bits(a, b) -> bool:
    return (
        type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape
        and a.tobytes() == b.tobytes()
    )  # fmt: skip


# What is taken


@pytest.mark.parametrize("shape", [(1,), (3,), (2, 3), (4, 0, 2), (1, 1, 1, 1, 1)])
@pytest.mark.parametrize("dtype", sorted(DTYPES, key=str), ids=str)
def test_arrays(dtype, shape):
    given = (np.arange(np.prod(shape)) % 2).astype(dtype).reshape(shape)
    (result,) = copier(array(shape, dtype))(given)

    assert same_bits(result, given)
    assert result.flags.owndata
    assert result.flags.writeable


@pytest.mark.parametrize("dtype", sorted(DTYPES, key=str), ids=str)
def test_zero_dimensions(dtype):
    """NumPy's scalars and arrays are both taken; scalars are returned, as eager does."""
    call, given = copier(array((), dtype)), np.ones((), dtype)

    assert same_bits(call(given)[0], given[()])
    assert same_bits(call(given[()])[0], given[()])


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("float", [1.5, -0.0, float("inf"), 1e-320]),
        ("int", [0, -7, 2**63 - 1, -(2**63)]),
        ("bool", [True, False]),
        ("complex", [1 - 2j]),
    ],
)
def test_numbers(kind, values):
    call = copier(number(kind, np.asarray(values[0]).dtype))

    for value in values:
        assert same_bits(call(value)[0], np.asarray(value)[()])
    assert is_missed(call(np.float32(1)))
    assert is_missed(call("1"))
    assert is_missed(copier(number("int", np.int64))(2**63))


def test_tensors():
    given = wg.tensor([[1.0, 2.0]])
    (result,) = copier(tensor((1, 2)), tensors=True)(given)

    assert type(result) is Tensor
    assert result.tolist() == [[1, 2]]
    assert not result.requires_grad
    result.add_(1)
    assert (result.sum() + result.requires_grad_().sum()).item() == 10
    assert given.tolist() == [[1, 2]]


def test_hidden_tensors_are_read_at_each_call():
    weight = wg.tensor([1.0, 2.0])
    call = copier(hidden=[tensor((2,))], held=[weight])
    assert call()[0].tolist() == [1, 2]
    weight.add_(1)
    assert call()[0].tolist() == [2, 3]
    weight.data = wg.tensor([5.0, 6.0])
    assert call()[0].tolist() == [5, 6]
    weight.data = wg.tensor([5.0])
    assert is_missed(call())


@pytest.mark.parametrize("through_block", [False, True])
@pytest.mark.parametrize("long", [False, True])
def test_many_arguments(through_block, long):
    given = [np.full(i, float(i)) for i in range(1, 30)]
    call = copier(*(array(a.shape) for a in given), through_block=through_block, long=long)

    for _ in range(3):
        assert all(map(same_bits, call(*given), given))


def test_containers():
    names = ("weights", "bias")
    inner = Container("list", (array((2,)), array(())))
    outer = Container("dict", (inner, number("float")), keys=(0, 1))
    result = Container("dict", (Computed(2), Container("tuple", ())), keys=(1, 0))
    call = copier(Container("tuple", (outer,)), same=names, result=result)
    a, b = np.ones(2), np.float64(3)

    assert call(({names[0]: [a, b], names[1]: 2.0},)) == {"bias": 2.0, "weights": ()}
    for other in (
        ({"bias": 2.0, "weights": [a, b]},), ({"weights": [a, b]},),
        ({"weights": [a], "bias": 2.0},),
        ({"weights": (a, b), "bias": 2.0},), ({"weights": [a, b], "bias": 2},), (), [], None,
    ):  # fmt: skip
        assert is_missed(call(other))


def test_objects_that_are_to_be_the_same():
    mode, returned = "fast", object()
    result = Container("list", (Same(1), Computed(0)))
    call = copier(Same(0), array((1,)), same=[mode, returned], result=result)

    assert call(mode, np.ones(1)) == [returned, np.ones(1)]
    assert is_missed(call("slow", np.ones(1)))
    assert copier(array((1,)), same=[returned], result=Same(0))(np.ones(1)) is returned


# What is left to others

SUBCLASS = np.ones((2, 2)).view(type("Mine", (np.ndarray,), {}))
OTHERS = {
    "another dtype": np.ones((2, 2), np.float32), "another shape": np.ones((2, 3)),
    "fewer dimensions": np.ones(4), "more": np.ones((2, 2, 1)),
    "reversed": np.ones((2, 2))[::-1],
    "strided": np.ones((4, 4))[::2, ::2], "another byte order": np.ones((2, 2), ">f8"),
    "a subclass": SUBCLASS, "a list": [[1.0, 1.0], [1.0, 1.0]], "a tensor": wg.ones(2, 2).double(),
    "none": None, "unaligned": np.zeros(33, np.uint8)[1:].view(np.float64).reshape(2, 2),
}  # fmt: skip


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_other_arrays(other):
    call = copier(array((2, 2)))
    result = call(other)

    assert is_missed(result)
    assert result[1][0] is other
    assert not is_missed(call(np.ones((2, 2))))


def test_other_calls():
    call = copier(array((1,)))
    x = np.ones(1)

    assert call() == (MISSED, (), {})
    assert call(x, x) == (MISSED, (x, x), {})
    assert call(x, out=2) == (MISSED, (x,), {"out": 2})
    with pytest.raises(ZeroDivisionError):
        copier(array((1,)), instead=lambda *_: 1 / 0)(2)


def test_other_tensors():
    call = copier(tensor((2,)))
    x = wg.ones(2)

    assert not is_missed(call(x))
    others = (x.clone().requires_grad_(), wg.ones(3), x.double(), wg.ones(4)[::2])
    for other in others:
        assert is_missed(call(other))


def test_views():
    """They are tensors like others, as long as there is no history to be taken over."""
    call = copier(tensor((2,)))
    base = wg.arange(6.0).reshape(3, 2)
    row = base[1]

    assert call(row)[0].tolist() == [2, 3]
    base.add_(1)
    assert is_missed(call(row))
    assert not row.requires_grad  # it has looked at its base now
    assert call(row)[0].tolist() == [3, 4]
    assert not is_missed(call(base.reshape(6)[:2]))
    base.mul_(wg.ones(3, 2, requires_grad=True))
    assert is_missed(call(row))
    assert row.requires_grad
    with wg.no_grad():
        assert copier(tensor((2,)), grad=False)(row)[0].tolist() == [3, 4]
    assert is_missed(call(wg.ones(3, 2, requires_grad=True)[0]))


def test_history_counts_where_it_would_be_recorded():
    x = wg.ones(2, requires_grad=True)
    recording, silent = copier(tensor((2,))), copier(tensor((2,)), grad=False)

    assert is_missed(recording(x))
    assert is_missed(silent(x))
    with wg.no_grad():
        assert is_missed(recording(x))
        assert not is_missed(silent(x))


def test_modes():
    call, x = copier(tensor((2,))), wg.ones(2)
    missed = []

    with wg.inference_mode():
        missed.append(call(x))
    with wg.no_grad():
        missed.append(call(x))
    wg.vmap(lambda y: missed.append(call(x)) or y)(wg.ones(2))
    wg.func.jvp(lambda y: missed.append(call(x)) or y, (x,), (x,))
    before = wg.get_default_dtype()
    wg.set_default_dtype(wg.float64)
    try:
        missed.append(call(x))
    finally:
        wg.set_default_dtype(before)

    assert len(missed) == 5
    assert all(map(is_missed, missed))
    assert not is_missed(call(x))


# Memory and threads


def test_nothing_is_kept():
    x, y = wg.ones(3), np.ones(())
    call = copier(tensor((3,)), array(()), number("float"), tensors=True, through_block=True)
    watched = (None, x, x._data, y, Tensor, np.ndarray, np.dtype(float), True, current(), call)

    def counts():
        gc.collect()
        return [sys.getrefcount(thing) for thing in watched]

    call(x, y, 1.0)
    before = counts()
    for _ in range(100):
        call(x, y, 1.0)
        call(x, y)
        call(x, y, "no")
    assert np.subtract(counts(), before).max() < 50


def test_the_code_lives_as_long_as_the_function():
    calls = [copier(array((i,))) for i in range(1, 9)]
    gc.collect()
    for i, call in enumerate(calls, 1):
        assert same_bits(call(np.full(i, 2.0))[0], np.full(i, 2.0))
    del calls
    gc.collect()


def test_cycles_are_collected():
    """What is called instead usually has the function; both go when nobody else has them."""

    class Owner:
        def slow(self, *args):
            return MISSED

    owner = Owner()
    owner.call = copier(array((1,)), instead=owner.slow)
    gone = []

    weakref.finalize(owner, gone.append, True)
    del owner
    gc.collect()
    assert gone == [True]


def test_memory_that_there_is_not():
    call = copier(array((3,)), through_block=True, spare=2**60)

    for _ in range(3):
        with pytest.raises(MemoryError):
            call(np.ones(3))
    assert call(np.ones(2))[0] is MISSED


@pytest.mark.parametrize("long", [False, True])
def test_threads(long):
    call = copier(array((1000,)), tensor((10,)), through_block=True, long=long)
    wrong = []

    def work(i):
        current()
        x, y = np.full(1000, float(i)), wg.full((10,), float(i))
        for _ in range(300):
            a, b = call(x, y)
            if a[999] != i or b[9] != i:
                wrong.append((i, a, b))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_long_programs_let_others_run():
    """A thread that counts gets on while a copy of a second is made, of the sort that is long."""
    x = np.zeros(2**25)
    call = copier(array(x.shape), result=Container("tuple", (Computed(0),)), long=True)
    counted, over = [0], threading.Event()

    def count():
        while not over.is_set():
            counted[0] += 1
            time.sleep(0)

    counting = threading.Thread(target=count)
    counting.start()
    before = sys.getswitchinterval()
    sys.setswitchinterval(100)  # nobody is made to give the lock back
    try:
        start = counted[0]
        call(x)
        gained = counted[0] - start
    finally:
        sys.setswitchinterval(before)
        over.set()
        counting.join()
    assert gained > 0


def test_objects_that_are_laid_out_otherwise(monkeypatch):
    """Then calls go through ctypes, after one warning."""
    notices.forget()
    layouts.layout.cache_clear()
    monkeypatch.setattr(layouts, "DATA", 24)
    try:
        with pytest.warns(CompileWarning, match="laid out in another way"):
            assert layout() is None
        assert layout() is None
    finally:
        layouts.layout.cache_clear()
        notices.forget()
