from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from workers.consensus import (
    InvalidVotes,
    Votes,
    jaccard,
    krippendorff_alpha,
    mean_jaccard,
    set_alpha_sums,
    set_consensus,
)

NAN = float("nan")


def answers(seed: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    return rng.integers(0, 8, n), rng.choice([0, 1, 0.5, NAN], (n, 4), p=[0.5, 0.35, 0.1, 0.05])


def test_each_class_is_decided_by_the_majority_of_its_own_answers() -> None:
    marks = [[1, 1, 0], [1, 0, 0], [1, 0, 1]]
    found = set_consensus([0, 0, 0], marks, quorum=2)
    assert found.chosen.tolist() == [[True, False, False]]
    assert not found.open.any()
    assert found.share[0].tolist() == pytest.approx([1, 1 / 3, 1 / 3])


def test_a_class_stays_open_without_a_quorum_in_a_tie_and_where_nobody_could_choose_it() -> None:
    marks = [[1, 1, NAN, 1], [NAN, 0, NAN, 1]]
    found = set_consensus([0, 0], marks, quorum=2)
    assert found.open.tolist() == [[True, True, True, False]]
    assert found.chosen.tolist() == [[False, False, False, True]]
    assert found.answers.tolist() == [[1, 2, 0, 2]]
    assert np.isnan(found.share[0, 2])


def test_unsure_answers_move_the_share_by_half_and_make_no_quorum() -> None:
    found = set_consensus([0, 0, 0, 1, 1], [[1], [0.5], [0.5], [1], [1]], quorum=2)
    assert found.share[:, 0].tolist() == pytest.approx([2 / 3, 1])
    assert found.open[:, 0].tolist() == [True, False]


def test_nothing_chosen_is_an_answer() -> None:
    found = set_consensus([0, 0], [[0, 0], [0, 0]], quorum=2)
    assert not found.open.any()
    assert not found.chosen.any()


def test_a_task_without_answers_is_open() -> None:
    found = set_consensus([1, 1], [[1], [1]], quorum=2)
    assert found.open[:, 0].tolist() == [True, False]


@given(seed=st.integers(0, 10_000), quorum=st.integers(1, 4))
@settings(deadline=None)
def test_what_is_decided_has_a_sure_quorum_and_the_order_of_answers_changes_nothing(
    seed: int, quorum: int
) -> None:
    task, marks = answers(seed)
    found = set_consensus(task, marks, quorum=quorum)
    for (t, k), is_open in np.ndenumerate(found.open):
        yes, no = ((marks[task == t, k] == mark).sum() for mark in (1, 0))
        side, other = (yes, no) if found.chosen[t, k] else (no, yes)
        assert is_open == (max(yes, no) < quorum or yes == no)
        assert is_open or (side >= quorum and side > other)
    turned = np.random.default_rng(seed).permutation(len(task))
    again = set_consensus(task[turned], marks[turned], quorum=quorum)
    assert np.array_equal(again.open, found.open)
    assert np.array_equal(again.chosen, found.chosen)


def test_jaccard_is_the_share_of_the_chosen_that_both_chose() -> None:
    first = [[1, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0.5, NAN], [NAN, 0.5, NAN, NAN]]
    second = [[1, 0, 1, 0], [0, 0, 0, 0], [0, 1, 0, 0], [1, 1, 1, 1], [1, 1, 1, 1]]
    found = jaccard(first, second)
    assert found[:4].tolist() == pytest.approx([1 / 3, 1, 0, 1])
    assert np.isnan(found[4])


@given(seed=st.integers(0, 10_000))
@settings(deadline=None)
def test_mean_jaccard_is_the_mean_of_all_pairs(seed: int) -> None:
    task, marks = answers(seed)
    pairs = [(a, b) for a, b in combinations(range(len(task)), 2) if task[a] == task[b]]
    alike = [jaccard(marks[[a]], marks[[b]])[0] for a, b in pairs]
    comparable = [share for share in alike if not np.isnan(share)]
    if comparable:
        assert mean_jaccard(task, marks) == pytest.approx(np.mean(comparable))
    else:
        assert np.isnan(mean_jaccard(task, marks))


@pytest.mark.parametrize(
    ("task", "marks", "quorum", "message"),
    [
        ([0], [[1], [0]], 1, "task has 1 entries for 2 rows of marks"),
        ([0], [[2.0]], 1, r"marks, answer 0: holds \[2\.0\]"),
        ([0], [1.0], 1, "marks has 1 dimensions"),
        ([-1], [[1.0]], 1, "task holds a number outside the range"),
        ([0], [[1.0]], 0, "quorum is 0"),
    ],
)
def test_what_is_no_set_of_answers_is_refused(task: object, marks: object, quorum: int, message: str) -> None:
    with pytest.raises(InvalidVotes, match=message):
        set_consensus(task, marks, quorum=quorum)


def test_no_answers_are_no_tasks() -> None:
    assert set_consensus([], np.empty((0, 3)), quorum=1).chosen.shape == (0, 3)
    assert np.isnan(mean_jaccard([], np.empty((0, 3))))


@given(st.integers(0, 2**32 - 1))
def test_alpha_of_sets_is_the_nominal_alpha_of_one_class_and_grows_with_no_class_that_nobody_chose(
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    cells = rng.permutation(24)[: rng.integers(1, 24)]
    task, person = np.divmod(cells, 4)
    one = rng.integers(0, 2, (len(cells), 1)).astype(float)
    found = set_alpha_sums(task, person, one).value()
    assert found == pytest.approx(krippendorff_alpha(Votes(task, person, one[:, 0].astype(int))), nan_ok=True)
    wider = np.hstack([one, np.zeros_like(one), one])
    assert set_alpha_sums(task, person, wider).value() == pytest.approx(found, nan_ok=True)
