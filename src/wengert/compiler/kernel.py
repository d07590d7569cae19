"""Kernels: a group of elementwise operations as one native loop over their common shape.

What is read is broadcast by strides of 0, and dimensions that lie in one piece in every array are
one loop. Where there is one element, the code is straight-line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ctypes import Array, py_object
from math import prod
from typing import Any, Final

import numpy as np

from wengert.compiler.code import Code, Value
from wengert.compiler.types import TYPES, stored
from wengert.core.aval import Aval
from wengert.core.node import Node
from wengert.graphs.verify import promoted_operands

Shape = tuple[int, ...]

DATA_OFFSET: Final = 16
"""Where an array object has the address of its data: the first member of PyArrayObject_fields.

native.py makes sure of it before any kernel runs.
"""


def can_lower(node: Node) -> bool:
    """Whether a node is elementwise, with a lowering that applies, on dtypes of native code."""
    op = node.op
    if op.lower is None:
        return False
    avals = [node.aval, *(s.aval for s in node.inputs if isinstance(s, Node))]
    if not all(isinstance(a, Aval) and a.dtype in TYPES for a in avals):
        return False
    if any(dtype not in TYPES for dtype in computed_in(node)):
        return False
    return op.lowers is None or op.lowers(node)


def computed_in(node: Node) -> list[np.dtype[Any]]:
    """Per input the dtype that the operation computes it in."""
    numbers = node.operands or (None,) * len(node.inputs)
    sources = zip(node.inputs, numbers, strict=True)
    seen = [s.aval if isinstance(s, Node) else number for s, number in sources]
    if node.op.promotion != "none":
        return [computed.dtype for computed in promoted_operands(node.op, seen)]
    # Such operations choose among floats, or ask about one.
    result: np.dtype[Any] = node.aval.dtype
    return [_own_dtype(s, result) for s in seen]


def _own_dtype(operand: Any, result: np.dtype[Any]) -> np.dtype[Any]:
    if isinstance(operand, Aval):
        keeps = operand.dtype.kind == "b" or result.kind == "b"
        return operand.dtype if keeps else result
    return np.dtype(np.bool_) if isinstance(operand, (bool, np.bool_)) else result


class Kernel:
    """A group of operations, what it reads, and what others read of it.

    call: the native function, once it is built; it takes the array objects.
    """

    def __init__(self, shape: Shape, nodes: Sequence[Node], outputs: Sequence[Node]) -> None:
        self.shape = shape
        self.nodes = tuple(nodes)
        self.outputs = tuple(outputs)
        inside = set(nodes)
        sources = (s for node in nodes for s in node.inputs if isinstance(s, Node))
        self.inputs = tuple(dict.fromkeys(s for s in sources if s not in inside))
        self._made = [(shape, node.aval.dtype) for node in outputs]
        self._block: type[Array[Any]] = py_object * (len(self.inputs) + len(self.outputs))
        self.call: Callable[[Any], None] | None = None
        self.ir = ""

    def __call__(self, values: Sequence[Any]) -> list[Any]:
        """The outputs' values from those of the inputs. Reentrant: all is made anew."""
        assert self.call is not None
        results = [np.empty(shape, dtype) for shape, dtype in self._made]
        self.call(self._block(*map(_readable, values), *results))
        return results if self.shape else [result[()] for result in results]


def _readable(value: Any) -> np.ndarray[Any, Any]:
    """The value as an array that lies in one aligned piece; usually it does."""
    array = np.asarray(value)
    flags = array.flags
    if flags.c_contiguous and flags.aligned:
        return array
    return np.require(array, requirements=["C", "A"])


def strides_in(shape: Shape, whole: Shape) -> Shape:
    """The strides, in elements, of a contiguous array that is broadcast; 0 where it repeats."""
    own = [prod(shape[i + 1 :]) if side != 1 else 0 for i, side in enumerate(shape)]
    return (0,) * (len(whole) - len(shape)) + tuple(own)


def collapsed(shape: Shape, strides: Sequence[Shape]) -> tuple[Shape, list[Shape]]:
    """The same loops with as few dimensions as all strides allow."""
    kept = [d for d, side in enumerate(shape) if side != 1]
    sides: list[int] = []
    steps: list[list[int]] = [[] for _ in strides]
    for d in kept:
        outer = [s[-1] if s else 0 for s in steps]
        own = [s[d] for s in strides]
        if sides and all(o == n * shape[d] for o, n in zip(outer, own, strict=True)):
            sides[-1] *= shape[d]
            for step, n in zip(steps, own, strict=True):
                step[-1] = n
        else:
            sides.append(shape[d])
            for step, n in zip(steps, own, strict=True):
                step.append(n)
    return tuple(sides), [tuple(s) for s in steps]


def written(kernel: Kernel, name: str) -> str:
    """The kernel as LLVM's text: a function `name` of a block of array objects."""
    arrays = [*kernel.inputs, *kernel.outputs]
    strides = [strides_in(node.aval.shape, kernel.shape) for node in arrays]
    sides, steps = collapsed(kernel.shape, strides)
    code = Code()
    _open_loops(code, sides)
    _body(code, kernel, [_index(code, step) for step in steps])
    _close_loops(code, sides)
    parameters = ", ".join(f"ptr noalias %p{i}" for i in range(len(arrays)))
    return "\n".join([
        f"define internal void @body({parameters}) {{", "entry:", *code.lines, "  ret void", "}",
        *_entry(name, len(arrays)), *sorted(code.declared), "",
    ])  # fmt: skip


def _open_loops(code: Code, sides: Shape) -> None:
    """The heads of the loops, outermost first."""
    before = "entry"
    for d in range(len(sides)):
        code.lines += [
            f"  br label %head{d}", f"head{d}:",
            f"  %i{d} = phi i64 [0, %{before}], [%n{d}, %tail{d}]",
            f"  %c{d} = icmp ult i64 %i{d}, {sides[d]}",
            f"  br i1 %c{d}, label %in{d}, label %out{d}", f"in{d}:",
        ]  # fmt: skip
        before = f"in{d}"


def _close_loops(code: Code, sides: Shape) -> None:
    for d in reversed(range(len(sides))):
        code.lines += [
            f"  br label %tail{d}", f"tail{d}:", f"  %n{d} = add nuw nsw i64 %i{d}, 1",
            f"  br label %head{d}", f"out{d}:",
        ]  # fmt: skip


def _index(code: Code, step: Shape) -> str:
    """Where an array's element is: the sum of counters times strides."""
    index = "0"
    for d, stride in enumerate(step):
        if stride:
            term = f"%i{d}"
            if stride != 1:
                term = code.emit(f"mul nuw nsw i64 {term}, {stride}", "i64").name
            added = f"add nuw nsw i64 {index}, {term}"
            index = term if index == "0" else code.emit(added, "i64").name
    return index


def _body(code: Code, kernel: Kernel, indices: Sequence[str]) -> None:
    """Load, compute, store: one element of everything."""
    values: dict[Node, Value] = {}
    count = len(kernel.inputs)
    for i, node in enumerate(kernel.inputs):
        values[node] = _load(code, f"%p{i}", indices[i], TYPES[node.aval.dtype])
    for node in kernel.nodes:
        values[node] = _lowered(code, node, values)
    for i, node in enumerate(kernel.outputs, count):
        _store(code, f"%p{i}", indices[i], values[node])


def _lowered(code: Code, node: Node, values: dict[Node, Value]) -> Value:
    numbers = node.operands or (None,) * len(node.inputs)
    operands = []
    for source, number, dtype in zip(node.inputs, numbers, computed_in(node), strict=True):
        if isinstance(source, Node):
            operands.append(code.converted(values[source], TYPES[dtype]))
        else:
            operands.append(code.constant(number, TYPES[dtype]))
    assert node.op.lower is not None
    result: Value = node.op.lower(code, *operands, **(node.attrs or {}))
    return code.converted(result, TYPES[node.aval.dtype])


def _load(code: Code, array: str, index: str, type: str) -> Value:
    kind = stored(type)
    place = code.emit(f"getelementptr {kind}, ptr {array}, i64 {index}", "ptr")
    value = code.emit(f"load {kind}, ptr {place.name}", "i8" if type == "i1" else type)
    return code.truth(value) if type == "i1" else value


def _store(code: Code, array: str, index: str, value: Value) -> None:
    if value.type == "i1":
        value = code.converted(value, "i8")
    kind = stored(value.type)
    place = code.emit(f"getelementptr {kind}, ptr {array}, i64 {index}", "ptr")
    code.lines.append(f"  store {kind} {value.name}, ptr {place.name}")


def _entry(name: str, count: int) -> list[str]:
    """The function that is called: it fetches the addresses of the data from the objects."""
    lines = [f"define void @{name}(ptr %block) {{"]
    for i in range(count):
        lines += [
            f"  %a{i} = getelementptr ptr, ptr %block, i64 {i}", f"  %o{i} = load ptr, ptr %a{i}",
            f"  %m{i} = getelementptr i8, ptr %o{i}, i64 {DATA_OFFSET}",
            f"  %d{i} = load ptr, ptr %m{i}",
        ]  # fmt: skip
    arguments = ", ".join(f"ptr %d{i}" for i in range(count))
    return [*lines, f"  call void @body({arguments})", "  ret void", "}"]
