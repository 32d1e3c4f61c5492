"""What is known of the people who review: measured now and then, kept day by day, used where votes count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog

from connector.config.project import ProjectSettings
from connector.model import GoldenItem, PersonSnapshot, Project
from connector.model.people import AnswerRow
from connector.store.unit_of_work import UnitOfWork
from workers.label_types.base import LabelType
from workers.label_types.registry import kind_of
from workers.people.measure import measure

log = structlog.get_logger(__name__)

MOST_ANSWERS = 200_000  # the newest answers that are measured


def measured(unit: UnitOfWork, project: Project, settings: ProjectSettings) -> list[PersonSnapshot]:
    """What is known of everyone now. It may take seconds: let it read in a transaction of its own."""
    if project.schema is None:
        return []
    kind = kind_of(project.schema)
    golden = {one.item_id: one for one in unit.golden.listed(project.id) if one.doubted_at is None}
    answers = [
        as_meant(kind, one, golden.get(one.item_id)) for one in unit.people.answers(project.id, MOST_ANSWERS)
    ]
    seen = {label for one in answers for label in (one.given, one.suggested, one.label) if label is not None}
    seen |= {kind.expected(golden[one.item_id].label, one.given) for one in answers if one.item_id in golden}
    return measure(
        answers,
        unit.people.decided_labels(project.id),
        golden,
        kind.names(project.schema, seen),
        settings.reviewers,
        unit.now,
        kind.expected,
    )


def as_meant(kind: LabelType, answer: AnswerRow, truth: GoldenItem | None) -> AnswerRow:
    """The answer in the words of what is given, suggested or known, where it means the same."""
    known = () if truth is None else (kind.expected(truth.label, answer.given),)
    text = answer.label
    if text is None or text in known:
        return answer
    meant = next((one for one in (*known, answer.given, answer.suggested) if kind.alike(text, one)), text)
    return answer if meant == text else replace(answer, label=meant)


def keep(unit: UnitOfWork, project: Project, snapshots: Sequence[PersonSnapshot]) -> None:
    """Keep what was measured, and tell whose votes weigh less from now on, or full again."""
    before = unit.people.latest(project.id)
    unit.people.save(project.id, snapshots)
    for one in snapshots:
        was_trusted = one.person not in before or before[one.person].trusted
        if was_trusted != one.trusted:
            _tell(unit, project, one)


def _tell(unit: UnitOfWork, project: Project, person: PersonSnapshot) -> None:
    figures = {
        "reliability": round(person.mean, 3),
        "low": round(person.low, 3),
        "high": round(person.high, 3),
    }
    detail = {**figures, "answers": person.answers, "weight": round(person.weight, 3)}
    action = "reviewer.trusted" if person.trusted else "reviewer.weighs_less"
    unit.audit.append("secondlook", action, f"reviewer:{person.person}", detail, project.name)
    if not person.trusted:
        log.warning("votes of a reviewer weigh less", project=project.name, reviewer=person.person, **figures)


def measured_fact(project_id: int) -> str:
    """The fact that says when everyone who reviews or labels was measured last."""
    return f"measured:{project_id}"
