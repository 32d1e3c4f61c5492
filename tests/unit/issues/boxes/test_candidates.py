from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.issues.boxes.pictures import made_up, picture, random_boxes, tables
from workers.issues import BoxIssues, BoxKind, box_issues
from workers.issues.boxes import KINDS, NO_BOX, NO_LABEL

GRID = [[60.0 * i, 60.0 * j, 60.0 * i + 40, 60.0 * j + 40] for i in range(5) for j in range(4)]


def found_with(given_boxes: list[list[float]], given_labels: list[int], **seen: object) -> BoxIssues:
    """Twenty pictures in which the model is right and sure, and one more."""
    boxes = seen.get("boxes", GRID)
    row = (boxes, seen.get("labels", [0, 1] * 10), seen.get("probability", np.full(len(boxes), 0.9)))
    good = (GRID, [0, 1] * 10, np.full(20, 0.9))
    labels = [picture(GRID, [0, 1] * 10)] * 20 + [picture(given_boxes, given_labels)]
    return box_issues(labels, tables([good] * 20 + [row], 2))


def test_a_prediction_without_a_given_box_is_an_overlooked_object() -> None:
    findings = found_with(GRID[1:], ([0, 1] * 10)[1:]).findings
    assert len(findings) == 1
    assert KINDS[findings.kind[0]] is BoxKind.OVERLOOKED
    assert (findings.image[0], findings.given[0], findings.predicted[0], findings.label[0]) == (20, -1, 0, 0)
    assert findings.box[0].tolist() == [*GRID[0], 0]
    assert findings.score[0] > 0.9


def test_a_box_of_another_class_than_the_model_names_is_swapped() -> None:
    result = found_with(GRID, [1, *([0, 1] * 10)[1:]])
    assert KINDS[result.findings.kind[0]] is BoxKind.SWAPPED
    assert (result.findings.given[0], result.findings.label[0]) == (0, 0)
    assert result.order.tolist() == [20]


def test_a_box_beside_what_the_model_sees_is_badly_located_and_nothing_is_overlooked() -> None:
    moved = [[20.0, 10, 60, 50], *GRID[1:]]
    findings = found_with(moved, [0, 1] * 10).findings
    assert [KINDS[kind] for kind in findings.kind] == [BoxKind.BADLY_LOCATED]
    assert findings.given[0] == 0
    assert findings.box[0].tolist() == [*GRID[0], 0]


def test_a_box_where_the_model_sees_nothing_is_spurious() -> None:
    findings = found_with([*GRID, [500, 500, 540, 540]], [*([0, 1] * 10), 1]).findings
    assert [KINDS[kind] for kind in findings.kind] == [BoxKind.SPURIOUS]
    assert (findings.given[0], findings.predicted[0], findings.label[0]) == (20, NO_BOX, NO_LABEL)
    assert np.isnan(findings.box[0]).all()


def test_a_box_that_only_touches_what_another_box_marks_is_spurious() -> None:
    findings = found_with([*GRID, [20, 10, 60, 50]], [*([0, 1] * 10), 1]).findings
    assert [KINDS[kind] for kind in findings.kind] == [BoxKind.SPURIOUS]
    assert (findings.given[0], findings.predicted[0], findings.label[0]) == (20, NO_BOX, NO_LABEL)


def test_one_object_predicted_several_times_is_one_finding() -> None:
    near = [[1.0, 1, 41, 41], [2.0, 0, 42, 40]]
    result = found_with(
        GRID[1:],
        ([0, 1] * 10)[1:],
        boxes=[*GRID, *near],
        labels=[0, 1] * 10 + [0, 1],
        probability=np.append(np.full(20, 0.9), [0.8, 0.95]),
    )
    overlooked = result.findings.of(BoxKind.OVERLOOKED)
    assert len(overlooked) == 1


def test_a_picture_is_as_right_as_all_its_boxes_together() -> None:
    result = box_issues(*made_up(1))
    for image in range(len(result.score)):
        single = result.findings.score[result.findings.image == image]
        assert result.score[image] == pytest.approx(np.prod(1 - single))


def test_a_turned_box_is_compared_as_a_polygon() -> None:
    thin = [0.0, 0, 141, 10, 45]
    across = [0.0, 100, 141, 110, -45]
    labels = [{"bboxes": np.array([thin]), "labels": np.array([0])}]
    rows = np.empty(1, dtype=object)
    rows[0] = [np.array([[*thin, 0.9], [*across, 0.8]])]
    findings = box_issues(labels, rows).findings
    assert findings.of(BoxKind.OVERLOOKED).predicted.tolist() == [1]


def test_a_model_that_predicts_nothing_says_nothing() -> None:
    labels, _ = made_up(5)
    nothing = tables([([], [], [])] * len(labels), 4)
    result = box_issues(labels, nothing)
    assert len(result.findings) == 0
    assert not result.mask.any()
    assert (result.score == 1).all()


@pytest.mark.parametrize("method", ["candidates", "objectlab"])
def test_boxes_of_a_class_that_the_model_never_finds_are_counted(method: str) -> None:
    labels = [picture(GRID, [0, 1] * 10)]
    seen = tables([(GRID[::2], [0] * 10, np.linspace(0.8, 0.9, 10))], 2)
    assert box_issues(labels, seen, method=method).not_judged == 10


def test_a_model_that_predicts_everything_is_not_believed() -> None:
    rng = np.random.default_rng(0)
    labels = [picture(random_boxes(rng, 5), rng.integers(0, 2, 5)) for _ in range(10)]
    everywhere = [(random_boxes(rng, 500), rng.integers(0, 2, 500), np.full(500, 1.0)) for _ in labels]
    result = box_issues(labels, tables(everywhere, 2))
    assert not result.mask.any()


def test_no_given_box_at_all_leaves_the_model_as_it_is() -> None:
    labels = [picture([], [])] * 2
    result = box_issues(labels, tables([(GRID, [0] * 20, np.linspace(0.2, 0.9, 20))] * 2, 1))
    assert result.findings.score == pytest.approx(np.sort(np.tile(np.linspace(0.2, 0.9, 20), 2))[::-1])


def test_boxes_drawn_twice_are_both_judged_by_the_same_prediction() -> None:
    result = found_with([GRID[0], *GRID], [0, *([0, 1] * 10)])
    assert len(result.findings) == 0


def test_a_thousand_boxes_in_one_picture() -> None:
    rng = np.random.default_rng(1)
    boxes = random_boxes(rng, 1000)
    label = rng.integers(0, 3, 1000)
    labels = [picture(boxes[1:], label[1:])]
    result = box_issues(labels, tables([(boxes, label, rng.uniform(0.5, 1, 1000))], 3))
    assert set(result.findings.image.tolist()) <= {0}


@given(st.integers(0, 10_000))
def test_each_box_is_named_once_and_scores_fall(seed: int) -> None:
    labels, predictions = made_up(seed)
    findings = box_issues(labels, predictions).findings
    assert ((findings.score > 0) & (findings.score <= 1)).all()
    assert (np.diff(findings.score) <= 0).all()
    drawn = findings.where(findings.given != NO_BOX)
    assert len({*zip(drawn.image.tolist(), drawn.given.tolist(), strict=True)}) == len(drawn)
    seen = findings.of(BoxKind.OVERLOOKED)
    assert len({*zip(seen.image.tolist(), seen.predicted.tolist(), strict=True)}) == len(seen)


@given(st.integers(0, 10_000))
def test_the_order_of_pictures_does_not_matter(seed: int) -> None:
    labels, predictions = made_up(seed)
    turned = np.random.default_rng(seed).permutation(len(labels))
    plain = box_issues(labels, predictions)
    shuffled = box_issues([labels[i] for i in turned], predictions[turned])
    assert shuffled.score == pytest.approx(plain.score[turned])
    assert np.array_equal(shuffled.mask, plain.mask[turned])
