"""Products of factors of fixed ranks: mm, bmm, mv, dot and vdot. Nothing is broadcast."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from wengert.core.aval import Aval
from wengert.core.op import Op
from wengert.core.rules import Rule
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ShapeError
from wengert.ops.batching_products import product_rule, vdot_rule
from wengert.ops.define import public
from wengert.ops.kinds import general, multilinear
from wengert.ops.matmul import EXPLAIN, SOURCE, dot_written, product, product_aval, product_indices
from wengert.ops.samples import Call, Sampler

_KINDS: Final = {1: "vector (1-D)", 2: "matrix (2-D)", 3: "batch of matrices (3-D)"}


def check_ranks(
    name: str, x: Any, y: Any, first: int, second: int,
    remedy: str = "matmul, or @, takes factors of any number of dimensions.",
) -> None:  # fmt: skip
    """Raise ShapeError unless x and y have these numbers of dimensions."""
    for factor in (x, y):
        if not isinstance(factor, (np.ndarray, np.generic, Aval)):
            raise ArgumentError(
                f"{name}: both factors must be tensors, and a {type(factor).__name__} is none",
                "Multiply by a number with *.",
            )
    if x.ndim != first or y.ndim != second:
        raise ShapeError(
            f"{name}: expected a {_KINDS[first]} and a {_KINDS[second]}, got shapes "
            f"{tuple(x.shape)} and {tuple(y.shape)}",
            remedy,
        )
    if first == 3 and x.shape[0] != y.shape[0]:
        raise ShapeError(
            f"{name}: expected batches of one length, got shapes {tuple(x.shape)} and "
            f"{tuple(y.shape)}",
            "matmul, or @, broadcasts batches.",
        )


def ranked(name: str, first: int, second: int) -> tuple[Rule, Rule]:
    """The forward function and the aval of a product whose factors have these ranks."""

    def forward(x: Any, y: Any) -> Any:
        check_ranks(name, x, y, first, second)
        return product(name, x, y)

    def aval(x: Aval, y: Aval) -> Aval:
        check_ranks(name, x, y, first, second)
        return product_aval(name, x, y)

    return forward, aval


_mm, _mm_aval = ranked("mm", 2, 2)
mm_op: Op = multilinear(
    "mm", _mm, transposes=[lambda ct, y: mm_op(ct, y.mT), lambda ct, x: mm_op(x.mT, ct)],
    promotion="none", torch="mm", saved_as=("self", "mat2"),
    aval=_mm_aval, symbol="{} @ {}", precedence=12, latex="{} {}",
    indices=product_indices, piece="product", explain=EXPLAIN, source=SOURCE,
    batch=product_rule,
)  # fmt: skip
_mv, _mv_aval = ranked("mv", 2, 1)
mv_op: Op = multilinear(
    "mv", _mv, transposes=[lambda ct, y: ct[:, None] * y, lambda ct, x: mv_op(x.mT, ct)],
    promotion="none", torch="mv", saved_as=("self", "vec"),
    aval=_mv_aval, symbol="{} @ {}", precedence=12, latex="{} {}",
    indices=product_indices, piece="product", explain=EXPLAIN, source=SOURCE,
    batch=product_rule,
)  # fmt: skip
_bmm, _bmm_aval = ranked("bmm", 3, 3)
bmm_op: Op = multilinear(
    "bmm", _bmm, transposes=[lambda ct, y: bmm_op(ct, y.mT), lambda ct, x: bmm_op(x.mT, ct)],
    promotion="none", torch="bmm", saved_as=("self", "mat2"),
    aval=_bmm_aval, symbol="{} @ {}", precedence=12, latex="{} {}",
    indices=product_indices, piece="product", explain=EXPLAIN, source=SOURCE,
    batch=product_rule,
)  # fmt: skip
_dot, _dot_aval = ranked("dot", 1, 1)
dot_op = multilinear(
    "dot", _dot, transposes=[lambda ct, y: ct * y, lambda ct, x: ct * x],
    promotion="none", torch="dot", saved_as=("self", "tensor"),
    aval=_dot_aval, latex=r"{} \cdot {}", indices=product_indices, piece="product",
    explain="the slope in one vector is the other vector",
    batch=product_rule,
    written=dot_written,
)  # fmt: skip
_dot_of_conjugate, _vdot_aval = ranked("vdot", 1, 1)


def _vdot(x: Any, y: Any) -> Any:
    return _dot_of_conjugate(np.conj(x) if x.dtype.kind == "c" else x, y)


vdot_op = general(
    "vdot", _vdot,
    pullbacks=[lambda ct, y: np.conj(ct) * y, lambda ct, x: ct * x],
    holomorphic=False, promotion="none", torch="vdot", aval=_vdot_aval,
    written=dot_op, latex=r"\overline{{{}}} \cdot {}",
    explain="the slope in one vector is the other vector",
    batch=vdot_rule,
)  # fmt: skip


def _mm_samples(s: Sampler) -> Call:
    n, k, m = s.integer(1, 4), s.integer(0, 4), s.integer(1, 4)
    return (s.array((n, k)), s.array((k, m))), {}


@public(torch="mm", samples=_mm_samples)
def mm(input: Tensor, mat2: Tensor) -> Any:
    """The product of two matrices: (n, k), (k, m) -> (n, m). Raises ShapeError for other ranks."""
    return mm_op(input, mat2)


def _mv_samples(s: Sampler) -> Call:
    n, k = s.integer(1, 4), s.integer(0, 4)
    return (s.array((n, k)), s.array((k,))), {}


@public(torch="mv", samples=_mv_samples)
def mv(input: Tensor, vec: Tensor) -> Any:
    """A matrix times a vector: (n, k), (k,) -> (n,). Raises ShapeError for other ranks."""
    return mv_op(input, vec)


def _bmm_samples(s: Sampler) -> Call:
    b, n, k, m = (s.integer(1, 3) for _ in range(4))
    return (s.array((b, n, k)), s.array((b, k, m))), {}


@public(torch="bmm", samples=_bmm_samples)
def bmm(input: Tensor, mat2: Tensor) -> Any:
    """The products of two batches of matrices, pair by pair: (b, n, k), (b, k, m) -> (b, n, m).

    Nothing is broadcast: raises ShapeError where the ranks are not 3 or the batches differ.
    """
    return bmm_op(input, mat2)


def _dot_samples(s: Sampler) -> Call:
    shape = (s.integer(0, 5),)
    return (s.array(shape), s.array(shape)), {}


@public(torch="dot", samples=_dot_samples)
def dot(input: Tensor, tensor: Tensor) -> Any:
    """The sum of the products of two vectors' elements: (n,), (n,) -> (). Nothing is conjugated.

    Raises ShapeError for other ranks and for unequal lengths.

    >>> import wengert as wg
    >>> wg.dot(wg.tensor([1.0, 2.0]), wg.tensor([3.0, 4.0]))
    tensor(11.)
    """
    return dot_op(input, tensor)


@public(torch="vdot", samples=_dot_samples)
def vdot(input: Tensor, other: Tensor) -> Any:
    """`dot` with the first vector conjugated: for real vectors the same."""
    return vdot_op(input, other)
