"""Running sums, products and extremes come out contiguous, whatever the layout of their operand."""

from __future__ import annotations

import pytest

from parity.transforms import agrees_with_torch, grid


def scan(name):
    def scenario(m):
        result = getattr(m, name)(grid(m, 3, 2, 2).mT, 0)
        tensors = result if isinstance(result, tuple) else (result,)
        return [tuple(t.stride()) for t in tensors]

    return scenario


@pytest.mark.parametrize("name", ["cumsum", "cumprod", "logcumsumexp", "cummax", "cummin"])
def test_a_scan_is_contiguous(name):
    agrees_with_torch(scan(name))()
