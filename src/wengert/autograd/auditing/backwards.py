"""Looking at backward: how many gradients it returns, of what kind, and what it writes into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.autograd.auditing.report import Audit
from wengert.autograd.auditing.subject import Run, Subject
from wengert.core.dtype import is_differentiable
from wengert.core.tensor import Tensor
from wengert.sites import Line


def started(subject: Subject, double: bool = False) -> Run:
    """A recorded run to call backward on."""
    return subject.run(subject.doubled() if double else subject.arrays)


def runs(subject: Subject, report: Audit) -> None:
    """backward runs on random cotangents."""
    run = started(subject)
    if run.node is None:
        report.skipped.append("backward: no output has a gradient")
        return
    try:
        run.pulled(run.given(run.cotangents()))
    except Exception as error:
        what = f"backward raises {type(error).__name__}: {error}"
        report.add("error", what, subject.backward_line(), "See the traceback of y.backward().")


def gradients(run: Run, returned: Any) -> list[Any]:
    """What backward returned, as a list."""
    return list(returned) if isinstance(returned, tuple) else [returned]


def fits(subject: Subject, report: Audit) -> None:
    """There is one gradient per argument, with the shape and the dtype of its input."""
    run = started(subject)
    if run.node is None:
        return
    found = gradients(run, run.pulled(run.given(run.cotangents())))
    names, line = subject.names, subject.backward_line()
    if len(found) < len(names) or any(g is not None for g in found[len(names) :]):
        report.add(
            "arity", f"backward returns {_count(len(found))} for {len(names)} argument"
            f"{'s' * (len(names) != 1)} of forward, {', '.join(names)}", line,
            "Return one for each argument, None for those that are no tensors.",
        )  # fmt: skip
        return
    for i, (name, gradient) in enumerate(zip(names, found, strict=False)):
        _fit(subject, report, i, name, gradient, line)


def _count(count: int) -> str:
    return f"{count} gradient{'s' * (count != 1)}"


def _fit(
    subject: Subject, report: Audit, i: int, name: str, gradient: Any, line: Line | str
) -> None:
    if gradient is None:
        return
    if i not in subject.arrays:
        report.add("type", f"backward returns a gradient for {name}, which is no tensor", line,
                   "Return None there.")  # fmt: skip
        return
    if not isinstance(gradient, Tensor):
        report.add("type", f"the gradient of {name} is a {type(gradient).__name__}, no tensor",
                   line, "Make a tensor of it: wengert.from_numpy(array).")  # fmt: skip
        return
    if i not in subject.wanted:
        return
    want = subject.arrays[i]
    if gradient._data.shape != want.shape:
        report.add("shape", f"the gradient of {name} has shape {list(gradient.shape)}, {name} has "
                   f"{list(want.shape)}", line, "Sum over what was broadcast.")  # fmt: skip
    if gradient._data.dtype != want.dtype:
        report.add("dtype", f"the gradient of {name} is {gradient._data.dtype}, {name} is "
                   f"{want.dtype}", line, "Compute it in the dtype of the input.")  # fmt: skip


def repeats(subject: Subject, report: Audit) -> None:
    """backward gives the same when it is called again."""
    run = started(subject)
    if run.node is None or subject.function.clear_saved_tensors_on_access:
        return
    cotangents = run.cotangents()
    first, second = (gradients(run, run.pulled(run.given(cotangents))) for _ in range(2))
    if not all(map(_equal, first, second)):
        report.add(
            "repeats", "backward gives other gradients when it is called again",
            subject.backward_line(),
            "Keep what it depends on unchanged: no counters, no writes, no random numbers.",
        )  # fmt: skip


def _equal(a: Any, b: Any) -> bool:
    if not isinstance(a, Tensor) or not isinstance(b, Tensor):
        return a is b or not (isinstance(a, Tensor) or isinstance(b, Tensor))
    x, y = np.asarray(a._data), np.asarray(b._data)
    return x.shape == y.shape and np.array_equal(x, y, equal_nan=is_differentiable(x.dtype))


def writes(subject: Subject, report: Audit) -> None:
    """backward leaves alone what it is given: cotangents, inputs, outputs, what was saved."""
    run = started(subject)
    if run.node is None:
        return
    given = run.given(run.cotangents())
    watched = [("the cotangent of an output", t) for t in given if t is not None]
    watched += [(f"the input {n}", a) for n, a in zip(subject.names, run.call.args, strict=True)]
    watched += [("an output", t) for t in run.outputs]
    if not subject.function.clear_saved_tensors_on_access:
        watched += [("a saved tensor", t) for t in run.node.saved_tensors]
    _check_writes(subject, report, run, given, watched)


def _check_writes(
    subject: Subject, report: Audit, run: Run, given: Sequence[Any], watched: Sequence[Any]
) -> None:
    tensors = [(what, t) for what, t in watched if isinstance(t, Tensor)]
    before = [np.array(t._data) for _, t in tensors]
    run.pulled(given)
    for (what, tensor), values in zip(tensors, before, strict=True):
        now = np.asarray(tensor._data)
        if not np.array_equal(values, now, equal_nan=is_differentiable(values.dtype)):
            report.add(
                "backward writes", f"backward writes into {what}", subject.backward_line(),
                "Compute a new tensor: others use this one as well.",
            )  # fmt: skip
            return
