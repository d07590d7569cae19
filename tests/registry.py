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


class Namespace:
    """What `import wengert` will be."""

    def __getattr__(self, name):
        import types

        backward = importlib.import_module("wengert.autograd.backward")
        modes = importlib.import_module("wengert.modes")
        dtypes = importlib.import_module("wengert.core.dtype")
        create = importlib.import_module("wengert.ops.create")
        from wengert.core.tensor import Tensor

        if name == "autograd":
            return types.SimpleNamespace(grad=backward.grad, backward=backward.backward_all)
        if name == "Tensor":
            return Tensor
        for module in (modes, create, dtypes):
            if hasattr(module, name):
                return getattr(module, name)
        return FUNCTIONS[name].call


namespace = Namespace()
