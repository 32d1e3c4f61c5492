"""The validation record: every error that reviews found, how it was remedied, by whom, on what evidence.

One entry for each correction, whatever became of it, bound to its rows of the audit log.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TextIO

from connector.model import Json
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.records import CorrectedError, corrected_errors
from connector.wording import reason_text
from connector.wording.spreadsheets import BOM, safe

COLUMNS = (
    "correction",
    "item",
    "given",
    "label",
    "remedy",
    "mode",
    "found_by",
    "model_version",
    "suggested",
    "probability",
    "decided_at",
    "decision",
    "reviewers",
    "votes",
    "actor",
    "applied_at",
    "reverted_at",
    "reverted_by",
    "error",
    "before",
    "after",
    "audit_seq",
    "audit_hash",
)


@dataclass(frozen=True, slots=True)
class AuditRow:
    seq: int
    at: str
    actor: str
    action: str
    hash: str


@dataclass(frozen=True, slots=True)
class ValidationEntry:
    """One error with its remedy. `audit` holds the rows of the audit log about it, oldest first."""

    correction: str
    issue: str
    item: str
    given: str
    label: str
    remedy: str  # the correction's state: applied, reverted, conflict, ...
    mode: str
    found_by: str  # kind of issue, and method
    model_version: str | None
    suggested: str | None
    probability: float | None
    decided_at: str
    decision: str  # in words
    votes: list[dict[str, Any]]
    actor: str
    applied_at: str | None
    reverted_at: str | None
    reverted_by: str | None
    error: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    audit: list[AuditRow]

    @property
    def bound(self) -> AuditRow | None:
        """The row of the audit log that records what became of it."""
        return self.audit[-1] if self.audit else None


@dataclass(frozen=True, slots=True)
class Chain:
    """Whether the audit log is what was written, all of it."""

    ok: bool
    rows: int
    hash: str
    faults: list[str]


def entries(unit: UnitOfWork, project_id: int, since: datetime | None = None) -> Iterator[ValidationEntry]:
    """In the order in which they were decided, as a stream."""
    for result in corrected_errors(unit, project_id, since):
        yield _entry(result)


def chain(unit: UnitOfWork) -> Chain:
    """Every row's hash computed again; takes a while where the log is long."""
    faults = [fault.problem for fault in unit.audit.verify()]
    rows, head = unit.audit.head()
    return Chain(ok=not faults, rows=rows, hash=head, faults=faults)


def write_csv(out: TextIO, entries: Iterator[ValidationEntry]) -> int:
    """One row for each error, for a spreadsheet; how many rows."""
    out.write(BOM)
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    n = 0
    for n, entry in enumerate(entries, start=1):  # noqa: B007 - the count of the last is the answer
        writer.writerow(cells(entry))
    return n


def cells(entry: ValidationEntry) -> list[object]:
    """One error as a row of a spreadsheet, under `COLUMNS`."""
    return ["" if value is None else safe(value) for value in _flat(entry)]


def as_json(entry: ValidationEntry) -> Json:
    return asdict(entry)


def _entry(corrected_error: CorrectedError) -> ValidationEntry:
    evidence = corrected_error.evidence
    reverted = [row for row in corrected_error.audit if row.action == "correction.reverted"]
    return ValidationEntry(
        correction=corrected_error.id,
        issue=corrected_error.issue_id,
        item=corrected_error.item,
        given=corrected_error.given,
        label=corrected_error.label,
        remedy=corrected_error.state,
        mode=corrected_error.mode,
        found_by=" · ".join(filter(None, (evidence.issue_kind, evidence.method))),
        model_version=evidence.model_version,
        suggested=evidence.suggested,
        probability=evidence.probability,
        decided_at=corrected_error.decided_at.isoformat(),
        decision=reason_text(corrected_error.reason),
        votes=[dict(vote) for vote in evidence.votes],
        actor=corrected_error.actor,
        applied_at=_moment(corrected_error.applied_at),
        reverted_at=_moment(corrected_error.reverted_at),
        reverted_by=reverted[-1].actor if reverted else None,
        error=reason_text(corrected_error.error),
        before=corrected_error.before,
        after=corrected_error.after,
        audit=[AuditRow(row.seq, row.at, row.actor, row.action, row.hash) for row in corrected_error.audit],
    )


def answer_text(vote: Json) -> str:
    """What a vote says: its problems, or its label."""
    return ", ".join(vote.get("problems") or []) or str(vote.get("label") or "")


def _flat(entry: ValidationEntry) -> list[object]:
    values = asdict(entry) | {
        "reviewers": "; ".join(str(vote.get("reviewer")) for vote in entry.votes),
        "votes": "; ".join(f"{vote.get('reviewer')}: {answer_text(vote)}" for vote in entry.votes),
        "audit_seq": entry.bound.seq if entry.bound else None,
        "audit_hash": entry.bound.hash if entry.bound else None,
    }
    return [values[name] for name in COLUMNS]


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
