"""The batching rule that generate_vmap_rule makes: the Function's own code, on mapped tensors.

One level lower it is a Function again, whose forward, setup_context, backward and jvp enter a map
for as long as the user's code runs. So gradients from outside the map go through the user's
backward, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from wengert.autograd.custom.call import Call, Returned
from wengert.autograd.custom.context import FunctionCtx
from wengert.autograd.custom.layout import Layout
from wengert.autograd.custom.node import backward_of
from wengert.core.aval import Aval
from wengert.core.registry import OPS
from wengert.core.tensor import Tensor
from wengert.modes import current, using
from wengert.transform.batch import Batched, BatchLevel
from wengert.transform.conform import conform

Dims = Sequence[int | None]


def applied(call: Call, level: BatchLevel, values: Sequence[Any], in_dims: Dims) -> tuple[Any, Any]:
    """The outputs one level lower, and where their mapped dimensions are."""
    from wengert.autograd.custom.apply import applied as plain

    slices = Slices(call, level, in_dims)
    function = _vmapped(call.function)
    output = plain(call.but((slices, *values), function, _with_slices(function, call.layout)))
    return output, slices.out_dims if isinstance(output, (tuple, list)) else slices.out_dims[0]


def _vmapped(function: Any) -> Any:
    """The Function one level lower; its first argument says which application it is of."""
    known = function.__dict__["_ops"]
    if "vmapped" not in known:
        from wengert.autograd.function import Function

        body = {
            "forward": staticmethod(lambda slices, *args: slices.forward(*args)),
            "setup_context": staticmethod(_set_up),
            "backward": staticmethod(lambda ctx, *cts: (None, *ctx.slices.backward(ctx, *cts))),
            "jvp": staticmethod(lambda ctx, _, *tangents: ctx.slices.jvp(ctx, *tangents)),
            "generate_vmap_rule": True,
        }
        known["vmapped"] = type(f"Vmapped{function.__name__}", (Function,), body)
    return known["vmapped"]


def _set_up(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    ctx.slices, *rest = inputs
    ctx.slices.setup_context(ctx, tuple(rest), output)


def _with_slices(function: Any, layout: Layout) -> Layout:
    """The layout of the same arguments behind the slices."""
    known = function.__dict__["_layouts"]
    if layout not in known:
        places = tuple(place + 1 for place in layout.places)
        # Of each map in turn: what a graph keeps of an application is found by these names.
        depth = sum(name.startswith("slices") for name in layout.names)
        known[layout] = Layout((f"slices{depth or ''}", *layout.names), (), places)
    made: Layout = known[layout]
    return made


class Slices:
    """One application of a Function to mapped values.

    in_dims, out_dims: where the mapped dimension is, 0 or None. What a context needs besides
    stands on the context, as there may be several: one for every level that differentiates.
    """

    def __init__(self, call: Call, level: BatchLevel, in_dims: Dims) -> None:
        self._call = call.but([None] * len(call.args))  # the arguments come as values
        self._function = call.function
        self._size = level.size
        self._randomness = level.randomness
        self._in_dims = tuple(in_dims)
        self.out_dims: list[int | None] = []

    def __str__(self) -> str:
        return str(self._size)

    def _run(self, function: Callable[..., Any], args: Sequence[Any], dims: Dims) -> Any:
        """function(level, *args) on mapped tensors."""
        levels = current().levels
        depth = max((level.depth for level in levels if isinstance(level, BatchLevel)), default=0)
        level = BatchLevel(self._size, self._randomness, max(depth, len(levels)) + 1)
        lifted = [
            level.lift(a, mapped=d is not None) if isinstance(a, Tensor) else a
            for a, d in zip(args, dims, strict=True)
        ]
        with using(levels=(*levels, level)):
            return function(level, *lifted)

    def forward(self, *args: Any) -> Any:
        """The user's, on mapped tensors."""

        def run(level: BatchLevel, *lifted: Any) -> Any:
            call = self._call.but(lifted)
            returned = Returned(call.given_to(self._function.forward))
            pairs = [_lowered(level, value) for value in returned.values]
            self.out_dims = [dim for _, dim in pairs]
            return returned.wrapped([value for value, _ in pairs])

        return self._run(run, args, self._in_dims)

    def setup_context(self, ctx: FunctionCtx, inputs: tuple[Any, ...], output: Any) -> None:
        """Run the user's on mapped tensors; what it asked for is asked for here."""
        inner: Any = FunctionCtx()
        inner.needs_input_grad = ctx.needs_input_grad[1:]
        returned = Returned(output)
        count = len(inputs)

        def run(level: BatchLevel, *lifted: Any) -> None:
            given = list(lifted[count:])
            for i, value in enumerate(returned.values):
                for j, argument in enumerate(inputs):
                    given[i] = lifted[j] if value is argument else given[i]
            self._function.setup_context(inner, lifted[:count], returned.wrapped(given))
            _take_over(ctx, inner, level)
            made: Any = ctx
            made.avals = [a._aval if isinstance(a, Tensor) else None for a in lifted[:count]]

        self._run(run, (*inputs, *returned.values), (*self._in_dims, *self.out_dims))
        ctx.inner = inner  # type: ignore[attr-defined]  # users' attributes, and ours
        inner._marks.over()

    def backward(self, ctx: Any, *cotangents: Any) -> Any:
        """The user's, on mapped tensors; gradients of what is not mapped are summed."""

        def run(level: BatchLevel, *lifted: Any) -> Any:
            given, ctx.inner._marks.seen = lifted[:count], lifted[count:]
            arguments = (list(given),) if self._function.boxed_grads_call else given
            result = backward_of(self._function)(ctx.inner, *arguments)
            gradients = list(result) if isinstance(result, tuple) else [result]
            return [
                self._gradient(level, g, aval, dim)
                for g, aval, dim in zip(gradients, ctx.avals, self._in_dims, strict=False)
            ] + gradients[len(ctx.avals) :]

        count = len(cotangents)
        saved = ctx.saved_tensors
        dims = (*self.out_dims, *ctx.saved_dims)
        return tuple(self._run(run, (*cotangents, *saved), dims))

    def _gradient(self, level: BatchLevel, gradient: Any, aval: Aval, dim: int | None) -> Any:
        """A gradient in its input's shape one level lower: summed where that is not mapped."""
        if not isinstance(gradient, Tensor) or aval is None:
            return gradient
        value, mapped = _lowered(level, conform(gradient, aval))
        if mapped is not None and dim is None:
            return value.sum(0)
        return self._spread(value) if mapped is None and dim is not None else value

    def _spread(self, value: Tensor) -> Any:
        return OPS["expand"](value, shape=(self._size, *value._data.shape))

    def jvp(self, ctx: Any, *tangents: Any) -> Any:
        """The user's, on mapped tensors."""

        def run(level: BatchLevel, *lifted: Any) -> Any:
            given, ctx.inner._marks.seen = lifted[:count], lifted[count:]
            returned = Returned(self._function.jvp(ctx.inner, *given))
            return returned.wrapped([
                self._tangent(level, value, dim)
                for value, dim in zip(returned.values, self.out_dims, strict=True)
            ])  # fmt: skip

        count = len(tangents)
        saved = ctx.saved_tensors
        dims = ctx.forward_dims if ctx._marks.for_forward is not None else ctx.saved_dims
        return self._run(run, (*tangents, *saved), (*self._in_dims, *dims))

    def _tangent(self, level: BatchLevel, tangent: Any, dim: int | None) -> Any:
        value, mapped = _lowered(level, tangent)
        is_short = isinstance(value, Tensor) and mapped is None and dim is not None
        return self._spread(value) if is_short else value


def _lowered(level: BatchLevel, value: Any) -> tuple[Any, int | None]:
    """A result of the map as a plain value, and where its mapped dimension is."""
    if isinstance(value, Batched) and value._at is level:
        return value._value, 0 if value._mapped else None
    return value, None


def _take_over(ctx: Any, inner: FunctionCtx, level: BatchLevel) -> None:
    """What the user's setup_context asked for, asked for one level lower."""
    marks = inner._marks

    def lowered(tensors: Sequence[Any]) -> list[Any]:
        return [_lowered(level, t)[0] for t in tensors]

    def dims(tensors: Sequence[Any]) -> list[Any]:
        return [_lowered(level, t)[1] for t in tensors]

    ctx.save_for_backward(*lowered(marks.to_save))
    ctx.saved_dims = dims(marks.to_save)
    if marks.for_forward is not None:
        ctx.save_for_forward(*lowered(marks.for_forward))
        ctx.forward_dims = dims(marks.for_forward)
    ctx.mark_dirty(*lowered(marks.dirty))
    ctx.mark_non_differentiable(*lowered(marks.constant))
    ctx.set_materialize_grads(marks.materialize)
