"""What users see and hang on a node: torch's surface of `grad_fn`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from wengert.core.dtype import DType, dtype_of, is_differentiable
from wengert.core.hooks import Hook, Hooks, RemovableHandle, enter
from wengert.core.op import Op
from wengert.core.place import CPU, Device, Size
from wengert.core.registry import on_register
from wengert.errors import ArgumentError

if TYPE_CHECKING:
    from wengert.core.extra import Extra

_REGISTRATION: Final = threading.Lock()


class InputMetadata(NamedTuple):
    """What a backward pass hands to a node: the gradient of one of its outputs."""

    shape: Size
    dtype: DType
    device: Device


class GradFn:
    """The part of a node that users see; core/node.py has the rest."""

    __slots__ = ()

    sequence: int

    @property
    def aval(self) -> Any:
        """The aval of what the node makes; Node says."""
        raise NotImplementedError

    def get_extra(self) -> Extra:
        """What few nodes have; Node says."""
        raise NotImplementedError

    def _watch(self) -> None:
        """There are hooks; Node says what that means."""
        raise NotImplementedError

    def hooks(self) -> Hooks:
        """The node's hooks, for one to be entered: passes look at this node from now on."""
        with _REGISTRATION:
            extra = self.get_extra()
            if extra.hooks is None:
                extra.hooks = Hooks()
            self._watch()
        return extra.hooks

    def __call__(self, *gradients: Any) -> Any:
        """The gradients of the inputs from those of the outputs: one step of a backward pass.

        >>> import wengert as wg
        >>> x = wg.tensor(3.0, requires_grad=True)
        >>> (x * 5).grad_fn(wg.tensor(2.0))
        (tensor(10.), None)
        """
        return _called(self, gradients)

    def register_hook(self, fn: Hook) -> RemovableHandle:
        """Call fn(grad_inputs, grad_outputs) once this node has passed its gradient on.

        Both are tuples, with None where there is no gradient. fn returns None, or a tuple that
        replaces grad_inputs.

        >>> import wengert as wg
        >>> x = wg.tensor(3.0, requires_grad=True)
        >>> y = x * x
        >>> handle = y.grad_fn.register_hook(lambda inputs, outputs: print(inputs, outputs))
        >>> y.backward()
        (tensor(3.), tensor(3.)) (tensor(1.),)
        """
        return enter(self.hooks().after, fn)

    def register_prehook(self, fn: Hook) -> RemovableHandle:
        """Call fn(grad_outputs) before this node passes its gradient on.

        fn returns None, or a tuple that replaces grad_outputs.
        """
        return enter(self.hooks().before, fn)

    def _register_hook_dict(self, tensor: Any) -> None:
        """torch's own way of letting a node see a tensor's hooks: here they stand on the node."""
        self.hooks()

    @property
    def metadata(self) -> dict[str, Any]:
        """The user's own notes on this node."""
        extra = self.get_extra()
        if extra.metadata is None:
            extra.metadata = {}
        return extra.metadata

    @property
    def requires_grad(self) -> bool:
        """Whether anything that this node leads to requires grad: always, or it were not here."""
        return True

    def _sequence_nr(self) -> int:
        """The number of this node; what it depends on has smaller ones."""
        return self.sequence

    @property
    def _input_metadata(self) -> tuple[InputMetadata, ...]:
        """Shape, dtype and device of the gradients that this node takes."""
        avals = self.aval if isinstance(self.aval, tuple) else (self.aval,)
        return tuple(
            InputMetadata(Size(aval.shape), dtype_of(aval.dtype), CPU)
            for aval in avals
            if is_differentiable(aval.dtype)
        )

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Raises ArgumentError: a node cannot be copied or pickled, as in torch."""
        raise ArgumentError(
            f"cannot pickle or copy {self!r}: a node is a place in one graph",
            "wengert.graph(x).to_json() writes a graph down; detach() a tensor to copy its values.",
        )

    def __dir__(self) -> list[str]:
        # The class has the names of what any operation saves; this node has its own.
        others = (name for name in super().__dir__() if "_saved_" not in name)
        return [*others, *_names(self)]


# A property for each name, and no __getattr__: with one, every attribute of every node is looked up
# on Python's slow way, which cost the founding computation 6 %.
def _property(name: str) -> Any:
    return property(lambda node: _saved(node, name))


_TAKEN: Final[set[str]] = set()


def _take_names(op: Op) -> None:
    """Give nodes the names of what an operation may save."""
    torchs = () if callable(op.saved_as) else op.saved_as
    _take(*op.inputs, *op.attributes, *torchs, *op.results_as)


def _take(*names: str) -> None:
    for name in names:
        if name not in _TAKEN:
            _TAKEN.add(name)
            for full in (f"_saved_{name}", f"_raw_saved_{name}"):
                setattr(GradFn, full, _property(full))


_take("self", "other", "result", "result0", "result1", "result2")
on_register(_take_names)


def _unbound(*_: Any) -> Any:
    raise RuntimeError("wengert.autograd has not been imported")


_saved: Callable[[Any, str], Any] = _unbound
_names: Callable[[Any], list[str]] = _unbound
_called: Callable[[Any, tuple[Any, ...]], Any] = _unbound


def bind_autograd(
    saved: Callable[[Any, str], Any], names: Callable[[Any], list[str]],
    called: Callable[[Any, tuple[Any, ...]], Any],
) -> None:  # fmt: skip
    """The layers above, which know how rules are run and residuals read, give nodes theirs."""
    global _saved, _names, _called
    _saved, _names, _called = saved, names, called
