"""Whether predictions are about the given regions at all."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workers.issues import Misfit, RegionFit, SpanTable, box_fit, span_fit


def test_boxes_are_met_alike_or_neither() -> None:
    labels = [{"bboxes": np.array([[0, 0, 10, 10], [50, 50, 90, 90]]), "labels": np.array([0, 1])}] * 3
    none = np.zeros((0, 5))
    same = [np.array([[0, 0, 10, 11, 0.9]]), none]
    other = [np.array([[51, 50, 90, 90, 0.9]]), none]
    assert box_fit(labels, [same, other, [none, none]]) == RegionFit(4, 2, 1, 1)
    assert box_fit(labels, [[none, none]] * 3) == RegionFit(0, 0, 0, 0)
    assert box_fit([], []) == RegionFit(0, 0, 0, 0)


def test_spans_are_met_alike_and_exact() -> None:
    given = SpanTable([0, 0, 0, 1], [0, 10, 20, 0], [5, 15, 25, 5], [0, 0, 1, 0])
    predicted = SpanTable([0, 0, 0], [0, 12, 20], [5, 15, 25], [0, 0, 0])
    assert span_fit(given, predicted) == RegionFit(3, 3, 2, 1), "the text without predictions is not asked"


@given(st.integers(0, 200), st.data())
def test_the_first_that_fails_is_named_and_few_regions_say_nothing(n: int, data: st.DataObject) -> None:
    met = data.draw(st.integers(0, n))
    alike = data.draw(st.integers(0, met))
    exact = data.draw(st.integers(0, alike))
    misfit = RegionFit(n, met, alike, exact).misfit
    if n < 20 or (met >= 0.05 * n and met < 20):
        assert misfit is None
    elif met < 0.05 * n:
        assert misfit == (Misfit.PLACES, met, n)
    elif alike < 0.05 * met:
        assert misfit == (Misfit.LABELS, alike, met)
    else:
        assert misfit in (None, (Misfit.ENDS, exact, alike))


def test_what_fits_less_often_than_not_is_a_doubt_and_no_misfit() -> None:
    assert RegionFit(100, 49, 49, 49).doubt == (Misfit.PLACES, 49, 100)
    assert RegionFit(100, 80, 30, 30).doubt == (Misfit.LABELS, 30, 80)
    assert RegionFit(100, 80, 60, 20).doubt == (Misfit.ENDS, 20, 60)
    assert RegionFit(100, 80, 60, 30).doubt is None
    assert RegionFit(100, 4, 4, 4).doubt is None
