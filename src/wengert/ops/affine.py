"""A product plus a term, in one operation: addmm, addmv, addbmm, baddbmm, addr and linear.

The term is added into the memory of the product: one pass and one array less than `x @ y + b`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wengert.core.aval import Aval
from wengert.core.op import Op
from wengert.core.rules import Partial, Rule
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, DTypeError, ShapeError
from wengert.ops.arguments import array_of, is_number
from wengert.ops.batching_products import affine_rule
from wengert.ops.define import public
from wengert.ops.kinds import general
from wengert.ops.matmul import check_factors, check_one_dtype, matmul_op, product
from wengert.ops.mm import bmm_op, check_ranks, mm_op, mv_op, ranked
from wengert.ops.outer import outer_aval, outer_op, outer_product, outer_written
from wengert.ops.samples import Call, Sampler

Number = int | float | complex


def plus(name: str, term: Any, out: Any, beta: Number = 1, alpha: Number = 1) -> Any:
    """beta * term + alpha * out, written into `out`. A term whose factor is 0 is not looked at."""
    if beta == 1 and alpha == 1 and term.dtype is out.dtype:
        try:
            out += term
        except ValueError:
            pass  # explained by the check
        else:
            return out
    check_term(name, term, out)
    for factor in (beta, alpha):
        if not is_number(factor):
            raise ArgumentError(f"{name}: a factor must be a number, not {type(factor).__name__}")
    convert = out.dtype.type  # as in torch, alpha=0.5 is 0 for integers
    if alpha != 1:
        out *= convert(alpha)
    if beta != 0:
        out += term if beta == 1 else term * convert(beta)
    return out


def check_term(name: str, term: Any, out: Any) -> None:
    """Raise unless the term has the product's dtype and broadcasts to its shape."""
    check_one_dtype(name, term, out)
    lead = out.ndim - term.ndim
    if lead < 0 or any(
        own not in (1, length) for own, length in zip(term.shape, out.shape[lead:], strict=True)
    ):
        raise ShapeError(
            f"{name}: a term of shape {tuple(term.shape)} cannot be added to a product of shape "
            f"{tuple(out.shape)}",
            "From the last dimension back, its lengths must be equal to the product's, or 1.",
        )


def _refuse_fractions(name: str, out: Any, **factors: Number) -> None:
    for argument, factor in factors.items():
        if out.dtype.kind in "iu" and isinstance(factor, float):
            raise DTypeError(
                f"{name}: for integral input tensors, argument {argument} must not be a floating "
                "point number"
            )


def _scaled(value: Any, factor: Number) -> Any:
    return value if factor == 1 else value * factor


def _formula(names: list[str], attrs: dict[str, Any]) -> str:
    """b + x @ y, with the factors that are not 1."""
    term, x, y = names
    beta, alpha = attrs["beta"], attrs["alpha"]
    scaled_term = term if beta == 1 else f"{beta} * {term}"
    return f"{scaled_term} + {x} @ {y}" if alpha == 1 else f"{scaled_term} + {alpha} * {x} @ {y}"


def _define(
    name: str, multiply: Rule, multiply_aval: Rule, rules: tuple[Partial, ...], product: Rule,
    **facts: Any,
) -> Op:  # fmt: skip
    """The operation beta * term + alpha * multiply(x, y), from the transposes of the product.

    product: the same as `multiply`, on tensors.
    """
    to_x, to_y = rules
    assert callable(to_x)
    assert callable(to_y)

    def forward(term: Any, x: Any, y: Any, *, beta: Number, alpha: Number) -> Any:
        return plus(name, term, multiply(x, y), beta, alpha)

    def written(term: Any, x: Any, y: Any, *, beta: Number, alpha: Number) -> Any:
        convert = term._data.dtype.type
        out = _scaled(product(x, y), convert(alpha).item())
        return out if beta == 0 else _scaled(term, convert(beta).item()) + out

    def aval(term: Aval, x: Aval, y: Aval, beta: Number, alpha: Number) -> Aval:
        out: Aval = multiply_aval(x, y)
        check_term(name, term, out)
        return out

    facts.setdefault("promotion", "none")
    return general(
        name, forward, aval=aval, torch=name, written=written,
        pullbacks=[
            lambda ct, beta: _scaled(ct, beta),
            lambda ct, y, alpha: _scaled(to_x(ct, y), alpha),
            lambda ct, x, alpha: _scaled(to_y(ct, x), alpha),
        ],
        explain="slope beta in the term; the slope in one factor is the other, times alpha",
        source="for z = beta * b + alpha * x @ y: x_bar = alpha * z_bar @ y.T",
        batch=affine_rule, **facts,
    )  # fmt: skip


def _batches_in_one(x: Any, y: Any) -> Any:
    """sum(x[i] @ y[i]) as one product: the matrices stand side by side."""
    check_ranks("addbmm", x, y, 3, 3)
    check_factors("addbmm", x, y)
    batch, rows, inner = x.shape
    wide = x.transpose(1, 0, 2).reshape(rows, batch * inner)
    return product("addbmm", wide, y.reshape(batch * inner, y.shape[2]))


def _batches_written(x: Any, y: Any) -> Any:
    batch, rows, inner = x.shape
    wide = x.permute(1, 0, 2).reshape(rows, batch * inner)
    return mm_op(wide, y.reshape(batch * inner, y.shape[2]))


def _batches_aval(x: Aval, y: Aval) -> Aval:
    out = ranked("addbmm", 3, 3)[1](x, y)
    return Aval(out.shape[1:], out.dtype)


_BATCHES = ("self", "batch1", "batch2")
addmm_op = _define(
    "addmm", *ranked("addmm", 2, 2), mm_op.rules, mm_op, symbol=_formula, precedence=11,
    saved_as=("self", "mat1", "mat2"),
)  # fmt: skip
addmv_op = _define(
    "addmv", *ranked("addmv", 2, 1), mv_op.rules, mv_op, symbol=_formula, precedence=11,
    saved_as=("self", "mat", "vec"),
)  # fmt: skip
baddbmm_op = _define(
    "baddbmm", *ranked("baddbmm", 3, 3), bmm_op.rules, bmm_op, symbol=_formula, precedence=11,
    saved_as=_BATCHES,
)  # fmt: skip
addbmm_op = _define(
    "addbmm", _batches_in_one, _batches_aval,
    (lambda ct, y: matmul_op(ct, y.mT), lambda ct, x: matmul_op(x.mT, ct)), _batches_written,
    saved_as=_BATCHES,
)  # fmt: skip
addr_op = _define(
    "addr", outer_product, outer_aval, outer_op.rules, outer_written, promotion="common",
    saved_as=("self", "vec1", "vec2"),
)  # fmt: skip


# Public ------------------------------------------------------------------------------------------


def _samples(first: str, second: str, out: str) -> Callable[[Sampler], Call]:
    """Calls with a term that broadcasts to the product; the letters are lengths of dimensions."""

    def draw(s: Sampler) -> Call:
        lengths = {letter: s.integer(1, 3) for letter in "bnkm"}
        shape = [lengths[letter] for letter in out]
        term = s.choice([shape, shape[-1:], [1] * len(shape), []])
        x, y = ([lengths[letter] for letter in letters] for letters in (first, second))
        factors = {"beta": s.choice([1, 0.5]), "alpha": s.choice([1, -2.0])}
        return (s.array(term), s.array(x), s.array(y)), factors

    return draw


@public(torch="addmm", samples=_samples("nk", "km", "nm"), in_place=True)
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Any:
    """beta * input + alpha * mat1 @ mat2.

    mat1: (n, k), mat2: (k, m), input: what broadcasts to (n, m) -> (n, m). With beta = 0 the
    input is not looked at, NaN and all. Raises ShapeError or DTypeError where they do not fit.
    """
    return addmm_op(input, mat1, mat2, beta=beta, alpha=alpha)


@public(torch="addmv", samples=_samples("nk", "k", "n"), in_place=True)
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Any:
    """beta * input + alpha * mat @ vec: (n, k), (k,) -> (n,). See `addmm`."""
    return addmv_op(input, mat, vec, beta=beta, alpha=alpha)


@public(torch="baddbmm", samples=_samples("bnk", "bkm", "bnm"), in_place=True)
def baddbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1
) -> Any:
    """beta * input + alpha * batch1 @ batch2: (b, n, k), (b, k, m) -> (b, n, m). See `addmm`."""
    return baddbmm_op(input, batch1, batch2, beta=beta, alpha=alpha)


@public(torch="addbmm", samples=_samples("bnk", "bkm", "nm"), in_place=True)
def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1
) -> Any:
    """beta * input + alpha * (batch1 @ batch2).sum(0): (b, n, k), (b, k, m) -> (n, m)."""
    return addbmm_op(input, batch1, batch2, beta=beta, alpha=alpha)


@public(torch="addr", samples=_samples("n", "m", "nm"), in_place=True)
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Any:
    """beta * input + alpha * outer(vec1, vec2): (n,), (m,) -> (n, m). See `addmm`."""
    _refuse_fractions("addr", array_of(vec1), beta=beta, alpha=alpha)
    return addr_op(input, vec1, vec2, beta=beta, alpha=alpha)
