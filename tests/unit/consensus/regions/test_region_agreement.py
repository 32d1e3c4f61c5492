from __future__ import annotations

import numpy as np
import pytest

from workers.consensus import (
    BoxAnswers,
    SpanAnswers,
    box_f1_sums,
    box_iou_sums,
    interval_of,
    span_f1_sums,
    span_overlap_sums,
)

SQUARE = [0.0, 0, 10, 10]
HALF = [0.0, 0, 10, 5]
FAR = [50.0, 50, 60, 60]


def test_the_same_boxes_agree_wholly() -> None:
    answers = [BoxAnswers([SQUARE, FAR] * 2, [0, 1] * 2, [0, 0, 1, 1], [0, 1])]
    assert box_f1_sums(answers).value() == 1
    assert box_iou_sums(answers).value() == 1


def test_f1_counts_matched_boxes_of_both_people() -> None:
    # Two of three boxes match: half of the square covers it by .5.
    answers = [BoxAnswers([SQUARE, HALF, FAR], [0, 0, 0], [0, 1, 1], [0, 1])]
    assert box_f1_sums(answers).value() == pytest.approx(2 / 3)
    assert box_iou_sums(answers).value() == pytest.approx(0.5)


def test_another_class_is_no_agreement() -> None:
    answers = [BoxAnswers([SQUARE, SQUARE], [0, 1], [0, 1], [0, 1])]
    assert box_f1_sums(answers).value() == 0
    assert np.isnan(box_iou_sums(answers).value())


def test_one_box_matches_one_only() -> None:
    answers = [BoxAnswers([SQUARE, SQUARE, SQUARE], [0, 0, 0], [0, 1, 1], [0, 1])]
    assert box_f1_sums(answers).value() == pytest.approx(2 / 3)


def test_who_drew_nothing_disagrees_with_who_drew() -> None:
    answers = [BoxAnswers([SQUARE, SQUARE], [0, 0], [0, 1], [0, 1, 2])]
    assert box_f1_sums(answers).value() == pytest.approx(2 / 4)


@pytest.mark.parametrize("people", [[], [0]])
def test_one_person_alone_agrees_with_nobody(people: list[int]) -> None:
    alone = BoxAnswers([SQUARE] * len(people), [0] * len(people), people, people)
    assert np.isnan(box_f1_sums([alone]).value())
    assert np.isnan(box_f1_sums([]).value())


def test_spans_agree_strictly_or_by_overlap() -> None:
    answers = [SpanAnswers([[0, 4], [0, 5], [8, 9], [8, 9]], [0, 0, 1, 1], [0, 1, 0, 1], [0, 1])]
    assert span_f1_sums(answers).value() == pytest.approx(0.5)
    assert span_overlap_sums(answers).value() == 1


def test_spans_that_only_touch_do_not_overlap() -> None:
    answers = [SpanAnswers([[0, 4], [4, 9]], [0, 0], [0, 1], [0, 1])]
    assert span_overlap_sums(answers).value() == 0


def test_by_class_the_others_are_left_out() -> None:
    answers = BoxAnswers([SQUARE, SQUARE, FAR], [0, 0, 1], [0, 1, 1], [0, 1])
    assert box_f1_sums([answers.where(answers.label == 0)]).value() == 1
    assert box_f1_sums([answers.where(answers.label == 1)]).value() == 0


def test_the_interval_holds_the_value_and_narrows_with_pictures() -> None:
    rng = np.random.default_rng(0)
    pictures = [
        BoxAnswers([SQUARE, SQUARE if rng.random() < 0.7 else FAR], [0, 0], [0, 1], [0, 1])
        for _ in range(200)
    ]
    few = interval_of(box_f1_sums(pictures[:20]), np.random.default_rng(1))
    many = interval_of(box_f1_sums(pictures), np.random.default_rng(1))
    assert many.low < many.value < many.high
    assert many.high - many.low < few.high - few.low
    assert many.value == box_f1_sums(pictures).value()
