"""Tensor: a thin handle on an array, its place in the graph, and its memory.

The operators stand here, written out; the operations become methods when their definitions are
registered (ops/define.py).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from wengert.core import record, values
from wengert.core.aval import Aval
from wengert.core.dtype import DType, dtype_of, is_differentiable
from wengert.core.memory import Memory
from wengert.core.node import RETAINED, Extra, Leaf, Node, unproject
from wengert.core.op import NUMPY, OPERATORS, Op
from wengert.errors import (
    ArgumentError,
    DTypeError,
    GradientError,
    NonLeafGradWarning,
    ShapeError,
)
from wengert.sites import user_site


class Size(tuple[int, ...]):
    """A shape: a tuple of ints, printed as torch prints its own."""

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        total = 1
        for length in self:
            total *= length
        return total

    def __repr__(self) -> str:
        return f"wengert.Size({list(self)})"

    def __add__(self, other: Any) -> Size:
        return Size(tuple.__add__(self, tuple(other)))

    def __getitem__(self, index: Any) -> Any:
        part = tuple.__getitem__(self, index)
        return Size(part) if isinstance(index, slice) else part


class Tensor:
    """A multi-dimensional array that can require grad. Made by `wengert.tensor` and operations.

    Names, methods and semantics are torch's; the data is a NumPy array, or a NumPy scalar for a
    0-d result.
    """

    __slots__ = ("__weakref__", "_data", "_extra", "_memory", "_node")

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

    def _apply(self, op: Op, args: Sequence[Any], attrs: dict[str, Any] | None) -> Any:
        """How operations apply to this kind of tensor; subclasses say how to theirs."""
        return record.apply(op, args, attrs)

    def _concrete(self, what: str) -> Any:
        """The array, for `what` needs it; a tensor that has no values refuses."""
        return self._data

    # NumPy's functions on tensors are ours; NumPy's arrays hand their operators over.

    __array_priority__ = 1000

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        function = NUMPY.get(ufunc)
        if function is None or method != "__call__" or "out" in kwargs:
            call = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
            raise _no_counterpart(f"numpy.{call}")
        return function(*inputs, **kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        ours = NUMPY.get(function)
        if ours is None:
            raise _no_counterpart(f"{function.__module__}.{function.__name__}")
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
        """How often this memory was written in place."""
        return self._memory.version if self._memory is not None else 0

    @property
    def data(self) -> Tensor:
        """The same memory without history; writes through it are noticed."""
        return self.detach()

    @data.setter
    def data(self, new: Tensor) -> None:
        if not isinstance(new, Tensor):
            raise ArgumentError(f".data takes a tensor, not {type(new).__name__}")
        memory = record.memory_of(new)
        self._data, self._memory = new._data, memory
        if isinstance(self._node, Leaf):
            self._node.value, self._node._memory = new._data, memory

    # Its place in the graph

    @property
    def requires_grad(self) -> bool:
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, on: bool) -> None:
        self.requires_grad_(on)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Make this a leaf that gradients are accumulated for, or stop doing so.

        Raises DTypeError for dtypes that have no gradients, GradientError if turned off on a
        tensor that is the result of an operation.
        """
        if not requires_grad:
            if self._node is not None and not isinstance(self._node, Leaf):
                raise GradientError(
                    "requires_grad of a non-leaf tensor cannot be turned off",
                    "Use .detach() for a tensor without history.",
                )
            self._node = None
        elif self._node is None:
            if not is_differentiable(self._data.dtype):
                raise DTypeError(
                    f"only floating-point and complex tensors can require grad, not {self.dtype}",
                    "Write 2. instead of 2, or give dtype=wengert.float32.",
                )
            record.make_leaf(self)
        return self

    @property
    def is_leaf(self) -> bool:
        return self._node is None or isinstance(self._node, Leaf)

    @property
    def grad_fn(self) -> Node | None:
        """The node that made this tensor; None for leaves."""
        node = self._node
        return None if node is None or isinstance(node, Leaf) else unproject(node)[0]

    @property
    def output_nr(self) -> int:
        return unproject(self._node)[1]

    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient: of a leaf, or of a tensor after retain_grad()."""
        node = self._node
        if node is None:
            return self._extra.grad if self._extra is not None else None
        if node.grad is None and not isinstance(node, Leaf):
            warnings.warn(_no_grad_kept(node), NonLeafGradWarning, stacklevel=2)
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
            node.grad = RETAINED
        else:
            node.grad = value

    def _check_grad(self, value: Any) -> None:
        if not isinstance(value, Tensor):
            raise ArgumentError(f".grad takes a tensor or None, not {type(value).__name__}")
        if value is self:
            raise GradientError("a tensor cannot be its own gradient")
        if value._data.shape != self._data.shape:
            raise ShapeError(
                f".grad must have the tensor's shape {tuple(self.shape)}, "
                f"not {tuple(value.shape)}"
            )
        if value._data.dtype != self._data.dtype:
            raise DTypeError(f".grad must have the tensor's dtype {self.dtype}, not {value.dtype}")

    def retain_grad(self) -> None:
        """Keep the gradient of this tensor, too, though it is no leaf."""
        node = self._node
        if node is None:
            raise GradientError(
                "can't retain_grad on a tensor that does not require grad",
                "Ask wengert.why(x): it names the line that cut it off.",
            )
        if node.grad is None and type(node) is not Leaf:
            node.grad = RETAINED

    @property
    def retains_grad(self) -> bool:
        node = self._node
        return node is not None and node.grad is not None and not isinstance(node, Leaf)

    def detach(self) -> Tensor:
        """The same memory without history. The cut is marked, so `why` can name this line."""
        memory = record.memory_of(self)
        alias = record._new(self._data, None)
        alias._memory = memory
        if self._node is not None:
            record.mark_cut(alias, "detach", user_site())
        else:
            record.inherit_cuts(alias, (self,))
        return alias

    def detach_(self) -> Tensor:
        """Cut this tensor off from its history, in place."""
        if self._node is not None:
            self._node = None
            record.mark_cut(self, "detach_", user_site())
        return self

    # Arithmetic: float tensors of one dtype, and numbers, go the fast way.

    def __add__(self, other: Any) -> Any:
        return record.binary(OPERATORS.add, self, other)

    def __radd__(self, other: Any) -> Any:
        return record.binary(OPERATORS.add, other, self)

    def __sub__(self, other: Any) -> Any:
        return record.binary(OPERATORS.sub, self, other)

    def __rsub__(self, other: Any) -> Any:
        return record.binary(OPERATORS.sub, other, self)

    def __mul__(self, other: Any) -> Any:
        return record.binary(OPERATORS.mul, self, other)

    def __rmul__(self, other: Any) -> Any:
        return record.binary(OPERATORS.mul, other, self)

    def __truediv__(self, other: Any) -> Any:
        return record.binary(OPERATORS.div, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return record.binary(OPERATORS.div, other, self)

    def __pow__(self, other: Any) -> Any:
        return record.apply(OPERATORS.pow, (self, other), None)

    def __rpow__(self, other: Any) -> Any:
        return record.apply(OPERATORS.pow, (other, self), None)

    def __matmul__(self, other: Any) -> Any:
        return record.apply(OPERATORS.matmul, (self, other), None)

    def __rmatmul__(self, other: Any) -> Any:
        return record.apply(OPERATORS.matmul, (other, self), None)

    def __floordiv__(self, other: Any) -> Any:
        return record.apply(OPERATORS.floor_divide, (self, other), None)

    def __rfloordiv__(self, other: Any) -> Any:
        return record.apply(OPERATORS.floor_divide, (other, self), None)

    def __mod__(self, other: Any) -> Any:
        return record.apply(OPERATORS.remainder, (self, other), None)

    def __rmod__(self, other: Any) -> Any:
        return record.apply(OPERATORS.remainder, (other, self), None)

    def __neg__(self) -> Any:
        return record.apply(OPERATORS.neg, (self,), None)

    def __pos__(self) -> Any:
        return record.apply(OPERATORS.positive, (self,), None)

    def __abs__(self) -> Any:
        return record.apply(OPERATORS.abs, (self,), None)

    # Comparison and logic

    def __eq__(self, other: Any) -> Any:
        return record.apply(OPERATORS.eq, (self, other), None)

    def __ne__(self, other: Any) -> Any:
        return record.apply(OPERATORS.ne, (self, other), None)

    def __lt__(self, other: Any) -> Any:
        return record.apply(OPERATORS.lt, (self, other), None)

    def __le__(self, other: Any) -> Any:
        return record.apply(OPERATORS.le, (self, other), None)

    def __gt__(self, other: Any) -> Any:
        return record.apply(OPERATORS.gt, (self, other), None)

    def __ge__(self, other: Any) -> Any:
        return record.apply(OPERATORS.ge, (self, other), None)

    def __and__(self, other: Any) -> Any:
        return record.apply(OPERATORS.bitwise_and, (self, other), None)

    def __rand__(self, other: Any) -> Any:
        return record.apply(OPERATORS.bitwise_and, (other, self), None)

    def __or__(self, other: Any) -> Any:
        return record.apply(OPERATORS.bitwise_or, (self, other), None)

    def __ror__(self, other: Any) -> Any:
        return record.apply(OPERATORS.bitwise_or, (other, self), None)

    def __xor__(self, other: Any) -> Any:
        return record.apply(OPERATORS.bitwise_xor, (self, other), None)

    def __rxor__(self, other: Any) -> Any:
        return record.apply(OPERATORS.bitwise_xor, (other, self), None)

    def __invert__(self) -> Any:
        return record.apply(OPERATORS.bitwise_not, (self,), None)

    def __lshift__(self, other: Any) -> Any:
        return record.apply(OPERATORS.left_shift, (self, other), None)

    def __rlshift__(self, other: Any) -> Any:
        return record.apply(OPERATORS.left_shift, (other, self), None)

    def __rshift__(self, other: Any) -> Any:
        return record.apply(OPERATORS.right_shift, (self, other), None)

    def __rrshift__(self, other: Any) -> Any:
        return record.apply(OPERATORS.right_shift, (other, self), None)

    def __hash__(self) -> int:
        return id(self)

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

    # Indexing and iteration

    def __getitem__(self, index: Any) -> Any:
        return OPERATORS.getitem(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        OPERATORS.setitem(self, index, value)

    def __iter__(self) -> Iterator[Any]:
        steps: Iterator[Any] = OPERATORS.iterate(self)
        return steps

    def __len__(self) -> int:
        if self._data.ndim == 0:
            raise ArgumentError("len() of a 0-d tensor")
        return len(self._data)

    def __contains__(self, value: Any) -> bool:
        if not isinstance(value, (Tensor, int, float, complex, np.generic, np.ndarray)):
            raise DTypeError(
                f"a tensor contains numbers, and a {type(value).__name__} is none",
                "Ask for a number or a tensor: 2.0 in x.",
            )
        return bool(np.any((self == value)._data))

    # In place

    def __iadd__(self, other: Any) -> Tensor:
        return record.in_place(OPERATORS.add, self, other)

    def __isub__(self, other: Any) -> Tensor:
        return record.in_place(OPERATORS.sub, self, other)

    def __imul__(self, other: Any) -> Tensor:
        return record.in_place(OPERATORS.mul, self, other)

    def __itruediv__(self, other: Any) -> Tensor:
        return record.in_place(OPERATORS.div, self, other)

    def __ipow__(self, other: Any) -> Tensor:
        return record.in_place(OPERATORS.pow, self, other)

    def __ifloordiv__(self, other: Any) -> Tensor:
        return record.in_place(OPERATORS.floor_divide, self, other)

    def __imod__(self, other: Any) -> Tensor:
        return record.in_place(OPERATORS.remainder, self, other)

    def __iand__(self, other: Any) -> Tensor:
        return record.in_place(OPERATORS.bitwise_and, self, other)

    def __ior__(self, other: Any) -> Tensor:
        return record.in_place(OPERATORS.bitwise_or, self, other)

    def __ixor__(self, other: Any) -> Tensor:
        return record.in_place(OPERATORS.bitwise_xor, self, other)


class Device:
    """Where tensors live. There is one: the CPU."""

    __slots__ = ()
    type = "cpu"
    index = None

    def __repr__(self) -> str:
        return "device(type='cpu')"

    def __str__(self) -> str:
        return "cpu"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) or other == "cpu"

    def __hash__(self) -> int:
        return hash("cpu")


CPU = Device()


def _no_counterpart(call: str) -> ArgumentError:
    return ArgumentError(
        f"{call} has no counterpart here, so it cannot be recorded on tensors",
        "Use a wengert function, or .detach().numpy() where no gradient is needed.",
    )


def _no_grad_kept(node: Node) -> str:
    """Why `.grad` of an interior tensor is None, and which variables are the leaves."""
    names = node.site.stored_names() if node.site is not None else ()
    what = f"{names[0]!r} is" if names else "This tensor is"
    return (
        f"{what} the result of {node.name()}, no leaf, and gradients are kept for leaves only. "
        f"{_leaves_text(node)}Call .retain_grad() on it before backward()."
    )


def _leaves_text(node: Node) -> str:
    leaves = sorted(set(_leaf_names(node)))
    return f"The leaves it was computed from: {', '.join(leaves[:6])}. " if leaves else ""


def _leaf_names(node: Node) -> list[str]:
    seen = {node}
    todo = [node]
    names: list[str] = []
    for current in todo:
        for source in current.inputs:
            if isinstance(source, Node) and source not in seen:
                seen.add(source)
                todo.append(source)
        if isinstance(current, Leaf) and current.site is not None:
            names.extend(current.site.stored_names()[:1])
    return names
