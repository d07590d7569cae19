"""NumPy's functions on shapes take tensors: the same values, recorded."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.errors import ArgumentError

A = np.arange(1.0, 13.0).reshape(3, 4)
V = np.array([3.0, 1.0, 2.0])
CALLS = {
    "reshape": lambda a, v: np.reshape(a, (4, 3)),
    "reshape, one number": lambda a, v: np.reshape(a, -1),
    "ravel": lambda a, v: np.ravel(a),
    "transpose": lambda a, v: np.transpose(a),
    "transpose, axes": lambda a, v: np.transpose(a, (1, 0)),
    "swapaxes": lambda a, v: np.swapaxes(a, 0, -1),
    "moveaxis": lambda a, v: np.moveaxis(a, 0, 1),
    "moveaxis, several": lambda a, v: np.moveaxis(a, [0, 1], [1, 0]),
    "expand_dims": lambda a, v: np.expand_dims(a, 1),
    "expand_dims, several": lambda a, v: np.expand_dims(a, (0, -1)),
    "squeeze": lambda a, v: np.squeeze(np.expand_dims(a, 0)),
    "squeeze, axis": lambda a, v: np.squeeze(np.expand_dims(a, (0, 1)), axis=1),
    "broadcast_to": lambda a, v: np.broadcast_to(v, (2, 3)),
    "broadcast_arrays": lambda a, v: np.broadcast_arrays(a, v[0])[1],
    "concatenate": lambda a, v: np.concatenate([a, a], axis=1),
    "concatenate, flat": lambda a, v: np.concatenate((a, v), axis=None),
    "stack": lambda a, v: np.stack((v, v), axis=-1),
    "hstack": lambda a, v: np.hstack([v, v]),
    "vstack": lambda a, v: np.vstack((v, v)),
    "dstack": lambda a, v: np.dstack((a, a)),
    "split": lambda a, v: np.split(a, 2, axis=1)[1],
    "split at": lambda a, v: np.split(a, [1, 2])[1],
    "array_split": lambda a, v: np.array_split(a, 3, 1)[0],
    "tile": lambda a, v: np.tile(v, (2, 2)),
    "repeat": lambda a, v: np.repeat(a, 2, axis=0),
    "repeat, flat": lambda a, v: np.repeat(a, 2),
    "repeat, each": lambda a, v: np.repeat(v, [1, 0, 2]),
    "flip": lambda a, v: np.flip(a),
    "flip, axis": lambda a, v: np.flip(a, axis=1),
    "fliplr": lambda a, v: np.fliplr(a),
    "flipud": lambda a, v: np.flipud(a),
    "roll": lambda a, v: np.roll(a, 1),
    "roll, axis": lambda a, v: np.roll(a, (1, 2), axis=(0, 1)),
    "rot90": lambda a, v: np.rot90(a, axes=(1, 0)),
    "take": lambda a, v: np.take(a, [[0, -1]], axis=1),
    "take, flat": lambda a, v: np.take(a, 5),
    "take_along_axis": lambda a, v: np.take_along_axis(a, np.array([[0], [-1], [2]]), 1),
    "diag": lambda a, v: np.diag(v),
    "diagonal": lambda a, v: np.diagonal(a, 1),
    "tril": lambda a, v: np.tril(a, k=-1),
    "triu": lambda a, v: np.triu(a, 1),
    "sort": lambda a, v: np.sort(v),
    "sort, axis": lambda a, v: np.sort(a, axis=0),
    "sort, flat": lambda a, v: np.sort(a, axis=None),
    "meshgrid": lambda a, v: np.meshgrid(v, v)[0],
    "meshgrid, ij": lambda a, v: np.meshgrid(v, v, indexing="ij")[0],
    "pad": lambda a, v: np.pad(a, 1),
    "pad, per axis": lambda a, v: np.pad(a, ((1, 0), (0, 2)), constant_values=3.0),
    "pad, reflect": lambda a, v: np.pad(a, (1, 2), mode="reflect"),
    "pad, edge": lambda a, v: np.pad(v, (2, 0), mode="edge"),
    "pad, wrap": lambda a, v: np.pad(v, 1, mode="wrap"),
    "copy": lambda a, v: np.copy(a),
    "unique": lambda a, v: np.unique(v),
    "atleast_2d": lambda a, v: np.atleast_2d(v),
    "atleast_3d": lambda a, v: np.atleast_3d(a),
}
DISCRETE = {
    "argsort": lambda a, v: np.argsort(v),
    "nonzero": lambda a, v: np.nonzero(v)[0],
    "argwhere": lambda a, v: np.argwhere(a),
    "searchsorted": lambda a, v: np.searchsorted(np.sort(v), v, side="right"),
    "unique, counts": lambda a, v: np.unique(v, return_counts=True)[1],
}


def leaves():
    return [wg.tensor(x, dtype=wg.float64, requires_grad=True) for x in (A, V)]


@pytest.mark.parametrize("name", CALLS)
def test_values_are_numpys_and_the_call_is_recorded(name):
    result = CALLS[name](*leaves())

    np.testing.assert_array_equal(result.detach().numpy(), CALLS[name](A, V))
    assert result.requires_grad


@pytest.mark.parametrize("name", DISCRETE)
def test_indices_and_counts_are_numpys(name):
    result = DISCRETE[name](*leaves())

    assert isinstance(result, wg.Tensor)
    np.testing.assert_array_equal(result.numpy(), DISCRETE[name](A, V))


def test_what_cannot_be_recorded_says_so():
    a, _ = leaves()
    with pytest.raises(ArgumentError, match=r"numpy\.histogram .*: counts"):
        np.histogram(a)
    with pytest.raises(ArgumentError, match="order"):
        np.reshape(a, -1, order="F")
