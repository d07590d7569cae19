"""A whole check: complex numbers taken apart, both modes, and then the laws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.autograd.checks import laws
from wengert.autograd.checks.blame import mismatch, not_constant, not_repeatable
from wengert.autograd.checks.case import Case, Settings, as_outputs, as_tuple, check_inputs
from wengert.autograd.checks.compare import check_fast, check_slow
from wengert.autograd.checks.mismatch import First, Mismatch, NotConstant, NotRepeatable
from wengert.core.record import _new, make_leaf
from wengert.core.tensor import Tensor

Function = Callable[..., Any]


def run(func: Function, inputs: Any, settings: Settings, first: First | None) -> None:
    """Check all that was asked for. Raises GradcheckError, with its cause.

    first: in gradgradcheck, the function and inputs whose gradient `func` is.
    """
    given = as_tuple(inputs)
    check_inputs(given)
    case = Case(func, given)
    if settings.backward:
        for part in _parts_of_outputs(case):
            _compare(part, settings, first, is_forward=False)
    if settings.forward:
        for part in _parts_of_inputs(case):
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
        for i in case.differentiable:
            laws.check_batched(case, i)
    laws.check_zero(case, settings.masked)
    if settings.undefined:
        laws.check_undefined(case)


def _parts_of_outputs(case: Case) -> list[Case]:
    """The case; for complex outputs one of their imaginary parts and one of the real ones."""
    if not any(o._data.dtype.kind == "c" for o in case.outputs):
        return [case]

    def part(take: Callable[[Tensor], Any]) -> Function:
        def taken(*args: Any) -> tuple[Any, ...]:
            outputs = as_outputs(case.func(*args))
            return tuple(take(o) if o._data.dtype.kind == "c" else o for o in outputs)

        return taken

    return [
        Case(part(lambda o: o.imag), case.inputs, "imaginary"),
        Case(part(lambda o: o.real), case.inputs, "real"),
    ]


def _parts_of_inputs(case: Case) -> list[Case]:
    """The case; for complex inputs one as a function of their imaginary parts, one of the real."""
    places = [
        i for i, x in enumerate(case.inputs)
        if isinstance(x, Tensor) and x._data.dtype.kind == "c"
    ]  # fmt: skip
    if not places:
        return [case]

    def part(join: Callable[[Any, Any], Any]) -> Function:
        def joined(*args: Any) -> Any:
            whole = list(args)
            for i in places:
                whole[i] = join(args[i], case.inputs[i].detach())
            return case.func(*whole)

        return joined

    def leaves(take: Callable[[Any], Any]) -> Sequence[Any]:
        return [_part(x, take) if i in places else x for i, x in enumerate(case.inputs)]

    return [
        Case(part(lambda x, z: z.real + x * 1j), leaves(np.imag), "imaginary"),
        Case(part(lambda x, z: x + z.imag * 1j), leaves(np.real), "real"),
    ]


def _part(x: Tensor, take: Callable[[Any], Any]) -> Tensor:
    made = _new(np.array(take(x._data))[()], None)
    if x.requires_grad:
        make_leaf(made)
    return made
