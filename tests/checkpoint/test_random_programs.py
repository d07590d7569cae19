"""Random programs give the same gradients with parts of them checkpointed as without."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import wengert as wg
from wengert.errors import GradientError
from wengert.utils.checkpoint import checkpoint

UNARY = {
    "sin": wg.sin,
    "exp": lambda x: (x * 0.3).exp(),
    "tanh": wg.tanh,
    "square": lambda x: x * x,
    "view": lambda x: x.view(2, 3).t().reshape(6),
    "slice": lambda x: wg.cat([x[2:], x[:2]]),
    "detach": lambda x: x.detach() * x,
    "dropout": lambda x: x * (wg.rand(6) > 0.3),
    "softmax": lambda x: wg.softmax(x, 0),
    "sorted": lambda x: x.sort()[0],
    "unbind": lambda x: wg.stack(x.view(2, 3).unbind(0)).view(6),
}
BINARY = {
    "add": wg.add,
    "mul": wg.mul,
    "where": lambda x, y: wg.where(x > y, x.sin(), y.cos()),
    "dot": lambda x, y: x * wg.dot(x, y),
}
IN_PLACE = {
    "mul_": lambda x, y: x.mul_(y),
    "add_": lambda x, y: x.add_(y, alpha=0.5),
    "part": lambda x, y: x[1:3].copy_(y[:2]),
    "sin_": lambda x, y: x.sin_(),
}
indices = st.integers(0, 5)
steps = st.recursive(
    st.lists(
        st.one_of(
            st.tuples(st.just("unary"), st.sampled_from(sorted(UNARY)), indices),
            st.tuples(st.just("binary"), st.sampled_from(sorted(BINARY)), indices, indices),
            st.tuples(st.just("in_place"), st.sampled_from(sorted(IN_PLACE)), indices, indices),
        ),
        min_size=1,
        max_size=5,
    ),
    lambda inner: st.lists(
        st.one_of(
            st.tuples(st.just("block"), inner, indices, indices, st.booleans()),
            st.tuples(st.just("unary"), st.sampled_from(sorted(UNARY)), indices),
            st.tuples(st.just("in_place"), st.sampled_from(sorted(IN_PLACE)), indices, indices),
        ),
        min_size=1,
        max_size=4,
    ),
    max_leaves=4,
)


def run(program: list[Any], values: list[Any], with_checkpoints: bool) -> wg.Tensor:
    """The last value; each step adds one, and reads those before it."""
    values = list(values)
    for kind, what, *rest in program:
        if kind == "block":
            first, second, early_stop = rest
            # An argument must not be overwritten, here or inside: torch refuses that, too.
            args = [values[i % len(values)].clone() for i in (first, second)]

            def block(*args: Any, program: Any = what) -> wg.Tensor:
                return run(program, [a.clone() for a in args], with_checkpoints)

            if with_checkpoints:
                values.append(checkpoint(block, *args, early_stop=early_stop))
            else:
                values.append(block(*args))
        elif kind == "unary":
            values.append(UNARY[what](values[rest[0] % len(values)]))
        elif kind == "binary":
            values.append(BINARY[what](*(values[i % len(values)] for i in rest)))
        else:
            x, y = (values[i % len(values)] for i in rest)
            IN_PLACE[what](x, y)
            values.append(x)
    return values[-1]


def outcome(program: list[Any], with_checkpoints: bool, twice: bool) -> Any:
    wg.manual_seed(0)
    x = wg.linspace(-1, 2, 6, dtype=wg.float64).requires_grad_()
    w = wg.linspace(1, 3, 6, dtype=wg.float64).requires_grad_()
    try:
        y = run(program, [x * 1, w * 1], with_checkpoints)
        found = wg.autograd.grad(
            y.sum(), [x, w], create_graph=twice, allow_unused=True, materialize_grads=True
        )
        if twice:
            total = sum((g * g).sum() for g in found)
            if total.requires_grad:
                found = wg.autograd.grad(total, [x, w], allow_unused=True, materialize_grads=True)
    except GradientError as error:
        return error
    return [y.detach(), *found]


@given(program=steps, twice=st.booleans())
def test_as_without(program, twice):
    plain = outcome(program, False, twice)
    found = outcome(program, True, twice)
    if isinstance(plain, GradientError):
        # A value overwritten after a block is computed again, from before: there is no error then.
        return
    assert not isinstance(found, GradientError), f"{found}"
    wg.testing.assert_close(found, plain, equal_nan=True)
