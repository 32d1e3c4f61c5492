from __future__ import annotations

import numpy as np
import pytest

from workers.issues import InvalidInput
from workers.issues.geometry import corners, to_pixels


def test_each_side_is_scaled_by_its_own_size() -> None:
    assert to_pixels([[10, 20, 30, 40, 0]], [800, 600])[0].tolist() == [80, 120, 320, 360, 0]


def test_a_turned_box_keeps_its_right_angles_on_a_picture_that_is_not_square() -> None:
    # A quarter turn clockwise about the top left corner: what was to the right now goes down.
    box = to_pixels([[50, 50, 10, 10, 90]], [800, 600])
    assert corners(box)[0] == pytest.approx(np.array([[400, 300], [400, 380], [340, 380], [340, 300]]))


@pytest.mark.parametrize("sizes", [[0, 600], [800, np.nan], [[800, 600], [-1, 600]]])
def test_a_size_that_is_missing_is_refused(sizes: object) -> None:
    with pytest.raises(InvalidInput, match=r"sizes, row .* Give the picture's width and height"):
        to_pixels([[1, 1, 1, 1, 0]] * 2, sizes)


@pytest.mark.parametrize("row", [[1, 1, -1, 1, 0], [1, np.nan, 1, 1, 0]])
def test_percents_that_are_no_box_are_refused(row: list[float]) -> None:
    with pytest.raises(InvalidInput, match="percent, row 1"):
        to_pixels([[1, 1, 1, 1, 0], row], [10, 10])
