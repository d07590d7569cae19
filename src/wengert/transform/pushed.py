"""Pushforwards on plain arrays, one tangent or a whole basis of them.

Where no other level looks on, tangents are NumPy's: an elementwise operation multiplies by its
partial derivatives, a linear one is applied to the tangents, a multilinear one once per input.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.computing import compute, promoted
from wengert.core.half import is_half
from wengert.core.handles import _new
from wengert.core.op import Op
from wengert.core.registry import OPS
from wengert.core.rules import Select, parameters
from wengert.core.tensor import Tensor
from wengert.modes import State
from wengert.transform.batch import Batched, BatchLevel
from wengert.transform.plain import SEEN, is_elementwise, leading, plain

Arrays = Sequence[Any]


def on_arrays(
    op: Op, args: Arrays, tangents: Sequence[Any], attrs: dict[str, Any], out: Any, below: State
) -> Any:
    """The tangent of an output, a batched one where the inputs' are mapped; SEEN if others look on.

    args, out: arrays, or SEEN. tangents: tensors, whose map is the innermost level of `below`.
    """
    if op.pushforward is not None or op.kind not in _KINDS or isinstance(out, tuple):
        return SEEN
    if below.fresh is not None:
        return SEEN  # a function is being compiled, and its trace has to see everything
    level = below.levels[-1] if below.levels else None
    given = [plain(level, t) for t in tangents]
    if out is SEEN or is_half(out.dtype) or _any_seen(args) or _any_seen(given):
        return SEEN
    mapped = [
        type(t) is Batched and t._mapped and op.rule(i) is not None for i, t in enumerate(tangents)
    ]
    is_mapped = any(mapped)
    if op.view and not is_mapped:
        return SEEN  # the tangent is a view of the tangent, which users may write into
    if op.promotion != "none":
        args = promoted(op, args)
    push = _KINDS[op.kind]
    total = push(op, args, given, mapped, attrs, out, level, below)
    if total is None or total is SEEN:
        return total
    made = _new(_shaped(total, out, is_mapped), None)
    return level.lift(made, is_mapped) if is_mapped and level is not None else made


def _any_seen(values: Sequence[Any]) -> bool:
    return any(value is SEEN for value in values)


def _shaped(total: Any, primal: Any, mapped: bool) -> Any:
    """A tangent, or many, in the shape and dtype of the primal: the mirror of conform."""
    total = np.asarray(total)
    shape = (len(total), *primal.shape) if mapped else primal.shape
    if total.dtype != primal.dtype:
        total = total.real if primal.dtype.kind != "c" else total
        total = total.astype(primal.dtype)
    return total[()] if total.shape == shape else np.broadcast_to(total, shape)


def _elementwise(
    op: Op, args: Arrays, tangents: Arrays, mapped: Sequence[bool], attrs: dict[str, Any],
    out: Any, level: BatchLevel | None, below: State,
) -> Any:  # fmt: skip
    rank = np.ndim(out)
    aligned = [leading(t, rank) if m else t for t, m in zip(tangents, mapped, strict=True)]
    return below.run(sum_of_terms, op, args, aligned, attrs, out)


def _linear(
    op: Op, args: Arrays, tangents: Arrays, mapped: Sequence[bool], attrs: dict[str, Any],
    out: Any, level: BatchLevel | None, below: State,
) -> Any:  # fmt: skip
    given: list[Any] = []
    flags: list[bool] = []
    for i, (a, t) in enumerate(zip(args, tangents, strict=True)):
        is_constant = op.rule(i) is None
        zero = t is None and a is not None and not is_constant
        given.append(a if is_constant else np.zeros_like(a) if zero else t)
        flags.append(mapped[i])
    return _applied(op, given, flags, attrs, level, below)


def _multilinear(
    op: Op, args: Arrays, tangents: Arrays, mapped: Sequence[bool], attrs: dict[str, Any],
    out: Any, level: BatchLevel | None, below: State,
) -> Any:  # fmt: skip
    terms: list[Any] = []
    for i, tangent in enumerate(tangents):
        if tangent is None or op.rule(i) is None:
            continue
        flags = [mapped[i] and j == i for j in range(len(args))]
        term = _applied(op, [*args[:i], tangent, *args[i + 1 :]], flags, attrs, level, below)
        if term is SEEN:
            return SEEN
        terms.append(term)
    # A term that is not mapped is one row for all: it is added to each.
    return below.run(sum, terms[1:], terms[0]) if terms else None


_KINDS = {"elementwise": _elementwise, "linear": _linear, "multilinear": _multilinear}


def _applied(
    op: Op, given: Arrays, mapped: Sequence[bool], attrs: dict[str, Any],
    level: BatchLevel | None, below: State,
) -> Any:  # fmt: skip
    """The operation itself; SEEN where it is not to be had on arrays."""
    if level is None or not any(mapped):
        return compute(op, given, attrs, below)
    if is_elementwise(op):
        rank = max(np.ndim(g) - m for g, m in zip(given, mapped, strict=True))
        aligned = [leading(g, rank) if m else g for g, m in zip(given, mapped, strict=True)]
        return compute(op, aligned, attrs, below)
    if op.batch is None:
        return SEEN
    return below.run(op.batch, op, given, mapped, attrs, level.size)


def sum_of_terms(
    op: Op, args: Sequence[Any], tangents: Sequence[Any], attrs: dict[str, Any], out: Any
) -> Any:
    """The sum over the inputs of partial derivative times tangent, of arrays or tensors."""
    total: Any = None
    for i, tangent in enumerate(tangents):
        if tangent is None or op.rule(i) is None:
            continue
        term = _term(op, i, args, tangent, attrs, out)
        total = term if total is None else total + term
    return total


def _term(
    op: Op, i: int, args: Sequence[Any], tangent: Any, attrs: dict[str, Any], out: Any
) -> Any:
    rule = op.rule(i)
    if isinstance(rule, Select):
        return OPS["where"](_called(op, rule.rule, args, attrs, out), tangent, 0)
    if not callable(rule):
        return tangent if rule == 1 else tangent * rule
    slope = _called(op, rule, args, attrs, out)
    if not op.holomorphic and _is_complex(tangent):
        return np.real(np.conj(slope) * tangent)  # real functions of complex numbers, as abs
    return tangent * slope


def _is_complex(value: Any) -> bool:
    return bool(np.dtype((value._data if isinstance(value, Tensor) else value).dtype).kind == "c")


def _called(op: Op, rule: Any, args: Sequence[Any], attrs: dict[str, Any], out: Any) -> Any:
    """A rule of an elementwise operation, given what it names."""
    return rule(*(named(op, name, args, attrs, out) for name in parameters(rule)))


def named(op: Op, name: str, args: Sequence[Any], attrs: dict[str, Any], out: Any) -> Any:
    """What a parameter of a rule names: the output, an attribute, an input or its aval."""
    if name == "out":
        return out
    if name in op.attributes:
        return attrs[name]
    base = name.removesuffix("_aval")
    index = op.inputs.index(base)
    if op.variadic and index == len(op.inputs) - 1:
        rest = tuple(args[index:])
        return rest if base == name else tuple(map(aval_or_none, rest))
    return args[index] if base == name else aval_or_none(args[index])


def aval_or_none(value: Any) -> Aval | None:
    """The aval of an argument; None for one that is left out."""
    if isinstance(value, Tensor):
        return value._aval
    return None if value is None else Aval(np.shape(value), np.asarray(value).dtype)
