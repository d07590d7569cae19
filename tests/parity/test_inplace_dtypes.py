"""Writes across dtypes, into parts of complex numbers, and of shapes that do not fit."""

from __future__ import annotations

import pytest

from parity.scenario import raised, same_as_torch
from parity.theirs import quiet


def quietly_same(program):
    """same_as_torch, without torch's warning that an imaginary part is dropped."""

    def quietly(m):
        with quiet():
            return program(m)

    return same_as_torch(quietly)


DTYPES = ("float32", "float64", "int64", "uint8", "bool", "complex64", "float16")


def gradient(m, y, x):
    total = (y * y.detach() + y).sum()
    total = total.real if y.dtype.is_complex else total
    return m.autograd.grad(total, x, retain_graph=True)[0]


def numbers(m, dtype, *, grad=False):
    made = m.tensor([1, 0, 2]).to(getattr(m, dtype))
    return made.requires_grad_() if grad else made


WRITES = {
    "add_": lambda x, y: x.add_(y),
    "mul_": lambda x, y: x.mul_(y),
    "copy_": lambda x, y: x.copy_(y),
    "assigned": lambda x, y: x.__setitem__(slice(1, 3), y[:2]),
    "by a mask": lambda x, y: x.__setitem__(x == 1, y[0]),
    "through a view": lambda x, y: x[1:].add_(y[1:]),
    "/=": lambda x, y: x.__itruediv__(y),
    "**=": lambda x, y: x.__ipow__(y),
    "eq_": lambda x, y: x.eq_(y),
    "fill_": lambda x, y: x.fill_(y[0]),
}


@pytest.mark.parametrize("source", DTYPES)
@pytest.mark.parametrize("target", DTYPES)
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_written_and_cast_or_refused(write, target, source):
    complex_to_real = source.startswith("complex") and not target.startswith("complex")
    if complex_to_real and write in (WRITES["assigned"], WRITES["by a mask"]):
        pytest.skip("torch drops the imaginary part, with a warning; here it is an error")
    if write is WRITES["**="] and target.startswith("complex"):
        pytest.skip("0 ** 0 of complex numbers is 1 here, NaN in torch")

    @quietly_same
    def program(m):
        x = numbers(m, target)
        failed = raised(lambda: write(x, numbers(m, source)))
        return x, isinstance(failed, Exception)

    program()


@pytest.mark.parametrize("source", ["float32", "float64", "complex128"])
@pytest.mark.parametrize("target", ["float32", "float64", "complex64"])
@pytest.mark.parametrize("write", ["add_", "copy_", "assigned", "through a view"])
def test_gradients_across_dtypes(write, target, source):
    if write == "assigned" and source == "complex128" and target != "complex64":
        pytest.skip("torch drops the imaginary part, with a warning; here it is an error")

    @quietly_same
    def program(m):
        a, b = numbers(m, target, grad=True), numbers(m, source, grad=True)
        x = a * 1
        try:
            WRITES[write](x, b * 1)
        except RuntimeError as error:
            return error
        return x.detach(), gradient(m, x, a), gradient(m, x, b)

    program()


@pytest.mark.parametrize("part", ["real", "imag"])
def test_parts_of_complex_numbers(part):
    @same_as_torch
    def program(m):
        a = m.tensor([1 + 2j, 3 - 1j], requires_grad=True)
        w = m.tensor([0.5, 2.0], requires_grad=True)
        z = a * (2 + 1j)
        view = getattr(z, part)
        view.mul_(w)
        getattr(z, part)[0] = 7.0
        z.mul_(1j)
        return z.detach(), view.detach(), gradient(m, z, a), gradient(m, z, w)

    program()


@same_as_torch
def test_complex_numbers_as_pairs(m):
    a = m.tensor([1 + 2j, 3 - 1j], requires_grad=True)
    z = a * 1
    pairs = m.view_as_real(z)
    pairs[:, 1].mul_(3)
    return z.detach(), pairs.detach(), gradient(m, z, a), gradient(m, pairs, a)


@same_as_torch
def test_shapes_that_do_not_fit(m):
    x = m.zeros(2, 3)

    def augmented():
        y = m.zeros(3)
        y += m.ones(2, 3)

    return [
        raised(lambda: x.add_(m.ones(2, 2, 3))), raised(lambda: x.add_(m.ones(2))),
        raised(lambda: x.copy_(m.ones(2))), raised(lambda: x.__setitem__(0, m.ones(2))),
        raised(lambda: x.__setitem__(0, m.ones(2, 3))), raised(augmented), x,
        x.copy_(m.ones(1, 1)), x.add_(m.ones(3)), x.__setitem__(0, m.ones(1, 1, 3)),
    ]  # fmt: skip
