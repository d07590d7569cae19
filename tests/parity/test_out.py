"""out=: wherever torch takes one, and with the same effect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import wengert
from parity.close import assert_close
from parity.scenario import raised, same_as_torch, warned
from parity.theirs import as_array, name_of, quiet, reference, to_torch, translated
from sampling import Random, Sampler, can_draw, draw_call, map_arrays
from wengert.core.tensor import Tensor
from wengert.ops.define import FUNCTIONS, Function

DRAWS = 4
PHASES = "signs or phases are free, and each library has its own"
DIFFERENT = {
    "linalg.eig": PHASES,
    "linalg.eigh": PHASES,
    "linalg.svd": PHASES,
    "svd": PHASES,
    "geqrf": "another, equally good factorisation",
}
FUNCTIONS_OF_TORCH = [
    f for f in FUNCTIONS.values()
    if f.torch and not f.torch.startswith("Tensor.") and can_draw(f) and f.name not in DIFFERENT
]  # fmt: skip


def empty_like(result: Any) -> Any:
    """Empty tensors for torch to write a result into."""
    if isinstance(result, torch.Tensor):
        return torch.empty(0, dtype=result.dtype)
    return tuple(empty_like(part) for part in result)


def ours_like(out: Any) -> Any:
    if isinstance(out, torch.Tensor):
        return wengert.empty(0, dtype=getattr(wengert, name_of(out.dtype)))
    return tuple(ours_like(part) for part in out)


def theirs(function: Function, call: Any) -> Any:
    """What torch writes, or None where it takes no out, or not this call."""
    args, kwargs = translated(call, to_torch)
    try:
        with quiet():
            out = empty_like(reference(function)(*args, **kwargs))
            reference(function)(*args, **kwargs, out=out)
    except (TypeError, RuntimeError):
        return None
    return out


@pytest.mark.parametrize("function", FUNCTIONS_OF_TORCH, ids=lambda f: f.name)
def test_out(function):
    for seed in range(DRAWS):
        call = draw_call(Sampler(Random(seed)), function)
        expected = theirs(function, call)
        if expected is None:
            continue
        out = ours_like(expected)
        args, kwargs = map_arrays(lambda a: wengert.from_numpy(np.array(a)), call)
        result = function.call(*args, **kwargs, out=out)
        pairs = zip(each(out), each(result), each(expected), strict=True)
        for given, returned, other in pairs:
            assert returned is given
            assert given.dtype.name == name_of(other.dtype)
            assert_close(function.name, given._data, as_array(other))


def each(out: Any) -> list[Any]:
    return [out] if isinstance(out, (Tensor, torch.Tensor)) else list(out)


@same_as_torch
def test_the_output_is_resized_with_a_warning(m):
    full, same, empty = m.zeros(3), m.zeros(2), m.empty(0)
    return [
        warned(lambda out=out: m.exp(m.zeros(2), out=out)) for out in (full, same, empty)
    ] + [full, same, empty]  # fmt: skip


@same_as_torch
def test_gradients_are_refused(m):
    x = m.ones(2, requires_grad=True)
    y = m.zeros(2)
    with m.no_grad():
        m.exp(x, out=y)
        m.exp(y, out=x)
    return [
        raised(lambda: m.exp(x, out=m.zeros(2))), raised(lambda: m.exp(y, out=x)), y, x.detach(),
        y._version, x._version,
    ]  # fmt: skip


@same_as_torch
def test_dtypes(m):
    whole, double = m.zeros(2, dtype=m.int64), m.zeros(2, dtype=m.float64)
    found = raised(lambda: m.exp(m.zeros(2), out=whole))
    m.exp(m.zeros(2), out=double)
    m.add(m.ones(2, dtype=m.int64), 1, out=double[:])
    return found, double, m.zeros(2, out=whole), raised(lambda: m.exp(double, out=3))


@same_as_torch
def test_a_view_as_output(m):
    base = m.zeros(3, 2)
    m.add(m.ones(2), 1, out=base[1])
    m.sort(m.tensor([2.0, 1.0]), out=(base[0], m.empty(2, dtype=m.int64)))
    return base, base._version


@same_as_torch
def test_an_output_that_was_saved(m):
    x, y = m.ones(2, requires_grad=True), m.ones(2)
    z = x * y
    m.add(y, 1, out=y)
    return raised(z.sum().backward)
