"""Comparing jvp with finite differences, and vmap with a loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.autograd.auditing.numeric import number
from wengert.autograd.auditing.report import Audit
from wengert.autograd.auditing.subject import Subject, own
from wengert.autograd.custom import undefined
from wengert.autograd.custom.apply import applied
from wengert.autograd.custom.call import Returned
from wengert.autograd.custom.node import place_of
from wengert.core.dtype import is_differentiable
from wengert.core.tensor import Tensor
from wengert.errors import WengertError
from wengert.func.forward import jvp as push
from wengert.func.mapping import vmap as mapped
from wengert.func.reverse import grad
from wengert.sites import Line

_SLICES = 3


def _floats(values: Any) -> list[Tensor]:
    """The outputs that have derivatives."""
    return [v for v in Returned(values).values
            if isinstance(v, Tensor) and is_differentiable(v._data.dtype)]  # fmt: skip


def jvp(subject: Subject, report: Audit) -> bool:
    """The tangents that jvp gives are those of finite differences."""
    if subject.function.jvp is undefined.jvp:
        return False
    arrays = subject.doubled()
    for i in subject.wanted:
        tangent = subject.random.standard_normal(arrays[i].shape).astype(arrays[i].dtype)

        pushed = push(_along(subject, arrays, i), (own(arrays[i]),), (own(tangent),))[1]
        measured = _measured(subject, arrays, i, tangent)
        for j, (ruled, slope) in enumerate(zip(pushed, measured, strict=True)):
            _compare_tangents(subject, report, i, j, np.asarray(ruled._data), slope)
    return True


def _along(subject: Subject, arrays: dict[int, Any], i: int) -> Callable[..., Any]:
    """The outputs of floats as a function of one input."""

    def function(x: Tensor) -> tuple[Tensor, ...]:
        call = subject.call(arrays, lambda a, j: x * 1 if j == i else own(a))
        with subject.repeatable():
            return tuple(_floats(applied(call)))

    return function


def _measured(subject: Subject, arrays: dict[int, Any], i: int, tangent: Any) -> list[Any]:
    """How the outputs of floats move along a tangent of one input."""
    step = subject.precision.step
    up, down = (subject.values(arrays | {i: arrays[i] + s * tangent}) for s in (step, -step))
    pairs = [(a, b) for a, b in zip(up, down, strict=True) if is_differentiable(a.dtype)]
    return [np.asarray((a - b) / (2 * step)) for a, b in pairs]


def _compare_tangents(
    subject: Subject, report: Audit, i: int, j: int, ruled: Any, measured: Any
) -> None:
    error = np.abs(ruled - measured) / np.maximum(1.0, np.abs(measured))
    if not error.size or np.nanmax(error) <= subject.precision.tolerance:
        return
    at = np.unravel_index(int(np.nanargmax(error)), error.shape)
    report.add(
        "jvp", f"the tangent of output {j} for one of {subject.names[i]} is wrong: jvp gives "
        f"{number(complex(ruled[at]))}, finite differences give {number(complex(measured[at]))}",
        place_of(subject.function.jvp), "jvp is J t where backward is the transpose, J^T g.",
    )  # fmt: skip


def vmap(subject: Subject, report: Audit) -> bool:
    """vmap gives what a loop gives, for the values and for the gradients."""
    function = subject.function
    if function.vmap is undefined.vmap and not function.generate_vmap_rule:
        return False
    floats = [i for i, a in subject.arrays.items() if is_differentiable(a.dtype)]
    for chosen in [floats, *([i] for i in floats if len(floats) > 1)]:
        try:
            _compare_slices(subject, report, chosen)
        except Exception as error:
            what = f"vmap over {_listed(subject, chosen)} raises {type(error).__name__}: {error}"
            report.add("vmap", what, _rule_line(subject), "Try vmap(F.apply) yourself.")
    return True


def _listed(subject: Subject, chosen: list[int]) -> str:
    return " and ".join(subject.names[i] for i in chosen)


def _rule_line(subject: Subject) -> Line | str:
    own_rule = subject.function.vmap is not undefined.vmap
    return place_of(subject.function.vmap if own_rule else subject.function.forward)


def _compare_slices(subject: Subject, report: Audit, chosen: list[int]) -> None:
    arrays = subject.doubled()
    stacked = [own(_slices(subject, arrays[i])) for i in chosen]

    def values(*given: Tensor) -> tuple[Tensor, ...]:
        by = dict(zip(chosen, given, strict=True))
        call = subject.call(arrays, lambda a, j: by[j] * 1 if j in by else own(a))
        with subject.repeatable():
            return tuple(_floats(applied(call)))

    def loss(*given: Tensor) -> Any:
        return sum((y * y.detach().cos()).real.sum() for y in values(*given))

    gradients = grad(loss, argnums=tuple(range(len(chosen))))
    for what, function in (("values", values), ("gradients", gradients)):
        try:
            rows = [function(*(s[k] for s in stacked)) for k in range(_SLICES)]
        except WengertError as error:
            report.skipped.append(f"vmap: the loop raises {type(error).__name__}: {error.what}")
            return
        found = mapped(function)(*stacked)
        expected = [np.stack([np.asarray(t._data) for t in ts]) for ts in zip(*rows, strict=True)]
        if not all(
            np.allclose(f._data, e, 1e-4, 1e-6) for f, e in zip(found, expected, strict=True)
        ):
            report.add(
                "vmap", f"vmap over {_listed(subject, chosen)} gives other {what} than a loop",
                _rule_line(subject), "Look at in_dims and out_dims, and at reductions over all "
                "dimensions.",
            )  # fmt: skip
            return


def _slices(subject: Subject, array: Any) -> Any:
    """A few values like these, stacked; the first are these."""
    more = [array * (1 - 0.05 * k) for k in range(_SLICES)]
    return np.stack(more)
