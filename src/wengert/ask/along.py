"""How one operation changes along a tangent of one input, measured in double precision."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from wengert.ask.edges import Edge
from wengert.ask.experiment import STEP, in_double
from wengert.ask.local import pull_at
from wengert.errors import WengertError
from wengert.graphs.evaluate import evaluate_node
from wengert.graphs.graph import Graph

_NOISE = 1e-3
_FINER = 1e-2
_FURTHER_STEPS = (1e4, 1e2, 1e-2, 1e-4, 1e-6)
_TINY = 1e-100
"""The imaginary step: nothing is subtracted, so it can be as small as one likes."""
_ALIKE = 1e-4


class Along:
    """How <ct, output> of one operation changes along a tangent of one input, in double.

    is_exact: whether the slope was found by an imaginary step, to its last digits. is_single:
    whether the operation itself computes with less than double precision.
    """

    def __init__(self, graph: Graph, edge: Edge, ct: Any, tangent: Any) -> None:
        self._edge = edge
        self._node = edge.consumer.application
        self.is_exact = False
        self.is_single = edge.consumer.aval.dtype.itemsize < 8
        self._index = edge.consumer.output_index
        self._slot = edge.slot
        self._ct = ct
        self._tangent = tangent
        self._operands = [in_double(v) for v in graph.values.operands(self._node)]
        self._before = self._output(0.0)
        value = self._operands[edge.slot]
        self.step = STEP * max(1.0, float(np.max(np.abs(value), initial=0.0)))
        self.scale = 1.0

    def _output(self, size: float) -> Any:
        moved = list(self._operands)
        moved[self._slot] = moved[self._slot] + size * self._tangent
        result = evaluate_node(self._node, moved)
        return np.asarray(result if self._index is None else result[self._index])

    def change(self, size: float) -> float:
        """The change by a step of this size."""
        return float(np.sum(np.conj(self._ct) * (self._output(size) - self._before)).real)

    def slope(self) -> float:
        """The slope by a central difference; `scale` is then what an error is measured by."""
        moved = (self._output(self.step) - self._output(-self.step)) / (2 * self.step)
        self.scale = max(1.0, float(np.linalg.norm(self._ct)) * float(np.linalg.norm(moved)))
        central = float(np.sum(np.conj(self._ct) * moved).real)
        exact = self._by_imaginary_step()
        if exact is None or not abs(exact - central) <= _ALIKE * self.scale:
            return central
        self.is_exact = True
        return exact

    def _by_imaginary_step(self) -> float | None:
        """Im f(x + i h t) / h, for real operations that take complex numbers; else None.

        Believed only where it is what central differences say: not every function that takes
        complex numbers goes on analytically. (Squire and Trapp, Using complex variables to estimate
        derivatives of real functions, 1998.)
        """
        if any(np.iscomplexobj(v) for v in (*self._operands, self._before, self._tangent)):
            return None
        moved = [v + 0j if i == self._slot else v for i, v in enumerate(self._operands)]
        moved[self._slot] = moved[self._slot] + 1j * _TINY * self._tangent
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                result = self._node.op.forward(*moved, **(self._node.attrs or {}))
            output = np.asarray(result if self._index is None else result[self._index])
            return float(np.sum(self._ct * output.imag)) / _TINY
        except (WengertError, TypeError, ValueError):
            return None

    def ruled_in_double(self) -> float | None:
        """The slope by the rule, run in double precision; None for rules that cannot."""
        pulled = pull_at(self._edge.consumer, self._slot, self._ct, self._operands)
        return None if pulled is None else float(np.sum(np.conj(pulled) * self._tangent).real)

    def agrees(self, ruled: float, tolerance: float) -> bool:
        """Whether the rule's slope is that over another step, where this one's says little.

        Steep functions need smaller steps: sin at 5e8 oscillates within this one. Sums with a large
        number need larger ones, as rounding leaves nothing of a small change.
        """
        sizes = [np.abs(v) for v in (self._operands[self._slot], self._before)]
        rounding = np.finfo(np.float64).eps * sum(float(np.max(s, initial=0.0)) for s in sizes)
        finer = self._over(self.step * _FINER)
        noise = 8 * rounding / (self.step * _FINER)
        change = abs(self._over(self.step) - finer)
        if noise * _FINER <= tolerance and change <= (tolerance + noise) * self.scale:
            return False
        for factor in _FURTHER_STEPS:
            step = self.step * factor
            noise = 8 * rounding / step
            if noise <= _NOISE and abs(self._over(step) - ruled) <= (
                (tolerance + noise) * self.scale
            ):
                return True
        return False

    def _over(self, step: float) -> float:
        """The slope over a step of this size."""
        return (self.change(step) - self.change(-step)) / (2 * step)
