"""Counts over what reviewers answered and what corrections moved, summed by the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, exists, func, not_, or_, select

from connector.model import CorrectionState, IssueKind, IssueState, Json, Outcome
from connector.model.reasons import NotWritten
from connector.store.repositories.base import Repository
from connector.store.tables import (
    annotation_rows,
    class_releases,
    corrections,
    decisions,
    golden_items,
    issues,
    quality_figures,
    quality_history,
    review_tasks,
    votes,
)

DECIDED = (IssueState.ACCEPTED, IssueState.REJECTED, IssueState.UNRESOLVED)
# Of these nothing is written; where a person took a correction back or discarded it, the label is not known
# to be wrong.
UNWRITTEN = (
    CorrectionState.PENDING,
    CorrectionState.WAITING,
    CorrectionState.HELD,
    CorrectionState.DRY_RUN,
    CorrectionState.CONFLICT,
    CorrectionState.FAILED,
)


@dataclass(frozen=True, slots=True)
class VerdictCount:
    """How many flags of one pair ended in one state."""

    given: str
    suggested: str
    state: IssueState
    n: int


@dataclass(frozen=True, slots=True)
class AgreementCount:
    """Counted votes on flagged items, by whether they saw the suggestion and whether they chose it."""

    blind: bool
    agreed: int
    n: int


STATED = (0.75, 0.9, 0.95, 0.98, 1.0)  # bounds of the bands in which stated probabilities are counted


@dataclass(frozen=True, slots=True)
class StatedCount:
    """Decisions on a label by how sure they were: below `STATED[band]`, of the bands the first that fits.

    `overturned` were decided otherwise later (on this question, or on a later one about the same label), had
    their correction taken back or discarded by a person, or contradict the golden set.
    """

    outcome: Outcome
    band: int
    n: int
    stated: float  # the sum of the probabilities
    overturned: int


class Quality(Repository):
    def stated(self, project_id: int) -> list[StatedCount]:
        """Decisions on labels that carry a probability, those that were reopened as well."""
        band = case(
            *((decisions.c.probability < high, k) for k, high in enumerate(STATED[:-1])),
            else_=len(STATED) - 1,
        ).label("band")
        contradicted = or_(_replaced(), _taken_back(), _asked_again(), _against_golden())
        overturned = case((contradicted, 1), else_=0)
        rows = self._connection.execute(
            select(
                decisions.c.outcome,
                band,
                func.count().label("n"),
                func.sum(decisions.c.probability).label("stated"),
                func.sum(overturned).label("overturned"),
            )
            .join(issues, issues.c.id == decisions.c.issue_id)
            .where(
                issues.c.project_id == project_id,
                decisions.c.label.is_not(None),
                decisions.c.probability.is_not(None),
            )
            .group_by(decisions.c.outcome, band)
            .order_by(decisions.c.outcome, band)
        )
        return [
            StatedCount(Outcome(r.outcome), int(r.band), int(r.n), float(r.stated), int(r.overturned))
            for r in rows
        ]

    def verdicts(self, project_id: int) -> list[VerdictCount]:
        """Decided flags, counted by pair and end."""
        keys = (issues.c.given, issues.c.suggested, issues.c.state)
        rows = self._connection.execute(
            select(*keys, func.count().label("n"))
            .where(
                issues.c.project_id == project_id,
                issues.c.kind == IssueKind.LABEL_ERROR.value,
                issues.c.state.in_([state.value for state in DECIDED]),
            )
            .group_by(*keys)
            .order_by(*keys)
        )
        return [VerdictCount(r.given, r.suggested, IssueState(r.state), int(r.n)) for r in rows]

    def agreement(self, project_id: int) -> list[AgreementCount]:
        """How often votes chose the suggestion, blind and not; only tasks that were made so by lot."""
        agreed = func.sum(case((votes.c.label == issues.c.suggested, 1), else_=0))
        rows = self._connection.execute(
            select(votes.c.blind, agreed.label("agreed"), func.count().label("n"))
            .join(review_tasks, review_tasks.c.key == votes.c.review_key)
            .join(issues, issues.c.id == review_tasks.c.issue_id)
            .where(
                issues.c.project_id == project_id,
                issues.c.kind == IssueKind.LABEL_ERROR.value,
                issues.c.given != issues.c.suggested,
                votes.c.counted.is_(True),
            )
            .group_by(votes.c.blind)
        )
        return [AgreementCount(bool(r.blind), int(r.agreed or 0), int(r.n)) for r in rows]

    def unwritten(self, project_id: int) -> int:
        """Flagged labels that reviewers found wrong, and that still stand: nothing was written."""
        return int(
            self._connection.execute(
                select(func.count())
                .select_from(corrections)
                .join(issues, issues.c.id == corrections.c.issue_id)
                .join(annotation_rows, annotation_rows.c.id == corrections.c.annotation_id)
                .where(
                    corrections.c.project_id == project_id,
                    corrections.c.state.in_([state.value for state in UNWRITTEN]),
                    not_(_discarded()),
                    issues.c.kind == IssueKind.LABEL_ERROR.value,
                    issues.c.state == IssueState.ACCEPTED.value,
                    annotation_rows.c.label == corrections.c.given,
                    annotation_rows.c.deleted_at.is_(None),
                )
            ).scalar_one()
        )

    def held_by_class(self, project_id: int) -> dict[str, int]:
        """Class → how many corrections that would take a label from it wait for a person."""
        rows = self._connection.execute(
            select(corrections.c.given, func.count())
            .where(
                corrections.c.project_id == project_id,
                corrections.c.state == CorrectionState.HELD.value,
            )
            .group_by(corrections.c.given)
            .order_by(corrections.c.given)
        )
        return {label: int(n) for label, n in rows}

    def release(self, project_id: int, label: str, by: str) -> None:
        """What corrections took from this class until now was looked at by a person."""
        values = {"released_at": self._now, "released_by": by}
        self._connection.execute(
            self._insert(class_releases)
            .values(project_id=project_id, label=label, **values)
            .on_conflict_do_update(index_elements=["project_id", "label"], set_=values)
        )

    def save(self, project_id: int, figures: Json) -> None:
        """Keep the latest figures for those who only show them."""
        values = {"at": self._now, "figures": dict(figures)}
        self._connection.execute(
            self._insert(quality_figures)
            .values(project_id=project_id, **values)
            .on_conflict_do_update(index_elements=["project_id"], set_=values)
        )
        day = {"figures": values["figures"]}
        self._connection.execute(
            self._insert(quality_history)
            .values(project_id=project_id, day=self._now.date().isoformat(), **day)
            .on_conflict_do_update(index_elements=["project_id", "day"], set_=day)
        )

    def history(self, project_id: int, since: str) -> list[tuple[str, Json]]:
        """The figures of each day from `since` (YYYY-MM-DD) on, the oldest first."""
        query = select(quality_history.c.day, quality_history.c.figures).where(
            quality_history.c.project_id == project_id, quality_history.c.day >= since
        )
        return [
            (day, figures) for day, figures in self._connection.execute(query.order_by(quality_history.c.day))
        ]

    def figures(self, project_id: int) -> tuple[datetime, Json] | None:
        row = self._connection.execute(
            select(quality_figures.c.at, quality_figures.c.figures).where(
                quality_figures.c.project_id == project_id
            )
        ).one_or_none()
        return None if row is None else (row.at, row.figures)


def _replaced() -> ColumnElement[bool]:
    """The decision was reopened, and another stands in its place that says something else."""
    other = decisions.alias()
    differs = or_(other.c.outcome != decisions.c.outcome, other.c.label.is_distinct_from(decisions.c.label))
    stands = exists().where(
        other.c.issue_id == decisions.c.issue_id, other.c.superseded_at.is_(None), differs
    )
    return and_(decisions.c.superseded_at.is_not(None), stands)


def _taken_back() -> ColumnElement[bool]:
    """The decision stands, and yet its correction was taken back, or discarded while held: by a person."""
    refused = exists().where(
        corrections.c.decision_id == decisions.c.id,
        or_(corrections.c.state == CorrectionState.REVERTED.value, _discarded()),
    )
    return and_(decisions.c.superseded_at.is_(None), refused)


def _discarded() -> ColumnElement[bool]:
    """A person looked at the correction and said that it is never to be written."""
    why = corrections.c.error
    said_so = and_(why.is_not(None), why.startswith(f"{NotWritten.DISCARDED.value} "))
    return and_(corrections.c.state == CorrectionState.FAILED.value, said_so)


def _asked_again() -> ColumnElement[bool]:
    """The item was asked about once more, as a control or because it was flagged, and that label changed."""
    other, later = decisions.alias(), issues.alias()
    return exists().where(
        later.c.item_id == issues.c.item_id,
        later.c.id != issues.c.id,
        later.c.given == decisions.c.label,
        other.c.issue_id == later.c.id,
        other.c.superseded_at.is_(None),
        other.c.outcome == Outcome.ACCEPT.value,
        other.c.decided_at > decisions.c.decided_at,
    )


def _against_golden() -> ColumnElement[bool]:
    """The golden set names another label for the item, and nobody doubts it; of parts that is not seen."""
    return exists().where(
        golden_items.c.item_id == issues.c.item_id,
        issues.c.place == "",
        golden_items.c.label != decisions.c.label,
        golden_items.c.doubted_at.is_(None),
        golden_items.c.retired_at.is_(None),
    )
