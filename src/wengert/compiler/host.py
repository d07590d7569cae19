"""What this machine's processor can do, as far as it decides which instructions are written."""

from __future__ import annotations

from wengert.compiler.backend.processor import has


def fuses() -> bool:
    """Whether it multiplies and adds in one instruction.

    Asked for where there is none, LLVM would call a function, 60 times slower.
    """
    return has("fma")
