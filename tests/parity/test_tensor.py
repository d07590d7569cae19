"""Making tensors and getting data in and out, beside torch: the same expression in both libraries.

`T` is tensor(), `lib` the library; x, g, i, c and n are at hand (see `names`). What comes out is
compared as text, with dtype and shape; where torch raises, ours raises what code that expects
torch's exception would catch.
"""

from __future__ import annotations

import copy
import operator
import pickle
import re
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import wengert


def names(lib: Any) -> dict[str, Any]:
    """What the expressions may use."""
    tensor = lib.tensor
    return {
        "lib": lib, "T": tensor, "np": np, "copy": copy, "pickle": pickle, "operator": operator,
        "nan": float("nan"), "inf": float("inf"),
        "x": tensor([1.5, -2.7, 0.0]),
        "g": tensor([1.0, 2.0], requires_grad=True),
        "i": tensor([1, 2]),
        "c": tensor([1 + 2j, 3j]),
        "n": np.array([1.0, 2.0]),
        "p": tensor([0.1, 0.5, 0.9]),
    }  # fmt: skip


def outcome(lib: Any, expression: str) -> Any:
    """The value as text, or the exception."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = eval(expression, names(lib))
    except Exception as error:
        return error
    facts = ""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        facts = f" {value.dtype} {tuple(value.shape)}"
    return re.sub(r"torch\.|wengert\.", "", repr(value) + facts)


def cases(text: str) -> Any:
    lines = [line.strip() for line in text.strip().splitlines()]
    return pytest.mark.parametrize("expression", lines)


def same(expression: str) -> None:
    expected, found = outcome(torch, expression), outcome(wengert, expression)
    if not isinstance(expected, Exception):
        assert found == expected
        return
    builtin = next(k for k in type(expected).__mro__ if k.__module__ == "builtins")
    wanted = RuntimeError if builtin is NotImplementedError else builtin
    assert isinstance(found, wanted), f"torch raises {expected!r}, ours gives {found!r}"


@cases("""
    T(2.)
    T(2)
    T(True)
    T(2j)
    T([1, 2.])
    T([True, 2])
    T([True, 2.5])
    T([1, 2j])
    T([])
    T([[], []])
    T(())
    T([(1, 2), [3., 4]])
    T(range(3))
    T([range(2), range(2)])
    T(np.float64(2))
    T(np.float32(2))
    T(np.int32(2))
    T(np.bool_(True))
    T([np.float64(2)])
    T([np.float32(2), np.float64(2)])
    T([np.int32(2), 2.5])
    T([np.float16(2), 1])
    T(np.array(2.))
    T(np.array([1, 2], np.int8))
    T([np.array([1., 2.]), np.array([3., 4.])])
    T([np.array([1, 2], np.int8), [3., 4.]])
    T([3., np.array(2.)])
    T(n > 1)
    T([T(1.), T(2.)])
    T([T(1.).double(), T(2.)])
    T([T(1).int(), 2])
    T([T([1.]), T([2.])])
    T([[1, 2], T([3, 4])])
    T([[T(1), 2], [3, 4]])
    T([np.array([1, 2]), T([2., 3.])])
    T(g)
    T(bytearray(b'ab'))
    T(np.zeros((0, 3)))
    T([1.5, nan, 3])
""")
def test_inference(expression):
    same(expression)


@cases("""
    T([[1, 2], [3]])
    T([[1, 2], 3])
    T([1, [2, 3]])
    T([[[1], [2]], [[3], [4, 5]]])
    T([n, 3.])
    T([[3.], T(2.)])
    T([T([1., 2.]), T([2., 3.])])
    T("abc")
    T(b"abc")
    T(["a"])
    T(None)
    T([1, None])
    T({1: 2})
    T({1, 2})
    T(k for k in range(3))
    T(object())
    T([object()])
    T(np.array(["a"]))
    T(np.array([1, None], object))
    T(np.array([1], np.longdouble))
    T(np.datetime64("2020"))
    T(1, requires_grad=True)
    T([True], requires_grad=True)
    T(2**63)
    T([2**63])
    T(2., device="nonsense")
    T(2., 3)
    T()
""")
def test_bad_data(expression):
    same(expression)


@cases("""
    T(1.5, dtype=lib.int32)
    T([1.5, 2.7], dtype=lib.int32)
    T([1.5, -2.7], dtype=lib.uint8)
    T(1j, dtype=lib.float32)
    T(1j, dtype=lib.int32)
    T(1j, dtype=lib.bool)
    T(300, dtype=lib.uint8)
    T(-1, dtype=lib.uint8)
    T(-255, dtype=lib.uint8)
    T(-256, dtype=lib.uint8)
    T(-0.5, dtype=lib.uint8)
    T(255.5, dtype=lib.uint8)
    T(-129, dtype=lib.int8)
    T(1e20, dtype=lib.int64)
    T(2.**62, dtype=lib.int64)
    T(nan, dtype=lib.int32)
    T(nan, dtype=lib.bool)
    T(-1, dtype=lib.bool)
    T(2**70, dtype=lib.float32)
    T(2**70, dtype=lib.int8)
    T(2**70, dtype=lib.bool)
    T(1e300)
    T(1e300, dtype=lib.float16)
    T(np.float64(300.), dtype=lib.uint8)
    T(np.array(300.), dtype=lib.uint8)
    T(np.array([300, -1]), dtype=lib.uint8)
    T(T([1.5]), dtype=lib.int32)
    T(True, dtype=lib.complex64)
    T(2., dtype=float)
    T(2., dtype=int)
    T([[]], dtype=lib.int32)
    T(2., device="cpu")
    T(2., device=lib.device("cpu"))
    T([2.], pin_memory=False)
    T(data=2.)
""")
def test_given_dtypes(expression):
    same(expression)


@cases("""
    bool(T([1, 2]))
    bool(T([]))
    bool(T([[1.]]))
    bool(T(nan))
    bool(T(1j))
    float(T([1.5]))
    float(T([1., 2.]))
    float(T([]))
    float(T(1j))
    float(T(1 + 0j))
    int(T(2.7))
    int(T(nan))
    int(T(inf))
    int(T(1j))
    complex(T(1.))
    operator.index(T([3]))
    operator.index(T(True))
    operator.index(T(3.))
    operator.index(T([3, 4]))
    range(3)[T(1)]
    T(2.7).item()
    T(True).item()
    T(1j).item()
    T([1, 2]).item()
    T([]).item()
    T([[1, 2], [3, 4]]).tolist()
    T(2.5).tolist()
    T([]).tolist()
    g.tolist()
    format(T(2.5), ".2f")
    format(T([2.5]), ".2f")
    format(T([2.5]), "")
    format(T(2.5), "")
    format(g.sum(), ".2f")
    format(T(3), "5")
    format(T(2.5), "d")
    format(T(1j), ".2f")
    "%.2f" % T(3.5)
    round(T(2.7))
    divmod(T(7), 3)
    len(T(1))
    len(T([[1, 2]]))
    list(T([1, 2]))
    iter(T(1))
    reversed(T([1, 2, 3]))
    lib.is_nonzero(T([2.]))
    lib.is_nonzero(T([2., 3.]))
""")
def test_python_values(expression):
    same(expression)


@cases("""
    g.numpy()
    (g * 2).numpy()
    np.asarray(g)
    np.array([g.sum(), g.sum()])
    np.array([x.sum(), x.sum()])
    g.numpy(force=True)
    T(2.).numpy()
    np.asarray(x)
    x.__array__(np.float64)
    np.from_dlpack(x)
    np.from_dlpack(g)
    np.from_dlpack(T([True]))
    lib.from_dlpack(n)
    lib.from_numpy(n)
    lib.from_numpy(np.array(2.))
    lib.from_numpy(np.float64(2.))
    lib.from_numpy([1, 2])
    lib.from_numpy(n[::-1])
    lib.from_numpy(n.astype(">f8"))
    lib.from_numpy(np.array(["a"]))
    lib.from_numpy(np.arange(6)[::2]).stride()
    lib.from_numpy(np.zeros(2, "i1,f4")["f1"])
    lib.frombuffer(bytearray(b"abcd"), dtype=lib.uint8)
    lib.frombuffer(bytearray(b"abcd"), dtype=lib.uint8, count=2, offset=1)
    lib.as_tensor(g) is g
    lib.as_tensor(g, dtype=lib.float64)
    lib.as_tensor(n)
    lib.as_tensor(n, dtype=lib.float32)
    lib.as_tensor([1, 2.])
    lib.as_tensor(np.float64(2))
    lib.as_tensor(n[::-1])
    lib.asarray(n)
    lib.asarray(g) is g
    lib.asarray(g, copy=True)
    lib.asarray(g * 2, requires_grad=True)
    lib.asarray(n, requires_grad=True)
    lib.asarray(n, dtype=lib.float32, copy=False)
    lib.asarray([1, 2], copy=False)
    lib.asarray(2)
    lib.asarray([g])
""")
def test_arrays(expression):
    same(expression)


@cases("""
    copy.copy(g)
    copy.copy(g).data_ptr() == g.data_ptr()
    copy.copy(g * 2)
    copy.deepcopy(g)
    copy.deepcopy(g * 2)
    copy.deepcopy(i)
    pickle.loads(pickle.dumps(g))
    pickle.loads(pickle.dumps(g * 2))
    pickle.loads(pickle.dumps(T([[1, 2], [3, 4]]).t())).stride()
""")
def test_copies(expression):
    same(expression)


@cases("""
    g.to(lib.float64)
    g.to(lib.float32) is g
    g.to("cpu") is g
    g.to(lib.float32, copy=True)
    g.to(lib.float32, False, True)
    g.to("cpu", lib.float64)
    g.to(device="cpu", dtype=lib.float64)
    g.to(T([1.]).double())
    g.to(lib.int64)
    g.to(lib.complex64)
    g.to()
    g.to(None)
    g.to(5)
    g.to("float32")
    g.to(float)
    x.to(lib.uint8)
    x.to(lib.int64)
    T([nan, inf, -inf, 1e20]).to(lib.int64)
    T([nan, 0., -0., 1e-30]).to(lib.bool)
    c.to(lib.float32)
    c.to(lib.bool)
    c.to(lib.int64)
    g.double()
    g.float() is g
    g.half()
    g.int()
    g.long()
    g.short()
    g.bool()
    g.char()
    g.byte()
    g.cfloat()
    g.cdouble()
    g.cpu() is g
    g.type()
    i.type()
    c.type()
    g.type(lib.int64)
    g.type("torch.DoubleTensor")
    g.type("nonsense")
    g.type_as(i)
""")
def test_conversions(expression):
    same(expression)


@cases("""
    lib.finfo(lib.float16)
    lib.finfo(lib.float32)
    lib.finfo(lib.float64)
    lib.finfo(lib.complex64)
    lib.finfo()
    lib.finfo(lib.float32).eps
    lib.finfo(lib.float64).smallest_normal
    lib.finfo(lib.float64).resolution
    lib.finfo(lib.float32) == lib.finfo(lib.float32)
    lib.finfo(lib.int32)
    lib.iinfo(lib.int32)
    lib.iinfo(lib.uint8).max
    lib.iinfo(lib.int8).bits
    lib.iinfo(lib.float32)
    lib.iinfo(lib.bool)
    lib.result_type(g, 2)
    lib.result_type(i, 2.)
    lib.result_type(i, T(2.).double())
    lib.result_type(2, 2.)
    lib.result_type(2j, g)
    lib.can_cast(lib.float64, lib.int32)
    lib.can_cast(lib.float64, lib.float16)
    lib.can_cast(lib.int8, lib.bool)
    lib.can_cast(lib.complex64, lib.float64)
    lib.promote_types(lib.int64, lib.float16)
    lib.promote_types(lib.uint8, lib.int8)
    lib.is_floating_point(g)
    lib.is_floating_point(n)
    lib.is_complex(c)
    lib.is_tensor(n)
    T(1, dtype=lib.uint8).is_signed()
""")
def test_dtypes(expression):
    same(expression)


@cases("""
    g.size()
    T([[1, 2, 3]]).size(-1)
    T([[1, 2, 3]]).size(2)
    T(1).size(0)
    T(1).stride()
    T([[1, 2, 3]]).stride()
    T([[1, 2, 3]]).t().stride(0)
    T([[1, 2, 3]]).stride(2)
    T([1, 2, 3])[1:].storage_offset()
    T([[1, 2], [3, 4]]).t().is_contiguous()
    T([[1, 2], [3, 4]]).t().clone().stride()
    T([[1, 2], [3, 4]]).t().contiguous().stride()
    lib.zeros(3, 0).stride()
    lib.zeros(2, 0, 3).stride()
    lib.zeros(2, 1, 3).transpose(0, 1).stride()
    lib.zeros_like(T([[1, 2], [3, 4]]).t()).stride()
    lib.zeros_like(T([1]).expand(3)).stride()
    (g.numel(), g.nelement(), g.dim(), g.element_size(), g.nbytes)
""")
def test_layout(expression):
    same(expression)


@cases("""
    lib.zeros(2, 3)
    lib.zeros((2, 3))
    lib.zeros(size=(2, 3))
    lib.zeros(())
    lib.zeros()
    lib.zeros(0)
    lib.zeros(-1)
    lib.zeros(2.5)
    lib.zeros("a")
    lib.zeros(None)
    lib.zeros(T(2), 3)
    lib.zeros(np.int64(2), 3)
    lib.zeros(2, dtype=lib.int64)
    lib.zeros(2, requires_grad=True)
    lib.zeros(2, dtype=lib.int64, requires_grad=True)
    lib.zeros(2, nonsense=1)
    lib.zeros(2**62, 4)
    lib.ones(2, dtype=lib.bool)
    lib.ones(2, 2, dtype=lib.complex64)
    lib.empty(2, 0)
    lib.full((2,), 3)
    lib.full((2,), 3.)
    lib.full((2,), True)
    lib.full((2,), 3j)
    lib.full((2,), 3, dtype=lib.float64)
    lib.full((2,), 3.7, dtype=lib.int64)
    lib.full((2,), T(3.))
    lib.full((2,), T([3.]))
    lib.full((2,), g.sum())
    lib.full(2, 3)
    lib.full((), 3)
    lib.full((2,), np.float64(3))
    lib.full(size=(2,), fill_value=3)
    lib.full((2,), 300, dtype=lib.uint8)
    lib.full((2,), "a")
    lib.eye(2, 3)
    lib.eye(3, 2, dtype=lib.int64)
    lib.eye(0)
    lib.eye(-1)
    lib.eye(2.)
    lib.zeros_like(g)
    lib.zeros_like(g, dtype=lib.int64)
    lib.ones_like(i)
    lib.full_like(i, 3.7)
    lib.full_like(i, 3.7, dtype=lib.float32)
    lib.full_like(g, 3j)
    lib.zeros_like(2.)
    g.new_tensor([1, 2])
    i.new_tensor([1.5, 2])
    g.new_zeros(2, 3)
    g.new_ones(2, dtype=lib.int64)
    i.new_full((2,), 3.7)
    g.new_zeros(2, requires_grad=True)
    lib.complex(T([1.]), T([2.]))
    lib.complex(g, T([2.]))
    lib.complex(T([1.]), T([2.]).double())
    lib.complex(i, i)
    lib.complex(T([1.]), 2.)
    lib.complex(T([inf]), T([0.]))
    lib.polar(T(1.), T([2., 3.]))
    lib.polar(g, T([2., 3.]))
""")
def test_creation(expression):
    same(expression)


@cases("""
    lib.arange(5)
    lib.arange(5.)
    lib.arange(1, 5)
    lib.arange(1, 5, 2)
    lib.arange(1, 5, 2.)
    lib.arange(0, 1, 0.1)
    lib.arange(5, 0, -1)
    lib.arange(5, 0)
    lib.arange(0, 5, 0)
    lib.arange(0.5)
    lib.arange(True)
    lib.arange(-3)
    lib.arange(0)
    lib.arange(start=1, end=4)
    lib.arange(end=4)
    lib.arange(1, 4, step=2)
    lib.arange(5, dtype=lib.float64)
    lib.arange(0.5, 3.5, dtype=lib.int64)
    lib.arange(0.9, 5.1, 1.5, dtype=lib.int64)
    lib.arange(5, dtype=lib.complex64)
    lib.arange(5, dtype=lib.bool)
    lib.arange(5j)
    lib.arange(inf)
    lib.arange(nan)
    lib.arange(T(5))
    lib.arange(T(5.))
    lib.arange(np.float64(5))
    lib.arange(5, requires_grad=True)
    lib.arange(1, 1.3, 0.1)
    lib.arange(2**62, 2**62 + 3)
    lib.arange(0, 1, 0.1, dtype=lib.float16)
    lib.arange()
    lib.arange(1, 2, 3, 4)
    lib.arange("a")
    lib.arange(300, dtype=lib.uint8)[-1]
    lib.linspace(0, 1, 5)
    lib.linspace(0, 1, 1)
    lib.linspace(0, 1, 0)
    lib.linspace(0, 1, -1)
    lib.linspace(0, 10, 5, dtype=lib.int64)
    lib.linspace(-3, 10, 4, dtype=lib.int64)
    lib.linspace(10, 0, 4, dtype=lib.int64)
    lib.linspace(3, -3, 5)
    lib.linspace(0, 1j, 3)
    lib.linspace(0, 1, 3, dtype=lib.complex64)
    lib.linspace(0, 1j, 3, dtype=lib.float32)
    lib.linspace(T(0.), T(1.).double(), 3)
    lib.linspace(T([0.]), 1, 3)
    lib.linspace(0, 1, 3.)
    lib.linspace(0, 1)
    lib.linspace(0, inf, 3)
    lib.linspace(0, 1, 3, dtype=lib.bool)
    lib.logspace(0, 2, 3)
    lib.logspace(0, 2, 3, base=2)
    lib.logspace(0, 2, 3, 2)
    lib.logspace(0, 3, 5, base=2, dtype=lib.int64)
    lib.logspace(0, 2, 5, base=-2)
    lib.logspace(0, 1j, 3)
""")
def test_ranges(expression):
    same(expression)


@cases("""
    lib.isclose(T([1., 2.]), T([1., 2.1]))
    lib.isclose(g, T([1., 2.]).double())
    lib.isclose(i, g)
    lib.isclose(T([nan]), T([nan]), equal_nan=True)
    lib.isclose(T([inf, -inf, inf]), T([inf, inf, 1.]))
    lib.isclose(T([1, 10]), T([2, 11]), rtol=0.1)
    lib.isclose(T([True]), T([True]))
    lib.isclose(g, 1.)
    lib.allclose(g, T([1., 2., 3.]))
    lib.allclose(g, T(1.))
    lib.equal(g, i)
    lib.equal(g, T([1.]))
    lib.equal(T([nan]), T([nan]))
    lib.equal(g, 1.)
    g.equal(g)
    g.fill_(3)
    (g * 2).fill_(3)
    (g * 2).zero_()
    (g * 2).fill_(T(3.))
    (g * 2).fill_(T([3.]))
    (g * 2).copy_(T(5.))
    (g * 2).copy_(T([5, 6]))
    x.copy_(g)
    i.copy_(T([5.5, 6.5]))
    i.copy_(5)
    i.copy_([5, 6])
    T([1., 2.]).copy_(T([1j]))
    i.fill_(3.7)
    i.fill_(3j)
    x.fill_(3j)
    T([1], dtype=lib.uint8).fill_(300)
    T([1], dtype=lib.uint8).fill_(-1)
""")
def test_comparisons_and_writes(expression):
    same(expression)


@cases("""
    lib.rand(2, 3).shape
    lib.rand(2, dtype=lib.int64)
    lib.rand(2, dtype=lib.complex64).dtype
    lib.rand(2, requires_grad=True).requires_grad
    lib.rand(2, generator=5)
    lib.randn(2, dtype=lib.float16).dtype
    lib.randint(5, (2,)).dtype
    lib.randint(0, 5, (2,), dtype=lib.float32).dtype
    lib.randint(0, 5, (2,), dtype=lib.bool)
    lib.randint(5, 5, (2,))
    lib.randint(0, 300, (2,), dtype=lib.uint8)
    lib.randint(0.5, 3, (2,))
    lib.randint(0, 5)
    lib.randint(high=5, size=(2,)).shape
    lib.randperm(5).dtype
    lib.randperm(-1)
    lib.randperm(3.)
    lib.randperm(300, dtype=lib.uint8)
    lib.bernoulli(p).dtype
    lib.bernoulli(T([2.]))
    lib.bernoulli(T([nan]))
    lib.bernoulli(i)
    lib.bernoulli(i, 0.5).dtype
    lib.bernoulli(p, 1.5)
    lib.bernoulli(T([0., 1.], requires_grad=True))
    lib.multinomial(p, 2).dtype
    lib.multinomial(p, 4)
    lib.multinomial(p, 0)
    lib.multinomial(T([[.1, .9], [.5, .5]]), 2).shape
    lib.multinomial(T([0., 1.]), 2)
    lib.multinomial(T([0., 0.]), 1)
    lib.multinomial(T([-1., 1.]), 1)
    lib.multinomial(i, 1)
    lib.multinomial(T(1.), 1)
    lib.normal(0., 1., (2,)).shape
    lib.normal(mean=0., std=1., size=(2,)).shape
    lib.normal(p, T([[1.], [2.]])).shape
    lib.normal(p, -1.)
    lib.normal(0., 1.)
    lib.normal(p, T([1., 2.]))
    lib.normal(p.double(), p).dtype
    lib.normal(p, p.double()).dtype
    lib.normal(i, 1.)
    lib.rand_like(i)
    lib.randint_like(g, 5).dtype
    lib.zeros(3).uniform_(2, 1)
    lib.zeros(3, dtype=lib.int64).uniform_()
    lib.zeros(3).normal_(1, -2)
    lib.zeros(3, dtype=lib.int64).random_(5, 2)
    lib.zeros(3, dtype=lib.int64).bernoulli_(0.).dtype
    lib.zeros(3).bernoulli_(p[:2])
    g.uniform_()
    lib.manual_seed(-3).initial_seed()
    lib.manual_seed(2**64)
    lib.manual_seed("a")
    lib.Generator().initial_seed()
    lib.Generator().manual_seed(5).initial_seed()
    lib.Generator().set_state(lib.zeros(3, dtype=lib.uint8))
    lib.Generator().set_state(5)
""")
def test_random(expression):
    same(expression)


VALUES = [
    [1.0, 2.5],
    [[1e-3, 1e4]],
    [],
    [[], []],
    3.0,
    [True],
    [1, -20],
    [1 + 2j],
    list(range(2000)),
]


@pytest.mark.parametrize("values", VALUES, ids=lambda v: str(v)[:20])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float32", "float64",
                                   "complex64", "complex128"])  # fmt: skip
def test_text(values, dtype):
    """The dtype's name is two letters longer here, so lines that end with it may break before."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        array = np.array(values).astype(dtype)
    texts = []
    for lib in (wengert, torch):
        made = lib.tensor(array)
        texts += [re.sub(r"(torch|wengert)\.", "", repr(made))]
        if dtype[0] in "fc":
            texts[-1] += re.sub(r"(torch|wengert)\.", "", repr(made.requires_grad_() * 1))
    mine, other = (re.sub(r",\s+", ", ", text) for text in texts)

    assert mine == other


TO_COMPARE = [
    "T([1., 2.]), T([1., 2.1])",
    "T([1., 2.]), T([1., 2., 3.])",
    "T([1., 2.]), T([1., 2.]).double()",
    "T([1, 2]), T([1, 3])",
    "T([nan]), T([nan])",
    "T([nan]), T([nan]), equal_nan=True",
    "T([inf]), T([inf])",
    "T([inf]), T([1.])",
    "T([1.]), T([2.]), rtol=1",
    "T([1, 2]), T([1, 3]), atol=1, rtol=0",
    "1., 1.",
    "1., 1",
    "1., 1, check_dtype=False",
    "True, True",
    "None, None",
    "None, 1",
    "'a', 'a'",
    "[1., 2.], (1., 2.)",
    "[1., 2.], [1.]",
    "{'a': 1.}, {'b': 1.}",
    "{'a': [T([1.]), 2.]}, {'a': [T([1.1]), 2.]}",
    "n, n",
    "T([1.]), 1.",
    "T([1.]), [1.]",
    "g, g",
    "T([1j]), T([1j + 1e-9])",
    "T([]), T([])",
    "T([0.]), T([1e-6])",
    "T([1.]).half(), T([1.0009]).half()",
    "T([1.]), T([1. + 1e-6])",
    "T([1.]), T([1. + 2e-5])",
    "T([1.]).double(), T([1. + 3e-7]).double()",
]


@pytest.mark.parametrize("arguments", TO_COMPARE)
def test_assert_close(arguments):
    expression = f"lib.testing.assert_close({arguments})"
    expected, found = outcome(torch, expression), outcome(wengert, expression)

    if isinstance(expected, Exception):
        assert isinstance(found, type(expected))
    else:
        assert found == expected
