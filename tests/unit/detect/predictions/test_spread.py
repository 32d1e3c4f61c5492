from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.reasons import BadPrediction
from workers.detect.predictions.spread import Unusable, from_class_scores, spread_top

CLASSES = ("cat", "dog", "cow")


def test_the_rest_is_spread_over_the_other_classes() -> None:
    assert spread_top("dog", 0.8, CLASSES) == pytest.approx([0.1, 0.8, 0.1])


@given(score=st.floats(0, 1), n_classes=st.integers(2, 30))
def test_a_spread_row_sums_to_one(score: float, n_classes: int) -> None:
    row = spread_top("0", score, [str(number) for number in range(n_classes)])
    assert isinstance(row, np.ndarray)
    assert row.sum() == pytest.approx(1)
    assert row.min() >= 0


@pytest.mark.parametrize(
    ("label", "score", "reason"),
    [
        (None, 0.5, BadPrediction.NO_LABEL),
        ("yak", 0.5, BadPrediction.UNKNOWN_CLASS),
        ("dog", None, BadPrediction.NO_SCORE),
        ("dog", float("nan"), BadPrediction.BAD_SCORE),
        ("dog", -0.1, BadPrediction.BAD_SCORE),
        ("dog", 98.0, BadPrediction.BAD_SCORE),
    ],
)
def test_a_top_label_that_says_nothing_is_refused(
    label: str | None, score: float | None, reason: BadPrediction
) -> None:
    row = spread_top(label, score, CLASSES)
    assert isinstance(row, Unusable)
    assert row.reason == reason


def test_class_scores_come_in_the_order_of_the_config_and_sum_to_one() -> None:
    assert from_class_scores({"cow": 0.6, "cat": 0.405}, CLASSES) == pytest.approx(
        [0.405 / 1.005, 0, 0.6 / 1.005]
    )


@pytest.mark.parametrize(
    ("scores", "reason", "detail"),
    [
        ({"cat": 0.5, "yak": 0.5}, BadPrediction.UNKNOWN_CLASS, "yak"),
        ({"cat": 0.5, "dog": 0.1}, BadPrediction.BAD_SUM, "0.6"),
        ({}, BadPrediction.BAD_SUM, "0"),
        ({"cat": float("inf")}, BadPrediction.BAD_SCORE, "cat: inf"),
        ({"cat": "0.5"}, BadPrediction.BAD_SCORE, "cat: 0.5"),
        ({"cat": 1.5, "dog": -0.5}, BadPrediction.BAD_SCORE, "cat: 1.5"),
    ],
)
def test_class_scores_that_are_no_distribution_are_refused(
    scores: dict[str, float], reason: BadPrediction, detail: str
) -> None:
    assert from_class_scores(scores, CLASSES) == Unusable(reason, detail)
