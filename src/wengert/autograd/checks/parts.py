"""Complex numbers taken apart: functions that are checked for their real and imaginary parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.autograd.checks.case import Case, as_outputs
from wengert.core.fast import make_leaf
from wengert.core.handles import _new
from wengert.core.tensor import Tensor

Function = Callable[..., Any]


def parts_of_outputs(case: Case) -> list[Case]:
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


def parts_of_inputs(case: Case) -> list[Case]:
    """The case; for complex inputs one as a function of their imaginary parts, one of the real."""
    places = [
        i for i, x in enumerate(case.inputs)
        if isinstance(x, Tensor) and x._data.dtype.kind == "c"
    ]  # fmt: skip
    if not places:
        return [case]

    whole = {i: _new(np.array(case.inputs[i]._data)[()], None) for i in places}

    def part(join: Callable[[Any, Any], Any]) -> Function:
        def joined(*args: Any) -> Any:
            given = list(args)
            for i in places:
                given[i] = join(args[i], whole[i])
            return case.func(*given)

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
