"""Where a sequence repeats itself, against the definition."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wengert.draw.repeats import repeats

words = st.text(alphabet="abc", max_size=60)


def stands_three_times(items: str) -> bool:
    return any(
        items[at : at + n] == items[at + n : at + 2 * n] == items[at + 2 * n : at + 3 * n]
        for n in range(1, len(items) // 3 + 1)
        for at in range(len(items) - 3 * n + 1)
    )


@given(words, st.integers(2, 4))
def test_what_is_found_is_repeated_and_disjoint(items, least):
    end = 0
    for part in repeats(items, least):
        assert part.start >= end
        assert part.times >= least
        assert items[part.start : part.stop] == items[part.start :][: part.length] * part.times
        end = part.stop
    assert end <= len(items)


@given(words)
def test_nothing_repeated_is_left_between(items):
    ends = [0, *(part.stop for part in repeats(items, 3))]
    starts = [*(part.start for part in repeats(items, 3)), len(items)]
    assert not any(stands_three_times(items[a:b]) for a, b in zip(ends, starts))


@given(words, st.data())
def test_a_part_begins_where_it_costs_least(items, data):
    costs = data.draw(st.lists(st.integers(0, 3), min_size=len(items) + 1, max_size=len(items) + 1))
    for free, bought in zip(repeats(items, 3)[:1], repeats(items, 3, costs)[:1]):
        assert (bought.length, bought.times) == (free.length, free.times)
        assert costs[bought.start] <= costs[free.start]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ("", []),
        ("ab", []),
        ("aab", []),
        ("xabababy", [(1, 2, 3)]),
        ("aaabbb", [(0, 1, 3), (3, 1, 3)]),
        ("aab" * 4, [(0, 3, 4)]),
        (("ab" * 3 + "c") * 3, [(0, 7, 3)]),
        ("a" * 100_000, [(0, 1, 100_000)]),
        ("abc" * 30_000 + "x", [(0, 3, 30_000)]),
    ],
)
def test_examples(items, expected):
    assert repeats(items, 3) == expected
