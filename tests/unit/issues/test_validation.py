from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workers.issues import (
    InvalidInput,
    confidence_weighted_entropy,
    corrected_weighted_entropy,
    label_issues,
    normalized_margin,
    self_confidence,
)

GOOD = np.tile([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]], (4, 1))
LABELS = np.tile([0, 1, 2], 4)


def with_row(row: int, values: list[float]) -> np.ndarray:
    probs = GOOD.copy()
    probs[row] = values
    return probs


@pytest.mark.parametrize(
    ("labels", "probs", "argument", "row"),
    [
        (LABELS[:-1], GOOD, "labels", None),
        (LABELS.reshape(3, 4), GOOD, "labels", None),
        (LABELS.astype(float), GOOD, "labels", None),
        (LABELS.astype(bool), GOOD, "labels", None),
        (LABELS.astype(str), GOOD, "labels", None),
        (np.zeros(12, dtype=int), GOOD, "labels", None),
        (np.where(np.arange(12) == 5, 3, LABELS), GOOD, "labels", 5),
        (np.where(np.arange(12) == 7, -1, LABELS), GOOD, "labels", 7),
        (LABELS, GOOD[0], "pred_probs", None),
        (LABELS, GOOD.astype(np.float16), "pred_probs", None),
        (LABELS, GOOD.astype(int), "pred_probs", None),
        (LABELS, GOOD.astype(object), "pred_probs", None),
        (LABELS, GOOD[:, :1], "pred_probs", None),
        (np.empty(0, dtype=int), np.empty((0, 3)), "pred_probs", None),
        (np.array([0]), GOOD[:1], "labels", None),
        (LABELS, with_row(4, [np.nan, 0.5, 0.5]), "pred_probs", 4),
        (LABELS, with_row(6, [np.inf, 0.0, 0.0]), "pred_probs", 6),
        (LABELS, with_row(6, [np.inf, -np.inf, 0.0]), "pred_probs", 6),
        (LABELS, with_row(3, [1.2, -0.2, 0.0]), "pred_probs", 3),
        (LABELS, with_row(2, [0.6, 0.6, 0.1]), "pred_probs", 2),
        (LABELS, with_row(9, [0.0, 0.0, 0.0]), "pred_probs", 9),
        (LABELS, GOOD * 0.5, "pred_probs", 0),
        (LABELS, [[0.5, 0.5], [1.0]], "pred_probs", None),
        ([[0], [1, 2]], GOOD, "labels", None),
    ],
)
def test_bad_input_is_refused_by_argument_and_first_row(
    labels: Any, probs: Any, argument: str, row: int | None
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        label_issues(labels, probs)
    assert refusal.value.argument == argument
    assert refusal.value.row == row
    assert str(refusal.value).startswith(argument)
    assert refusal.value.remedy in str(refusal.value)


def test_an_unknown_method_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InvalidInput, match=r"method: is 'guess'\. Choose one of prune_by_noise_rate, "):
        label_issues(LABELS, GOOD, method="guess")


@pytest.mark.parametrize(
    "score",
    [self_confidence, normalized_margin, confidence_weighted_entropy, corrected_weighted_entropy],
)
def test_scores_refuse_rows_that_are_no_distribution(score: Any) -> None:
    for row, values in ((4, [np.nan, 0.5, 0.5]), (3, [1.2, -0.2, 0.0]), (2, [0.6, 0.6, 0.1])):
        with pytest.raises(InvalidInput) as refusal:
            score(LABELS, with_row(row, values))
        assert (refusal.value.argument, refusal.value.row) == ("pred_probs", row)


def test_the_first_of_several_bad_rows_is_named() -> None:
    probs = with_row(8, [np.nan, 0.5, 0.5])
    probs[3] = [2.0, 0.0, 0.0]
    with pytest.raises(InvalidInput) as refusal:
        label_issues(LABELS, probs)
    assert refusal.value.row == 3


def test_a_bad_row_far_into_a_large_matrix_is_found() -> None:
    probs = np.tile(GOOD, (5000, 1))
    probs[54_321] = [0.5, 0.1, 0.1]
    with pytest.raises(InvalidInput) as refusal:
        label_issues(np.tile(LABELS, 5000), probs)
    assert refusal.value.row == 54_321


def test_rows_rounded_to_two_decimals_are_taken_and_said() -> None:
    found = label_issues(LABELS, with_row(1, [0.33, 0.33, 0.33]))
    assert "row 1, 0.99" in found.warnings[0]
    assert found.quality[1] == pytest.approx(1 / 3)


def test_rows_that_add_up_by_arithmetic_are_not_worth_a_word() -> None:
    assert label_issues(LABELS, GOOD.astype(np.float32)).warnings == ()


def test_a_value_below_zero_by_rounding_counts_as_zero() -> None:
    labels = LABELS.copy()
    labels[0] = 1
    found = label_issues(labels, with_row(0, [1.0, -1e-9, 0.0]))
    assert found.quality[0] == 0
    assert "below 0 by rounding" in found.warnings[0]
