"""A program as one operation of eager autograd, whose pullback is compiled, too."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from wengert.compiler.arguments import Parameters
from wengert.compiler.backend.locks import RenewedLock
from wengert.compiler.entering import Direct
from wengert.compiler.partition import Parts, partitioned
from wengert.compiler.tracing import trace
from wengert.core import record
from wengert.core.aval import stand_in
from wengert.core.handles import _new
from wengert.core.op import Op, Plan
from wengert.core.tensor import Tensor
from wengert.errors import TraceError
from wengert.func import vjp
from wengert.modes import current, silently
from wengert.transform.residuals import Rewrapped, check_residuals

if TYPE_CHECKING:
    from wengert.compiler.program import Program

Replay = Callable[[Sequence[Tensor]], list[Any]]
Compile = Callable[[Callable[..., Any]], Callable[..., Any]]
Run = Callable[["Program", Sequence[Any]], list[Any]]
Build = Callable[[Any], "Program"]


class Pullback:
    """The pullback of a program, from its inputs: for each set of them a compiled function.

    replay: the program's outputs by its operations, on tensors.
    """

    def __init__(self, replay: Replay, compile: Compile) -> None:
        self._replay = replay
        self._compile = compile
        self._made: dict[Any, Callable[..., Any]] = {}
        self._lock = RenewedLock()

    def of(
        self, inputs: Sequence[Any], cotangents: Sequence[Any], wanted: Sequence[int]
    ) -> list[Any]:
        """The cotangents of the wanted inputs. cotangents: per output, None where it is zero."""
        given = tuple(i for i, c in enumerate(cotangents) if c is not None)
        key = tuple(wanted), given
        with self._lock:
            if key not in self._made:
                self._made[key] = self._compile(written(self._replay, *key))
        found: list[Any] = self._made[key](list(inputs), [cotangents[i] for i in given])
        return found


def written(
    replay: Replay, wanted: tuple[int, ...], given: tuple[int, ...], outputs: bool = False
) -> Callable[..., Any]:
    """The pullback as a function to be compiled. outputs: with all outputs before it."""

    def pullback(inputs: list[Any], cotangents: list[Any]) -> list[Any]:
        made: list[Any] = []

        def run(*chosen: Any) -> list[Any]:
            values = list(inputs)
            for i, value in zip(wanted, chosen, strict=True):
                values[i] = value
            made[:] = replay(values)
            return [made[i] for i in given]

        _, pull = vjp(run, *(inputs[i] for i in wanted))
        gradients = list(pull(cotangents))
        return [*replay(inputs), *gradients] if outputs else gradients

    return pullback


class Recording:
    """How a program is recorded where some of its inputs have a history.

    It runs in two parts, and what the second one needs of the first is kept on the node. Where more
    is asked than gradients, or the gradients of some outputs only, the pullback starts from the
    inputs again; so it does where it cannot be traced, which is said when it is asked. mask: a bit
    for each input that has a history. build, run: make a program, and run one. direct: whether
    arrays may go straight to native code, without `run`.
    """

    def __init__(
        self, program: Program, mask: int, pullback: Pullback, build: Build, run: Run, direct: bool
    ) -> None:
        self._program = program
        self._run = run
        self._pullback = pullback
        self._depends = program.depends
        self._wanted = tuple(i for i in range(len(program.leaves)) if mask >> i & 1)
        self._given = tuple(i for i, bits in enumerate(self._depends) if bits & mask)
        self._avals = [node.aval for node in program.traced.outputs()]
        self._forward = self._backward = program
        self._parts: Parts | None = None
        with suppress(TraceError):
            self._parts = self._partitioned()
            self._forward = build(self._parts.forward)
            self._backward = build(self._parts.backward)
        self._ahead, self._back = (
            Direct(part, functools.partial(self._through, part), direct)
            for part in (self._forward, self._backward)
        )
        self._op = operation(
            lambda arrays: run(program, arrays[: len(program.leaves)]), self._avals, self
        )

    def _partitioned(self) -> Parts:
        leaves, avals = self._program.leaves, self._avals
        joint = written(self._program.replay, self._wanted, self._given, outputs=True)
        examples = (
            [_example(leaf.aval) for leaf in leaves],
            [_example(avals[i]) for i in self._given],
        )
        call = Parameters(joint, ()).call(examples, {})
        return partitioned(trace(joint, call, "a pullback"), len(leaves), len(avals))

    def __call__(self, inputs: Sequence[Tensor]) -> list[Any]:
        """The outputs, recorded as those of one operation; those that cannot have no history."""
        arrays = [t._data for t in inputs]
        if self._parts is None:  # what the program closes over is among the inputs
            results = self._through(self._program, arrays)
        else:
            results = self._ahead.call(*arrays)
        count = len(self._avals)
        residuals = [_new(array, None) for array in results[count:]]
        outputs = self._noted([*inputs, *residuals], results[:count])
        given = set(self._given)
        return [o if i in given else o._bare() for i, o in enumerate(outputs)]

    def _through(self, program: Program, arrays: Sequence[Any]) -> list[Any]:
        results: list[Any] = silently(self._run, program, arrays)
        return results

    def _noted(self, args: Sequence[Tensor], results: Sequence[Any]) -> Sequence[Tensor]:
        state = current()
        if len(results) == 1:
            out = _new(results[0], None)
            record.note(self._op, args, None, out, state)
            return [out]
        return record.note_several(self._op, args, tuple(results), state)

    # The pullback

    def joint(self, node: Any, cotangents: Sequence[Any], wanted: Sequence[int]) -> list[Any]:
        """The cotangents of the wanted inputs, None for one that nothing depends on.

        cotangents: per output, None where it is zero.
        """
        state = current()
        is_plain = not (state.grad or state.levels) and all(
            cotangents[i] is not None and not cotangents[i]._level for i in self._given
        )
        if self._parts is not None and is_plain and set(wanted) <= set(self._wanted):
            return self._at_once(self._parts, node, cotangents, wanted)
        seen = check_residuals(node)
        operands = Rewrapped(node, seen, history=state.grad).operands
        inputs = [operands[i] for i in range(len(self._program.leaves))]
        mask = self._reached(cotangents)
        reached = [i for i in wanted if mask >> i & 1]
        found = dict(zip(reached, self._pullback.of(inputs, cotangents, reached), strict=True))
        return [found.get(i) for i in wanted]

    def _at_once(
        self, parts: Parts, node: Any, cotangents: Sequence[Any], wanted: Sequence[int]
    ) -> list[Any]:
        """The same by the second part."""
        count = len(self._program.leaves)
        unread = set(range(count)) - set(parts.needed)
        operands = check_residuals(node, unread).operands or ()
        arrays = [
            *(operands[i] for i in parts.needed), *operands[count:],
            *(cotangents[i]._data for i in self._given),
        ]  # fmt: skip
        results = self._back.call(*arrays)
        found = dict(zip(self._wanted, results, strict=True))
        mask = self._reached(cotangents)
        return [_new(found[i], None) if mask >> i & 1 else None for i in wanted]

    def _reached(self, cotangents: Sequence[Any]) -> int:
        """A bit for each input that an output with a cotangent depends on."""
        given = (bits for bits, c in zip(self._depends, cotangents, strict=True) if c is not None)
        return functools.reduce(operator.or_, given, 0)

    def of(self, node: Any, cotangents: Sequence[Any], i: int) -> Any:
        """What questions to a graph ask: the cotangent of one input, on arrays."""
        inputs = [_new(a, None) for a in node.operands[: len(self._program.leaves)]]
        return self._pullback.of(inputs, cotangents, (i,))[0]._data


def _example(aval: Any) -> Tensor:
    return _new(stand_in(aval), None)


class ProgramOp(Op):
    """A program as an operation, whose pullback needs all inputs."""

    pullback: Any = None

    def needs(self, i: int, count: int) -> set[int | str]:
        return set(range(count))

    def pull(self, i: int, numbers: int) -> Callable[..., Any]:
        """What questions to a graph ask: the cotangent of one input, on arrays."""

        def pulled(node: Any, ct: Any) -> Any:
            several = ct if isinstance(ct, tuple) else (ct,)
            return self.pullback.of(node, [_new(c, None) for c in several], i)

        return pulled

    def plan(self, mask: int, numbers: int, count: int) -> Plan:
        plan = super().plan(mask, numbers, count)
        if plan.joint is None:
            plan.joint = self.pullback.joint
            plan.special = True
        return plan


def operation(run: Callable[..., Any], avals: Sequence[Any], pullback: Recording) -> ProgramOp:
    """The operation. run: from the inputs' arrays to those of the outputs. avals: of these.

    Behind its inputs the operation has residuals, which `run` makes nothing of.
    """
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
