"""What users are told, once each, where compiled functions run slower than they could."""

from __future__ import annotations

import threading
import warnings

from wengert.errors import CompileWarning

PIP = "pip install 'wengert[compile]'"

_SAID: set[str] = set()
_LOCK = threading.Lock()


def say_once(what: str, remedy: str = "") -> None:
    """Warn of something that makes compiled functions slower, unless it has been said."""
    with _LOCK:
        if what in _SAID:
            return
        _SAID.add(what)
    warnings.warn(f"{what}. {remedy}".strip(), CompileWarning, stacklevel=3)


def forget() -> None:
    """Say everything again; for tests."""
    _SAID.clear()
