"""One call of a checkpointed function, and how it is run again when its values are needed.

The values that operations save are not kept: in the place of each there is a `Saved`, which says
whose it is. The first that a backward pass asks for runs the function again, and what the run
saves waits, by its number, until that pass takes it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any, NamedTuple

import numpy as np

from wengert.core.handles import handle, memory_of
from wengert.core.hooks import Attentive
from wengert.core.node import next_sequence
from wengert.core.tensor import Tensor
from wengert.errors import CheckpointError, StaleError
from wengert.modes import current, using
from wengert.ops.generator import Generator, replaying
from wengert.sites import Site
from wengert.transform.careful import SWEEP, Sweep
from wengert.utils.inputs import Inputs
from wengert.utils.log import Log, Step, difference

_REMEDY = (
    "The function must do the same each time it is called with the same arguments: pass what it "
    'depends on as arguments. determinism_check="none" turns the comparison off.'
)


class Options(NamedTuple):
    """What the caller asked for, and what is in force where the function was called."""

    draws: dict[Generator, Tensor]
    recompute_context: AbstractContextManager[Any]
    checks: bool
    debug: bool
    early_stop: bool
    site: Site | None


class Frame:
    """One call: the function, its inputs, the log of what it did, and what it saved."""

    def __init__(self, function: Callable[..., Any], inputs: Inputs, options: Options) -> None:
        self.options = options
        self.log = Log()
        self.saved: list[weakref.ref[Saved]] = []
        self.completed = 0  # the number of the first run's end; 0 while it goes on
        self._function = function
        self._inputs = inputs
        # Values of a pass that ended without taking them go with it.
        self._runs: weakref.WeakKeyDictionary[Sweep, dict[int, Recomputed]] = (
            weakref.WeakKeyDictionary()
        )
        state = current()
        self._scope = state.scope
        self._levels = state.levels

    def take(self, index: int) -> Tensor:
        """The value saved at a place: computed again, once in a sweep."""
        sweep = SWEEP.get()
        run = self._runs.get(sweep) if sweep is not None else None
        if run is None or index not in run:
            run = self._run_again()
            if sweep is not None:
                self._runs[sweep] = run
        return run.pop(index).fresh()

    def _run_again(self) -> dict[int, Recomputed]:
        again = Recomputation(self)
        args, kwargs = self._inputs.restored()
        options = self.options
        with ExitStack() as contexts:
            contexts.enter_context(replaying(options.draws))
            contexts.enter_context(
                using(
                    grad=True, inference=False, levels=self._levels, scope=self._scope,
                    saved=((again, _as_it_is),),
                )
            )  # fmt: skip
            contexts.enter_context(options.recompute_context)
            try:
                self._function(*args, **kwargs)
            except _Enough:
                pass
            except Exception as error:
                if not again.differs:
                    error.add_note(f"raised while recomputing the checkpoint{self._where()}")
                    raise
        again.finish()
        return again.values

    def _where(self) -> str:
        site = self.options.site
        return f" at {site}" if site is not None else ""


class Saved:
    """What a node keeps in the place of a saved value: whose it is, and its number."""

    __slots__ = ("__weakref__", "_frame", "_index")

    def __init__(self, frame: Frame, index: int) -> None:
        self._frame = frame
        self._index = index

    def unpack(self) -> Tensor:
        """The unpack hook."""
        return self._frame.take(self._index)


class Keeping(Attentive):
    """The pack hook of the forward run: nothing is kept, but noted."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def recorded(self, name: str, site: Site | None, aval: Any) -> None:
        self._frame.log.begin(name, site, aval)

    def __call__(self, tensor: Tensor) -> Saved:
        frame = self._frame
        frame.log.save(tensor)
        saved = Saved(frame, len(frame.saved))
        frame.saved.append(weakref.ref(saved))
        return saved


class _Enough(BaseException):
    """All that was saved has been computed again. No Exception: users' handlers let it through."""


class Recomputation(Attentive):
    """The pack hook of a further run: what it saves is held for the pass that asked."""

    def __init__(self, frame: Frame) -> None:
        self.values: dict[int, Recomputed] = {}
        self.differs = ""
        self._frame = frame
        self._log = Log()
        self._count = 0
        self._start = next_sequence()

    def recorded(self, name: str, site: Site | None, aval: Any) -> None:
        self._log.begin(name, site, aval)
        self._compare()

    def __call__(self, tensor: Tensor) -> Tensor:
        frame, index = self._frame, self._count
        self._count += 1
        self._log.save(tensor)
        self._compare(tensor)
        kept = Recomputed(tensor, self._log.steps[-1], self._start)
        if index < len(frame.saved) and frame.saved[index]() is not None:
            self.values[index] = kept
        if frame.options.early_stop and self._count == len(frame.saved) and not self.differs:
            raise _Enough
        return kept.fresh()

    def _compare(self, saved: Tensor | None = None) -> None:
        """Hold the latest operation, and the value that it saves, against the first run."""
        if not self._frame.options.checks or self.differs:
            return
        with_values = bool(self._frame.options.draws)
        what = difference(self._frame.log, self._log, with_values)
        if what and saved is not None:
            what += self._written_since(saved)
        self.differs = what

    def _written_since(self, tensor: Tensor) -> str:
        """By whom a tensor from outside was changed after the first run."""
        memory = tensor._memory
        ended = self._frame.completed
        if memory is None or not ended or memory.written < ended:
            return ""
        where = f" at {memory.site}" if memory.site is not None else ""
        return f"\n  it was modified in between by {memory.writer}{where}"

    def finish(self) -> None:
        """Raise CheckpointError if this run was not the same as the first."""
        saved, count = len(self._frame.saved), self._count
        is_short = count < saved
        is_long = count > saved and bool(self._frame.completed)
        if not self.differs and not is_short and not is_long:
            return
        what = self.differs or self._end(is_short)
        if count != saved:
            what += (
                "\n  A different number of tensors was saved during the original forward and "
                f"recomputation: {saved} and {count}."
            )
        text = f"checkpoint: the function did something else when it was run again: {what}"
        if self._frame.options.debug:
            text += f"\nin the forward run:\n{self._frame.log}\n"
            text += f"in the recomputation:\n{self._log}"
        raise CheckpointError(text, _REMEDY, self._frame.options.site)

    def _end(self, is_short: bool) -> str:
        """What one run did where the other was at its end."""
        ours, theirs = self._frame.log.steps, self._log.steps
        if is_short:
            return _only("forward run", ours[len(theirs) :], "recomputation")
        return _only("recomputation", theirs[len(ours) :], "forward run")


def _only(long: str, rest: list[Any], short: str) -> str:
    if not rest:
        return f"the {long} saved more than the {short}"
    return f"it ended earlier in the {short}\n  only in the {long}: {rest[0]}"


class Recomputed:
    """A saved value of a further run, from before what the run writes later.

    start: the number of the run's start. Nodes of the run are not held, as they hold what it saves;
    older ones get no Memory from here, as they would hold its array for as long as they live.
    """

    __slots__ = ("_data", "_memory", "_older", "_sequence", "_step")

    def __init__(self, tensor: Tensor, step: Step, start: int) -> None:
        node = tensor._node
        is_older = node is not None and bool(node.inputs) and node.sequence < start
        is_array = isinstance(tensor._data, np.ndarray)
        self._data = tensor._data
        self._older = node if is_older else None
        self._memory = memory_of(tensor) if is_array and not is_older else tensor._memory
        self._step = step
        self._sequence = next_sequence()

    def fresh(self) -> Tensor:
        """The value. Raises StaleError if the run has overwritten it, as the first run did."""
        memory = self._memory or (self._older._memory if self._older is not None else None)
        if memory is not None and memory.written > self._sequence:
            where = f" at {memory.site}" if memory.site is not None else ""
            raise StaleError(
                "checkpoint: a value needed for the backward pass was modified by an inplace "
                f"operation: {memory.writer}{where}\n  saved by {self._step}",
                "Write the result into a new tensor, or clone() before the in-place operation.",
            )
        return handle(self._data, None, memory)


def _as_it_is(value: Any) -> Any:
    return value
