"""What tests of the compiler are run under."""

from __future__ import annotations

import pytest

from wengert.compiler.loops import cost

pytest.register_assert_rewrite("compiler")


@pytest.fixture(params=[15000.0, 30.0], ids=["", "parts"])
def parts(request, monkeypatch):
    """Chunks of the usual time, and of next to none, which cut all that can be cut."""
    monkeypatch.setattr(cost, "CHUNK", request.param)
