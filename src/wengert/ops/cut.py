"""detach as an operation: what stands in the graph of a traced function where history is cut."""

from __future__ import annotations

import numpy as np

from wengert.ops.kinds import discrete

detach_op = discrete(
    "detach", lambda x: np.array(x), torch="Tensor.detach", aval=lambda x: x,
    explain="slope 0: history is cut here on purpose",
)  # fmt: skip
