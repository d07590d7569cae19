"""Where a tensor would leave the graph unseen: in Python's numbers and in NumPy's arrays.

float(x) and array[0] = x copy a number and leave its history behind. Inside a transform that would
make a constant of what is being differentiated, so it is refused there.
"""

from __future__ import annotations

import dis
from typing import TYPE_CHECKING, Final

from wengert.core.cut import ALIAS
from wengert.core.node import Leaf, Node
from wengert.errors import GradientError
from wengert.modes import current
from wengert.sites import user_frame

if TYPE_CHECKING:
    from wengert.core.tensor import Tensor

IN_ARRAYS: Final = (
    "Make the array from a tensor: np.zeros_like(x) instead of np.zeros(n) holds tensors; "
    "np.stack([...]) and wengert.stack([...]) make one of a list of them."
)


def refuse_escape(tensor: Tensor, what: str) -> None:
    """Raise GradientError where a number taken out of this tensor would lose its derivative.

    That is inside a transform, of what depends on its arguments; and wherever a tensor that
    requires grad is written into an array.
    """
    storing = _is_stored()
    if not storing and not _is_differentiated(tensor):
        return
    if storing:
        raise GradientError(
            "a tensor that requires grad cannot be written into an array, which holds no history",
            f"{IN_ARRAYS} Write .detach() if a constant is meant.",
        )
    raise GradientError(
        f"{what} of a tensor that is being differentiated would make a constant of it",
        "Use NumPy's function in place of math's, as np.sin(x). Write x.detach() or x.item() if "
        "a constant is meant.",
    )


def _is_stored() -> bool:
    """Whether the user's instruction is a[...] = x: NumPy asks for a number, to put it there."""
    frame = user_frame()
    if frame is None:
        return False
    return dis.opname[frame.f_code.co_code[frame.f_lasti]] == "STORE_SUBSCR"


def _is_differentiated(tensor: Tensor) -> bool:
    """Whether a tensor depends on the arguments of the transform that is running."""
    started = current().started
    node = tensor._node
    if not started or node is None:
        return False
    seen = {node}
    todo = [node]
    for one in todo:  # grows while it is walked
        if one.sequence > started and _is_argument(one):
            return True
        for source in one.inputs:
            if isinstance(source, Node) and source not in seen and source.sequence > started:
                seen.add(source)
                todo.append(source)
    return False


def _is_argument(node: Node) -> bool:
    """Whether a transform bound an argument to this node, or gave it a tangent."""
    has_tangents = node.extra is not None and bool(node.extra.tangents)
    return has_tangents or isinstance(node, Leaf) or node.plan.op is ALIAS
