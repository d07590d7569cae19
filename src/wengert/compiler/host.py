"""What this machine's processor can do, as far as it decides which instructions are written."""

from __future__ import annotations

from wengert.compiler.backend.processor import has


def fuses() -> bool:
    """Whether it multiplies and adds in one instruction.

    Asked for where there is none, LLVM would call a function, 60 times slower.
    """
    return has("fma")


def scales() -> bool:
    """Whether it multiplies by powers of 2 in one instruction, with LLVM's ldexp.

    Elsewhere that, too, would be a call.
    """
    return has("avx512f") and has("avx512vl")
