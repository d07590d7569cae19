"""Foreign nodes: operations of torch's that are differentiated by calling torch."""

from __future__ import annotations

import sys
from typing import Any, Final

import numpy as np

from wengert.core.aval import Aval
from wengert.core.op import Op
from wengert.core.record import apply
from wengert.core.tensor import Tensor
from wengert.errors import GraphError, MissingValueError
from wengert.interchange.torch_arrays import as_array, as_torch


class Handle:
    """A backward node of torch's. inputs: the avals of its inputs that carry a gradient."""

    def __init__(self, torch_node: Any, inputs: tuple[Aval | None, ...]) -> None:
        self.torch_node = torch_node
        self._inputs = inputs

    def __repr__(self) -> str:
        return str(self.torch_node.name())

    def pull(self, ct: Any, i: int) -> Any:
        """The cotangent of input i from that of the output, or those of all outputs."""
        with sys.modules["torch"].no_grad():
            return self._as_cotangent(self._called(_torch_cotangents(ct))[i], i)

    def push(self, tangent: Any, i: int, outputs: Any) -> Any:
        """The tangent of the output from that of input i: the transpose of `pull`."""
        torch = sys.modules["torch"]
        with torch.enable_grad():
            cts = [torch.zeros_like(ct).requires_grad_() for ct in _torch_cotangents(outputs)]
            pulled = self._called(cts)[i]
            if pulled is None or not pulled.requires_grad:
                return None
            found = torch.autograd.grad(pulled, cts, as_torch(tangent), allow_unused=True)
        return as_array(found[0]) if found[0] is not None else None

    def _called(self, cts: Any) -> tuple[Any, ...]:
        # A custom function's node is no callable; its `apply` runs the user's backward.
        called = self.torch_node if callable(self.torch_node) else self.torch_node.apply
        try:
            result = called(*cts)
        except RuntimeError as error:
            if "second time" not in str(error):
                raise GraphError(f"{self!r} cannot be called: {error}") from error
            raise MissingValueError(
                f"torch freed what {self!r} saved for its derivative, in a backward pass",
                "Ask before backward(), or call backward(retain_graph=True).",
            ) from None
        return result if isinstance(result, tuple) else (result,)

    def _as_cotangent(self, pulled: Any, i: int) -> Any:
        if pulled is not None:
            return as_array(pulled)
        aval = self._inputs[i]
        return None if aval is None else np.zeros(aval.shape, aval.dtype)[()]


def _torch_cotangents(ct: Any) -> list[Any]:
    return [as_torch(each) for each in (ct if isinstance(ct, tuple) else (ct,))]


class Unknown:
    """What stands for an input that torch does not tell: a number, or a constant it let go."""

    def __repr__(self) -> str:
        return "?"


UNKNOWN: Final = Unknown()


def _forward(*inputs: Any, _backward: Handle) -> Any:
    raise MissingValueError(
        f"torch keeps no way to compute what it recorded as {_backward!r}, nor its value",
        "Values are known of what torch saved, and of tensors that are variables where graph() "
        "was called.",
    )


def _rule(ct: Any, i: int, _backward: Handle) -> Any:
    if isinstance(ct, Tensor):
        return apply(_PULL, (ct,), {"_backward": _backward, "slot": i})
    return _backward.pull(ct, i)


def _pulled(ct: Any, *, _backward: Handle, slot: int) -> Any:
    return _backward.pull(ct, slot)


def _pushed(ct: Any, cotangent_aval: Aval, _backward: Handle, slot: int) -> Any:
    outputs = np.zeros(cotangent_aval.shape, cotangent_aval.dtype)
    return _backward.push(ct, slot, outputs)


_PULL = Op(
    "torch_pull", "general", _pulled, (_pushed,), no_torch="it is torch's own",
    inputs=("cotangent",), attributes=("_backward", "slot"), holomorphic=False,
)  # fmt: skip


def foreign_op(name: str, ours: Op | None) -> Op:
    """An operation of torch's by the name; `ours` says how it is written, and explains it."""
    if ours is None:
        return _foreign(name, grad_name=name)
    return _foreign(
        name, torch=ours.torch, symbol=ours.symbol if isinstance(ours.symbol, str) else "",
        precedence=ours.precedence, explain=ours.explain, source=ours.source,
        grad_name=ours.grad_name or ours.backward_name(None),
    )  # fmt: skip


def _foreign(name: str, **facts: Any) -> Op:
    return Op(
        name, "opaque", _forward, (_rule,), inputs=("inputs",), attributes=("_backward",),
        no_torch="it is torch's own", variadic=True, holomorphic=False, **facts,
    )  # fmt: skip
