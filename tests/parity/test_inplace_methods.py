"""Every method that ends in an underscore: torch's list, and what each does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import wengert
from parity.close import assert_close
from parity.theirs import as_array, builtin_of, name_of, quiet, to_torch, translated
from sampling import Random, Sampler, draw_call, map_arrays
from wengert.core.tensor import Tensor
from wengert.ops.define import FUNCTIONS, Function

WRITERS = [f for f in FUNCTIONS.values() if f.samples and hasattr(torch.Tensor, f.name + "_")]
DRAWS = 12
NO_OPERATION = "the operation itself does not exist here"

LACKING = {
    "_coalesced_": "there are no sparse tensors",
    "_philox_normal_": "private, and of one kind of generator",
    "_philox_uniform_": "private, and of one kind of generator",
    "as_strided_": NO_OPERATION,
    "gcd_": NO_OPERATION,
    "heaviside_": NO_OPERATION,
    "igamma_": NO_OPERATION,
    "igammac_": NO_OPERATION,
    "index_reduce_": NO_OPERATION,
    "lcm_": NO_OPERATION,
    "ldexp_": NO_OPERATION,
    "map2_": "of Python functions of two tensors; torch does not document it",
    "mvlgamma_": NO_OPERATION,
    "nextafter_": NO_OPERATION,
    "put_": NO_OPERATION,
    "renorm_": NO_OPERATION,
    "resize_as_sparse_": "there are no sparse tensors",
    "scatter_reduce_": NO_OPERATION,
    "share_memory_": "arrays are not moved between processes",
    "sparse_resize_": "there are no sparse tensors",
    "sparse_resize_and_clear_": "there are no sparse tensors",
}


def test_the_list():
    """What torch has and we lack is exactly what is named here, with the reason."""
    theirs = {n for n in dir(torch.Tensor) if n.endswith("_") and not n.endswith("__")}
    ours = {n for n in dir(Tensor) if n.endswith("_") and not n.endswith("__")}

    assert theirs - ours == set(LACKING)
    assert ours - theirs == set()


def test_no_operation_is_forgotten():
    """Where the operation exists, so does the method."""
    there = [n for n, why in LACKING.items() if why == NO_OPERATION and n[:-1] in FUNCTIONS]

    assert there == []


def test_augmented_assignment():
    theirs = {n for n in dir(torch.Tensor) if n.startswith("__i") and hasattr(torch.Tensor, n)}
    ours = {n for n in dir(Tensor) if n.startswith("__i")}

    assert theirs - ours == {"__idiv__"}  # Python 2's


NOT_DERIVED = {"asinh", "acosh", "atanh", "arcsinh", "arccosh", "arctanh"}
"""torch has no derivative of these in place: "not implemented", for our derivative is right."""


class Side:
    """One method called on copies of leaves: what came out, and the gradients."""

    def __init__(self, leaves: list[Any], call: Any) -> None:
        self.leaves = leaves
        self.error: Exception | None = None
        try:
            with quiet():
                self.target, self.returned = call()
        except Exception as error:
            self.error = error

    def gradients(self, m: Any) -> list[Any]:
        if not self.target.requires_grad:
            return []
        total = (self.target * self.target).sum()
        if self.target.dtype.is_complex:
            total = total.real
        leaves = [leaf for leaf in self.leaves if leaf.requires_grad]
        return list(m.autograd.grad(total, leaves, allow_unused=True))


def sides(function: Function, seed: int, dtype: str) -> tuple[Side, Side]:
    call = draw_call(Sampler(Random(seed)), function)
    if function.name == "true_divide":
        call = call[0], {}  # takes no rounding_mode
    if function.name == "addbmm":  # torch resizes a target that has too few dimensions
        call = (np.broadcast_to(call[0][0], shape_of_addbmm(*call[0])), *call[0][1:]), call[1]
    call = map_arrays(lambda a: a.astype(dtype) if a.dtype.kind == "f" else a, call)
    mine: list[Any] = []
    theirs: list[Any] = []

    def my_leaf(array: Any) -> Any:
        array = np.array(array, order="C")
        leaf = wengert.from_numpy(array)
        mine.append(leaf.requires_grad_(array.dtype.kind in "fc"))
        return leaf.clone()

    def their_leaf(array: Any) -> Any:
        leaf = to_torch(np.array(array, order="C"), requires_grad=True)
        theirs.append(leaf)
        return leaf.clone()

    args, kwargs = map_arrays(my_leaf, call)
    other_args, other_kwargs = translated(call, their_leaf)
    return (
        Side(mine, lambda: changed(function, args, kwargs)),
        Side(theirs, lambda: changed(function, other_args, other_kwargs)),
    )


def shape_of_addbmm(x: Any, batch1: Any, batch2: Any) -> tuple[int, int]:
    return batch1.shape[1], batch2.shape[2]


def changed(function: Function, args: Any, kwargs: Any) -> Any:
    at = 1 if function.name == "polygamma" else 0  # polygamma(n, x), x.polygamma_(n)
    rest = [*args[:at], *args[at + 1 :]]
    return args[at], getattr(args[at], function.name + "_")(*rest, **kwargs)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
@pytest.mark.parametrize("function", WRITERS, ids=lambda f: f.name + "_")
def test_method(function, dtype):
    """Value, dtype, version, node, gradients; or an error that torch's users would catch."""
    for seed in range(DRAWS):
        mine, theirs = sides(function, seed, dtype)
        if theirs.error is not None or mine.error is not None:
            assert theirs.error is not None, f"torch gives {theirs.target!r}: {mine.error!r}"
            assert mine.error is not None, f"torch raises {theirs.error!r}; here {mine.target!r}"
            assert isinstance(mine.error, builtin_of(theirs.error)), (mine.error, theirs.error)
            continue
        assert mine.returned is mine.target
        assert_close(function.name, mine.target._data, as_array(theirs.target))
        assert mine.target.dtype.name == name_of(theirs.target.dtype)
        assert mine.target._version == theirs.target._version
        assert mine.target.requires_grad == theirs.target.requires_grad
        if function.name in NOT_DERIVED:
            continue
        found, expected = mine.gradients(wengert), theirs.gradients(torch)
        for g, h in zip(found, expected, strict=True):
            if g is None or h is None:
                assert g is None or not np.any(g._data), (g, h)
                assert h is None or not h.any(), (g, h)
            else:
                assert_close(function.name, g._data, as_array(h))


FUNCTIONS_LACKING = {
    "alpha_dropout_": NO_OPERATION,
    "as_strided_": NO_OPERATION,
    "dropout_": NO_OPERATION,
    "embedding_renorm_": NO_OPERATION,
    "feature_alpha_dropout_": NO_OPERATION,
    "feature_dropout_": NO_OPERATION,
    "gcd_": NO_OPERATION,
    "lcm_": NO_OPERATION,
    "ldexp_": NO_OPERATION,
    "resize_as_sparse_": "there are no sparse tensors",
    "rrelu_": NO_OPERATION,
    "threshold_": NO_OPERATION,
}


def test_the_functions():
    """The same of torch's functions, and of those in nn.functional."""
    for theirs, ours in ((torch, wengert), (torch.nn.functional, wengert.nn.functional)):
        names = {n for n in dir(theirs) if n.endswith("_") and not n.startswith("_")}
        there = {n for n in dir(ours) if n.endswith("_") and not n.startswith("_")}
        assert names - there == names & set(FUNCTIONS_LACKING)
        assert there <= names


def test_a_function_is_the_method():
    x = wengert.tensor([-1.0, 2.0])

    assert wengert.relu_(x) is x
    assert wengert.nn.functional.leaky_relu_(x - 1, 0.5).tolist() == [-0.5, 1.0]
    assert wengert.clamp_(x, max=1.0).tolist() == [0.0, 1.0]
