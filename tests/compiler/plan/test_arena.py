"""Intermediate values share memory where they never meet, and only there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wengert.compiler.plan.arena import ALIGNMENT, Lifetime, placed

lifetimes = st.builds(
    lambda nbytes, first, length: Lifetime(nbytes, first, first + length),
    st.integers(0, 1000), st.integers(0, 9), st.integers(0, 5),
)  # fmt: skip


@given(st.lists(lifetimes, max_size=20))
def test_what_is_there_at_the_same_time_lies_apart(values):
    offsets, total = placed(values)
    spans = [(o, o + v.nbytes) for o, v in zip(offsets, values, strict=True)]

    for i, (one, value) in enumerate(zip(spans, values, strict=True)):
        assert one[0] % ALIGNMENT == 0
        assert one[1] <= total
        for other, rival in zip(spans[:i], values, strict=False):
            meet = value.first <= rival.last and rival.first <= value.last
            if meet and value.nbytes and rival.nbytes:
                assert one[1] <= other[0] or other[1] <= one[0]


def test_a_chain_needs_two_places():
    _, total = placed([Lifetime(640, i, i + 1) for i in range(10)])

    assert total == 2 * 640
