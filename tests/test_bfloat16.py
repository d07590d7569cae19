"""bfloat16: where it comes from, and that everything around tensors knows it."""

from __future__ import annotations

import copy
import io
import pickle
import subprocess
import sys

import numpy as np
import pytest

import wengert as wg

WITHOUT_PACKAGE = """
import sys
sys.modules["ml_dtypes"] = None  # what an import of a missing package comes to
import wengert
{code}
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_the_package_is_loaded_on_first_use():
    code = "import sys, wengert; assert 'ml_dtypes' not in sys.modules; wengert.bfloat16; "
    assert run(code + "assert 'ml_dtypes' in sys.modules").returncode == 0


@pytest.mark.parametrize(
    "code",
    [
        "wengert.bfloat16",
        "from wengert import bfloat16",
        "wengert.zeros(2, dtype='bfloat16')",
        "wengert.zeros(2).bfloat16()",
    ],
)
def test_without_the_package_the_error_says_how_to_get_it(code):
    done = run(WITHOUT_PACKAGE.format(code=code))

    assert done.returncode == 1
    assert "pip install 'wengert[bfloat16]'" in done.stderr


def test_without_the_package_everything_else_works():
    code = "from wengert import *\nassert float16 is half\nprint(tensor([1.0], dtype=half))"
    assert run(WITHOUT_PACKAGE.format(code=code)).returncode == 0


def test_there_is_one_dtype_object():
    b = wg.bfloat16

    assert wg.zeros(1, dtype="bfloat16").dtype is b
    assert wg.from_numpy(np.zeros(1, b.numpy)).dtype is b
    assert pickle.loads(pickle.dumps(b)) is b
    assert copy.deepcopy(b) is b


def halves() -> wg.Tensor:
    return wg.tensor([1.0, -2.0, 3.3], dtype=wg.bfloat16)


def test_the_memory_is_shared_with_numpy():
    x = halves()
    x.numpy()[0] = 5

    assert x.tolist() == [5.0, -2.0, 3.296875]
    assert np.asarray(x).dtype == wg.bfloat16.numpy


def test_saved_and_loaded():
    file = io.BytesIO()
    wg.save({"x": halves().requires_grad_(), "dtype": wg.bfloat16}, file)
    file.seek(0)
    loaded = wg.load(file)

    assert loaded["dtype"] is wg.bfloat16
    assert loaded["x"].requires_grad
    assert wg.equal(loaded["x"], halves())


def test_pickled_and_copied():
    for made in (pickle.loads(pickle.dumps(halves())), copy.deepcopy(halves())):
        assert made.dtype is wg.bfloat16
        assert wg.equal(made, halves())


def graph_of(a: wg.Tensor) -> wg.Graph:
    return wg.graph(((a + 1) * a).tanh().sum(), a=a)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_graphs_answer(dtype):
    a = wg.tensor([0.5, 0.25], dtype=dtype, requires_grad=True)
    g = graph_of(a)
    g.verify()

    assert g.check()
    assert wg.equal(g(), graph_of(a).outputs[0].value)
    restored = wg.Graph.from_json(g.to_json())
    assert restored.inputs[0].dtype is a.dtype
    assert restored.compare(g)
    assert "0.5" in str(g.table())


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_transforms(dtype):
    x = wg.tensor([0.5, 0.25, 1.0], dtype=dtype)
    square = wg.func.hessian(lambda v: (v * v * v).sum())(x)

    assert square.dtype is x.dtype
    assert square.tolist() == [[3.0, 0.0, 0.0], [0.0, 1.5, 0.0], [0.0, 0.0, 6.0]]
    rows = wg.stack([x, x + 1])
    assert wg.equal(wg.func.vmap(lambda r: r.softmax(0))(rows), rows.softmax(1))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_maps_stay_in_the_dtype(dtype):
    m = wg.ones(2, 2, 2, dtype=dtype)
    mapped = wg.func.vmap(lambda x: wg.addmm(x, x, x, beta=0.5, alpha=-2.0) * 0.1)(m)

    assert mapped.dtype is m.dtype
    assert wg.equal(mapped[0], wg.addmm(m[0], m[0], m[0], beta=0.5, alpha=-2.0) * 0.1)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_sums_do_not_get_stuck(dtype):
    """Added one by one in the dtype itself, ones stop at 2048 and at 256."""
    ones = wg.ones(4096, dtype=dtype)

    assert ones.sum().item() == 4096
    assert ones.mean().item() == 1
    assert (ones @ ones).item() == 4096
    assert ones.cumsum(0)[-1].item() == 4096
    assert ones.norm().item() == 64
    x = wg.tensor(1.0, dtype=dtype, requires_grad=True)
    x.expand(4096).sum().backward()
    assert x.grad.item() == 4096


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_random_numbers_stay_below_one(dtype):
    wg.manual_seed(0)
    drawn = wg.rand(100_000, dtype=dtype)

    assert drawn.dtype.name == dtype
    assert drawn.max().item() < 1
    assert drawn.float().mean().item() == pytest.approx(0.5, abs=0.01)


def test_a_default_dtype():
    wg.set_default_dtype(wg.bfloat16)
    try:
        assert str(wg.tensor([1.5])) == "tensor([1.5000])"
        assert (wg.tensor([1]) / 2).dtype is wg.bfloat16
    finally:
        wg.set_default_dtype(wg.float32)
