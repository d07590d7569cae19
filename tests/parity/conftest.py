"""The tests in this folder compare with torch; without torch they are skipped."""

from __future__ import annotations

import pytest


def pytest_collect_file():
    # Not at the top of this file: pytest ends with an error if a conftest.py skips.
    pytest.importorskip("torch")
