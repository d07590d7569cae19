"""Random tensors: distributions, ranges, and draws that can be repeated."""

from __future__ import annotations

import copy
import pickle
import threading

import numpy as np
import pytest

import wengert as wg
from wengert.errors import ArgumentError, ArgumentValueError, DTypeError, GradientError, ShapeError

MANY = 20_000
P = wg.tensor([0.1, 0.5, 0.9])

DRAWS = {
    "rand": lambda g: wg.rand(3, generator=g),
    "randn": lambda g: wg.randn(3, generator=g),
    "randint": lambda g: wg.randint(0, 100, (3,), generator=g),
    "randperm": lambda g: wg.randperm(20, generator=g),
    "rand_like": lambda g: wg.rand_like(P, generator=g),
    "randn_like": lambda g: wg.randn_like(P, generator=g),
    "randint_like": lambda g: wg.randint_like(P, 100, generator=g),
    "normal": lambda g: wg.normal(0.0, 1.0, (3,), generator=g),
    "normal of tensors": lambda g: wg.normal(P, P, generator=g),
    "bernoulli": lambda g: wg.bernoulli(P.expand(9, 3), generator=g),
    "multinomial": lambda g: wg.multinomial(P, 20, replacement=True, generator=g),
    "uniform_": lambda g: wg.zeros(3).uniform_(generator=g),
    "normal_": lambda g: wg.zeros(3).normal_(generator=g),
    "random_": lambda g: wg.zeros(3).random_(generator=g),
    "bernoulli_": lambda g: wg.zeros(30).bernoulli_(generator=g),
}
EVERY_DRAW = pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS.keys())

# Repeating ---------------------------------------------------------------------------------------


@EVERY_DRAW
def test_a_seed_decides(draw):
    g = wg.Generator().manual_seed(7)
    first, second = draw(g), draw(g)
    g.manual_seed(7)

    assert wg.equal(draw(g), first)
    assert wg.equal(draw(g), second)
    assert not wg.equal(first, second)


@EVERY_DRAW
def test_the_default_generator(draw):
    wg.manual_seed(3)
    first = draw(None)
    wg.manual_seed(3)

    assert wg.equal(draw(None), first)


def test_states():
    g = wg.Generator().manual_seed(1)
    wg.rand(2, generator=g)
    state = g.get_state()
    expected = wg.rand(2, generator=g)

    for other in (
        g.set_state(state).clone_state(),
        copy.deepcopy(g),
        pickle.loads(pickle.dumps(g)),
        wg.Generator().set_state(state),
    ):
        assert wg.equal(wg.rand(2, generator=other), expected)


def test_the_state_of_the_default_generator():
    state = wg.get_rng_state()
    first = wg.rand(2)
    wg.set_rng_state(state)

    assert wg.equal(wg.rand(2), first)


def test_seeds():
    assert wg.manual_seed(-1).initial_seed() == 2**64 - 1
    assert wg.initial_seed() == 2**64 - 1
    assert wg.seed() == wg.initial_seed()
    assert wg.Generator().initial_seed() == wg.Generator().initial_seed()
    for number in (2**64, -(2**63) - 1):
        with pytest.raises(ArgumentValueError):
            wg.manual_seed(number)


@pytest.mark.parametrize(
    ("state", "error"),
    [(5, ArgumentError), (wg.zeros(16), DTypeError), (wg.zeros(3, dtype=wg.uint8), DTypeError)],
)
def test_what_is_no_state(state, error):
    with pytest.raises(error):
        wg.Generator().set_state(state)


def test_what_is_no_generator():
    with pytest.raises(ArgumentError, match="Generator"):
        wg.rand(2, generator=5)


def test_threads_never_share_a_draw():
    g = wg.Generator().manual_seed(0)
    drawn: list[float] = []

    def work():
        for _ in range(50):
            drawn.append(wg.rand((), generator=g).item())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(drawn)) == len(drawn) == 200


def test_a_recorded_draw_is_drawn_again_alike():
    p = wg.full((100,), 0.5, requires_grad=True)
    drawn = wg.bernoulli(p)
    graph = wg.graph(drawn * 2)

    assert graph["drawn"].value.tolist() == drawn.tolist()
    assert graph(p=p.detach()).tolist() == (drawn * 2).tolist()


# Distributions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [wg.float16, wg.float32, wg.float64])
def test_uniform(dtype):
    x = wg.rand(MANY, dtype=dtype).double().numpy()

    assert x.min() >= 0
    assert x.max() < 1
    assert abs(x.mean() - 0.5) < 0.02
    assert abs(x.var() - 1 / 12) < 0.01


@pytest.mark.parametrize("dtype", [wg.float16, wg.float32, wg.float64])
def test_normal(dtype):
    x = wg.randn(MANY, dtype=dtype).double().numpy()

    assert abs(x.mean()) < 0.05
    assert abs(x.std() - 1) < 0.05


def test_complex_numbers():
    x = wg.randn(MANY, dtype=wg.complex64).numpy()

    assert abs(np.mean(np.abs(x) ** 2) - 1) < 0.05
    assert abs(np.mean(x.real * x.imag)) < 0.05
    assert wg.rand(2, dtype=wg.complex128).dtype is wg.complex128


def test_uniform_in_place_stays_below_its_end():
    x = wg.zeros(MANY, dtype=wg.float16).uniform_(1, 2)

    assert x.min().item() >= 1
    assert x.max().item() < 2
    assert wg.zeros(2).uniform_(3, 3).tolist() == [3.0, 3.0]


def test_integers():
    x = wg.randint(-2, 3, (MANY,))

    assert x.dtype is wg.int64
    assert sorted(set(x.tolist())) == [-2, -1, 0, 1, 2]
    assert wg.randint(3, (2, 2), dtype=wg.float32).dtype is wg.float32
    assert wg.randint(low=0, high=2, size=(2,), dtype=wg.bool).dtype is wg.bool


@pytest.mark.parametrize(
    ("arguments", "dtype", "error"),
    [((5, 5, (2,)), None, ShapeError), ((0, 300, (2,)), wg.uint8, DTypeError),
     ((0, 5, (2,)), wg.bool, DTypeError), ((5, 2), None, ArgumentError),
     ((0.5, 3, (2,)), None, ArgumentError), ((0, 2**12, (2,)), wg.float16, DTypeError)],
)  # fmt: skip
def test_integers_out_of_range(arguments, dtype, error):
    with pytest.raises(error):
        wg.randint(*arguments, dtype=dtype)


def test_permutations():
    assert sorted(wg.randperm(50).tolist()) == list(range(50))
    assert wg.randperm(0).shape == (0,)
    with pytest.raises(ShapeError):
        wg.randperm(-1)
    with pytest.raises(DTypeError):
        wg.randperm(300, dtype=wg.uint8)


def test_random_fills_the_range_of_a_dtype():
    assert set(wg.zeros(100, dtype=wg.bool).random_().tolist()) == {True, False}
    assert wg.zeros(MANY, dtype=wg.int8).random_().max().item() == 127
    assert set(wg.zeros(100, dtype=wg.int64).random_(2, 4).tolist()) == {2, 3}
    assert wg.zeros(9, dtype=wg.int64).random_(1).tolist() == [0] * 9


def test_bernoulli():
    p = wg.tensor([0.0, 0.25, 1.0]).expand(MANY, 3)
    means = wg.bernoulli(p).mean(0).tolist()

    assert means[0] == 0
    assert means[2] == 1
    assert abs(means[1] - 0.25) < 0.02
    assert wg.bernoulli(wg.tensor([5]), 1.0).tolist() == [1]
    assert wg.zeros(2, dtype=wg.int64).bernoulli_(wg.tensor([0.0, 1.0])).tolist() == [0, 1]


@pytest.mark.parametrize("p", [2.0, -0.1, float("nan")])
def test_impossible_probabilities(p):
    for draw in (
        lambda: wg.bernoulli(wg.tensor([p])),
        lambda: wg.bernoulli(P, p),
        lambda: wg.zeros(2).bernoulli_(p),
    ):
        with pytest.raises(ShapeError, match=r"\[0, 1\]"):
            draw()


def test_normal_of_tensors():
    x = wg.normal(wg.tensor([0.0, 10.0]).expand(MANY, 2), wg.tensor([1.0, 0.1]))

    np.testing.assert_allclose(x.mean(0).numpy(), [0, 10], atol=0.05)
    np.testing.assert_allclose(x.std(0).numpy(), [1, 0.1], atol=0.05)
    assert wg.normal(P.double(), 1.0).dtype is wg.float64
    with pytest.raises(ArgumentError, match="size"):
        wg.normal(0.0, 1.0)
    with pytest.raises(ShapeError):
        wg.normal(P, -1.0)


def test_multinomial_with_replacement():
    chosen = wg.multinomial(wg.tensor([[1.0, 3.0, 0.0], [0.0, 0.0, 2.0]]), MANY, replacement=True)

    assert chosen.dtype is wg.int64
    assert abs((chosen[0] == 1).double().mean().item() - 0.75) < 0.02
    assert set(chosen[0].tolist()) == {0, 1}
    assert set(chosen[1].tolist()) == {2}


def test_multinomial_without_replacement():
    chosen = wg.multinomial(wg.tensor([0.2, 0.0, 0.8]).expand(MANY, 3), 3)

    assert (chosen.sort(1).values == wg.arange(3)).all()
    assert (chosen[:, 2] == 1).all()  # what cannot happen comes last
    assert abs((chosen[:, 0] == 2).double().mean().item() - 0.8) < 0.02


@pytest.mark.parametrize(
    ("p", "count", "error"),
    [([0.5, 0.5], 3, ShapeError), ([0.5, 0.5], 0, ShapeError), ([0.0, 0.0], 1, ShapeError),
     ([-1.0, 2.0], 1, ShapeError), ([float("inf"), 1.0], 1, ShapeError), (1.0, 1, ShapeError),
     ([1, 2], 1, DTypeError)],
)  # fmt: skip
def test_what_is_no_distribution(p, count, error):
    with pytest.raises(error, match="multinomial"):
        wg.multinomial(wg.tensor(p), count)


def test_integers_have_no_continuous_distribution():
    for draw in (wg.rand, wg.randn):
        with pytest.raises(DTypeError, match="floating point"):
            draw(2, dtype=wg.int64)
    for name in ("uniform_", "normal_"):
        with pytest.raises(DTypeError):
            getattr(wg.zeros(2, dtype=wg.int64), name)()


# Gradients ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "draw",
    [
        wg.bernoulli,
        lambda x: wg.normal(x, x),
        lambda x: (x * 1).uniform_(),
        lambda x: (x * 1).normal_(),
        lambda x: (x * 1).bernoulli_(x),
        lambda x: (x * 1).random_(),
    ],
)
def test_a_draw_passes_no_gradient_on(draw):
    x = wg.tensor([0.25, 0.5], requires_grad=True)
    draw(x).sum().backward()

    assert x.grad.tolist() == [0.0, 0.0]


def test_leaves_are_filled_under_no_grad_only():
    x = wg.zeros(3, requires_grad=True)
    with pytest.raises(GradientError):
        x.normal_()
    with wg.no_grad():
        x.normal_()

    assert x.is_leaf
    assert x.abs().sum().item() > 0


def test_draws_can_be_traced():
    def f(p):
        chosen = wg.multinomial(p, 2)
        return (wg.bernoulli(p) + wg.normal(p, 1.0)).sum() + chosen.sum()

    graph = wg.graph(f, P)

    assert graph(p=P).shape == ()
    assert graph(p=P).item() == graph(p=P).item()


def test_a_seed_that_is_no_number():
    with pytest.raises(ValueError, match="a seed is an integer, not 'a'"):
        wg.manual_seed("a")
    with pytest.raises(TypeError, match="a seed is an integer, not None"):
        wg.manual_seed(None)
