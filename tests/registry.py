"""The public functions, all of them, each once."""

from __future__ import annotations

import importlib
import pkgutil

import wengert.ops
from wengert.ops.define import FUNCTIONS, Function

for module in pkgutil.iter_modules(wengert.ops.__path__):
    try:
        importlib.import_module(f"wengert.ops.{module.name}")
    except Exception as error:  # being written
        print(f"wengert.ops.{module.name}: {error!r}")


def distinct_functions() -> list[Function]:
    """The public functions without further names for the same one."""
    seen: dict[int, Function] = {}
    for function in FUNCTIONS.values():
        seen.setdefault(id(function.call), function)
    return list(seen.values())
