"""What the last error of a backward pass was about."""

from __future__ import annotations

from wengert.ask.answer import Answer, place
from wengert.errors import FreedError, GradientError, StaleError
from wengert.transform.failure import LAST, Failure


def why_error() -> Answer:
    """The last error raised by backward here, with the lines that led to it.

    Raises GradientError if there was none.
    """
    failure = LAST.get()
    if failure is None:
        raise GradientError(
            "why: no backward pass has failed here so far",
            "Ask about a gradient: why(x, loss).",
        )
    if issubclass(failure.kind, StaleError):
        return _stale(failure)
    if issubclass(failure.kind, FreedError):
        return _freed(failure)
    text = [failure.what]
    text += [f"  {place(cause.site)}    [{cause.what}]" for cause in failure.causes]
    return _answer(failure, text)


def _answer(failure: Failure, text: list[str]) -> Answer:
    if failure.remedy:
        text.append(failure.remedy)
    return Answer("\n".join(text), failure.causes)


def _stale(failure: Failure) -> Answer:
    """A value was saved in one line and overwritten in another."""
    overwritten, saved = failure.causes
    text = [
        "The backward pass failed: it needs a value that was overwritten after it was saved.",
        f"  {place(saved.site)}    [{saved.what}]",
        f"  {place(overwritten.site)}    [{overwritten.what}]",
    ]
    return _answer(failure, text)


def _freed(failure: Failure) -> Answer:
    """An earlier pass freed a part of the graph; what links the two computations?"""
    (freed,) = failure.causes
    text = [
        "The backward pass failed: it went on into a computation that an earlier one freed.",
        f"  {place(freed.site)}    [{freed.what}]",
    ]
    for name, site in failure.links:
        what = name or "a value"
        text.append(f"{what} links the later computation with the earlier one; it was made at")
        text.append(f"  {place(site)}")
        if name:
            text.append(f"  If its history is not meant to go on: {name} = {name}.detach().")
    return _answer(failure, text)
