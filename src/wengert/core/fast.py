"""The fast ways in: `binary`, what + - * / do with small tensors, and `make_leaf`.

They are written out, with nothing called and nothing looked up twice: what a small graph costs is
in here. Everything else takes the one general way, `record.apply`.
"""

from __future__ import annotations

import sys
import weakref
from typing import Any, Final

import numpy as np

from wengert.core import record  # before handles: see core/__init__.py
from wengert.core.half import REAL
from wengert.core.handles import Tensor, _create, _new
from wengert.core.marks import inherit_cuts, refuse_inference
from wengert.core.node import LEAF_PLAN, SMALL, Leaf, Pair, next_sequence
from wengert.core.op import Op, Plan
from wengert.modes import State, current, get_state
from wengert.sites import Site, here, site_at

_ndarray: Final = np.ndarray
_FLOAT32: Final = np.dtype(np.float32)
_FLOAT64: Final = np.dtype(np.float64)
# A number costs NumPy more than the rest of a small operation: 490 ns against 210 ns with a 0-d
# array. So those that formulas are full of are there, in float32 and float64.
_NUMBERS: Final = [
    {number: np.array(number, dtype) for number in (-2, -1, -0.5, 0.5, 1, 2, 3, 4, 10)}
    for dtype in (_FLOAT32, _FLOAT64)
]
_float32: Final = np.float32
_float64: Final = np.float64
_getframe: Final = sys._getframe
_USER_FRAME: Final = record.USER_FRAME
_create_leaf: Final = Leaf.__new__
_weak: Final = weakref.ref


def binary(op: Op, a: Any, b: Any) -> Any:
    """op(a, b) for the operators + - * /; called straight from Tensor's class body."""
    # Everything a small graph costs is in here: branches instead of calls, nothing looked up twice.
    state = get_state()
    if state is None or not state.plain:
        return record.apply(op, (a, b), None)
    if type(a) is Tensor:
        x = a._data
        na = a._node
        if type(b) is Tensor:
            y = b._data
            nb = b._node
            if type(x) is not type(y):
                return record.apply(op, (a, b), None)
        elif type(b) is float or type(b) is int:
            y = b
            nb = None
        else:
            return record.apply(op, (a, b), None)
        kind = type(x)
    elif type(b) is Tensor and (type(a) is float or type(a) is int):
        x = a
        na = None
        y = b._data
        nb = b._node
        kind = type(y)
    else:
        return record.apply(op, (a, b), None)
    even = True
    left, right = x, y
    if kind is _ndarray:
        if type(x) is not kind:
            dtype = y.dtype
            left = _NUMBERS[dtype is _FLOAT64].get(x, x)
        elif type(y) is not kind:
            dtype = x.dtype
            right = _NUMBERS[dtype is _FLOAT64].get(y, y)
        else:
            dtype = x.dtype
            if dtype is not y.dtype:
                return record.apply(op, (a, b), None)
            even = x.shape == y.shape
        if dtype is not _FLOAT32 and dtype is not _FLOAT64:
            return record.apply(op, (a, b), None)
    elif kind is not _float32 and kind is not _float64:
        return record.apply(op, (a, b), None)
    run = state.run  # called as state.run(...), it would be looked for among methods first
    try:
        z = run(op.forward, left, right)
    except Exception:
        return record.apply(op, (a, b), None)  # it fails again there, and is explained
    pairs = op.pairs
    if na is None:
        if nb is None:
            out = _new(z, None)
            if (x is not a and a._extra is not None) or (y is not b and b._extra is not None):
                inherit_cuts(out, (a, b))
            return out
        plan = pairs[2] or fill_pair(op, 2)
        if x is not a:
            na = a
            if a._extra is not None and plan.keeps[0]:
                refuse_inference(op, a)
    elif nb is None:
        plan = pairs[1] or fill_pair(op, 1)
        if y is not b:
            nb = b
            if b._extra is not None and plan.keeps[1]:
                refuse_inference(op, b)
    else:
        plan = pairs[3] or fill_pair(op, 3)
    if plan.drops_x:
        x = None
    if plan.drops_y:
        y = None
    frame = _getframe(_USER_FRAME)
    site = site_at(id(frame.f_code) + frame.f_lasti)  # here(frame), its common case
    if site is None or site.internal:
        site = here(frame)
    if kind is _ndarray and type(z) is _ndarray and not 0 < z.nbytes <= SMALL:
        return record.large(plan, (a, b), (na, nb), (x, y), z, site)
    node = Pair()
    node.plan = plan
    node.even = even
    node.first = na
    node.second = nb
    node.x = x
    node.y = y
    node.value = z
    node.sequence = next_sequence()
    node.site = site
    node._memory = None
    node.freed = None
    node.extra = None
    node.grad = None
    out = _create(Tensor)  # Tensor(...) written out: the call is a tenth of this function's time
    out._data = z
    out._node = node
    out._memory = None
    out._extra = None
    return out


def fill_pair(op: Op, mask: int) -> Plan:
    """The plan of an operation with two inputs, entered where `binary` looks for it."""
    plan = op.pairs[mask] = op.plan(mask, REAL, 2)
    plan.serve_pairs(mask)
    return plan


def make_leaf(tensor: Tensor, state: State | None = None) -> Leaf:
    """Give a tensor without history a leaf node: it requires grad from now on."""
    state = state or get_state() or current()
    site: Site | None = None
    if state.sites:
        frame = _getframe(_USER_FRAME)
        site = site_at(id(frame.f_code) + frame.f_lasti)
        if site is None or site.internal:
            site = here(frame)
    # Leaf(tensor, site) written out, as in binary.
    leaf = _create_leaf(Leaf)
    leaf.plan = LEAF_PLAN
    leaf.value = tensor._data
    leaf._aval = None
    leaf.sequence = next_sequence()
    leaf.site = site
    leaf._memory = tensor._memory
    leaf.freed = None
    leaf.extra = None
    leaf.grad = None
    leaf.handle = _weak(tensor)
    tensor._node = leaf
    return leaf
