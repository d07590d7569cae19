"""One application of a Function: its arguments, and what forward returned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.autograd.custom import undefined
from wengert.autograd.custom.context import FunctionCtx, Marks
from wengert.autograd.custom.layout import (
    Layout,
    argument_names,
    signature_of,
    tensor_places,
)
from wengert.autograd.custom.node import FunctionOp, function_op, place_of
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, GradientError
from wengert.modes import State, current, entered


class Call:
    """A Function with its arguments.

    splits: whether it defines setup_context, and so forward takes no ctx. args: all arguments,
    those given by keyword at the end; tensors: those of them that are. versions: how often each
    tensor had been written when forward began.
    """

    __slots__ = ("args", "function", "layout", "splits", "tensors", "versions")

    def __init__(self, function: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        self.function = function
        self.splits = function.setup_context is not undefined.setup_context
        if self.splits:
            args, kwargs = _with_defaults(function, args, kwargs)
        self.args = (*args, *kwargs.values())
        self.layout = _layout(function, self.args, tuple(kwargs), self.splits)
        self.tensors: list[Tensor] = [self.args[i] for i in self.layout.places]
        self.versions: list[int] = []

    def but(self, args: Sequence[Any], function: Any = None, layout: Any = None) -> Call:
        """The same with other arguments, of the same or another Function."""
        made = Call.__new__(Call)
        made.function, made.splits = function or self.function, self.splits
        made.args, made.layout, made.versions = tuple(args), layout or self.layout, []
        made.tensors = [made.args[i] for i in made.layout.places]
        return made

    @property
    def name(self) -> str:
        """The Function's name."""
        name: str = self.function.__name__
        return name

    @property
    def attributes(self) -> dict[str, Any]:
        """All other arguments, by name."""
        return self.layout.split(self.args)

    @property
    def op(self) -> FunctionOp:
        """The operation that this is in a graph; one per Function and layout."""
        known = self.function.__dict__["_ops"]
        op: FunctionOp | None = known.get(self.layout)
        if op is None:
            from wengert.autograd.custom import again, pullback

            op = known[self.layout] = function_op(
                self.function, self.layout, again.forward(self.function, self.layout),
                pullback.joint, again.pulled,
            )  # fmt: skip
        return op

    def context(self) -> FunctionCtx:
        """A fresh context."""
        ctx = FunctionCtx(Marks(self.name, bool(self.function.clear_saved_tensors_on_access)))
        ctx.needs_input_grad = tuple(isinstance(a, Tensor) and a.requires_grad for a in self.args)
        return ctx

    def run(self, ctx: FunctionCtx, state: State) -> Any:
        """What forward returns; nothing that it does is recorded, and tangents are not seen."""
        self.versions = list(map(_version, self.tensors))
        levels = tuple(level for level in state.levels if not hasattr(level, "tangent"))
        with entered(state.unrecorded(levels)):
            if not self.splits:
                return self.given_to(self.function.forward, ctx)
            output = self.given_to(self.function.forward)
            self.function.setup_context(ctx, self.args, output)
            return output

    def given_to(self, function: Any, *first: Any) -> Any:
        """function(*first, *args), some of them by keyword."""
        keywords = self.layout.keywords
        count = len(self.args) - len(keywords)
        by_keyword = zip(keywords, self.args[count:], strict=True)
        return function(*first, *self.args[:count], **dict(by_keyword))

    def was_written(self, tensor: Tensor) -> bool:
        """Whether forward wrote into an argument with an operation, which counts."""
        pairs = zip(self.tensors, self.versions, strict=False)
        return any(t is tensor and _version(t) != before for t, before in pairs)

    def set_up(self, ctx: FunctionCtx, output: Any) -> None:
        """Let setup_context fill a context, for outputs that were computed in another way."""
        state = current()
        with entered(state.unrecorded(state.levels)):
            self.function.setup_context(ctx, self.args, output)


def _version(tensor: Tensor) -> int:
    return tensor._memory.version if tensor._memory is not None else 0


def _with_defaults(
    function: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[Sequence[Any], dict[str, Any]]:
    """With setup_context, arguments that were left out have their defaults, as inputs."""
    signature = _signature(function)
    if signature is None or (not kwargs and len(args) == _count(function)):
        return args, kwargs
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise ArgumentError(
            f"{function.__name__}.apply: {error}", f"Its forward is {place_of(function.forward)}"
        ) from None
    bound.apply_defaults()
    return bound.args, bound.kwargs


def _signature(function: Any) -> Any:
    known = function.__dict__["_layouts"]
    if "signature" not in known:
        known["signature"] = signature_of(function.forward)
    return known["signature"]


def _count(function: Any) -> int:
    """How many arguments forward takes, if all are plain ones; else -1: binding works it out."""
    known = function.__dict__["_layouts"]
    if "count" not in known:
        parameters = _signature(function).parameters.values()
        plain = all(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
        known["count"] = len(parameters) if plain else -1
    count: int = known["count"]
    return count


def _layout(function: Any, args: Sequence[Any], keywords: tuple[str, ...], splits: bool) -> Layout:
    known = function.__dict__["_layouts"]
    places = tensor_places(args)
    key = (len(args), places, keywords)
    layout: Layout | None = known.get(key)
    if layout is None:
        count = len(args) - len(keywords)
        names = argument_names(_signature(function), 0 if splits else 1, count)
        layout = known[key] = Layout(names, keywords, places)
    return layout


class Returned:
    """What forward returned: the values in order, and how they were wrapped up."""

    __slots__ = ("_kind", "values")

    def __init__(self, output: Any) -> None:
        self._kind = type(output) if isinstance(output, (tuple, list)) else None
        self.values: list[Any] = list(output) if self._kind is not None else [output]

    @property
    def is_single(self) -> bool:
        """Whether it was one value, not a tuple or list."""
        return self._kind is None

    @property
    def places(self) -> tuple[int, ...]:
        """The positions of the tensors."""
        return tensor_places(self.values)

    def wrapped(self, values: Sequence[Any]) -> Any:
        """Other values in the same form."""
        kind = self._kind
        if kind is None:
            return values[0]
        return kind(*values) if hasattr(kind, "_fields") else kind(values)


def refuse_containers(call: Call, returned: Returned) -> None:
    """Raise for outputs that no gradient would ever come back from.

    Those are tensors inside of a container, and a NumPy array as the only output.
    """
    if isinstance(returned.values[0] if returned.is_single else None, np.ndarray):
        raise GradientError(
            f"{call.name}.forward returned a NumPy array, which no gradient comes back from\n"
            f"  forward is {place_of(call.function.forward)}",
            "Return a tensor: wengert.from_numpy(array).",
        )
    for value in returned.values:
        if isinstance(value, (tuple, list, dict)):
            _refuse_container(call, value)


def _refuse_container(call: Call, value: Any) -> None:
    parts = value.values() if isinstance(value, dict) else value
    if any(isinstance(part, Tensor) for part in parts):
        raise GradientError(
            f"{call.name}.forward returned a {type(value).__name__} with tensors in it, which no "
            f"gradient comes back from\n  forward is {place_of(call.function.forward)}",
            "Return a tensor, or a tuple of tensors; build other containers after apply().",
        )
