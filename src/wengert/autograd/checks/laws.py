"""What derivatives must obey besides being right: zero for zero, gaps, and whole batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.autograd.backward import grad
from wengert.autograd.checks import analytic
from wengert.autograd.checks.blame import not_zero
from wengert.autograd.checks.case import Case, as_outputs, close
from wengert.autograd.checks.local import failing_operations, graph_of
from wengert.autograd.checks.mismatch import Failure
from wengert.core.handles import _new
from wengert.core.tensor import Tensor
from wengert.errors import GradcheckError
from wengert.func.mapping import vmap

_BATCH = 2
_RTOL, _ATOL = 1e-5, 1e-8  # allclose's own


def check_zero(case: Case, masked: bool) -> None:
    """Zero cotangents give zero gradients, exactly; unless masked, to rounding."""
    for i, gradient in _of_zeros(case, case.differentiable).items():
        is_zero = close(gradient, 0, _RTOL, _ATOL) if masked else bool(np.all(gradient == 0))
        if not is_zero:
            raise not_zero(case, i)


def check_undefined(case: Case) -> None:
    """The gradient of each output in turn is left out; the rest are zero, and so is the result."""
    places = case.differentiable
    if len(places) < 2:
        return
    for left_out in places:
        rest = [k for k in places if k != left_out]
        try:
            found = _of_zeros(case, rest)
        except RuntimeError as error:
            raise GradcheckError(
                "Expected backward function to handle undefined output grads: without the gradient "
                f"of output {left_out}: {error}",
                "An output that nothing depends on has no gradient; a Function's backward may be "
                "given None for it.",
            ) from error
        if any(np.any(g != 0) for g in found.values()):
            raise GradcheckError(
                "Expected all input grads to be undefined or zero when all output grads are "
                f"undefined or zero; the gradient of output {left_out} was left out",
            )


def _of_zeros(case: Case, outputs: list[int]) -> dict[int, Any]:
    """The gradients, by input, for cotangents that are zero, in a fresh run."""
    if not outputs:
        return {}
    fresh = as_outputs(case.func(*case.inputs))
    chosen = [fresh[k] for k in outputs]
    zeros = [_new(np.zeros_like(np.asarray(o._data))[()], None) for o in chosen]
    found = grad(chosen, case.targets, zeros, allow_unused=True)
    return {i: g._data for i, g in zip(case.wanted, found, strict=True) if g is not None}


def check_batched(case: Case) -> None:
    """One vmap over a backward pass gives what one pass after the other gives, for each output."""

    def alone(one: Case) -> list[Any]:
        return [_batched(one, k) for k in one.differentiable]

    for k in case.differentiable:
        _named(case, _batched(case, k), alone)


def check_batched_forward(case: Case) -> None:
    """One vmap over forward mode gives what one tangent after the other gives, for each input."""

    def alone(one: Case) -> list[Any]:
        return [_batched_forward(one, i) for i in one.wanted]

    for i in case.wanted:
        _named(case, _batched_forward(case, i), alone)


def _named(case: Case, error: GradcheckError | None, alone: Callable[[Case], list[Any]]) -> None:
    """Raise an error, if there is one, with the operations that have it by themselves."""
    if error is None:
        return

    def compare(one: Case) -> None:
        if any(alone(one)):
            raise Failure

    graph = graph_of(case)
    names = failing_operations(graph, compare) if graph is not None else []
    if not names:
        raise error
    listed = "; ".join(dict.fromkeys(names))
    raise GradcheckError(
        f"{error.what}\ncause: the batching rule, or the derivative of many slices at once, is "
        f"wrong in {listed}", error.remedy, cause="formula",
    ) from error.__cause__  # fmt: skip


def _batched(case: Case, k: int) -> GradcheckError | None:
    output, targets = case.outputs[k], case.targets

    def vjp(ct: Tensor) -> tuple[Tensor, ...]:
        found = grad(
            output, targets, ct, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        return tuple(g for g in found if g is not None)

    pairs = [f"output {k} and input {i}" for i in case.wanted]
    return _compare_batched(vjp, _random(output), "", pairs)


def _batched_forward(case: Case, i: int) -> GradcheckError | None:
    def jvp(tangent: Tensor) -> tuple[Any, ...]:
        inputs = [x.detach() if isinstance(x, Tensor) else x for x in case.inputs]
        found = analytic.dual_outputs(case.func, inputs, {i: tangent})
        return tuple(
            _new(np.zeros_like(np.asarray(o._data))[()], None) if t is None else t
            for o, t in zip(case.outputs, found, strict=True)
        )

    pairs = [f"output {k} and input {i}" for k in range(len(case.outputs))]
    return _compare_batched(jvp, _random(case.inputs[i]), " with forward-mode AD", pairs)


def _random(like: Tensor) -> Tensor:
    random = np.random.default_rng(0)
    shape, dtype = (_BATCH, *like._data.shape), like._data.dtype
    drawn = random.standard_normal(shape)
    if dtype.kind == "c":
        drawn = drawn + 1j * random.standard_normal(shape)
    return _new(drawn.astype(dtype), None)


def _compare_batched(
    one: Callable[[Tensor], tuple[Any, ...]], batch: Tensor, mode: str, pairs: list[str]
) -> GradcheckError | None:
    """The error for a batch that does not give what its rows give, or cannot be computed."""
    expected = [one(row) for row in batch]
    flag = "check_batched_forward_grad" if mode else "check_batched_grad"
    remedy = f"{flag}=False leaves this out."
    try:
        found = vmap(one)(batch)
    except RuntimeError as error:
        what = f"While computing batched gradients{mode}, got: {error}"
        failed = GradcheckError(what, remedy)
        failed.__cause__ = error
        return failed
    for pair, result, *rows in zip(pairs, found, *expected, strict=True):
        wanted = np.stack([np.asarray(row._data) for row in rows])
        if not close(result._data, wanted, _RTOL, _ATOL):
            return GradcheckError(
                f"gradcheck failed while testing batched gradient computation{mode}, for {pair}.\n"
                f"Got:\n{result}\nExpected:\n{_new(wanted, None)}",
                remedy,
            )
    return None


def check_undefined_tangents(case: Case) -> None:
    """An input without a tangent is one whose tangent is zero."""
    random = np.random.default_rng(0)
    tangents = {
        i: _new(random.uniform(0, 1, x._data.shape).astype(x._data.dtype)[()], None)
        for i, x in zip(case.wanted, case.targets, strict=True)
    }
    for i in case.wanted:
        zero = _new(np.zeros_like(np.asarray(case.inputs[i]._data))[()], None)
        without = {j: t for j, t in tangents.items() if j != i}
        inputs = list(case.inputs)
        inputs[i] = inputs[i].detach()
        with_zero = analytic.dual_outputs(case.func, case.inputs, tangents | {i: zero})
        undefined = analytic.dual_outputs(case.func, inputs, without)
        for k, (a, b) in enumerate(zip(with_zero, undefined, strict=True)):
            if a is not None and b is not None and not close(a._data, b._data, _RTOL, _ATOL):
                raise GradcheckError(
                    f"Mismatch in tangent values for output with index {k} when input {i} has an "
                    f"undefined tangent value. Got: {b} but expected: {a}"
                )
