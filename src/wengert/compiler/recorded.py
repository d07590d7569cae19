"""A program as one operation of eager autograd, whose pullback is a compiled function, too."""

from __future__ import annotations

import functools
import operator
import threading
from collections.abc import Callable, Sequence
from typing import Any

from wengert.core.dtype import is_differentiable
from wengert.core.handles import _new
from wengert.core.node import Node
from wengert.core.op import Op, Plan
from wengert.core.record import apply
from wengert.core.tensor import Tensor
from wengert.func import vjp
from wengert.graphs.graph import collect
from wengert.modes import current
from wengert.transform.residuals import Rewrapped, check_residuals

Replay = Callable[[Sequence[Tensor]], list[Any]]
Compile = Callable[[Callable[..., Any]], Callable[..., Any]]


class Pullback:
    """The pullback of a program: for each set of inputs wanted, a compiled function.

    replay: the program's outputs by its operations, on tensors. depends: as in `applied`.
    """

    def __init__(self, replay: Replay, depends: Sequence[int], compile: Compile) -> None:
        self._replay = replay
        self._depends = depends
        self._compile = compile
        self._made: dict[Any, Callable[..., Any]] = {}
        self._lock = threading.Lock()

    def joint(self, node: Any, cotangents: Sequence[Any], wanted: Sequence[int]) -> list[Any]:
        """The cotangents of the wanted inputs, None for one that nothing depends on.

        cotangents: per output, None where it is zero.
        """
        seen = check_residuals(node)
        operands = Rewrapped(node, seen, history=current().grad).operands
        inputs = [operands[i] for i in range(len(node.inputs))]
        given = (bits for bits, c in zip(self._depends, cotangents, strict=True) if c is not None)
        mask = functools.reduce(operator.or_, given, 0)
        reached = [i for i in wanted if mask >> i & 1]
        found = dict(zip(reached, self.of(inputs, cotangents, reached), strict=True))
        return [found.get(i) for i in wanted]

    def of(
        self, inputs: Sequence[Any], cotangents: Sequence[Any], wanted: Sequence[int]
    ) -> list[Any]:
        """The same from the inputs' values."""
        given = tuple(i for i, c in enumerate(cotangents) if c is not None)
        key = tuple(wanted), given
        with self._lock:
            if key not in self._made:
                self._made[key] = self._compile(self._written(*key))
        found: list[Any] = self._made[key](list(inputs), [cotangents[i] for i in given])
        return found

    def _written(self, wanted: tuple[int, ...], given: tuple[int, ...]) -> Callable[..., Any]:
        """The pullback as a function to be compiled."""

        def pullback(inputs: list[Any], cotangents: list[Any]) -> list[Any]:
            def outputs(*chosen: Any) -> list[Any]:
                values = list(inputs)
                for i, value in zip(wanted, chosen, strict=True):
                    values[i] = value
                made = self._replay(values)
                return [made[i] for i in given]

            _, pull = vjp(outputs, *(inputs[i] for i in wanted))
            return list(pull(cotangents))

        return pullback


class ProgramOp(Op):
    """A program as an operation, whose pullback needs all inputs."""

    pullback: Any = None

    def needs(self, i: int, count: int) -> set[int | str]:
        return set(range(count))

    def pull(self, i: int, numbers: int) -> Callable[..., Any]:
        """What questions to a graph ask: the cotangent of one input, on arrays."""

        def pulled(node: Any, ct: Any) -> Any:
            several = ct if isinstance(ct, tuple) else (ct,)
            inputs = [_new(a, None) for a in node.operands]
            return self.pullback.of(inputs, [_new(c, None) for c in several], (i,))[0]._data

        return pulled

    def plan(self, mask: int, numbers: int, count: int) -> Plan:
        plan = super().plan(mask, numbers, count)
        if plan.joint is None:
            plan.joint = self.pullback.joint
            plan.special = True
        return plan


def operation(run: Callable[..., Any], avals: Sequence[Any], pullback: Pullback) -> ProgramOp:
    """The operation. run: from the inputs' arrays to those of the outputs. avals: of these."""
    several = tuple(avals)
    made = several if len(several) != 1 else several[0]

    def forward(*arrays: Any) -> Any:
        results = run(arrays)
        return results[0] if len(results) == 1 else tuple(results)

    return ProgramOp(
        "compiled", "general", forward, (lambda ct: ct,), inputs=("xs",), variadic=True,
        outputs=len(several), exact=True, aval=lambda *_: made, pullback=pullback,
        no_torch="a function that wengert has compiled", grad_name="CompiledBackward0",
        explain="the slope of a compiled function, by a compiled pullback",
    )  # fmt: skip


def applied(op: ProgramOp, inputs: Sequence[Tensor], depends: Sequence[int]) -> list[Any]:
    """The outputs, recorded as those of one operation.

    depends: per output, a bit for each input that it has a derivative by; an output without any
    has no history.
    """
    outputs = apply(op, inputs, None)
    several = outputs if isinstance(outputs, tuple) else (outputs,)
    mask = sum((t._node is not None) << i for i, t in enumerate(inputs))
    return [o if bits & mask else o._bare() for o, bits in zip(several, depends, strict=True)]


def dependence(outputs: Sequence[Node], inputs: Sequence[Node]) -> list[int]:
    """Per output a bit for each input that it can have a derivative by."""
    bits = {node: 1 << i for i, node in enumerate(inputs)}
    for node in collect(outputs):
        if node not in bits:
            bits[node] = 0
            for i, source in enumerate(node.inputs):
                if source is not None and _passes(node, i):
                    bits[node] |= bits[source]
    return [bits[node] for node in outputs]


def _passes(node: Node, i: int) -> bool:
    """Whether a derivative by input i goes through a node."""
    if node.op.kind == "projection":
        return is_differentiable(node.aval.dtype)
    if not node.op.differentiable or node.op.rule(i) is None:
        return False
    return isinstance(node.aval, tuple) or is_differentiable(node.aval.dtype)
