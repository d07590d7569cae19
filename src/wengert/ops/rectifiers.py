"""Functions with a corner or a knee at 0: relu and its relatives."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.op import Select
from wengert.ops.checks import refuse
from wengert.ops.define import in_place_method, publish
from wengert.ops.kinds import elementwise


def _relu(x: Any) -> Any:
    refuse("relu", "bc", x)
    return np.maximum(x, 0)


# The output is positive, NaN or 0; torch passes the cotangent on where it is NaN.
relu = publish(elementwise(
    "relu", _relu, partials=[Select(lambda out: out != 0)], torch="relu", promotion="common",
    latex=r"\mathrm{{relu}}\left({}\right)",
    explain="slope 1 where x > 0, 0 elsewhere",
))  # fmt: skip

for _op in (relu,):
    in_place_method(_op)
