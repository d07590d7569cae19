"""Draw the pictures of the documentation, each from a live computation.

- python tools/gallery.py            writes docs/pictures/*.svg
- python tools/gallery.py --check    exits 1 if one is not what is drawn now
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import wengert as wg

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"


def founding() -> wg.Graph:
    """e = (a + b) * (b + 1) at a = 2, b = 1."""
    a = wg.tensor([2.0], requires_grad=True)
    b = wg.tensor([1.0], requires_grad=True)
    c = a + b
    d = b + 1
    e = c * d
    return wg.graph(e, a=a, b=b, c=c, d=d, e=e)


def square() -> wg.Graph:
    """One input used twice by one operation: two edges."""
    x = wg.tensor(3.0, requires_grad=True)
    y = x * x
    return wg.graph(y)


def layer() -> wg.Graph:
    """An affine layer with a nonlinearity and a loss."""
    x = wg.tensor([[0.5, -1.0, 2.0], [1.0, 0.0, -0.5]])
    y = wg.tensor([[0.2], [-0.3]])
    W = wg.tensor([[0.1], [-0.5], [0.3]], requires_grad=True)
    bias = wg.tensor([0.05], requires_grad=True)
    h = wg.tanh(x @ W + bias)
    loss = ((h - y) ** 2).mean()
    return wg.graph(loss, x=x, y=y, W=W, bias=bias, h=h, loss=loss)


def network() -> wg.Graph:
    """A training step of a network with three hidden layers, regularised."""
    x = wg.ones(32, 64)
    y = wg.zeros(32, dtype=wg.int64)
    sizes = [64, 48, 32, 24, 10]
    penalty = wg.tensor(0.0)
    named = {"x": x, "y": y}
    h = x
    for i, (n, m) in enumerate(pairwise(sizes), start=1):
        W = wg.full((n, m), 0.01, requires_grad=True)
        b = wg.zeros(m, requires_grad=True)
        named |= {f"W{i}": W, f"b{i}": b}
        h = h @ W + b
        if i < len(sizes) - 1:
            h = wg.relu(h)
        penalty = penalty + W.square().sum()
    loss = -wg.log_softmax(h, 1)[:, 0].mean() + 1e-4 * penalty
    return wg.graph(loss, loss=loss, **named)


def pictures() -> Iterator[tuple[str, str]]:
    """Per file its name and its text."""
    g = founding()
    yield "expression.svg", g.draw(values=False).svg()
    yield "values.svg", g.draw().svg()
    yield "derivatives.svg", g.draw(derivatives=True).svg()
    paths = g.draw(derivatives=True, paths=("b", "e"))
    yield "paths.svg", paths.svg()
    yield "paths-dark.svg", paths.svg("dark")
    yield "square.svg", square().draw(derivatives=True).svg()
    yield "layer.svg", layer().draw().svg()
    yield "layer-derivatives.svg", layer().draw(derivatives=True).svg()
    yield "network.svg", network().draw().svg()
    yield "network-dark.svg", network().draw(values=False).svg("dark")


def main() -> int:
    """Write or check every picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="fail if a picture is stale")
    check = parser.parse_args().check
    PICTURES.mkdir(exist_ok=True)
    stale = []
    for name, text in pictures():
        path = PICTURES / name
        if not path.exists() or path.read_text() != text:
            stale.append(name)
            if not check:
                path.write_text(text)
    for name in stale:
        print(("stale: " if check else "written: ") + name)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
