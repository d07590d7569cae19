"""Random numbers inside of vmap beside torch.func: an error, the same ones, or different ones."""

from __future__ import annotations

import pytest

from parity.scenario import raised
from parity.transforms import agrees_with_torch, grid

OPERATIONS = {
    "rand": lambda m, x: m.rand(3),
    "randn": lambda m, x: m.randn(3),
    "randint": lambda m, x: m.randint(0, 1000, (3,)),
    "randperm": lambda m, x: m.randperm(50),
    "rand_like": lambda m, x: m.rand_like(x),
    "randn_like": lambda m, x: m.randn_like(x),
    "randint_like": lambda m, x: m.randint_like(x, 0, 1000),
    "normal": lambda m, x: m.normal(0.0, 1.0, (3,)),
    "normal_mean": lambda m, x: m.normal(x, 1.0),
    "bernoulli": lambda m, x: m.bernoulli(x.abs().clamp(max=1) * 0 + 0.5),
    "multinomial": lambda m, x: m.multinomial(m.ones(1000), 3),
    "multinomial_mapped": lambda m, x: m.multinomial(m.ones(1000) + x[0].abs(), 3),
    "mask": lambda m, x: m.ones(64) * (m.rand(64) > 0.5),
    "mask_mapped": lambda m, x: (1 + 0 * x) * m.bernoulli(m.full((64,), 0.5)),
    "normal_": lambda m, x: m.zeros_like(x).normal_(),
    "uniform_": lambda m, x: m.zeros_like(x).uniform_(),
    "bernoulli_": lambda m, x: m.zeros(64).bernoulli_(),
    "exponential_": lambda m, x: m.zeros_like(x).exponential_(),
    "geometric_": lambda m, x: m.zeros_like(x).geometric_(0.01),
    "cauchy_": lambda m, x: m.zeros_like(x).cauchy_(),
    "log_normal_": lambda m, x: m.zeros_like(x).log_normal_(),
    "random_": lambda m, x: m.zeros_like(x).random_(0, 1000),
}


REFUSED = {"normal_mean", "bernoulli", "multinomial_mapped"}
"""torch has no "same" for parameters that are mapped; see tests/func/test_random.py."""


@pytest.mark.parametrize("randomness", ["error", "same", "different"])
@pytest.mark.parametrize("name", list(OPERATIONS))
def test_every_random_operation(name, randomness):
    if randomness == "same" and name in REFUSED:
        pytest.skip("torch refuses it")

    def scenario(m):
        m.manual_seed(0)
        x = grid(m, 4, 64).to(m.float32)

        def f(x):
            return OPERATIONS[name](m, x).to(m.float32), x

        found = raised(lambda: m.func.vmap(f, randomness=randomness)(x))
        if found != "nothing":
            return found
        found, _ = m.func.vmap(f, randomness=randomness)(x)
        alike = bool((found[0] == found[1]).all().item())
        return tuple(found.shape), alike

    agrees_with_torch(scenario)()


@agrees_with_torch
def test_nested_maps_have_rules_of_their_own(m):
    def run(outer, inner):
        def f(x):
            return m.func.vmap(lambda y: x + y + m.rand(3), randomness=inner)(m.zeros(4))

        def call():
            found = m.func.vmap(f, randomness=outer)(m.zeros(2))
            rows = bool((found[0] == found[1]).all().item())
            return rows, bool((found[0][0] == found[0][1]).all().item()), tuple(found.shape)

        try:
            return call()
        except Exception as error:
            return error

    return [run(a, b) for a in ("same", "different", "error") for b in ("same", "different")]


@agrees_with_torch
def test_chunks_draw_on(m):
    x = m.zeros(4)

    def run(randomness, size):
        f = m.func.vmap(lambda x: x + m.rand(3), randomness=randomness, chunk_size=size)
        found = f(x)
        return [bool((found[0] == found[i]).all().item()) for i in range(4)]

    return run("different", 2), run("same", 2), run("same", None)
