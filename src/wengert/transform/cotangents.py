"""The two kinds of cotangents: arrays, and tensors whose computation is recorded in turn."""

from __future__ import annotations

from operator import add
from typing import Any

import numpy as np

from wengert.core.handles import _new, from_node
from wengert.core.node import Node
from wengert.core.tensor import Tensor
from wengert.modes import State
from wengert.sites import user_site
from wengert.transform.conform import conform
from wengert.transform.residuals import Rewrapped


class Arrays:
    """Cotangents are arrays; rules run on arrays."""

    def __init__(self, state: State) -> None:
        self.anomaly = state.anomaly
        self._run = state.run

    def pull(self, pull: Any, node: Node, seen: Any, ct: Any) -> Any:
        return self._run(pull, seen, ct)

    def conform(self, pulled: Any, source: Node) -> Any:
        return self._run(conform, pulled, source.aval)

    def add(self, before: Any, pulled: Any) -> Any:
        return self._run(add, before, pulled)

    def shown(self, ct: Any) -> Tensor:
        """A cotangent as hooks and users' functions see it: a tensor that owns its memory."""
        return _new(ct.copy() if isinstance(ct, np.ndarray) else ct, None)

    def taken(self, value: Tensor) -> Any:
        """What a hook or a user's function returned, as a cotangent."""
        data = value._data
        return data[()] if isinstance(data, np.ndarray) and data.ndim == 0 else data


class Tensors(Arrays):
    """Cotangents are tensors; what the rules compute is recorded in turn.

    history: whether the residuals carry theirs, because the result is differentiated again. line:
    the user's that asked for the sweep; None where users' code may run while something is recorded.
    """

    def __init__(self, state: State, history: bool) -> None:
        super().__init__(state)
        self.history = history
        self.line = user_site() if state.sites and not state.saved else None

    def pull(self, pull: Any, node: Node, seen: Any, ct: Any) -> Any:
        return pull(Rewrapped(node, seen, self.history), ct)

    def conform(self, pulled: Any, source: Node) -> Any:
        if not isinstance(pulled, Tensor):
            pulled = from_node(np.asarray(pulled)[()], None)
        return conform(pulled, source.aval)

    def add(self, before: Any, pulled: Any) -> Any:
        return before + pulled

    def shown(self, ct: Any) -> Tensor:
        shown: Tensor = ct
        return shown

    def taken(self, value: Tensor) -> Any:
        return value
