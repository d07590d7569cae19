"""The marks of cuts and of inference mode: why a tensor has no history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from wengert.core import tensor as _tensor
from wengert.core.extra import Cut, Extra
from wengert.core.op import Op
from wengert.errors import GradientError
from wengert.sites import Site

if TYPE_CHECKING:
    from wengert.core.tensor import Tensor

_MOST_CUTS: Final = 16


def mark_cut(out: Tensor, by: str, site: Site | None) -> None:
    """Leave the mark of a cut on a result: who cut, and where."""
    extra = out._extra = out._extra or Extra()
    extra.cuts = (Cut(by, site),)
    extra.inference = extra.inference or by == "inference_mode"


def inherit_cuts(out: Tensor, args: Sequence[Any]) -> None:
    """What is computed from constants was cut off where they were: `y = x.detach() * 2`."""
    cuts: list[Cut] = []
    for a in args:
        if isinstance(a, _tensor.Tensor) and a._extra is not None:
            cuts.extend(a._extra.cuts)
    if cuts:
        distinct = {(cut.by, cut.site): cut for cut in cuts}
        extra = out._extra = out._extra or Extra()
        extra.cuts = tuple(distinct.values())[:_MOST_CUTS]


def made_at(tensor: Tensor) -> str:
    """The line that made a tensor without history, if its mark tells."""
    cuts = tensor._extra.cuts if tensor._extra is not None else ()
    return f"\n  it was made at {cuts[0].site}" if cuts and cuts[0].site is not None else ""


def mark_inference(made: Tensor) -> Tensor:
    """Note that a tensor was made in inference_mode."""
    made._extra = made._extra or Extra()
    made._extra.inference = True
    return made


def refuse_inference(op: Op, constant: Tensor) -> None:
    """Raise GradientError for a residual that was made in inference_mode."""
    extra = constant._extra
    if extra is not None and extra.inference:
        raise GradientError(
            f"{op.name}: a tensor made in inference_mode cannot be saved for backward"
            + made_at(constant),
            "Clone it outside of inference_mode, or make it under no_grad instead.",
        )
