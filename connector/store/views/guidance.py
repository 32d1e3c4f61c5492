"""Read models of guidelines and dated reports, for the API, the status page and the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.model import Audit, GuidelineNote, GuidelineQuestion, Json, Project
from connector.store.repositories.facts import gathered_fact
from connector.store.unit_of_work import UnitOfWork
from connector.wording import guideline_instance, guideline_question, one_line, report_reason

MOST_AUDITS = 100
MOST_NOTES = 1000
SHOWN_QUESTIONS = 20


@dataclass(frozen=True, slots=True)
class AuditView:
    id: str
    at: datetime | None
    trigger: str
    reason: str
    headline: str | None


@dataclass(frozen=True, slots=True)
class NoteView:
    id: str
    given: str
    label: str
    text: str
    author: str
    state: str
    created_at: datetime
    accepted_by: str | None
    published_at: datetime | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class QuestionView:
    id: str
    first: str
    second: str
    state: str
    told: str
    examples: Sequence[str]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class GuidelinesView:
    version: int | None
    hash: str | None
    published_at: datetime | None
    notes: Sequence[NoteView]
    questions: Sequence[QuestionView]


@dataclass(frozen=True, slots=True)
class GuidanceView:
    """What the status page says: the last report, how many notes are published, what is asked."""

    last_audit: AuditView | None
    published: int
    drafts: int
    questions: Sequence[QuestionView]
    publishes_at: datetime | None  # when accepted notes that are gathered are published; None for none


def guidance_views(unit: UnitOfWork, names: Iterable[str]) -> dict[str, GuidanceView]:
    """Of those of these projects that are stored."""
    stored = {name: unit.projects.by_name(name) for name in names}
    return {name: _guidance(unit, project) for name, project in stored.items() if project is not None}


def audit_views(unit: UnitOfWork, project: Project) -> list[AuditView]:
    """Reports that were made, the latest first."""
    return [_audit(one) for one in unit.audits.listed(project.id, MOST_AUDITS)]


def audit_figures(unit: UnitOfWork, project: Project, audit_id: str) -> Json | None:
    """One report (docs/report.schema.json); None where there is none of that id."""
    result = unit.audits.get(project.id, audit_id)
    return None if result is None else result.figures


def guidelines_view(unit: UnitOfWork, project: Project) -> GuidelinesView:
    version = unit.guidelines.last_version(project.id)
    return GuidelinesView(
        version=version.number if version else None,
        hash=version.hash if version else None,
        published_at=version.at if version else None,
        notes=[_note(one) for one in unit.notes.listed(project.id)[:MOST_NOTES]],
        questions=[_question(one) for one in unit.questions.listed(project.id)],
    )


def _guidance(unit: UnitOfWork, project: Project) -> GuidanceView:
    last = unit.audits.last_done(project.id)
    notes = unit.notes.counts(project.id)
    asked = unit.questions.listed(project.id)[:SHOWN_QUESTIONS]
    return GuidanceView(
        last_audit=_audit(last) if last else None,
        published=notes.get("published", 0),
        drafts=notes.get("draft", 0),
        questions=[_question(one) for one in asked],
        publishes_at=gathered_until(unit, project.id),
    )


def gathered_until(unit: UnitOfWork, project_id: int) -> datetime | None:
    """When notes that wait for one another are published; None where none waits."""
    result = unit.facts.get(gathered_fact(project_id))
    return None if result is None else datetime.fromisoformat(result)


def _audit(one: Audit) -> AuditView:
    return AuditView(one.id, one.finished_at, one.trigger.value, report_reason(one.reason), one.headline)


def _note(one: GuidelineNote) -> NoteView:
    return NoteView(**{name: getattr(one, name) for name in NoteView.__slots__})


def _question(one: GuidelineQuestion) -> QuestionView:
    return QuestionView(
        id=one.id,
        first=one_line(one.first),
        second=one_line(one.second),
        state=one.state,
        told=guideline_question(one.first, one.second, one.confused, one.ambiguous),
        examples=[
            guideline_instance(each["shown"], each["given"], each["decided"], each["suggested"])
            for each in one.examples
        ],
        created_at=one.created_at,
    )
