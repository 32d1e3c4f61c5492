"""Intervals without arrays are those of the library with them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from workers.consensus import anytime_interval, difference, exact_interval
from workers.review.quality.intervals import (
    anytime_bounds,
    beta_below,
    beta_quantile,
    difference_bounds,
    exact_bounds,
)

LEVELS = st.sampled_from([0.5, 0.95, 0.99, 0.999])


@st.composite
def parts(draw: st.DrawFn, least: int = 0) -> tuple[int, int]:
    """Hits of n, at both ends and between, up to millions."""
    n = draw(st.integers(least, 30) | st.integers(31, 2_000) | st.integers(10_000, 3_000_000))
    return draw(st.sampled_from([0, min(1, n), n]) | st.integers(0, n)), n


@settings(max_examples=200, deadline=None)
@given(part=parts(), level=LEVELS)
def test_exact_and_anytime_bounds_are_those_of_the_library(part: tuple[int, int], level: float) -> None:
    hits, n = part
    for alone, arrays in ((exact_bounds, exact_interval), (anytime_bounds, anytime_interval)):
        found, expected = alone(hits, n, level=level), arrays([hits], [n], level=level)
        assert found.low == pytest.approx(expected.low[0], rel=1e-7, abs=1e-11)
        assert 1 - found.high == pytest.approx(1 - expected.high[0], rel=1e-7, abs=1e-11)
        assert found.value == (hits / n if n else None)


@settings(max_examples=100, deadline=None)
@given(first=parts(), second=parts(), level=LEVELS)
def test_a_difference_is_that_of_the_library(
    first: tuple[int, int], second: tuple[int, int], level: float
) -> None:
    found = difference_bounds(first, second, level=level)
    expected = difference(*([each] for each in (*first, *second)), level=level)
    assert (found.low, found.high) == pytest.approx((expected.low[0], expected.high[0]), abs=1e-12)
    assert (found.value is None) == math.isnan(expected.value[0])


@settings(max_examples=200, deadline=None)
@given(a=st.floats(0.5, 1e5), b=st.floats(0.5, 1e5), probability=st.floats(1e-4, 1 - 1e-4))
def test_quantiles_of_beta_are_where_its_distribution_says(a: float, b: float, probability: float) -> None:
    share = beta_quantile(a, b, probability)
    assert share == pytest.approx(special.betaincinv(a, b, probability), rel=1e-7)
    step = abs(
        beta_below(a, b, share) - beta_below(a, b, math.nextafter(share, 0))
    )  # near 1 floats are far apart
    assert beta_below(a, b, share) == pytest.approx(probability, abs=1e-8 + 4 * step)


def test_bounds_need_no_arrays() -> None:
    """Rule of three, and the textbook's 7 of 20."""
    assert exact_bounds(0, 300).high == pytest.approx(1 - 0.025 ** (1 / 300))
    assert np.round([exact_bounds(7, 20).low, exact_bounds(7, 20).high], 4).tolist() == [0.1539, 0.5922]
