"""Issues and scans: what was found suspicious, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, case, func, insert, or_, select, update

from connector.model import (
    Decision,
    DispositionKind,
    DispositionState,
    FlagEvidence,
    Issue,
    IssueKind,
    IssueState,
    Outcome,
    ReviewState,
    ScanReport,
    ScanSummary,
)
from connector.model.reasons import HeldBack
from connector.store.repositories.base import ROW, Repository, chunks
from connector.store.repositories.places import place_of, stored_place
from connector.store.tables import (
    CURRENT,
    annotation_rows,
    decisions,
    dispositions,
    issues,
    review_tasks,
    scans,
)

_CURRENT_OF_ISSUE = and_(decisions.c.issue_id == issues.c.id, decisions.c.superseded_at.is_(None))
ACTIVE = (IssueState.OPEN, IssueState.IN_REVIEW, IssueState.SUPPRESSED)
ISSUE_FIELDS = tuple(field.name for field in fields(Issue))  # `asdict` copies deeply, and slowly
SETTLED = (IssueState.ACCEPTED, IssueState.REJECTED, IssueState.UNRESOLVED)


class Standing(NamedTuple):
    """An active issue in short; `kind` and `state` as they are stored."""

    item_id: int
    kind: str
    state: str
    reason: str | None
    given: str
    suggested: str
    quality: float
    place: str = ""


class Issues(Repository):
    def add(self, new: Sequence[Issue]) -> None:
        """New issues; at most one active issue exists for a place of an item, which the database enforces."""
        rows = [_values(issue) | {"created_at": self._now, "updated_at": self._now} for issue in new]
        if rows:
            who = select(annotation_rows.c.annotator).where(annotation_rows.c.id == bindparam("of"))
            statement = insert(issues).values(annotator=who.scalar_subquery())
            self._connection.execute(statement, [row | {"of": row["annotation_id"]} for row in rows])

    def rescore(self, known: Sequence[Issue]) -> None:
        """Put a new scan's figures, state and reason onto issues, as far as they are suppressed."""
        rows = [_values(issue) | {"updated_at": self._now} for issue in known]
        for row in rows:
            row[ROW] = row.pop("id")
        suppressed = issues.c.state == IssueState.SUPPRESSED.value
        self._update_rows(issues, rows, suppressed)

    def set_state(self, ids: Sequence[str], state: IssueState, reason: str | None = None) -> None:
        for part in chunks(ids):
            self._connection.execute(
                update(issues)
                .where(self._among(issues.c.id, part))
                .values(state=state.value, reason=reason, updated_at=self._now)
            )

    def start_review(self, ids: Sequence[str]) -> None:
        """Open issues whose review task stands on the platform now."""
        for part in chunks(ids):
            self._connection.execute(
                update(issues)
                .where(self._among(issues.c.id, part), issues.c.state == IssueState.OPEN.value)
                .values(state=IssueState.IN_REVIEW.value, updated_at=self._now)
            )

    def get(self, issue_id: str) -> Issue | None:
        """One issue; held in a transaction that may write, as its state is about to be judged."""
        query = self._held(select(issues).where(issues.c.id == issue_id), issues)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else issue_of(row)

    def many(self, ids: Sequence[str]) -> dict[str, Issue]:
        result: dict[str, Issue] = {}
        for part in chunks(ids):
            rows = self._connection.execute(select(issues).where(self._among(issues.c.id, part)))
            result.update({row.id: issue_of(row) for row in rows})
        return result

    def active(self, project_id: int, item_ids: Sequence[int] | None = None) -> list[Issue]:
        """Issues that are open, in review or suppressed.

        Held in a transaction that may write: those of the named items, or all suppressed ones of a
        project, which a scan changes while a push may want to open them.
        """
        query = select(issues).where(issues.c.state.in_([state.value for state in ACTIVE]))
        if item_ids is None:
            self._hold_suppressed(project_id)
            every = query.where(issues.c.project_id == project_id)
            return [issue_of(row) for row in self._connection.execute(every)]
        result: list[Issue] = []
        for part in chunks(sorted(set(item_ids))):
            these = query.where(self._among(issues.c.item_id, part)).order_by(issues.c.id)
            rows = self._connection.execute(self._held(these, issues))
            result += [issue_of(row) for row in rows]
        return result

    def standing(self, project_id: int, item_ids: Sequence[int] | None = None) -> list[Standing]:
        """Active issues in short, of these items or of all: there may be as many as labels look wrong."""
        query = select(*(issues.c[name] for name in Standing._fields)).where(
            issues.c.state.in_([state.value for state in ACTIVE])
        )
        return [
            Standing(*row)._replace(place=place_of(row))
            for row in self._of_items(query, project_id, item_ids)
        ]

    def asked(self, project_id: int) -> list[int]:
        """The items that people are asked about, or are about to be: not more than the budget allows."""
        query = select(issues.c.item_id).where(
            issues.c.project_id == project_id,
            issues.c.state.in_([IssueState.OPEN.value, IssueState.IN_REVIEW.value]),
        )
        return list(self._connection.execute(query).scalars())

    def _of_items(self, query: Any, project_id: int, item_ids: Sequence[int] | None) -> Iterator[Any]:
        """The rows of a query of issues: all of a project, or those of some of its items.

        Those are not asked for the project as well: SQLite would read all of the project's by its index.
        """
        if item_ids is None:
            yield from self._connection.execute(query.where(issues.c.project_id == project_id))
            return
        for part in chunks(sorted(item_ids)):
            yield from self._connection.execute(query.where(self._among(issues.c.item_id, part)))

    def _hold_suppressed(self, project_id: int) -> None:
        query = select(issues.c.id).where(
            issues.c.project_id == project_id, issues.c.state == IssueState.SUPPRESSED.value
        )
        self._connection.execute(self._held(query.order_by(issues.c.id), issues)).all()

    def open_without_review(self, project_id: int) -> list[Issue]:
        """Open issues about which no review task stands or is planned, most suspicious first."""
        rows = self._connection.execute(
            select(issues)
            .join(review_tasks, review_tasks.c.issue_id == issues.c.id, isouter=True)
            .where(
                issues.c.project_id == project_id,
                issues.c.state == IssueState.OPEN.value,
                or_(review_tasks.c.key.is_(None), review_tasks.c.state == ReviewState.WITHDRAWN.value),
            )
        )  # ordered here: SQLite would read all issues of the project in the order of an index
        return sorted(map(issue_of, rows), key=lambda issue: (issue.rank, issue.id))

    def waiting_for_budget(self, project_id: int, limit: int) -> list[Issue]:
        """Suppressed issues that only the budget holds back, most suspicious first."""
        query = (
            select(issues)
            .where(
                issues.c.project_id == project_id,
                issues.c.state == IssueState.SUPPRESSED.value,
                issues.c.reason == HeldBack.BUDGET.value,
            )
            .order_by(issues.c.rank, issues.c.id)
            .limit(limit)
        )
        return [issue_of(row) for row in self._connection.execute(self._held(query, issues))]

    def settled(self, project_id: int, item_ids: Sequence[int] | None = None) -> set[tuple[int, str]]:
        """(item, label) pairs not to be asked about again: reviewers have answered, or excluded the item.

        Of a project, or of some of its items.
        """
        query = (
            select(issues.c.item_id, issues.c.given, decisions.c.label)
            .join(decisions, _CURRENT_OF_ISSUE, isouter=True)
            .where(issues.c.state.in_([state.value for state in SETTLED]))
        )
        pairs = self._excluded(project_id)
        if item_ids is not None:
            wanted = set(item_ids)
            pairs = {pair for pair in pairs if pair[0] in wanted}
        for row in self._of_items(query, project_id, item_ids):
            pairs.add((row.item_id, row.given))
            if row.label is not None:
                pairs.add((row.item_id, row.label))
        return pairs

    def _excluded(self, project_id: int) -> set[tuple[int, str]]:
        """The labels of items that fit no label of the project, or that cannot be judged at all."""
        rows = self._connection.execute(
            select(dispositions.c.item_id, annotation_rows.c.label)
            .join(annotation_rows, annotation_rows.c.item_id == dispositions.c.item_id)
            .where(
                dispositions.c.project_id == project_id,
                dispositions.c.kind == DispositionKind.EXCLUDE.value,
                dispositions.c.state == DispositionState.OPEN.value,
                annotation_rows.c.label.is_not(None),
            )
        )
        return {(row.item_id, row.label) for row in rows}

    def counts(self, project_id: int) -> dict[IssueState, int]:
        rows = self._connection.execute(
            select(issues.c.state, func.count())
            .where(issues.c.project_id == project_id)
            .group_by(issues.c.state)
        )
        return {IssueState(state): int(n) for state, n in rows}

    def decided_since(self, project_id: int, moment: datetime | None) -> bool:
        """Whether anything was decided after that moment, or ever."""
        query = select(issues.c.id).where(
            issues.c.project_id == project_id, issues.c.state.in_([state.value for state in SETTLED])
        )
        if moment is not None:
            query = query.where(issues.c.updated_at > moment)
        return self._connection.execute(query.limit(1)).first() is not None

    def any_to_review(self, project_id: int) -> bool:
        """Whether an issue is asked about, or held back only until there is room."""
        state = issues.c.state
        asked = state.in_([IssueState.OPEN.value, IssueState.IN_REVIEW.value])
        next_up = and_(state == IssueState.SUPPRESSED.value, issues.c.reason == HeldBack.BUDGET.value)
        query = select(issues.c.id).where(issues.c.project_id == project_id, or_(asked, next_up))
        return self._connection.execute(query.limit(1)).first() is not None

    def decide(self, decision: Decision) -> None:
        """Record the decision of an issue; a second one beside a current one is refused by the database."""
        self._connection.execute(
            insert(decisions).values(
                id=decision.id,
                issue_id=decision.issue_id,
                outcome=decision.outcome.value,
                label=decision.label,
                reason=decision.reason,
                votes=list(decision.votes),
                probability=decision.probability,
                decided_at=decision.decided_at,
            )
        )

    def decision(self, issue_id: str) -> Decision | None:
        """The decision that stands."""
        result = self._decisions(decisions.c.issue_id == issue_id, CURRENT)
        return result[0] if result else None

    def decisions_of(self, issue_id: str) -> list[Decision]:
        """All decisions of an issue, the first one first; the last one may be current."""
        return self._decisions(decisions.c.issue_id == issue_id)

    def supersede(self, decision_id: str) -> None:
        """The votes of a decision do not bear it any more; it is kept."""
        self._connection.execute(
            update(decisions).where(decisions.c.id == decision_id).values(superseded_at=self._now)
        )

    def _decisions(self, *conditions: Any) -> list[Decision]:
        rows = self._connection.execute(
            select(decisions).where(*conditions).order_by(decisions.c.decided_at, decisions.c.id)
        )
        return [_decision(row) for row in rows]

    def suggestions_confirmed(self, project_id: int) -> tuple[int, int]:
        """Of the flagged items on whose label reviewers agreed: where it was the suggestion, and all."""
        right = func.sum(case((decisions.c.label == issues.c.suggested, 1), else_=0))
        row = self._connection.execute(
            select(right.label("right"), func.count().label("n"))
            .select_from(issues)
            .join(decisions, _CURRENT_OF_ISSUE)
            .where(
                issues.c.project_id == project_id,
                issues.c.state.in_([IssueState.ACCEPTED.value, IssueState.REJECTED.value]),
                issues.c.kind == IssueKind.LABEL_ERROR.value,
                issues.c.given != issues.c.suggested,
                decisions.c.label.is_not(None),
            )
        ).one()
        return int(row.right or 0), int(row.n)

    def add_scan(self, summary: ScanSummary) -> None:
        values = asdict(summary)
        values |= {
            "skipped": dict(summary.skipped),
            "warnings": list(summary.warnings),
            "report": summary.report.to_json(),
        }
        self._connection.execute(insert(scans).values(**values))

    def has_scan(self, scan_id: str) -> bool:
        """Whether that scan was recorded."""
        return self._connection.execute(select(scans.c.id).where(scans.c.id == scan_id)).first() is not None

    def last_scan(self, project_id: int) -> ScanSummary | None:
        row = self._connection.execute(
            select(scans)
            .where(scans.c.project_id == project_id)
            .order_by(scans.c.finished_at.desc())
            .limit(1)
        ).one_or_none()
        if row is None:
            return None
        values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public accessor
        values |= {"warnings": tuple(row.warnings), "report": ScanReport.from_json(row.report)}
        return ScanSummary(**values)

    def listed(
        self, project_id: int, state: IssueState | None, limit: int, text: str | None = None
    ) -> list[Issue]:
        query = select(issues).where(issues.c.project_id == project_id)
        if state is not None:
            query = query.where(issues.c.state == state.value)
        if text:
            query = query.where(or_(issues.c.given == text, issues.c.suggested == text))
        rows = self._connection.execute(query.order_by(issues.c.rank, issues.c.id).limit(limit))
        return [issue_of(row) for row in rows]


def _decision(row: Any) -> Decision:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public accessor
    values |= {"outcome": Outcome(row.outcome), "votes": tuple(row.votes)}
    return Decision(**values)


def _values(issue: Issue) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(issue, name) for name in ISSUE_FIELDS}
    values |= {
        "kind": issue.kind.value,
        "state": issue.state.value,
        "evidence": issue.evidence.to_json(),
        "place": stored_place(issue.place),
    }
    return values


def issue_of(row: Any) -> Issue:
    """The issue that a row of its table holds."""
    return Issue(
        id=row.id,
        project_id=row.project_id,
        item_id=row.item_id,
        annotation_id=row.annotation_id,
        label_version=row.label_version,
        label_updated_at=row.label_updated_at,
        kind=IssueKind(row.kind),
        state=IssueState(row.state),
        given=row.given,
        suggested=row.suggested,
        quality=row.quality,
        probability=row.probability,
        rank=row.rank,
        method=row.method,
        model_version=row.model_version,
        scan_id=row.scan_id,
        evidence=FlagEvidence.from_json(row.evidence),
        reason=row.reason,
        control=row.control,
        place=place_of(row),
    )
