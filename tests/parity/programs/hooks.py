"""Statements about hooks: on tensors, on nodes, on leaves, on several tensors; and backward()."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from parity.programs.drawing import EITHER, EVERYWHERE, INDEX, Choice, statement
from parity.programs.world import Variable, World, forget_gradients

CHANGES: dict[str, Callable[[Any], Any]] = {
    "observe": lambda g: None,
    "scale": lambda g: g * 2,
    "replace": lambda g: g.sin(),
    "same": lambda g: g,
}
CHANGE = Choice(tuple(CHANGES))


def differentiable(v: Variable) -> bool:
    """Whether hooks can hang on it.

    Not on one of several views: in torch their node is one, whose hooks get a gradient for each.
    """
    return v.tensor.requires_grad and not v.quiet and not v.several


def hang(world: World, register: Callable[..., Any], change: str) -> None:
    """Register a hook that notes the gradient that it is given and changes it."""
    number = len(world.handles)

    def hook(gradient: Any) -> Any:
        if gradient is None:
            return None
        world.log.append((number, gradient.detach().clone()))
        return CHANGES[change](gradient)

    world.handles.append(register(hook))


@statement(3, where=[EVERYWHERE], at=INDEX, change=CHANGE)
@dataclass(frozen=True)
class TensorHook:
    """x.register_hook(hook)"""

    at: int
    change: str

    def run(self, world: World, place: str) -> None:
        x = world.pick(self.at, differentiable)
        if x is not None:
            x.hooked = True
            hang(world, x.tensor.register_hook, self.change)


@statement(2, where=[EVERYWHERE], at=INDEX, change=CHANGE)
@dataclass(frozen=True)
class PreHook:
    """x.grad_fn.register_prehook(hook)"""

    at: int
    change: str

    def run(self, world: World, place: str) -> None:
        x = world.pick(self.at, differentiable)
        if x is None:
            return
        x.hooked = True
        number = len(world.handles)
        node = world.m.autograd.graph.get_gradient_edge(x.tensor).node
        world.kept.append(node)

        def hook(gradients: Any) -> Any:
            if gradients[0] is None:
                return None
            world.log.append((number, gradients[0].detach().clone()))
            changed = CHANGES[self.change](gradients[0])
            return None if changed is None else (changed,)

        world.handles.append(node.register_prehook(hook))


@statement(2, where=[EVERYWHERE], at=INDEX, change=CHANGE)
@dataclass(frozen=True)
class NodeHook:
    """x.grad_fn.register_hook(hook)

    It notes what comes into the node and changes what goes to the node's inputs: which inputs those
    are is each library's own affair, where one writes into views.
    """

    at: int
    change: str

    def run(self, world: World, place: str) -> None:
        x = world.pick(self.at, differentiable)
        if x is None or x.tensor.grad_fn is None:
            return
        x.hooked = True
        number = len(world.handles)

        def hook(inputs: Any, outputs: Any) -> Any:
            if outputs[0] is not None:
                world.log.append((number, outputs[0].detach().clone()))
            if self.change != "scale":
                return None
            return tuple(None if g is None else g * 2 for g in inputs)

        world.handles.append(x.tensor.grad_fn.register_hook(hook))


@statement(1, where=[EVERYWHERE], at=INDEX, how=Choice(("observe", "scale", "forget")))
@dataclass(frozen=True)
class AfterAccumulation:
    """leaf.register_post_accumulate_grad_hook(hook)"""

    at: int
    how: str

    def run(self, world: World, place: str) -> None:
        if not world.leaves:
            return
        leaf, number = world.leaves[self.at % len(world.leaves)], len(world.handles)

        def hook(leaf: Any) -> None:
            if leaf.grad is None:
                return
            world.log.append((number, leaf.grad.detach().clone()))
            if self.how == "scale":
                leaf.grad = leaf.grad * 2
            elif self.how == "forget":
                leaf.grad = None

        world.handles.append(leaf.register_post_accumulate_grad_hook(hook))


@statement(1, where=[EVERYWHERE], at=INDEX, other=INDEX, mode=Choice(("all", "any")))
@dataclass(frozen=True)
class MultiGradHook:
    """register_multi_grad_hook((x, y), hook)"""

    at: int
    other: int
    mode: str

    def run(self, world: World, place: str) -> None:
        def inner(v: Variable) -> bool:  # torch.autograd.grad() raises where such a hook has leaves
            return differentiable(v) and not v.tensor.is_leaf

        x, y = world.pick(self.at, inner), world.pick(self.other, inner)
        if x is None or y is None:
            return
        x.hooked = y.hooked = True
        number = len(world.handles)

        def hook(given: Any) -> None:
            for g in given if isinstance(given, (list, tuple)) else [given]:
                if g is not None:
                    world.log.append((number, g.detach().clone()))

        register = world.m.autograd.graph.register_multi_grad_hook
        world.handles.append(register((x.tensor, y.tensor), hook, mode=self.mode))


@statement(1, where=[EVERYWHERE], at=INDEX)
@dataclass(frozen=True)
class Remove:
    """handle.remove()"""

    at: int

    def run(self, world: World, place: str) -> None:
        if world.handles:
            world.handles[self.at % len(world.handles)].remove()


@statement(1, where=[EVERYWHERE], at=INDEX, leaf=INDEX, create_graph=EITHER, alone=EITHER)
@dataclass(frozen=True)
class Backward:
    """x.sum().backward(), for all leaves or for one alone; g = leaf.grad"""

    at: int
    leaf: int
    create_graph: bool
    alone: bool

    def run(self, world: World, place: str) -> None:
        x = world.pick(self.at, differentiable)
        if x is None or not world.leaves:
            return
        world.second_order |= self.create_graph
        world.deep = world.second_order
        leaf, seen = world.leaves[self.leaf % len(world.leaves)], len(world.log)
        try:
            x.tensor.sum().backward(
                retain_graph=True,
                create_graph=self.create_graph,
                inputs=[leaf] if self.alone else None,
            )
        except RuntimeError:
            # What a pass leaves that fails halfway is its own affair: nothing here, some in torch.
            forget_gradients(world)
            del world.log[seen:]
            raise
        found = world.m.zeros_like(leaf) if leaf.grad is None else leaf.grad
        world.new(found.detach().clone())
