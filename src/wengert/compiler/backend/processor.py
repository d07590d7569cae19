"""What this machine's processor can do, as far as LLVM knows."""

from __future__ import annotations

import functools

from wengert.compiler.backend.notices import say_once


@functools.cache
def features() -> dict[str, bool]:
    """LLVM's names of what there is and is not; empty where that is not known, or without LLVM."""
    try:
        from llvmlite import binding
    except ImportError:
        return {}
    try:
        found: dict[str, bool] = dict(binding.get_host_cpu_features())
    except RuntimeError as error:
        say_once(
            "compiled functions use only what all processors of this kind have: LLVM does not know "
            f"this one: {error}"
        )
        return {}
    return found


def has(name: str) -> bool:
    """Whether the processor has a feature, by LLVM's name of it."""
    return features().get(name, False)
