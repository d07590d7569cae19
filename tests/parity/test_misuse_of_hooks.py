"""A table of misuse: hooks, saved values, edges. Each row says what our error tells.

`torch` is what torch does: it raises, or it accepts and goes on with wrong numbers or a wrong
meaning. Where two lines are involved, both are among what is told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch

import wengert as wg
from parity.scenario import leaf
from parity.theirs import builtin_of


class Row(NamedTuple):
    misuse: Callable[[Any], Any]
    told: tuple[str, ...]
    torch: str = "raises"


def halved(gradient):
    return gradient[:1]


def returns(register, result):
    """A hook that returns what it must not."""

    def misuse(m):
        x = leaf(m, 1.0, 2.0)
        y = x * 2  # applied here
        hooks = {
            "tensor": y.register_hook,
            "after": y.grad_fn.register_hook,
            "before": y.grad_fn.register_prehook,
            "done": x.register_post_accumulate_grad_hook,
        }
        hooks[register](result)
        y.sum().backward()

    return misuse


def on_a_constant(m):
    x = leaf(m, 1.0)
    with m.no_grad():
        y = x * 2  # cut here
    y.register_hook(print)


def done_of_a_result(m):
    (leaf(m, 1.0) * 2).register_post_accumulate_grad_hook(print)


def no_function(m):
    leaf(m, 1.0).register_hook(3)


def freed(m):
    x = leaf(m, 1.0)
    y = x * x
    y.sum().backward()  # freed here
    return y.grad_fn._saved_self


def overwritten(m):
    y = leaf(m, 1.0) * 1
    z = y * y  # saved here
    y.add_(1)  # written here
    return z.grad_fn._saved_self


def incremented(m):
    y = leaf(m, 1.0) * 1
    z = y * y  # saved here
    m.autograd.graph.increment_version(y)  # written here
    z.sum().backward()


def packed(pack, unpack=lambda kept: kept, use=lambda y, z: z.sum().backward()):
    """A pair of hooks that does what it must not."""

    def misuse(m):
        y = leaf(m, 1.0, 2.0) * 1
        with m.autograd.graph.saved_tensors_hooks(pack, unpack):
            z = y * y  # saved here
        use(y, z)

    return misuse


def packed_and_written(y, z):
    y.add_(1)  # written here
    z.sum().backward()


def hooks_twice(m):
    node = leaf(m, 1.0).sin().grad_fn
    for _ in range(2):
        node._raw_saved_self.register_hooks(lambda t: t, lambda t: t)


def hooks_that_write(m):
    node = (leaf(m, 1.0) * 1).sin().grad_fn
    node._raw_saved_self.register_hooks(lambda t: t.add_(1), lambda t: t)


def disabled(m):
    with m.autograd.graph.disable_saved_tensors_hooks("not with this"):  # disabled here
        m.autograd.graph.save_on_cpu().__enter__()


def of_a_constant_among_others(m):
    m.autograd.graph.register_multi_grad_hook([leaf(m, 1.0), m.ones(1)], print)


def another_mode(m):
    m.autograd.graph.register_multi_grad_hook([leaf(m, 1.0)], print, mode="some")


def edge_of_a_constant(m):
    with m.no_grad():
        y = leaf(m, 1.0) * 2  # cut here
    m.autograd.graph.get_gradient_edge(y)


def retained_constant(m):
    y = (leaf(m, 1.0) * 2).detach()  # cut here
    y.retain_grad()


def saved_from_inference(m):
    with m.inference_mode():
        t = m.ones(1) * 2  # made here
    return leaf(m, 1.0) * t


def written_from_inference(m):
    with m.inference_mode():
        t = m.ones(1) * 2  # made here
    t.add_(1)


def view_from_inference(m):
    y = leaf(m, 1.0, 2.0) * 1
    with m.inference_mode():
        v = y[:1]  # made here
    v.mul_(2)


def of_another_shape(m):
    (leaf(m, 1.0) * 2).grad_fn(m.ones(3))


ROWS = {
    "a gradient of another shape": Row(
        returns("tensor", halved), ("halved", "(1,)", "(2,)", "MulBackward0", "applied here")
    ),
    "a gradient of another dtype": Row(
        returns("tensor", lambda g: g.double()), ("float32", "float64", "applied here")
    ),
    "no gradient": Row(returns("tensor", lambda g: 3), ("returned int", "applied here")),
    "no tuple": Row(returns("before", lambda o: o[0]), ("no tuple", "1 here")),
    "too few gradients": Row(returns("after", lambda i, o: (i[0],)), ("got 1", "expected 2")),
    "a gradient where there is none": Row(
        returns("after", lambda i, o: (i[0], o[0])), ("None gradient", "applied here")
    ),
    "something from a hook for what is done": Row(
        returns("done", lambda t: t.grad), ("not None", ".grad: change it there")
    ),
    "a hook on a tensor that was cut off": Row(on_a_constant, ("no_grad", "cut here")),
    "a leaf's hook on a result": Row(done_of_a_result, ("non-leaf", "Use register_hook")),
    "a hook that is no function": Row(no_function, ("not a int",), torch="accepts"),
    "a saved value that was freed": Row(freed, ("freed here", "retain_graph=True")),
    "a saved value that was overwritten": Row(
        overwritten, ("saved here", "written here", "add_", "mul")
    ),
    "a version that was incremented": Row(
        incremented, ("saved here", "written here", "increment_version")
    ),
    "a packed value that was overwritten": Row(
        packed(lambda t: t.detach(), use=packed_and_written),
        ("saved here", "written here", "unpack hook"),
        torch="accepts",
    ),
    "a pack hook that writes": Row(packed(lambda t: t.mul_(2)), ("in place", "clone()")),
    "an unpack hook without a tensor": Row(packed(lambda t: t, lambda t: 5), ("int", "saved here")),
    "an unpack hook with another shape": Row(
        packed(lambda t: t.detach(), lambda t: t[:1]),
        ("float32[1]", "float32[2]", "saved here"),
        torch="accepts",
    ),
    "hooks for one saved value twice": Row(hooks_twice, ("registered already",)),
    "hooks for one saved value that write": Row(hooks_that_write, ("in place",)),
    "hooks where they are disabled": Row(disabled, ("not with this", "disabled here")),
    "one hook for several, one of them constant": Row(
        of_a_constant_among_others, ("doesn't require gradient",)
    ),
    "one hook for several, in another mode": Row(another_mode, ("'some'", '"all" or "any"')),
    "an edge of a tensor that was cut off": Row(edge_of_a_constant, ("no_grad", "cut here")),
    "a gradient retained of a constant": Row(retained_constant, ("detach", "cut here")),
    "an inference tensor saved": Row(saved_from_inference, ("made here", "Clone it")),
    "an inference tensor written": Row(written_from_inference, ("made here", "add_")),
    "a view from inference mode written": Row(view_from_inference, ("made here",)),
    "a node given another shape": Row(of_another_shape, ("(3,)", "(1,)"), torch="accepts"),
}


@pytest.mark.parametrize("name", ROWS)
def test_misuse(name):
    row = ROWS[name]
    theirs = failure(row.misuse, torch)
    assert (theirs is None) == (row.torch == "accepts")

    error = failure(row.misuse, wg)

    assert isinstance(error, wg.WengertError)
    if row.torch == "raises" and not isinstance(theirs, AssertionError):
        assert isinstance(error, builtin_of(theirs))
    for fact in row.told:
        assert fact in str(error)


def failure(misuse, m):
    try:
        misuse(m)
    except Exception as error:
        return error
    return None
