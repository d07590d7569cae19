"""Checkpointing: values that backward needs are computed again instead of being kept.

torch.utils.checkpoint's names. A checkpointed call keeps its arguments and, per operation, a few
words; the first backward pass that needs more runs the function again. docs/checkpointing.md
shows what it saves and what it costs.

>>> import wengert as wg
>>> from wengert.utils.checkpoint import checkpoint
>>> x = wg.tensor([1.0, 2.0], requires_grad=True)
>>> checkpoint(lambda x: x.sin().exp(), x, use_reentrant=False).sum().backward()
>>> torch_would_say = x.sin().exp() * x.cos()
>>> wg.allclose(x.grad, torch_would_say)
True
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final

from wengert.autograd.saved_hooks import saved_tensors_hooks
from wengert.core.node import next_sequence
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, CheckpointError, GradientError
from wengert.modes import current
from wengert.ops import generator
from wengert.sites import user_site
from wengert.utils.frame import Frame, Keeping, Options, Saved
from wengert.utils.inputs import Inputs

Contexts = tuple[AbstractContextManager[Any], AbstractContextManager[Any]]

_CHECKS: Final = ("default", "none")
_EARLY_STOP: Final[contextvars.ContextVar[bool | None]] = contextvars.ContextVar(
    "wengert_checkpoint_early_stop", default=None
)
_DEBUG: Final[contextvars.ContextVar[bool | None]] = contextvars.ContextVar(
    "wengert_checkpoint_debug", default=None
)


def noop_context_fn() -> Contexts:
    """The default of `context_fn`: no context in either run."""
    return nullcontext(), nullcontext()


def checkpoint(
    function: Callable[..., Any], *args: Any, use_reentrant: bool | None = None,
    context_fn: Callable[[], Contexts] = noop_context_fn, determinism_check: str = "default",
    debug: bool = False, early_stop: bool = True, preserve_rng_state: bool = True, **kwargs: Any,
) -> Any:  # fmt: skip
    """function(*args, **kwargs), without keeping what its operations save for backward.

    The backward pass runs the function again, with the same random numbers unless
    preserve_rng_state is False, and stops as soon as it has what it needs, unless early_stop is
    False. use_reentrant: there is one way of doing it, torch's non-reentrant one, whatever is
    given. context_fn: gives the contexts that the function and its recomputation run in.
    determinism_check: "default" holds the operations of the second run, and what they save,
    against the first; "none" counts what is saved. debug: errors show all operations of both.

    In the backward pass, CheckpointError is raised if the second run differs: it shows the first
    operation that does. StaleError is raised if a tensor argument was overwritten since.

    >>> import wengert as wg
    >>> x = wg.tensor(2.0, requires_grad=True)
    >>> y = checkpoint(lambda x, power: x**power, x, power=3)
    >>> y.backward()
    >>> x.grad
    tensor(12.)
    """
    if not callable(function):
        raise _not_callable(function)
    shows_all = _set(_DEBUG, debug)
    _check_options(shows_all, context_fn, determinism_check)
    if not current().grad:
        return function(*args, **kwargs)
    forward_context, recompute_context = context_fn()
    site = user_site() if current().sites else None
    draws = _states((*args, *kwargs.values())) if preserve_rng_state else {}
    options = Options(
        draws, recompute_context, determinism_check == "default", shows_all,
        _set(_EARLY_STOP, early_stop), site,
    )  # fmt: skip
    frame = Frame(function, Inputs(args, kwargs, site), options)
    result = _first_run(frame, forward_context, function, args, kwargs)
    frame.completed = next_sequence()
    return result


def _check_options(
    shows_all: bool, context_fn: Callable[[], Contexts], determinism_check: str
) -> None:
    if shows_all and context_fn is not noop_context_fn:
        raise ArgumentValueError(
            "checkpoint: debug=True is incompatible with non-default context_fn"
        )
    if determinism_check not in _CHECKS:
        raise ArgumentValueError(
            f"checkpoint: determinism_check should be one of {list(_CHECKS)}, but got "
            f"{determinism_check!r}"
        )


def _not_callable(value: Any) -> ArgumentError:
    return ArgumentError(
        f"checkpoint: the function is of type {type(value).__name__}, which cannot be called",
        "checkpoint(function, *args): the function comes first.",
    )


def _set(mode: contextvars.ContextVar[bool | None], given: bool) -> bool:
    """What the surrounding context manager says, or else the argument."""
    chosen = mode.get()
    return given if chosen is None else chosen


def _states(values: Iterable[Any]) -> dict[generator.Generator, Tensor]:
    """Where the generators stand that the function may draw from."""
    given = [value for value in values if isinstance(value, generator.Generator)]
    return {g: g.get_state() for g in (generator.default_generator, *given)}


def _first_run(
    frame: Frame, context: AbstractContextManager[Any], function: Callable[..., Any],
    args: tuple[Any, ...], kwargs: dict[str, Any],
) -> Any:  # fmt: skip
    with saved_tensors_hooks(Keeping(frame), Saved.unpack), context:
        return function(*args, **kwargs)
    raise GradientError(
        "checkpoint: the forward context provided by context_fn suppressed an exception raised "
        "during the checkpointed forward",
        "There is no result to return then: let the exception through.",
    )


def checkpoint_sequential(
    functions: Any, segments: int, input: Tensor, use_reentrant: bool | None = None,
    **kwargs: Any,
) -> Any:  # fmt: skip
    """functions[-1](... functions[0](input)), all but the last of `segments` parts checkpointed.

    functions: a list, or a module with children. preserve_rng_state: as in `checkpoint`. Raises
    ArgumentValueError for other keywords, and for more segments than functions.

    >>> import wengert as wg
    >>> x = wg.tensor(1.0, requires_grad=True)
    >>> checkpoint_sequential([wg.exp, wg.log, wg.exp, wg.log], 2, x).backward()
    >>> x.grad
    tensor(1.)
    """
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ArgumentValueError(
            f"checkpoint_sequential: unexpected keyword arguments: {', '.join(kwargs)}"
        )
    steps = list(functions.children() if hasattr(functions, "children") else functions)
    if not 1 <= segments <= len(steps):
        raise ArgumentValueError(
            f"checkpoint_sequential: {len(steps)} functions do not make {segments} segments",
            "From one segment, which checkpoints nothing, to as many as there are functions.",
        )
    size = len(steps) // segments
    last = size * (segments - 1)
    for start in range(0, last, size):
        part = _chain(steps[start : start + size])
        input = checkpoint(part, input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return _chain(steps[last:])(input)


def _chain(steps: list[Callable[..., Any]]) -> Callable[[Any], Any]:
    def chained(value: Any) -> Any:
        for step in steps:
            value = step(value)
        return value

    return chained


@contextmanager
def set_checkpoint_early_stop(enable: bool) -> Generator[None, None, None]:
    """Whether the recomputation of checkpoints made inside stops as soon as it can."""
    before = _EARLY_STOP.set(enable)
    try:
        yield
    finally:
        _EARLY_STOP.reset(before)


@contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None) -> Generator[None, None, None]:
    """Whether errors of checkpoints made inside show all operations; None leaves it to `debug`."""
    before = _DEBUG.set(enabled)
    try:
        yield
    finally:
        _DEBUG.reset(before)


__all__ = [
    "CheckpointError", "checkpoint", "checkpoint_sequential", "noop_context_fn",
    "set_checkpoint_debug_enabled", "set_checkpoint_early_stop",
]  # fmt: skip
