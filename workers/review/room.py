"""How many questions may stand open: what reviewers answer in an hour or so, within the budget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import ceil

from connector.config.project import PolicySettings
from connector.model import Project
from connector.store.unit_of_work import UnitOfWork

LEAST_OPEN = 50  # so that nobody waits for questions, and before anybody has answered
RECENT_ANSWERS = 1000  # by which the pace is measured
ACTIVE_FOR = timedelta(hours=24)  # before the newest answer: who answered then is there to ask


def room_for(unit: UnitOfWork, project: Project, policy: PolicySettings) -> int:
    """How many more questions there is room for now, from 0.

    What everybody who is there has answered takes no place: it waits for somebody else, and in the meantime
    they would have nothing to do.
    """
    newest = unit.votes.newest(project.id, RECENT_ANSWERS)
    taken = unit.reviews.open_count(project.id, answered_by=active_reviewers(newest))
    return max(0, most_open(newest, policy) - taken)


def active_reviewers(newest: Sequence[tuple[str, datetime]]) -> frozenset[str]:
    """Who answered in the last day in which anybody did; `newest` are answers, the latest first."""
    return frozenset(who for who, at in newest if newest[0][1] - at <= ACTIVE_FOR)


def answers_an_hour(moments: Iterable[datetime]) -> float:
    """The pace of all reviewers together in the hours of the clock in which anybody answered; 0 for none."""
    hours = [moment.strftime("%Y-%m-%d %H") for moment in moments]
    return len(hours) / len(set(hours)) if hours else 0.0


def most_open(newest: Sequence[tuple[str, datetime]], policy: PolicySettings) -> int:
    """How many questions may stand open at a time: most of them end after one answer."""
    if policy.hours_open is None:
        return policy.budget
    pace = answers_an_hour(at for _, at in newest)
    return min(policy.budget, max(LEAST_OPEN, ceil(pace * policy.hours_open)))
