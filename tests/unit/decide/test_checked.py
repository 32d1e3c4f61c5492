"""Calibration questions: which of them say whether the first answers were right."""

from __future__ import annotations

import pytest

from connector.model import Outcome, Vote
from tests.unit.decide.test_counted_answers import ISSUE, NOON
from workers.consensus.shares import SharePolicy
from workers.decide.ballots import Ballots
from workers.decide.checked import early_decisions
from workers.decide.shares import CrowdRules

KEPT, CHANGED = Outcome.REJECT, Outcome.ACCEPT


def checked(said: str, least: int = 3, share: float = 1.0) -> list[tuple[Outcome, int, int]]:
    """What came of a question with these answers: the outcome, how many, how many of them overturned."""
    policy = SharePolicy(change_confidence=0.85)
    rules = CrowdRules(policy, calibration_share=share, calibration_votes=least)
    votes = [
        Vote("task", str(n), f"r{n}", label, (), None, NOON, NOON, True, None, True)
        for n, label in enumerate(said.split())
    ]
    counts = early_decisions([(ISSUE, votes)], rules, {}, Ballots(None, str, 2))
    return [(one.outcome, one.n, one.overturned) for one in counts]


@pytest.mark.parametrize(
    ("said", "came_of_it"),
    [
        ("cat cat cat", [(KEPT, 1, 0)]),
        ("dog dog dog", [(CHANGED, 1, 0)]),
        ("cat dog dog dog dog", [(KEPT, 1, 1)]),
    ],
)
def test_what_the_first_answers_would_have_decided_is_held_against_all(
    said: str, came_of_it: list[tuple[Outcome, int, int]]
) -> None:
    assert checked(said) == came_of_it


def test_questions_that_were_asked_no_further_or_end_unknown_say_nothing() -> None:
    assert checked("cat cat") == [], "fewer than are asked of a calibration question"
    assert checked("dog dog", least=2) == [], "decided by the last answer: nobody was asked after it"
    assert checked("cat dog dog") == [], "all answers together decide nothing"
    assert checked("cat cat cat", share=0.0) == [], "not drawn"
