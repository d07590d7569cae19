"""Finding the operation whose derivative goes wrong, by the line that applied it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.core.node import Node
from wengert.core.tensor import Tensor
from wengert.errors import AnomalyError
from wengert.modes import Mode, ModeAtOnce, State, switch


class Watcher:
    """What `State.anomaly` is: it looks at each step of a backward pass.

    check_nan: whether a NaN that a step makes is an error.
    """

    def __init__(self, check_nan: bool) -> None:
        self.check_nan = check_nan

    def watched(self, node: Node, ct: Any, compute: Callable[[], dict[int, Any]]) -> dict[int, Any]:
        """compute() for a node: the cotangents of its inputs. What fails names the node's line."""
        try:
            pulled = compute()
        except Exception as error:
            error.add_note(f"raised in the backward of {node.name()}{recorded(node)}")
            raise
        for cotangent in pulled.values():
            _note_parent(cotangent, node)
        if self.check_nan:
            _refuse_nan(node, ct, pulled)
        return pulled


def recorded(node: Node) -> str:
    """A node's line, and the chain of nodes whose backward passes recorded it."""
    text = f"\n  recorded at {node.site}" if node.site is not None else ""
    parent = node.extra.metadata.get("parent_") if node.extra and node.extra.metadata else None
    if parent is None:
        return text
    return f"{text}\n  in the backward of {parent.name()}{recorded(parent)}"


def _note_parent(cotangent: Any, node: Node) -> None:
    """Under create_graph: who computed the new nodes that a step recorded."""
    made: list[Any] = [cotangent._node] if isinstance(cotangent, Tensor) else []
    for new in made:
        is_new = isinstance(new, Node) and new.inputs and new.sequence > node.sequence
        if is_new and "parent_" not in new.metadata:
            new.metadata["parent_"] = node
            made.extend(new.inputs)


def _refuse_nan(node: Node, ct: Any, pulled: dict[int, Any]) -> None:
    for place, i in enumerate(node.edges()):
        if _has_nan(pulled.get(i)):
            given = _has_nan(ct) if type(ct) is not list else any(map(_has_nan, ct))
            remedy = "Look at the values that went in there: wengert.graph(...) shows them."
            if given:
                remedy = "The gradient that it was given has NaN already."
            raise AnomalyError(
                f"Function '{node.name()}' returned nan values in its {place}th output"
                f"{recorded(node)}",
                remedy,
            )


def _has_nan(value: Any) -> bool:
    data = value._data if isinstance(value, Tensor) else value
    return data is not None and bool(np.isnan(data).any())


class set_detect_anomaly(ModeAtOnce):
    """Turn anomaly detection on or off: at once, or as a context manager until its end."""

    _fields = ("anomaly",)

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.mode = switch("set_detect_anomaly", mode)
        self.check_nan = switch("set_detect_anomaly: check_nan", check_nan)
        super().__init__()

    def _changed(self, state: State) -> State:
        return state.but(anomaly=Watcher(self.check_nan) if self.mode else None)

    def _again(self) -> Mode:
        mode: Mode = set_detect_anomaly(self.mode, self.check_nan)
        return mode


class detect_anomaly(Mode):
    """Inside, each step of a backward pass is watched.

    A NaN that a step makes is an AnomalyError that names the operation and the line that applied
    it; an error inside a step gets a note with that line. Lines are always recorded, so only the
    backward pass must run inside.

    >>> import warnings
    >>> import wengert as wg
    >>> x = wg.tensor(0.0, requires_grad=True)
    >>> y = (x.sqrt() * 0).sum()
    >>> warnings.simplefilter("ignore")
    >>> with wg.autograd.detect_anomaly():
    ...     y.backward()
    Traceback (most recent call last):
    ...
    wengert.errors.AnomalyError: Function 'SqrtBackward0' returned nan values in its 0th output...
    """

    _fields = ("anomaly",)

    def __init__(self, check_nan: bool = True) -> None:
        super().__init__()
        self.check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should "
            "only be enabled for debugging.",
            stacklevel=2,
        )

    def _changed(self, state: State) -> State:
        return state.but(anomaly=Watcher(self.check_nan))

    def _again(self) -> Mode:
        return set_detect_anomaly(True, self.check_nan)
