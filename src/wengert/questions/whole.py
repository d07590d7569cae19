"""Graph, as users hold it: all the questions in one class."""

from __future__ import annotations

from wengert.questions.compiling import Compiling
from wengert.questions.derivatives import Derivatives
from wengert.questions.elsewhere import OtherInputs, Parts
from wengert.questions.experiments import Experiments
from wengert.questions.files import Files
from wengert.questions.pictures import Pictures


class Graph(Derivatives, Experiments, OtherInputs, Parts, Pictures, Files, Compiling):
    """A recorded computation that answers questions. Made by `wengert.graph`.

    Nodes are meant by name, or by the tensor itself. With one argument, the sole output is
    implied.

    >>> import wengert as wg
    >>> a = wg.tensor([2.0], requires_grad=True)
    >>> b = wg.tensor([1.0], requires_grad=True)
    >>> c = a + b
    >>> d = b + 1
    >>> e = c * d
    >>> g = wg.graph(e)
    >>> g["c"]
    Node(c = a + b, value 3, <doctest ...>:1)
    >>> g.derivative("e", "b")
    tensor(5.)
    """
