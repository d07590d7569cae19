"""What a law is, and how it becomes one test per public function.

    @law("the same call twice gives the same bits")
    def test_determinism(function, data): ...

makes the law "determinism". It runs for every public function to which it applies, on calls that
Hypothesis draws, and is expected to fail where laws/skips.py lists the function: a skip that is
no longer needed fails the run.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laws.skips import SKIPS, SOMETIMES
from registry import distinct_functions, function_named
from sampling import can_draw
from wengert.ops.define import Function

Check = Callable[[Function, Any], None]
Condition = Callable[[Function], bool]


@dataclass(frozen=True)
class Law:
    """A law, and the functions that it does not apply to."""

    name: str
    sentence: str
    unless: tuple[Condition, ...]

    def why_not(self, function: Function) -> str:
        """The reason why the law does not apply to a function; "" if it does."""
        for condition in self.unless:
            if condition(function):
                return (condition.__doc__ or "").partition("\n")[0]
        return ""

    def functions(self) -> list[Function]:
        return [f for f in distinct_functions() if not self.why_not(f)]


LAWS: dict[str, Law] = {}
"""Every law by name; filled as the tests are collected."""


def no_samples(function: Function) -> bool:
    """no samples, for the reasons in laws/skips.py:"""
    return not can_draw(function)


def no_gradient(function: Function) -> bool:
    """no gradient: the output is discrete."""
    return not function.differentiable


def law(
    sentence: str, *, unless: Iterable[Condition] = (), one_in: int = 10
) -> Callable[[Check], Any]:
    """Make a check (function, data) the test of a law.

    unless: where it does not apply. one_in: it runs on this fraction of the profile's examples.
    """

    def make(check: Check) -> Any:
        name = check.__name__.removeprefix("test_")
        made = LAWS[name] = Law(name, sentence, (no_samples, *unless))

        @functools.wraps(check)
        def by_name(function: str, data: Any) -> None:  # a name reads well where an example fails
            check(function_named(function), data)

        examples = max(settings().max_examples // one_in, 1)
        test = settings(max_examples=examples)(given(data=st.data())(by_name))
        test = pytest.mark.parametrize("function", parameters(made))(test)
        test.check = check
        return pytest.mark.law(name)(test)

    return make


def parameters(law: Law) -> list[Any]:
    """The functions as pytest's parameters; those to be skipped are expected to fail."""
    skips = SKIPS.get(law.name, {})
    beyond = set(skips) - {function.name for function in law.functions()}
    assert not beyond, f"laws/skips.py: {law.name} does not apply to {sorted(beyond)} anyway"
    return [
        pytest.param(
            function.name,
            marks=pytest.mark.xfail(
                reason=skips[function.name], strict=(law.name, function.name) not in SOMETIMES
            )
            if function.name in skips
            else (),
        )
        for function in law.functions()
    ]
