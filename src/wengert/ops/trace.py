"""What operations say that cannot be traced: the shape of their result depends on data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wengert.errors import TraceError


def data_dependent(what: str, remedy: str = "Compute it outside of the function.") -> Any:
    """A shape rule that raises TraceError."""

    def aval(*avals: Any, **attrs: Any) -> Any:
        raise TraceError(f"{what}: the shape of the result depends on the data", remedy)

    rule: Callable[..., Any] = aval
    return rule
