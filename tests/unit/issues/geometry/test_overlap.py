from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workers.issues import InvalidInput
from workers.issues.geometry import areas, as_boxes, centres, corners, enclosing, iou, iou_matrix

edge = st.floats(0, 500)
extent = st.floats(1, 300)
box = st.tuples(edge, edge, extent, extent, st.floats(-720, 720)).map(
    lambda b: [b[0], b[1], b[0] + b[2], b[1] + b[3], b[4]]
)


def test_overlap_of_upright_boxes_is_that_of_the_formula() -> None:
    first = as_boxes([[0, 0, 10, 10]] * 4)
    second = as_boxes([[5, 0, 15, 10], [0, 0, 10, 10], [10, 0, 20, 10], [30, 30, 40, 40]])
    assert iou(first, second).tolist() == [50 / 150, 1, 0, 0]


def test_boxes_without_an_area_overlap_nothing_and_are_no_error() -> None:
    point, line, square = as_boxes([[5, 5, 5, 5], [0, 5, 10, 5], [0, 0, 10, 10]])
    assert iou_matrix(np.stack([point, line]), np.stack([point, line, square])).tolist() == [[0] * 3] * 2


def test_a_square_turned_by_an_eighth_shares_the_octagon() -> None:
    side = 10.0
    upright = as_boxes([[-side / 2, -side / 2, side / 2, side / 2]])
    reach = side / np.sqrt(2)  # of the corners, so that the centre stays where it is
    turned = as_boxes([[0, -reach, side, side - reach, 45]])
    octagon = 2 * (np.sqrt(2) - 1) * side**2
    assert centres(turned)[0] == pytest.approx([0, 0], abs=1e-9)
    assert iou(upright, turned)[0] == pytest.approx(octagon / (2 * side**2 - octagon))


def test_thin_boxes_that_cross_share_little_although_their_surroundings_are_the_same() -> None:
    down, up = as_boxes([[0, 0, 141, 2, 45], [0, 100, 141, 102, -45]])
    hulls = enclosing(np.stack([down, up]))
    assert iou(hulls[:1], hulls[1:])[0] > 0.9
    assert iou(down[None], up[None])[0] < 0.05


@given(box, box)
def test_overlap_is_symmetric_and_a_share(first: list[float], second: list[float]) -> None:
    a, b = as_boxes([first]), as_boxes([second])
    assert 0 <= iou(a, b)[0] <= 1
    assert iou(a, b)[0] == pytest.approx(iou(b, a)[0], abs=1e-7)


@given(box)
def test_a_box_covers_itself_however_it_is_turned(item: list[float]) -> None:
    turned = as_boxes([item])
    assert iou(turned, turned)[0] == pytest.approx(1, abs=1e-7)


@given(box, box, st.floats(-180, 180))
def test_overlap_stays_when_both_are_turned_about_one_point(
    first: list[float], second: list[float], angle: float
) -> None:
    a, b = as_boxes([first]), as_boxes([second])
    assert iou(_turned(a, angle), _turned(b, angle))[0] == pytest.approx(iou(a, b)[0], abs=1e-6)


whole = st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(1, 9), st.integers(1, 9)).map(
    lambda b: [b[0], b[1], b[0] + b[2], b[1] + b[3], 0]
)


@example([0, 0, 1, 9, 0], [0, 1, 1, 22, 0], 29)
@given(whole, whole, st.integers(-180, 180))
def test_turned_boxes_whose_edges_lie_on_one_line_share_what_upright_ones_do(
    first: list[int], second: list[int], angle: int
) -> None:
    a, b = as_boxes([first]), as_boxes([second])
    assert iou(_turned(a, angle), _turned(b, angle))[0] == pytest.approx(iou(a, b)[0], abs=1e-6)


@given(box)
def test_turning_by_full_circles_changes_nothing(item: list[float]) -> None:
    upright = as_boxes([item[:4]])
    circled = as_boxes([[*item[:4], 720]])
    assert iou(upright, circled)[0] == pytest.approx(1)
    assert corners(circled) == pytest.approx(corners(upright))


@given(box)
def test_the_corners_span_the_area(item: list[float]) -> None:
    turned = as_boxes([item])
    x, y = corners(turned)[0].T
    shoelace = (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2
    assert shoelace == pytest.approx(areas(turned)[0], rel=1e-6, abs=1e-4)


@pytest.mark.parametrize(
    ("values", "row"),
    [([[0, 0, 1, 1], [0, 0, np.nan, 1]], 1), ([[5, 0, 1, 1]], 0), ([[0, 0, 1, np.inf]], 0)],
)
def test_impossible_boxes_are_refused_with_their_row(values: list[list[float]], row: int) -> None:
    with pytest.raises(InvalidInput, match=f"boxes, row {row}: is .* Give finite numbers") as refused:
        as_boxes(values)
    assert refused.value.row == row


@pytest.mark.parametrize("values", [[[1, 2, 3]], [1, 2, 3, 4], [["left", 0, 1, 1]], [[0, 0, 1, 1], [0, 0]]])
def test_what_is_no_table_of_boxes_is_refused(values: object) -> None:
    with pytest.raises(InvalidInput, match="x1, y1, x2, y2"):
        as_boxes(values)


def _turned(boxes: np.ndarray, angle: float) -> np.ndarray:
    """Each box turned about the origin."""
    cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    x, y = boxes[:, 0] * cos - boxes[:, 1] * sin, boxes[:, 0] * sin + boxes[:, 1] * cos
    return boxes + np.stack([x - boxes[:, 0], y - boxes[:, 1]] * 2 + [np.full(len(boxes), angle)], axis=1)
