"""Operations with planted faults: copies of registered ones, with other facts."""

from __future__ import annotations

from wengert.core.op import Op
from wengert.core.registry import OPS


def planted(name: str, *rules: object, **facts: object) -> Op:
    """A copy of an operation with other rules, where they are given, and facts; not registered."""
    if rules:
        facts["rules"] = rules
    op = OPS[name]
    own = {fact: getattr(op, fact) for fact in Op.__annotations__}
    return Op(**{**own, **facts})
