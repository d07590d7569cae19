"""Backward where less is asked for: one input alone, outputs without a gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.autograd.auditing.derivatives import as_array, gradients_of
from wengert.autograd.auditing.report import Audit
from wengert.autograd.auditing.subject import Run, Subject
from wengert.core.tensor import Tensor


def one_at_a_time(subject: Subject, report: Audit) -> bool:
    """Where only one input requires grad, its gradient is the same."""
    every = subject.run(subject.arrays)
    if len(subject.wanted) < 2 or every.node is None:
        return False
    cotangents = every.cotangents()
    expected = gradients_of(every, cotangents)
    for i in subject.wanted:
        alone = subject.run(subject.arrays, [i])
        some = [c if t.requires_grad else None for c, t in zip(cotangents, alone.outputs,
                                                               strict=True)]  # fmt: skip
        found = gradients_of(alone, some) if any(c is not None for c in some) else {i: None}
        a, b = (as_array(g[i], subject.arrays[i]) for g in (found, expected))
        if not np.allclose(a, b, 1e-4, 1e-6, equal_nan=True):
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
    return np.allclose(values[0], values[1], 1e-4, 1e-6, equal_nan=True)
