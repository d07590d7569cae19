"""The nodes of every operation beside torch's: what they save, under which names; their edges.

Where ours lack a saved tensor, or have another value or other edges, the lists below say so; they
are exact.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch

from laws.cases import tensors_in
from parity.pair import ours, theirs
from parity.theirs import has_no_reference, quiet, theirs_in
from registry import distinct_functions
from sampling import Random, Sampler, can_draw, draw_call
from wengert.core.tensor import Tensor

SHAPE_ONLY = "torch keeps it for its shape or dtype, which our nodes have without it"
FUSED = "one operation here, several in torch, which flattens or transposes on the way"
OTHERWISE = "the derivative is computed from what else is saved"

DIFFERENCES = {
    ("AddmmBackward0", "mat1"): FUSED,
    ("AddmmBackward0", "mat2"): FUSED,
    ("ComplexBackward0", "imag"): SHAPE_ONLY,
    ("ComplexBackward0", "real"): SHAPE_ONLY,
    ("CummaxBackward0", "self"): SHAPE_ONLY,
    ("CumminBackward0", "self"): SHAPE_ONLY,
    ("DivBackward2", "other"): "rounded: the derivative is zero",
    ("DivBackward2", "self"): "rounded: the derivative is zero",
    ("ErfinvBackward0", "self"): OTHERWISE,
    ("GatherBackward0", "self"): SHAPE_ONLY,
    ("IndexAddBackward0", "source"): SHAPE_ONLY,
    ("IndexBackward0", "indices"): "torch has None for the dimensions that are taken whole",
    ("IndexCopyBackward0", "source"): SHAPE_ONLY,
    ("LinalgDetBackward0", "LU"): OTHERWISE,
    ("LinalgDetBackward0", "pivots"): OTHERWISE,
    ("LinalgDetBackward0", "result"): OTHERWISE,
    ("LinalgLuFactorExBackward0", "LU"): OTHERWISE,
    ("LinalgLuFactorExBackward0", "pivots"): OTHERWISE,
    ("LinalgQrBackward0", "Q"): "mode r: torch's is empty",
    ("LinalgSlogdetBackward0", "LU"): OTHERWISE,
    ("LinalgSlogdetBackward0", "pivots"): OTHERWISE,
    ("LinalgSolveExBackward0", "LU"): OTHERWISE,
    ("LinalgSolveExBackward0", "pivots"): OTHERWISE,
    ("LinalgSvdBackward0", "U"): "of several that are right, another one: signs are free",
    ("LinalgSvdBackward0", "Vh"): "of several that are right, another one: signs are free",
    ("LogSigmoidBackward0", "buffer"): OTHERWISE,
    ("MaskedSelectBackward0", "self"): SHAPE_ONLY,
    ("MulBackward0", "self"): "outer: " + FUSED,
    ("NllLoss2DBackward0", "self"): FUSED,
    ("NllLoss2DBackward0", "target"): FUSED,
    ("NllLoss2DBackward0", "total_weight"): OTHERWISE,
    ("NllLossBackward0", "self"): FUSED,
    ("NllLossBackward0", "total_weight"): OTHERWISE,
    ("PolarBackward0", "result"): OTHERWISE,
    ("ReflectionPad1DBackward0", "self"): SHAPE_ONLY,
    ("ReflectionPad2DBackward0", "self"): SHAPE_ONLY,
    ("ReplicationPad2DBackward0", "self"): SHAPE_ONLY,
    ("TakeBackward0", "self"): SHAPE_ONLY,
}

OTHER_EDGES = {
    # One operation with two factors here; in torch the reshaping that comes after the product, or
    # the steps of a loss.
    "einsum", "kron", "matmul", "soft_nll_loss",
}  # fmt: skip

CALLS = 12  # per function, so that its branches occur


def test_saved_tensors_have_torchs_names():
    compared: set[tuple[str, str]] = set()
    different: set[tuple[str, str]] = set()
    for mine, other in pairs_of_nodes():
        for name in saved_tensors(other):
            place = (mine.name(), name)
            compared.add(place)
            if not alike(getattr(mine, f"_saved_{name}", "missing"), of(other, name)):
                different.add(place)

    assert different == set(DIFFERENCES), (
        "name what is saved in the definition, by saved_as and results_as, or enter the reason: "
        f"{different ^ set(DIFFERENCES)}"
    )
    assert len(compared) > 180


def test_nodes_have_torchs_edges():
    different = {
        mine.op.name
        for mine, other in pairs_of_nodes()
        if [source is not None for source, _ in mine.next_functions]
        != [source is not None for source, _ in other.next_functions]
    }

    assert different == OTHER_EDGES


@functools.cache
def pairs_of_nodes() -> list[tuple[Any, Any]]:
    """The nodes that both make of the same calls, where they bear the same name."""
    return list(drawn_pairs())


def drawn_pairs() -> Any:
    for function in distinct_functions():
        if has_no_reference(function) or not can_draw(function):
            continue
        for seed in range(CALLS):
            call = draw_call(Sampler(Random(seed)), function)
            try:
                other = theirs(function, call)
            except (RuntimeError, TypeError):  # no kernel for this call
                continue
            results = tensors_in(ours(function, call).result)
            for y, z in zip(results, theirs_in(other.result), strict=True):
                if y.grad_fn and z.grad_fn and y.grad_fn.name() == z.grad_fn.name():
                    yield y.grad_fn, z.grad_fn


def saved_tensors(node: Any) -> list[str]:
    """The names under which torch's node saves tensors."""
    names = (name.removeprefix("_raw_saved_") for name in dir(node) if name.startswith("_raw"))
    return sorted(names)


def of(node: Any, name: str) -> Any:
    with quiet():
        return getattr(node, f"_saved_{name}")


def alike(mine: Any, theirs: Any) -> bool:
    if isinstance(theirs, (tuple, list)):
        same_length = isinstance(mine, tuple) and len(mine) == len(theirs)
        return same_length and all(map(alike, mine, theirs))
    if theirs is None:
        return mine is None
    if not isinstance(mine, Tensor) or tuple(mine.shape) != tuple(theirs.shape):
        return False
    values = torch.Tensor.numpy(theirs, force=True)
    return np.allclose(mine._data, values, rtol=1e-4, equal_nan=True)
