"""What is known of reviewers, as the API, the status page and the command line show it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector import wording
from connector.config.project import ProjectSettings, ReviewSettings
from connector.model import PersonSnapshot, Project
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.secrecy import EVERYTHING, Sight, seen_reviewers

HISTORY_DAYS = 30


@dataclass(frozen=True, slots=True)
class PersonView:
    """One person; rates are 0..1. `drift` is how much their rate of right answers rose lately."""

    person: str
    name: str
    accounts: tuple[str, ...]
    reliability: float
    low: float
    high: float
    answers: int
    golden: int | None  # None, here and below: not shown to who asks
    golden_right: int | None
    weight: float
    trusted: bool
    seconds: float | None
    drift: float | None
    drift_low: float | None
    drift_high: float | None
    suggestions_shown: int
    suggestions_taken: int
    labels_questioned: int
    labels_upheld: int
    history: tuple[tuple[str, float], ...]  # (day, reliability) of the last 30 days, oldest first
    confusions: tuple[tuple[str, str, float], ...]  # true class, answer, how often
    classes: tuple[tuple[str, float, float, float, float], ...]  # class, mean, low, high, answers


@dataclass(frozen=True, slots=True)
class ReviewersView:
    project: str
    measured_at: datetime | None
    people: tuple[PersonView, ...]  # the least reliable first
    golden: int | None
    golden_doubted: int | None
    quorum: int
    known_reviewers: int | None  # None where nobody has looked yet
    known_from: str | None  # settings, platform or activity
    barred_tasks: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReviewAccounts:
    """The accounts that could review, without the service's own."""

    accounts: tuple[str, ...]
    known_from: str


def members_fact(project_id: int) -> str:
    """The fact that holds who could review when somebody last looked."""
    return f"members:{project_id}"


def keep_members(unit: UnitOfWork, project: Project, members: ReviewAccounts) -> None:
    detail = {"accounts": sorted(members.accounts), "from": members.known_from}
    unit.facts.put(members_fact(project.id), json.dumps(detail))


def members(unit: UnitOfWork, project: Project, settings: ProjectSettings) -> ReviewAccounts | None:
    """Who could review: as the settings say, else as was last found out."""
    if settings.reviewers.expected:
        return ReviewAccounts(settings.reviewers.expected, "settings")
    stored = unit.facts.get(members_fact(project.id))
    if stored is None:
        return None
    kept = json.loads(stored)
    return ReviewAccounts(tuple(kept["accounts"]), kept["from"])


def reviewers_view(unit: UnitOfWork, project: Project, settings: ProjectSettings) -> ReviewersView:
    """Everything that is known of a project's reviewers, with what operations should know of it."""
    result = unit.people.latest(project.id)
    names = unit.projects.annotator_names(project.id)
    golden, doubted = unit.golden.counts(project.id)
    known = members(unit, project, settings)
    people = None if known is None else {settings.reviewers.person_of(each) for each in known.accounts}
    barred = barred_tasks(unit, project, settings, people)
    history = unit.people.history(project.id, HISTORY_DAYS)
    shown = sorted(
        (_person(one, names, history.get(one.person, []), settings) for one in result.values()),
        key=_by_reliability,
    )
    return ReviewersView(
        project=project.name,
        measured_at=max((one.at for one in result.values()), default=None),
        people=tuple(shown),
        golden=golden,
        golden_doubted=doubted,
        quorum=settings.review.people_for_a_change,
        known_reviewers=None if people is None else len(people),
        known_from=None if known is None else known.known_from,
        barred_tasks=barred,
        warnings=_warnings(project, shown, doubted, settings.review, people, barred),
    )


def reviewers_views(
    unit: UnitOfWork,
    configured: Mapping[str, ProjectSettings],
    name: str | None = None,
    sight: Sight = EVERYTHING,
) -> dict[str, ReviewersView]:
    """The same for each project that is configured, stored and readable, or for the one of that name."""
    wanted = configured if name is None else {name: configured[name]} if name in configured else {}
    stored = {each: unit.projects.by_name(each) for each in wanted if sight.reads(each)}
    return {
        each: seen_reviewers(reviewers_view(unit, project, configured[each]), sight)
        for each, project in stored.items()
        if project is not None
    }


def barred_tasks(
    unit: UnitOfWork, project: Project, settings: ProjectSettings, people: set[str] | None
) -> int:
    """Open review tasks that wait in vain: too few others are left, and own answers do not count."""
    quorum = settings.review.least_people
    if people is None or len(people) < quorum or settings.review.counts_own:
        return 0
    return short_of_others(unit, project, settings, people)


def short_of_others(unit: UnitOfWork, project: Project, settings: ProjectSettings, people: set[str]) -> int:
    """Open review tasks for which too few people are left who did not label the item."""
    quorum = settings.review.least_people
    person_of = settings.reviewers.person_of
    tasks = unit.people.labelers_of_open_tasks(project.id).values()
    return sum(1 for who in tasks if len(people - {person_of(each) for each in who}) < quorum)


def _warnings(
    project: Project,
    shown: list[PersonView],
    doubted: int,
    review: ReviewSettings,
    people: set[str] | None,
    barred: int,
) -> tuple[str, ...]:
    texts: list[str] = []
    needed = review.people_for_a_change
    if people is not None and len(people) < needed:
        texts.append(wording.too_few_reviewers(len(people), needed, by_shares=review.by_shares))
    if barred:
        texts.append(wording.barred_tasks(barred, review.least_people))
    for one in shown:
        if not one.trusted:
            figures = (one.reliability, one.low, one.high, one.answers, one.weight)
            texts.append(wording.weighs_less(one.name, *figures))
        if one.drift is not None and one.drift_high is not None and one.drift_high < 0:
            texts.append(wording.getting_worse(one.name, one.drift))
    if doubted:
        texts.append(wording.golden_doubted(doubted, project.name))
    return tuple(texts)


def _by_reliability(one: PersonView) -> tuple[bool, float, str]:
    return one.answers == 0, one.reliability, one.person


def _person(
    one: PersonSnapshot,
    names: Mapping[str, str],
    history: Sequence[tuple[str, float]],
    settings: ProjectSettings,
) -> PersonView:
    others = [second for second, main in settings.reviewers.same_person.items() if main == one.person]
    drift = one.detail.drift or (None, None, None)
    return PersonView(
        person=one.person,
        name=names.get(one.person, one.person),
        accounts=(one.person, *sorted(others)),
        reliability=one.mean,
        low=one.low,
        high=one.high,
        answers=one.answers,
        golden=one.golden,
        golden_right=one.golden_right,
        weight=one.weight,
        trusted=one.trusted,
        seconds=one.detail.seconds,
        drift=drift[0],
        drift_low=drift[1],
        drift_high=drift[2],
        suggestions_shown=one.detail.suggestions_shown,
        suggestions_taken=one.detail.suggestions_taken,
        labels_questioned=one.questioned,
        labels_upheld=one.upheld,
        history=tuple(history),
        confusions=one.detail.confusions,
        classes=one.detail.classes,
    )
