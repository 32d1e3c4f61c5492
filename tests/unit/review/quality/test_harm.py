"""Harm by what decisions stated, and by what was overturned."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.model import Outcome
from connector.store.repositories.quality import STATED, StatedCount
from connector.wording import checked_harm, measured_harm, reason_text
from workers.review.quality.conclusions import harm_alarm
from workers.review.quality.harm import NO_HARM, Harm, harm_in


def changes(n: int, stated: float, overturned: int, outcome: Outcome = Outcome.ACCEPT) -> StatedCount:
    band = next(k for k, high in enumerate(STATED) if stated < high)
    return StatedCount(outcome, band, n, n * stated, overturned)


def test_without_changes_there_is_no_harm() -> None:
    assert harm_in([]) == NO_HARM
    assert not harm_in([changes(50, 0.97, 10, Outcome.REJECT)]).exceeds


def test_expected_harm_is_what_is_missing_to_certainty() -> None:
    harm = harm_in([changes(100, 0.97, 0), changes(50, 0.85, 0)])
    assert harm.changes == 150
    assert harm.expected == pytest.approx(3 + 7.5)
    assert [(band.low, band.high, band.n) for band in harm.bands] == [(0.75, 0.9, 50), (0.95, 0.98, 100)]


@pytest.mark.parametrize(
    ("n", "overturned", "exceeds"), [(1, 1, False), (100, 3, False), (100, 6, False), (100, 20, True)]
)
def test_only_what_chance_does_not_explain_exceeds(n: int, overturned: int, exceeds: bool) -> None:
    assert harm_in([changes(n, 0.97, overturned)]).exceeds is exceeds


def test_a_band_says_how_many_stood_with_an_exact_interval() -> None:
    (band,) = harm_in([changes(40, 0.96, 2)]).bands
    assert band.stood == pytest.approx(0.95)
    assert band.stood_low < 0.95 < band.stood_high


def test_changes_that_calibration_questions_overturn_exceed_as_well() -> None:
    harm = harm_in([changes(100, 0.97, 0)])
    assert not replace(harm, checked=harm_in([changes(40, 0.97, 1)])).exceeds
    assert replace(harm, checked=harm_in([changes(40, 0.97, 12)])).exceeds


def test_the_alarm_tells_those_changes_of_which_too_many_were_overturned() -> None:
    good, bad = harm_in([changes(100, 0.97, 2)]), harm_in([changes(40, 0.97, 12)])
    text, early = (reason_text(harm_alarm(harm)) or "" for harm in (bad, replace(good, checked=bad)))
    assert text.startswith("Of 40 changed labels 12 were overturned, where 1.2 were")
    assert "Of 40 changes that first answers to calibration questions would have made" in early
    assert "overturn 12, where 1.2 were expected" in early


def test_one_change_is_told_in_the_singular() -> None:
    assert measured_harm(0, 0.0, 0, 0.0, 1.0) == "no label was changed yet"
    one = measured_harm(1, 0.02, 1, 0.01, 1.0)
    assert one == "of 1 change 0.0 are expected to be wrong; 1 overturned later (99% interval 1.0% to 100.0%)"
    assert checked_harm(1, 0.1, 0).startswith("of 1 change that first answers would have made, 0 overturned")
    assert reason_text(harm_alarm(Harm(1, 0.0, 1, 0.0, 1.0))).startswith(
        "Of 1 changed label 1 was overturned"
    )
