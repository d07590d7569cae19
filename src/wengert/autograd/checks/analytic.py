"""What the engine says: Jacobians by rows, in reverse mode, and by columns, in forward mode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.autograd import forward_ad
from wengert.autograd.backward import grad
from wengert.autograd.checks.case import Case, as_outputs
from wengert.core.handles import _new
from wengert.core.tensor import Tensor


def reverse(case: Case, output: Tensor) -> list[Any]:
    """Per wanted input the Jacobian of an output: shape (elements of the input, of the output)."""
    rows: list[list[Any]] = []
    shape, dtype = output._data.shape, output._data.dtype
    for at in np.ndindex(shape):
        ct = np.zeros(shape, dtype)
        ct[at] = 1
        rows.append(pulled(case, output, ct))
    return [
        np.stack([row[k] for row in rows], axis=1) if rows else _nothing(x)
        for k, x in enumerate(case.targets)
    ]


def _nothing(x: Tensor) -> Any:
    return np.zeros((x._data.size, 0), x._data.dtype)


def pulled(case: Case, output: Tensor, ct: Any) -> list[Any]:
    """A cotangent of an output pulled back to the wanted inputs, flat; zeros for no dependence."""
    targets = case.targets
    found = grad(output, targets, _new(ct[()], None), retain_graph=True, allow_unused=True)
    return [
        np.zeros(x._data.size, x._data.dtype) if g is None else np.array(g._data).reshape(-1)
        for x, g in zip(targets, found, strict=True)
    ]


def forward(case: Case) -> list[list[Any]]:
    """Per wanted input, per output, the Jacobian."""
    return [_columns(case, i) for i in case.wanted]


def _columns(case: Case, i: int) -> list[Any]:
    x = case.inputs[i]._data
    columns: list[list[Any]] = []
    for at in np.ndindex(x.shape):
        tangent = np.zeros(x.shape, x.dtype)
        tangent[at] = 1
        columns.append(pushed(case, {i: tangent}))
    return [
        np.stack([column[k] for column in columns])
        if columns
        else np.zeros((0, output._data.size), output._data.dtype)
        for k, output in enumerate(case.outputs)
    ]


def pushed(case: Case, tangents: dict[int, Any]) -> list[Any]:
    """The tangents of the outputs, flat; the tangents of all other wanted inputs are zero."""
    given = {i: np.zeros_like(np.asarray(case.inputs[i]._data)) for i in case.wanted} | tangents
    found = dual_outputs(case.func, case.inputs, {i: _new(t[()], None) for i, t in given.items()})
    return [
        np.zeros(o._data.size, o._data.dtype) if t is None else np.array(t._data).reshape(-1)
        for o, t in zip(case.outputs, found, strict=True)
    ]


def dual_outputs(
    func: Callable[..., Any], inputs: Sequence[Any], tangents: dict[int, Tensor]
) -> list[Tensor | None]:
    """The tangents of what the function returns for inputs with these tangents; None for none."""
    with forward_ad.dual_level():
        duals = [
            forward_ad.make_dual(x.detach(), tangents[i]) if i in tangents else x
            for i, x in enumerate(inputs)
        ]
        return [forward_ad.unpack_dual(o).tangent for o in as_outputs(func(*duals))]
