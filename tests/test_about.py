"""Questions about a tensor or a dtype: kind, size, layout, limits, promotion."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.errors import ArgumentError


def test_size():
    x = wg.zeros(2, 3, dtype=wg.float64)

    assert x.size() == x.shape == (2, 3)
    assert x.size(-1) == x.size(dim=1) == 3
    assert x.dim() == x.ndimension() == x.ndim == 2
    assert x.numel() == x.nelement() == wg.numel(x) == x.shape.numel() == 6
    assert x.element_size() == x.itemsize == 8
    with pytest.raises(IndexError):
        x.size(2)
    with pytest.raises(IndexError, match="no dimensions"):
        wg.tensor(1).size(0)


def test_layout():
    x = wg.arange(6).reshape(2, 3)

    assert x.stride() == (3, 1)
    assert x.T.stride() == (1, 3)
    assert x.T.stride(0) == 1
    assert x[1].storage_offset() == 3
    assert x[:, 1:].storage_offset() == 1
    assert x.is_contiguous()
    assert not x.T.is_contiguous()
    assert x[0].data_ptr() == x.data_ptr() == x.detach().data_ptr()
    assert x.clone().data_ptr() != x.data_ptr()
    assert wg.zeros(2, 0, 3).stride() == (3, 3, 1)


def test_kind():
    assert wg.is_tensor(wg.tensor(1))
    assert not wg.is_tensor(np.zeros(1))
    assert wg.tensor(1.0).is_floating_point()
    assert wg.is_complex(wg.tensor(1j))
    assert not wg.tensor(1, dtype=wg.uint8).is_signed()
    assert wg.is_nonzero(wg.tensor([2.0]))
    with pytest.raises(RuntimeError, match="ambiguous"):
        wg.is_nonzero(wg.zeros(2))
    for ask in (wg.is_floating_point, wg.is_complex, wg.numel, wg.is_nonzero):
        with pytest.raises(ArgumentError, match="must be a Tensor"):
            ask(2.0)


def test_limits():
    assert wg.finfo(wg.float32).eps == np.finfo(np.float32).eps
    assert wg.finfo(wg.complex128).dtype == "float64"
    assert wg.finfo().bits == 32
    assert wg.iinfo(wg.int8).min == -128
    with pytest.raises(ArgumentError, match="iinfo"):
        wg.finfo(wg.int32)
    with pytest.raises(ArgumentError):
        wg.iinfo(wg.bool)


def test_promotion():
    assert wg.promote_types(wg.int64, wg.float16) is wg.float16
    assert wg.promote_types(wg.uint8, wg.int8) is wg.int16
    assert wg.result_type(wg.tensor([1.0]), wg.tensor(1.0, dtype=wg.float64)) is wg.float32
    assert wg.result_type(wg.tensor([1]), 2.0) is wg.float32
    assert wg.can_cast(wg.float64, wg.float16)
    assert not wg.can_cast(wg.float64, wg.int64)
