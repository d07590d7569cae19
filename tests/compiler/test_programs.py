"""Random programs, of operations, views, writes and transforms, do compiled what they do eagerly.

They are those of tests/parity/programs, which stay the same as in torch; here a program is a
function of its first variables.
"""

from __future__ import annotations

import random
import warnings

import numpy as np
import pytest

import wengert as wg
from parity.programs.drawing import INSIDE, Body
from parity.programs.program import SHAPES
from parity.programs.world import World
from wengert.errors import TraceError, WengertError

REFUSED = (
    "picked by a mask",  # of which the shape of the result depends
    "by way of detach()",  # a write into what shares memory with a tensor that has a history
)

BODY = Body(INSIDE, least=4, most=12)


def program_of(seed):
    """A function of tensors: all variables that the statements leave behind."""
    statements = BODY.draw(random.Random(seed))

    def program(*tensors):
        world = World(wg, inside=True)
        for tensor in tensors:
            world.new(tensor.clone())
        world.run(statements)
        return [v.tensor.clone() for v in world.variables]

    return program


def arguments():
    """They require grad: what is written in place is then refused alike."""
    return [
        wg.tensor(
            (np.linspace(-1.3, 1.9, int(np.prod(shape))) + 0.1 * i).reshape(shape),
            requires_grad=True,
        )
        for i, shape in enumerate(SHAPES)
    ]


def gradients(function, *tensors):
    """Of the weighted sum of all results, with respect to the arguments."""
    results = [t for t in function(*tensors) if t.requires_grad]
    total = sum((t * wg.cos(t.detach() * 0 + i)).sum() for i, t in enumerate(results))
    found = wg.autograd.grad(total, tensors, allow_unused=True)
    return [t * 0 if g is None else g for g, t in zip(found, tensors, strict=True)]


def outcome(function, *args):
    """The result, or None where the program is refused."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*args)
    except WengertError as error:
        return error


def alike(mine, other):
    assert len(mine) == len(other)
    for a, b in zip(mine, other, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("first", range(0, 120, 20))
def test_programs(first):
    for seed in range(first, first + 20):
        program = program_of(seed)
        wanted = outcome(program, *arguments())
        if isinstance(wanted, list):
            found = outcome(wg.compile(program), *arguments())
            if isinstance(found, TraceError) and any(what in str(found) for what in REFUSED):
                continue
            assert isinstance(found, list), f"{seed}: {found!r}"
            alike(found, wanted)
            slopes = outcome(gradients, program, *arguments())
            if isinstance(slopes, list):
                alike(outcome(gradients, wg.compile(program), *arguments()), slopes)
