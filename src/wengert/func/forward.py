"""jvp and linearize: forward mode as transforms of functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.core.handles import fresh
from wengert.core.node import Carrier, next_sequence
from wengert.core.registry import OPS
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentValueError, DTypeError, GradientError, TransformError
from wengert.func.arguments import (
    are_arrays,
    as_arrays,
    called,
    differentiable,
    inside,
    opened,
    result_leaves,
    split_aux,
)
from wengert.func.reverse import Recorded
from wengert.modes import current, using
from wengert.transform.aliases import outside
from wengert.transform.batch import Batched
from wengert.transform.forward import ForwardLevel, check_tangent
from wengert.transform.tree import flatten, tree_map, unflatten


def jvp(
    func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False,
    has_aux: bool = False,
) -> Any:  # fmt: skip
    """The output of func(*primals), and its tangent for the given tangents of the primals.

    primals, tangents: tuples of trees of tensors, alike in shape. Returns (output, tangent), or
    (output, tangent, aux) with has_aux. With strict=True an output that does not depend on the
    primals raises GradientError; otherwise its tangent is zero.

    >>> import wengert as wg
    >>> wg.func.jvp(lambda x: x**2, (wg.tensor(3.0),), (wg.tensor(1.0),))
    (tensor(9.), tensor(6.))
    """
    arrays = are_arrays(flatten(primals)[0])
    leaves, directions, spec = _checked(primals, tangents)
    level = ForwardLevel(next_sequence())
    run = Pushed("jvp", level, func, unflatten(leaves, spec), directions, has_aux, arrays)
    if strict and any(t is None for t in run.tangents):
        raise GradientError("jvp: an output does not depend on the inputs")
    pairs = zip(run.outputs, run.tangents, strict=True)
    found = [_zeros(o) if t is None else t for o, t in pairs]
    both = unflatten(run.outputs, run.spec), unflatten(found, run.spec)
    both, aux = as_arrays((both, run.aux), arrays)
    return (*both, aux) if has_aux else both


class Pushed:
    """A function's run on aliases of its arguments that have tangents at a level.

    outputs, aux: as they are outside of the level. tangents: one per output, None where it does
    not depend on the arguments; with a basis all of them, the first axis in front.
    """

    def __init__(
        self, name: str, level: ForwardLevel, func: Callable[..., Any], primals: Any,
        directions: Sequence[Any], has_aux: bool, arrays: bool, recording: bool = False,
    ) -> None:  # fmt: skip
        leaves, spec = flatten(primals)
        try:
            with using(levels=(*current().levels, level), **inside(arrays, level.started)):
                duals = [_dual(level, x, t) for x, t in zip(leaves, directions, strict=True)]
                result = called(func, unflatten(duals, spec), {})
                output, aux = split_aux(name, result, has_aux)
                outputs, self.spec = result_leaves(name, output)
                tangents = [level.tangent(o) for o in outputs]
                values = [_bare(level, o) for o in outputs]
                aux = tree_map(lambda a: _bare(level, a), aux)
            tangents = [_with_basis(level, t) for t in tangents]
            bare = outside((values, aux), level.started, current().grad)
            self.outputs, self.aux = bare
            self.tangents = tangents
            if not recording:
                self.tangents = outside(tangents, level.started, current().grad)
        finally:
            level.close()


def _with_basis(level: ForwardLevel, tangent: Any) -> Any:
    """The tangents of all basis vectors, as a tensor one level lower."""
    basis = level.basis
    if basis is None or tangent is None:
        return tangent
    if isinstance(tangent, Batched) and tangent._at is basis:
        if tangent._mapped:
            return tangent._value
        tangent = tangent._value
    return tangent.expand((basis.size, *tangent._data.shape))


def _checked(primals: Any, tangents: Any) -> tuple[list[Tensor], list[Tensor], Any]:
    if not isinstance(primals, tuple) or not isinstance(tangents, tuple):
        raise TransformError("jvp: primals and tangents must be tuples, as in (x,), (t,)")
    if not primals:
        raise ArgumentValueError("jvp: expected at least one primal")
    leaves, spec = flatten(primals)
    directions, given = flatten(opened(tangents)[0])
    if given != spec:
        raise TransformError(
            f"jvp: primals and tangents must be trees of the same shape, got {spec} and {given}"
        )
    tensors = differentiable("jvp", leaves)
    for x, t in zip(tensors, directions, strict=True):
        check_tangent(x, t, "jvp")
    return tensors, directions, spec


def _dual(level: ForwardLevel, primal: Tensor, tangent: Tensor) -> Any:
    """A fresh alias of a primal, with its tangent."""
    alias = OPS["alias"](primal)
    level.attach(alias, tangent)
    return alias


def _bare(level: ForwardLevel, value: Any) -> Any:
    """A result as it is outside of the level."""
    if not isinstance(value, Tensor) or type(value._node) is not Carrier:
        return value
    bare = value._handle()
    bare._node = None
    outer = dict(value._node.get_extra().tangents or {})
    outer.pop(level, None)
    for other, tangent in outer.items():
        other.attach(bare, tangent)
    return bare


def _zeros(like: Tensor) -> Tensor:
    return fresh(np.zeros(like._data.shape, like._data.dtype)[()])


def linearize(func: Callable[..., Any], *primals: Any) -> Any:
    """The output of func(*primals), and its derivative there as a linear function of tangents.

    The function runs once; each call of the derivative is one walk over what it recorded. As for
    jvp, what is computed under no_grad counts.

    >>> import wengert as wg
    >>> output, derivative = wg.func.linearize(lambda x: x**2, wg.tensor(3.0))
    >>> derivative(wg.tensor(1.0)), derivative(wg.tensor(2.0))
    (tensor(6.), tensor(12.))
    """
    arrays = are_arrays(flatten(primals)[0])
    leaves, spec = flatten(opened(primals)[0])
    inputs = differentiable("linearize", leaves)
    # The tangents are recorded, as functions of those of the inputs; under no_grad, too.
    recorded = Recorded("linearize", [_zeros(x) for x in inputs])
    level = ForwardLevel(recorded.started, recording=True)
    run = Pushed(
        "linearize", level, func, unflatten(inputs, spec), recorded.inputs, False, arrays, True
    )
    recorded.outputs = [
        _zeros(o) if t is None else t for o, t in zip(run.outputs, run.tangents, strict=True)
    ]
    # J^T ct as a function of ct, recorded once; pulled back through, it is the derivative.
    transposed = Recorded("linearize", [_zeros(o) for o in run.outputs])
    transposed.started = recorded.started  # the function's own history is nothing older
    with using(grad=True, inference=False):
        transposed.outputs = recorded.pull(transposed.inputs, create_graph=True)

    def derivative(*tangents: Any) -> Any:
        directions, given = flatten(opened(tangents)[0])
        if given != spec:
            raise TransformError(f"linearize: expected tangents in the shape {spec}, got {given}")
        for x, t in zip(inputs, directions, strict=True):
            check_tangent(x, t, "linearize")
            if x._data.dtype != t._data.dtype:
                raise DTypeError(
                    f"linearize: a tangent is {t.dtype}, and its primal {x.dtype}",
                    "Convert it with .to(dtype).",
                )
        found = transposed.pull(directions)
        pushed = outside(unflatten(found, run.spec), recorded.started, recorded.recording)
        return as_arrays(pushed, arrays)

    return as_arrays(unflatten(run.outputs, run.spec), arrays), derivative
