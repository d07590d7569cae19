"""A whole check: both modes, and then the laws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wengert.autograd.checks import laws
from wengert.autograd.checks.blame import mismatch, not_constant, not_repeatable
from wengert.autograd.checks.case import Case, Settings, as_tuple, check_inputs
from wengert.autograd.checks.compare import check_fast, check_slow
from wengert.autograd.checks.mismatch import First, Mismatch, NotConstant, NotRepeatable
from wengert.autograd.checks.parts import parts_of_inputs, parts_of_outputs

Function = Callable[..., Any]


def run(func: Function, inputs: Any, settings: Settings, first: First | None) -> None:
    """Check all that was asked for. Raises GradcheckError, with its cause.

    first: in gradgradcheck, the function and inputs whose gradient `func` is.
    """
    given = as_tuple(inputs)
    check_inputs(given)
    case = Case(func, given)
    if settings.backward:
        for part in parts_of_outputs(case):
            _compare(part, settings, first, is_forward=False)
    if settings.forward:
        for part in parts_of_inputs(case):
            _compare(part, settings, first, is_forward=True)
            if settings.undefined:
                laws.check_undefined_tangents(part)
    if settings.batched_forward:
        laws.check_batched_forward(case)
    if settings.backward:
        _laws(case, settings)


def _compare(case: Case, settings: Settings, first: First | None, is_forward: bool) -> None:
    compare = check_fast if settings.fast else check_slow
    try:
        compare(case, settings, is_forward)
    except Mismatch as found:
        raise mismatch(found, settings, first) from None
    except NotConstant:
        raise not_constant(case) from None
    except NotRepeatable:
        raise not_repeatable(case, settings.nondet_tol) from None


def _laws(case: Case, settings: Settings) -> None:
    if settings.batched:
        laws.check_batched(case)
    laws.check_zero(case, settings.masked)
    if settings.undefined:
        laws.check_undefined(case)
