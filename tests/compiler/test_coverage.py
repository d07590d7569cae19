"""Which operations have no native code, and why. All others have."""

from __future__ import annotations

import pytest

import wengert as wg
from wengert.core.registry import every_op
from wengert.errors import TraceError

LAPACK = "a decomposition, or what is computed by one: LAPACK's work, not a loop's"
SHAPE = "the shape of the result depends on values: what uses it cannot be traced"
DRAWS = "it draws at random: not in what is compiled, where it would draw the same at every call"
ORDER = "it puts elements in order: NumPy's sort branches as one here would, and is called for it"
COMPLEX = "only of complex numbers, on which NumPy computes"

WITHOUT = {
    LAPACK: {
        "linalg_solve_triangular", "linalg_cholesky", "linalg_inv", "linalg_solve", "linalg_det",
        "linalg_slogdet", "cofactor", "cofactor_step", "linalg_eigh", "linalg_eig", "linalg_svd",
        "linalg_qr", "geqrf", "linalg_lu_factor", "permutation", "linalg_pinv", "linalg_lstsq",
        "matrix_exp", "first_bad_minor", "first_zero_pivot",
    },
    SHAPE: {
        "masked_select", "nonzero", "nonzero_tuple", "unique", "bincount", "repeated_indices",
    },
    DRAWS: {
        "draw_bernoulli", "bernoulli", "draw_normal", "normal", "uniform", "random", "multinomial",
        "exponential", "geometric", "cauchy", "log_normal",
    },
    ORDER: {
        "sort", "argsort", "topk", "kthvalue", "median", "nanmedian", "median_dim",
        "nanmedian_dim", "ranking", "at_rank",
    },
    COMPLEX: {"conj", "conj_physical", "complex", "polar"},
}  # fmt: skip
"""By reason. What has native code may still go to NumPy for some dtypes: half and complex numbers,
and integers divided by a tensor, as a divisor of 0 raises there."""

ELEMENTWISE = {
    "erfinv": "SciPy's, by a rational approximation of its own; rare in loops",
    "lgamma": "SciPy's: its zeros and poles need a case each",
    "digamma": "SciPy's: its zeros and poles need a case each",
    "polygamma": "SciPy's, by sums of Hurwitz' zeta function",
    "i0": "SciPy's, by series of Chebyshev polynomials",
    "i1": "SciPy's, by series of Chebyshev polynomials",
    "exponent": "it makes integers of the bits of numbers, for NumPy's frexp only",
    "gcd": "a loop without a bound that is known",
    "lcm": "a loop without a bound that is known",
    "bitwise_count": "of integers, in another dtype than theirs; for NumPy's ufunc only",
    "spacing": "NumPy's, for its ufunc of that name only",
}
"""Elementwise operations, each with a reason of its own."""


def is_native(op):
    """Whether there is native code: loops, other operations, addresses, a piece, or a constant."""
    if op.lower is not None or op.reduces or op.written is not None or op.piece or op.view:
        return True
    return op.of_shapes or op.kind == "projection"


def test_the_list_is_exact():
    without = {op.name for op in every_op().values() if not is_native(op)}

    assert without == set().union(ELEMENTWISE, *WITHOUT.values())


def test_no_operation_has_two_reasons():
    names = [*ELEMENTWISE, *(name for ops in WITHOUT.values() for name in ops)]

    assert len(names) == len(set(names))


def test_native_code_runs_between_what_has_none():
    """What comes before and after an operation of NumPy's is native."""
    x = wg.tensor([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]])
    compiled = wg.compile(lambda x: (x * 2 + 1).sort().values.cumsum(1) - 1)

    assert compiled(x).tolist() == [[2.0, 7.0, 14.0], [0.0, 9.0, 20.0]]
    assert compiled.report(x).numpy == {"sort": 1}


@pytest.mark.parametrize(
    "call", [lambda x: x.nonzero(), lambda x: x[x > 0], lambda x: x.bernoulli()]
)
def test_what_cannot_be_traced_says_so(call):
    with pytest.raises(TraceError):
        wg.compile(call)(wg.ones(2))
