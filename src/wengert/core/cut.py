"""detach and alias as operations.

detach stands in the graph of a traced function where history is cut. alias gives a tensor a node
of its own: what a transform differentiates with respect to.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from wengert.core.op import Op
from wengert.core.registry import register

DETACH: Final = register(
    Op(
        "detach", "discrete", lambda x: np.array(x), (), inputs=("x",), aval=lambda x: x,
        exact=True, written=lambda x: x,
        torch="Tensor.detach", batch=lambda op, values, mapped, attrs, size: op(*values),
        explain="slope 0: history is cut here on purpose",
    )
)  # fmt: skip

ALIAS: Final = register(
    Op(
        "alias", "linear", lambda x: x.view() if isinstance(x, np.ndarray) else x,
        (lambda ct: ct,), inputs=("x",), view=True, aval=lambda x: x, written=lambda x: x,
        no_torch="what a transform binds its arguments to", explain="slope 1: it is the same value",
        batch=lambda op, values, mapped, attrs, size: op(*values),
    )
)  # fmt: skip
