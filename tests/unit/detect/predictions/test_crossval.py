from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from connector.wording import reason_text, reason_texts, scans
from workers.detect.predictions import crossval
from workers.detect.predictions.calibration import calibrate
from workers.detect.predictions.crossval import out_of_sample
from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.features import FeatureKind, Features, extract
from workers.detect.predictions.folds import stratified_folds
from workers.detect.predictions.reliability import class_accuracy, reliability
from workers.detect.predictions.suspicion import in_sample_suspicion
from workers.issues import label_issues


def vectors(matrix: NDArray[np.float64]) -> Features:
    return Features(FeatureKind.VECTOR, matrix, np.arange(len(matrix)), ())


def clouds(sizes: list[int], seed: int = 0, distance: float = 4.0) -> tuple[Features, NDArray[np.int64]]:
    """Points around one centre for each class."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    centres = rng.normal(size=(len(sizes), 5)) * distance
    return vectors(centres[labels] + rng.normal(size=(len(labels), 5))), labels


def test_digits_are_read_and_planted_errors_found() -> None:
    pixels, truth = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    wrong = rng.permutation(len(truth))[:108]
    labels = truth.copy()
    labels[wrong] = (truth[wrong] + rng.integers(1, 10, 108)) % 10
    features = Features(FeatureKind.IMAGE, pixels / 16, np.arange(len(truth)), ())
    predicted = out_of_sample(features, labels, 10, seed=1)
    assert np.mean(predicted.probs.argmax(axis=1) == truth) > 0.98
    flagged = label_issues(labels, predicted.probs).mask
    assert flagged[wrong].mean() > 0.95
    assert flagged.sum() < 140


def test_texts_are_told_apart() -> None:
    rng = np.random.default_rng(0)
    words = [
        ["card", "pay", "bank", "loan"],
        ["rain", "sun", "snow", "wind"],
        ["goal", "team", "match", "ball"],
    ]
    labels = rng.integers(0, 3, 240)
    items = [{"t": " ".join(rng.choice(words[label], 5))} for label in labels]
    predicted = out_of_sample(extract(items, "t"), labels, 3, seed=0)
    assert predicted.accuracy > 0.98
    assert reason_texts(predicted.warnings) == (
        scans.held_together(25, 12),
    )  # five words of four: some are the same


@pytest.mark.parametrize("sizes", [[30, 30], [40, 25, 30], [60, 3, 40, 1]])
def test_rows_sum_to_one_with_two_classes_with_many_and_with_rare_ones(sizes: list[int]) -> None:
    features, labels = clouds(sizes)
    predicted = out_of_sample(features, labels, len(sizes) + 1, seed=0)
    assert predicted.probs.shape == (len(labels), len(sizes) + 1)
    assert predicted.probs.sum(axis=1) == pytest.approx(1)
    assert predicted.probs.min() > 0


def test_a_class_smaller_than_the_folds_is_said() -> None:
    features, labels = clouds([40, 3, 40, 1])
    predicted = out_of_sample(features, labels, 4, seed=0)
    assert "class (items) '1' (3) and '3' (1)" in reason_texts(predicted.warnings)[0]


def test_accuracy_is_given_overall_and_by_class() -> None:
    features, labels = clouds([50, 30], distance=10)
    predicted = out_of_sample(features, labels, 3, seed=0)
    assert predicted.accuracy == 1
    assert predicted.class_accuracy[:2].tolist() == [1, 1]
    assert np.isnan(predicted.class_accuracy[2])
    assert predicted.log_loss < 0.05
    assert not predicted.weak


def test_a_model_that_knows_only_the_largest_class_is_called_weak() -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random(200) < 0.3).astype(int)
    predicted = out_of_sample(vectors(rng.normal(size=(200, 4))), labels, 2, seed=0)
    assert predicted.weak
    assert "too weak to judge labels" in reason_texts(predicted.warnings)[-1]


def test_a_wrong_label_does_not_teach_the_model_that_judges_it() -> None:
    features, labels = clouds([40, 40], distance=6)
    labels[0] = 1
    assert out_of_sample(features, labels, 2, seed=0).probs[0].argmax() == 0


def test_equal_seeds_give_equal_probabilities() -> None:
    features, labels = clouds([30, 30, 30], distance=1)
    first, second = (out_of_sample(features, labels, 3, seed=5).probs for _ in range(2))
    assert np.array_equal(first, second)


def test_progress_is_told_after_each_fold() -> None:
    features, labels = clouds([20, 20])
    told: list[tuple[int, int]] = []
    out_of_sample(features, labels, 2, folds=4, seed=0, progress=lambda *step: told.append(step))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_what_the_library_warns_of_becomes_a_warning_of_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    def impatient(*_: Any) -> LogisticRegression:
        return LogisticRegression(max_iter=1)

    monkeypatch.setattr(crossval, "model_for", impatient)
    features, labels = clouds([20, 20])
    said = reason_texts(out_of_sample(features, labels, 2, seed=0).warnings)
    assert said[0].startswith("ConvergenceWarning (5 times while learning): lbfgs failed to converge")


@pytest.mark.parametrize(
    ("sizes", "n_classes", "folds", "message"),
    [
        ([20], 2, 5, "fewer than two classes"),
        ([20, 1], 2, 5, "fewer than two classes"),
        ([20, 20], 1, 5, r"0\.\.0 are possible"),
        ([20, 20], 2, 1, "1 folds"),
    ],
)
def test_labels_that_teach_nothing_are_refused(
    sizes: list[int], n_classes: int, folds: int, message: str
) -> None:
    features, labels = clouds(sizes)
    with pytest.raises(NoPredictions, match=message):
        out_of_sample(features, labels, n_classes, folds=folds, seed=0)


def test_labels_of_another_length_are_refused() -> None:
    features, labels = clouds([20, 20])
    with pytest.raises(NoPredictions, match="for 40 items"):
        out_of_sample(features, labels[1:], 2, seed=0)


def test_four_items_of_two_classes_are_enough() -> None:
    features, labels = clouds([2, 2], distance=10)
    assert out_of_sample(features, labels, 2, seed=0).probs.shape == (4, 2)


@given(
    labels=st.lists(st.integers(0, 5), min_size=4, max_size=80),
    n_folds=st.integers(2, 4),
    seed=st.integers(0, 99),
)
def test_folds_and_the_classes_in_them_are_even(labels: list[int], n_folds: int, seed: int) -> None:
    given_labels = np.array(labels)
    folds = stratified_folds(given_labels, n_folds, np.random.default_rng(seed))
    assert np.ptp(np.bincount(folds, minlength=n_folds)) <= 1
    for label in set(labels):
        assert np.ptp(np.bincount(folds[given_labels == label], minlength=n_folds)) <= 1


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 500), noise=st.floats(0, 0.3), scale=st.floats(0.01, 100))
def test_calibration_recovers_the_noise_and_ignores_the_scale_of_scores(
    seed: int, noise: float, scale: float
) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(4000, 4)) * 6
    sharp = softmax(scores, axis=1)
    truth = (sharp.cumsum(axis=1) > rng.random((4000, 1))).argmax(axis=1)
    labels = np.where(rng.random(4000) < noise, rng.integers(0, 4, 4000), truth)
    found = calibrate(scores * scale, labels)
    assert found.noise == pytest.approx(noise, abs=0.06)
    assert found.factor / found.spread * scale == pytest.approx(1, rel=0.35)


def test_a_class_unknown_to_the_model_keeps_the_noise_as_its_probability() -> None:
    scores = np.array([[4.0, -4.0, -np.inf], [-4.0, 4.0, -np.inf]] * 20)
    labels = np.array([0, 1] * 19 + [2, 2])
    found = calibrate(scores, labels)
    probs = found.probabilities(scores)
    assert probs[:, 2] == pytest.approx(found.noise / 3)
    assert probs.sum(axis=1) == pytest.approx(1)


def test_reliability_of_honest_probabilities_is_good_and_of_boasts_is_not() -> None:
    rng = np.random.default_rng(0)
    top = rng.uniform(0.5, 1, 20_000)
    probs = np.column_stack([top, 1 - top])
    labels = (rng.random(20_000) > top).astype(int)
    assert reliability(probs, labels).error < 0.02
    boasts = np.column_stack([np.full(20_000, 0.99), np.full(20_000, 0.01)])
    assert reliability(boasts, labels).error == pytest.approx(0.24, abs=0.02)


def test_reliability_counts_every_row_in_one_bin() -> None:
    table = reliability(np.array([[1.0, 0.0], [0.5, 0.5], [0.05, 0.95]]), np.array([0, 0, 0]))
    assert table.count.sum() == 3
    assert table.accuracy[9] == pytest.approx(0.5)
    assert np.isnan(table.accuracy[0])


def test_class_accuracy_is_unknown_without_rows() -> None:
    shares = class_accuracy(np.array([0, 1, 1]), np.array([0, 0, 1]), 3)
    assert shares[:2].tolist() == [0.5, 1.0]
    assert np.isnan(shares[2])


def test_a_model_judged_on_its_own_training_rows_is_suspected() -> None:
    features, labels = clouds([60, 60, 60], distance=2)
    labels[::9] = (labels[::9] + 1) % 3
    from sklearn.neighbors import KNeighborsClassifier

    memory = KNeighborsClassifier(n_neighbors=1).fit(features.matrix, labels)
    said = in_sample_suspicion(labels, memory.predict_proba(features.matrix))
    assert said is not None
    assert "100.00%" in reason_text(said)


def test_held_out_probabilities_are_not_suspected() -> None:
    features, labels = clouds([60, 60, 60], distance=2)
    labels[::9] = (labels[::9] + 1) % 3
    assert in_sample_suspicion(labels, out_of_sample(features, labels, 3, seed=0).probs) is None


def test_a_handful_of_rows_is_too_few_to_suspect() -> None:
    assert in_sample_suspicion(np.array([0, 1]), np.eye(2)) is None
