"""Signs and absolute values."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.op import Op
from wengert.ops.checks import NOWHERE, pointwise, refuse
from wengert.ops.define import publish
from wengert.ops.kinds import elementwise


def _abs(x: Any) -> Any:
    refuse("abs", "b", x)
    return abs(x)


def _sign(x: Any) -> Any:
    refuse("sign", "c", x)
    return _sgn(x)


def _sgn(x: Any) -> Any:
    if x.dtype.kind == "b":
        return np.positive(x, dtype=np.uint8).astype(np.bool_)
    if x.dtype.kind == "f":
        # torch's sign of NaN is 0, NumPy's is NaN; and small integers are quick.
        return ((x > 0).view(np.int8) - (x < 0)).astype(x.dtype)
    return np.sign(x)


def _sgn_pullback(ct: Any, out: Any, x: Any, x_aval: Any) -> Any:
    """Turning z turns its sign; stretching z does not move it."""
    if x_aval.dtype.kind != "c":
        return np.where(False, ct, 0)
    across = ct - out * np.real(np.conj(out) * ct)
    # 1 instead of 0: in the derivative of this rule 0 / 0 would be NaN, though it is not chosen.
    return np.where(x == 0, 0, across / np.where(x == 0, 1, abs_(x)))


abs_ = publish(elementwise(
    "abs", _abs, partials=[lambda x: sgn(x)], torch="abs", promotion="common", holomorphic=False,
    latex=r"\left|{}\right|", numpy=(np.absolute,), lower=lambda code, x: code.abs(x),
    explain="slope 1 where x > 0, -1 where x < 0, 0 at 0",
), "absolute", in_place=True)  # fmt: skip
sign = publish(elementwise(
    "sign", _sign, partials=[NOWHERE], torch="sign", promotion="common",
    latex=r"\mathrm{{sign}}\left({}\right)", lower=lambda code, x: code.sign(x),
    vanishing="flat steps", explain="slope 0: it moves in steps",
), in_place=True)  # fmt: skip
sgn: Op = publish(pointwise(
    "sgn", _sgn, pullbacks=[_sgn_pullback], torch="sgn", promotion="common", holomorphic=False,
    latex=r"\mathrm{{sgn}}\left({}\right)", numpy=(np.sign,), lower=lambda code, x: code.sign(x),
    explain="slope 0 on the real line; of a complex number, the change of its direction",
    source="sgn z = z / |z|, and 0 at 0",
), in_place=True)  # fmt: skip


def _copysign(x: Any, y: Any) -> Any:
    refuse("copysign", "c", x)
    return np.copysign(x, y)


copysign = publish(elementwise(
    "copysign", _copysign, torch="copysign", numpy=(np.copysign,),
    lower=lambda code, x, y: code.copysign(x, y),
    partials=[lambda out, x: np.where(x == 0, 0, out / x), NOWHERE],
    explain="slope 1 where the sign stays, -1 where it turns, 0 at 0; none in the sign's giver",
), in_place=True)  # fmt: skip
