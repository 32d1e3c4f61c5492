from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.consensus import InvalidVotes, Votes, majority

entries = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4), st.integers(0, 3)), max_size=40)


def votes_of(rows: list[tuple[int, int, int]]) -> Votes:
    return Votes([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows])


def test_the_most_frequent_label_wins_with_its_share_as_quality() -> None:
    found = majority(Votes([0, 0, 0], [0, 1, 2], [1, 1, 0]), 2)
    assert found.label.tolist() == [1]
    assert found.quality.tolist() == pytest.approx([2 / 3])
    assert found.tied.tolist() == [False]


def test_a_tie_names_the_smallest_label_and_is_marked() -> None:
    found = majority(Votes([0, 0], [0, 1], [2, 1]), 3)
    assert found.label.tolist() == [1]
    assert found.tied.tolist() == [True]


def test_a_task_without_votes_has_no_label() -> None:
    found = majority(Votes([2], [0], [1]), 2)
    assert found.label.tolist() == [-1, -1, 1]
    assert found.quality.tolist() == [0, 0, 1]


def test_annotators_are_measured_on_tasks_that_others_settle_too() -> None:
    found = majority(Votes([0, 0, 0, 1], [0, 1, 2, 3], [1, 1, 0, 1]), 2)
    assert found.annotator_quality[:3].tolist() == [1, 1, 0]
    assert np.isnan(found.annotator_quality[3])


def test_no_votes_give_empty_results() -> None:
    found = majority(Votes([], [], []), 2)
    assert found.label.size == found.quality.size == found.annotator_quality.size == 0


@given(rows=entries, seed=st.integers(0, 99))
def test_the_order_of_votes_does_not_matter(rows: list[tuple[int, int, int]], seed: int) -> None:
    shuffled = [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))]
    first, second = majority(votes_of(rows), 4), majority(votes_of(shuffled), 4)
    assert first.label.tolist() == second.label.tolist()
    assert first.tied.tolist() == second.tied.tolist()
    assert np.array_equal(first.annotator_quality, second.annotator_quality, equal_nan=True)


@given(rows=entries)
def test_majority_agrees_with_counting(rows: list[tuple[int, int, int]]) -> None:
    found = majority(votes_of(rows), 4)
    for task in {row[0] for row in rows}:
        counts = np.bincount([row[2] for row in rows if row[0] == task], minlength=4)
        assert found.label[task] == counts.argmax()
        assert found.quality[task] == pytest.approx(counts.max() / counts.sum())
        assert found.tied[task] == ((counts == counts.max()).sum() > 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 1], [0], [0]), "one of each per vote"),
        (([0.5], [0], [0]), "task is not a list of integers"),
        (([0], [-1], [0]), "annotator, vote 0: negative"),
        (([0], [0], ["cat"]), "label is not a list of integers"),
    ],
)
def test_votes_that_are_none_are_refused(arguments: tuple[list[object], ...], message: str) -> None:
    with pytest.raises(InvalidVotes, match=message):
        Votes(*arguments)  # type: ignore[arg-type]


def test_a_label_outside_the_classes_is_refused_by_vote() -> None:
    with pytest.raises(InvalidVotes, match=r"label, vote 1: 2 is outside 0\.\.1"):
        majority(Votes([0, 1], [0, 0], [1, 2]), 2)
