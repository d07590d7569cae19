"""Views: tensors that share the memory of another one, and follow its history.

The graph holds no mutation. A view knows its base and the operations that lead there; when the
base has been written into and got a new node, the view applies them to that node at its next use.
Only views pay for the test.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from wengert.core import handles, marks
from wengert.core.node import Carrier, next_sequence, unrecorded
from wengert.core.op import Op
from wengert.core.registry import OPS
from wengert.core.tensor import Tensor
from wengert.errors import GradientError
from wengert.modes import State, current, using
from wengert.sites import user_site

if TYPE_CHECKING:
    from wengert.core.memory import Memory
    from wengert.core.node import Node

Steps = tuple[tuple[str, tuple[tuple[str, Any], ...]], ...]
"""The view operations between a base and a view, with their attributes."""

_own_node: Final = vars(Tensor)["_node"]

NO_GRAD: Final = "no_grad"
INFERENCE: Final = "inference_mode"
SEVERAL: Final = "several"
FUNCTION: Final = "function"


class View(Tensor):
    """A tensor that is a part, or another shape, of a base.

    _base_tensor: no view itself. _steps: how it is reached from there. _followed: the number of
    the base's last recorded write that this view knows. _refusal: why a recorded write to it or
    its base is refused: it was made under no_grad, by a function that gives several views, or by
    a Function.
    """

    __slots__ = ("_base_tensor", "_followed", "_refusal", "_steps")

    _base_tensor: Tensor | None
    _steps: Steps
    _followed: int
    _refusal: str

    @property
    def _base(self) -> Tensor | None:
        return self._base_tensor

    @property
    def _node(self) -> Node | None:
        memory = self._memory
        if memory is not None and memory.rewritten > self._followed:
            _follow(self)
        node: Node | None = _own_node.__get__(self)
        return node

    @_node.setter
    def _node(self, node: Node | None) -> None:
        _own_node.__set__(self, node)

    @property
    def requires_grad(self) -> bool:
        """Whether the view has a history; one that cannot follow its base has the base's."""
        memory, base = self._memory, self._base_tensor
        if base is not None and self._refusal and memory is not None:
            if memory.rewritten > self._followed:
                return base.requires_grad
            node = _own_node.__get__(self)
            return node is not None and type(node) is not Carrier
        known: bool = Tensor.requires_grad.__get__(self)
        return known

    @requires_grad.setter
    def requires_grad(self, on: bool) -> None:
        self.requires_grad_(on)

    @property
    def grad_fn(self) -> Node | None:
        """The node that made this view. Raises GradientError for one that cannot follow a write."""
        refuse_lost(self)
        node: Node | None = Tensor.grad_fn.__get__(self)
        return node

    def retain_grad(self) -> None:
        refuse_lost(self)
        super().retain_grad()

    def _leave_base(self) -> None:
        self._base_tensor = None
        self._steps = ()
        self._refusal = ""


class Wrapped(View):
    """A tensor of a transform: it stands for one that is traced or mapped.

    It is a view, or none with `_base_tensor` None. What an in-place operation makes of it is
    recorded as for ordinary tensors; subclasses say what becomes of its contents.
    """

    __slots__ = ()

    @property
    def _has_leaves(self) -> bool:
        """Whether a leaf among them is the user's, and so protected from writes."""
        return True

    def _refuse_write(self, name: str, target: Tensor, result: Tensor) -> None:
        """Raise where the result cannot become the target's contents."""
        raise AssertionError("each kind of wrapped tensor says what can be written into it")

    def _snapshot(self) -> Wrapped:
        """A handle on what the contents are now, whatever is written later."""
        raise AssertionError("each kind of wrapped tensor says what its contents are")

    def _contents(self) -> Tensor:
        """The ordinary tensor that holds the values; itself where there are none."""
        return self

    def _write_contents(self, result: Tensor) -> None:
        """Take over the contents of a result; memory that others see is written."""

    def _unrecorded(self, old: Node | None, new: Node | None) -> Node | None:
        """The node of a tensor that was written under no_grad."""
        return unrecorded(old, new, current().levels)

    def _in_place(
        self, function: Any, target: Tensor, others: Sequence[Any], attrs: dict[str, Any]
    ) -> Tensor:
        """target becomes function(target, *others); self is the innermost of the arguments."""
        from wengert.core import write  # which needs View

        name = write.name_in_place(function)
        state = current()
        if self._has_leaves:
            write.refuse(name, target, state)
        when = next_sequence()
        memory = handles.memory_of(target)
        source, *given = (_before_write(v, memory) for v in (target, *others))
        result = function(source, *given, **attrs)
        write.check_fits(name, target._data.shape, target._data.dtype, result._data)
        self._refuse_write(name, target, result)
        assert isinstance(target, Wrapped)
        if result._data.dtype != target._data.dtype:
            result = OPS["to"](result, dtype=target._data.dtype)
        base = target._base_tensor
        target._write_contents(result)
        if base is not None:
            result = write.WRITE(_before_write(base, memory), result, steps=target._steps)
        written = target if base is None else base
        node = result._node
        if node is not None:
            node._memory = memory
        written._node = node if state.grad else self._unrecorded(written._node, node)
        memory.rewritten = next_sequence()
        memory.stamp(when, name, user_site())
        if base is None:
            target._followed = memory.rewritten
        return target


def _before_write(value: Any, memory: Memory) -> Any:
    """An argument as it is before a write into this memory."""
    shares = isinstance(value, Wrapped) and value._memory is memory
    return value._snapshot() if shares else value


def view_of(source: Tensor, data: Any, op: Op, attrs: dict[str, Any] | None, state: State) -> View:
    """A view of `source`, made by one operation, on an array that shares its memory."""
    made = View.__new__(View)
    made._data = data
    made._extra = None
    attach(made, source, op, attrs, state)
    made._node = None
    return made


def attach(made: View, source: Tensor, op: Op, attrs: dict[str, Any] | None, state: State) -> None:
    """Make a handle a view of `source`, one operation away."""
    memory = made._memory = handles.memory_of(source)
    step = (op.name, tuple((attrs or {}).items()))
    if isinstance(source, View) and source._base_tensor is not None:
        made._base_tensor = source._base_tensor
        made._steps = (*source._steps, step)
        made._refusal = source._refusal
    else:
        made._base_tensor = source
        made._steps = (step,)
        made._refusal = ""
    if not made._refusal:
        made._refusal = SEVERAL if op.several else "" if state.grad else NO_GRAD
        if state.inference:
            made._refusal = INFERENCE
    made._followed = memory.rewritten


def through(value: Any, steps: Steps) -> Any:
    """The view operations applied to another base: an array or a tensor."""
    for name, attrs in steps:
        value = OPS[name](value, **dict(attrs))
    return value


def _follow(view: View) -> None:
    """Apply the view's operations to the node that its base has now."""
    base, memory = view._base_tensor, view._memory
    if base is None or memory is None:
        return
    old: Node | None = _own_node.__get__(view)
    if base._extra is not None and base._extra.turned:
        back = [step for when, step in base._extra.turned if when > view._followed]
        view._steps = (*reversed(back), *view._steps)
    if base._node is None:
        view._followed = memory.rewritten
        if type(old) is Carrier:
            view._node = None  # a constant was written: the tangents ended
        return
    view._followed = memory.rewritten
    if view._refusal and type(base._node) is not Carrier:
        view._followed = -1  # asked again next time
        if current().grad:  # else nothing is recorded here: it is refused where it is used
            refuse_refused(view, _WRITTEN)
        if levels := current().levels:
            view._node = unrecorded(old, through(base._handle(), view._steps)._node, levels)
        return
    handle = base._handle()
    with using(grad=True, inference=False, saved=()):
        node = through(handle, view._steps)._node
    if node is not None and old is not None:
        node.site = old.site
        old.hand_over(node)
    view._node = node


_WRITTEN: Final = "its base or another view of its base has been modified inplace"
_REFUSALS: Final = {
    NO_GRAD: (
        "a view was created in no_grad mode and {} with grad mode enabled",
        "Make the view and the change both inside the no_grad block, or both outside.",
    ),
    INFERENCE: (
        "a view was created in inference mode and {} in normal mode",
        "Make the view and the change both inside the inference_mode block, or both outside.",
    ),
    SEVERAL: (
        "a view is the output of a function that returns multiple views and {}; such functions "
        "do not allow the output views to be modified inplace",
        "Replace the in-place operation by an out-of-place one, or take the view by indexing.",
    ),
    FUNCTION: (
        "a view was created inside a custom Function (or because an input was returned as-is) and "
        "{}; its gradient would go past the Function's backward",
        "clone() the output of the Function before the change.",
    ),
}


def refuse_lost(tensor: Tensor) -> None:
    """Raise GradientError for a view whose history is asked for, and could not follow a write.

    As in torch under no_grad, too, where operations on it go on: they need no history.
    """
    if isinstance(tensor, View):
        _ = tensor._node  # finds out
        if tensor._followed < 0:
            refuse_refused(tensor, _WRITTEN)


def refuse_refused(view: View, what: str) -> None:
    """Raise GradientError for a view whose history cannot follow a write."""
    if view._refusal:
        fact, remedy = _REFUSALS[view._refusal]
        raise GradientError(fact.format(what) + marks.made_at(view), remedy)
