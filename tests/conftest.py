"""Settings of Hypothesis, and what the laws say at the end of a run."""

from __future__ import annotations

import gc

import pytest
from hypothesis import HealthCheck, settings

from wengert.ops.rooms import load_all

# The laws go over the registry whole. What loads by itself is the subject of test_rooms.py.
load_all()

# Modules beside the tests whose assertions should say as much as those in tests do.
pytest.register_assert_rewrite("laws", "parity", "sampling")

# Every run draws the same examples; --hypothesis-profile=thorough draws others, and many.
_ALWAYS = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much],
}
settings.register_profile("same", derandomize=True, **_ALWAYS)
settings.register_profile("thorough", max_examples=1000, **_ALWAYS)
settings.load_profile("same")


@pytest.fixture
def without_collector():
    """Reference counting alone must do."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def pytest_configure(config):
    config.addinivalue_line("markers", "law(name): the test of a law, see tests/laws/law.py")


def pytest_collection_modifyitems(items):
    for item in items:
        mark = item.get_closest_marker("law")
        if mark is not None:
            item.user_properties.append(("law", mark.args[0]))


def pytest_terminal_summary(terminalreporter):
    from laws.summary import lines  # not before the tests themselves are imported

    kinds = ("passed", "failed", "xfailed")
    reports = [report for kind in kinds for report in terminalreporter.getreports(kind)]
    calls = (report for report in reports if report.when == "call")
    text = list(lines(calls))
    if text:
        terminalreporter.section("laws")
        terminalreporter.write("\n".join(text) + "\n")
