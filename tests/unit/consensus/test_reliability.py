from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from workers.consensus import (
    InvalidVotes,
    class_flow,
    confusion_matrix,
    difference,
    drift,
    exact_interval,
    reliability,
)

counts = st.integers(0, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_no_error_among_ten_controls_leaves_room_for_many() -> None:
    found = exact_interval(0, 10)
    assert (float(found.value), float(found.low)) == (0, 0)
    assert float(found.high) == pytest.approx(1 - 0.025**0.1)


@given(pair=counts)
def test_the_exact_interval_is_where_the_binomial_tails_are_exhausted(pair: tuple[int, int]) -> None:
    hits, n = pair
    found = exact_interval(hits, n)
    if hits > 0:
        assert stats.binom.sf(hits - 1, n, float(found.low)) == pytest.approx(0.025, rel=1e-6)
    if hits < n:
        assert stats.binom.cdf(hits, n, float(found.high)) == pytest.approx(0.025, rel=1e-6)


def test_the_exact_interval_never_covers_less_than_it_says() -> None:
    n, hits = 40, np.arange(41)
    found = exact_interval(hits, np.full(41, n))
    for truth in np.linspace(0.01, 0.99, 50):
        inside = (found.low <= truth) & (truth <= found.high)
        assert stats.binom.pmf(hits[inside], n, truth).sum() >= 0.95


def test_no_controls_say_nothing() -> None:
    found = exact_interval(0, 0)
    assert np.isnan(found.value)
    assert (float(found.low), float(found.high)) == (0, 1)


def test_the_difference_of_shares_has_newcombes_published_interval() -> None:
    found = difference(48, 80, 56, 70)
    assert float(found.value) == pytest.approx(0.2)
    assert float(found.low) == pytest.approx(0.0524, abs=5e-5)
    assert float(found.high) == pytest.approx(0.3339, abs=5e-5)


def test_an_empty_group_makes_the_difference_unknown() -> None:
    found = difference([0], [0], [1], [2])
    assert np.isnan(found.value[0])
    assert (found.low[0], found.high[0]) == (-1, 1)


@given(before=counts, after=counts)
def test_differences_stay_inside_their_range(before: tuple[int, int], after: tuple[int, int]) -> None:
    found = drift(*before, *after)
    assert -1 <= found.low <= found.high <= 1


def test_a_reviewer_who_becomes_worse_drifts_down_with_the_whole_interval() -> None:
    found = drift([95, 90], [100, 100], [60, 91], [100, 100])
    assert found.high[0] < 0
    assert found.low[1] < 0 < found.high[1]


def test_few_answers_are_shrunk_towards_everyone() -> None:
    found = reliability([1, 900, 0], [1, 1000, 0])
    assert found.mean[0] < 0.95
    assert found.mean[1] == pytest.approx(0.9, abs=0.001)
    assert found.mean[2] == pytest.approx(901 / 1002 * 1 + 0, abs=0.01)
    assert found.high[2] - found.low[2] > found.high[1] - found.low[1]


@given(rows=st.lists(counts, min_size=1, max_size=8))
def test_the_mean_lies_in_its_interval(rows: list[tuple[int, int]]) -> None:
    right, n = ([row[i] for row in rows] for i in (0, 1))
    found = reliability(right, n)
    assert (found.low >= 0).all()
    assert (found.low <= found.high).all()
    assert (found.high <= 1).all()
    assert ((found.mean > 0) & (found.mean < 1)).all()


def test_no_answers_at_all_are_an_even_chance() -> None:
    assert reliability([0], [0]).mean.tolist() == [0.5]


def test_the_confusion_matrix_counts_truth_by_answer() -> None:
    assert confusion_matrix([0, 0, 1], [0, 1, 1], 2).tolist() == [[1, 1], [0, 1]]


def test_the_net_flow_shows_what_a_class_loses() -> None:
    flow = class_flow([0, 0, 0, 1, 1, 2], [0, 1, 1, 0, 1, 2], 4)
    assert flow.net[0].tolist() == [0, 1, 0, 0]
    assert flow.moved[0, 1] == 2
    assert flow.change.tolist() == [-1, 1, 0, 0]
    assert flow.lost_share[:3].tolist() == pytest.approx([1 / 3, 0, 0])
    assert np.isnan(flow.lost_share[3])


@given(labels=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30))
def test_items_are_neither_made_nor_lost(labels: list[tuple[int, int]]) -> None:
    flow = class_flow([pair[0] for pair in labels], [pair[1] for pair in labels], 4)
    assert flow.change.sum() == 0
    assert (flow.net == -flow.net.T).all()
    assert (flow.net.sum(axis=0) == flow.change).all()


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(InvalidVotes, match="hits exceeds n"):
        exact_interval(3, 2)
    with pytest.raises(InvalidVotes, match="outside"):
        exact_interval(-1, 2)
    with pytest.raises(InvalidVotes, match="level"):
        exact_interval(1, 2, level=0)
    with pytest.raises(InvalidVotes, match="strength"):
        reliability([1], [2], strength=0)
    with pytest.raises(InvalidVotes, match="differ in length"):
        reliability([1], [2, 3])
    with pytest.raises(InvalidVotes, match="differ in length"):
        confusion_matrix([0], [0, 1], 2)
    with pytest.raises(InvalidVotes, match="from 0 to 1"):
        class_flow([0, 2], [0, 1], 2)
