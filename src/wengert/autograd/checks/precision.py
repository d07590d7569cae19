"""Whether differences fail by themselves: too small a step, too large a one, a kink."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.ask.experiment import STEP, Experiment
from wengert.autograd.checks import numeric
from wengert.autograd.checks.case import Settings, close
from wengert.autograd.checks.kinks import unsmooth
from wengert.autograd.checks.local import graph_of, resolution
from wengert.autograd.checks.mismatch import Mismatch, Reason, jacobians

_STEPS = (10.0, 0.1, 1e2, 1e-2, 1e3, 1e-3, 1e4, 1e-4, 1e5, 1e-5)
"""Further steps to try, as factors, the nearest first."""

_MOST_MOVES = 200
"""Elements of an input up to which the graph is evaluated again in double for each."""


def precision(found: Mismatch, settings: Settings) -> Reason | None:
    """No rule is wrong: whether the differences agree at another step, or in double."""
    case = found.case
    _, analytical = jacobians(found, settings.eps)
    better = _better_step(found, settings, analytical)
    exact = _in_double(found)
    coarsest = max(resolution(case.inputs[i]._data.dtype) for i in case.wanted)
    rtol, atol = (max(t, 16 * coarsest) for t in (settings.rtol, settings.atol))
    agrees = exact is not None and close(analytical, exact, rtol, atol)
    single = [
        i for i in case.wanted if case.inputs[i]._data.dtype not in (np.float64, np.complex128)
    ]
    if single and (agrees or better > settings.eps):
        return _rounding(single[0], case.inputs[single[0]].dtype, settings.eps, better)
    bend = unsmooth(graph_of(case), settings.eps)
    if better or (bend and agrees):
        return _step(settings.eps, better, bend)
    bend = unsmooth(graph_of(case), STEP)
    return _kink(bend) if bend else None


def _better_step(found: Mismatch, settings: Settings, analytical: Any) -> float:
    """A step at which the differences agree with the gradient, near the one used; or 0."""
    for factor in _STEPS:
        eps = settings.eps * factor
        again = numeric.jacobian(found.case, found.input, eps)[found.output]
        if close(analytical, again, settings.rtol, settings.atol):
            return eps
    return 0.0


def _rounding(i: int, dtype: Any, eps: float, better: float) -> Reason:
    agreement = f"with eps={better:g}" if better else "in double precision"
    return Reason(
        "precision",
        f"the precision: no rule is wrong. Input {i} is {dtype}, and a step of eps={eps:g} is lost "
        f"in its rounding; {agreement} the differences agree with the gradient",
        "Check it at x.double(), or with a larger eps, atol and rtol.",
    )


def _kink(bend: str) -> Reason:
    return Reason(
        "kink",
        f"a kink or a jump: no rule is wrong, but {bend} has no slope there",
        "Move the inputs away from there.",
    )


def jump(found: Mismatch, settings: Settings) -> Reason | None:
    """Whether differences grow as the step shrinks: the function jumps at these inputs."""
    sizes = [
        float(np.max(np.abs(numeric.jacobian(found.case, found.input, eps)[found.output])))
        for eps in (settings.eps, settings.eps / 10)
    ]
    if not 8 < sizes[1] / (sizes[0] or 1.0) < 12:
        return None
    return Reason(
        "kink",
        "a jump: no rule is wrong, but outputs jump if the input moves, and no operation does: a "
        "branch that depends on values is taken the other way",
        "Move the inputs away from where the branch changes.",
    )


def _step(used: float, better: float, bend: str) -> Reason:
    if better > used:
        return Reason(
            "precision",
            f"the precision: no rule is wrong. A step of eps={used:g} is lost in rounding, as "
            f"values are large; with eps={better:g} the differences agree with the gradient",
            f"Pass eps={better:g}, or inputs of another size.",
        )
    agreement = f"; with eps={better:g} they agree with the gradient" if better else ""
    where = f"{bend} bends within it" if bend else "the function bends or is steep within it"
    return Reason(
        "precision",
        f"the precision: no rule is wrong. Differences over eps={used:g} are not the slope: {where}"
        f"{agreement}",
        "Move the inputs away from there, or pass a smaller eps.",
    )


def _in_double(found: Mismatch) -> Any:
    """The Jacobian of the pair by differences of the graph in double precision, or None."""
    case = found.case
    x, graph = case.inputs[found.input], graph_of(case)
    output = case.outputs[found.output]
    if graph is None or x._data.size > _MOST_MOVES or x not in graph:
        return None
    if x._data.dtype.kind == "c" or output._data.dtype.kind == "c":
        return None
    experiment, wrt = Experiment(graph), graph[x]
    of = graph.outputs[case.differentiable.index(found.output)]
    rows = []
    for at in np.ndindex(x._data.shape):
        direction = np.zeros(x._data.shape)
        direction[at] = 1
        step = STEP * max(1.0, abs(float(x._data[at])))
        change = experiment.change(of, wrt, step * direction)
        back = experiment.change(of, wrt, -step * direction)
        rows.append(np.asarray((change - back) / (2 * step)).reshape(-1))
    return np.stack(rows) if rows else None
