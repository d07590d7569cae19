"""Batching: operations applied to values that carry a mapped axis, at its first place.

A batched tensor looks like one of its slices: its aval lacks the mapped axis. An operation on such
tensors takes the values out, calls the operation's batching rule one level lower, where outer maps
and gradients see what happens, and wraps the result. If an argument has a node that was made
inside the map, the result gets a node, too, with batched residuals: that is how gradients are
taken inside a map.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from wengert.core.computing import as_operand, promoted
from wengert.core.handles import _new, memory_of
from wengert.core.memory import Memory
from wengert.core.op import Op
from wengert.core.registry import OPS
from wengert.core.tensor import Tensor
from wengert.core.view import Wrapped, attach
from wengert.core.write import in_place, name_in_place
from wengert.errors import BatchingError, DimensionError, ShapeError, WengertError
from wengert.modes import State, current, entered
from wengert.transform.batching import batched_by_rule
from wengert.transform.inside import note
from wengert.transform.plain import on_arrays

_ZEROS: Final = bytes(16)


class BatchLevel:
    """One nesting of vmap: how many slices there are, and how random numbers are drawn."""

    def __init__(self, size: int, randomness: str, depth: int) -> None:
        self.size = size
        self.randomness = randomness
        self.depth = depth
        self._blanks: dict[Any, np.ndarray[Any, Any]] = {}

    def push(self, op: Op, args: Sequence[Any], attrs: dict[str, Any], out: Any) -> None:
        """Nothing: only forward levels push tangents."""

    def unrecorded(self, old: Any, new: Any) -> Any:
        """The new tangent: only forward levels have any."""
        return new

    def refuse_draws(self, name: str) -> None:
        """Raise BatchingError where random numbers are drawn, if randomness is "error"."""
        if self.randomness == "error":
            raise BatchingError(
                f"vmap: {name} is a random operation, and randomness is 'error'",
                "Pass randomness='different' or 'same' to vmap, or draw outside of it.",
            )

    def draws_differ(self, name: str) -> bool:
        """Whether every slice gets random numbers of its own. Raises BatchingError for "error"."""
        self.refuse_draws(name)
        return self.randomness == "different"

    def lift(self, value: Tensor, mapped: bool) -> Batched:
        """A tensor of this level; mapped if its first axis is the mapped one."""
        data = value._data
        shape = data.shape[1:] if mapped else data.shape
        blank = self._blanks.get((shape, data.dtype))
        if blank is None:
            blank = np.ndarray(shape, data.dtype, _ZEROS, 0, (0,) * len(shape))
            self._blanks[shape, data.dtype] = blank
        made = Batched.__new__(Batched)
        made._data = blank
        made._level = self.depth + 1
        made._value = value
        made._mapped = mapped
        made._at = self
        made._memory = None
        made._extra = None
        made._base_tensor = None
        made._steps = ()
        made._refusal = ""
        made._followed = 0
        made._node = None
        return made


def lifted(tensor: Tensor) -> Tensor:
    """The tensor as one of the innermost map, if there is any: with a node of that level."""
    levels = current().levels
    for index in reversed(range(len(levels))):
        level = levels[index]
        if isinstance(level, BatchLevel):
            if isinstance(tensor, Batched) and tensor._at is level:
                break
            made = level.lift(tensor, mapped=False)
            _carry_tangents(tensor, made, levels[index + 1 :])
            return made
    return tensor


def _carry_tangents(source: Tensor, target: Tensor, levels: Sequence[Any]) -> None:
    """The tangents of the levels inside a map belong to the tensor that stands inside it."""
    extra = source._node.extra if source._node is not None else None
    if extra is not None and extra.tangents:
        for level in levels:
            if level in extra.tangents:
                level.attach(target, extra.tangents[level])


class Batched(Wrapped):
    """A tensor inside a vmap: one slice stands for all of them."""

    __slots__ = ("_at", "_level", "_mapped", "_value")

    _at: BatchLevel
    _level: int
    _mapped: bool
    _value: Tensor

    def _handle(self) -> Batched:
        made = self._at.lift(self._value, self._mapped)
        made._node = self._node
        return made

    def _around(self, make: Any) -> Batched:
        own = (self._at.size,) if self._mapped else ()
        state = current()
        with entered(state.below(state.levels.index(self._at))):
            value = self._value._around(lambda lengths: make((*lengths, *own)))
        return self._at.lift(value, self._mapped)

    def _snapshot(self) -> Batched:
        state = current()
        with entered(state.below(state.levels.index(self._at))):
            made = self._at.lift(self._value.clone(), self._mapped)
        made._memory = Memory(made._data)  # what is saved of it is not what is written next
        made._node = self._node
        return made

    def _concrete(self, what: str) -> Any:
        if not self._mapped:
            return self._value._concrete(what)
        raise BatchingError(
            f"{what} needs the value of a tensor inside a vmap, and there is one per slice",
            "Use wengert.where for a choice between values, and keep .item(), bool() and .numpy() "
            "outside of the mapped function.",
        )

    def _apply(self, op: Op, args: Sequence[Any], attrs: dict[str, Any] | None) -> Any:
        level = self._at
        state = current()
        try:
            index = state.levels.index(level)
        except ValueError:
            raise BatchingError(
                f"{op.name}: a tensor of a vmap is used outside of it",
                "Return it from the mapped function instead.",
            ) from None
        out: Any = None
        # Views share history with their source below, too, where that can have any.
        if (not op.view or state.inference) and "alike" not in op.attributes:
            out = on_arrays(op, args, attrs, level, state)
        if out is not None:
            self._finish(op, args, attrs, out, index, state)
            return out
        if op.promotion != "none":
            args = promoted_tensors(op, args)
        values = [_value_at(level, a, op) for a in args]
        mapped = [isinstance(a, Batched) and a._at is level and a._mapped for a in args]
        try:
            with entered(state.below(index)):
                results, is_mapped = batched_by_rule(op, values, mapped, attrs or {}, level)
        except (ShapeError, DimensionError) as error:
            raise _of_slices(error, args) from None
        if isinstance(results, tuple):
            out = tuple(level.lift(r, m) for r, m in zip(results, is_mapped, strict=True))
        else:
            out = level.lift(results, is_mapped)
            source = args[0]
            if op.view and isinstance(source, Batched) and source._at is level:
                attach(out, source, op, attrs, state)
        self._finish(op, args, attrs, out, index, state)
        return out

    def _finish(
        self, op: Op, args: Sequence[Any], attrs: dict[str, Any] | None, out: Any, index: int,
        state: State,
    ) -> None:  # fmt: skip
        """Record the application for gradients inside the map, and push tangents there."""
        if state.grad:
            note(op, args, attrs, out, self._at, state)
        for inner in state.levels[index + 1 :]:
            inner.push(op, args, attrs or {}, out)

    def _in_place(
        self, function: Any, target: Tensor, others: Sequence[Any], attrs: dict[str, Any]
    ) -> Tensor:
        if isinstance(target, Batched):
            return super()._in_place(function, target, others, attrs)
        if any(isinstance(o, Batched) and o._at is self._at and o._mapped for o in others):
            raise _no_room(name_in_place(function))
        state = current()
        values = [o._value if isinstance(o, Batched) and o._at is self._at else o for o in others]
        with entered(state.below(state.levels.index(self._at))):
            return in_place(function, target, *values, **attrs)

    def _refuse_write(self, name: str, target: Tensor, result: Tensor) -> None:
        fits = isinstance(target, Batched) and target._at is self._at
        assert isinstance(result, Batched)
        if result._mapped and not (fits and target._mapped):  # type: ignore[attr-defined]
            raise _no_room(name)

    def _contents(self) -> Tensor:
        inner = self._value
        while isinstance(inner, Batched):
            inner = inner._value
        return inner

    def _write_contents(self, result: Tensor) -> None:
        assert isinstance(result, Batched)
        state = current()
        value = result._value
        with entered(state.below(state.levels.index(self._at))):
            if self._mapped and not result._mapped:
                value = value.expand(tuple(self._value._data.shape))
            self._value.copy_(value)

    def _take_contents(self, other: Tensor) -> None:
        assert isinstance(other, Batched)
        self._data, self._value = other._data, other._value

    def detach(self) -> Tensor:
        alias = self._at.lift(self._value.detach(), self._mapped)
        alias._memory = memory_of(self)
        return alias

    def __repr__(self) -> str:
        where = "mapped" if self._mapped else "not mapped"
        return f"Batched({self._aval}, {where} over {self._at.size}, value={self._value!r})"


def _of_slices(error: WengertError, args: Sequence[Any]) -> WengertError:
    """The same error with the shapes that the user's function sees."""
    if _IN_MAP in error.what:
        return error
    shapes = " and ".join(str(tuple(a._data.shape)) for a in args if isinstance(a, Tensor))
    return type(error)(f"{error.what}{_IN_MAP}{shapes}", error.remedy, error.site)


_IN_MAP: Final = "; inside of vmap, where the slices have shapes "


def _no_room(name: str) -> BatchingError:
    return BatchingError(
        f"{name}: a tensor that is not mapped cannot take a value that is: it has one place for "
        "as many values as there are slices",
        "Make the target from a mapped tensor, as in wengert.zeros_like(x), or compute a new one.",
    )


def promoted_tensors(op: Op, args: Sequence[Any]) -> Sequence[Any]:
    """The arguments in the dtype that the operation computes in, as its rules expect them."""
    datas = [a._data if isinstance(a, Tensor) else a for a in args]
    wanted = promoted(op, datas)
    return [
        OPS["to"](a, dtype=w.dtype) if isinstance(a, Tensor) and w.dtype != d.dtype else a
        for a, d, w in zip(args, datas, wanted, strict=True)
    ]


def _value_at(level: BatchLevel, value: Any, op: Op) -> Any:
    """An argument as the lower level sees it."""
    if isinstance(value, Tensor):
        return value._value if isinstance(value, Batched) and value._at is level else value
    if value is None:
        return None
    operand = as_operand(op, value)
    return _new(operand, None) if isinstance(operand, np.ndarray) else operand
