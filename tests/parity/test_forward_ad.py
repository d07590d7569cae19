"""Dual numbers beside torch.autograd.forward_ad."""

from __future__ import annotations

from parity.scenario import raised
from parity.transforms import agrees_with_torch, grid, numbers


def ad(m):
    return m.autograd.forward_ad


def dual(m, x=None, t=None):
    x = numbers(m, 1.0, 2.0) if x is None else x
    return ad(m).make_dual(x, numbers(m, 0.5, -0.5) if t is None else t)


def parts(m, x):
    primal, tangent = ad(m).unpack_dual(x)
    return primal, tangent


@agrees_with_torch
def test_a_product_and_a_chain(m):
    with ad(m).dual_level():
        x = dual(m)
        return parts(m, x * x), parts(m, (x.sin() * 3 + x).exp().sum()), parts(m, x)


@agrees_with_torch
def test_names_of_the_parts(m):
    with ad(m).dual_level():
        found = ad(m).unpack_dual(dual(m))
        return found.primal, found.tangent, type(found).__name__, len(found)


@agrees_with_torch
def test_a_tensor_without_tangent(m):
    x = numbers(m, 1.0, 2.0)
    with ad(m).dual_level():
        inside = parts(m, x), parts(m, x * dual(m).detach()), parts(m, dual(m) > 0)
    return inside, raised(lambda: parts(m, x))


@agrees_with_torch
def test_tangents_end_with_the_level(m):
    with ad(m).dual_level():
        x = dual(m)
        y = x * x
    with ad(m).dual_level():
        return parts(m, x), parts(m, y), parts(m, y * dual(m))


@agrees_with_torch
def test_functions_that_open_and_close(m):
    level = ad(m).enter_dual_level()
    found = parts(m, dual(m) ** 2)
    ad(m).exit_dual_level(level=level)
    return level, found, raised(lambda: ad(m).exit_dual_level()), raised(lambda: dual(m))


@agrees_with_torch
def test_levels_do_not_nest(m):
    with ad(m).dual_level():
        return raised(lambda: ad(m).enter_dual_level())


@agrees_with_torch
def test_a_level_closes_after_an_error(m):
    def fail():
        with ad(m).dual_level():
            raise KeyError("inside")

    with ad(m).dual_level():
        pass
    return raised(fail), raised(lambda: dual(m)), raised(lambda: ad(m).dual_level().__enter__())


test_a_level_closes_after_an_error.__doc__ = "The last level is left open on purpose, and closed."


@agrees_with_torch
def test_close_what_the_test_before_left_open(m):
    return raised(lambda: ad(m).exit_dual_level())


@agrees_with_torch
def test_what_does_not_fit(m):
    x = numbers(m, 1.0, 2.0)
    with ad(m).dual_level():
        return (
            raised(lambda: dual(m, x, numbers(m, 1.0))),
            raised(lambda: dual(m, x, 3.0)),
            raised(lambda: dual(m, 3.0, x)),
            raised(lambda: dual(m, m.tensor([1, 2]), m.tensor([1, 2]))),
            raised(lambda: dual(m, x, m.tensor([1, 2]))),
            raised(lambda: ad(m).make_dual(x, x, level=1)),
        )


@agrees_with_torch
def test_a_dual_of_a_dual(m):
    with ad(m).dual_level():
        x = dual(m)
        return raised(lambda: dual(m, x))


@agrees_with_torch
def test_under_no_grad(m):
    with ad(m).dual_level():
        x = dual(m)
        with m.no_grad():
            y = x * x
            z = dual(m) * 2
        return parts(m, y), parts(m, z)


@agrees_with_torch
def test_forward_over_reverse(m):
    x = numbers(m, 1.0, 2.0).requires_grad_()
    with ad(m).dual_level():
        y = (dual(m, x) ** 3).sum()
        (g,) = m.autograd.grad(y, x, create_graph=True)
        return parts(m, y), parts(m, g)


@agrees_with_torch
def test_reverse_over_forward(m):
    x = numbers(m, 1.0, 2.0).requires_grad_()
    t = numbers(m, 0.5, -0.5).requires_grad_()
    with ad(m).dual_level():
        _, tangent = parts(m, dual(m, x, t) ** 3)
        return tangent, m.autograd.grad(tangent.sum(), (x, t))


@agrees_with_torch
def test_the_primal_keeps_its_history(m):
    x = numbers(m, 1.0, 2.0).requires_grad_()
    with ad(m).dual_level():
        primal, _ = parts(m, dual(m, x) ** 3)
        again = primal.requires_grad
        primal.sum().backward()
    return again, x.grad


@agrees_with_torch
def test_backward_of_duals(m):
    x = numbers(m, 1.0, 2.0).requires_grad_()
    with ad(m).dual_level():
        (dual(m, x) ** 3).sum().backward()
        return parts(m, x.grad)[0]


@agrees_with_torch
def test_writes_into_duals(m):
    with ad(m).dual_level():
        x = dual(m)
        y = x.clone()
        y.mul_(x)
        y.add_(1)
        z = y[0]
        y[1] = x[0] ** 2
        z.mul_(2)
        y.t_() if hasattr(y, "t_") else None
        return parts(m, y), parts(m, x)


@agrees_with_torch
def test_writes_of_duals_into_plain_tensors(m):
    with ad(m).dual_level():
        x = dual(m)
        y = m.zeros(2, dtype=m.float64)
        y.add_(x)
        w = m.zeros(3, dtype=m.float64)
        w[1:] = x
        c = m.zeros(2, dtype=m.float64)
        c.copy_(x)
        return parts(m, y), parts(m, w), parts(m, c)


@agrees_with_torch
def test_writes_of_plain_tensors_into_duals(m):
    with ad(m).dual_level():
        x = dual(m).clone()
        x[0] = 5.0
        y = dual(m).clone()
        y.copy_(numbers(m, 7.0, 8.0))
        z = dual(m).clone()
        z.zero_()
        w = dual(m).clone()
        w.fill_(3.0)
        found = [parts(m, v) for v in (x, y, z, w)]
        # A tangent that ended is None here and zeros in torch.
        return [(p, m.zeros(2, dtype=m.float64) if t is None else t) for p, t in found]


@agrees_with_torch
def test_a_write_into_the_dual_itself(m):
    with ad(m).dual_level():
        base = numbers(m, 1.0, 2.0)
        x = dual(m, base)
        x.mul_(3)
        return parts(m, x), base


@agrees_with_torch
def test_views_of_duals(m):
    with ad(m).dual_level():
        x = dual(m, grid(m, 2, 3), grid(m, 2, 3, start=1.0))
        first, second = x.unbind()
        return [
            parts(m, v)
            for v in (x[0], x[:, 1:], x.T, x.reshape(6), x.view(3, 2), first, second, x.diagonal())
        ]


@agrees_with_torch
def test_several_outputs(m):
    with ad(m).dual_level():
        x = dual(m, numbers(m, 3.0, 1.0, 2.0), numbers(m, 0.1, 0.2, 0.3))
        values, indices = x.sort()
        top = x.topk(2)
        return parts(m, values), parts(m, indices), parts(m, top[0]), parts(m, x.max(0)[0])


@agrees_with_torch
def test_retained_and_detached(m):
    with ad(m).dual_level():
        x = dual(m)
        return parts(m, x.detach()), parts(m, x.data), parts(m, x.clone())


@agrees_with_torch
def test_complex_duals(m):
    z = m.tensor([1 + 2j, 3 - 1j], dtype=m.complex128)
    with ad(m).dual_level():
        x = dual(m, z, z * 1j)
        return parts(m, x * x), parts(m, x.abs()), parts(m, x.real), parts(m, x.conj() * 2)
