"""Errors that teach: what was wrong, in which line, and what to do.

Each class is also the built-in exception that torch raises in the same place, so code that
catches `RuntimeError` or `IndexError` goes on working.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from wengert.sites import Line, Site, user_site


class Cause(NamedTuple):
    """What an error or an answer blames, in a few words, and the line, if that is known."""

    what: str
    site: Site | Line | None

    def __str__(self) -> str:
        return self.what + (f" at {self.site}" if self.site is not None else "")


class WengertError(Exception):
    """The base of all errors of wengert.

    what: the fact, with op, shapes and dtypes. remedy: what to do. site: the user's line; found
    from the stack if it is not given. causes: earlier lines that led to it, the first one to blame.
    """

    def __init__(
        self, what: str, remedy: str = "", site: Site | None = None,
        causes: tuple[Cause, ...] = (),
    ) -> None:  # fmt: skip
        self.what = what
        self.remedy = remedy
        self.causes = causes
        self.site = site if site is not None else user_site()
        super().__init__(self._text())

    def _text(self) -> str:
        parts = [self.what]
        if self.site is not None:
            parts.append(f"  at {self.site}")
        if self.remedy:
            parts.append(f"  {self.remedy}")
        return "\n".join(parts)

    def __str__(self) -> str:
        return self._text()


class ShapeError(WengertError, RuntimeError):
    """Shapes that do not fit together, or do not fit the operation."""


class DTypeError(WengertError, RuntimeError):
    """A dtype that the operation does not take, or a result that the target cannot hold."""


class DimensionError(WengertError, IndexError):
    """A dimension or an index that is out of range."""


class ArgumentError(WengertError, TypeError):
    """An argument of the wrong kind: not a number, not a tensor, unknown, missing."""


class ArgumentValueError(WengertError, ValueError, RuntimeError):
    """An argument of the right kind with a value that makes no sense.

    torch raises ValueError in some places and RuntimeError in others.
    """


class ContradictionError(ArgumentValueError, AssertionError):
    """Arguments that contradict each other."""


class DeviceError(WengertError, RuntimeError):
    """A device that does not exist here."""


class LinAlgError(WengertError, RuntimeError, np.linalg.LinAlgError):
    """A matrix that has no such inverse, factor or solution: singular, indefinite, not finite.

    Code that catches NumPy's LinAlgError, as to add jitter to a covariance, goes on working.
    """


class DivisionError(WengertError, ZeroDivisionError, RuntimeError):
    """Division of integers by zero."""


class GradientError(WengertError, RuntimeError):
    """Something that keeps a gradient from being computed."""


class ExportError(GradientError, BufferError):
    """A tensor that requires grad was handed to another library."""


class FreedError(GradientError):
    """A backward pass through a graph whose saved values an earlier one has freed."""


class StaleError(GradientError):
    """A value that a gradient or an answer needs was overwritten after it was used."""


class CheckpointError(GradientError):
    """A checkpointed function did something else when it was run again."""


class GradcheckError(GradientError):
    """Derivatives that do not agree with finite differences, or break another law.

    cause: "formula", "precision", "kink", "not finite", "cut", "hook" or "chance"; "" where it is
    not known.
    """

    def __init__(
        self, what: str, remedy: str = "", site: Site | None = None, cause: str = ""
    ) -> None:
        super().__init__(what, remedy, site)
        self.cause = cause


class NotDefinedError(GradientError, NotImplementedError):
    """A method of a Function that is needed and that its class does not define."""


class AnomalyError(GradientError):
    """Under detect_anomaly: a step of a backward pass made a NaN."""


class MissingValueError(WengertError, RuntimeError):
    """An answer needs a value that nobody kept and that cannot be computed again."""


class TransformError(WengertError, TypeError, RuntimeError):
    """A function, an argument or a result that a transform of `wengert.func` cannot take."""


class BatchingError(WengertError, RuntimeError):
    """Something that cannot be done for all slices of a mapped tensor at once."""


class TraceError(WengertError, TypeError):
    """Python code that depends on the data of a tensor which has none: it is being traced."""


class CompileError(WengertError, RuntimeError):
    """A compiled function that does not do what the function does."""


class GraphError(WengertError, ValueError):
    """A graph, or a file of one, that is not well formed."""


class FileFormatError(WengertError, ValueError):
    """A file that is damaged, hostile, or not one of ours."""


class UnknownNameError(WengertError, KeyError):
    """A name that the graph does not know; the nearest ones are in the message."""


class MissingPackageError(WengertError, ImportError):
    """Something that an optional package does, and it is not installed."""


class BatchingWarning(UserWarning):
    """An operation inside vmap is applied slice by slice: it has no batching rule."""


class CompileWarning(UserWarning):
    """A compiled function is slower than it could be: compiled too often, or not to native code."""


class NonLeafGradWarning(UserWarning):
    """`.grad` of a tensor that keeps none was read."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The nearest known names as a question; all of them if none is near; "" if there are none."""
    import difflib  # its import takes longer than ours of ten operations

    names = list(dict.fromkeys(known))
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return "Did you mean " + " or ".join(repr(n) for n in near) + "?"
    if not names:
        return ""
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"Known names: {shown}."
