"""What operators record of small tensors, and the sweep of a plain backward() through it."""

import gc

import numpy as np
import pytest

import wengert as wg
from wengert.errors import FreedError, StaleError


def leaf(data, dtype=wg.float32):
    return wg.tensor(data, dtype=dtype, requires_grad=True)


def test_a_small_operation_is_one_object_for_the_collector():
    x, h = leaf(0.5), leaf(2.0)
    for _ in range(10):
        h = h * x
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(500):
        h = h * x + 1
    assert len(gc.get_objects()) - before <= 1010


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 1), (2, 3)])
@pytest.mark.parametrize("other", [(), (1,), (3,), (2, 1), (2, 3), (1, 3)])
@pytest.mark.parametrize("symbol", ["+", "-", "*", "/"])
def test_gradients_have_the_shapes_of_what_was_broadcast(symbol, shape, other):
    a = leaf(np.full(shape, 2.0), wg.float64)
    b = leaf(np.full(other, 4.0), wg.float64)
    out = eval(f"a {symbol} b")
    out.sum().backward()
    slopes = {"+": (1, 1), "-": (1, -1), "*": (4, 2), "/": (1 / 4, -2 / 16)}[symbol]
    for tensor, slope in zip((a, b), slopes, strict=True):
        assert tensor.grad.shape == tensor.shape
        share = out.numel() / max(tensor.numel(), 1)
        assert np.allclose(tensor.grad.numpy(), slope * share)


@pytest.mark.parametrize("dtype", [wg.float32, wg.float64])
@pytest.mark.parametrize("number", [-2, -1, -0.5, 0.5, 1, 2, 3, 4, 10, 0.1, 7])
def test_numbers_are_weak_and_exact(number, dtype):
    x = leaf([0.3, -1.7], dtype)
    array = x.detach().numpy()
    for out, wanted in (
        (x + number, array + number),
        (number - x, number - array),
        (x * number, array * number),
        (number / x, number / array),
    ):
        assert out.dtype is dtype
        assert out.detach().numpy().tobytes() == wanted.tobytes()


def test_nodes_that_are_reached_in_any_order_are_complete_before_they_pass_on():
    x = leaf(2.0)
    old = x * 3  # newer nodes reach it early and late
    new = old * old
    out = new * old + old
    out.backward()
    assert x.grad.item() == 3 * (3 * 6.0**2 + 1)


def test_a_leaf_differentiates_to_one():
    x = leaf([5.0])
    x.backward()
    assert x.grad.tolist() == [1.0]


def test_gradients_own_their_memory():
    a, b = leaf([1.0]), leaf([2.0])
    c = a + b
    c.retain_grad()
    c.backward()
    grads = [a.grad, b.grad, c.grad]
    for grad in grads:
        grad.add_(1)
    assert [grad.item() for grad in grads] == [2.0, 2.0, 2.0]


def test_what_was_freed_or_overwritten_is_noticed():
    a, b = leaf([1.0]), leaf([2.0])
    (a * b).backward()
    product = a * b
    product.backward()
    with pytest.raises(FreedError):
        product.backward()
    product = a * b
    with wg.no_grad():
        b.add_(1)
    with pytest.raises(StaleError):
        product.backward()


def test_packed_values_of_a_small_operation_are_unpacked():
    a, b = leaf([2.0]), leaf([3.0])
    product = a * b
    product.grad_fn._raw_saved_self.register_hooks(lambda x: x, lambda x: x.detach() * 10)
    product.backward()
    assert (a.grad.item(), b.grad.item()) == (3.0, 20.0)


def test_a_hook_of_an_inner_tensor_is_called_once():
    a = leaf(2.0)
    seen = []
    inner = a * 3
    inner.register_hook(seen.append)
    (inner * 4).backward()
    assert [x.item() for x in seen] == [4.0]
    assert a.grad.item() == 12.0


def test_relu_keeps_bits_that_numbers_alone_do_not_tell():
    data = np.tile(np.array([-1.0, -0.0, 0.0, np.nan, np.inf, 2.0, -np.inf], np.float32), (3, 9))
    wanted = np.maximum(np.float32(0), data)
    assert wg.tensor(data).relu().numpy().tobytes() == wanted.tobytes()
    assert wg.tensor(data).T.relu().numpy().tobytes() == wanted.T.tobytes()
