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


def linear(x: wg.Tensor, m: int, name: str) -> wg.Tensor:
    """An affine layer, filed under its name."""
    with wg.scope(name):
        W = wg.randn(x.shape[-1], m, requires_grad=True)
        b = wg.zeros(m, requires_grad=True)
        return x @ W / x.shape[-1] ** 0.5 + b


@wg.scope("softmax")
def softmax(s: wg.Tensor) -> wg.Tensor:
    """The maximum is taken off first, so that nothing overflows."""
    e = (s - s.amax(-1, keepdim=True)).exp()
    return e / e.sum(-1, keepdim=True)


@wg.scope("norm")
def norm(x: wg.Tensor) -> wg.Tensor:
    """Each row divided by its root mean square, and scaled."""
    scale = wg.ones(x.shape[-1], requires_grad=True)
    return x / (x.square().mean(-1, keepdim=True) + 1e-5).sqrt() * scale


@wg.scope("attention")
def attention(x: wg.Tensor) -> wg.Tensor:
    """One head."""
    q, k, v = (linear(x, 16, name) for name in ("query", "key", "value"))
    return linear(softmax(q @ k.transpose(0, 1) / 4) @ v, 16, "out")


@wg.scope("mlp")
def mlp(x: wg.Tensor) -> wg.Tensor:
    """Wider in the middle."""
    return linear(wg.tanh(linear(x, 64, "up")), 16, "down")


def transformer() -> wg.Graph:
    """Twelve blocks of attention and a network, a head and a loss: 700 nodes."""
    wg.manual_seed(0)
    x = wg.randn(8, 16, requires_grad=True)
    y = wg.randn(8, 10)
    h = linear(x, 16, "embed")
    for i in range(12):
        with wg.scope(f"block{i}"):
            h = h + attention(norm(h))
            h = h + mlp(norm(h))
    logits = linear(norm(h), 10, "head")
    with wg.scope("loss"):
        loss = (softmax(logits) - y).square().mean()
    return wg.graph(loss, x=x, y=y, logits=logits, loss=loss)


def sigmoids() -> wg.Graph:
    """A deep network of sigmoids: the gradient vanishes on its way down."""
    h = x = wg.ones(4, 8, requires_grad=True)
    for i in range(6):
        with wg.scope(f"layer{i}"):
            W = wg.full((8, 8), 0.25, requires_grad=True)
            h = wg.sigmoid(h @ W)
    loss = h.sum()
    return wg.graph(loss, x=x, loss=loss)


def not_finite() -> wg.Graph:
    """The branch that where() does not take, and a dead relu."""
    a = wg.tensor([4.0, 0.0], requires_grad=True)
    b = wg.tensor([1.0, 2.0], requires_grad=True)
    r = wg.sqrt(a)
    y = wg.where(a > 0, r, wg.zeros(2))
    z = wg.relu(-b)
    loss = (y + z).sum()
    return wg.graph(loss, a=a, b=b, r=r, y=y, z=z, loss=loss)


def classifier() -> wg.Graph:
    """A softmax, filed under its name."""
    s = wg.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    t = s * 2
    p = softmax(t)
    loss = -p[:, 0].log()
    return wg.graph(loss, s=s, t=t, p=p, loss=loss)


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
    yield from large()


def large() -> Iterator[tuple[str, str]]:
    """Pictures with collapsed scopes, of gradients, and turned ones."""
    t = transformer()
    yield "transformer.svg", t.draw(values=False, collapse=True).svg()
    inside = ("block0/attention",)
    yield "transformer-open.svg", t.draw(values=False, collapse=True, open=inside).svg()
    yield "softmax.svg", classifier().draw(collapse=True).svg()
    deep = sigmoids().draw(collapse=True, open=("layer*",), values=False, gradients=True)
    yield "gradients.svg", deep.svg()
    yield "gradients-dark.svg", deep.svg("dark")
    blocks = t.draw(values=False, collapse=True, open=("block0",), gradients=True)
    yield "transformer-gradients.svg", blocks.svg()
    yield "not-finite.svg", not_finite().draw(gradients=True).svg()
    yield "right.svg", founding().draw(derivatives=True, orientation="right").svg()
    yield "down.svg", founding().draw(orientation="down").svg()


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
