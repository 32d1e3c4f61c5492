from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.consensus import InvalidVotes, Votes, majority, weighted_vote

entries = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4), st.integers(0, 3)), max_size=40)


def test_one_heavy_vote_outweighs_two_light_ones() -> None:
    found = weighted_vote(Votes([0, 0, 0], [0, 1, 2], [0, 0, 1]), 2, [0.2, 0.2, 0.6])
    assert found.label.tolist() == [1]
    assert found.quality.tolist() == pytest.approx([0.6])


def test_sums_that_differ_by_rounding_only_are_a_tie() -> None:
    votes = Votes([0] * 4, [0, 1, 2, 3], [1, 1, 1, 0])
    found = weighted_vote(votes, 2, [0.1, 0.1, 0.1, 0.3])
    assert found.tied.tolist() == [True]
    assert found.label.tolist() == [0]


def test_votes_that_weigh_nothing_give_no_label() -> None:
    found = weighted_vote(Votes([0, 1], [0, 1], [1, 1]), 2, [0, 1])
    assert found.label.tolist() == [-1, 1]
    assert found.quality.tolist() == [0, 1]


@given(rows=entries, weight=st.sampled_from([0.1, 1.0, 7.0]))
def test_equal_weights_are_the_majority(rows: list[tuple[int, int, int]], weight: float) -> None:
    votes = Votes([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows])
    plain, weighted = majority(votes, 4), weighted_vote(votes, 4, np.full(5, weight))
    assert plain.label.tolist() == weighted.label.tolist()
    assert plain.tied.tolist() == weighted.tied.tolist()
    np.testing.assert_allclose(plain.quality, weighted.quality)


@pytest.mark.parametrize(
    ("weights", "message"), [([1.0], "one for each of 2"), ([1, -1], "annotator 1: -1"), ([1, np.inf], "inf")]
)
def test_weights_that_are_none_are_refused(weights: list[float], message: str) -> None:
    with pytest.raises(InvalidVotes, match=message):
        weighted_vote(Votes([0, 0], [0, 1], [0, 0]), 2, weights)
