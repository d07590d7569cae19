"""What this machine's processor can do, as far as it decides which instructions are written."""

from __future__ import annotations

import functools


@functools.cache
def fuses() -> bool:
    """Whether it multiplies and adds in one instruction.

    Asked for where there is none, LLVM would call a function, 60 times slower.
    """
    try:
        from llvmlite import binding
    except ImportError:
        return False
    return bool(binding.get_host_cpu_features().get("fma"))
