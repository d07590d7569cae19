"""float16 and bfloat16 in everyday use, as in torch."""

from __future__ import annotations

import pytest

from parity.scenario import same_as_torch


def numbers(m, dtype):
    return m.tensor([1.0, -2.0, 3.3], dtype=getattr(m, dtype))


def both_halves(scenario):
    """The scenario, run for each of the two dtypes."""

    @pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
    def test(dtype):
        same_as_torch(lambda m: scenario(m, numbers(m, dtype)))()

    test.__doc__ = scenario.__doc__
    return test


def printed(text: str) -> str:
    return text.replace("torch.", "").replace("wengert.", "")


@both_halves
def test_the_dtype_says(m, x):
    d = x.dtype
    return [
        d.is_floating_point, d.is_complex, d.is_signed, d.itemsize, printed(repr(d)),
        x.type()[-10:], printed(repr(m.finfo(d))), m.can_cast(d, m.int32), m.can_cast(m.float64, d),
    ]  # fmt: skip


@both_halves
def test_printing(m, x):
    shown = [
        x, x[2], m.zeros(0, dtype=x.dtype), x * 1e-4, x * float("inf"), m.full((2000,), 1.5).to(x),
    ]  # fmt: skip
    return [printed(str(t)) for t in shown]


@both_halves
def test_numbers(m, x):
    return x[2].item(), x.tolist(), float(x[2]), int(x[2]), bool(x[0]), f"{x[2]:.3f}"


@both_halves
def test_casts(m, x):
    return [
        x.float(), x.double(), x.half(), x.bfloat16(), x.int(), x.bool(), x.cfloat(),
        m.tensor([1e39, -1e39, 300.0]).to(x.dtype), m.tensor([2**40, -3]).to(x.dtype),
    ]  # fmt: skip


@both_halves
def test_creation(m, x):
    d = x.dtype
    return [
        m.arange(0, 1, 0.25, dtype=d), m.linspace(0, 1, 5, dtype=d), m.logspace(0, 1, 3, dtype=d),
        m.full((2,), 3.3, dtype=d), m.eye(2, dtype=d), m.zeros_like(x), x.new_ones(2),
        x.new_tensor([1.1]), m.tensor([x[0], x[2]]), m.tensor([True, False], dtype=d),
    ]  # fmt: skip


@both_halves
def test_promotion(m, x):
    wide = [m.float32, m.float64, m.int64, m.bool]
    return [
        [x + 1, x * 2.5, 1 / x, x**2, x + True, x * m.tensor(2.0), x * m.tensor(2.0).double()],
        [x + m.ones(3, dtype=d) for d in wide],
        [x + x.half(), x.bfloat16() * x, x + m.ones(3, dtype=m.complex64)],
        [str(m.promote_types(x.dtype, d)).rpartition(".")[2] for d in (m.float16, m.bfloat16)],
    ]


@both_halves
def test_in_place(m, x):
    y = m.ones(3)
    y += x
    z = x.clone()
    z += m.ones(3)
    z[0] = 7.7
    z[1:] = m.tensor([1.1, 2.2])
    return [
        y, z, x.clone().mul_(2.5), x.clone().fill_(3.3), x.clone().copy_(y), x.clone().clamp_(0, 2),
        x.clone().addcmul_(x, x, value=0.3), x.clone().nan_to_num_(), x.clone().zero_(),
    ]  # fmt: skip


@both_halves
def test_views_share_memory(m, x):
    y = m.arange(6).to(x.dtype)
    y.view(2, 3)[1, 0] = 10
    y[::2].mul_(2)
    y.reshape(3, 2).t()[0].add_(1)
    y.unsqueeze(0).squeeze()[-1:].fill_(-1)
    w = m.ones(2, 3, dtype=x.dtype, requires_grad=True)
    v = w * 1
    v[0] = x
    v.t()[1:].mul_(x[:2])
    (v * v).sum().backward()
    return y, v.detach(), w.grad, y.view(2, 3)._base is y, m.narrow(y, 0, 1, 2)._is_view()


@both_halves
def test_comparisons_and_indices(m, x):
    return [
        x < 2, x == x, m.equal(x, x), m.isnan(x), x.max(), x.argmax(), x.sort()[0], x.topk(2)[1],
        x[x > 0], x.nonzero(), x.any(), m.unique(x), m.where(x > 0, x, 0.0), x.flip(0),
    ]  # fmt: skip


@both_halves
def test_limits(m, x):
    inf, nan = float("inf"), float("nan")
    return m.nan_to_num(m.tensor([nan, inf, -inf, 1.5], dtype=x.dtype))


@both_halves
def test_gradients(m, x):
    w = m.ones(3, dtype=x.dtype, requires_grad=True)
    v = m.ones(3, requires_grad=True)
    loss = ((w * x).sum() * 2 + (v * w).sum().to(x.dtype)) / 3
    loss.backward()
    return loss, w.grad, v.grad


@both_halves
def test_accumulation(m, x):
    ones = m.ones(5000, dtype=x.dtype)
    tenth = m.full((10_000,), 0.1, dtype=x.dtype)
    return [
        ones.sum(), ones.mean(), tenth.sum(), tenth.mean(), ones @ ones, ones.norm(), ones.var(),
        ones.cumsum(0)[-3:], x.sum(dtype=m.float32), m.ones(3).sum(dtype=x.dtype), x.prod(),
    ]  # fmt: skip


@both_halves
def test_training_steps(m, x):
    """A step in half precision with a float32 master copy, as mixed-precision training does it."""
    master = m.tensor([[0.5, -0.25, 0.125]], requires_grad=True)
    seen = []
    for _ in range(3):
        out = m.nn.functional.linear(x[None], master.to(x.dtype))
        loss = m.nn.functional.mse_loss(out, m.ones_like(out))
        loss.backward()
        seen.append((loss.item(), master.grad.tolist()))
        master.data -= 0.01 * master.grad
        master.grad = None
    return seen
