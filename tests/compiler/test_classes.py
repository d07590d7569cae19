"""Losses of classes, compiled: every option, ignored targets, and targets that there are not."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

import wengert as wg
from compiler.moving import assert_moved, moved
from compiler.native import Refused
from compiler.programs import operations
from wengert.core.registry import every_op
from wengert.errors import ArgumentValueError, DimensionError

F = wg.nn.functional
RNG = np.random.default_rng(0)
SHAPES = [(4,), (5, 4), (3, 4, 2), (2, 4, 2, 3)]


def drawn(shape, dtype=np.float32):
    """Logits, targets and weights of classes."""
    targets = RNG.integers(0, 4, shape[:1] + shape[2:] if len(shape) > 1 else ())
    weights = RNG.uniform(0.5, 2, 4).astype(dtype)
    return wg.tensor(RNG.normal(size=shape).astype(dtype)), wg.tensor(targets), wg.tensor(weights)


def losses(name, how, weight):
    if name == "nll_loss":
        return lambda x, t, w: F.nll_loss(x, t, w if weight else None, **how)
    return lambda x, t, w: F.cross_entropy(x, t, w if weight else None, **how)


def assert_close(function, *args):
    mine, other = wg.compile(function)(*args), function(*args)
    for a, b in zip(wg.utils.flatten(mine)[0] if isinstance(mine, dict) else [*mine], [*other],
                    strict=True):  # fmt: skip
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        eps = np.finfo(b.numpy().dtype).eps
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=16 * eps, atol=16 * eps)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss", "smoothed"])
@pytest.mark.parametrize("shape", SHAPES)
def test_losses_and_their_gradients(shape, name, reduction):
    how = {"reduction": reduction} | ({"label_smoothing": 0.25} if name == "smoothed" else {})
    for weight, ignored, dtype in itertools.product((False, True), (-100, 2), (np.float32,)):
        loss = losses(name, {**how, "ignore_index": ignored}, weight)
        x, t, w = drawn(shape, dtype)

        def both(x, t, w, loss=loss):
            value, pull = wg.func.vjp(lambda x: loss(x, t, w), x)
            return value, pull(value * 0.5 + 1)[0]

        assert_close(both, x, t, w)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_probabilities(reduction):
    x, _, w = drawn((5, 4), np.float64)
    how = {"reduction": reduction, "label_smoothing": 0.1}

    def both(x, p, w):
        loss = functools.partial(F.cross_entropy, weight=w.detach(), **how)
        value, pull = wg.func.vjp(loss, x, p)
        return (value, *pull(value * 0.5 + 1))

    assert_close(both, x, x.softmax(1), w)


@pytest.mark.parametrize("kind", ["cross_entropy", "nll_loss"])
def test_second_derivatives(kind):
    x, t, w = drawn((3, 4), np.float64)
    loss = losses(kind, {}, True)

    assert_close(lambda x, t, w: wg.func.hessian(lambda x: loss(x, t, w))(x), x, t, w)


def test_special_logits():
    x = wg.tensor([[np.inf, 1.0], [np.nan, 0.0], [-np.inf, 0.0], [1e38, -1e38], [-0.0, 0.0]])
    for target in (0, 1):
        t = wg.full((5,), target)
        assert_close(lambda x, t: (F.cross_entropy(x, t, reduction="none"),), x, t)
        assert_close(lambda x, t: (F.nll_loss(x, t, reduction="none"),), x, t)
        assert_close(
            lambda x, t: (wg.func.grad(lambda x: F.cross_entropy(x, t, reduction="sum"))(x),), x, t
        )


def test_all_ignored():
    x, _, _ = drawn((3, 4))
    t = wg.full((3,), -100)
    for reduction in ("mean", "sum", "none"):
        loss = losses("cross_entropy", {"reduction": reduction}, weight=False)
        assert_close(lambda x, t, loss=loss: (loss(x, t, None),), x, t)


def test_the_loss_and_its_slope_are_loops_over_rows():
    x, t, _ = drawn((5, 4))

    found = operations(wg.func.value_and_grad(lambda x, t: F.cross_entropy(x, t)), x, t)

    ops = every_op()
    assert not [n for n in found if not (ops[n].lower or ops[n].reduces or ops[n].view)
                and n not in ("class_indices", "exp", "log")], found  # fmt: skip
    assert found.count("class_indices") == found.count("exp") == found.count("eq") == 1


@pytest.mark.parametrize("target", [4, -1])
def test_classes_that_there_are_not(target):
    x, t, _ = drawn((5, 4))
    t = t.clone()
    t[3] = target

    with pytest.raises(DimensionError, match=f"Target {target} is out of bounds"):
        wg.compile(lambda x, t: F.cross_entropy(x, t))(x, t)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_the_piece_that_looks_targets_over(dtype):
    target = np.array([[0, 3, 1], [2, 2, 0]]).astype(dtype)
    for way in range(4):
        assert_moved("class_indices", [target], {"classes": 4, "ignore_index": -100}, way)
        assert_moved("class_indices", [target], {"classes": 4, "ignore_index": 3}, way)
    assert_moved("class_indices", [target], {"classes": 3, "ignore_index": 3})
    assert_moved("one_hot_classes", [target], {"classes": 4})
    with pytest.raises(Refused):
        moved("class_indices", [target], {"classes": 3, "ignore_index": -100}, [0])


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_binary_cross_entropy(reduction):
    x, _, w = drawn((5, 4), np.float64)

    def both(x, y, w):
        loss = functools.partial(F.binary_cross_entropy, weight=w, reduction=reduction)
        value, pull = wg.func.vjp(loss, x, y)
        return (value, *pull(value * 0.5 + 1))

    ends = wg.tensor([[0.0, 1.0, 0.5, 1.0]] * 5)
    assert_close(both, x.sigmoid(), x.softmax(1), w.detach())
    assert_close(lambda x: (F.binary_cross_entropy(x, ends, reduction=reduction),), ends)


@pytest.mark.parametrize("wrong", [-0.1, 1.5, np.nan])
def test_what_is_no_probability_is_refused(wrong):
    good, bad = wg.tensor([0.5, 1.0]), wg.tensor([0.5, wrong])
    compiled = wg.compile(lambda x, y: F.binary_cross_entropy(x, y))

    with pytest.raises(ArgumentValueError, match="all elements of input should be between"):
        compiled(bad, good)
    with pytest.raises(ArgumentValueError, match="all elements of target should be between"):
        compiled(good, bad)
