"""The pieces of confident learning, each against its definition."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from workers.issues import (
    InvalidInput,
    adjusted,
    confidence_weighted_entropy,
    confident_joint,
    confident_thresholds,
    corrected_weighted_entropy,
    normalized_margin,
    self_confidence,
)
from workers.issues.rounding import round_rows
from workers.issues.selection import smallest


def case(seed: int) -> tuple[NDArray[np.int64], NDArray[np.floating]]:
    rng = np.random.default_rng(seed)
    n_classes = int(rng.integers(2, 30))
    probs = rng.dirichlet(np.full(n_classes, 0.3), 150)
    labels = np.where(rng.random(150) < 0.3, rng.integers(0, n_classes, 150), probs.argmax(axis=1))
    labels[:2] = 0, 1
    return labels, probs.astype(rng.choice([np.float32, np.float64]))


def reference(module: str, name: str, *args: Any, **kwargs: Any) -> Any:
    import importlib

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(importlib.import_module(f"cleanlab.{module}"), name)(*args, **kwargs)


@pytest.mark.parametrize("seed", range(30))
def test_thresholds_equal_cleanlab(seed: int) -> None:
    labels, probs = case(seed)
    expected = reference("count", "get_confident_thresholds", labels, probs)
    assert np.array_equal(confident_thresholds(labels, probs), expected)


@pytest.mark.parametrize("seed", range(30))
def test_the_joint_equals_cleanlab(seed: int) -> None:
    labels, probs = case(seed)
    expected = reference("count", "compute_confident_joint", labels, probs)
    assert np.array_equal(confident_joint(labels, probs), expected)


@pytest.mark.parametrize("seed", range(30))
def test_the_joint_counts_every_row_once_under_its_given_label(seed: int) -> None:
    labels, probs = case(seed)
    counts = np.bincount(labels, minlength=probs.shape[1])
    joint = confident_joint(labels, probs)
    present = counts > 0
    assert np.array_equal(joint.sum(axis=1)[present], counts[present])


def test_a_class_without_rows_cannot_be_reached() -> None:
    assert confident_thresholds([0, 1], [[0.8, 0.1, 0.1], [0.3, 0.6, 0.1]]).tolist() == [0.8, 0.6, 2.0]


@pytest.mark.parametrize("score", [self_confidence, normalized_margin, confidence_weighted_entropy])
@pytest.mark.parametrize("seed", range(10))
def test_scores_equal_cleanlab(score: Any, seed: int) -> None:
    labels, probs = case(seed)
    expected = reference("rank", "get_label_quality_scores", labels, probs, method=score.__name__)
    assert np.allclose(score(labels, probs), expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize("score", [self_confidence, normalized_margin])
@pytest.mark.parametrize("seed", range(10))
def test_adjusted_scores_equal_cleanlab(score: Any, seed: int) -> None:
    labels, probs = case(seed)
    expected = reference(
        "rank", "get_label_quality_scores", labels, probs, method=score.__name__, adjust_pred_probs=True
    )
    assert np.allclose(adjusted(score, labels, probs), expected, rtol=1e-6, atol=0)


def test_entropy_cannot_be_adjusted() -> None:
    with pytest.raises(ValueError, match="only self_confidence and normalized_margin"):
        adjusted(confidence_weighted_entropy, [0, 1], [[0.8, 0.2], [0.3, 0.7]])


def test_the_published_entropy_score_suspects_certain_agreement() -> None:
    agreeing, _, unsure = confidence_weighted_entropy([0, 1, 0], [[1.0, 0.0], [0.0, 1.0], [0.6, 0.4]])
    assert agreeing < unsure


def test_the_corrected_entropy_score_trusts_certain_agreement() -> None:
    scores = corrected_weighted_entropy([0, 0, 1], np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.4]]))
    assert scores[0] == pytest.approx(1, abs=1e-5)
    assert scores[1] < 0.001
    assert scores[1] < scores[2] < scores[0]


@given(seed=st.integers(0, 1000))
def test_scores_stay_between_zero_and_one(seed: int) -> None:
    labels, probs = case(seed)
    for score in (
        self_confidence,
        normalized_margin,
        confidence_weighted_entropy,
        corrected_weighted_entropy,
    ):
        values = score(labels, probs)
        assert values.min() >= 0
        assert values.max() <= 1 + 1e-6


def test_scores_refuse_what_detection_refuses() -> None:
    with pytest.raises(InvalidInput, match="labels, row 1: holds 2"):
        self_confidence([0, 2], [[0.8, 0.2], [0.3, 0.7]])


@given(
    values=arrays.arrays(np.float64, st.integers(1, 60), elements=st.sampled_from([0.0, 0.1, 0.2, 0.5])),
    n=st.integers(-1, 70),
)
def test_smallest_marks_what_the_default_sort_puts_first(values: NDArray[np.float64], n: int) -> None:
    expected = np.zeros(len(values), dtype=bool)
    expected[np.argsort(values)[: max(n, 0)]] = True
    assert np.array_equal(smallest(values, n), expected)


@given(
    matrix=arrays.arrays(
        np.float64, st.tuples(st.integers(1, 8), st.integers(1, 8)), elements=st.floats(0, 50, width=16)
    )
)
def test_rounding_keeps_each_row_sum_and_moves_no_entry_by_more_than_one(matrix: NDArray[np.float64]) -> None:
    rounded = round_rows(matrix)
    assert np.array_equal(rounded.sum(axis=1), matrix.sum(axis=1).round())
    assert np.all(np.abs(rounded - matrix) <= 1.5)
