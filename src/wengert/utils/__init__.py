"""torch.utils's names: what stands around a computation.

>>> import wengert as wg
>>> x = wg.tensor(2.0, requires_grad=True)
>>> y = wg.utils.checkpoint.checkpoint(lambda x: x.exp().log(), x)
>>> y.backward()
>>> x.grad
tensor(1.)
"""

import importlib
from typing import Any

__all__ = ["checkpoint"]


def __getattr__(name: str) -> Any:
    """Modules that are loaded on first use."""
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
