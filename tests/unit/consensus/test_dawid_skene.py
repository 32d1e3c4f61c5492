from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.consensus.crowds import crowd
from workers.consensus import InvalidVotes, Votes, dawid_skene, majority

Table = np.ndarray[Any, np.dtype[np.float64]]


def by_the_paper(votes: Votes, n_classes: int, rounds: int) -> Table:
    """Dawid and Skene (1979) as printed, with loops."""
    people = range(votes.n_annotators)
    said = np.zeros((votes.n_annotators, votes.n_tasks, n_classes))
    np.add.at(said, (votes.annotator, votes.task, votes.label), 1)
    probs = said.sum(axis=0) / said.sum(axis=(0, 2))[:, None]
    for step in range(rounds + 1):
        prior = probs.mean(axis=0)
        confusion = [np.maximum(probs.T @ said[j], 1e-10) for j in people]
        confusion = [table / table.sum(axis=1, keepdims=True) for table in confusion]
        if step == rounds:
            break
        likelihood = np.tile(np.maximum(prior, 1e-10), (votes.n_tasks, 1))
        for j in people:
            for k in range(n_classes):
                likelihood[:, k] *= np.prod(confusion[j][k] ** said[j], axis=1)
        probs = likelihood / likelihood.sum(axis=1, keepdims=True)
    return probs


@given(seed=st.integers(0, 10_000), classes=st.integers(2, 5), rounds=st.integers(0, 6))
@settings(max_examples=40, deadline=None)
def test_without_smoothing_it_is_the_published_method(seed: int, classes: int, rounds: int) -> None:
    votes = crowd(seed, tasks=40, annotators=5, classes=classes).votes
    ours = dawid_skene(votes, classes, smoothing=0, n_iter=rounds, tol=0)
    np.testing.assert_allclose(ours.probs, by_the_paper(votes, classes, rounds), rtol=0, atol=1e-7)
    assert ours.rounds == rounds


def test_it_finds_out_who_always_swaps_two_classes() -> None:
    truth = np.arange(200) % 3
    swapped = np.array([1, 0, 2])[truth]
    task = np.tile(np.arange(200), 4)
    votes = Votes(task, np.repeat(np.arange(4), 200), np.concatenate([truth, truth, truth, swapped]))
    found = dawid_skene(votes, 3)
    assert found.label.tolist() == truth.tolist()
    assert found.annotator_quality[3] < 0.5 < found.annotator_quality[0]


def test_golden_items_teach_who_is_right_when_the_crowd_is_wrong() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 300)
    task = np.tile(np.arange(300), 3)
    wrong = np.where(rng.random((2, 300)) < 0.9, 1 - truth, truth)
    votes = Votes(task, np.repeat(np.arange(3), 300), np.concatenate([truth, *wrong]))
    golden = np.where(np.arange(300) < 60, truth, -1)
    unknown = golden == -1
    with_golden = dawid_skene(votes, 2, golden=golden).label
    assert (with_golden == truth)[unknown].mean() > 0.9
    assert (majority(votes, 2).label == truth)[unknown].mean() < 0.3
    assert (with_golden == truth)[~unknown].all()


def test_smoothing_helps_where_people_have_few_votes() -> None:
    right = {0.0: 0.0, 10.0: 0.0}
    for smoothing in right:
        for seed in range(5):
            made = crowd(seed, tasks=300, annotators=150, classes=5, answered=3 / 150)
            found = dawid_skene(made.votes, 5, smoothing=smoothing)
            right[smoothing] += float((found.label == made.truth).mean())
    assert right[10.0] > right[0.0]


def test_it_stops_when_it_no_longer_gains() -> None:
    votes = crowd(1).votes
    assert dawid_skene(votes, 4, n_iter=500).rounds < 500


def test_a_task_with_neither_vote_nor_golden_label_has_no_label() -> None:
    found = dawid_skene(Votes([2], [0], [1]), 2, golden=[-1, 0])
    assert found.label.tolist() == [-1, 0, 1]
    assert found.quality[:2].tolist() == [0, 1]


def test_one_annotator_is_believed() -> None:
    assert dawid_skene(Votes([0, 1, 2], [0, 0, 0], [1, 0, 1]), 2).label.tolist() == [1, 0, 1]


def test_no_votes_give_empty_results() -> None:
    found = dawid_skene(Votes([], [], []), 2)
    assert found.label.size == found.quality.size == found.annotator_quality.size == 0


def test_numbers_far_apart_need_no_table_of_all_between() -> None:
    found = dawid_skene(Votes([0, 0], [5_000, 90_000], [1, 1]), 2)
    assert found.label.tolist() == [1]
    assert np.isfinite(found.annotator_quality).sum() == 2


@given(seed=st.integers(0, 10_000), smoothing=st.sampled_from([0.0, 1.0, 10.0]))
@settings(max_examples=30, deadline=None)
def test_qualities_are_probabilities(seed: int, smoothing: float) -> None:
    found = dawid_skene(crowd(seed, tasks=20).votes, 4, smoothing=smoothing)
    np.testing.assert_allclose(found.probs.sum(axis=1), 1)
    for quality in (found.quality, found.annotator_quality):
        assert quality.min() >= 0
        assert quality.max() <= 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"smoothing": -1.0}, "cannot be negative"),
        ({"tol": float("nan")}, "cannot be negative"),
        ({"golden": [2]}, "golden is no list of labels"),
        ({"golden": [0.5]}, "golden is no list of labels"),
        ({"n_classes": 1}, r"1 is outside 0\.\.0"),
    ],
)
def test_what_cannot_be_used_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidVotes, match=message):
        dawid_skene(Votes([0], [0], [1]), **{"n_classes": 2, **options})
