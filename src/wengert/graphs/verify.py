"""Whether a graph is well formed, and what an operation makes of shapes and dtypes."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from wengert.core.aval import Aval, aval_of, stand_in
from wengert.core.computing import cast, promoted
from wengert.core.dtype import common_dtype, default_float
from wengert.core.half import forward_of, in_float32
from wengert.core.node import Leaf, Node
from wengert.core.op import Op
from wengert.errors import GraphError, TraceError, WengertError
from wengert.modes import silently


def verify(order: Iterable[Node]) -> None:
    """Check order, arity, attributes and avals of nodes, oldest first. Raises GraphError."""
    seen: set[Node] = set()
    inferred = Inference()
    for node in order:
        for source in node.inputs:
            if isinstance(source, Node) and source not in seen:
                raise GraphError(f"{node.op.name} uses a value before it is made", site=node.site)
        seen.add(node)
        if node.op.kind == "projection":
            _verify_projection(node)
        elif not isinstance(node, Leaf) and node.op.kind != "opaque":
            _verify_application(node, inferred)


def _verify_projection(node: Node) -> None:
    """A projection stands for one output of a node that has several."""
    avals = node.inputs[0].aval if len(node.inputs) == 1 else None
    index = (node.attrs or {}).get("index")
    if not isinstance(avals, tuple) or type(index) is not int or not 0 <= index < len(avals):
        raise GraphError(f"a projection to output {index} of what has none")
    if avals[index] != node.aval:
        raise GraphError(f"output {index} is {avals[index]}, not {node.aval}")


def _verify_application(node: Node, inferred: Inference) -> None:
    op, attrs = node.op, node.attrs or {}
    check_arity(op, len(node.inputs), node)
    check_attributes(op, attrs, node)
    found = inferred(op, [_seen(node, i) for i in range(len(node.inputs))], attrs, node)
    if found is not None and found != node.aval:
        raise GraphError(f"{op.name} gives {found}, not {node.aval}", site=node.site)


class Inference:
    """Avals of results, each worked out once: long chains repeat the same few operations."""

    def __init__(self) -> None:
        self._known: dict[Any, Any] = {}

    def __call__(
        self, op: Op, operands: Sequence[Any], attrs: dict[str, Any], node: Node | None = None
    ) -> Any:
        """What `infer` says; None where the shape depends on the data. Raises GraphError."""
        key = (op, *map(_frozen, operands), *((name, _frozen(v)) for name, v in attrs.items()))
        if key not in self._known:
            try:
                self._known[key] = infer(op, operands, attrs)
            except TraceError:
                self._known[key] = None
            except (Exception, MemoryError) as error:
                site = node.site if node is not None else None
                what = error.what if isinstance(error, WengertError) else str(error)
                raise GraphError(f"{op.name} cannot be applied: {what}", site=site) from error
        return self._known[key]


def check_arity(op: Op, count: int, node: Node | None = None) -> None:
    """Raise GraphError unless the operation takes this many inputs."""
    known = len(op.inputs)
    if count != known if not op.variadic else count < known - 1:
        site = node.site if node is not None else None
        least = f"at least {known - 1}" if op.variadic else str(known)
        raise GraphError(f"{op.name} takes {least} inputs, not {count}", site=site)


def check_attributes(op: Op, attrs: dict[str, Any], node: Node | None = None) -> None:
    """Raise GraphError for attributes that the operation does not have, and for missing ones."""
    site = node.site if node is not None else None
    unknown = set(attrs) - set(op.attributes)
    if unknown:
        raise GraphError(f"{op.name} has no attribute {', '.join(sorted(unknown))}", site=site)
    given = set(attrs) | set(getattr(op.forward, "__kwdefaults__", None) or ())
    missing = [name for name in op.attributes if name not in given]
    if missing:
        raise GraphError(f"{op.name} lacks the attribute {', '.join(missing)}", site=site)


def _seen(node: Node, i: int) -> Any:
    """An input as shape inference sees it: an aval, a number, or None."""
    source = node.inputs[i]
    if source is None:
        return node.operands[i] if node.operands is not None else None
    return node.operand_aval(i)


def _frozen(value: Any) -> Any:
    """A key for what a shape rule sees. 1, 1.0 and True are equal, but promote differently."""
    if isinstance(value, Aval):
        return value
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype, value.tobytes()
    return type(value), repr(value)


def infer(op: Op, operands: Sequence[Any], attrs: dict[str, Any]) -> Any:
    """The aval (or avals) of an operation's output from its operands' avals; numbers stay numbers.

    The op's own rule if it has one, else its forward function run on zeros.
    """
    cast = promoted_operands(op, operands)
    if op.aval is not None:
        avals = [o if o is None or isinstance(o, Aval) else _weak_aval(o) for o in cast]
        return in_float32(op.aval, *avals, **attrs) if not op.exact else op.aval(*avals, **attrs)
    stands = [stand_in(o) if isinstance(o, Aval) else o for o in cast]
    result = silently(forward_of(op, stands), *stands, **attrs)
    if isinstance(result, tuple):
        return tuple(aval_of(np.asarray(r)) for r in result)
    return aval_of(result)


def _weak_aval(number: Any) -> Aval:
    """Of a number; a Python float is of the default dtype here, and not of float64 as in NumPy."""
    if isinstance(number, (np.ndarray, np.generic)) or hasattr(number, "_aval"):
        return aval_of(number)
    return Aval((), common_dtype((number,)))


def computed_dtype(node: Node, i: int) -> np.dtype[Any]:
    """The dtype that a node computes its input i in, which is a tensor."""
    seen = [_seen(node, j) for j in range(len(node.inputs))]
    dtype: np.dtype[Any] = promoted_operands(node.op, seen)[i].dtype
    return dtype


def promoted_operands(op: Op, operands: Sequence[Any]) -> list[Any]:
    """Avals in the dtype that the operation computes in, and numbers cast to it."""
    if op.promotion == "none":
        return list(operands)
    dtype = _promoted_dtype(op, default_float(), tuple(map(_weight, operands)))
    return [Aval(o.shape, dtype) if isinstance(o, Aval) else cast(o, dtype) for o in operands]


def _weight(operand: Any) -> Any:
    """What promotion goes by: dtype and number of dimensions, or the type of a Python number."""
    if isinstance(operand, (Aval, np.ndarray, np.generic)):
        return operand.dtype, operand.ndim
    return type(operand)


@functools.lru_cache(maxsize=4096)
def _promoted_dtype(op: Op, default: Any, weights: tuple[Any, ...]) -> np.dtype[Any]:
    """Worked out on one element per operand, and once for each kind of them.

    A traced chain repeats the same few applications: this was a fifth of the time of its trace.
    """
    ones = [np.zeros((1,) * w[1], w[0]) if isinstance(w, tuple) else w() for w in weights]
    found = next(p for p in promoted(op, ones) if p is not None)
    dtype: np.dtype[Any] = found.dtype
    return dtype
