"""Complex numbers in everyday use, as in torch."""

from __future__ import annotations

from parity.scenario import raised, same_as_torch


def complex_leaf(m):
    return m.tensor([1 + 2j, -0.5 + 0.25j, 3j], dtype=m.complex128, requires_grad=True)


@same_as_torch
def test_gradients_are_conjugate_derivatives(m):
    """Of a real loss the gradient points uphill: dL/dx + i dL/dy."""
    z = complex_leaf(m)
    (z.abs() ** 2).sum().backward()
    w = complex_leaf(m)
    (w * w).real.sum().backward()
    return z.grad, w.grad


@same_as_torch
def test_backward_of_complex_outputs(m):
    z = complex_leaf(m)
    y = z * z
    messages = [
        raised(lambda: y.sum().backward()),
        raised(lambda: y.backward()),
        raised(lambda: m.autograd.grad(y.sum(), z)),
    ]
    y.sum().backward(m.tensor(1 + 0j, dtype=m.complex128), retain_graph=True)
    first = z.grad.clone()
    y.backward(m.tensor([1j, 1, 2 - 1j], dtype=m.complex128))
    return messages, first, z.grad


@same_as_torch
def test_seeds_that_do_not_fit(m):
    x = m.tensor([1.0, 2.0], requires_grad=True)
    z = complex_leaf(m)
    complex_seed = m.ones(2, dtype=m.complex64)
    return [
        raised(lambda: (x * 2).backward(complex_seed)),
        raised(lambda: m.autograd.grad(x * 2, x, complex_seed)),
        raised(lambda: (z * 2).backward(m.ones(3, dtype=m.float64))),
    ]


@same_as_torch
def test_real_and_complex_meet(m):
    """A real input has a real gradient, whatever it meets."""
    x = m.tensor([[1.0], [2.0]], dtype=m.float64, requires_grad=True)
    z = complex_leaf(m)
    out = (x * z + x**2 - z / x).abs().sum() + (2j * x).imag.sum()
    out.backward()
    return out, x.grad, z.grad


@same_as_torch
def test_parts(m):
    z = complex_leaf(m)
    y = z * (1 + 1j)
    parts = m.view_as_real(y)
    loss = (parts[..., 0] * y.imag + m.view_as_complex(parts * 2).abs() + y.angle()).sum()
    loss = loss + (m.polar(y.abs(), y.angle()) - m.complex(y.real, y.imag)).abs().sum()
    loss.backward()
    return y.detach(), parts.detach(), loss, z.grad


@same_as_torch
def test_writing_into_parts(m):
    z = m.tensor([1 + 2j, 3 - 1j], dtype=m.complex128)
    z.real[0] = 7.0
    z.imag.mul_(2)
    m.view_as_real(z)[1, 0] = -1.0
    leaf = complex_leaf(m)
    y = leaf * 1
    y.real.mul_(3.0)
    m.view_as_real(y)[0] = 5.0
    y.abs().sum().backward()
    return z, y.detach(), leaf.grad


@same_as_torch
def test_products(m):
    z = complex_leaf(m)
    a = m.stack([z, z * 1j, z.conj()])
    loss = (a @ a.mH).real.sum() + m.vdot(z, z * 2j).imag + m.dot(z, z).abs()
    loss = loss + m.einsum("ij,jk->", a, a).abs() + m.outer(z, z.conj()).real.sum()
    loss.backward()
    return a.detach(), loss.detach(), z.grad


@same_as_torch
def test_reductions(m):
    z = complex_leaf(m)
    made = [
        z.sum(), z.prod(), z.mean(), z.var(), z.std(), z.norm(), z.norm(1), z.cumsum(0),
        z.cumprod(0), m.logcumsumexp(z, 0), m.logsumexp(z, 0),
    ]  # fmt: skip
    loss = sum(y.abs().sum() for y in made)
    loss.backward()
    refused = [raised(lambda f=f: f(z)) for f in (m.max, m.sort, m.argmax, m.median, m.relu)]
    return [y.detach() for y in made], z.grad, refused


@same_as_torch
def test_descent(m):
    """Gradient descent with the gradient as it is goes downhill."""
    z = m.tensor([2 + 1j, -1 - 1j], dtype=m.complex128, requires_grad=True)
    target = m.tensor([0.5j, 1 + 0j], dtype=m.complex128)
    losses = []
    for _ in range(5):
        loss = ((z * z - target).abs() ** 2).sum()
        loss.backward()
        losses.append(round(loss.item(), 9))
        with m.no_grad():
            z -= 0.02 * z.grad
        z.grad = None
    assert losses == sorted(losses, reverse=True)
    return losses


@same_as_torch
def test_jacobians(m):
    """Row by row only those of real outputs, as in torch; at once, conjugates."""
    z = complex_leaf(m).detach()
    jacobian, hessian = m.autograd.functional.jacobian, m.autograd.functional.hessian
    return [
        raised(lambda: jacobian(lambda w: w * w, z)),
        jacobian(lambda w: w * w, z, vectorize=True),
        jacobian(lambda w: w.abs(), z),
        raised(lambda: hessian(lambda w: (w * w.conj()).real.sum(), z)),
    ]


@same_as_torch
def test_hooks_and_casts(m):
    z = complex_leaf(m)
    seen = []
    y = z * 2
    y.register_hook(lambda g: seen.append(g.clone()))
    x = y.to(m.complex64).real
    x.sum().backward()
    return seen, z.grad, z.dtype.is_complex, z.is_complex(), m.is_complex(x)


@same_as_torch
def test_conjugates(m):
    z = complex_leaf(m)
    x, y = m.tensor([1.0, 2.0]), z.detach()
    same = [x.conj_physical(), x.resolve_conj(), y.resolve_neg(), y.clone().conj_physical_()]
    return same, y.is_conj(), y.is_neg(), z.conj_physical().sum().real


@same_as_torch
def test_what_views_refuse(m):
    ones = m.ones(3, 3)
    tries = [
        lambda: m.view_as_real(ones), lambda: m.view_as_complex(ones),
        lambda: m.view_as_complex(m.tensor(1.0)), lambda: m.view_as_complex(m.ones(2, 3).t()),
        lambda: m.view_as_complex(ones[:, :2]), lambda: m.imag(ones),
        lambda: m.view_as_complex(m.ones(2, dtype=m.int32)),
    ]  # fmt: skip
    return [raised(one) for one in tries]
