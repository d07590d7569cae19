"""Random numbers inside of vmap: what torch has, and "same" where parameters are mapped."""

from __future__ import annotations

import pytest

import wengert as wg
from wengert.errors import BatchingError
from wengert.func import grad, vmap


def test_same_randomness_for_mapped_probabilities():
    chance = wg.tensor([0.0, 0.3, 0.6, 1.0]).expand(64, 4).T

    low, middle, high, sure = vmap(wg.bernoulli, randomness="same")(chance)

    assert not low.any().item()
    assert sure.all().item()
    assert (middle <= high).all().item()  # one draw for all: what is below 0.3 is below 0.6
    assert middle.any().item()


def test_same_randomness_for_mapped_means():
    mean = wg.tensor([0.0, 10.0])

    first, second = vmap(lambda m: wg.normal(m.expand(5), 1.0), randomness="same")(mean)

    assert wg.allclose(second - first, wg.full((5,), 10.0), atol=1e-5)


def test_same_and_different_in_two_levels():
    p = wg.full((2, 3, 64), 0.5)

    def inner(p):
        return vmap(wg.bernoulli, randomness="same")(p)

    found = vmap(inner, randomness="different")(p)

    assert (found[:, :1] == found).all().item()
    assert (found[0] != found[1]).any().item()


def test_an_error_says_what_to_do():
    with pytest.raises(BatchingError, match=r"rand is a random operation(.|\n)*randomness='diff"):
        vmap(lambda x: x + wg.rand(2))(wg.zeros(3))


def test_a_draw_into_what_is_not_mapped():
    with pytest.raises(BatchingError, match=r"uniform_: cannot ask(.|\n)*zeros_like\(x\)"):
        vmap(lambda x: wg.zeros(2).uniform_() + x, randomness="different")(wg.zeros(3))


def test_a_seed_makes_it_the_same_again():
    def drawn():
        wg.manual_seed(3)
        return vmap(lambda x: x + wg.randn(4), randomness="different")(wg.zeros(5))

    assert wg.equal(drawn(), drawn())


def test_gradients_go_around_a_mask():
    x = wg.full((3, 8), 2.0)

    def kept(x):
        return (x * x * (wg.rand_like(x) > 0.5)).sum()

    slopes = vmap(grad(kept), randomness="different")(x)

    assert ((slopes == 0) | (slopes == 4)).all().item()
    assert (slopes[0] != slopes[1]).any().item()
