"""Every operation passes gradcheck and gradgradcheck, in every mode there is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import wengert as wg
from registry import distinct_functions
from sampling import Random, Sampler, arrays_in, can_draw, draw_call, map_arrays
from wengert.autograd import gradcheck, gradgradcheck
from wengert.ops.define import Function


def drawn(function: Function) -> Any:
    return draw_call(Sampler(Random(0)), function)


def is_float(array: Any) -> bool:
    return np.array(array).dtype.kind == "f"


FUNCTIONS = [
    f for f in distinct_functions()
    if can_draw(f) and f.differentiable and any(map(is_float, arrays_in(drawn(f))))
]  # fmt: skip

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # warnings of operations are tested with them
    pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.name),
]


class Checked:
    """A drawn call as a function of its float arrays, in double precision."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.call = drawn(function)
        self.inputs = [
            wg.tensor(np.array(a), dtype=wg.float64, requires_grad=True)
            for a in arrays_in(self.call)
            if is_float(a)
        ]

    def __call__(self, *inputs: wg.Tensor) -> tuple[wg.Tensor, ...]:
        rest = iter(inputs)

        def given(array: Any) -> wg.Tensor:
            return next(rest) if is_float(array) else wg.from_numpy(np.array(array))

        args, kwargs = map_arrays(given, self.call)
        return tuple(tensors_in(self.function.call(*args, **kwargs)))


def tensors_in(tree: Any) -> list[wg.Tensor]:
    if isinstance(tree, wg.Tensor):
        return [tree]
    if not isinstance(tree, (tuple, list)):
        return []
    return [t for branch in tree for t in tensors_in(branch)]


def test_first_order(function):
    f = Checked(function)
    assert gradcheck(f, f.inputs)
    assert gradcheck(f, f.inputs, fast_mode=True, check_forward_ad=True, check_batched_grad=True)


def test_second_order(function):
    f = Checked(function)
    if not any(o.requires_grad for o in f(*f.inputs)):
        return  # a step function: there is no gradient to check
    assert gradgradcheck(
        f, f.inputs, fast_mode=True, check_fwd_over_rev=True, check_batched_grad=True
    )
