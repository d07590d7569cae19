"""Why a derivative and finite differences do not agree: the formula, or the precision, or neither.

Asked in this order: is the function the same twice; is all of it finite; is the rule of one of its
operations wrong; do the differences agree at another step, or in double precision; does a hook
interfere; was its history cut; does it jump.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from wengert.ask.check import Check
from wengert.ask.compare import compare
from wengert.autograd.checks.case import Case, Settings, as_tuple
from wengert.autograd.checks.compare import check_fast
from wengert.autograd.checks.hidden import hidden
from wengert.autograd.checks.kinks import not_finite
from wengert.autograd.checks.local import failing_operations, graph_of, wrong_rules
from wengert.autograd.checks.mismatch import First, Mismatch, Reason
from wengert.autograd.checks.parts import parts_of_inputs, parts_of_outputs
from wengert.autograd.checks.precision import jump, precision
from wengert.autograd.checks.second import gradient_of
from wengert.core.aval import Aval
from wengert.core.dtype import is_differentiable
from wengert.core.extra import Cut
from wengert.core.tensor import Tensor
from wengert.errors import WengertError
from wengert.graphs.graph import Graph

_UNKNOWN = Reason(
    "",
    "not known. Every operation's own derivative agrees with finite differences, so what the "
    "function returns depends on the input in a way that its graph does not show",
    "Numbers taken out of tensors (.item(), float(), .numpy()) and branches on values have no "
    "history: what does the function do with them?",
)


def cause_of(found: Mismatch, settings: Settings, first: First | None) -> Reason:
    """The first cause that holds."""
    case = found.case
    try:
        return (
            _chance(case)
            or _infinite(case)
            or _formula(found, settings, first)
            or precision(found, settings)
            or _hooks(case)
            or hidden(case, found.input, settings.eps)
            or cut_of(case)
            or jump(found, settings)
            or _UNKNOWN
        )
    except WengertError as error:
        return Reason("", f"it could not be worked out, because of another error: {error.what}", "")


def _chance(case: Case) -> Reason | None:
    first, second = case.values(), case.values()
    for k, (a, b) in enumerate(zip(first, second, strict=False)):
        if a.shape != b.shape or not np.array_equal(a, b, equal_nan=is_differentiable(a.dtype)):
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


def _formula(found: Mismatch, settings: Settings, first: First | None) -> Reason | None:
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
    parts = parts_of_inputs if is_forward else parts_of_outputs

    def compare_parts(case: Case) -> None:
        for part in parts(case):
            check_fast(part, chosen, is_forward)

    return compare_parts


def _second_order(first: First, settings: Settings) -> Reason | None:
    """Operations of the first-order function whose gradient has a wrong derivative."""
    func, inputs = first
    graph = graph_of(Case(func, as_tuple(inputs)))
    if graph is None:
        return None
    by_reverse = _comparison(settings, is_forward=False)

    def compare_gradient(case: Case) -> None:
        by_reverse(Case(*gradient_of(case.func, case.inputs, None, False)))

    names = failing_operations(graph, compare_gradient)
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
