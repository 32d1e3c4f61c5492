"""The interval that holds at every look."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.consensus import InvalidVotes, anytime_interval, exact_interval


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_it_covers_the_truth_at_all_looks_together(share: float) -> None:
    rng = np.random.default_rng(3)
    hits = (rng.random((400, 500)) < share).cumsum(axis=1)
    n = np.broadcast_to(np.arange(1, 501), hits.shape)
    interval = anytime_interval(hits.ravel(), n.ravel())
    missed = ((interval.low > share) | (interval.high < share)).reshape(hits.shape).any(axis=1)
    assert missed.mean() <= 0.05


def test_looking_at_each_step_breaks_the_fixed_interval() -> None:
    rng = np.random.default_rng(3)
    hits = (rng.random((200, 500)) < 0.1).cumsum(axis=1)
    n = np.broadcast_to(np.arange(1, 501), hits.shape)
    interval = exact_interval(hits.ravel(), n.ravel())
    missed = ((interval.low > 0.1) | (interval.high < 0.1)).reshape(hits.shape).any(axis=1)
    assert missed.mean() > 0.05


@given(st.integers(0, 300), st.integers(0, 300))
def test_it_holds_the_share_and_contains_the_fixed_interval(hits: int, misses: int) -> None:
    n = hits + misses
    wide, narrow = anytime_interval([hits], [n]), exact_interval([hits], [n])
    assert 0 <= wide.low[0] <= narrow.low[0] + 1e-9
    assert narrow.high[0] - 1e-9 <= wide.high[0] <= 1
    if n:
        assert wide.low[0] <= hits / n <= wide.high[0]


def test_nothing_seen_says_nothing() -> None:
    interval = anytime_interval([0], [0])
    assert np.isnan(interval.value[0])
    assert (interval.low[0], interval.high[0]) == (0, 1)


def test_of_no_hit_among_a_thousand_the_bound_is_small() -> None:
    assert anytime_interval([0], [1000]).high[0] < 0.01


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(InvalidVotes, match="hits exceeds n"):
        anytime_interval([3], [2])
