"""Applications of operations from a file: known operations are checked, others stay opaque."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

import wengert.core.cut  # noqa: F401  # it registers what only traced graphs have
from wengert.core.aval import Aval
from wengert.core.computing import cast
from wengert.core.node import Applied, Node, is_large
from wengert.core.op import Op
from wengert.core.registry import every_op
from wengert.core.tensor import Tensor
from wengert.errors import GraphError
from wengert.graphs.verify import (
    Inference,
    check_arity,
    check_attributes,
    promoted_operands,
)
from wengert.interchange import decode
from wengert.interchange.decode import wrong
from wengert.interchange.encode import Json

_AFFORDABLE: Final = 10**7
"""Inference runs where its cost is sure to stay below so many elements."""


def application(
    entry: dict[str, Json], where: str, inputs: list[tuple[Any, Any]], avals: Any, value: Any,
    inferred: Inference,
) -> Node:  # fmt: skip
    """The node of an operation. inputs: (source, number) each.

    Raises GraphError for a wrong number of inputs, for attributes that the operation does not
    have, and for avals that it would not give.
    """
    name = decode.string(entry["op"], f"{where}.op")
    attrs = _attributes(entry.get("attributes", {}), f"{where}.attributes")
    op = (None if _is_opaque(entry, where) else every_op().get(name)) or opaque(name, tuple(attrs))
    try:
        check_arity(op, len(inputs))
        check_attributes(op, attrs)
    except GraphError as error:
        raise wrong(where, error.what) from None
    seen = [number if source is None else _aval_of(source) for source, number in inputs]
    if op.kind != "opaque" and (op.aval is not None or _is_affordable(seen, attrs)):
        _check_avals(inferred, op, seen, attrs, avals, where)
    return Applied(
        op.plan(0, False, len(inputs)), tuple(source for source, _ in inputs),
        _operands(op, inputs, seen, where), attrs or None, value,
        avals if value is None or isinstance(avals, tuple) or is_large(value) else None, None,
    )  # fmt: skip


def _is_opaque(entry: dict[str, Json], where: str) -> bool:
    """Whether the entry is a function that a user wrote, whatever its name."""
    if entry.get("opaque", True) is not True:
        raise wrong(f"{where}.opaque", "it is true, or not there")
    return "opaque" in entry


def _attributes(value: Json, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise wrong(where, f"expected an object, found {decode.kind_of(value)}")
    return {name: decode.plain(v, f"{where}.{name[:40]}") for name, v in value.items()}


def _aval_of(source: Any) -> Aval:
    """The aval of an earlier node or constant."""
    if isinstance(source, Tensor):
        return source._aval
    aval: Aval = source.aval if isinstance(source, Node) else source
    return aval


def _operands(
    op: Op, inputs: list[tuple[Any, Any]], seen: list[Any], where: str
) -> tuple[Any, ...] | None:
    """What a recorded node keeps: numbers as they are, constants cast as apply casts them."""
    try:
        promoted = promoted_operands(op, seen)
    except Exception as error:
        raise wrong(where, f"{op.name} cannot take these: {error}") from None
    held = [
        number if source is None else _constant(source, as_cast)
        for (source, number), as_cast in zip(inputs, promoted, strict=True)
    ]
    return tuple(held) if any(h is not None for h in held) else None


def _constant(source: Any, aval: Aval) -> Any:
    """A constant's array as the operation saw it; None where its value is not there."""
    if not isinstance(source, Tensor) or source._memory is not None:
        return None
    return cast(source._data, aval.dtype)


def _is_affordable(seen: list[Any], attrs: dict[str, Any]) -> bool:
    """Whether inferring the result's aval cannot take long, whatever the operation is.

    Nothing that an operation makes is larger than all its operands' elements times all the
    integers among its attributes.
    """
    most = math.prod(max(1, s.size) for s in seen if isinstance(s, Aval))
    most *= math.prod(_integers(list(attrs.values())))
    return most <= _AFFORDABLE


def _integers(values: list[Any]) -> list[int]:
    """All integers in attributes, as factors."""
    found: list[int] = []
    for value in values:  # grows while it is walked
        if isinstance(value, (tuple, list)):
            values.extend(value)
        elif isinstance(value, slice):
            values.extend((value.start, value.stop, value.step))
        elif isinstance(value, np.ndarray) and value.dtype.kind in "iu":
            found.extend(abs(int(v)) + 1 for v in value.flat)
        elif isinstance(value, int):
            found.append(abs(value) + 1)
    return found


def _check_avals(
    inferred: Inference, op: Op, seen: list[Any], attrs: dict[str, Any], avals: Any, where: str
) -> None:
    try:
        found = inferred(op, seen, attrs)
    except GraphError as error:
        raise wrong(where, error.what) from None
    if found is not None and found != avals:
        raise wrong(where, f"{op.name} gives {found} here, not {avals}")


def opaque(name: str, attributes: tuple[str, ...]) -> Op:
    """An operation that is not known here: it can be looked at, but not computed."""

    def unknown(*_: Any, **__: Any) -> Any:
        raise GraphError(
            f"the operation {name!r} is not known here: it can be shown, but not computed",
            "It was defined by the program that wrote the file, or by a newer release.",
        )

    return Op(
        name, "opaque", unknown, (lambda ct: unknown(),), inputs=("inputs",),
        attributes=attributes, variadic=True,
    )  # fmt: skip
