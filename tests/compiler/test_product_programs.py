"""Products of views of all kinds, and their gradients: compiled as eagerly, all of it native."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wengert as wg
from wengert.core.tensor import Tensor

pytest.importorskip("scipy_openblas32")

VIEWS = {
    "itself": lambda x: x,
    "transposed": lambda x: x.mT.contiguous().mT if x.ndim > 1 else x,
    "flipped": lambda x: x.flip(-1).flip(-1),
    "every other": lambda x: wg.stack([x, x * 2], -1)[..., 0],
    "a part": lambda x: wg.cat([x, x], -1)[..., : x.shape[-1]],
    "expanded": lambda x: x[..., :1].expand(x.shape),
    "from a batch": lambda x: wg.stack([x * 2, x, x * 3])[1],
    "negative": lambda x: x.flip(0),
}
"""Ways to a tensor of the same shape that lies in another way."""


class Program:
    """act(view(x) @ view(y)) @ view(z), where the shapes allow the second product."""

    def __init__(self, views: list[str], last: bool) -> None:
        self._views = [VIEWS[name] for name in views]
        self._last = last

    def __call__(self, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
        a, b, c = (view(t) for view, t in zip(self._views, (x, y, z), strict=True))
        out = wg.relu(a @ b)
        return ((out @ c) if self._last else out * c.sum()).square().sum()


def lengths() -> st.SearchStrategy[int]:
    return st.integers(1, 5)


@st.composite
def shapes(draw: st.DrawFn) -> tuple[list[tuple[int, ...]], bool]:
    """Of three factors; whether the third one is multiplied as a matrix."""
    n, k, m, p = (draw(lengths()) for _ in range(4))
    batch = draw(st.sampled_from([(), (3,), (2, 3)]))
    kinds = {
        "matrices": [(*batch, n, k), (k, m), (m, p)],
        "batches": [(*batch, n, k), (*batch[1:], k, m), (*batch, m, p)],
        "broadcast": [(n, k), (*batch, k, m), (1, m, p)],
        "vector behind": [(*batch, n, k), (k,), (n, p)],
        "vector in front": [(k,), (*batch, k, m), (m, p)],
        "rows of vectors": [(*batch, 1, k), (1, k, m), (m,)],
    }
    return kinds[draw(st.sampled_from(sorted(kinds)))], draw(st.booleans())


TOLERANCES = {np.float32: 1e-5, np.float64: 0}


def numbers(rng: np.random.Generator, shape: tuple[int, ...], dtype: type) -> np.ndarray:
    """In float64 small whole numbers, so that sums are exact in any order; else positive ones."""
    if dtype is np.float64:
        return rng.integers(-3, 4, shape).astype(dtype)
    return rng.uniform(0.5, 1.5, shape).astype(dtype)


@settings(max_examples=60, deadline=None)
@given(
    shapes(), st.lists(st.sampled_from(sorted(VIEWS)), min_size=3, max_size=3),
    st.sampled_from([*TOLERANCES]), st.integers(0, 2**32),
)  # fmt: skip
def test_programs(chosen, views, dtype, seed):
    sizes, last = chosen
    tensors = [wg.from_numpy(numbers(np.random.default_rng(seed), s, dtype)) for s in sizes]
    step = wg.func.value_and_grad(Program(views, last), argnums=(0, 1, 2))
    compiled = wg.compile(step)

    value, gradients = step(*tensors)
    found, slopes = compiled(*tensors)

    assert compiled.report(*tensors).coverage == 1
    for mine, other in zip([found, *slopes], [value, *gradients], strict=True):
        np.testing.assert_allclose(mine._data, other._data, rtol=TOLERANCES[dtype])


def test_results_do_not_depend_on_threads():
    rng = np.random.default_rng(0)
    x, y = (wg.from_numpy(rng.standard_normal(s)) for s in ((520, 300), (300, 410)))
    batches = wg.from_numpy(rng.standard_normal((40, 60, 50)))

    def everything(x, y, batches):
        return x @ y, y.mT @ x.mT, x @ y[:, 0], batches @ batches.mT

    alone, together = (wg.compile(everything, threads=n)(x, y, batches) for n in (1, 2))
    for one, two in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one._data, two._data)


@pytest.mark.parametrize(
    "equation", ["bhqd,bhkd->bhqk", "bqhd,bkhd->bhqk", "ij,jk->ki", "abc,cd->adb", "ij,kl->ijkl",
                 "iij,jk->ik", "ij,ij->", "bij,bj->bi"],
)  # fmt: skip
def test_einsum(equation):
    rng = np.random.default_rng(0)
    sizes = dict(zip("abcdhijklq", range(2, 12), strict=True))
    factors = [
        wg.from_numpy(rng.standard_normal([sizes[c] for c in term]))
        for term in equation.partition("->")[0].split(",")
    ]
    step = wg.func.value_and_grad(
        lambda *xs: wg.einsum(equation, *xs).square().sum(), argnums=(0, 1)
    )
    compiled = wg.compile(step)

    value, gradients = step(*factors)
    found, slopes = compiled(*factors)

    assert compiled.report(*factors).coverage == 1
    np.testing.assert_allclose(float(found), float(value), rtol=1e-12)
    for mine, other in zip(slopes, gradients, strict=True):
        np.testing.assert_allclose(mine._data, other._data, rtol=1e-10, atol=1e-10)
