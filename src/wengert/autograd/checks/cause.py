"""Why a derivative and finite differences do not agree: the formula, or the precision, or neither.

Asked in this order: is the function the same twice; is the rule of one of its operations wrong; was
its history cut; do the differences agree at another step, or in double precision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from wengert.ask.check import Check
from wengert.ask.experiment import Experiment
from wengert.autograd.checks import blame, numeric
from wengert.autograd.checks.case import Case, Settings, as_tuple, close
from wengert.autograd.checks.compare import check_fast
from wengert.autograd.checks.kinks import not_finite, unsmooth
from wengert.autograd.checks.local import failing_operations, graph_of, resolution, wrong_rules
from wengert.core.aval import Aval
from wengert.core.node import Cut
from wengert.core.tensor import Tensor
from wengert.errors import WengertError
from wengert.graphs.graph import Graph

_STEPS = (10.0, 0.1, 1e2, 1e-2, 1e3, 1e-3, 1e4, 1e-4, 1e5, 1e-5)
_SMALL = 6e-6
_MOST_MOVES = 200
"""Elements of an input up to which the graph is evaluated again in double for each."""


class Reason(NamedTuple):
    """What is to blame, as in GradcheckError.cause; the same in words; what to do."""

    kind: str
    text: str
    remedy: str


def cause_of(found: blame.Mismatch, settings: Settings, first: blame.First | None) -> Reason:
    """The first cause that holds."""
    case = found.case
    try:
        return (
            _chance(case)
            or _infinite(case)
            or _formula(found, settings, first)
            or _hooks(case)
            or _precision(found, settings)
            or cut_of(case)
            or _jump(found, settings)
            or _UNKNOWN
        )
    except WengertError as error:
        return Reason("", f"it could not be worked out, because of another error: {error.what}", "")


_UNKNOWN = Reason(
    "",
    "not known. Every operation's own derivative agrees with finite differences, so what the "
    "function returns depends on the input in a way that its graph does not show",
    "Numbers taken out of tensors (.item(), float(), .numpy()) and branches on values have no "
    "history: what does the function do with them?",
)


def _chance(case: Case) -> Reason | None:
    first, second = case.values(), case.values()
    for k, (a, b) in enumerate(zip(first, second, strict=False)):
        if a.shape != b.shape or not np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"):
            by = float(np.max(np.abs(a - b))) if a.shape == b.shape else float("nan")
            return Reason(
                "chance",
                f"chance. Called twice with the same inputs, the function gives other numbers: "
                f"output {k} differs by {by:.6g}" + _where_it_parts(case),
                "Seed what is random inside of the function, or draw outside of it.",
            )
    return None


def _where_it_parts(case: Case) -> str:
    """The first operation of two runs that differs."""
    from wengert.ask.compare import compare

    one, other = graph_of(case), graph_of(case)
    if one is None or other is None:
        return ""
    causes = compare(one, other, None, None).causes
    return f"; the first that does is {causes[0]}" if causes else ""


def _infinite(case: Case) -> Reason | None:
    """The first operation whose value, or else whose derivative, is not a number."""
    graph = graph_of(case)
    found = not_finite(graph) if graph is not None else ""
    if not found:
        return None
    return Reason("not finite", f"{found}, so there is nothing to compare", "Move the inputs.")


def _formula(found: blame.Mismatch, settings: Settings, first: blame.First | None) -> Reason | None:
    """A wrong rule: in this mode, of first order or of second."""
    case = found.case
    graph = graph_of(case)
    if graph is None:
        return None
    if found.is_forward:
        names = failing_operations(graph, _comparison(settings, is_forward=True))
        if names:
            return _wrong("the forward-mode derivative", names)
    else:
        checked = wrong_rules(graph)
        if not checked:
            return Reason("formula", _described(checked), "Correct the rule.")
    return None if first is None else _second_order(first, settings)


def _described(checked: Check) -> str:
    """The operations whose rules are wrong, with what the rule gives and what was measured."""
    lines = [f"the formula: {checked.note.splitlines()[0]}"]
    for ends, _, ruled, measured, verdict in checked.rows:
        if verdict == "WRONG":
            lines.append(
                f"  {ends}: the rule gives {ruled}, finite differences of the operation alone "
                f"{measured}"
            )
    return "\n".join(lines)


def _comparison(settings: Settings, is_forward: bool) -> Callable[[Case], None]:
    # In double precision, along one direction, with gradcheck's own step and tolerances.
    chosen = settings._replace(eps=1e-6, atol=1e-5, rtol=1e-3, nondet_tol=float("inf"))
    return lambda case: _raising(check_fast, case, chosen, is_forward)


def _raising(
    compare: Callable[..., None], case: Case, settings: Settings, is_forward: bool
) -> None:
    from wengert.errors import GradcheckError

    try:
        compare(case, settings, is_forward)
    except blame.Mismatch as found:
        raise GradcheckError("mismatch") from found


def _second_order(first: blame.First, settings: Settings) -> Reason | None:
    """Operations of the first-order function whose gradient has a wrong derivative."""
    from wengert.autograd.checks.second import gradient_of

    func, inputs = first
    graph = graph_of(Case(func, as_tuple(inputs)))
    if graph is None:
        return None
    by_reverse = _comparison(settings, is_forward=False)

    def compare(case: Case) -> None:
        by_reverse(Case(*gradient_of(case.func, case.inputs, None, False)))

    names = failing_operations(graph, compare)
    return _wrong("the second derivative", names) if names else None


def _wrong(what: str, names: list[str]) -> Reason:
    listed = "; ".join(dict.fromkeys(names))
    return Reason("formula", f"the formula: {what} is wrong in {listed}", "Correct the rule.")


def _hooks(case: Case) -> Reason | None:
    """A hook that is called with a gradient may have changed it."""
    graph = graph_of(case)
    for node in graph.order() if graph is not None else ():
        hooks = node.extra.hooks if node.extra is not None else None
        called = [*hooks.tensor.values(), *hooks.before.values(), *hooks.after.values()] if (
            hooks is not None
        ) else []  # fmt: skip
        for hook in called:
            name = getattr(hook, "__name__", type(hook).__name__)
            where = f" at {node.site}" if node.site is not None else ""
            return Reason(
                "hook",
                f"a hook may have changed the gradient: {name!r}, on {node.name()}{where}. No rule "
                "is wrong",
                "Check the function without the hook.",
            )
    return None


def _precision(found: blame.Mismatch, settings: Settings) -> Reason | None:
    """No rule is wrong: whether the differences agree at another step, or in double."""
    case = found.case
    _, analytical = blame.jacobians(found, settings.eps)
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
    bend = unsmooth(graph_of(case), _SMALL)
    return _kink(bend) if bend else None


def _better_step(found: blame.Mismatch, settings: Settings, analytical: Any) -> float:
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


def _jump(found: blame.Mismatch, settings: Settings) -> Reason | None:
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


def _in_double(found: blame.Mismatch) -> Any:
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
        step = 6e-6 * max(1.0, abs(float(x._data[at])))
        change = experiment.change(of, wrt, step * direction)
        back = experiment.change(of, wrt, -step * direction)
        rows.append(np.asarray((change - back) / (2 * step)).reshape(-1))
    return np.stack(rows) if rows else None


def cut_of(case: Case) -> Reason | None:
    """Where the history of something that went into the outputs ended."""
    graph = graph_of(case)
    cuts = dict.fromkeys(str(cut) for cut in _cuts(case, graph))
    if not cuts:
        return None
    return Reason(
        "cut",
        "a cut: no rule is wrong, but the gradient does not see what the numbers go through. "
        "History ends at " + "; ".join(cuts),
        "Leave out the cut, or check a function in which what is cut off is an argument that "
        "requires no grad.",
    )


def _cuts(case: Case, graph: Graph | None) -> Iterator[Cut]:
    for output in case.outputs:
        if output._extra is not None:
            yield from output._extra.cuts
    for vertex in graph.constants if graph is not None else ():
        key = vertex.key
        if isinstance(key, Tensor) and key._extra is not None:
            yield from key._extra.cuts
        elif isinstance(key, Aval):
            yield from getattr(key, "cuts", ())
