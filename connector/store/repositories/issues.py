"""Issues and scans: what was found suspicious, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import func, insert, or_, select, update

from connector.model import Decision, Issue, IssueKind, IssueState, Outcome, ScanSummary
from connector.store.repositories.base import Repository, chunks
from connector.store.tables import decisions, issues, review_tasks, scans

ACTIVE = (IssueState.OPEN, IssueState.IN_REVIEW, IssueState.SUPPRESSED)
SETTLED = (IssueState.ACCEPTED, IssueState.REJECTED, IssueState.UNRESOLVED)


class Issues(Repository):
    def add(self, found: Sequence[Issue]) -> None:
        """New issues; at most one active issue exists for an item, which the database enforces."""
        rows = [_values(issue) | {"created_at": self._now, "updated_at": self._now} for issue in found]
        if rows:
            self._connection.execute(insert(issues), rows)

    def rescore(self, issue: Issue) -> None:
        """Put a new scan's figures, state and reason onto an issue that is suppressed; else do nothing."""
        self._connection.execute(
            update(issues)
            .where(issues.c.id == issue.id, issues.c.state == IssueState.SUPPRESSED.value)
            .values(_values(issue) | {"updated_at": self._now})
        )

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
        return None if row is None else _issue(row)

    def many(self, ids: Sequence[str]) -> dict[str, Issue]:
        found: dict[str, Issue] = {}
        for part in chunks(ids):
            rows = self._connection.execute(select(issues).where(self._among(issues.c.id, part)))
            found.update({row.id: _issue(row) for row in rows})
        return found

    def active(self, project_id: int, item_ids: Sequence[int] | None = None) -> dict[int, Issue]:
        """Item id → its issue that is open, in review or suppressed.

        Held in a transaction that may write: those of the named items, or all suppressed ones of a
        project, which a scan changes while a push may want to open them.
        """
        query = select(issues).where(
            issues.c.project_id == project_id, issues.c.state.in_([state.value for state in ACTIVE])
        )
        if item_ids is None:
            self._hold_suppressed(project_id)
            return {row.item_id: _issue(row) for row in self._connection.execute(query)}
        found: dict[int, Issue] = {}
        for part in chunks(sorted(item_ids)):
            these = query.where(self._among(issues.c.item_id, part)).order_by(issues.c.id)
            rows = self._connection.execute(self._held(these, issues))
            found.update({row.item_id: _issue(row) for row in rows})
        return found

    def _hold_suppressed(self, project_id: int) -> None:
        query = select(issues.c.id).where(
            issues.c.project_id == project_id, issues.c.state == IssueState.SUPPRESSED.value
        )
        self._connection.execute(self._held(query.order_by(issues.c.id), issues)).all()

    def open_without_review(self, project_id: int) -> list[Issue]:
        """Open issues for which no review task is planned yet, most suspicious first."""
        rows = self._connection.execute(
            select(issues)
            .join(review_tasks, review_tasks.c.issue_id == issues.c.id, isouter=True)
            .where(
                issues.c.project_id == project_id,
                issues.c.state == IssueState.OPEN.value,
                review_tasks.c.key.is_(None),
            )
            .order_by(issues.c.rank, issues.c.id)
        )
        return [_issue(row) for row in rows]

    def waiting_for_budget(self, project_id: int, reason: str, limit: int) -> list[Issue]:
        """Suppressed issues that only the budget holds back, most suspicious first."""
        query = (
            select(issues)
            .where(
                issues.c.project_id == project_id,
                issues.c.state == IssueState.SUPPRESSED.value,
                issues.c.reason == reason,
            )
            .order_by(issues.c.rank, issues.c.id)
            .limit(limit)
        )
        return [_issue(row) for row in self._connection.execute(self._held(query, issues))]

    def settled(self, project_id: int) -> set[tuple[int, str]]:
        """(item, label) pairs that reviewers have answered: not to be asked about again."""
        rows = self._connection.execute(
            select(issues.c.item_id, issues.c.given, decisions.c.label)
            .join(decisions, decisions.c.issue_id == issues.c.id, isouter=True)
            .where(
                issues.c.project_id == project_id,
                issues.c.state.in_([state.value for state in SETTLED]),
            )
        )
        pairs: set[tuple[int, str]] = set()
        for row in rows:
            pairs.add((row.item_id, row.given))
            if row.label is not None:
                pairs.add((row.item_id, row.label))
        return pairs

    def counts(self, project_id: int) -> dict[IssueState, int]:
        rows = self._connection.execute(
            select(issues.c.state, func.count())
            .where(issues.c.project_id == project_id)
            .group_by(issues.c.state)
        )
        return {IssueState(state): int(n) for state, n in rows}

    def decide(self, decision: Decision) -> None:
        """Record the decision of an issue; deciding again replaces nothing and is refused by the database."""
        self._connection.execute(
            insert(decisions).values(
                id=decision.id,
                issue_id=decision.issue_id,
                outcome=decision.outcome.value,
                label=decision.label,
                reason=decision.reason,
                votes=list(decision.votes),
                decided_at=decision.decided_at,
            )
        )

    def decision(self, issue_id: str) -> Decision | None:
        row = self._connection.execute(
            select(decisions).where(decisions.c.issue_id == issue_id)
        ).one_or_none()
        if row is None:
            return None
        return Decision(
            id=row.id,
            issue_id=row.issue_id,
            outcome=Outcome(row.outcome),
            label=row.label,
            reason=row.reason,
            votes=tuple(row.votes),
            decided_at=row.decided_at,
        )

    def add_scan(self, summary: ScanSummary) -> None:
        values = asdict(summary)
        values |= {
            "skipped": dict(summary.skipped),
            "warnings": list(summary.warnings),
            "report": dict(summary.report),
        }
        self._connection.execute(insert(scans).values(**values))

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
        return ScanSummary(**{**values, "warnings": tuple(values["warnings"])})

    def listed(
        self, project_id: int, state: IssueState | None, limit: int, text: str | None = None
    ) -> list[Issue]:
        query = select(issues).where(issues.c.project_id == project_id)
        if state is not None:
            query = query.where(issues.c.state == state.value)
        if text:
            query = query.where(or_(issues.c.given == text, issues.c.suggested == text))
        rows = self._connection.execute(query.order_by(issues.c.rank, issues.c.id).limit(limit))
        return [_issue(row) for row in rows]


def _values(issue: Issue) -> dict[str, Any]:
    values = asdict(issue)
    values |= {
        "kind": issue.kind.value,
        "state": issue.state.value,
        "evidence": dict(issue.evidence),
    }
    return values


def _issue(row: Any) -> Issue:
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
        evidence=row.evidence,
        reason=row.reason,
    )
