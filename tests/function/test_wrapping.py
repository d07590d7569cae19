"""A Function around an operation is that operation: for each there is, in values and gradients.

Its backward runs the operation again and differentiates that, so the second derivative goes
through the saved inputs, and every kind of output that operations have comes out of a Function.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import wengert as wg
from laws.cases import Case, as_arrays, as_tensor, differentiable_in, gradients, tensors_in, weights
from registry import distinct_functions
from sampling import Random, Sampler, draw_call
from wengert.autograd import Function
from wengert.core.dtype import is_differentiable
from wengert.errors import WengertError

SEEDS = 3


class Wrapped(Function):
    """case.call(*xs), as a tuple of its tensors."""

    generate_vmap_rule = True

    @staticmethod
    def forward(case, *xs):
        return tuple(tensors_in(case.call(list(xs))))

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.case, *xs = inputs
        ctx.save_for_backward(*xs)
        ctx.save_for_forward(*xs)

    @staticmethod
    def backward(ctx, *gs):
        outputs, pull = wg.func.vjp(
            lambda *xs: tuple(differentiable_in(ctx.case.call(list(xs)))), *ctx.saved_tensors
        )
        assert len(outputs) <= len(gs)
        return None, *pull(tuple(g for g in gs if is_differentiable(g._data.dtype)))

    @staticmethod
    def jvp(ctx, _, *tangents):
        xs = ctx.saved_tensors
        made = tensors_in(ctx.case.call(list(xs)))
        _, pushed = wg.func.jvp(
            lambda *xs: tuple(differentiable_in(ctx.case.call(list(xs)))), xs, tangents
        )
        found = iter(pushed)
        return tuple(next(found) if is_differentiable(y._data.dtype) else None for y in made)


@cache
def cases() -> dict[str, list[Case]]:
    """The operations that have float arguments and give the same twice, with a few calls each."""
    found: dict[str, list[Case]] = {}
    for function in distinct_functions():
        if function.samples is None:
            continue
        drawn = [Case(function, draw_call(Sampler(Random(s)), function)) for s in range(SEEDS)]
        kept = [case for case in drawn if case.at and repeats(case)]
        if kept:
            found[function.name] = kept
    return found


def repeats(case: Case) -> bool:
    try:
        first, second = case.outputs(), case.outputs()
    except WengertError:
        return False
    return bool(first) and all(map(_same, first, second))


def _same(a: Any, b: Any) -> bool:
    return a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")


def test_there_are_many():
    assert len(cases()) > 200


@pytest.mark.parametrize("name", sorted(cases()))
def test_a_function_around_an_operation(name):
    for case in cases()[name]:
        plain, wrapped = case.leaves(), case.leaves()
        ys = tensors_in(case.call(plain))
        zs = Wrapped.apply(case, *wrapped)
        # An operation knows which of its outputs are constants; a Function would have to say so.
        assert all(z.requires_grad or not y.requires_grad for y, z in zip(ys, zs, strict=True))
        for y, z in zip(ys, zs, strict=True):
            assert y.dtype == z.dtype
            np.testing.assert_array_equal(y._data, z._data)
        _same_gradients(case, plain, differentiable_in(ys), wrapped, differentiable_in(zs))


def _same_gradients(case: Case, plain: Any, ys: Any, wrapped: Any, zs: Any) -> None:
    by = weights([y._data for y in ys], 1)
    first = gradients(ys, plain, [_typed(w, y) for w, y in zip(by, ys, strict=True)], True)
    second = gradients(zs, wrapped, [_typed(w, z) for w, z in zip(by, zs, strict=True)], True)
    _close(case, first, second, plain)
    again = weights([np.zeros(x.shape) for x in plain], 2)
    pairs = [(g, h, w) for g, h, w in zip(first, second, again, strict=True)
             if g is not None and h is not None]  # fmt: skip
    twice = gradients([g for g, _, _ in pairs], plain, [_typed(w, g) for g, _, w in pairs])
    other = gradients([h for _, h, _ in pairs], wrapped, [_typed(w, h) for _, h, w in pairs])
    _close(case, twice, other, plain)


def _typed(weight: Any, like: Any) -> Any:
    return as_tensor(np.asarray(weight, like._data.dtype)[()])


def _close(case: Case, mine: Any, theirs: Any, like: Any) -> None:
    pairs = zip(as_arrays(mine, case.at), as_arrays(theirs, case.at), strict=True)
    for a, b in pairs:
        np.testing.assert_allclose(b, a, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", sorted(cases()))
def test_a_function_around_an_operation_is_mapped(name):
    """vmap of the Function, and gradients inside and outside of it, are those of the operation."""
    case = cases()[name][0]
    stacked = [as_tensor(np.stack([x, x * 0.9, x])) for x in case.at]

    def plain(*xs: Any) -> Any:
        return tuple(differentiable_in(case.call(list(xs))))

    def wrapped(*xs: Any) -> Any:
        return tuple(differentiable_in(Wrapped.apply(case, *xs)))

    try:
        expected = _mapped(plain, stacked)
    except WengertError:
        pytest.skip("the operation itself cannot be mapped, or these values cannot")
    for a, b in zip(expected, _mapped(wrapped, stacked), strict=True):
        np.testing.assert_allclose(b._data, a._data, rtol=1e-10, atol=1e-10)


def _mapped(function: Any, stacked: Any) -> list[Any]:
    """The mapped function's values, and the gradients of their sum inside and outside of vmap."""

    def total(*xs: Any) -> Any:
        return sum((y * y.conj()).real.sum() for y in function(*xs))

    def outside(*xs: Any) -> Any:
        return wg.func.vmap(total)(*xs).sum()

    places = tuple(range(len(stacked)))
    values = wg.func.vmap(function)(*stacked)
    inside = wg.func.vmap(wg.func.grad(total, argnums=places))(*stacked)
    return [*values, *inside, *wg.func.grad(outside, argnums=places)(*stacked)]


@pytest.mark.parametrize("name", sorted(cases()))
def test_a_function_around_an_operation_has_tangents(name):
    """jvp of the Function, of its gradient, and of its jvp are those of the operation."""
    case = cases()[name][0]
    xs = tuple(as_tensor(x) for x in case.at)
    ts = tuple(_typed(w, x) for w, x in zip(weights(case.at, 3), xs, strict=True))

    def plain(*xs: Any) -> Any:
        return tuple(differentiable_in(case.call(list(xs))))

    def wrapped(*xs: Any) -> Any:
        return tuple(differentiable_in(Wrapped.apply(case, *xs)))

    try:
        expected = _pushed(plain, xs, ts)
    except WengertError:
        pytest.skip("the operation itself has no tangents here")
    for a, b in zip(expected, _pushed(wrapped, xs, ts), strict=True):
        np.testing.assert_allclose(b._data, a._data, rtol=1e-10, atol=1e-10)


def _pushed(function: Any, xs: Any, ts: Any) -> list[Any]:
    def total(*xs: Any) -> Any:
        return sum((y * y.conj()).real.sum() for y in function(*xs))

    func = wg.func
    _, first = func.jvp(function, xs, ts)
    _, of_gradient = func.jvp(func.grad(total, argnums=tuple(range(len(xs)))), xs, ts)
    _, twice = func.jvp(lambda *xs: func.jvp(total, xs, ts)[1], xs, ts)
    return [*first, *of_gradient, twice]


def _is_small(case: Case) -> bool:
    return sum(x.size for x in case.at) <= 8


# Every third: all of them have passed, in 20 s.
_AUDITED = [name for name in sorted(cases()) if any(map(_is_small, cases()[name]))][::3]


@pytest.mark.parametrize("name", _AUDITED)
def test_the_audit_finds_nothing_wrong(name):
    case = next(filter(_is_small, cases()[name]))
    if not any(y.requires_grad for y in tensors_in(case.call(case.leaves()))):
        pytest.skip("nothing has a gradient")
    report = wg.audit(Wrapped, case, *map(as_tensor, case.at))
    assert report, report
