"""Comparing backward with finite differences, once and twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.autograd.auditing.numeric import dot, worst
from wengert.autograd.auditing.report import Audit
from wengert.autograd.auditing.subject import Run, Subject
from wengert.autograd.backward import grad
from wengert.core.record import _new
from wengert.core.tensor import Tensor
from wengert.errors import GradientError
from wengert.modes import using


def _gradients(
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


def _array(gradient: Tensor | None, like: Any) -> Any:
    return np.zeros_like(like) if gradient is None else np.asarray(gradient._data)


def gradient(subject: Subject, report: Audit) -> None:
    """Each gradient agrees with finite differences of forward."""
    arrays = subject.doubled()
    run = subject.run(arrays)
    if run.node is None:
        return
    cotangents = run.cotangents()
    found = _gradients(run, cotangents)
    looked_at = 0
    for i in subject.wanted:

        def along(array: Any, i: int = i) -> float:
            return dot(cotangents, subject.values(arrays | {i: array}))

        difference, seen = worst(along, arrays[i], _array(found[i], arrays[i]), subject.random)
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
        _check_second(subject, report, arrays, run, cotangents)
    except GradientError as error:
        if "once_differentiable" not in error.what:
            raise
        report.skipped.append("second derivative: backward is marked as once_differentiable")


def _check_second(
    subject: Subject, report: Audit, arrays: dict[int, Any], run: Run, cotangents: Sequence[Any]
) -> None:
    leaves = [None if c is None else _leaf(c) for c in cotangents]
    with using(grad=True):
        first = _gradients(run, leaves, create_graph=True)
    seeds = {i: _drawn(subject, g) for i, g in first.items() if g is not None}
    recorded = {i: g for i, g in first.items() if g is not None and g.requires_grad}
    inputs = [*run.leaves.values(), *(x for x in leaves if x is not None)]
    if recorded:
        found: Sequence[Any] = grad(
            list(recorded.values()), inputs, [_new(seeds[i], None) for i in recorded],
            allow_unused=True,
        )  # fmt: skip
    else:
        found = [None] * len(inputs)
    by = dict(zip(run.leaves, found, strict=False))
    for i in subject.wanted:

        def along(array: Any, i: int = i) -> float:
            gradients = _gradients(subject.run(arrays | {i: array}), cotangents)
            return dot(list(seeds.values()), [_array(gradients[j], arrays[j]) for j in seeds])

        difference, _ = worst(along, arrays[i], _array(by[i], arrays[i]), subject.random)
        if difference is not None:
            _report_second(subject, report, run, i, difference)


def _leaf(cotangent: Any) -> Tensor:
    made = _new(np.array(cotangent)[()], None)
    made.requires_grad_()
    return made


def _drawn(subject: Subject, gradient: Tensor) -> Any:
    made = subject.random.standard_normal(gradient.shape)
    if gradient._data.dtype.kind == "c":
        made = made + 1j * subject.random.standard_normal(gradient.shape)
    return np.asarray(made)[()]


def _report_second(subject: Subject, report: Audit, run: Run, i: int, difference: Any) -> None:
    """Name what keeps the second derivative from being seen, if that can be told."""
    assert run.node is not None
    text = f"the second derivative by {subject.names[i]} is wrong: " + str(difference).format(
        "differentiating backward"
    )
    between = [s for s in run.node.ctx._marks.saved if s is not None and s.is_between]
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


def one_at_a_time(subject: Subject, report: Audit) -> bool:
    """Where only one input requires grad, its gradient is the same."""
    every = subject.run(subject.arrays)
    if len(subject.wanted) < 2 or every.node is None:
        return False
    cotangents = every.cotangents()
    expected = _gradients(every, cotangents)
    for i in subject.wanted:
        alone = subject.run(subject.arrays, [i])
        some = [c if t.requires_grad else None for c, t in zip(cotangents, alone.outputs,
                                                               strict=True)]  # fmt: skip
        found = _gradients(alone, some) if any(c is not None for c in some) else {i: None}
        a, b = (_array(g[i], subject.arrays[i]) for g in (found, expected))
        if not np.allclose(a, b, equal_nan=True):
            report.add(
                "needs_input_grad", f"the gradient of {subject.names[i]} is another where it is the"
                " only input that requires grad", subject.backward_line(),
                "Look at what depends on ctx.needs_input_grad, or on the order of saved tensors.",
            )  # fmt: skip
    return True


def missing(subject: Subject, report: Audit) -> bool:
    """Without materialized gradients, backward takes None, and takes it for zeros."""
    run = subject.run(subject.arrays)
    if run.node is None or run.node.ctx._marks.materialize:
        return False
    cotangents = run.cotangents()
    for j, cotangent in enumerate(cotangents):
        if cotangent is None:
            continue
        zeroed = [np.zeros_like(c) if k == j and c is not None else c
                  for k, c in enumerate(cotangents)]  # fmt: skip
        try:
            with_none = _parts(run.pulled(_without(run, cotangents, j)))
        except Exception as error:
            report.add(
                "materialize", f"backward raises {type(error).__name__} where the gradient of "
                f"output {j} is None, as set_materialize_grads(False) asks for: {error}",
                subject.backward_line(), "Test for None before using it.",
            )  # fmt: skip
            continue
        with_zeros = _parts(subject.run(subject.arrays).pulled(run.given(zeroed)))
        if not all(map(_alike, with_none, with_zeros)):
            report.add(
                "materialize", f"backward gives another gradient where that of output {j} is None "
                "than where it is zero", subject.backward_line(), "None means zero.",
            )  # fmt: skip
    return True


def _parts(returned: Any) -> list[Any]:
    return list(returned) if isinstance(returned, tuple) else [returned]


def _without(run: Run, cotangents: Sequence[Any], j: int) -> list[Any]:
    """The arguments of backward with None for output j."""
    given = run.given(cotangents)
    places = [p for p, v in enumerate(run.returned) if isinstance(v, Tensor)]
    given[places[j]] = None
    return given


def _alike(a: Any, b: Any) -> bool:
    values = [np.asarray(g._data) for g in (a, b) if isinstance(g, Tensor)]
    if len(values) < 2:
        return all(not v.any() for v in values)
    return np.allclose(values[0], values[1], equal_nan=True)
