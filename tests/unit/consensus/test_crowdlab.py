from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from cleanlab.internal.multiannotator_utils import find_best_temp_scaler
    from cleanlab.multiannotator import get_active_learning_scores, get_label_quality_multiannotator

from tests.unit.consensus.crowds import MadeUp, crowd
from workers.consensus import InvalidVotes, Votes, active_scores, best_temperature, crowdlab, whom_to_ask

CLOSE = 1e-12
FLAT = np.full((2, 3), 1 / 3)


def cleanlab_of(made: MadeUp, **options: Any) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: dict[str, Any] = get_label_quality_multiannotator(
            made.wide(), made.probs, verbose=False, return_weights=True, **options
        )
    return found


def counts_of(votes: Votes, shape: tuple[int, int]) -> np.ndarray[Any, np.dtype[np.float64]]:
    counts = np.zeros(shape)
    np.add.at(counts, (votes.task, votes.label), 1)
    return counts


@given(
    seed=st.integers(0, 10_000),
    classes=st.integers(2, 6),
    annotators=st.integers(2, 9),
    answered=st.sampled_from([0.1, 0.4, 1.0]),
)
@settings(max_examples=40, deadline=None)
def test_answers_equal_cleanlab(seed: int, classes: int, annotators: int, answered: float) -> None:
    made = crowd(seed, annotators=annotators, classes=classes, answered=answered)
    if np.bincount(made.votes.task).max() < 2:
        return
    ours, theirs = crowdlab(made.votes, made.probs), cleanlab_of(made)
    quality, people = theirs["label_quality"], theirs["annotator_stats"].sort_index()
    assert ours.label.tolist() == quality["consensus_label"].tolist()
    np.testing.assert_allclose(ours.quality, quality["consensus_quality_score"], rtol=0, atol=CLOSE)
    np.testing.assert_allclose(ours.annotator_quality, people["annotator_quality"], rtol=0, atol=CLOSE)
    np.testing.assert_allclose(ours.annotator_weight, theirs["annotator_weight"], rtol=0, atol=CLOSE)
    assert ours.model_weight == pytest.approx(theirs["model_weight"])


def test_ties_are_broken_as_cleanlab_breaks_them_when_the_model_does_not_know() -> None:
    made = crowd(3, tasks=200, annotators=5, classes=3, answered=0.5)
    unsure = MadeUp(made.votes, np.full_like(made.probs, 1 / 3), made.truth)
    wide, theirs = made.wide(), cleanlab_of(unsure, consensus_method="majority_vote")
    drawn = theirs["label_quality"]["consensus_label"].to_numpy()
    ours = crowdlab(made.votes, unsure.probs)
    votes_for = (wide == ours.label[:, None]).sum(axis=1)
    assert (votes_for == counts_of(made.votes, made.probs.shape).max(axis=1)).mean() > 0.9
    assert (drawn == ours.label).mean() > 0.8


def test_with_missing_votes_cleanlab_calibrates_to_the_wrong_classes_and_we_do_not() -> None:
    rng = np.random.default_rng(5)
    probs = rng.dirichlet([0.3] * 4, 300)
    probs = probs**0.3 / (probs**0.3).sum(axis=1, keepdims=True)  # a model that is too unsure
    task, annotator = np.nonzero(rng.random((300, 4)) < 0.7)
    votes = Votes(task, annotator, probs.argmax(axis=1)[task])
    counts = counts_of(votes, probs.shape)
    wide = np.full((300, 4), np.nan)
    wide[task, annotator] = votes.label
    answered = counts.sum(axis=1) > 0
    theirs = find_best_temp_scaler(wide[answered], probs[answered])
    assert best_temperature(counts, probs) == pytest.approx(0.1)  # votes follow the model: be surer
    assert theirs > 1  # its votes went to other slots: be less sure


@pytest.mark.parametrize("seed", range(6))
def test_calibration_equals_cleanlab_where_all_answered_in_integers(seed: int) -> None:
    made = crowd(seed, answered=1.0)
    theirs = find_best_temp_scaler(made.wide().astype(int), made.probs)
    assert best_temperature(counts_of(made.votes, made.probs.shape), made.probs) == pytest.approx(theirs)


@pytest.mark.parametrize("seed", range(4))
def test_active_scores_equal_cleanlab_where_all_answered_in_integers(seed: int) -> None:
    made = crowd(seed, answered=1.0)
    unasked = crowd(seed + 50, tasks=20).probs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        asked, new = get_active_learning_scores(made.wide().astype(int), made.probs.copy(), unasked.copy())
    ours = active_scores(made.votes, np.vstack([made.probs, unasked])).score
    np.testing.assert_allclose(ours, np.concatenate([asked, new]), rtol=0, atol=CLOSE)


def test_active_scores_equal_cleanlab_where_each_task_has_one_vote() -> None:
    votes, probs = Votes([0, 1], [0, 1], [1, 0]), np.array([[0.7, 0.3], [0.6, 0.4]])
    theirs, _ = get_active_learning_scores(np.array([[1, np.nan], [np.nan, 0]]), probs)
    np.testing.assert_allclose(active_scores(votes, probs).score, theirs, rtol=0, atol=CLOSE)


def test_without_votes_the_least_sure_prediction_is_asked_first() -> None:
    scores = active_scores(Votes([], [], []), np.array([[0.9, 0.1], [0.5, 0.5]])).score
    assert scores[1] < scores[0]


def test_a_calibrated_consensus_says_its_temperature() -> None:
    made = crowd(1)
    found = crowdlab(made.votes, made.probs, calibrate=True)
    assert found.temperature == best_temperature(counts_of(made.votes, made.probs.shape), made.probs)
    np.testing.assert_allclose(found.probs.sum(axis=1), 1)


def test_a_task_without_votes_has_no_label_and_the_models_probabilities() -> None:
    probs = np.array([[0.2, 0.8], [0.7, 0.3], [0.4, 0.6]])
    found = crowdlab(Votes([0, 0, 2, 2], [0, 1, 0, 1], [1, 1, 0, 1]), probs)
    assert (found.label[1], found.quality[1]) == (-1, 0)
    assert found.probs[1].tolist() == pytest.approx([0.7, 0.3])


def test_a_gap_in_the_numbering_of_annotators_changes_nothing() -> None:
    made = crowd(2)
    moved = Votes(made.votes.task, made.votes.annotator * 2, made.votes.label)
    plain, spread = crowdlab(made.votes, made.probs), crowdlab(moved, made.probs)
    np.testing.assert_allclose(plain.quality, spread.quality)
    np.testing.assert_allclose(plain.annotator_quality, spread.annotator_quality[::2])
    assert np.isnan(spread.annotator_quality[1])
    assert np.isnan(spread.annotator_weight[1])


@given(seed=st.integers(0, 1000))
@settings(deadline=None)
def test_the_order_of_votes_does_not_matter(seed: int) -> None:
    made = crowd(seed, tasks=20)
    mixed = made.votes.where(np.random.default_rng(seed).permutation(len(made.votes)))
    first, second = crowdlab(made.votes, made.probs), crowdlab(mixed, made.probs)
    assert first.label.tolist() == second.label.tolist()
    np.testing.assert_allclose(first.quality, second.quality)
    assert 0 <= first.quality.min() <= first.quality.max() <= 1


@pytest.mark.parametrize(
    ("votes", "probs", "message"),
    [
        (Votes([0, 1], [0, 0], [0, 1]), FLAT, "no task has two votes"),
        (Votes([], [], []), FLAT, "no task has two votes"),
        (Votes([0, 0], [1, 1], [0, 1]), FLAT, "annotator 1 has two votes on task 0"),
        (Votes([0, 0], [0, 1], [0, 3]), FLAT, r"3 is outside 0\.\.2"),
        (Votes([0, 2], [0, 1], [0, 1]), FLAT, "2 rows for 3 tasks"),
        (Votes([0, 0], [0, 1], [0, 0]), np.ones((1, 1)), "2 or more"),
        (Votes([0, 0], [0, 1], [0, 0]), np.array([0.5, 0.5]), "no table"),
        (Votes([0, 0], [0, 1], [0, 0]), np.array([[0.5, np.nan]]), "row 0: no probabilities"),
        (Votes([0, 0], [0, 1], [0, 0]), np.array([[1.5, -0.5]]), "row 0: no probabilities"),
    ],
)
def test_what_cannot_be_used_is_refused(votes: Votes, probs: Any, message: str) -> None:
    with pytest.raises(InvalidVotes, match=message):
        crowdlab(votes, probs)


def test_repeated_votes_are_found_among_many_possible_places() -> None:
    with pytest.raises(InvalidVotes, match="annotator 900 has two votes on task 70"):
        Votes([70, 3, 70], [900, 1, 900], [0, 0, 1]).refuse_repeated()


def test_the_last_of_several_votes_can_be_kept() -> None:
    kept = Votes([1, 0, 1], [2, 0, 2], [0, 1, 3]).latest()
    assert (kept.task.tolist(), kept.annotator.tolist(), kept.label.tolist()) == ([0, 1], [0, 2], [1, 3])


def test_the_weightiest_person_who_has_not_answered_is_asked() -> None:
    votes = Votes([0, 1, 1], [2, 0, 2], [0, 0, 0])
    weight, available = np.array([0.5, 0.9, 0.8]), np.array([True, False, True])
    assert whom_to_ask(votes, np.array([0, 1, 7]), weight, available).tolist() == [0, -1, 2]


def test_a_person_of_unknown_weight_counts_as_average() -> None:
    weight = np.array([0.2, np.nan, 0.6])
    asked = whom_to_ask(Votes([0], [2], [0]), np.array([0]), weight, np.ones(3, dtype=np.bool_))
    assert asked.tolist() == [1]


def test_asking_needs_the_weight_of_every_annotator() -> None:
    with pytest.raises(InvalidVotes, match="every annotator"):
        whom_to_ask(Votes([0], [2], [0]), np.array([0]), np.ones(1), np.ones(1, dtype=np.bool_))
