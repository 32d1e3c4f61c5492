"""What dated reports say in words."""

from __future__ import annotations

from typing import Any

import pytest

from connector import wording
from connector.model import AuditTrigger
from connector.model.reasons import coded


def figures(n: int = 200, alpha: float | None = 0.82, accuracy: float | None = 0.94) -> dict[str, Any]:
    return {
        "remaining": {"controls": {"hits": 2, "n": n, "value": 0.01, "low": 0.001, "high": 0.036}},
        "agreement": {"alpha": {"value": alpha}},
        "model": {"accuracy": accuracy},
        "corrections": {"by_state": {"applied": 1234}},
    }


def test_the_headline_says_errors_agreement_accuracy_and_corrections() -> None:
    assert wording.report_headline(figures()) == (
        "1.0% errors among controls (0.1% to 3.6%, n = 200); agreement 0.82; model accuracy 0.94; "
        "1,234 corrections applied."
    )


def test_the_headline_says_what_is_not_known() -> None:
    assert wording.report_headline(figures(n=0, alpha=None, accuracy=None)) == (
        "The remaining error rate is not known (no controls); 1,234 corrections applied."
    )


PARAMS: dict[AuditTrigger, dict[str, Any]] = {
    AuditTrigger.SCHEDULE: {"days": 7.0},
    AuditTrigger.QUALITY: {"moved": [{"name": "error_rate", "before": 0.01, "now": 0.05}]},
}


@pytest.mark.parametrize("stored", ["30 days have passed", "asked for", "schedule", 'quality {"moved": 3}'])
def test_a_reason_that_was_stored_in_words_is_said_as_it_is(stored: str) -> None:
    assert wording.report_reason(stored) == stored


@pytest.mark.parametrize("trigger", list(AuditTrigger))
def test_every_trigger_has_its_reason(trigger: AuditTrigger) -> None:
    said = wording.report_reason(coded(trigger, **PARAMS.get(trigger, {})))
    assert " " in said
    assert "{" not in said
    assert "\n" not in said
    if trigger is AuditTrigger.QUALITY:
        assert said == "the error rate among controls moved from 0.01 to 0.05"


@pytest.mark.parametrize(
    ("effect", "said"),
    [
        ({"change": None, "low": -1.0, "high": 1.0, "verdict": "unclear"}, "nothing labeled yet"),
        (
            {"change": -0.12, "low": -0.2, "high": -0.04, "verdict": "fewer"},
            "fewer confusions: -12.0 points (-20.0 to -4.0)",
        ),
        (
            {"change": 0.01, "low": -0.02, "high": 0.04, "verdict": "unclear"},
            "no clear change: +1.0 points (-2.0 to +4.0)",
        ),
    ],
)
def test_an_effect_is_told_with_its_interval(effect: dict[str, Any], said: str) -> None:
    assert wording.guideline_effect(effect) == said
