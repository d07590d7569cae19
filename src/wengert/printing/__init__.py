"""Arrays as text, by torch's rules.

The rules were found by experiment with torch 2.13; tests/parity/test_printing.py holds them to it.
This room knows NumPy's arrays and nothing of tensors: Tensor tells it dtype, default and suffixes.
"""

from __future__ import annotations

from wengert.printing.options import get_printoptions, printoptions, set_printoptions
from wengert.printing.text import format_array

__all__ = ["format_array", "get_printoptions", "printoptions", "set_printoptions"]
