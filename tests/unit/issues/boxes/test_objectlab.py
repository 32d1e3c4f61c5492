"""Equal to the reference implementation where that answers, and an answer where it does not."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.issues.boxes.pictures import Picture, Tables, made_up, picture, tables
from workers.issues import BoxKind, box_issues, box_scores

SEEDS = range(6)


@pytest.mark.parametrize("seed", SEEDS)
def test_marked_pictures_are_those_of_cleanlab(seed: int) -> None:
    from cleanlab.object_detection.filter import find_label_issues

    labels, predictions = made_up(seed, pictures=40, classes=3)
    result = box_issues(labels, predictions, method="objectlab")
    assert np.array_equal(result.mask, find_label_issues(labels, predictions).astype(bool))
    assert result.mask.any()


@pytest.mark.parametrize("seed", range(20, 40))
def test_scores_of_pictures_are_those_of_cleanlab(seed: int) -> None:
    from cleanlab.object_detection.rank import get_label_quality_scores

    labels, predictions = made_up(seed)
    reference = get_label_quality_scores(labels, predictions, verbose=False)
    assert box_scores(labels, predictions).image == pytest.approx(reference, abs=1e-12)
    assert box_issues(labels, predictions, method="objectlab").score == pytest.approx(reference, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_scores_of_boxes_are_those_of_cleanlab(seed: int) -> None:
    from cleanlab.object_detection import rank

    labels, predictions = made_up(seed)
    ours = box_scores(labels, predictions)
    for kind, reference in (
        (ours.overlooked, rank.compute_overlooked_box_scores),
        (ours.badly_located, rank.compute_badloc_box_scores),
        (ours.swapped, rank.compute_swap_box_scores),
    ):
        expected = np.concatenate(reference(labels=labels, predictions=predictions))
        assert kind == pytest.approx(expected, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_probabilities_on_the_thresholds_are_taken_as_cleanlab_takes_them(seed: int) -> None:
    from cleanlab.object_detection.rank import get_label_quality_scores

    labels, predictions = made_up(seed)
    rng = np.random.default_rng(seed)
    for row in predictions:
        for table in row:
            table[:, 4] = rng.choice([0.5, np.nextafter(0.5, 1), 0.95, np.nextafter(0.95, 1)], len(table))
    reference = get_label_quality_scores(labels, predictions, verbose=False)
    assert box_scores(labels, predictions).image == pytest.approx(reference, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_average_precision_is_that_of_cleanlab(seed: int) -> None:
    from cleanlab.internal.constants import AP_SCALE_FACTOR
    from cleanlab.object_detection.filter import _get_per_class_ap

    from workers.issues.boxes import average_precision
    from workers.issues.boxes.pairs import BoxPairs, box_pairs
    from workers.issues.boxes.reading import read_boxes

    labels, predictions = made_up(seed, pictures=20)
    given, predicted, n_classes = read_boxes(labels, predictions)
    pairs = []
    for part in box_pairs(given, predicted):
        chosen = (part.iou >= 0.5) & (given.label[part.left] == predicted.label[part.right])
        pairs.append(BoxPairs(part.left[chosen], part.right[chosen], part.iou[chosen]))
    ours = average_precision(given, predicted, pairs, n_classes)
    reference = _get_per_class_ap(labels, predictions)
    assert (ours * np.float32(AP_SCALE_FACTOR)).tolist() == [float(reference[k]) for k in range(n_classes)]


@pytest.mark.parametrize("empty", [np.zeros((0,)), np.zeros((0, 4)), []])
def test_a_picture_without_boxes_may_have_any_empty_shape(empty: object) -> None:
    labels, predictions = made_up(3)
    labels[0] = picture([], [])
    expected = box_issues(labels, predictions, method="objectlab")
    labels[0] = {"bboxes": empty, "labels": []}
    result = box_issues(labels, predictions, method="objectlab")
    assert np.array_equal(result.mask, expected.mask)
    assert np.array_equal(result.score, expected.score)


def test_marked_pictures_are_ordered_by_score() -> None:
    result = box_issues(*made_up(2, pictures=60), method="objectlab")
    assert len(result.order) > 5
    assert np.array_equal(np.sort(result.order), np.flatnonzero(result.mask))
    assert (np.diff(result.score[result.order]) >= 0).all()


def test_equal_probabilities_are_taken_in_the_order_given() -> None:
    labels, predictions = tied_pictures()
    assert box_issues(labels, predictions, method="objectlab").order.tolist() == [0, 1, 2]


def test_the_findings_are_the_flagged_boxes_of_the_marked_pictures() -> None:
    result = box_issues(*made_up(4, pictures=40), method="objectlab")
    assert np.array_equal(np.unique(result.findings.image), np.flatnonzero(result.mask))
    assert (np.diff(result.findings.score) <= 0).all()


def test_a_swapped_box_is_found_as_that() -> None:
    boxes = [[10 * i, 10, 10 * i + 8, 30] for i in range(10)]
    right = [0, 1] * 5
    swapped = [1, *right[1:]]
    seen = (boxes, right, np.linspace(0.96, 0.99, 10))
    result = box_issues([picture(boxes, swapped)], tables([seen], 2), method="objectlab").findings
    assert result.of(BoxKind.SWAPPED).given.tolist() == [0]


def tied_pictures() -> tuple[list[Picture], Tables]:
    """Three times the same picture, in which a sure prediction has no given box."""
    boxes = [[0, 0, 50, 50], [100, 100, 150, 150]]
    labels = [picture(boxes[:1], [0])] * 3
    return labels, tables([(boxes, [0, 0], [0.99, 0.99])] * 3, 1)
