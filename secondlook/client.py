"""A typed client of the JSON API: rows as dictionaries with known keys, lists as iterators over all pages.

    from secondlook.client import Client

    with Client("https://labels.example.org", token) as client:
        for issue in client.issues(project="pets", state="in_review"):
            print(issue["item"], issue["given"], issue["suggested"])

Fields that the token's role may not see are None (docs/dashboard.md).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self, TypedDict, TypeVar, cast
from urllib.parse import quote

import httpx

PAGE_ROWS = 500
READ_TIMEOUT_S = 60.0
TRIES = 4  # of a read that the service could not answer
LONGEST_WAIT_S = 30.0

RowT = TypeVar("RowT")


class ClientError(Exception):
    """The service refused; `status` is that of HTTP, the text what the service said."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"HTTP {status}: {detail}")
        self.status = status
        self.detail = detail


class ProjectRow(TypedDict):
    """Where a project stands."""

    name: str
    title: str | None
    platform: str
    url: str
    remote_id: str
    items: int
    labelled: int
    changes_since_scan: int
    flagged: int
    issues: dict[str, int]
    reviews: dict[str, int]
    votes: int
    votes_counted: int
    corrections: dict[str, int]
    adopted: int
    adopted_run: str
    held_by_others: int
    dispositions: dict[str, int]
    skipped: dict[str, int]
    warnings: list[str]
    quality: dict[str, Any] | None
    jobs: dict[str, int]
    review_link: str | None
    last_sync_at: str | None
    last_reconcile_at: str | None
    last_scan_at: str | None
    last_collect_at: str | None
    paused_reason: str | None
    away_since: str | None
    away_reason: str | None


class IssueRow(TypedDict):
    """A label that is probably wrong, and what became of it. Moments are ISO 8601 in UTC."""

    id: str
    project: str
    item: str
    annotation: str
    kind: str | None
    state: str
    given: str | None
    suggested: str | None
    probability: float | None
    quality: float | None
    rank: int | None
    method: str | None
    model_version: str | None
    evidence: dict[str, Any]
    content: str
    reason: str | None
    outcome: str | None
    decided_label: str | None
    review: str | None
    correction: str | None
    created_at: str | None
    updated_at: str | None


class ReviewRow(TypedDict):
    """A review task."""

    key: str
    project: str
    issue: str
    issue_state: str
    issue_kind: str | None
    state: str
    remote_id: str | None
    blind: bool | None
    overlap: int | None
    votes: int | None
    votes_counted: int | None
    created_at: str | None
    pushed_at: str | None


class CorrectionRow(TypedDict):
    """A label that was changed, or is about to be."""

    id: str
    project: str
    issue: str
    run: str
    item: str
    annotation: str
    mode: str
    state: str
    given: str
    label: str
    actor: str
    error: str | None
    others: int
    created_at: str
    applied_at: str | None
    reverted_at: str | None


class FindingRow(TypedDict):
    """What a scan found besides labels."""

    id: str
    project: str
    kind: str
    subject: str
    item: str | None
    content: str | None
    score: float
    why: str
    facts: dict[str, Any]
    scan_id: str
    created_at: str


class DispositionRow(TypedDict):
    """An item that no single label answers."""

    id: str
    project: str
    issue: str
    item: str
    kind: str
    problem: str
    given: str
    labels: list[str]
    decided_at: str


class JobRow(TypedDict):
    """Work of the service; for operators."""

    id: str
    project: str
    kind: str
    state: str
    attempts: int
    error: str | None
    created_at: str
    due_at: str


class Client:
    """One service and one token (`secondlook tokens add`); reads that find it busy are tried again."""

    def __init__(self, url: str, token: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(
            base_url=url.rstrip("/"),
            headers={"Authorization": f"Bearer {token}"},
            timeout=READ_TIMEOUT_S,
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def projects(self) -> list[ProjectRow]:
        return cast("list[ProjectRow]", self._get("/api/v1/projects", {}))

    def project(self, name: str) -> ProjectRow:
        """ClientError with status 404 where there is none, or none that the token may read."""
        return cast("ProjectRow", self._get(f"/api/v1/projects/{quote(name, safe='')}", {}))

    def issues(self, project: str | None = None, state: str | None = None) -> Iterator[IssueRow]:
        """Issues, the most suspicious first."""
        return self._pages("/api/v1/issues", IssueRow, project=project, state=state)

    def issue(self, issue_id: str) -> IssueRow:
        return cast("IssueRow", self._get(f"/api/v1/issues/{quote(issue_id, safe='')}", {}))

    def reviews(self, project: str | None = None, state: str | None = None) -> Iterator[ReviewRow]:
        return self._pages("/api/v1/reviews", ReviewRow, project=project, state=state)

    def corrections(self, project: str | None = None, state: str | None = None) -> Iterator[CorrectionRow]:
        return self._pages("/api/v1/corrections", CorrectionRow, project=project, state=state)

    def findings(self, project: str | None = None, kind: str | None = None) -> Iterator[FindingRow]:
        return self._pages("/api/v1/findings", FindingRow, project=project, kind=kind)

    def dispositions(self, project: str | None = None, kind: str | None = None) -> Iterator[DispositionRow]:
        return self._pages("/api/v1/dispositions", DispositionRow, project=project, kind=kind)

    def jobs(self, project: str | None = None, state: str = "dead") -> Iterator[JobRow]:
        """Those that were given up, unless another state is asked for."""
        return self._pages("/api/v1/jobs", JobRow, project=project, state=state)

    def reports(self, project: str) -> list[dict[str, Any]]:
        """Dated reports in short, the latest first."""
        return cast(
            "list[dict[str, Any]]", self._get(f"/api/v1/projects/{quote(project, safe='')}/audits", {})
        )

    def report(self, project: str, report_id: str) -> dict[str, Any]:
        """One report with all figures (docs/report.schema.json)."""
        path = f"/api/v1/projects/{quote(project, safe='')}/audits/{quote(report_id, safe='')}"
        return cast("dict[str, Any]", self._get(path, {}))

    def _pages(self, path: str, _row: type[RowT], **filters: str | None) -> Iterator[RowT]:
        after: str | None = None
        while True:
            result = self._get(path, {**filters, "after": after, "limit": str(PAGE_ROWS)})
            yield from result["items"]
            after = result["next"]
            if after is None:
                return

    def _get(self, path: str, params: Mapping[str, str | None]) -> Any:
        given = {name: value for name, value in params.items() if value is not None}
        for left in reversed(range(TRIES)):
            answer = self._http.get(path, params=given)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or not left:
                break
            asked = answer.headers.get("retry-after", "")
            time.sleep(min(float(asked) if asked.isdigit() else 1.0, LONGEST_WAIT_S))
        if answer.is_success:
            return answer.json()
        raise ClientError(answer.status_code, _detail(answer))


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase
