"""What a failed check says: the numbers, and then the cause."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.autograd.checks.case import Case, Settings, close
from wengert.autograd.checks.cause import cause_of, cut_of
from wengert.autograd.checks.local import first_rule
from wengert.autograd.checks.mismatch import First, Mismatch, jacobians
from wengert.core.handles import _new
from wengert.errors import GradcheckError


def mismatch(found: Mismatch, settings: Settings, first: First | None) -> GradcheckError:
    """The error for a mismatch, with its cause."""
    case = found.case
    text = ""
    if case.part:
        ends = "inputs" if found.is_forward else "outputs"
        text = f"While considering the {case.part} part of complex {ends} only, "
    mode = "computed with forward mode " if found.is_forward else ""
    text += (
        f"Jacobian {mode}mismatch for output {found.output} with respect to input {found.input},\n"
        f"numerical:{_shown(found.expected)}\nanalytical:{_shown(found.found)}"
    )
    if found.is_fast:
        text += _slowly(found, settings)
    cause = cause_of(found, settings, first)
    return GradcheckError(f"{text}\ncause: {cause.text}", cause.remedy, cause=cause.kind)


def _shown(value: Any) -> Any:
    return _new(np.asarray(value), None)


def _slowly(found: Mismatch, settings: Settings) -> str:
    """The whole Jacobians, for the two numbers of fast mode say little."""
    expected, actual = jacobians(found, settings.eps)
    difference = float(np.max(np.abs(expected - actual), initial=0.0))
    text = (
        "\nThe above quantities are computed in fast mode, along one direction. The whole "
        f"Jacobians:\nnumerical:{_shown(expected)}\nanalytical:{_shown(actual)}\n"
        f"The max per-element difference (slow mode) is: {difference:.6g}."
    )
    if close(actual, expected, settings.rtol, settings.atol):
        text += "\nFast gradcheck failed but element-wise differences are small: slow mode passes."
    return text


def not_constant(case: Case) -> GradcheckError:
    """The error for outputs that require no grad, and change with the inputs all the same."""
    reason = cut_of(case)
    text = "Numerical gradient for function expected to be zero: no output requires grad"
    if reason is None:
        return GradcheckError(text, "Ask wengert.why(input, output) for the reason.")
    return GradcheckError(f"{text}\ncause: {reason.text}", reason.remedy, cause=reason.kind)


def not_repeatable(case: Case, tolerance: float) -> GradcheckError:
    """The error for a backward pass that gives other numbers the second time."""

    def differs(pull: Callable[[Any], Any], ct: Any) -> bool:
        return not np.array_equal(pull(ct), pull(ct), equal_nan=True)

    return GradcheckError(
        "Backward is not reentrant, i.e., running backward with same input and grad_output "
        "multiple times gives different values, although analytical gradient matches numerical "
        f"gradient. The tolerance for nondeterminism was {tolerance}."
        + first_rule(case, differs, "which gives other numbers each time it is called"),
        "nondet_tol= allows for a difference.",
        cause="chance",
    )


def not_zero(case: Case, i: int) -> GradcheckError:
    """The error for a gradient that is not zero though all cotangents are."""

    def is_not_zero(pull: Callable[[Any], Any], ct: Any) -> bool:
        return bool(np.any(pull(np.zeros_like(ct)) != 0))

    return GradcheckError(
        f"backward not multiplied by grad_output: zero cotangents give input {i} another gradient "
        "than zero" + first_rule(case, is_not_zero, "which is not zero for a zero cotangent"),
        "A pullback is linear: every term has the cotangent as a factor.",
        cause="formula",
    )
