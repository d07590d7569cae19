"""ctx: what forward and setup_context leave for backward and jvp."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, FreedError, GradientError

if TYPE_CHECKING:
    from wengert.autograd.custom.saved import SavedValue


class Marks:
    """What a Function said about one application of it; kept apart from the user's attributes.

    to_save, dirty, constant: as given to save_for_backward, mark_dirty, mark_non_differentiable;
    dropped when the application is over, for they may hold its outputs. applied: the node, held
    weakly. for_forward: of save_for_forward, there while jvp runs. saved: the values saved for
    backward. seen: what stands in their place, for a Function that runs inside a map. freed: the
    line that freed them. withheld: the inputs that backward gave None for, though a gradient was
    due.
    """

    __slots__ = (
        "applied", "clears", "constant", "dirty", "for_forward", "freed", "materialize", "name",
        "pushing", "saved", "seen", "to_save", "withheld",
    )  # fmt: skip

    def __init__(self, name: str = "Function", clears: bool = False) -> None:
        self.name = name
        self.clears = clears
        self.applied: Any = None
        self.to_save: tuple[Any, ...] = ()
        self.dirty: tuple[Any, ...] = ()
        self.constant: tuple[Any, ...] = ()
        self.for_forward: tuple[Any, ...] | None = None
        self.pushing = False
        self.materialize = True
        self.saved: tuple[SavedValue | None, ...] = ()
        self.seen: tuple[Any, ...] | None = None
        self.freed: Any = None
        self.withheld: set[int] = set()

    def tensors(self) -> tuple[Any, ...]:
        """The saved tensors, with their history. Raises FreedError or StaleError."""
        if self.pushing and self.for_forward is not None:
            return self.for_forward
        if self.seen is not None:
            return self.seen
        if self.freed is not None:
            raise FreedError(*self._why_freed())
        found = tuple(None if s is None else s.tensor() for s in self.saved)
        if self.clears and self.saved:
            self.free(_ACCESSED)
        return found

    def _why_freed(self) -> tuple[str, str]:
        if self.freed is _ACCESSED:
            return (
                f"{self.name}: saved_tensors can only be accessed once, as it sets "
                "clear_saved_tensors_on_access",
                "Unpack it once: x, y = ctx.saved_tensors.",
            )
        return (
            f"{self.name}Backward: the values saved for backward were freed by an earlier backward "
            f"pass at {self.freed}; they can be read, or backwarded through, once only",
            "Pass retain_graph=True to the earlier call, or compute the loss anew.",
        )

    def free(self, by: Any) -> None:
        """Let the saved values go."""
        self.freed = by
        self.saved = ()

    def over(self) -> None:
        """The application is over: what may hold its outputs goes."""
        self.to_save = self.dirty = self.constant = ()
        self.for_forward = None


_ACCESSED = object()
"""What stands in Marks.freed where reading the values has freed them."""


class FunctionCtx:
    """What forward and setup_context get as `ctx`, and backward and jvp again.

    Attributes of your own can be put on it; tensors that backward needs belong into
    save_for_backward, which checks that they were not written since and makes no cycles.

    needs_input_grad: per argument of forward, whether it requires grad.
    """

    __slots__ = ("__dict__", "__weakref__", "_marks", "needs_input_grad")

    _marks: Marks
    needs_input_grad: tuple[bool, ...]

    def __init__(self, marks: Marks | None = None) -> None:
        self._marks = Marks() if marks is None else marks
        self.needs_input_grad = ()

    def name(self) -> str:
        """The name of grad_fn: "ExpBackward"."""
        return f"{self._marks.name}Backward"

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Save inputs, outputs, or other tensors for backward, which finds them in saved_tensors.

        A further call replaces what was saved. Raises ArgumentError for anything but tensors and
        None: plain values go on ctx as attributes.
        """
        _check_tensors("save_for_backward can only save variables", tensors, True)
        self._marks.to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Save tensors for jvp, which finds them in saved_tensors."""
        _check_tensors("save_for_forward expects all arguments to be tensors", tensors, True)
        self._marks.for_forward = tensors

    def mark_dirty(self, *args: Tensor) -> None:
        """Say which inputs forward has written into; each of them must be returned as well."""
        _check_tensors("mark_dirty can only accept variables", args, False)
        self._marks.dirty = args

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Say which outputs have no derivative: they will not require grad."""
        _check_tensors("mark_non_differentiable only accepts variable arguments", args, False)
        self._marks.constant = args

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward and jvp get zeros, the default, or None where there is no gradient."""
        self._marks.materialize = bool(value)

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What was saved, with its history.

        Raises FreedError after a backward pass that freed it, StaleError if it was overwritten
        since.
        """
        return self._marks.tensors()

    @property
    def _raw_saved_tensors(self) -> tuple[Any, ...]:
        """What was saved, packed: each has `data` and `register_hooks`."""
        if self._marks.freed is not None:
            raise FreedError(*self._marks._why_freed())
        return self._marks.saved


def _check_tensors(rule: str, given: tuple[Any, ...], none: bool) -> None:
    for i, value in enumerate(given):
        if isinstance(value, Tensor) or (none and value is None):
            continue
        # torch raises TypeError where it saves and RuntimeError where it marks.
        error = ArgumentError if none else GradientError
        raise error(
            f"{rule}, but argument {i} is of type {type(value).__name__}",
            "Put values that are no tensors on ctx as attributes: ctx.k = k.",
        )
