"""Scenes that the tests of drawing share."""

from __future__ import annotations

import random

from wengert.draw import Box, Label, Link, Scene
from wengert.draw.heat import Heat, Legend


def founding(*, labels: bool = True, values: bool = True, path: bool = False) -> Scene:
    """e = (a + b) * (b + 1) at a = 2, b = 1; `path` highlights the paths from b to e."""

    def lines(value: str) -> tuple[str, ...]:
        return (value,) if values else ()

    def label(symbol: str, value: str) -> Label | None:
        return Label(symbol, value) if labels else None

    boxes = [
        Box("input", "a = 2" if values else "a"),
        Box("input", "b = 1" if values else "b"),
        Box("operation", "c = a + b", lines("3")),
        Box("operation", "d = b + 1", lines("2")),
        Box("output", "e = c * d", lines("6")),
    ]
    links = [
        Link(0, 2, label("∂c/∂a", "1")),
        Link(1, 2, label("∂c/∂b", "1"), path),
        Link(1, 3, label("∂d/∂b", "1"), path),
        Link(2, 4, label("∂e/∂c", "2"), path),
        Link(3, 4, label("∂e/∂d", "3"), path),
    ]
    return Scene(boxes, links, "e = (a + b) * (b + 1)")


def square(*, labels: bool = True) -> Scene:
    """x * x: two links between the same boxes."""
    label = Label("∂y/∂x", "3") if labels else None
    boxes = [Box("input", "x = 3"), Box("output", "y = x * x", ("9",))]
    return Scene(boxes, [Link(0, 1, label), Link(0, 1, label)])


def diamond() -> Scene:
    boxes = [
        Box("input", "x"),
        Box("operation", "u = x + 1"),
        Box("operation", "v = x * 2"),
        Box("output", "y = u * v"),
    ]
    return Scene(boxes, [Link(0, 1), Link(0, 2), Link(1, 3), Link(2, 3)])


def chain(count: int) -> Scene:
    """h0 -> h1 -> ...; `count` operations."""
    boxes = [Box("input", "h0")]
    boxes += [Box("operation", f"h{i} = tanh(h{i - 1})") for i in range(1, count + 1)]
    return Scene(boxes, [Link(i, i + 1) for i in range(count)])


def fan(count: int, *, labels: bool = True) -> Scene:
    """A sum of `count` inputs."""
    boxes = [Box("input", f"x{i} = {i}") for i in range(count)]
    boxes.append(Box("output", "s = sum(x)", ("66",)))
    links = [Link(i, count, Label(f"∂s/∂x{i}", "1") if labels else None) for i in range(count)]
    return Scene(boxes, links)


def collapsed(orientation: str = "up") -> Scene:
    """Scopes with ports, coloured by gradients of every kind, and a legend."""
    boxes = [
        Box("input", "x", ("gradient 0",), heat=Heat(0, "zero")),
        Box("scope", "embed", ("gather, add", "2 operations, 2 parameters"), heat=Heat(0)),
        Box("scope", "block0 .. block11 × 12", ("attention, mlp",), "hint", Heat(2)),
        Box("parameter", "W", ("8×8",), heat=Heat(-1)),
        Box("operation", "h = k @ W", ("gradient nan",), heat=Heat(4, "nan")),
        Box("constant", "c"),
        Box("output", "e = h + q + c", ("gradient inf",), heat=Heat(4, "infinite")),
    ]
    links = [
        Link(0, 1, enters="in: x (3 float32)\nused by v1 = gather(x)"),
        Link(1, 2, None, True, "out: v2 (3 float32)", "in: v2 (3 float32)"),
        Link(2, 4, None, True, "out: k (8 float32)"),
        Link(2, 6, leaves="out: q (8 float32)"),
        Link(3, 4),
        Link(4, 6, Label("", "2 of 5"), True),
        Link(5, 6),
    ]
    steps = ((0, "below 1"), (2, "1 to 10"), (4, "above 10"))
    legend = Legend("norm of ∂e/∂node, median", steps, ("zero", "infinite", "nan"), True)
    return Scene(boxes, links, "a collapsed graph", orientation, legend)


class Builder:
    """Adds boxes one by one, with links from their operands."""

    def __init__(self) -> None:
        self.boxes: list[Box] = []
        self.links: list[Link] = []

    def add(self, kind: str, title: str, *operands: int, line: str = "") -> int:
        self.boxes.append(Box(kind, title, (line,) if line else ()))
        place = len(self.boxes) - 1
        self.links += [Link(operand, place) for operand in operands]
        return place

    def scene(self) -> Scene:
        return Scene(self.boxes, self.links)


def network(layers: int = 6) -> Scene:
    """A network, its loss and its weights' squares: 66 boxes by default."""
    build = Builder()
    hidden = build.add("input", "x", line="(32, 784)")
    sums = []
    for layer in range(1, layers + 1):
        weight = build.add("parameter", f"W{layer}", line="(784, 128) norm 3.21")
        turned = build.add("operation", "transpose", weight)
        product = build.add("operation", "matmul", hidden, turned, line="(32, 128) norm 1.2")
        bias = build.add("parameter", f"b{layer}", line="(128,)")
        hidden = build.add("operation", "add", product, bias)
        if layer < layers:
            hidden = build.add("operation", "relu", hidden)
        sums.append(build.add("operation", "sum", build.add("operation", "square", weight)))
    largest = build.add("operation", "max", hidden)
    shifted = build.add("operation", "sub", hidden, largest)
    total = build.add("operation", "sum", build.add("operation", "exp", shifted))
    scores = build.add("operation", "log_softmax", shifted, build.add("operation", "log", total))
    picked = build.add("operation", "gather", scores, build.add("input", "y", line="(32,)"))
    penalty = sums[0]
    for square_sum in sums[1:]:
        penalty = build.add("operation", "add", penalty, square_sum)
    scaled = build.add("operation", "mul", penalty, build.add("constant", "λ = 1e-4"))
    mean = build.add("operation", "neg", build.add("operation", "mean", picked))
    build.add("output", "loss", mean, scaled, line="2.314")
    return build.scene()


def residual(blocks: int) -> Scene:
    """h = h + relu(h @ W), again and again."""
    build = Builder()
    hidden = build.add("input", "h0")
    for block in range(1, blocks + 1):
        weight = build.add("parameter", f"W{block}")
        product = build.add("operation", f"m{block} = h{block - 1} @ W{block}", hidden, weight)
        active = build.add("operation", f"r{block} = relu(m{block})", product)
        title = f"h{block} = h{block - 1} + r{block}"
        hidden = build.add("operation", title, hidden, active)
    return build.scene()


def tangle(seed: int, count: int, *, labels: bool = False) -> Scene:
    """A random graph: each box uses up to three earlier ones, the same one twice now and then."""
    rng = random.Random(seed)
    boxes: list[Box] = []
    links: list[Link] = []
    for place in range(count):
        reach = rng.choice([2, 5, 20])
        operands = [
            rng.randint(max(0, place - reach), place - 1) for _ in range(rng.randint(0, 3)) if place
        ]
        kinds = ("operation", "output", "constant") if operands else ("input", "parameter")
        lines = ("(3, 4)",) * rng.randint(0, 2)
        boxes.append(Box(rng.choice(kinds), f"{'v' * rng.randint(1, 9)}{place}", lines))
        for operand in operands:
            label = Label(f"∂{place}/∂{operand}", "1." + "2" * rng.randint(0, 6))
            links.append(Link(operand, place, label if labels and rng.random() < 0.7 else None))
    return Scene(boxes, links)
