"""The checks of an audit, in the order in which one makes the next worth asking."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final

from wengert.autograd.auditing import backwards, derivatives, looks, partly, transforms
from wengert.autograd.auditing.report import Audit
from wengert.autograd.auditing.subject import Subject
from wengert.autograd.custom.node import place_of
from wengert.autograd.function import Function
from wengert.errors import ArgumentError, WengertError
from wengert.sites import Site

Check = Callable[[Subject, Audit], bool | None]
"""A check returns False where there is nothing to check."""

# The first ones decide whether the others can be made.
_FORWARD: Final[dict[str, Check]] = {
    "forward repeats": looks.repeats,
    "writes are marked": looks.marked_writes,
    "forward is recorded": looks.runs,
}
_DECIDING: Final = ("forward repeats", "forward is recorded", "backward runs")

_SAVING: Final[dict[str, Check]] = {
    "inputs are seen": looks.hidden_inputs,
    "nothing goes in a circle": looks.circles,
    "tensors are saved": looks.saved_on_ctx,
}
_BACKWARD: Final[dict[str, Check]] = {
    "backward runs": backwards.runs,
    "gradients fit": backwards.fits,
    "backward repeats": backwards.repeats,
    "backward writes into nothing": backwards.writes,
}
_DERIVATIVES: Final[dict[str, Check]] = {
    "gradient": derivatives.gradient,
    "second derivative": derivatives.second,
    "gradients one at a time": partly.one_at_a_time,
    "missing cotangents": partly.missing,
    "jvp": transforms.jvp,
    "vmap": transforms.vmap,
}


def run(function: Any, inputs: Sequence[Any], seed: int) -> Audit:
    """All checks that can be made. Raises ArgumentError for what is no Function."""
    if not (isinstance(function, type) and issubclass(function, Function)):
        raise ArgumentError(
            f"audit takes a subclass of autograd.Function, not {function!r}",
            "Give the class itself, then the arguments of its apply().",
        )
    report = Audit(function.__name__)
    subject = Subject(function, inputs, seed)
    if not subject.wanted:
        report.skipped.append("derivatives: no argument is a tensor of floats")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for group in (_FORWARD, _SAVING, _BACKWARD, _DERIVATIVES):
            if not _made(group, subject, report):
                break
    return report


def _made(group: dict[str, Check], subject: Subject, report: Audit) -> bool:
    """Make the checks of a group; whether those that follow it make sense."""
    for name, check in group.items():
        before, skipped = len(report.faults), len(report.skipped)
        asked: bool | None = None
        try:
            asked = check(subject, report)
        except Exception as error:
            if _is_of_audit(error):
                raise
            _broken(name, subject, report, error)
        if len(report.faults) == before and len(report.skipped) == skipped:
            report.passed.extend([name] if asked is not False else [])
        elif len(report.faults) > before and name in _DECIDING:
            return False
    return group is not _BACKWARD or not report.rules() & {"arity", "shape", "type"}


def _broken(name: str, subject: Subject, report: Audit, error: Exception) -> None:
    """A check that failed by an exception: what the Function does there is wrong."""
    what = error.what if isinstance(error, WengertError) else f"{type(error).__name__}: {error}"
    report.add(
        "error", f"{name}: {what}", _where(error) or place_of(subject.function.forward),
        "Call it that way yourself to see the traceback.",
    )  # fmt: skip


def _is_of_audit(error: Exception) -> bool:
    """Whether the audit itself went wrong, and not the Function."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    file = trace.tb_frame.f_code.co_filename if trace is not None else ""
    return os.path.dirname(file) == os.path.dirname(__file__)


def _where(error: Exception) -> Site | None:
    return error.site if isinstance(error, WengertError) else None
