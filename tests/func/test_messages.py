"""What transforms say when something is wrong: the fact, the user's line, the remedy."""

from __future__ import annotations

import pytest

import wengert as wg
from wengert.autograd import forward_ad
from wengert.errors import WengertError
from wengert.func import grad, jacfwd, jacrev, jvp, linearize, vjp, vmap

HERE = "test_messages.py"


def x():
    return wg.tensor([[1.0, 2.0], [3.0, 4.0]])


CASES = {
    "bool in vmap": (
        lambda: vmap(lambda x: x if x.sum() > 0 else -x)(x()),
        ["bool() needs the value", "one per slice", "wengert.where"],
    ),
    "item in vmap": (lambda: vmap(lambda x: x.sum().item())(x()), ["needs the value", ".item()"]),
    "numpy in vmap": (lambda: vmap(lambda x: x.numpy())(x()), ["needs the value"]),
    "a mask in vmap": (lambda: vmap(lambda x: x[x > 1])(x()), ["depends on the values", "where("]),
    "nonzero in vmap": (lambda: vmap(lambda x: x.nonzero())(x()), ["nonzero", "slice to slice"]),
    "shapes in vmap": (
        lambda: vmap(lambda x: x * wg.ones(3))(x()),
        ["mul", "slices have shapes (2,) and (3,)"],
    ),
    "a write into what is not mapped": (
        lambda: vmap(lambda x: wg.zeros(2).add_(x))(x()),
        ["add_", "not mapped", "zeros_like(x)"],
    ),
    "an output that is no tensor": (
        lambda: vmap(lambda x: 3.0)(x()),
        ["must return tensors", "float", "None", "out_dims"],
    ),
    "out_dims None for a mapped output": (
        lambda: vmap(lambda x: x, out_dims=None)(x()),
        ["out_dims is None", "Give its dimension"],
    ),
    "in_dims of another structure": (
        lambda: vmap(lambda x: x, in_dims=(0, 0))(x()),
        ["in_dims=(0, 0)", "One entry per positional argument"],
    ),
    "sizes that differ": (
        lambda: vmap(lambda x, y: x + y)(x(), wg.ones(3)),
        ["same size", "[2, 3]"],
    ),
    "a vector to grad": (
        lambda: grad(lambda x: x)(x()),
        ["scalar tensor", "(2, 2)", "loss.sum()", "jacrev"],
    ),
    "a float to grad": (lambda: grad(lambda x: 3.0)(x()), ["return a tensor, got float"]),
    "integers": (
        lambda: grad(lambda x: x.sum())(wg.tensor([1, 2])),
        ["floating-point", "int64", ".float()"],
    ),
    "argnums out of range": (
        lambda: grad(lambda x: x.sum(), argnums=2)(x()),
        ["argnums=2", "1 positional"],
    ),
    "aux missing": (
        lambda: grad(lambda x: x.sum(), has_aux=True)(x()),
        ["has_aux=True", "(output, aux)", "Tensor"],
    ),
    "a complex loss": (
        lambda: grad(lambda x: (x * 1j).sum())(x()),
        ["real scalar", "complex", "real part"],
    ),
    "a complex Jacobian": (
        lambda: jacrev(lambda x: x * 1j)(x()),
        ["output 0", "complex", "vjp or jvp"],
    ),
    "a tangent of another shape": (
        lambda: jvp(lambda x: x, (x(),), (wg.ones(3),)),
        ["tangent has shape (3,)", "(2, 2)"],
    ),
    "primals that are no tuple": (lambda: jvp(lambda x: x, x(), x()), ["tuples", "(x,), (t,)"]),
    "strict": (
        lambda: jvp(lambda x: wg.ones(2), (x(),), (x(),), strict=True),
        ["does not depend"],
    ),
    "cotangents of another structure": (
        lambda: vjp(lambda x: (x, x), x())[1](x()),
        ["shape of the output", "tuple(*, *)"],
    ),
    "tangents of another dtype": (
        lambda: linearize(lambda x: x, x())[1](x().double()),
        ["float64", "float32", ".to(dtype)"],
    ),
    "random numbers in vmap": (
        lambda: vmap(lambda x: x + wg.rand(2))(x()),
        ["rand", "randomness is 'error'", "'different' or 'same'"],
    ),
    "random numbers in jacfwd": (
        lambda: jacfwd(lambda x: x * wg.rand(2))(x()),
        ["rand", "randomness is 'error'"],
    ),
    "make_dual outside of a level": (
        lambda: forward_ad.make_dual(x(), x()),
        ["no dual level", "dual_level()"],
    ),
}


@pytest.mark.parametrize("case", list(CASES))
def test_message(case):
    call, words = CASES[case]

    with pytest.raises(WengertError) as caught:
        call()

    text = str(caught.value)
    assert [word for word in words if word not in text] == [], text
    assert HERE in text, text


def test_a_tensor_that_escaped_from_its_map():
    kept = []
    vmap(lambda x: kept.append(x) or x)(x())

    with pytest.raises(WengertError, match="used outside of it"):
        kept[0] * 2


def test_levels_of_dual_numbers_do_not_nest_and_say_what_does():
    with forward_ad.dual_level():
        with pytest.raises(WengertError, match=r"nested(.|\n)*func\.jvp"):
            forward_ad.enter_dual_level()
        with pytest.raises(WengertError, match="invalid forward AD level 1"):
            forward_ad.make_dual(x(), x(), level=1)
        with pytest.raises(WengertError, match="float64"):
            forward_ad.make_dual(x(), x().double())
