"""Statements about what is saved: hooks on it, checkpoints, and Functions that save themselves."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from parity.functions import custom
from parity.programs.drawing import EVERYWHERE, INDEX, INSIDE, PLAIN, PURE, Body, Choice, statement
from parity.programs.transforms import inner, small
from parity.programs.world import World


@statement(1, where=[EVERYWHERE], statements=Body(PLAIN))
@dataclass(frozen=True)
class SavedHooks:
    """with saved_tensors_hooks(pack, unpack): ...

    Packing copies: which values an operation saves, and so which would be stale, is each library's
    own affair.
    """

    statements: Any

    def run(self, world: World, place: str) -> None:
        hooks = world.m.autograd.graph.saved_tensors_hooks
        with hooks(lambda x: (x.detach().clone(),), lambda packed: packed[0]):
            world.run(self.statements, place)


@statement(1, where=[EVERYWHERE], at=INDEX, other=INDEX, statements=Body(PURE))
@dataclass(frozen=True)
class Checkpoint:
    """z = checkpoint(f, x, y)

    f writes nothing: torch does not see that what it saved was written into before it ended.
    """

    at: int
    other: int
    statements: Any

    def run(self, world: World, place: str) -> None:
        x, y = world.pick(self.at, small), world.pick(self.other, small)
        if x is None or y is None:
            return
        f = inner(world, self.statements, place)
        checkpoint = world.m.utils.checkpoint.checkpoint
        # Copies: torch recomputes with what has been written into them since, and says nothing.
        for result in checkpoint(f, x.tensor.clone(), y.tensor.clone(), use_reentrant=False):
            world.new(result.clone())


@functools.cache
def functions(m: Any) -> dict[str, Any]:
    """One Function for each way of returning, saving and writing."""

    def save(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    def save_output(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(output)
        ctx.save_for_forward(output)

    def save_both(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(inputs[0], output[0])
        ctx.save_for_forward(inputs[0], output[0])

    def dirty(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.mark_dirty(*inputs)

    def nothing(ctx: Any, inputs: Any, output: Any) -> None:
        pass

    def square(ctx: Any, g: Any) -> Any:
        return 2 * ctx.saved_tensors[0] * g

    def exp(ctx: Any, g: Any) -> Any:
        return 0.1 * ctx.saved_tensors[0] * g

    def of_both(ctx: Any, g: Any, h: Any) -> Any:
        x, y = ctx.saved_tensors
        return g * 2 + h * y + x * 0

    def to_both(ctx: Any, t: Any) -> Any:
        return t * 2, t * ctx.saved_tensors[1]

    made = functools.partial(custom, m, generate_vmap_rule=True)
    return {
        "square": made(lambda x: x * x, square, save, jvp=square),
        "exp": made(lambda x: (x * 0.1).exp(), exp, save_output, jvp=exp),
        "both": made(lambda x: (x * 2, x * x), of_both, save_both, jvp=to_both),
        "double_": made(lambda x: x.mul_(2), lambda ctx, g: g * 2, dirty),
        "same": made(lambda x: x, lambda ctx, g: g * 3, nothing),
        "view": made(lambda x: x.view_as(x), lambda ctx, g: g * 3, nothing),
    }


# Inside a function that is transformed, what writes, or gives back its input, needs rules that say
# so too: tests/parity/test_function_transforms.py.
@statement(
    2,
    where=[EVERYWHERE, PLAIN],
    name=Choice(("square", "exp", "both", "double_", "same", "view")),
    at=INDEX,
)
@statement(1, where=[INSIDE], name=Choice(("square", "exp", "both")), at=INDEX)
@dataclass(frozen=True)
class Custom:
    """y = Custom.apply(x)"""

    name: str
    at: int

    def run(self, world: World, place: str) -> None:
        writes = self.name == "double_"
        x = world.target(self.at) if writes else world.pick(self.at)
        if x is None or world.forward > 1:  # torch takes the tangent of its jvp's result for zero
            return
        # Under no_grad, what is a view of what is different in torch if forward returns its input.
        if self.name in ("double_", "same") and not world.m.is_grad_enabled():
            return
        results = functions(world.m)[self.name].apply(x.tensor)
        for result in results if isinstance(results, tuple) else [results]:
            if result is x.tensor:
                continue
            if self.name in ("same", "view"):
                world.alias(result, x, expanded=x.expanded)
            else:
                world.new(result).several = self.name == "both"
