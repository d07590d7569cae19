"""Whatever a compiled function does with tensors from outside is done anew at every call."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg

F = wg.func


def cubes(r):
    return (r * r * r).sum()


def of_a_copy(w):
    v = (w * 2).detach().requires_grad_()
    return wg.autograd.grad(cubes(v), v)[0]


def of_an_alias(w):
    v = w.detach().requires_grad_()
    return wg.autograd.grad(cubes(v), v)[0]


VECTORS = {
    "vmap": F.vmap(lambda r: r.sin() * r),
    "jvp": lambda w: F.jvp(cubes, (w,), (w,))[1],
    "vjp": lambda w: F.vjp(cubes, w)[1](wg.ones(()))[0],
    "linearize": lambda w: F.linearize(cubes, w)[1](w),
    "jacfwd": F.jacfwd(lambda r: r * r),
    "jacrev": F.jacrev(lambda r: r * r),
    "hessian": F.hessian(cubes),
    "jacfwd twice": F.jacfwd(F.jacfwd(cubes)),
    "jacrev twice": F.jacrev(F.jacrev(cubes)),
    "vmap of grad": F.vmap(F.grad(lambda r: r * r * r)),
    "grad of vmap": F.grad(lambda q: F.vmap(lambda r: r * r * r)(q).sum()),
    "vmap of jacfwd": F.vmap(F.jacfwd(lambda r: r * r)),
    "vmap of softmax": F.vmap(lambda r: (r * wg.ones(3)).softmax(0)),
    "autograd.grad": of_an_alias,
    "of a copy": of_a_copy,
    "jacobian": lambda w: wg.autograd.functional.jacobian(lambda r: r * r, w.detach()),
    "hvp": lambda w: wg.autograd.functional.hvp(cubes, w.detach(), wg.ones(3))[1],
}


@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize("name", VECTORS)
def test_vectors(name, requires_grad):
    w = wg.tensor([1.0, 2.0, 3.0], requires_grad=requires_grad)
    follows(VECTORS[name], w, [2.0, 1.0, 5.0])


NUMBERS = {
    "grad": F.grad(lambda r: r * r * r),
    "grad twice": F.grad(F.grad(lambda r: r**4)),
    "hessian": F.hessian(lambda r: r**4),
    "in two dtypes": F.grad(lambda r: (r.double() * wg.ones(3, dtype=wg.float64) * r).sum()),
    "with integers": F.grad(lambda r: (r * r * wg.arange(3) * r).sum()),
}


@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name, requires_grad):
    follows(NUMBERS[name], wg.tensor(2.0, requires_grad=requires_grad), 3.0)


def follows(function, w, other):
    """A compiled function sees what is written into w."""

    def with_w(x):
        return function(w) + x

    compiled = wg.compile(with_w)
    zero = wg.tensor(0.0)
    compiled(zero)
    with wg.no_grad():
        w.copy_(wg.tensor(other))

    mine, wanted = compiled(zero), with_w(zero)

    assert mine.dtype == wanted.dtype
    np.testing.assert_allclose(mine.detach().numpy(), wanted.detach().numpy(), rtol=1e-6)
