"""Jacobians by the engine against Jacobians by finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.autograd.checks import analytic, numeric
from wengert.autograd.checks.case import Case, Settings, close
from wengert.autograd.checks.mismatch import Mismatch, NotConstant, NotRepeatable


def check_slow(case: Case, settings: Settings, is_forward: bool) -> None:
    """Whole Jacobians. Raises a Failure for the first pair that does not agree."""
    numerical = [numeric.jacobian(case, i, settings.eps) for i in case.wanted]
    if not case.differentiable:
        _check_constant(numerical)
        return
    forward = analytic.forward(case) if is_forward else []
    for k in case.differentiable:
        rows = [of[k] for of in forward] if is_forward else _repeatable(case, k, settings)
        for found, of_input, i in zip(rows, numerical, case.wanted, strict=True):
            expected = of_input[k]
            if not close(found, expected, settings.rtol, settings.atol):
                raise Mismatch(case, k, i, found, expected, is_forward)


def _check_constant(numerical: list[list[Any]], tolerance: float = 0.0) -> None:
    for of_input in numerical:
        for jacobian in of_input:
            if np.any(np.abs(jacobian) > tolerance):
                raise NotConstant


def _repeatable(case: Case, k: int, settings: Settings) -> list[Any]:
    """The Jacobians of output k, computed twice. Raises where the two differ."""
    output = case.outputs[k]
    first, second = analytic.reverse(case, output), analytic.reverse(case, output)
    for a, b in zip(first, second, strict=True):
        if not _same(a, b, settings.nondet_tol):
            raise NotRepeatable
    return first


def _same(a: Any, b: Any, tolerance: float) -> bool:
    with np.errstate(all="ignore"):
        near = np.abs(a - b) <= tolerance
    return bool(np.all(near | (a == b) | (np.isnan(a) & np.isnan(b))))


def check_fast(case: Case, settings: Settings, is_forward: bool) -> None:
    """v^T J u for one pair of directions, whose entries are positive so that nothing cancels."""
    random = np.random.default_rng(0)
    us = {i: _directions(random, case.inputs[i]._data) for i in case.wanted}
    vs = {k: _direction(random, case.outputs[k]._data) for k in case.differentiable}
    numerical = {i: _numeric(case, i, us[i], settings.eps) for i in case.wanted}
    if not case.differentiable:
        _check_constant(list(numerical.values()), settings.nondet_tol)
        return
    if is_forward:
        _check_pushed(case, settings, us, numerical)
    else:
        _check_pulled(case, settings, us, vs, numerical)


def _check_pushed(
    case: Case, settings: Settings, us: dict[int, Any], numerical: dict[int, Any]
) -> None:
    for i in case.wanted:
        pushed = analytic.pushed(case, {i: us[i][0].astype(case.inputs[i]._data.dtype)})
        for k in case.differentiable:
            atol = settings.atol * float(us[i][0].sum())
            if not close(pushed[k], numerical[i][k], settings.rtol, atol):
                raise Mismatch(case, k, i, pushed[k], numerical[i][k], True, is_fast=True)


def _check_pulled(
    case: Case, settings: Settings, us: dict[int, Any], vs: dict[int, Any],
    numerical: dict[int, Any],
) -> None:  # fmt: skip
    for k in case.differentiable:
        v = vs[k]
        first, second = (analytic.pulled(case, case.outputs[k], v) for _ in range(2))
        for j, i in enumerate(case.wanted):
            if not _same(first[j], second[j], settings.nondet_tol):
                raise NotRepeatable
            found = _dot(first[j], us[i])
            expected = np.sum(v.reshape(-1) * numerical[i][k])
            total = sum(float(u.sum()) for u in us[i])
            atol = settings.atol * total * float(np.abs(v).sum())
            if not close(found, expected, settings.rtol, atol):
                raise Mismatch(case, k, i, found, expected, False, is_fast=True)


def _dot(pulled: Any, u: tuple[Any, ...]) -> Any:
    if len(u) == 1:
        return np.sum(pulled * u[0].reshape(-1))
    return np.sum(pulled.real * u[0].reshape(-1)) + 1j * np.sum(pulled.imag * u[1].reshape(-1))


def _numeric(case: Case, i: int, u: tuple[Any, ...], eps: float) -> list[Any]:
    if len(u) == 1:
        return numeric.along(case, i, u[0], eps)
    return numeric.along_parts(case, i, u, eps)


def _directions(random: Any, data: Any) -> tuple[Any, ...]:
    """A direction for the real part, and for complex inputs another one for the imaginary part."""
    count = 2 if data.dtype.kind == "c" else 1
    real = np.zeros((), data.dtype).real.dtype
    return tuple(_direction(random, np.zeros(data.shape, real)) for _ in range(count))


def _direction(random: Any, data: Any) -> Any:
    drawn = np.asarray(random.uniform(0, 1, data.shape))
    length = np.linalg.norm(drawn.reshape(-1))
    return (drawn / length if length else drawn).astype(data.dtype)
