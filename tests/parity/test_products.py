"""Products and losses as torch's where the laws do not reach: broadcast indices, complex factors,
weights that carry no gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import wengert as wg
from parity.close import assert_close
from parity.theirs import quiet
from wengert.autograd import grad
from wengert.nn import functional as F

RANDOM = np.random.default_rng(0)


def compare(ours: Any, theirs: Any, *arrays: np.ndarray, name: str = "") -> None:
    """Value, gradients and second gradients of one function of these arrays."""
    mine = [wg.tensor(a, requires_grad=True) for a in arrays]
    others = [torch.tensor(a, requires_grad=True) for a in arrays]
    with quiet():
        y, z = ours(*mine), theirs(*others)
        assert_close(name, y.detach().numpy(), resolved(z))
        seed = like(z)
        mine_seed = wg.tensor(seed, requires_grad=True)
        other_seed = torch.tensor(seed, requires_grad=True)
        first = grad(y, mine, mine_seed, create_graph=True)
        expected = torch.autograd.grad(z, others, other_seed, create_graph=True)
        same(name, first, expected)
        seeds = [like(h) for h in expected]
        again = torch.autograd.grad(
            expected, [*others, other_seed], [torch.tensor(s) for s in seeds], allow_unused=True
        )
        second = grad(first, [*mine, mine_seed], [wg.tensor(s) for s in seeds], allow_unused=True)
        same(name, second, again)


def resolved(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().resolve_conj().resolve_neg().numpy(force=True)


def like(tensor: torch.Tensor) -> np.ndarray:
    """Random numbers in the shape and dtype of a tensor."""
    made = RANDOM.standard_normal(tensor.shape)
    if tensor.dtype.is_complex:
        made = made + 1j * RANDOM.standard_normal(tensor.shape)
    return np.asarray(made).astype(resolved(tensor).dtype)


def same(name: str, found: Any, expected: Any) -> None:
    for mine, other in zip(found, expected, strict=True):
        if other is None:
            assert mine is None or not np.any(mine.detach().numpy())
        else:
            zeros = np.zeros(tuple(other.shape), resolved(other).dtype)
            assert_close(name, zeros if mine is None else mine.detach().numpy(), resolved(other))


def numbers(kind: str, *shape: int) -> np.ndarray:
    made = RANDOM.standard_normal(shape)
    if kind == "complex":
        made = made + 1j * RANDOM.standard_normal(shape)
    return np.asarray(made)


EQUATIONS = [
    ("ij,ij->ij", (1, 3), (2, 3)), ("ij,kj->ik", (2, 1), (4, 3)), ("iij,jk->ik", (2, 2, 3), (3, 2)),
    ("...ij,...jk", (5, 2, 3), (6, 1, 3, 4)), ("...ij->ij", (5, 2, 3)),
    ("i...,i...", (2, 5), (2, 1)),
    ("ab,bc,ca->", (2, 3), (3, 4), (4, 2)), ("a,ab,abc->bc", (2,), (2, 3), (2, 3, 4)),
    ("ij,kl->jk", (2, 3), (4, 5)), ("iiij,iik->jk", (2, 2, 2, 3), (2, 2, 4)), (",i->i", (), (3,)),
    ("ij,jk->ik", (2, 0), (0, 4)),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["real", "complex"])
@pytest.mark.parametrize(("equation", "shapes"), [(e, s) for e, *s in EQUATIONS])
def test_einsum(kind, equation, shapes):
    compare(
        lambda *xs: wg.einsum(equation, *xs),
        lambda *xs: torch.einsum(equation, *xs),
        *(numbers(kind, *shape) for shape in shapes),
    )


PRODUCTS = {
    "matmul": [((2, 3), (3, 4)), ((5, 2, 3), (3,)), ((3,), (5, 3, 4)), ((6, 1, 2, 3), (5, 3, 4))],
    "vdot": [((3,), (3,))], "outer": [((3,), (2,))], "inner": [((2, 3), (4, 3))],
    "kron": [((2, 3), (2,)), ((2,), ())], "addmm": [((3,), (2, 3), (3, 3))],
    "addbmm": [((4,), (5, 2, 3), (5, 3, 4))],
}  # fmt: skip
CALLS = [(name, shapes) for name, calls in PRODUCTS.items() for shapes in calls]


@pytest.mark.parametrize(("name", "shapes"), CALLS)
def test_complex_products(name, shapes):
    arrays = [numbers("complex", *shape) for shape in shapes]

    compare(getattr(wg, name), getattr(torch, name), *arrays)


def test_names_of_products():
    """grad_fn of the forms that the operator @ does not decide."""
    for name, shapes in {
        "mm": [(2, 3), (3, 4)], "mv": [(2, 3), (3,)], "dot": [(3,), (3,)],
        "bmm": [(2, 3, 4), (2, 4, 3)], "addmm": [(4,), (2, 3), (3, 4)],
    }.items():  # fmt: skip
        ours = getattr(wg, name)(*(wg.ones(s, requires_grad=True) for s in shapes))
        theirs = getattr(torch, name)(*(torch.ones(s, requires_grad=True) for s in shapes))
        assert ours.grad_fn.name() == theirs.grad_fn.name()


@pytest.mark.parametrize("mode", ["use_mm_for_euclid_dist", "use_mm_for_euclid_dist_if_necessary"])
def test_cdist_by_products(mode):
    compare(
        lambda x, y: wg.cdist(x, y, compute_mode=mode),
        lambda x, y: torch.cdist(x, y, compute_mode=mode),
        numbers("real", 30, 3), numbers("real", 2, 4, 3),
    )  # fmt: skip


# Losses with weights, which the samples cannot draw: there, every float array requires grad.

REDUCTIONS = ["mean", "sum", "none"]
SHAPES = [(4, 3), (3,), (4, 3, 2), (2, 3, 2, 2)]


def classes(shape: tuple[int, ...], ignored: bool) -> np.ndarray:
    target = np.asarray(RANDOM.integers(0, 3, shape[:1] + shape[2:] if len(shape) > 1 else ()))
    if ignored and target.size > 1:
        target.reshape(-1)[1] = -100
    return target


@pytest.mark.parametrize("name", ["nll_loss", "cross_entropy"])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("ignored", [False, True])
def test_weights_of_classes(name, reduction, shape, ignored):
    target, weight = classes(shape, ignored), RANDOM.uniform(0.1, 2, 3)
    smoothings = [0.0, 0.3] if name == "cross_entropy" else [None]

    for smoothing in smoothings:
        options: dict[str, Any] = {"reduction": reduction}
        if smoothing is not None:
            options["label_smoothing"] = smoothing
        compare(
            lambda x, options=options: getattr(F, name)(
                x, wg.tensor(target), wg.tensor(weight), **options
            ),
            lambda x, options=options: getattr(torch.nn.functional, name)(
                x, torch.tensor(target), torch.tensor(weight), **options
            ),
            numbers("real", *shape),
        )


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_weights_of_probabilities(reduction, smoothing):
    compare(
        lambda x, y, w: F.cross_entropy(x, y, w, reduction=reduction, label_smoothing=smoothing),
        lambda x, y, w: torch.nn.functional.cross_entropy(
            x, y, w, reduction=reduction, label_smoothing=smoothing
        ),
        numbers("real", 4, 3, 2), RANDOM.uniform(0.1, 1, (4, 3, 2)), RANDOM.uniform(0.1, 2, 3),
    )  # fmt: skip


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weights", [("weight",), ("pos_weight",), ("weight", "pos_weight")])
def test_weights_of_logits(reduction, weights):
    given = {name: RANDOM.uniform(0.1, 2, shape) for name, shape in zip(weights, [(3,), (2, 3)])}

    compare(
        lambda x, y: F.binary_cross_entropy_with_logits(
            x, y, reduction=reduction, **{k: wg.tensor(v) for k, v in given.items()}
        ),
        lambda x, y: torch.nn.functional.binary_cross_entropy_with_logits(
            x, y, reduction=reduction, **{k: torch.tensor(v) for k, v in given.items()}
        ),
        numbers("real", 2, 3) * 5, RANDOM.uniform(0, 1, (2, 3)),
    )  # fmt: skip


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_weights_of_binary_cross_entropy(reduction):
    weight = RANDOM.uniform(0.1, 2, 3)

    compare(
        lambda x, y: F.binary_cross_entropy(x, y, wg.tensor(weight), reduction=reduction),
        lambda x, y: torch.nn.functional.binary_cross_entropy(
            x, y, torch.tensor(weight), reduction=reduction
        ),
        RANDOM.uniform(0.3, 0.7, (2, 3)), RANDOM.uniform(0, 1, (2, 3)),
        name="binary_cross_entropy",
    )  # fmt: skip


def test_the_third_derivative_of_a_product_with_a_zero_factor():
    """Products are polynomials; torch divides by the zero in the derivative of its tangent."""

    def third(library: Any) -> list[float]:
        def gradient(u: Any) -> Any:
            _, pull = library.func.vjp(lambda v: v.prod(0), u)
            return pull(library.tensor(1.0, dtype=u.dtype))[0]

        x = library.tensor([0.0, 2.0, 3.0], dtype=library.float64, requires_grad=True)
        second = library.func.jacfwd(gradient)(x)
        (slope,) = library.autograd.grad(second.sum(), x)
        return slope.tolist()

    assert third(wg) == [2, 2, 2]
    with quiet():
        assert np.isnan(third(torch)).any()
