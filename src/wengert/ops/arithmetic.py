"""Sums, products, quotients and powers of elements."""

from __future__ import annotations

import operator

import numpy as np

from wengert.ops.define import publish
from wengert.ops.kinds import elementwise

# operator.add is five times faster than np.add on NumPy scalars, and the same on arrays.
mul = publish(elementwise(
    "mul", operator.mul, partials=[lambda y: y, lambda x: x], torch="mul",
    promotion="common", symbol="{} * {}", latex=r"{} \cdot {}", precedence=12,
    numpy=(np.multiply,),
    explain="the slope in one factor is the other factor",
))  # fmt: skip
add = publish(elementwise(
    "add", operator.add, partials=[1, 1], torch="add",
    promotion="common", symbol="{} + {}", latex="{} + {}", precedence=11, numpy=(np.add,),
    explain="slope 1 in each term: a sum passes its change on",
))  # fmt: skip
