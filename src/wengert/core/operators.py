"""Python's operators on tensors, written out.

Assigned operators fail in a compiled core, and inherited ones cost nothing: Python looks them up
once per class. Each looks its operation up in the table that ops/ fills.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wengert.core import fast, record, values
from wengert.core.registry import OPERATORS


class Arithmetic:
    """Operators, comparisons, in-place operators and indexing."""

    __slots__ = ()

    # Arithmetic: float tensors of one dtype, and numbers, go the fast way.

    def __add__(self, other: Any) -> Any:
        return fast.binary(OPERATORS.add, self, other)

    def __radd__(self, other: Any) -> Any:
        return fast.binary(OPERATORS.add, other, self)

    def __sub__(self, other: Any) -> Any:
        return fast.binary(OPERATORS.sub, self, other)

    def __rsub__(self, other: Any) -> Any:
        return fast.binary(OPERATORS.sub, other, self)

    def __mul__(self, other: Any) -> Any:
        return fast.binary(OPERATORS.mul, self, other)

    def __rmul__(self, other: Any) -> Any:
        return fast.binary(OPERATORS.mul, other, self)

    def __truediv__(self, other: Any) -> Any:
        return fast.binary(OPERATORS.div, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return fast.binary(OPERATORS.div, other, self)

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
        return OPERATORS.positive(self)

    def __abs__(self) -> Any:
        return record.apply(OPERATORS.abs, (self,), None)

    # Comparison and logic

    def __eq__(self, other: Any) -> Any:
        if not values.is_comparable(other):
            return NotImplemented  # False, or what the other object says
        return record.apply(OPERATORS.eq, (self, other), None)

    def __ne__(self, other: Any) -> Any:
        if not values.is_comparable(other):
            return NotImplemented
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

    # Indexing and iteration

    def __getitem__(self, index: Any) -> Any:
        return OPERATORS.getitem(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        OPERATORS.setitem(self, index, value)

    def __iter__(self) -> Iterator[Any]:
        steps: Iterator[Any] = OPERATORS.iterate(self)
        return steps

    def __len__(self) -> int:
        return values.length(self)

    def __contains__(self, value: Any) -> bool:
        return values.contains(self, value)

    # In place

    def __iadd__(self, other: Any) -> Any:
        return OPERATORS.in_place(OPERATORS.add, self, other)

    def __isub__(self, other: Any) -> Any:
        return OPERATORS.in_place(OPERATORS.sub, self, other)

    def __imul__(self, other: Any) -> Any:
        return OPERATORS.in_place(OPERATORS.mul, self, other)

    def __itruediv__(self, other: Any) -> Any:
        return OPERATORS.in_place(OPERATORS.div, self, other)

    def __ipow__(self, other: Any) -> Any:
        return OPERATORS.in_place(OPERATORS.pow, self, other)

    def __ifloordiv__(self, other: Any) -> Any:
        return OPERATORS.in_place(OPERATORS.floor_divide, self, other)

    def __imod__(self, other: Any) -> Any:
        return OPERATORS.in_place(OPERATORS.remainder, self, other)

    def __iand__(self, other: Any) -> Any:
        return OPERATORS.in_place(OPERATORS.bitwise_and, self, other)

    def __ior__(self, other: Any) -> Any:
        return OPERATORS.in_place(OPERATORS.bitwise_or, self, other)

    def __ixor__(self, other: Any) -> Any:
        return OPERATORS.in_place(OPERATORS.bitwise_xor, self, other)

    def __ilshift__(self, other: Any) -> Any:
        return OPERATORS.in_place(OPERATORS.left_shift, self, other)

    def __irshift__(self, other: Any) -> Any:
        return OPERATORS.in_place(OPERATORS.right_shift, self, other)
