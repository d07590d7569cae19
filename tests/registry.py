"""What the laws are about: the public functions, each once, and x[index]."""

from __future__ import annotations

from typing import Any

import numpy as np

import wengert  # registers every operation
from wengert import linalg
from wengert.ops.define import FUNCTIONS, Function
from wengert.ops.pinv import lstsq_samples
from wengert.ops.samples import Call, Sampler
from wengert.ops.svd import matrix_samples


def subscripts(s: Sampler) -> Call:
    """x[index] with integers, slices, None, an Ellipsis and index tensors."""
    shape = s.shape(min_dims=1)
    length = s.integer(1, 3)
    kinds = ["all", "int", "slice", "tensor"]
    index = [_part(s, s.choice(kinds), side, length) for side in shape]
    if s.choice([False, False, True]):
        index[s.integer(0, len(index) - 1)] = Ellipsis
    if s.choice([False, False, True]):
        index.insert(s.integer(0, len(index)), None)
    return (s.array(shape), tuple(index[: s.integer(1, len(index))])), {}


def masked(s: Sampler) -> Call:
    """x[mask], the mask over the leading dimensions."""
    shape = s.shape(min_dims=1)
    return (s.array(shape), s.mask(shape[: s.integer(1, len(shape))])), {}


def _part(s: Sampler, kind: str, side: int, length: int) -> Any:
    """The index of one dimension."""
    if kind == "int":
        return s.integer(-side, side - 1)
    if kind == "slice":
        return slice(s.integer(-side, side), s.choice([None, side, -1]), s.integer(1, 2))
    if kind == "tensor":
        return s.integers((length,), -side, side)
    return slice(None)


def spread_out(s: Sampler) -> Call:
    """A matrix, or a batch, whose symmetric part has eigenvalues that are far apart."""
    n = s.integer(1, 3)
    x = s.array((*s.shape(0, 1, 1, 2), n, n), -1, 1)
    return (x + np.diag([2.0, 8.0, 18.0][:n]),), {}


def symmetric(x: Any) -> Any:
    return (x + x.mH) / 2


def _of_symmetric(function: Any) -> Any:
    """Matrices of which one triangle is read have a law for both: of the symmetric part."""
    return lambda x: function(symmetric(x))


def tall_or_wide(s: Sampler) -> Call:
    return (matrix_samples(s),), {}


def _lengths(vectors: Any) -> Any:
    """What is left of vectors with an arbitrary sign or phase."""
    return vectors.abs() ** 2


def _vectors(decompose: Any) -> Any:
    return lambda x: [_lengths(vectors) for vectors in decompose(x)]


def _solved(a: Any, b: Any) -> Any:
    return wengert.linalg.lstsq(a, b).solution


LINALG = [
    ("linalg_cholesky", _of_symmetric(linalg.cholesky), spread_out),
    ("linalg_cholesky_upper", _of_symmetric(lambda x: linalg.cholesky(x, upper=True)), spread_out),
    ("linalg_eigvalsh", _of_symmetric(linalg.eigvalsh), spread_out),
    ("linalg_eigh", _vectors(_of_symmetric(lambda x: linalg.eigh(x)[1:])), spread_out),
    ("linalg_eig", _vectors(lambda x: linalg.eig(x)[1:]), spread_out),
    ("linalg_svd", _vectors(lambda x: linalg.svd(x, False)[::2]), tall_or_wide),
    ("linalg_svd_full", lambda x: linalg.svd(x)[1], tall_or_wide),
    ("linalg_lstsq", _solved, lstsq_samples),
]

EXTRA = [
    Function(name, call, "Tensor.__getitem__", method=False, samples=samples)
    for name, call, samples in [
        ("getitem", lambda x, index: x[index], subscripts),
        ("getitem_mask", lambda x, mask: x[mask], masked),
    ]
] + [
    Function(name, call, None, "a part of torch.linalg that is well defined", False, samples)
    for name, call, samples in LINALG
]


def distinct_functions() -> list[Function]:
    """The public functions without further names for the same one."""
    seen: dict[int, Function] = {}
    for function in [*FUNCTIONS.values(), *EXTRA]:
        seen.setdefault(id(function.call), function)
    return list(seen.values())


def function_named(name: str) -> Function:
    return next((f for f in EXTRA if f.name == name), None) or FUNCTIONS[name]
