"""The Function under audit, and its runs: each on fresh copies of the inputs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any

import numpy as np

from wengert.autograd.auditing.numeric import DOUBLE, SINGLE, Precision
from wengert.autograd.custom import undefined
from wengert.autograd.custom.again import returned_by
from wengert.autograd.custom.apply import applied
from wengert.autograd.custom.call import Call, Returned
from wengert.autograd.custom.node import FunctionNode, backward_of, place_of
from wengert.core.aval import Aval
from wengert.core.dtype import is_differentiable
from wengert.core.fast import make_leaf
from wengert.core.handles import _new
from wengert.core.node import Leaf, Node
from wengert.core.registry import OPS
from wengert.core.tensor import Tensor
from wengert.modes import using
from wengert.ops.generator import default_generator, replaying
from wengert.sites import Line

_DOUBLE = {"f": np.dtype(np.float64), "c": np.dtype(np.complex128)}


class Subject:
    """A Function with inputs to be audited on.

    wanted: the positions of the inputs that are differentiated. arrays: by position, the values of
    those that are tensors.
    """

    def __init__(self, function: Any, inputs: Sequence[Any], seed: int) -> None:
        self.function = function
        call = Call(function, inputs, {})
        self.inputs = call.args
        self.names = call.layout.names
        pairs = zip(call.layout.places, call.tensors, strict=True)
        self.arrays = {i: np.array(t._data) for i, t in pairs}
        floats = [i for i, a in self.arrays.items() if is_differentiable(a.dtype)]
        self.wanted = [i for i in floats if call.args[i].requires_grad] or floats
        self.random = np.random.default_rng(seed)
        self._state = default_generator.get_state()

    @property
    def name(self) -> str:
        """The Function's name."""
        name: str = self.function.__name__
        return name

    def repeatable(self) -> AbstractContextManager[None]:
        """Inside, wengert's random numbers are the same every time."""
        return replaying({default_generator: self._state})

    def doubled(self) -> dict[int, Any]:
        """The values in double precision; as they are where forward does not take that."""
        return self._working[0]

    @property
    def precision(self) -> Precision:
        """How exact finite differences are on these values."""
        return self._working[1]

    @cached_property
    def _working(self) -> tuple[dict[int, Any], Precision]:
        doubled = {i: a.astype(_DOUBLE.get(a.dtype.kind, a.dtype)) for i, a in self.arrays.items()}
        try:
            made = self.values(doubled)
        except Exception:  # it takes what it was given, and no other dtype
            return self.arrays, SINGLE
        is_exact = all(a.dtype in _DOUBLE.values() for a in made if a.dtype.kind in "fc")
        return doubled, DOUBLE if is_exact else SINGLE

    def call(self, arrays: dict[int, Any], make: Callable[[Any, int], Tensor]) -> Call:
        """A call with the tensors that `make` makes of arrays and positions."""
        args = list(self.inputs)
        for i, array in arrays.items():
            args[i] = make(array, i)
        return Call(self.function, args, {})

    def values(self, arrays: dict[int, Any]) -> list[Any]:
        """The arrays that forward computes, in order; nothing is recorded."""
        with self.repeatable():
            returned = returned_by(self.call(arrays, lambda a, _: own(a)))
        return [v._data for v in returned.values if isinstance(v, Tensor)]

    def run(self, arrays: dict[int, Any], wanted: Sequence[int] | None = None) -> Run:
        """A recorded run; the inputs are no leaves, so they can be written into."""
        leaves: dict[int, Tensor] = {}
        wanted = self.wanted if wanted is None else wanted

        def make(array: Any, i: int) -> Tensor:
            if i not in wanted:
                return own(array)
            leaves[i] = own(array)
            make_leaf(leaves[i])
            made: Tensor = OPS["clone"](leaves[i], order="K")
            return made

        with self.repeatable(), using(grad=True, inference=False, saved=(), levels=()):
            call = self.call(arrays, make)
            outputs = applied(call)
        return Run(self, call, leaves, outputs)

    def line(self, method: str, text: str) -> Line | str:
        """The first line of a method that has a text in it; else the line that defines it."""
        function = inspect.unwrap(getattr(self.function, method))
        try:
            lines, start = inspect.getsourcelines(function)
        except (OSError, TypeError):
            return place_of(function)
        for i, line in enumerate(lines):
            if text in line:
                return Line(inspect.getfile(function), start + i)
        return place_of(function)

    def setting_line(self, text: str) -> Line | str:
        """The line of setup_context, or of forward, that has a text in it."""
        split = Call(self.function, self.inputs, {}).splits
        found = self.line("setup_context" if split else "forward", text)
        return found

    def backward_line(self) -> Line | str:
        """Where backward is defined; where there is none, forward."""
        backward = backward_of(self.function)
        return place_of(self.function.forward if backward is undefined.backward else backward)


class Run:
    """One recorded run: arguments, outputs, and the node."""

    def __init__(
        self, subject: Subject, call: Call, leaves: dict[int, Tensor], outputs: Any
    ) -> None:
        self.subject = subject
        self.call = call
        self.leaves = leaves
        self.returned = Returned(outputs).values
        self.outputs: list[Tensor] = [v for v in self.returned if isinstance(v, Tensor)]
        self.node = _node_behind(self.outputs, subject.function)

    def cotangents(self) -> list[Any]:
        """Random cotangents, one per output; None for outputs that no gradient comes back from."""
        random = np.random.default_rng(1)
        return [_drawn(random, t._aval) if t.requires_grad else None for t in self.outputs]

    def given(self, cotangents: Sequence[Any]) -> list[Any]:
        """The arguments of backward: a tensor for each output, None for other values."""
        drawn = iter(cotangents)
        return [
            _given(next(drawn), v._aval) if isinstance(v, Tensor) else None for v in self.returned
        ]

    def pulled(self, given: Sequence[Any]) -> Any:
        """What backward returns; its arguments as they are."""
        assert self.node is not None
        arguments = (list(given),) if self.subject.function.boxed_grads_call else tuple(given)
        with self.subject.repeatable(), using(grad=False):
            return backward_of(self.subject.function)(self.node.ctx, *arguments)


def own(array: Any) -> Tensor:
    """A tensor with a copy of an array."""
    return _new(np.array(array)[()], None)


def _drawn(random: Any, aval: Aval) -> Any:
    made = random.standard_normal(aval.shape)
    if aval.dtype.kind == "c":
        made = made + 1j * random.standard_normal(aval.shape)
    return np.asarray(made).astype(aval.dtype)


def _given(cotangent: Any, aval: Aval) -> Tensor:
    return own(np.zeros(aval.shape, aval.dtype) if cotangent is None else cotangent)


def _node_behind(outputs: Sequence[Tensor], function: Any) -> FunctionNode | None:
    """The node of the Function, which may have written into its inputs."""
    nodes: list[Node] = [t._node for t in outputs if t._node is not None]
    for node in nodes:  # grows while it is walked
        op: Any = node.plan.op
        if isinstance(node, FunctionNode) and op.function is function:
            return node
        if not isinstance(node, Leaf):
            nodes.extend(s for s in node.inputs if isinstance(s, Node))
    return None
