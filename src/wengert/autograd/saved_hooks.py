"""What becomes of the values that are saved for the backward pass.

They are packed when an operation is recorded and unpacked when its rule runs. The innermost pair of
hooks counts, and it belongs to the thread or task that entered it.
"""

from __future__ import annotations

import contextvars
import weakref
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

from wengert.core.handles import handle, memory_of
from wengert.core.hooks import Hook
from wengert.core.memory import Memory
from wengert.core.place import Device
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, GradientError
from wengert.modes import State, current, using
from wengert.sites import Site, user_site

_DISABLED: Final[contextvars.ContextVar[tuple[str, Site | None] | None]] = contextvars.ContextVar(
    "wengert_saved_tensors_hooks_disabled", default=None
)


class saved_tensors_hooks:
    """Inside, pack_hook(tensor) is kept in the place of each tensor saved for backward.

    unpack_hook(kept) must give a tensor of the same shape, dtype and values when the backward pass
    needs it. Of nested pairs the innermost is used. pack_hook must not write into what it gets.
    Numbers are not given to it. Raises ArgumentError for what cannot be called.

    >>> import wengert as wg
    >>> x = wg.tensor([1.0, 2.0], requires_grad=True)
    >>> def pack(t):
    ...     print("packed", t)
    ...     return t.numpy(force=True).copy()
    >>> with wg.autograd.graph.saved_tensors_hooks(pack, wg.from_numpy):
    ...     y = x * x
    packed tensor([1., 2.], requires_grad=True)
    packed tensor([1., 2.], requires_grad=True)
    """

    def __init__(self, pack_hook: Hook, unpack_hook: Hook) -> None:
        for name, hook in (("pack_hook", pack_hook), ("unpack_hook", unpack_hook)):
            if not callable(hook):
                raise ArgumentError(f"{name} is a {type(hook).__name__}, not a function")
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook
        self._entered: list[AbstractContextManager[State]] = []

    def __enter__(self) -> None:
        disabled = _DISABLED.get()
        if disabled is not None:
            message, site = disabled
            raise GradientError(message, f"Disabled at {site}" if site is not None else "")
        entered = using(saved=(*current().saved, (self.pack_hook, self.unpack_hook)))
        entered.__enter__()
        self._entered.append(entered)

    def __exit__(self, *exc: Any) -> None:
        self._entered.pop().__exit__(None, None, None)


class save_on_cpu(saved_tensors_hooks):
    """Saved tensors stay on the CPU, where all of them are; with pin_memory as copies."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        def pack_to_cpu(tensor: Tensor) -> tuple[Device, Tensor]:
            held: Any = tensor.detach()
            return tensor.device, held.clone() if pin_memory else held

        super().__init__(pack_to_cpu, lambda packed: packed[1])


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Generator[None, None, None]:
    """Inside, `saved_tensors_hooks` and its kin raise GradientError with this message.

    Raises it at once where such hooks are in force.
    """
    if current().saved:
        raise GradientError(error_message)
    before = _DISABLED.get()
    _DISABLED.set((error_message, user_site() if current().sites else None))
    try:
        yield
    finally:
        _DISABLED.set(before)


class _Kept:
    """One saved tensor: itself until it is written into, then a copy from before."""

    __slots__ = ("__weakref__", "context", "tensor")

    def __init__(self, context: MutationAllowed, tensor: Tensor) -> None:
        self.context = context
        self.tensor = tensor


class MutationAllowed:
    """What `allow_mutation_on_saved_tensors` does: saved tensors are cloned before a write.

    It is the pack hook, and is told of each write.
    """

    def __init__(self) -> None:
        self._kept: weakref.WeakSet[_Kept] = weakref.WeakSet()
        self._open = True

    def __call__(self, tensor: Tensor) -> _Kept:
        memory = memory_of(tensor)
        kept = _Kept(self, handle(tensor._data, None, memory))
        self._kept.add(kept)
        return kept

    def before_write(self, memory: Memory) -> None:
        """Copy what was saved of this memory; it is written into next."""
        for kept in list(self._kept):
            if kept.tensor._memory is memory:
                kept.tensor = handle(kept.tensor._data.copy(), None, None)

    def close(self) -> None:
        """Let everything go."""
        self._open = False
        self._kept.clear()

    @staticmethod
    def unpack(kept: _Kept) -> Tensor:
        if not kept.context._open:
            raise GradientError(
                "backward outside of the allow_mutation_on_saved_tensors context in which the "
                "graph was recorded",
                "Call backward() inside of it.",
            )
        return kept.tensor


@contextmanager
def allow_mutation_on_saved_tensors() -> Generator[MutationAllowed, None, None]:
    """Inside, tensors saved for backward may be written into: they are cloned before.

    The backward pass must run inside, too. Raises GradientError where contexts are nested.

    >>> import wengert as wg
    >>> a = wg.ones(3, requires_grad=True)
    >>> with wg.autograd.graph.allow_mutation_on_saved_tensors():
    ...     b = a.clone()
    ...     out = (b ** 2).sum()
    ...     _ = b.zero_()
    ...     out.backward()
    >>> a.grad
    tensor([2., 2., 2.])
    """
    if any(isinstance(pack, MutationAllowed) for pack, _ in current().saved):
        raise GradientError("allow_mutation_on_saved_tensors contexts cannot be nested")
    context = MutationAllowed()
    try:
        with saved_tensors_hooks(context, MutationAllowed.unpack):
            yield context
    finally:
        context.close()
