"""A network that reads handwritten digits, from tensors and operations alone.

1,797 scanned digits of 8 x 8 pixels (data/README.md); a quarter of them is held out and never
trained on. The network has one hidden layer; the descent is written out in full:

    python examples/digits.py
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

import wengert as wg

DIGITS = Path(__file__).parent / "data" / "digits.csv.gz"
EPOCHS = 20
BATCH = 8
RATE = 0.3
NOISE = 0.2


class Digits(NamedTuple):
    """Images as numbers from 0 (blank) to 1 (ink), (n, 64), and the digits they show, (n,)."""

    x: wg.Tensor
    y: wg.Tensor


class Parameters(NamedTuple):
    """Two layers: 64 pixels to the hidden units, and these to 10 logits."""

    W1: wg.Tensor
    b1: wg.Tensor
    W2: wg.Tensor
    b2: wg.Tensor


class Epoch(NamedTuple):
    """Where the training stands: the epoch's mean loss, the share of held-out digits read right."""

    number: int
    loss: float
    accuracy: float

    def __str__(self) -> str:
        return f"epoch {self.number:2}   loss {self.loss:.4f}   held out {self.accuracy:6.2%}"


def load() -> tuple[Digits, Digits]:
    """Those to train on, and the held-out quarter; always the same ones."""
    rows = np.loadtxt(DIGITS, delimiter=",", dtype=np.float32)
    x = wg.from_numpy(rows[:, :-1] / 16)
    y = wg.from_numpy(rows[:, -1].astype(np.int64))

    order = wg.randperm(len(y), generator=wg.Generator().manual_seed(0))
    held_out, training = order[: len(y) // 4], order[len(y) // 4 :]
    return Digits(x[training], y[training]), Digits(x[held_out], y[held_out])


def initial_parameters(hidden: int = 32) -> Parameters:
    """Random weights, scaled so that the signal keeps its size from layer to layer."""
    W1 = (wg.randn(64, hidden) * math.sqrt(2 / 64)).requires_grad_()
    b1 = wg.zeros(hidden, requires_grad=True)
    W2 = (wg.randn(hidden, 10) * math.sqrt(1 / hidden)).requires_grad_()
    b2 = wg.zeros(10, requires_grad=True)
    return Parameters(W1, b1, W2, b2)


def network(x: wg.Tensor, parameters: Parameters, detach_hidden: bool = False) -> wg.Tensor:
    """The logits, (n, 10). `detach_hidden` is a mistake made on purpose, for the demo."""
    W1, b1, W2, b2 = parameters
    if detach_hidden:
        h = wg.relu(x @ W1 + b1).detach()
    else:
        h = wg.relu(x @ W1 + b1)
    return h @ W2 + b2


def cross_entropy(logits: wg.Tensor, y: wg.Tensor) -> wg.Tensor:
    """How surprised the network is by the right digits, on average: -log p(y)."""
    log_p = wg.log_softmax(logits, dim=1)
    return -log_p.gather(1, y[:, None]).mean()


def descend(parameters: Parameters, rate: float) -> None:
    """One step against the gradient, in place."""
    with wg.no_grad():
        for p in parameters:
            # A parameter that the loss does not depend on is left alone, as torch's optimisers do.
            if p.grad is not None:
                p -= rate * p.grad
                p.grad = None


def train(
    parameters: Parameters,
    training: Digits,
    held_out: Digits,
    epochs: int = EPOCHS,
    detach_hidden: bool = False,
) -> Iterator[Epoch]:
    """Stochastic gradient descent, epoch by epoch, the rate falling to zero in a straight line."""
    for epoch in range(epochs):
        rate = RATE * (1 - epoch / epochs)
        losses = []

        for batch in wg.randperm(len(training.y)).split(BATCH):
            # A little noise makes every image a new one: the network cannot learn it by heart.
            x = training.x[batch]
            x = x + NOISE * wg.randn_like(x)
            loss = cross_entropy(network(x, parameters, detach_hidden), training.y[batch])
            loss.backward()
            descend(parameters, rate)
            losses.append(loss.item())

        yield Epoch(epoch + 1, sum(losses) / len(losses), accuracy(parameters, held_out))


def accuracy(parameters: Parameters, digits: Digits) -> float:
    """The share of the digits that the network reads right."""
    with wg.no_grad():
        read = network(digits.x, parameters).argmax(dim=1)
    return (read == digits.y).float().mean().item()


def main() -> None:
    wg.manual_seed(0)
    training, held_out = load()
    parameters = initial_parameters()
    print(f"64-32-10, trained on {len(training.y)} digits, {len(held_out.y)} held out")

    started = time.perf_counter()
    for epoch in train(parameters, training, held_out):
        print(epoch, flush=True)
    print(f"{time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
