"""verify=True: whether a program computes what its function does, operation by operation.

Each operation is computed eagerly from the compiled values of its own inputs, so that rounding
does not add up: the first one that is off is to blame. Then the results themselves are compared
with those of the traced function. There rounding has added up; how far it can is found by trying:
all operations are disturbed by as much as they may be off, four times, in different directions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NoReturn

import numpy as np

from wengert.compiler.tolerance import last_place, reference, tolerance
from wengert.core.node import Leaf, Node
from wengert.errors import CompileError, WengertError
from wengert.graphs.evaluate import evaluate_node
from wengert.graphs.graph import collect

if TYPE_CHECKING:
    from wengert.compiler.program import Program

MARGIN: Final = 4
"""How many times further than disturbances have moved a result it may be off."""

REPORT: Final = "This is a bug in wengert: please report it."


def verify(program: Program, arrays: Sequence[Any], results: Sequence[Any]) -> None:
    """Raise CompileError for the first operation that differs, or else for a result that does.

    arrays: of all inputs, hidden ones too. results: what the program made of them. To be called
    where floating-point errors are silent.
    """
    given: dict[Node, Any] = dict(zip(program.leaves, arrays, strict=True))
    wrong = _first_difference(program, given)
    if wrong is not None:
        _refuse(*wrong)
    outputs = program.traced.outputs()
    wanted = _evaluated(outputs, given)
    if not is_rounded(outputs):
        allowed: list[Any] = [0.0] * len(outputs)
    else:
        allowed = noise(program.outputs, given)
    for node, found, expected, bound in zip(outputs, results, wanted, allowed, strict=True):
        place = difference(found, expected, bound)
        if place is not None:
            _refuse(node, found, expected, place, "which is right by itself, as a result")


def _first_difference(program: Program, given: Mapping[Node, Any]) -> Any:
    """The first node that is off, its value, what it should be, and where."""
    values = {**program.every([given[leaf] for leaf in program.leaves]), **given}
    for node in collect(program.outputs):
        if isinstance(node, Leaf):  # an input, or a constant
            continue
        operands = _operands(node, values)
        if values.get(node) is None:  # a view, or what stands in other code
            values[node] = _evaluated_node(node, operands)
            continue
        expected = reference(node, operands)
        place = difference(values[node], expected, tolerance(node, operands, expected))
        if place is not None:
            return node, values[node], expected, place
    return None


def _refuse(node: Node, found: Any, expected: Any, place: Any, whole: str = "") -> NoReturn:
    at = f" at {list(map(int, place))}" if len(place) else ""
    mine, other = (np.asarray(value)[place] for value in (found, expected))
    raise CompileError(
        f"{node.op.name}{', ' if whole else ''}{whole}: compiled it gives {mine}, eagerly "
        f"{other}{at}",
        REPORT,
        node.site,
    )


def is_rounded(outputs: Sequence[Node]) -> bool:
    """Whether compiled code may round otherwise anywhere in a graph."""
    return any(
        node.op.ulps or node.op.written is not None or _adds_up(node) for node in collect(outputs)
    )


def _adds_up(node: Node) -> bool:
    return bool(node.op.reduces in ("add", "mul") or node.op.piece)


def noise(outputs: Sequence[Node], given: Mapping[Node, Any]) -> list[Any]:
    """How far rounding may move the outputs: per output an array, infinite where it decides."""
    plain = _evaluated(outputs, given)
    generator = np.random.default_rng(0)
    directions: list[Callable[[Any], Any]] = [
        lambda shape: 1.0,
        lambda shape: -1.0,
        lambda shape: generator.choice([-1.0, 1.0], shape),
        lambda shape: generator.choice([-1.0, 1.0], shape),
    ]
    moved = []
    for direction in directions:
        with suppress(WengertError):  # where a position moves out of an array
            moved.append(_evaluated(outputs, given, direction))
    return [_bound(value, [m[i] for m in moved]) for i, value in enumerate(plain)]


def _bound(value: Any, moved: Sequence[Any]) -> Any:
    value = np.asarray(value)
    if not moved:
        return np.full(value.shape, np.inf)
    if value.dtype.kind not in "fc":
        return np.where(np.any([m != value for m in moved], axis=0), np.inf, 0.0)
    own = MARGIN * last_place(value)
    steps = [np.abs(np.asarray(m) - value) for m in moved]
    same = [np.isfinite(m) == np.isfinite(value) for m in moved]
    bound = np.maximum(MARGIN * np.max(steps, axis=0), own)
    return np.where(np.all(same, axis=0), bound, np.inf)


def _evaluated(
    outputs: Sequence[Node],
    given: Mapping[Node, Any],
    direction: Callable[[Any], Any] | None = None,
) -> list[Any]:
    """The outputs by NumPy's functions; disturbed in a direction, if there is one."""
    values: dict[Node, Any] = dict(given)
    for node in collect(outputs):
        if node in values:
            continue
        operands = _operands(node, values)
        value = _evaluated_node(node, operands)
        values[node] = value if direction is None else _disturbed(node, operands, value, direction)
    return [values[node] for node in outputs]


def _disturbed(
    node: Node, operands: Sequence[Any], value: Any, direction: Callable[[Any], Any]
) -> Any:
    if isinstance(value, tuple) or value.dtype.kind not in "fc" or node.op.view:
        return value
    if node.op.kind == "projection":
        return value
    step = np.maximum(tolerance(node, operands, value), last_place(value))
    moved = value + direction(value.shape) * np.nan_to_num(step, nan=0.0, posinf=0.0)
    return np.asarray(moved).astype(value.dtype)[()]


def _evaluated_node(node: Node, operands: list[Any]) -> Any:
    return node.value if isinstance(node, Leaf) else evaluate_node(node, operands)


def _operands(node: Node, values: Mapping[Node, Any]) -> list[Any]:
    numbers = node.operands or (None,) * len(node.inputs)
    return [n if s is None else values[s] for s, n in zip(node.inputs, numbers, strict=True)]


def difference(found: Any, expected: Any, bound: Any) -> Any:
    """Where two values differ first by more than the bound: an index; None if nowhere.

    A bound of 0 means to the bit, but for what is inside of a NaN.
    """
    if isinstance(found, tuple):
        return None  # its projections are looked at
    x, y = np.asarray(found), np.asarray(expected)
    if x.shape != y.shape:
        return ()
    same = (x == y) & (np.signbit(x) == np.signbit(y)) if x.dtype.kind == "f" else x == y
    if x.dtype.kind in "fc":
        same |= np.isnan(x) & np.isnan(y)
        same |= np.abs(x - y) <= np.broadcast_to(bound, x.shape) * (np.asarray(bound) > 0)
    else:
        same |= np.broadcast_to(bound, x.shape) > 0
    wrong = np.argwhere(~same)
    return tuple(wrong[0]) if len(wrong) else None
