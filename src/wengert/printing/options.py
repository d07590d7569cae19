"""The options of printing: torch's names, defaults and profiles; one set for the whole process."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np


class Options(NamedTuple):
    """One consistent set; a printing reads it once, so that another thread cannot tear it."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: float = 80
    sci_mode: bool | None = None


if TYPE_CHECKING:
    from typing import TypedDict, Unpack

    class OptionArguments(TypedDict, total=False):
        """What set_printoptions takes by keyword."""

        precision: int | None
        threshold: float | None
        edgeitems: int | None
        linewidth: float | None
        profile: str | None
        sci_mode: bool | None


class _Store:
    """The options in force; whoever changes them holds the lock."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.options = Options()


_PROFILES = {
    "default": Options(),
    "short": Options(precision=2, edgeitems=2),
    "full": Options(threshold=math.inf),
}

_store = _Store()


def current() -> Options:
    """The options in force."""
    return _store.options


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: float | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Change how tensors are printed, in the whole process; what is None stays as it is.

    precision: digits after the point (4).
    threshold: the number of elements above which an array is summarised (1000).
    edgeitems: elements shown at either end of each axis of a summarised array (3).
    linewidth: characters in a line (80).
    profile: "default", "short" (precision 2, edgeitems 2) or "full" (never summarise): sets the
        four options above, before those that are given besides.
    sci_mode: True or False turns scientific notation on or off. None, the default, lets the values
        decide: as in torch, every call that does not give sci_mode returns it to None.

    Raises TypeError or ValueError, and changes nothing, if a value cannot be used. (torch raises
    only when it prints, ignores an unknown profile, and repeats elements if edgeitems is negative.)

    >>> import wengert.printing as printing
    >>> printing.set_printoptions(precision=2)
    >>> printing.format_array(np.float32([1.23456]), dtype_name="float32")
    'tensor([1.23])'
    >>> printing.set_printoptions(profile="default")
    """
    changes: dict[str, Any] = {"sci_mode": _switch(sci_mode)}
    if precision is not None:
        changes["precision"] = _count("precision", precision)
    if threshold is not None:
        changes["threshold"] = _number("threshold", threshold)
    if edgeitems is not None:
        changes["edgeitems"] = _count("edgeitems", edgeitems)
    if linewidth is not None:
        changes["linewidth"] = _width(linewidth)
    chosen = None if profile is None else _profile(profile)
    with _store.lock:
        _store.options = (chosen or _store.options)._replace(**changes)


def get_printoptions() -> dict[str, Any]:
    """A copy of the options in force, as set_printoptions takes them.

    >>> get_printoptions()
    {'precision': 4, 'threshold': 1000, 'edgeitems': 3, 'linewidth': 80, 'sci_mode': None}
    """
    return _store.options._asdict()


@contextmanager
def printoptions(**options: Unpack[OptionArguments]) -> Iterator[None]:
    """Change how tensors are printed inside a `with` block; takes what set_printoptions takes.

    The former options return at its end, whatever was set inside. They hold in the whole process,
    other threads included.

    >>> import wengert.printing as printing
    >>> with printing.printoptions(sci_mode=True):
    ...     printing.format_array(np.float32(0.5), dtype_name="float32")
    'tensor(5.0000e-01)'
    """
    former = _store.options
    set_printoptions(**options)
    try:
        yield
    finally:
        with _store.lock:
            _store.options = former


def _plain(value: object) -> object:
    """NumPy's scalars as Python's; anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def _count(name: str, value: object) -> int:
    count = _plain(value)
    if isinstance(count, bool) or not isinstance(count, int):
        raise TypeError(f"set_printoptions: {name} must be an integer, not {value!r}")
    if count < 0:
        raise ValueError(f"set_printoptions: {name} must be 0 or more, not {count}")
    return count


def _number(name: str, value: object) -> float:
    number = _plain(value)
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise TypeError(f"set_printoptions: {name} must be a number, not {value!r}")
    if math.isnan(number):
        raise ValueError(f"set_printoptions: {name} must be a number, not NaN")
    return number


def _width(value: object) -> float:
    # 0 and less are as good as in torch: one element a line.
    width = _number("linewidth", value)
    if math.isinf(width):
        raise ValueError("set_printoptions: linewidth must be finite; for long lines, give 10**9")
    return width


def _switch(value: object) -> bool | None:
    switch = _plain(value)
    if switch is None:
        return None
    if not isinstance(switch, int):
        raise TypeError(f"set_printoptions: sci_mode must be True, False or None, not {value!r}")
    return bool(switch)


def _profile(name: object) -> Options:
    if not isinstance(name, str) or name not in _PROFILES:
        known = ", ".join(map(repr, _PROFILES))
        raise ValueError(f"set_printoptions: no profile {name!r}; the profiles are {known}")
    return _PROFILES[name]
