"""Functions for experiments, made of a forward and a backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def custom(
    m: Any,
    forward: Callable[..., Any],
    backward: Callable[..., Any] | None = None,
    setup_context: Callable[..., Any] | None = None,
    **more: Any,
) -> Any:
    """A Function called Custom, of the module m."""
    body = {"forward": forward, "backward": backward, "setup_context": setup_context, **more}
    given = {
        name: staticmethod(f) if callable(f) else f for name, f in body.items() if f is not None
    }
    return type("Custom", (m.autograd.Function,), given)
