"""Planted faults are found with the right facts; clean simulations yield nothing at the stated rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from workers.issues import confident_joint
from workers.issues.kinds import (
    AnnotatorAnswers,
    Change,
    ambiguous,
    class_balance,
    class_changes,
    clusters,
    differing,
    disagreements,
    drifting,
    outlying,
    overlapping,
    unlikely_duplicates,
    worse_groups,
)
from workers.issues.kinds.rates import at_least, at_most, discoveries, higher_rate
from workers.issues.neighbours import exact_groups, knn

K = 5
RUNS = 60  # simulations of clean data; at a level of 5 % more than 9 alarms have a chance below 0.2 %
MOST_ALARMS = 9


def model_of(truth: np.ndarray, rng: np.random.Generator, k: int = K, sure: float = 4.0) -> np.ndarray:
    """Probabilities of a fair model: calibrated by construction, and right for about 90 % of items."""
    scores = rng.normal(size=(len(truth), k))
    scores[np.arange(len(truth)), truth] += sure
    scores *= sure / 2  # the posterior of one of k normal means that lie `sure` off, softened
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: np.ndarray = odds / odds.sum(axis=1, keepdims=True)
    return found


def noisy(truth: np.ndarray, rate: float, rng: np.random.Generator, k: int = K) -> np.ndarray:
    wrong = rng.random(len(truth)) < rate
    found: np.ndarray = np.where(wrong, rng.integers(0, k, len(truth)), truth)
    return found


# --- the tests behind them ---------------------------------------------------------------------------


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.01, 0.99))
def test_tails_are_those_of_the_binomial_distribution(x: int, n: int, share: float) -> None:
    x = min(x, n)
    assert at_least(x, n, share) == pytest.approx(stats.binom.sf(x - 1, n, share), abs=1e-12)
    assert at_most(x, n, share) == pytest.approx(stats.binom.cdf(x, n, share), abs=1e-12)


@given(st.lists(st.floats(0, 1), max_size=30))
def test_discoveries_are_those_of_benjamini_and_hochberg(p_values: list[float]) -> None:
    expected = [] if not p_values else (stats.false_discovery_control(p_values) <= 0.05).tolist()
    assert discoveries(p_values).tolist() == expected


def test_rates_without_anything_to_compare_are_alike() -> None:
    assert higher_rate([5, 5], [0.0, 5.0], [5, 0], [5.0, 0.0]).tolist() == [1.0, 1.0]


# --- items -------------------------------------------------------------------------------------------


def test_two_nearly_equal_classes_are_ambiguous_and_three_are_not() -> None:
    probs = np.array(
        [[0.9, 0.1, 0.0], [0.5, 0.0, 0.5], [0.34, 0.33, 0.33], [0.05, 0.5, 0.45], [0.54, 0.45, 0.01]]
    )
    found = ambiguous(probs)
    assert found.rows.tolist() == [1, 3, 4]
    assert list(zip(found.first.tolist(), found.second.tolist(), strict=True)) == [(0, 2), (1, 2), (0, 1)]
    assert found.score[0] == 1
    assert np.all((found.score > 0.6) & (found.score <= 1))


def test_nothing_is_ambiguous_to_a_model_that_is_sure_or_that_knows_nothing() -> None:
    rng = np.random.default_rng(1)
    assert len(ambiguous(model_of(rng.integers(0, K, 2000), rng, sure=9.0)).rows) <= 2
    assert len(ambiguous(np.full((100, K), 1 / K)).rows) == 0
    assert len(ambiguous(np.empty((0, K))).rows) == 0


@given(st.integers(0, 2**31), st.integers(1, 40), st.integers(2, 6))
@settings(deadline=None)
def test_ambiguity_has_the_two_highest_probabilities_of_the_row(seed: int, n: int, k: int) -> None:
    probs = np.random.default_rng(seed).dirichlet(np.full(k, 0.5), n)
    found = ambiguous(probs)
    top = -np.sort(-probs[found.rows], axis=1)
    assert np.array_equal(found.first_probability, top[:, 0])
    assert np.array_equal(found.second_probability, top[:, 1])
    assert np.all(np.diff(found.score) <= 0)


def test_disagreement_is_the_share_of_pairs_that_differ() -> None:
    rows = np.array([0, 0, 1, 1, 1, 2, 3, 3, 3, 3])
    labels = np.array([0, 1, 2, 2, 0, 1, 1, 1, 1, 1])
    found = disagreements(rows, labels, 5)
    assert found.rows.tolist() == [0, 1]
    assert found.score.tolist() == pytest.approx([1.0, 2 / 3])
    assert found.answers.tolist() == [2, 3]
    assert disagreements(rows[:0], labels[:0], 3).rows.tolist() == []


def spread_points(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    from scipy.spatial import cKDTree

    points = rng.normal(size=(n, d))
    distance: np.ndarray = cKDTree(points).query(points, k=11)[0][:, 1:].mean(axis=1)
    return distance


@pytest.mark.parametrize("dimensions", [2, 12])
def test_no_item_of_a_cloud_is_outlying_at_the_stated_rate(dimensions: int) -> None:
    rng = np.random.default_rng(2)
    alarms = sum(len(outlying(spread_points(600, dimensions, rng)).rows) > 0 for _ in range(RUNS))
    assert alarms <= MOST_ALARMS


def test_items_far_from_all_others_are_outlying_even_if_there_are_several() -> None:
    distance = spread_points(1000, 12, np.random.default_rng(3))
    distance[[5, 50, 500]] = np.median(distance) * np.array([6.0, 9.0, 7.0])
    found = outlying(distance)
    assert found.rows.tolist()[:3] == [50, 500, 5]
    assert len(found.rows) == 3
    assert found.times[0] == pytest.approx(9.0, rel=0.05)
    assert np.all((found.score > 0) & (found.score < 1))


def test_few_items_or_nothing_but_doubles_have_no_outliers() -> None:
    assert len(outlying(np.r_[np.ones(40), 99.0]).rows) == 0
    assert len(outlying(np.r_[np.zeros(900), np.ones(9)]).rows) == 0


# --- duplicates --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dimensions", [2, 5, 30])
def test_unrelated_items_are_no_duplicates_at_the_stated_rate(dimensions: int) -> None:
    rng = np.random.default_rng(20)
    clouds = (rng.normal(size=(300, dimensions)) + 2 for _ in range(RUNS))
    assert sum(bool(unlikely_duplicates(knn(points, 10)).mask.any()) for points in clouds) <= MOST_ALARMS


@pytest.mark.parametrize("dimensions", [5, 30])
def test_items_that_were_hardly_changed_are_duplicates(dimensions: int) -> None:
    rng = np.random.default_rng(21)
    points = rng.normal(size=(400, dimensions)) + 2
    again = points[[3, 50]] + rng.normal(size=(2, dimensions)) * 1e-3
    many = points[7] + rng.normal(size=(20, dimensions)) * 1e-4  # more than the graph has neighbours
    found = unlikely_duplicates(knn(np.vstack([points, again, many]), 10))
    expected = {3, 50, 7, *range(400, 422)}
    assert set(np.flatnonzero(found.mask).tolist()) == expected
    assert found.group[3] == found.group[400] != found.group[50] == found.group[401]


def test_equal_content_counts_whatever_lies_between() -> None:
    points = np.random.default_rng(22).normal(size=(100, 3))
    same = exact_groups([5 if row in (1, 9) else None for row in range(100)])
    assert np.flatnonzero(unlikely_duplicates(knn(points, 10), exact=same).mask).tolist() == [1, 9]
    assert np.flatnonzero(unlikely_duplicates(knn(points, 2), exact=same).mask).tolist() == [1, 9]
    assert not unlikely_duplicates(knn(np.zeros((30, 2)), 3)).mask.any()


# --- classes -----------------------------------------------------------------------------------------


def test_balance_tells_rare_from_scarce_and_leaves_small_data_alone() -> None:
    found = class_balance([1000, 990, 0, 3, 30], least=5)
    assert found.rare.tolist() == [2, 3]
    assert found.rare_score.tolist() == pytest.approx([1.0, 0.4])
    assert found.scarce.tolist() == [4]
    assert found.scarce_score[0] == pytest.approx(1 - 30 / 2023 * 5)
    assert class_balance([8, 9, 7, 10], least=5).scarce.tolist() == []
    assert class_balance([1, 9, 9, 9], least=1).scarce.tolist() == []  # by chance


def test_classes_confused_at_random_do_not_overlap_at_the_stated_rate() -> None:
    rng = np.random.default_rng(4)
    alarms = 0
    for _ in range(RUNS):
        truth = rng.integers(0, K, 3000)
        joint = np.zeros((K, K), dtype=int)
        np.add.at(joint, (noisy(truth, 0.2, rng), truth), 1)
        alarms += len(overlapping(joint)) > 0
    assert alarms <= MOST_ALARMS


def test_a_pair_confused_both_ways_overlaps_and_one_way_does_not() -> None:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, K, 4000)
    labels = truth.copy()
    swapped = rng.random(4000) < 0.2
    labels[swapped & (truth == 1)] = 3
    labels[swapped & (truth == 3)] = 1
    labels[swapped & (truth == 4)] = 0  # one way only
    joint = confident_joint(labels, model_of(truth, rng))
    found = overlapping(joint)
    assert [(one.first, one.second) for one in found] == [(1, 3)]
    assert found[0].first_as_second == joint[1, 3]
    assert 0.1 < found[0].score < 0.3
    assert overlapping(np.array([[970, 30], [40, 960]]))[0].score == pytest.approx(0.035)
    assert overlapping(np.array([[990, 10], [12, 988]])) == []


# --- time --------------------------------------------------------------------------------------------


def dated(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return rng.integers(0, K, n), np.sort(rng.uniform(0, 100, n))


def test_steady_classes_do_not_change_at_the_stated_rate() -> None:
    rng = np.random.default_rng(6)
    alarms = 0
    for _ in range(RUNS):
        truth, times = dated(1500, rng)
        alarms += len(class_changes(noisy(truth, 0.05, rng), times, model_of(truth, rng))) > 0
    assert alarms <= MOST_ALARMS


def test_a_class_that_starts_or_stops_is_found_with_its_date() -> None:
    rng = np.random.default_rng(7)
    truth, times = dated(4000, rng)
    for early, change in ((True, Change.STARTED), (False, Change.STOPPED)):
        labels = truth.copy()
        labels[(truth == 2) & ((times < 60) == early)] = 1  # class 2 is called 1 before, or after, the date
        # A model trained on such labels gives both classes to items of either time.
        share = np.mean(labels[truth == 2] == 2)
        probs = model_of(truth, rng)
        moved = probs[:, 2] * (1 - share)
        probs[:, 1] += moved
        probs[:, 2] -= moved
        found = {one.label: one for one in class_changes(labels, times, probs)}
        assert found[2].change is change
        assert found[2].at == pytest.approx(60, abs=0.5)
        assert found[2].score > 0.95
        assert set(found) <= {1, 2}


def test_items_that_come_sorted_by_class_are_no_change_of_the_taxonomy() -> None:
    rng = np.random.default_rng(8)
    truth = np.sort(rng.integers(0, K, 3000))
    assert class_changes(truth, np.arange(3000.0), model_of(truth, rng)) == []


def test_labels_of_one_moment_have_no_dates() -> None:
    rng = np.random.default_rng(9)
    truth = rng.integers(0, K, 100)
    assert class_changes(truth, np.zeros(100), model_of(truth, rng)) == []
    assert class_changes(truth[:0], np.zeros(0), np.empty((0, K))) == []


# --- annotators --------------------------------------------------------------------------------------


def crowd(rng: np.random.Generator, *, n: int = 3000, people: int = 8) -> AnnotatorAnswers:
    truth = rng.integers(0, K, n)
    hard = np.array([0.02, 0.05, 0.1, 0.15, 0.2])  # classes differ in how often they are labelled wrongly
    labels = np.where(rng.random(n) < hard[truth], (truth + 1) % K, truth)
    return AnnotatorAnswers(rng.integers(0, people, n), labels, truth, rng.uniform(0, 100, n))


def test_equal_annotators_neither_differ_nor_drift_at_the_stated_rate() -> None:
    rng = np.random.default_rng(10)
    differ = drift = 0
    for _ in range(RUNS):
        answers = crowd(rng)
        differ += len(differing(answers, 8)) > 0
        drift += len(drifting(answers, 8)) > 0
    assert differ <= MOST_ALARMS
    assert drift <= MOST_ALARMS


def test_an_annotator_with_another_reading_is_found_with_the_confusion() -> None:
    answers = crowd(np.random.default_rng(11))
    label = answers.label.copy()
    label[(answers.annotator == 3) & (answers.reference == 0)] = 4
    found = differing(AnnotatorAnswers(answers.annotator, label, answers.reference, answers.time), 8)
    assert [one.annotator for one in found] == [3]
    assert found[0].pairs[0][:2] == (0, 4)
    assert found[0].unlike > 1.5 * found[0].expected


def test_whoever_is_given_the_hard_classes_does_not_differ() -> None:
    answers = crowd(np.random.default_rng(12), n=8000, people=4)
    hard = np.isin(answers.reference, (3, 4))
    annotator = np.where(hard, 0, 1 + answers.annotator % 3)
    shared = np.random.default_rng(13).random(8000) < 0.3
    annotator = np.where(shared, answers.annotator, annotator)
    assert differing(AnnotatorAnswers(annotator, answers.label, answers.reference, answers.time), 4) == []


def test_an_annotator_who_tires_drifts_from_about_that_date() -> None:
    answers = crowd(np.random.default_rng(14), n=4000)
    label = answers.label.copy()
    tired = (answers.annotator == 5) & (answers.time > 70)
    label[tired & (np.random.default_rng(15).random(4000) < 0.5)] = 0
    found = drifting(AnnotatorAnswers(answers.annotator, label, answers.reference, answers.time), 8)
    assert [(one.annotator, one.worse) for one in found] == [(5, True)]
    assert found[0].at == pytest.approx(70, abs=13)
    assert found[0].after_unlike / found[0].after > 2 * found[0].before_unlike / found[0].before


def test_answers_without_reference_or_people_to_compare_with_say_nothing() -> None:
    answers = crowd(np.random.default_rng(16), people=1)
    assert differing(answers, 1) == []
    unknown = AnnotatorAnswers(answers.annotator, answers.label, np.full(3000, -1), answers.time)
    assert differing(unknown, 1) == []
    assert drifting(unknown, 1) == []


# --- groups ------------------------------------------------------------------------------------------


def test_groups_that_do_not_matter_are_not_worse_at_the_stated_rate() -> None:
    rng = np.random.default_rng(17)
    alarms = 0
    for _ in range(RUNS):
        truth = rng.integers(0, K, 2000)
        factors = {"source": rng.integers(0, 6, 2000), "batch": rng.integers(-1, 20, 2000)}
        alarms += len(worse_groups(rng.random(2000) < 0.02 * (1 + truth), truth, factors)) > 0
    assert alarms <= MOST_ALARMS


def test_a_bad_source_is_worse_and_one_with_hard_classes_is_not() -> None:
    rng = np.random.default_rng(18)
    truth = rng.integers(0, K, 4000)
    source = rng.integers(0, 5, 4000)
    flagged = rng.random(4000) < np.where(source == 2, 0.25, 0.05)
    found = worse_groups(flagged, truth, {"source": source})
    assert [(one.factor, one.group) for one in found] == [("source", 2)]
    assert found[0].score == pytest.approx(0.25, abs=0.05)
    assert found[0].rest_share == pytest.approx(0.05, abs=0.02)
    assert found[0].times > 3
    hard = rng.random(4000) < np.where(truth == 0, 0.3, 0.02)
    assert worse_groups(hard, truth, {"half": (truth == 0) & (rng.random(4000) < 0.5) | (source == 9)}) == []


def test_clusters_gather_what_is_alike_and_need_enough_items() -> None:
    rng = np.random.default_rng(19)
    centre = rng.normal(size=(3, 8)) * 20
    which = rng.integers(0, 3, 600)
    found = clusters(centre[which] + rng.normal(size=(600, 8)), seed=1)
    assert found.shape == (600,)
    for group in range(found.max() + 1):
        inside = which[found == group]
        assert len(inside) == 0 or np.mean(inside == np.bincount(inside).argmax()) > 0.99
    assert set(clusters(np.ones((40, 3)), seed=1).tolist()) == {-1}
