"""Random programs with hooks of every kind: what is called, in which order, with which gradients.

A program is a seed: both modules draw the same operations and hooks from it, and their logs must be
equal. Three thousand of them were, by hand.
"""

from __future__ import annotations

import random

import pytest
import torch

import wengert

pytestmark = pytest.mark.filterwarnings("ignore:Using backward")

PROGRAMS = 300

OPERATIONS = {
    "mul": lambda m, a, b: a * b,
    "add": lambda m, a, b: a + b,
    "sub": lambda m, a, b: a - b,
    "neg": lambda m, a, b: -a,
    "sin": lambda m, a, b: a.sin(),
    "scale": lambda m, a, b: a * 1.5,
    "maximum": lambda m, a, b: m.maximum(a, b),
    "detach": lambda m, a, b: a.detach() * b,
    "stack": lambda m, a, b: m.stack([a, b]).sum(0),
    "unbind": lambda m, a, b: m.stack([a, b, a]).unbind(0)[1] * 1,
    "view": lambda m, a, b: a.view(3, 1).squeeze(1) * 2,
}


class Program:
    """One program, run in one of the two modules."""

    def __init__(self, m, seed):
        self.m = m
        self.random = random.Random(seed)
        self.log = []
        self.hooks = 0
        self.retained = []
        self.leaves = [self.leaf() for _ in range(self.random.randint(1, 4))]

    def run(self):
        """The log, and all gradients afterwards."""
        for x in self.leaves:
            if self.random.random() < 0.4:
                x.register_post_accumulate_grad_hook(self.hook(1))
            self.hang_hooks(x)
        made = list(self.leaves)
        for _ in range(self.random.randint(1, 9)):
            made.append(self.step(made))
        self.differentiate([t for t in made[-3:] if t.requires_grad] or made[:1])
        return self.log, numbers([t.grad for t in self.leaves + self.retained])

    def leaf(self):
        values = [self.random.choice([0.5, 1.0, 2.0]) for _ in range(3)]
        return self.m.tensor(values, dtype=self.m.float64, requires_grad=True)

    def step(self, made):
        """One more operation on what there is, sometimes followed by one in place."""
        name = self.random.choice(list(OPERATIONS))
        y = OPERATIONS[name](self.m, self.random.choice(made), self.random.choice(made))
        if self.random.random() < 0.1:
            self.hang_hooks(y)
            y.mul_(1.5)
        self.hang_hooks(y)
        return y

    def hang_hooks(self, tensor):
        """None, one or two hooks of any kind; sometimes the gradient is retained."""
        node = tensor.grad_fn
        for _ in range(self.random.choice([0, 0, 1, 1, 2])):
            kind, factor = self.random.choice("ttba"), self.random.choice([1, 1, 2])
            if kind == "t" and tensor.requires_grad:
                tensor.register_hook(self.hook(factor))
            elif kind == "b" and node is not None:
                node.register_prehook(self.hook(factor))
            elif node is not None:
                node.register_hook(self.hook(factor))
        if node is not None and self.random.random() < 0.2:
            tensor.retain_grad()
            self.retained.append(tensor)

    def hook(self, factor):
        """Notes what it is given, and returns the first argument times the factor."""
        number = self.hooks = self.hooks + 1

        def hook(*given):
            self.log.append((number, numbers(given)))
            return None if factor == 1 else times(given[0], factor)

        return hook

    def differentiate(self, outputs):
        """Backward or grad, in one of their forms."""
        loss = sum(t.sum() for t in outputs)
        how = self.random.choice(["backward", "inputs", "create_graph", "grad"])
        if how == "inputs":
            loss.backward(inputs=[self.random.choice(self.leaves)])
        elif how == "grad":
            grad = self.m.autograd.grad
            self.log.append(numbers(grad(loss, self.leaves, allow_unused=True)))
        else:
            loss.backward(create_graph=how == "create_graph")


def numbers(value):
    """The values of tensors, wherever they are in it; of leaves, what has been accumulated."""
    if isinstance(value, (tuple, list)):
        return [numbers(v) for v in value]
    if value is None:
        return None
    shown = value.grad if value.is_leaf and value.requires_grad else value
    return [round(v, 6) for v in shown.detach().reshape(-1).tolist()]


def times(value, factor):
    if isinstance(value, tuple):
        return tuple(None if v is None else v * factor for v in value)
    return value * factor


def test_programs_with_hooks():
    for seed in range(PROGRAMS):
        assert Program(wengert, seed).run() == Program(torch, seed).run(), f"program {seed}"
