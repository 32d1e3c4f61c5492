"""The instructions' managed block in all its versions, and the questions that call for a note."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Join,
    Select,
    Text,
    and_,
    cast,
    distinct,
    func,
    insert,
    or_,
    select,
)

from connector.model import (
    GuidelineVersion,
    IssueState,
    Json,
    Problem,
    label_pair,
)
from connector.store.repositories.base import Repository
from connector.store.tables import (
    decisions,
    guideline_versions,
    issues,
    items,
    review_tasks,
    votes,
)

DECIDED = (IssueState.ACCEPTED, IssueState.UNRESOLVED)
OVERLAPPING = (Problem.AMBIGUOUS, Problem.SEVERAL_FIT)  # what reviewers say of labels that overlap
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Confused:
    """What decisions say of two labels: moved from one to the other, or found to overlap."""

    moved: int = 0
    ambiguous: int = 0

    @property
    def total(self) -> int:
        return self.moved + self.ambiguous


@dataclass(frozen=True, slots=True)
class Instance:
    """One decided item of a confused pair."""

    item: str
    data: Json
    given: str
    suggested: str
    decided: str | None
    reason: str


class StoredGuidelines(Repository):
    # --- versions of the block ----------------------------------------------------------------

    def last_version(self, project_id: int) -> GuidelineVersion | None:
        query = _versions(project_id).order_by(guideline_versions.c.number.desc()).limit(1)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _version(row)

    def versions(self, project_id: int) -> list[GuidelineVersion]:
        query = _versions(project_id).order_by(guideline_versions.c.number)
        return [_version(row) for row in self._connection.execute(query)]

    def add_version(
        self, project_id: int, block: str, notes: Sequence[Json], change: Json
    ) -> GuidelineVersion:
        """The block as it now stands in the instructions."""
        last = self.last_version(project_id)
        guideline_version = GuidelineVersion(
            id=str(uuid.uuid4()),
            project_id=project_id,
            number=last.number + 1 if last else 1,
            at=self._now,
            notes=tuple(notes),
            change=change,
            block=block,
            hash=hashlib.sha256(block.encode("utf-8", "replace")).hexdigest(),
        )
        self._connection.execute(
            insert(guideline_versions).values(
                id=guideline_version.id,
                project_id=project_id,
                number=guideline_version.number,
                at=guideline_version.at,
                notes=[dict(note) for note in notes],
                change=dict(change),
                block=block,
                hash=guideline_version.hash,
            )
        )
        return guideline_version

    # --- what is confused ---------------------------------------------------------------------

    def confused(self, project_id: int) -> dict[Pair, Confused]:
        """Every pair of labels that decisions moved items between, or that reviewers found to overlap."""
        counts: dict[Pair, list[int]] = {}
        for place, query in enumerate((self._moved(project_id), self._overlapping(project_id))):
            for one, other, n in self._connection.execute(query):
                counts.setdefault(label_pair(one, other), [0, 0])[place] += int(n)
        return {pair: Confused(*both) for pair, both in counts.items() if pair[0] != pair[1]}

    def instances(self, project_id: int, labels: Sequence[str], limit: int) -> list[Instance]:
        """The latest items that were decided to go from one of these labels to another, newest first."""
        query = (
            select(
                items.c.remote_id.label("item"),
                items.c.data,
                issues.c.given,
                issues.c.suggested,
                decisions.c.label.label("decided"),
                decisions.c.reason,
            )
            .select_from(_decided())
            .join(items, items.c.id == issues.c.item_id)
            .where(
                issues.c.project_id == project_id,
                issues.c.state.in_([state.value for state in DECIDED]),
                issues.c.given.in_(labels),
                func.coalesce(decisions.c.label, issues.c.suggested).in_(labels),
                func.coalesce(decisions.c.label, issues.c.suggested) != issues.c.given,
            )
            .order_by(decisions.c.decided_at.desc(), decisions.c.id)
            .limit(limit)
        )
        return [Instance(**row._mapping) for row in self._connection.execute(query)]  # noqa: SLF001 - SQLAlchemy's public accessor

    def _moved(self, project_id: int) -> Select[Any]:
        return (
            select(issues.c.given, decisions.c.label, func.count())
            .select_from(_decided())
            .where(
                issues.c.project_id == project_id,
                issues.c.state == IssueState.ACCEPTED.value,
                decisions.c.label.is_not(None),
            )
            .group_by(issues.c.given, decisions.c.label)
        )

    def _overlapping(self, project_id: int) -> Select[Any]:
        problems = cast(votes.c.problems, Text)
        return (
            select(issues.c.given, issues.c.suggested, func.count(distinct(issues.c.id)))
            .join(review_tasks, review_tasks.c.issue_id == issues.c.id)
            .join(votes, votes.c.review_key == review_tasks.c.key)
            .where(
                issues.c.project_id == project_id,
                issues.c.state == IssueState.UNRESOLVED.value,
                votes.c.counted.is_(True),
                or_(*(problems.like(f'%"{problem.value}"%') for problem in OVERLAPPING)),
            )
            .group_by(issues.c.given, issues.c.suggested)
        )


def _decided() -> Join:
    """Issues with the decision that holds now."""
    return issues.join(
        decisions, and_(decisions.c.issue_id == issues.c.id, decisions.c.superseded_at.is_(None))
    )


def _versions(project_id: int) -> Select[Any]:
    return select(guideline_versions).where(guideline_versions.c.project_id == project_id)


def _version(row: Any) -> GuidelineVersion:
    return GuidelineVersion(**{**row._mapping, "notes": tuple(row.notes)})  # noqa: SLF001 - SQLAlchemy's public accessor
