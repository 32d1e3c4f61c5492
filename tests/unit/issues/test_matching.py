from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workers.issues.matching import one_to_one

pair = st.tuples(st.integers(0, 6), st.integers(0, 6), st.sampled_from([0.1, 0.5, 0.5, 0.9]))


def test_the_best_pair_is_taken_first_even_where_another_choice_would_join_more() -> None:
    left, right, value = np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.9, 0.8, 0.8])
    assert one_to_one(left, right, value).tolist() == [0]


def test_nothing_to_match_is_nothing_matched() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert len(one_to_one(none, none, np.zeros(0))) == 0


@given(st.lists(pair, max_size=25))
def test_each_side_is_taken_once_and_no_free_pair_is_left(pairs: list[tuple[int, int, float]]) -> None:
    left, right = (np.array([row[k] for row in pairs], dtype=np.int64) for k in (0, 1))
    kept = one_to_one(left, right, np.array([row[2] for row in pairs]))
    assert len(set(left[kept].tolist())) == len(set(right[kept].tolist())) == len(kept)
    assert (np.isin(left, left[kept]) | np.isin(right, right[kept])).all()


@given(st.lists(pair, max_size=25, unique_by=lambda row: row[:2]), st.integers(0, 100))
def test_the_order_of_pairs_does_not_matter(pairs: list[tuple[int, int, float]], seed: int) -> None:
    turned = [pairs[i] for i in np.random.default_rng(seed).permutation(len(pairs))]
    chosen = []
    for rows in (pairs, turned):
        left, right = (np.array([row[k] for row in rows], dtype=np.int64) for k in (0, 1))
        kept = one_to_one(left, right, np.array([row[2] for row in rows]))
        chosen.append({(int(left[k]), int(right[k])) for k in kept})
    assert chosen[0] == chosen[1]
