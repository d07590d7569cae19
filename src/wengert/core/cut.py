"""detach as an operation: what stands in the graph of a traced function where history is cut."""

from __future__ import annotations

from typing import Final

import numpy as np

from wengert.core.op import Op, register

DETACH: Final = register(
    Op(
        "detach", "discrete", lambda x: np.array(x), (), inputs=("x",), aval=lambda x: x,
        torch="Tensor.detach", explain="slope 0: history is cut here on purpose",
    )
)  # fmt: skip
