"""What a comparison finds: derivatives that do not agree, or are not the same twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from wengert.autograd.checks import analytic, numeric
from wengert.autograd.checks.case import Case

First = tuple[Callable[..., Any], Any]
"""In gradgradcheck: the function whose gradient is checked, and its inputs."""


class Reason(NamedTuple):
    """What is to blame, as in GradcheckError.cause; the same in words; what to do."""

    kind: str
    text: str
    remedy: str


class Failure(Exception):
    """What a comparison raises; the user is told with the cause."""


class NotConstant(Failure):
    """Outputs that require no grad, and change with the inputs all the same."""


class NotRepeatable(Failure):
    """A backward pass that gives other numbers the second time."""


class Mismatch(Failure):
    """A pair of output and input whose derivatives do not agree."""

    def __init__(
        self, case: Case, output: int, input: int, found: Any, expected: Any, is_forward: bool,
        is_fast: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.case = case
        self.output = output
        self.input = input
        self.found = found
        self.expected = expected
        self.is_forward = is_forward
        self.is_fast = is_fast


def jacobians(found: Mismatch, eps: float) -> tuple[Any, Any]:
    """The whole Jacobians of the pair: by differences, and by the engine."""
    case, k, i = found.case, found.output, found.input
    j = case.wanted.index(i)
    expected = numeric.jacobian(case, i, eps)[k]
    if found.is_forward:
        return expected, analytic.forward(case)[j][k]
    return expected, analytic.reverse(case, case.outputs[k])[j]
