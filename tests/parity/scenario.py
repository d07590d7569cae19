"""Small programs that run twice, with torch and with wengert as `m`, and must come out the same."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import wengert
from parity.theirs import as_array, builtin_of, name_of
from wengert.core.tensor import Tensor

Scenario = Callable[[Any], Any]


def same_as_torch(scenario: Scenario) -> Callable[[], None]:
    """Make a scenario, a function of the module that returns what it saw, into a test."""

    def test() -> None:
        theirs = described(scenario(torch))
        mine = described(scenario(wengert))
        assert_alike(mine, theirs)

    test.__name__ = scenario.__name__
    test.__doc__ = scenario.__doc__
    return test


def raised(call: Callable[[], Any]) -> Any:
    """The exception that a call raises, or "nothing"."""
    try:
        call()
    except Exception as error:
        return error
    return "nothing"


def warned(call: Callable[[], Any]) -> Any:
    """What a call returns, and whether it warns."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call()
    return result, [issubclass(w.category, UserWarning) for w in caught]


def described(seen: Any) -> Any:
    """What was seen, without either module's own types; exceptions stay."""
    if isinstance(seen, (Tensor, torch.Tensor)):
        values = as_array(seen) if isinstance(seen, torch.Tensor) else np.asarray(seen._data)
        made_by = _short(seen.grad_fn.name()) if seen.grad_fn is not None else None
        return name_of(seen.dtype), values.tolist(), seen.requires_grad, seen.is_leaf, made_by
    if isinstance(seen, (tuple, list)):
        return [described(part) for part in seen]
    if isinstance(seen, dict):
        return {name: described(part) for name, part in seen.items()}
    return seen


def assert_alike(mine: Any, theirs: Any) -> None:
    """Equal; an exception of ours is one that code for torch would catch."""
    if isinstance(theirs, Exception):
        assert isinstance(mine, builtin_of(theirs)), f"{mine!r}; torch raises {theirs!r}"
    elif isinstance(theirs, list):
        assert isinstance(mine, list), f"{mine!r}; torch: {theirs!r}"
        assert len(mine) == len(theirs)
        for part, other in zip(mine, theirs, strict=True):
            assert_alike(part, other)
    elif isinstance(theirs, dict):
        assert_alike(list(mine.items()), list(theirs.items()))
    elif isinstance(theirs, tuple):
        assert_same_tensor(mine, theirs)
    else:
        assert mine == theirs


def assert_same_tensor(mine: Any, theirs: Any) -> None:
    """All that `described` says of a tensor, the values up to their last digits."""
    assert isinstance(mine, tuple), f"{mine!r}; torch: {theirs!r}"
    dtype, values, *rest = theirs
    assert (mine[0], *mine[2:]) == (dtype, *rest)
    # Both have functions of their own for exp and sin, which differ in the last digit.
    relative = 4 * np.finfo(dtype).eps if dtype.startswith(("float", "complex")) else 0
    np.testing.assert_allclose(mine[1], values, rtol=relative, equal_nan=True, strict=True)


def _short(name: str) -> str:
    """torch::autograd::CopySlices, without where it is defined."""
    return name.rpartition("::")[2]


def graph_of(tensor: Any) -> Any:
    """The structure behind a tensor: names of nodes, and of those that next_functions leads to."""
    return None if tensor.grad_fn is None else node_tree(tensor.grad_fn)


def node_tree(node: Any) -> Any:
    if node is None:
        return None
    return [
        _short(node.name()),
        [[node_tree(source), index] for source, index in node.next_functions],
    ]


def leaf(m: Any, *values: float) -> Any:
    return m.tensor(list(values), requires_grad=True)


def noting(seen: list[Any], name: Any, result: Any = None) -> Callable[..., Any]:
    """A hook that notes its name and arguments."""

    def hook(*args: Any) -> Any:
        seen.append((name, args))
        return result

    return hook


def founding(m: Any) -> tuple[Any, ...]:
    """c = a + b; d = b + 1; e = c * d."""
    a, b = leaf(m, 2.0), leaf(m, 1.0)
    c = a + b
    d = b + 1
    return a, b, c, d, c * d
