"""Laws of memory: nothing is written that is not the function's own, and gradients are owned."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import assume

from laws.applications import applications
from laws.cases import Case, as_tensor, differentiable_in, gradients, tensors_in, weights
from laws.law import law, no_gradient
from sampling import calls
from wengert.autograd.backward import backward_all
from wengert.core.tensor import Tensor


@law("inputs stay as they are; only views share memory with them", one_in=20)
def test_purity(function, data):
    case = Case(function, data.draw(calls(function), label="call"))
    before = [x.tobytes() for x in case.arrays]
    leaves = case.leaves()
    with applications() as applied:
        result = case.call(leaves)
    outputs = differentiable_in(result)
    gradients(outputs, leaves, weights([y._data for y in outputs], seed=6))

    assert [x.tobytes() for x in case.arrays] == before
    if not any(a.op.view for a in applied):
        passed_on = {id(t) for t in leaves}  # a function may return its argument itself
        made = [y for y in tensors_in(result) if id(y) not in passed_on]
        assert not any(np.may_share_memory(y._data, x) for y in made for x in case.arrays)


@law("stored gradients own their memory", unless=[no_gradient], one_in=20)
def test_ownership(function, data):
    case = Case(function, data.draw(calls(function), label="call"))
    assume(case.at)
    leaves = case.leaves()
    outputs = [y for y in differentiable_in(case.call(leaves)) if y.requires_grad]
    assume(outputs)
    for output in outputs:
        output.retain_grad()
    seeds = [as_tensor(w) for w in weights([y._data for y in outputs], seed=9)]
    holders = list({id(t): t for t in [*leaves, *outputs]}.values())

    first = stored(outputs, seeds, holders)
    for holder in holders:
        seen = [y._data for y in outputs] + [s._data for s in seeds] + case.arrays
        seen += [t.grad._data for t in holders if t is not holder and t.grad is not None]
        before = [np.asarray(x).tobytes() for x in seen]
        overwrite(holder.grad)
        assert [np.asarray(x).tobytes() for x in seen] == before

    assert stored(outputs, seeds, holders) == first


def stored(outputs: list[Tensor], seeds: list[Tensor], holders: list[Tensor]) -> list[Any]:
    """The bytes of the gradients after one more backward pass, from none."""
    for holder in holders:
        holder.grad = None
    backward_all(outputs, seeds, retain_graph=True)
    return [None if t.grad is None else np.asarray(t.grad._data).tobytes() for t in holders]


def overwrite(grad: Tensor | None) -> None:
    if grad is not None and isinstance(grad._data, np.ndarray):
        grad._data[...] = 12345.0
