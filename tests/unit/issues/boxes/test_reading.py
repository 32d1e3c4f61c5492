from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.unit.issues.boxes.pictures import made_up, picture, tables
from workers.issues import InvalidInput, box_issues

SQUARE = [[0.0, 0, 10, 10]]
ONE_CLASS = tables([(SQUARE, [0], [0.9])] * 2, 1)


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (picture(SQUARE, [1]), "labels, row 1: has a box of class 1, outside 0..0. Number the classes"),
        (picture(SQUARE, [-1]), "labels, row 1: has a box of class -1"),
        (
            {"bboxes": np.array(SQUARE), "labels": np.array([0, 0])},
            "labels, row 1: has 1 bboxes for 2 labels",
        ),
        ({"bboxes": np.array(SQUARE)}, "labels: lacks 'labels'"),
        ({"bboxes": np.array([[0, 0, np.nan, 1]]), "labels": np.array([0])}, "labels, row 1: has a box"),
        ({"bboxes": np.array([[9, 0, 1, 1.0]]), "labels": np.array([0])}, "labels, row 1: has a box"),
        ({"bboxes": np.array(SQUARE), "labels": np.array([0.5])}, "labels: has classes of type float64"),
        ({"bboxes": np.array([[1.0, 2, 3]]), "labels": np.array([0])}, "labels: has tables of different"),
    ],
)
def test_labels_are_refused_with_their_picture(second: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        box_issues([picture(SQUARE, [0]), second], ONE_CLASS)
    assert str(refused.value).startswith(words)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ([0, 0, 10, 10, np.nan], "predictions, row 1: has a box"),
        ([0, np.inf, 10, 10, 0.5], "predictions, row 1: has a box"),
        ([0, 0, 10, 10, 7.0], "predictions, row 1: has a box of probability 7. Give the probability 0..1"),
        ([0, 0, 10, 10, -0.5], "predictions, row 1: has a box of probability -0.5"),
    ],
)
def test_predictions_are_refused_with_their_picture(row: list[float], words: str) -> None:
    predictions = np.empty(2, dtype=object)
    predictions[:] = [[np.array([[0, 0, 10, 10, 0.9]])], [np.array([row])]]
    with pytest.raises(InvalidInput) as refused:
        box_issues([picture(SQUARE, [0])] * 2, predictions)
    assert str(refused.value).startswith(words)


def test_as_many_classes_are_wanted_for_each_picture() -> None:
    predictions = [[np.zeros((0, 5))] * 2, [np.zeros((0, 5))] * 3]
    with pytest.raises(InvalidInput, match="predictions, row 1: has 3 classes where the first has 2"):
        box_issues([picture([], [])] * 2, predictions)


def test_labels_and_predictions_are_of_the_same_pictures() -> None:
    with pytest.raises(InvalidInput, match="labels: has 1 pictures for 2 of predictions"):
        box_issues([picture(SQUARE, [0])], ONE_CLASS)


def test_a_method_that_there_is_not_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"method: is 'best'\. Choose one of candidates, objectlab"):
        box_issues([picture(SQUARE, [0])] * 2, ONE_CLASS, method="best")


def test_no_pictures_are_no_issues() -> None:
    result = box_issues([], [])
    assert (len(result.mask), len(result.findings)) == (0, 0)


def test_pictures_may_come_one_by_one() -> None:
    labels, predictions = made_up(7)
    found = box_issues((each for each in labels), (each for each in predictions))
    assert np.array_equal(found.score, box_issues(labels, predictions).score)


@pytest.mark.parametrize("method", ["candidates", "objectlab"])
def test_lists_and_single_precision_are_read_as_arrays_are(method: str) -> None:
    labels, predictions = made_up(7)
    rounded = [[np.round(table).astype(np.float32) for table in row] for row in predictions]
    for row in rounded:
        for table in row:
            table[:, 4] = np.linspace(0.25, 0.75, len(table))
    arrays = np.empty(len(rounded), dtype=object)
    arrays[:] = [[table.astype(np.float64) for table in row] for row in rounded]
    listed = [{"bboxes": item["bboxes"].tolist(), "labels": item["labels"].tolist()} for item in labels]
    assert np.array_equal(
        box_issues(listed, rounded, method=method).score, box_issues(labels, arrays, method=method).score
    )
