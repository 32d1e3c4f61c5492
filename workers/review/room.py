"""How many questions may stand open: what reviewers answer in an hour or so, within the budget."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from math import ceil

from connector.config.project import PolicySettings
from connector.model import Project
from connector.store.unit_of_work import UnitOfWork

LEAST_OPEN = 50  # so that nobody waits for questions, and before anybody has answered
RECENT_ANSWERS = 1000  # by which the pace is measured


def room_for(unit: UnitOfWork, project: Project, policy: PolicySettings) -> int:
    """How many more questions there is room for now, from 0."""
    return max(0, most_open(unit, project, policy) - unit.reviews.open_count(project.id))


def most_open(unit: UnitOfWork, project: Project, policy: PolicySettings) -> int:
    """How many questions may stand open at a time: most of them end after one answer."""
    if policy.hours_open is None:
        return policy.budget
    pace = answers_an_hour(unit.votes.newest_moments(project.id, RECENT_ANSWERS))
    return min(policy.budget, max(LEAST_OPEN, ceil(pace * policy.hours_open)))


def answers_an_hour(moments: Iterable[datetime]) -> float:
    """The pace of all reviewers together in the hours of the clock in which anybody answered; 0 for none."""
    hours = [moment.strftime("%Y-%m-%d %H") for moment in moments]
    return len(hours) / len(set(hours)) if hours else 0.0
