"""torch's tensors as NumPy arrays and back, by way of the torch that the user imported."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

_DTYPES: dict[Any, np.dtype[Any]] = {}


def as_array(tensor: Any) -> Any:
    """The values of a torch tensor; bfloat16 in float32, which holds all of it."""
    plain = tensor.detach().cpu().resolve_conj().resolve_neg()
    if plain.dtype == sys.modules["torch"].bfloat16:
        plain = plain.float()
    return plain.numpy()[()]


def as_torch(array: Any) -> Any:
    """A torch tensor with the values of an array, in its dtype."""
    return sys.modules["torch"].from_numpy(np.array(array, order="C", ndmin=0))


def dtype_of(torch_dtype: Any) -> np.dtype[Any]:
    """NumPy's dtype for one of torch's."""
    known = _DTYPES.get(torch_dtype)
    if known is None:
        empty = sys.modules["torch"].empty(0, dtype=torch_dtype)
        known = _DTYPES[torch_dtype] = np.asarray(as_array(empty)).dtype
    return known


def is_torch(value: Any) -> bool:
    """Whether a value is a tensor of torch's, which is there only if the user imported it."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)
