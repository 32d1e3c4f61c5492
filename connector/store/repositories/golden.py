"""Golden items: what is known for certain, when it is asked, and what people answered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, insert, or_, select, update

from connector.model import GoldenItem, Issue, IssueKind, ReviewState, ReviewTask, Vote
from connector.store.repositories.base import Repository, chunks
from connector.store.repositories.issues import ACTIVE, issue_of
from connector.store.repositories.votes import vote_of
from connector.store.tables import (
    golden_items,
    golden_questions,
    issues,
    items,
    review_tasks,
    votes,
)

STANDS = golden_items.c.retired_at.is_(None)


@dataclass(frozen=True, slots=True)
class WaitingTask:
    """An ordinary review task that nobody has answered, and beside which a golden one may be put."""

    key: str
    issue_id: str
    blind: bool
    overlap: int


class Golden(Repository):
    def put(self, project_id: int, labels: Sequence[tuple[int, str]], source: str, by: str) -> None:
        """Make these items golden, or their label what is given; what was doubted or retired stands again."""
        rows = [
            {
                "project_id": project_id,
                "item_id": item_id,
                "label": label,
                "source": source,
                "added_by": by,
                "added_at": self._now,
                "verified_at": self._now,
            }
            for item_id, label in labels
        ]
        new = self._insert(golden_items)
        again = {name: new.excluded[name] for name in ("label", "source", "added_by", "verified_at")}
        statement = new.on_conflict_do_update(
            index_elements=["item_id"], set_={**again, "doubted_at": None, "retired_at": None}
        )
        if rows:
            self._connection.execute(statement, rows)

    def retire(self, ids: Sequence[int]) -> None:
        self._set(ids, retired_at=self._now)

    def doubt(self, ids: Sequence[int]) -> None:
        self._set(ids, doubted_at=self._now)

    def listed(self, project_id: int, *, retired: bool = False) -> list[GoldenItem]:
        """Golden items by the order they were added; with those that were removed if so asked."""
        conditions = [golden_items.c.project_id == project_id]
        return self._found(*conditions, *([] if retired else [STANDS]))

    def of_items(self, item_ids: Collection[int]) -> dict[int, GoldenItem]:
        """Our item id → its golden row, retired or not."""
        result: dict[int, GoldenItem] = {}
        for part in chunks(sorted(item_ids)):
            result.update(
                {one.item_id: one for one in self._found(self._among(golden_items.c.item_id, part))}
            )
        return result

    def counts(self, project_id: int) -> tuple[int, int]:
        """How many golden items stand, and how many of them are doubted."""
        query = select(func.count(), func.count(golden_items.c.doubted_at)).where(
            golden_items.c.project_id == project_id, STANDS
        )
        n, doubted = self._connection.execute(query).one()
        return int(n), int(doubted)

    def times_asked(self, project_id: int) -> dict[int, int]:
        """Golden id → how many review tasks asked about it."""
        rows = self._connection.execute(
            select(golden_questions.c.golden_id, func.count())
            .join(golden_items, golden_items.c.id == golden_questions.c.golden_id)
            .where(golden_items.c.project_id == project_id)
            .group_by(golden_questions.c.golden_id)
        )
        return {golden_id: int(n) for golden_id, n in rows}

    def askable(self, project_id: int) -> list[GoldenItem]:
        """Golden items that can be asked now: not doubted, still there, and with no question open."""
        states = [state.value for state in ACTIVE]
        mine = issues.c.item_id == golden_items.c.item_id
        open_question = exists().where(mine, issues.c.state.in_(states))
        return self._found(
            golden_items.c.project_id == project_id,
            STANDS,
            golden_items.c.doubted_at.is_(None),
            items.c.deleted_at.is_(None),
            ~open_question,
        )

    def twins(self, project_id: int) -> list[WaitingTask]:
        """Ordinary review tasks that nobody has answered, and that have no golden one beside them.

        Those that were sent count too: who keeps a golden set often begins when questions stand already.
        """
        beside = exists().where(golden_questions.c.beside == review_tasks.c.key)
        answered = exists().where(votes.c.review_key == review_tasks.c.key)
        planned = and_(review_tasks.c.state == ReviewState.PLANNED.value, review_tasks.c.batch.is_(None))
        rows = self._connection.execute(
            select(review_tasks.c.key, review_tasks.c.issue_id, review_tasks.c.blind, review_tasks.c.overlap)
            .join(issues, issues.c.id == review_tasks.c.issue_id)
            .where(
                review_tasks.c.project_id == project_id,
                or_(planned, review_tasks.c.state == ReviewState.PUSHED.value),
                issues.c.kind != IssueKind.GOLDEN.value,
                ~beside,
                ~answered,
            )
            .order_by(review_tasks.c.key)
        )
        return [WaitingTask(row.key, row.issue_id, row.blind, row.overlap) for row in rows]

    def flags(self, project_id: int, limit: int) -> list[Issue]:
        """The flags that were put to reviewers last."""
        return self._issues(
            select(issues)
            .join(review_tasks, review_tasks.c.issue_id == issues.c.id)
            .where(review_tasks.c.project_id == project_id, issues.c.kind == IssueKind.LABEL_ERROR.value)
            .order_by(review_tasks.c.created_at.desc(), review_tasks.c.key)
            .limit(limit)
        )

    def own_flags(self, item_ids: Sequence[int]) -> dict[int, list[Issue]]:
        """Our item id → the flags that there ever were of it, oldest first."""
        result: dict[int, list[Issue]] = {}
        for part in chunks(item_ids):
            query = select(issues).where(
                self._among(issues.c.item_id, part), issues.c.kind == IssueKind.LABEL_ERROR.value
            )
            for issue in self._issues(query.order_by(issues.c.created_at, issues.c.id)):
                result.setdefault(issue.item_id, []).append(issue)
        return result

    def _issues(self, query: Select[Any]) -> list[Issue]:
        return [issue_of(row) for row in self._connection.execute(query)]

    def ask(self, task: ReviewTask, golden_id: int, beside: str) -> None:
        """Note what a planned task asks; it takes the place in the queue of the one it is put beside."""
        self._connection.execute(
            insert(golden_questions).values(review_key=task.key, golden_id=golden_id, beside=beside)
        )
        twin = select(review_tasks.c.created_at).where(review_tasks.c.key == beside)
        when = self._connection.execute(twin).scalar_one()
        self._connection.execute(
            update(review_tasks).where(review_tasks.c.key == task.key).values(created_at=when)
        )

    def asked_by(self, review_key: str) -> GoldenItem | None:
        """The golden item that a review task is about."""
        query = select(golden_questions.c.golden_id).where(golden_questions.c.review_key == review_key)
        golden_id = self._connection.execute(query).scalar_one_or_none()
        return None if golden_id is None else self._found(golden_items.c.id == golden_id)[0]

    def answers(self, golden_ids: Sequence[int], *, since_verified: bool = False) -> dict[int, list[Vote]]:
        """Golden id → all counted answers to its questions, oldest first.

        With `since_verified` only to questions asked since its label was last confirmed, by our clock.
        """
        result: dict[int, list[Vote]] = {golden_id: [] for golden_id in golden_ids}
        for part in chunks(golden_ids):
            query = (
                select(votes, golden_questions.c.golden_id)
                .join(golden_questions, golden_questions.c.review_key == votes.c.review_key)
                .join(golden_items, golden_items.c.id == golden_questions.c.golden_id)
                .join(review_tasks, review_tasks.c.key == votes.c.review_key)
                .join(issues, issues.c.id == review_tasks.c.issue_id)
                .where(self._among(golden_questions.c.golden_id, part), votes.c.counted.is_(True))
                .order_by(votes.c.created_at, votes.c.id)
            )
            if since_verified:  # the task's own moment is that of the one it was put beside
                query = query.where(issues.c.created_at >= golden_items.c.verified_at)
            for row in self._connection.execute(query):
                result[row.golden_id].append(vote_of(row))
        return result

    def _found(self, *conditions: ColumnElement[bool]) -> list[GoldenItem]:
        rows = self._connection.execute(
            select(golden_items, items.c.remote_id)
            .join(items, items.c.id == golden_items.c.item_id)
            .where(and_(*conditions))
            .order_by(golden_items.c.id)
        )
        return [_golden(row) for row in rows]

    def _set(self, ids: Sequence[int], **values: Any) -> None:
        for part in chunks(ids):
            self._connection.execute(
                update(golden_items).where(self._among(golden_items.c.id, part)).values(**values)
            )


def _golden(row: Any) -> GoldenItem:
    return GoldenItem(**{name: getattr(row, name) for name in GoldenItem.__slots__})
