"""Figures of a small case that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from workers.cli.offline.evaluate import Review, against_reviews, against_truth, auprc, auroc, precision_at
from workers.issues import LabelIssues

# Rows by quality: 2, 0, 4, 1, 3. Rows 0 and 2 are flagged; 0 and 4 are wrong.
QUALITY = np.array([0.2, 0.6, 0.1, 0.9, 0.4])
FOUND = LabelIssues(
    mask=np.array([True, False, True, False, False]),
    quality=QUALITY,
    order=np.array([2, 0]),
    suggested=np.array([1, 1, 0, 1, 0], dtype=np.int8),
)
LABELS = np.array([0, 1, 1, 1, 1])
TRUTH = np.array([1, 1, 1, 1, 0])


def test_the_mask_is_counted_against_the_truth() -> None:
    scores = against_truth(FOUND, LABELS, TRUTH)
    assert (scores.n_items, scores.n_wrong, scores.n_flagged, scores.n_right) == (5, 2, 2, 1)
    assert (scores.precision, scores.recall, scores.f1) == (0.5, 0.5, 0.5)


def test_the_ranking_is_judged_by_quality() -> None:
    scores = against_truth(FOUND, LABELS, TRUTH, at=[3, 1, 3, 50])
    assert scores.precision_at == {1: 0.0, 3: pytest.approx(2 / 3)}
    assert scores.auroc == pytest.approx(4 / 6)  # of 6 pairs, row 2 comes before both wrong ones
    assert scores.auprc == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_what_has_no_meaning_is_none() -> None:
    nothing = LabelIssues(np.zeros(5, dtype=bool), QUALITY, np.array([], dtype=np.intp), FOUND.suggested)
    scores = against_truth(nothing, LABELS, LABELS)
    assert (scores.precision, scores.recall, scores.f1, scores.auroc, scores.auprc) == (None,) * 5


@pytest.mark.parametrize("wrong", [np.zeros(3, dtype=bool), np.ones(3, dtype=bool)])
def test_a_ranking_of_one_kind_cannot_be_judged(wrong: np.ndarray) -> None:
    assert auroc(wrong, np.array([0.1, 0.2, 0.3])) is None
    assert auprc(wrong, np.array([0.1, 0.2, 0.3])) is None


def test_equal_qualities_are_ranked_in_row_order() -> None:
    wrong = np.array([False, True, True])
    assert precision_at(wrong, np.array([0.5, 0.5, 0.5]), [1, 2]) == {1: 0.0, 2: 0.5}


@pytest.mark.parametrize(
    ("given", "guessed", "neither", "both", "verdict"),
    [
        (3, 2, 0, 0, "given"),
        (2, 3, 0, 0, "correctable"),
        (1, 1, 0, 3, "both"),
        (0, 2, 3, 0, "neither"),
        (2, 2, 1, 0, "unclear"),
    ],
)
def test_three_of_five_decide(given: int, guessed: int, neither: int, both: int, verdict: str) -> None:
    review = Review(0, 4, 6, given, guessed, neither, both)
    assert review.verdict == verdict
    assert review.is_error == (verdict != "given")


def test_reviews_are_counted_for_all_rows_and_for_the_flagged() -> None:
    reviews = [
        Review(0, 0, 1, 0, 5),
        Review(2, 1, 0, 5, 0),
        Review(4, 1, 0, 1, 1, 0, 3),
        Review(1, 1, 1, 5, 0),
    ]
    scores = against_reviews(FOUND, reviews, at=[2])
    assert (scores.n_reviewed, scores.n_errors, scores.n_correctable, scores.n_both) == (4, 2, 1, 1)
    assert (scores.confirmed, scores.flagged_confirmed) == (0.5, 0.5)
    assert (scores.n_flagged_reviewed, scores.n_flagged_errors, scores.counted_twice) == (2, 1, 1)
    assert scores.precision_at == {2: 0.5}


def test_no_reviews_give_no_share() -> None:
    assert against_reviews(FOUND, []).confirmed is None
