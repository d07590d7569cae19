"""Tensor: a thin handle on an array, its place in the graph, and its memory.

Its operators stand in operators.py; the operations become methods when their definitions are
registered (ops/define.py).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.core import fast, handles, marks, values
from wengert.core.advice import cut_off, no_counterpart, no_grad_kept
from wengert.core.aval import Aval
from wengert.core.dtype import DType, dtype_of, is_differentiable
from wengert.core.extra import Extra
from wengert.core.memory import Aside, Memory
from wengert.core.node import RETAINED, WATCHED, Carrier, Leaf, Node, unproject
from wengert.core.op import Op
from wengert.core.operators import Arithmetic
from wengert.core.place import CPU, Device, Size
from wengert.core.registry import NUMPY, OPERATORS
from wengert.errors import (
    ArgumentError,
    DTypeError,
    GradientError,
    NonLeafGradWarning,
    ShapeError,
)
from wengert.modes import is_inference_mode_enabled
from wengert.sites import user_site


class Tensor(Arithmetic):
    """A multi-dimensional array that can require grad. Made by `wengert.tensor` and operations.

    Names, methods and semantics are torch's; the data is a NumPy array, or a NumPy scalar for a
    0-d result.
    """

    __slots__ = ("__weakref__", "_data", "_extra", "_memory", "_node")

    _level = 0
    """The depth of the transform that this kind of tensor belongs to; 0 for ordinary ones."""

    _data: Any
    _node: Node | None
    _memory: Memory | None
    _extra: Extra | None

    def __init__(self, data: Any = (), *sizes: int) -> None:
        """torch.Tensor(data): a float32 copy; torch.Tensor(2, 3): an uninitialised tensor."""
        from wengert.core.dtype import default_float

        if sizes or isinstance(data, (int, np.integer)):
            array: Any = np.zeros((data, *sizes), default_float())
        else:
            array = np.array(data, default_float())
        self._data = array
        self._node = None
        self._memory = None
        self._extra = None
        if is_inference_mode_enabled():
            marks.mark_inference(self)

    def _apply(self, op: Op, args: Sequence[Any], attrs: dict[str, Any] | None) -> Any:
        """How operations apply to tensors of a transform; those of level 0 are never asked."""
        raise AssertionError("an ordinary tensor has no way of its own")

    def _handle(self) -> Tensor:
        """A further handle on the same contents and history, which in-place changes leave alone."""
        return handles.handle(self._data, self._node, self._memory)

    def _bare(self) -> Tensor:
        """A handle on the same contents that has no history."""
        bare = self._handle()
        bare._node = None
        return bare

    def _around(self, make: Any) -> Any:
        """make(lengths): a tensor for the same slices as this one, which stands for many in a map.

        lengths: of the mapped dimensions, which come first. Here there are none.
        """
        return make(())

    def _concrete(self, what: str) -> Any:
        """The array, for `what` needs it; a tensor that has no values refuses."""
        return self._data

    # NumPy's functions on tensors are ours; NumPy's arrays hand their operators over.

    __array_priority__ = 1000

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__" and not kwargs:
            function = NUMPY.get(ufunc)
            if function is not None:
                return function(*inputs)
        return OPERATORS.ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        ours = NUMPY.get(function) or OPERATORS.answer_for(function)
        if ours is None:
            raise no_counterpart(f"{function.__module__}.{function.__name__}")
        return ours(*args, **kwargs)

    # What it is

    @property
    def _aval(self) -> Aval:
        return Aval(self._data.shape, self._data.dtype)

    @property
    def shape(self) -> Size:
        return Size(self._data.shape)

    @property
    def ndim(self) -> int:
        ndim: int = self._data.ndim
        return ndim

    @property
    def dtype(self) -> DType:
        return dtype_of(self._data.dtype)

    @property
    def device(self) -> Device:
        return CPU

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        size: int = self._data.dtype.itemsize
        return size

    @property
    def nbytes(self) -> int:
        size: int = self._data.nbytes
        return size

    @property
    def _version(self) -> int:
        """How often this memory was written in place. GradientError for inference tensors."""
        if self.is_inference():
            raise GradientError(
                "inference tensors do not track version counter", "clone() gives a normal tensor."
            )
        return self._memory.version if self._memory is not None else 0

    def _is_view(self) -> bool:
        """Whether this tensor is a part, or another shape, of another one's memory."""
        return self._base is not None

    @property
    def _base(self) -> Tensor | None:
        """The tensor that this one is a view of, itself no view; None if it is none."""
        return None

    @property
    def data(self) -> Tensor:
        """The same memory without history or version: backward passes overlook writes through it.

        Use detach(), whose writes are noticed. What is assigned to it becomes this tensor's memory.
        """
        alias = self.detach()
        if self.requires_grad:
            marks.mark_cut(alias, "data", user_site())
        if not self._level:
            alias._memory = Aside(handles.memory_of(self))
        return alias

    @data.setter
    def data(self, new: Tensor) -> None:
        if not isinstance(new, Tensor):
            raise ArgumentError(f".data takes a tensor, not {type(new).__name__}")
        if self.requires_grad and not is_differentiable(new._data.dtype):
            raise DTypeError(
                f".data of a tensor that requires grad must be floating point or complex, not "
                f"{new.dtype}"
            )
        memory = Aside(handles.memory_of(new))
        handles.take_memory(self, new._data, memory)
        if self.is_inference() != new.is_inference():
            self._extra = self._extra or Extra()
            self._extra.inference = new.is_inference()

    def _take_contents(self, other: Tensor) -> None:
        """Become another shape of the same memory."""
        self._data = other._data

    def _leave_base(self) -> None:
        """Be no view any more: the memory is another one now."""

    def is_inference(self) -> bool:
        """Whether this tensor was made in inference_mode, and so can never be saved for backward.

        >>> import wengert as wg
        >>> with wg.inference_mode():
        ...     x = wg.ones(2)
        >>> x.is_inference(), x.clone().is_inference()
        (True, False)
        """
        return self._extra is not None and self._extra.inference

    # Its place in the graph

    @property
    def requires_grad(self) -> bool:
        return self._node is not None and type(self._node) is not Carrier

    @requires_grad.setter
    def requires_grad(self, on: bool) -> None:
        self.requires_grad_(on)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Make this a leaf that gradients are accumulated for, or stop doing so.

        Raises DTypeError for dtypes that have no gradients, GradientError if turned off on a
        tensor that is the result of an operation.
        """
        if not requires_grad:
            if not self.is_leaf:
                raise GradientError(
                    "requires_grad of a non-leaf tensor cannot be turned off",
                    "Use .detach() for a tensor without history.",
                )
            if isinstance(self._node, Leaf):
                self._extra = self._extra or Extra()
                self._extra.leaf, self._extra.grad = self._node, self._node.retained_grad
                self._node.grad = None
                self._node = None
        elif self._extra is not None and self._extra.leaf is not None:
            leaf = self._node = self._extra.leaf  # with its hooks
            leaf.value, leaf._memory, leaf.grad = self._data, self._memory, self._extra.grad
            self._extra.leaf = self._extra.grad = None
        elif self._node is None or isinstance(self._node, Carrier):
            if not is_differentiable(self._data.dtype):
                raise DTypeError(
                    f"only floating-point and complex tensors can require grad, not {self.dtype}",
                    "Write 2. instead of 2, or give dtype=wengert.float32.",
                )
            if self.is_inference() and not is_inference_mode_enabled():
                raise GradientError(
                    "setting requires_grad=True on inference tensor outside InferenceMode is not "
                    "allowed",
                    "clone() gives a normal tensor.",
                )
            extra = self._node.extra if self._node is not None else None
            leaf = fast.make_leaf(self)
            if extra is not None:
                leaf.get_extra().tangents = extra.tangents
        return self

    @property
    def is_leaf(self) -> bool:
        return self._node is None or isinstance(self._node, (Leaf, Carrier))

    @property
    def grad_fn(self) -> Node | None:
        """The node that made this tensor; None for leaves."""
        node = self._node
        return None if isinstance(node, (Leaf, Carrier)) else unproject(node)[0]

    @property
    def output_nr(self) -> int:
        return unproject(self._node)[1]

    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient: of a leaf, or of a tensor after retain_grad()."""
        node = self._node
        if node is None:
            return self._extra.grad if self._extra is not None else None
        if (node.grad is None or node.grad is WATCHED) and not isinstance(node, Leaf):
            warnings.warn(no_grad_kept(node), NonLeafGradWarning, stacklevel=2)
        return node.retained_grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            self._check_grad(value)
        node = self._node
        if node is None:
            self._extra = self._extra or Extra()
            self._extra.grad = value
        elif value is None and node.grad is not None and not isinstance(node, Leaf):
            node.grad = WATCHED if node.grad is WATCHED else RETAINED
        else:
            node.grad = value

    def _check_grad(self, value: Any) -> None:
        if not isinstance(value, Tensor):
            raise ArgumentError(f".grad takes a tensor or None, not {type(value).__name__}")
        if value is self:
            raise GradientError("a tensor cannot be its own gradient")
        if value._data.shape != self._data.shape:
            raise ShapeError(
                f".grad must have the tensor's shape {tuple(self.shape)}, not {tuple(value.shape)}"
            )
        if value._data.dtype != self._data.dtype:
            raise DTypeError(f".grad must have the tensor's dtype {self.dtype}, not {value.dtype}")

    def retain_grad(self) -> None:
        """Keep the gradient of this tensor, too, though it is no leaf."""
        node = self._node
        if node is None:
            raise GradientError(
                "can't retain_grad on a tensor that does not require grad" + cut_off(self),
                "Call requires_grad_() on it before it is used, or ask wengert.why(x).",
            )
        if (node.grad is None or node.grad is WATCHED) and type(node) is not Leaf:
            node.grad = RETAINED

    @property
    def retains_grad(self) -> bool:
        node = self._node
        if node is None or isinstance(node, Leaf):
            return False
        return node.grad is not None and node.grad is not WATCHED

    def detach(self) -> Tensor:
        """The same memory without history. The cut is marked, so `why` can name this line."""
        memory = handles.memory_of(self)
        alias = handles._new(self._data, None)
        alias._memory = memory
        if self.requires_grad:
            marks.mark_cut(alias, "detach", user_site())
        else:
            marks.inherit_cuts(alias, (self,))
        return marks.mark_inference(alias) if self.is_inference() else alias

    def detach_(self) -> Tensor:
        """Cut this tensor off from its history, in place. Raises GradientError for views."""
        if self._is_view():
            raise GradientError("can't detach views in-place", "Use detach() instead.")
        if self._node is not None:
            self._node = None
            marks.mark_cut(self, "detach_", user_site())
        return self

    # Python's values

    def __repr__(self) -> str:
        return values.text(self)

    def __bool__(self) -> bool:
        return values.truth(self)

    def __int__(self) -> int:
        return int(values.real_number(self, "int()"))

    def __float__(self) -> float:
        return float(values.real_number(self, "float()"))

    def __complex__(self) -> complex:
        return complex(values.python_number(self, "complex()"))

    def __index__(self) -> int:
        return values.as_index(self)
