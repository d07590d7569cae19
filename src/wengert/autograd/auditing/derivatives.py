"""Comparing backward with finite differences, once and twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.autograd.auditing.numeric import dot, worst
from wengert.autograd.auditing.report import Audit
from wengert.autograd.auditing.subject import Run, Subject
from wengert.autograd.backward import grad
from wengert.core.handles import _new
from wengert.core.tensor import Tensor
from wengert.errors import GradientError
from wengert.modes import using


def gradients_of(
    run: Run, cotangents: Sequence[Any], create_graph: bool = False
) -> dict[int, Tensor | None]:
    """By position, the gradients of an input of a run; cotangents are arrays or tensors."""
    pairs = [(t, c) for t, c in zip(run.outputs, cotangents, strict=True) if c is not None]
    given = [c if isinstance(c, Tensor) else _new(np.array(c)[()], None) for _, c in pairs]
    with run.subject.repeatable():
        found = grad(
            [t for t, _ in pairs], list(run.leaves.values()), given, create_graph=create_graph,
            allow_unused=True,
        )  # fmt: skip
    return dict(zip(run.leaves, found, strict=True))


def as_array(gradient: Tensor | None, like: Any) -> Any:
    """A gradient as an array; zeros for None."""
    return np.zeros_like(like) if gradient is None else np.asarray(gradient._data)


def gradient(subject: Subject, report: Audit) -> None:
    """Each gradient agrees with finite differences of forward."""
    arrays = subject.doubled()
    run = subject.run(arrays)
    if run.node is None:
        return
    cotangents = run.cotangents()
    found = gradients_of(run, cotangents)
    looked_at = 0
    for i in subject.wanted:

        def along(array: Any, i: int = i) -> float:
            return dot(cotangents, subject.values(arrays | {i: array}))

        difference, seen = worst(
            along, arrays[i], as_array(found[i], arrays[i]), subject.random, subject.precision
        )
        looked_at += seen
        name = subject.names[i]
        if difference is not None and found[i] is None:
            report.add(
                "none", f"backward returns None for {name}, and the gradient is not zero: "
                f"finite differences give {difference.measured.real:.4g} at "
                f"{list(difference.place)}", subject.backward_line(), "Return its gradient.",
            )  # fmt: skip
        elif difference is not None:
            text = str(difference).format("backward")
            report.add(
                "gradient", f"the gradient of {name} is wrong: {text}", subject.backward_line(),
                "Derive it again; a factor or a transpose is missing.",
            )  # fmt: skip
    if not looked_at:
        report.skipped.append("gradient: forward bends, or is not finite, at all of these values")


def second(subject: Subject, report: Audit) -> None:
    """The derivative of the gradient agrees with finite differences of backward."""
    arrays = subject.doubled()
    run = subject.run(arrays)
    if run.node is None:
        return
    cotangents = run.cotangents()
    try:
        seeds, found = _differentiated(subject, run, cotangents)
    except Exception as error:
        if isinstance(error, GradientError) and "once_differentiable" in error.what:
            report.skipped.append("second derivative: backward is marked as once_differentiable")
            return
        report.add(
            "second derivative", f"differentiating backward raises {type(error).__name__}: {error}",
            subject.backward_line(), "Mark backward with @once_differentiable.",
        )  # fmt: skip
        return
    for i in subject.wanted:

        def along(array: Any, i: int = i) -> float:
            return _projected(subject, arrays | {i: array}, cotangents, seeds)

        ruled = as_array(found[i], arrays[i])
        difference, _ = worst(along, arrays[i], ruled, subject.random, subject.precision)
        if difference is not None:
            _report_second(subject, report, run, subject.names[i], difference)
    for j, cotangent in enumerate(cotangents):

        def by_cotangent(array: Any, j: int = j) -> float:
            moved = [array if k == j else c for k, c in enumerate(cotangents)]
            return _projected(subject, arrays, moved, seeds)

        if cotangent is not None:
            ruled = as_array(found[-1 - j], cotangent)
            difference, _ = worst(by_cotangent, cotangent, ruled, subject.random, subject.precision)
            if difference is not None:
                name = f"the gradient of output {j}"
                _report_second(subject, report, run, name, difference)


def _differentiated(
    subject: Subject, run: Run, cotangents: Sequence[Any]
) -> tuple[dict[int, Any], dict[int, Any]]:
    """Random seeds for the gradients, and the derivatives of <gradients, seeds>.

    By each input, and under -1 - j by the cotangent of output j.
    """
    leaves = {-1 - j: _leaf(c) for j, c in enumerate(cotangents) if c is not None}
    with using(grad=True):
        given = [leaves.get(-1 - j) for j in range(len(cotangents))]
        first = gradients_of(run, given, create_graph=True)
    seeds = {i: _drawn(subject, g) for i, g in first.items() if g is not None}
    recorded = {i: g for i, g in first.items() if g is not None and g.requires_grad}
    inputs = run.leaves | leaves
    found: Sequence[Any] = [None] * len(inputs)
    if recorded:
        found = grad(
            list(recorded.values()), list(inputs.values()),
            [_new(seeds[i], None) for i in recorded], allow_unused=True,
        )  # fmt: skip
    return seeds, dict(zip(inputs, found, strict=True))


def _projected(
    subject: Subject, arrays: dict[int, Any], cotangents: Sequence[Any], seeds: dict[int, Any]
) -> float:
    """<gradients, seeds>, at these values and cotangents."""
    gradients = gradients_of(subject.run(arrays), cotangents)
    return dot(list(seeds.values()), [as_array(gradients[j], arrays[j]) for j in seeds])


def _leaf(cotangent: Any) -> Tensor:
    made = _new(np.array(cotangent)[()], None)
    made.requires_grad_()
    return made


def _drawn(subject: Subject, gradient: Tensor) -> Any:
    made = subject.random.standard_normal(gradient.shape)
    if gradient._data.dtype.kind == "c":
        made = made + 1j * subject.random.standard_normal(gradient.shape)
    return np.asarray(made)[()]


def _report_second(subject: Subject, report: Audit, run: Run, name: str, difference: Any) -> None:
    """Name what keeps the second derivative from being seen, if that can be told."""
    assert run.node is not None
    text = f"the second derivative by {name} is wrong: " + str(difference).format(
        "differentiating backward"
    )
    between = [s for s in run.node.ctx._marks.saved if s is not None and s.loses_history]
    if between:
        report.add(
            "saved intermediate", f"{text}; a tensor is saved that is neither an input nor an "
            "output, and has no history", subject.setting_line("save_for_backward"),
            "Save inputs and compute it again in backward, or return it as a further output, or "
            "mark backward with @once_differentiable.",
        )  # fmt: skip
        return
    report.add(
        "second derivative", text, subject.backward_line(),
        "Write backward with operations on saved tensors (no detach, numpy or values kept on ctx), "
        "or mark it with @once_differentiable.",
    )  # fmt: skip
