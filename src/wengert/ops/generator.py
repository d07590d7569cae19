"""Generators of random numbers that count their draws.

A generator is a key and an offset: every draw takes the key and the next offset, and a stream of
numbers follows from the two alone. So an operation that notes both draws the same again.

Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (Philox), as NumPy has it.
"""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Generator as Steps
from collections.abc import Mapping
from contextlib import contextmanager
from typing import Any, Final

import numpy as np

from wengert.core.handles import _new
from wengert.core.place import CPU, Device
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, DTypeError
from wengert.ops.canonical import check_device
from wengert.ops.define import public

_DEFAULT_SEED: Final = 67280421310721  # what torch starts a generator with
_STATE_BYTES: Final = 16

_STAND_INS: Final[contextvars.ContextVar[Mapping[Generator, Generator] | None]] = (
    contextvars.ContextVar("wengert_stand_ins", default=None)
)


class Generator:
    """A source of random numbers: `rand(2, generator=g)`. Its draws depend on its seed alone.

    >>> import wengert as wg
    >>> g = wg.Generator().manual_seed(7)
    >>> first = wg.rand(2, generator=g)
    >>> wg.equal(first, wg.rand(2, generator=g.manual_seed(7)))
    True
    """

    __slots__ = ("_key", "_lock", "_offset")

    def __init__(self, device: Any = "cpu") -> None:
        check_device(device)
        self._lock = threading.Lock()
        self._key = _DEFAULT_SEED
        self._offset = 0

    @property
    def device(self) -> Device:
        return CPU

    def manual_seed(self, seed: Any) -> Generator:
        """Start anew from a seed: an integer from -2**63 to 2**64 - 1."""
        try:
            number = int(seed)
        except (TypeError, ValueError) as error:
            kind = ArgumentError if isinstance(error, TypeError) else ArgumentValueError
            raise kind(f"a seed is an integer, not {seed!r}", "As in manual_seed(0).") from None
        if not -(2**63) <= number < 2**64:
            raise ArgumentValueError(
                f"the seed {number} does not fit 64 bits", "From -2**63 to 2**64 - 1."
            )
        acting = self._acting()
        with acting._lock:
            acting._key = number % 2**64
            acting._offset = 0
        return self

    def seed(self) -> int:
        """Start anew from a seed that the operating system gives; returns it."""
        number = int.from_bytes(os.urandom(8), "little")
        self.manual_seed(number)
        return number

    def initial_seed(self) -> int:
        """The seed that this generator started from."""
        return self._acting()._key

    def next_draw(self) -> dict[str, int]:
        """Key and offset of the next draw: what `stream` takes."""
        acting = self._acting()
        with acting._lock:
            offset = acting._offset
            acting._offset += 1
        return {"key": acting._key, "offset": offset}

    def _acting(self) -> Generator:
        """The generator itself, or what stands in for it here: see `replaying`."""
        stand_ins = _STAND_INS.get()
        return self if stand_ins is None else stand_ins.get(self, self)

    def get_state(self) -> Tensor:
        """Seed and number of draws, as 16 bytes in a uint8 tensor."""
        acting = self._acting()
        with acting._lock:
            numbers = np.array([acting._key, acting._offset], "<u8")
        return _new(numbers.view(np.uint8), None)

    def set_state(self, new_state: Tensor) -> Generator:
        """Go on from where another generator, or this one, was. Raises DTypeError for no state."""
        if not isinstance(new_state, Tensor):
            raise ArgumentError(f"expected a uint8 tensor, but got {type(new_state).__name__}")
        data = np.ascontiguousarray(new_state._concrete("set_state()"))
        if data.dtype != np.uint8 or data.shape != (_STATE_BYTES,):
            raise DTypeError(
                f"a generator's state is {_STATE_BYTES} bytes in a uint8 tensor, not "
                f"{new_state.dtype.name} of shape {tuple(new_state.shape)}"
            )
        key, offset = data.view("<u8").tolist()
        acting = self._acting()
        with acting._lock:
            acting._key, acting._offset = key, offset
        return self

    def clone_state(self) -> Generator:
        """Another generator that stands where this one stands."""
        return Generator().set_state(self.get_state())

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.get_state(),)

    def __repr__(self) -> str:
        acting = self._acting()
        return f"<wengert.Generator seed={acting._key}, {acting._offset} draws>"


def _restored(state: Tensor) -> Generator:
    return Generator().set_state(state)


@contextmanager
def replaying(from_states: Mapping[Generator, Tensor]) -> Steps[None, None, None]:
    """Inside, these generators draw from earlier states; outside, they stand where they stood.

    It holds for this thread or task alone: others draw from the same generators undisturbed.
    """
    outer = _STAND_INS.get() or {}
    fresh = {generator: _restored(state) for generator, state in from_states.items()}
    token = _STAND_INS.set({**outer, **fresh})
    try:
        yield
    finally:
        _STAND_INS.reset(token)


default_generator: Final = Generator()
"""Where random functions draw from if they are given no generator. Shared by all threads."""

default_generator.seed()


def stream(key: int, offset: int) -> np.random.Generator:
    """The random numbers of one draw. The offset is the counter's top word, so none overlap."""
    return np.random.Generator(np.random.Philox(key=key, counter=offset << 192))


def next_draw(generator: Generator | None) -> dict[str, int]:
    """Key and offset of the next draw from a generator, or from the default one."""
    if generator is None:
        generator = default_generator
    if not isinstance(generator, Generator):
        raise ArgumentError(f"generator is a wengert.Generator, not {type(generator).__name__}")
    return generator.next_draw()


@public(torch="manual_seed", method=False, differentiable=False)
def manual_seed(seed: Any) -> Generator:
    """Make the default generator start anew from a seed; returns it.

    >>> import wengert as wg
    >>> _ = wg.manual_seed(0)
    """
    return default_generator.manual_seed(seed)


@public(torch="seed", method=False, differentiable=False)
def seed() -> int:
    """Make the default generator start anew from a seed of the operating system; returns it."""
    return default_generator.seed()


@public(torch="initial_seed", method=False, differentiable=False)
def initial_seed() -> int:
    """The seed that the default generator started from."""
    return default_generator.initial_seed()


@public(torch="get_rng_state", method=False, differentiable=False)
def get_rng_state() -> Tensor:
    """The state of the default generator."""
    return default_generator.get_state()


@public(torch="set_rng_state", method=False, differentiable=False)
def set_rng_state(new_state: Tensor) -> None:
    """Make the default generator go on from a state."""
    default_generator.set_state(new_state)
