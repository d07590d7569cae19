"""What `make demo` shows: one small computation asked from all sides, then a network on real data.

    python examples/demo.py

Every question is printed as one would type it. The pictures go to the folder out/.
"""

from __future__ import annotations

import os
import sys
import textwrap
import time
from pathlib import Path

import digits
import wengert as wg

OUT = Path("out")
MARGIN = "   "


def heading(number: int, title: str) -> None:
    """Bold on a terminal that can, plain everywhere else."""
    bold = sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and "NO_COLOR" not in os.environ
    line = f"{number}  {title}"
    print(f"\033[1m{line}\033[0m\n" if bold else f"{line}\n")


def say(text: object) -> None:
    print(textwrap.indent(str(text), MARGIN), flush=True)


def ask(question: str, **names: object) -> None:
    """Prints the question and its answer; `names` are the variables that the question speaks of."""
    say(f">>> {question}")
    answer = eval(question, {"wg": wg, "print": say, **names})
    if answer is not None:
        say(answer)
    print()


def founding_computation() -> wg.Graph:
    """e = (a + b) * (b + 1), every gradient kept."""
    a = wg.tensor([2.0], requires_grad=True)
    b = wg.tensor([1.0], requires_grad=True)
    c = a + b
    d = b + 1
    e = c * d

    c.retain_grad()
    d.retain_grad()
    e.retain_grad()
    e.backward()
    return wg.graph(e)


def show_computation(g: wg.Graph) -> None:
    heading(1, "A computation is a graph: values on its nodes, derivatives on its edges")
    ask("print(g)", g=g)

    heading(2, "Every gradient, and the same number measured by nudging")
    ask("g.table()", g=g)

    heading(3, "Why these numbers: speeds, paths, other inputs")
    ask('print(g.explain("e", "a"))', g=g)
    ask('print(g.explain("e", "b"))', g=g)
    ask('g.edge("c", "e").derivative', g=g)
    ask('g.paths("b", "e").sum()', g=g)
    ask("g(a=5.0, b=7.0)", g=g)
    ask("g.at(a=5.0, b=7.0).table()", g=g)


def train(title: str, detach_hidden: bool) -> digits.Parameters:
    """The same start, the same data, the same order; with or without the mistake."""
    wg.manual_seed(0)
    training, held_out = digits.load()
    parameters = digits.initial_parameters()

    say(title)
    started = time.perf_counter()
    for epoch in digits.train(parameters, training, held_out, detach_hidden=detach_hidden):
        if not detach_hidden or epoch.number == digits.EPOCHS:
            say(epoch)
    say(f"{time.perf_counter() - started:.1f} s\n")
    return parameters


def loss_of(parameters: digits.Parameters, detach_hidden: bool) -> wg.Tensor:
    """The loss on a few of the digits, with the graph that leads to it."""
    batch, _ = digits.load()
    logits = digits.network(batch.x[:32], parameters, detach_hidden)
    loss = digits.cross_entropy(logits, batch.y[:32])
    loss.backward()
    return loss


def show_network() -> wg.Graph:
    heading(4, "A network of 64-32-10 units learns to read 1,797 scanned digits")
    parameters = train("A quarter is held out and never trained on.", detach_hidden=False)
    return wg.graph(loss_of(parameters, detach_hidden=False))


def show_mistake() -> None:
    heading(5, "The same network with a mistake: one line cuts the graph")
    parameters = train("It trains without an error, and reads worse.", detach_hidden=True)
    loss = loss_of(parameters, detach_hidden=True)
    ask("W1.grad is None", W1=parameters.W1)
    ask("print(wg.why(W1, loss))", W1=parameters.W1, loss=loss)


def write_pictures(computation: wg.Graph, network: wg.Graph) -> None:
    OUT.mkdir(exist_ok=True)
    pictures = {
        "expression.svg": computation.draw(values=False),
        "values.svg": computation.draw(),
        "derivatives.svg": computation.draw(derivatives=True),
        "network.svg": network.draw(),
    }
    for name, picture in pictures.items():
        picture.save(OUT / name)
    print("Written:", "  ".join(str(OUT / name) for name in pictures))


def main() -> None:
    computation = founding_computation()
    show_computation(computation)
    network = show_network()
    show_mistake()
    write_pictures(computation, network)
    print("Next:    docs/tutorial.ipynb")


if __name__ == "__main__":
    main()
