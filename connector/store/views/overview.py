"""A project in one card: its verdict, what waits and how fast it goes. No item is counted for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import distinct, exists, func, select

from connector.errors import NO_PROJECT, NotFound
from connector.model import CorrectionState, IssueKind, IssueState, Json, ReviewState
from connector.store.repositories.facts import outage_fact
from connector.store.tables import decisions, issues, projects, review_tasks
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.secrecy import SETTLED, WAITING, Sight
from connector.wording import held_by_others, left_out_texts, quality_texts, reason_texts

PACE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ProjectCard:
    """`items` are those of the last scan; `done_by` is when the open questions are decided at this pace."""

    name: str
    title: str | None
    platform: str
    url: str
    remote_id: str
    review_link: str | None
    items: int
    flagged: int
    issues: Mapping[str, int]
    corrections: Mapping[str, int]
    held_by_others: int
    dispositions: Mapping[str, int]
    skipped: Mapping[str, int]  # by the last scan
    quality: Json | None
    quality_at: datetime | None
    warnings: tuple[str, ...]
    open: int
    settled: int
    oldest: datetime | None
    decided_lately: int
    done_by: datetime | None
    paused_reason: str | None
    away_since: datetime | None
    away_reason: str | None
    last_sync_at: datetime | None
    last_scan_at: datetime | None
    last_collect_at: datetime | None

    @property
    def held(self) -> int:
        return self.corrections.get(CorrectionState.HELD.value, 0)

    @property
    def others(self) -> str:
        return held_by_others(self.held_by_others, self.name) if self.held_by_others else ""

    @property
    def alarms(self) -> tuple[str, ...]:
        return tuple((self.quality or {}).get("alarms", ()))


def cards(unit: UnitOfWork, sight: Sight) -> list[ProjectCard]:
    rows = unit.connection.execute(sight.readable(select(projects).order_by(projects.c.name))).all()
    return [_card(unit, row, sight) for row in rows]


def card(unit: UnitOfWork, name: str, sight: Sight) -> ProjectCard:
    """NotFound where there is no such project to see."""
    row = unit.connection.execute(
        sight.readable(select(projects).where(projects.c.name == name))
    ).one_or_none()
    if row is None:
        raise NotFound(NO_PROJECT)
    return _card(unit, row, sight)


def _card(unit: UnitOfWork, row: Any, sight: Sight) -> ProjectCard:
    scan = unit.issues.last_scan(row.id)
    counts = _states(unit, row.id, sight)
    open_ = sum(counts.get(state, 0) for state in (IssueState.OPEN.value, WAITING))
    lately = decided_since(unit, row.id, unit.now - PACE)
    done_by = unit.now + PACE * (open_ / lately) if lately and open_ and open_ / lately < 520 else None
    figures = unit.quality.figures(row.id)
    outage = unit.facts.get(outage_fact(row.id))
    return ProjectCard(
        name=row.name,
        title=row.title,
        platform=row.platform,
        url=row.url,
        remote_id=row.remote_id,
        review_link=_web_link(row.review_link),
        items=scan.n_items if scan else 0,
        flagged=scan.n_flagged if scan else 0,
        issues=counts,
        corrections={state.value: n for state, n in unit.corrections.counts(row.id).items()},
        held_by_others=unit.corrections.held_by_others(row.id),
        dispositions={kind.value: n for kind, n in unit.dispositions.counts(row.id).items()},
        skipped=left_out_texts(scan.skipped) if scan else {},
        quality=quality_texts(figures[1]) if figures else None,
        quality_at=figures[0] if figures else None,
        warnings=reason_texts(scan.warnings) if scan else (),
        open=open_,
        settled=sum(counts.get(state, 0) for state in SETTLED),
        oldest=_oldest(unit, row.id),
        decided_lately=lately,
        done_by=done_by,
        paused_reason=row.paused_reason,
        away_since=unit.facts.at(outage_fact(row.id)),
        away_reason=None if outage is None else json.loads(outage)["reason"],
        last_sync_at=row.last_sync_at,
        last_scan_at=row.last_scan_at,
        last_collect_at=row.last_collect_at,
    )


def _states(unit: UnitOfWork, project_id: int, sight: Sight) -> dict[str, int]:
    result = {state.value: n for state, n in unit.issues.counts(project_id).items()}
    measured = 0 if sight.secrets else result.pop(IssueState.MEASURED.value, 0)
    return result | ({WAITING: result.get(WAITING, 0) + measured} if measured else {})


def decided_since(unit: UnitOfWork, project_id: int, since: datetime) -> int:
    """How many questions that are settled now were decided since a moment: only those decisions are read."""
    # Asked of each decision: joined, SQLite goes over all settled issues and looks for their decisions.
    of_project = exists().where(
        issues.c.id == decisions.c.issue_id,
        issues.c.project_id == project_id,
        issues.c.state.in_(SETTLED),
        issues.c.kind != IssueKind.GOLDEN.value,
    )
    lately = (decisions.c.decided_at >= since, of_project)
    query = select(func.count(distinct(decisions.c.issue_id))).where(*lately)
    return int(unit.connection.execute(query).scalar_one())


def _oldest(unit: UnitOfWork, project_id: int) -> datetime | None:
    query = select(func.min(review_tasks.c.pushed_at)).where(
        review_tasks.c.project_id == project_id, review_tasks.c.state == ReviewState.PUSHED.value
    )
    result: datetime | None = unit.connection.execute(query).scalar_one_or_none()
    return result


def _web_link(link: str | None) -> str | None:
    return link if link and link.startswith(("http://", "https://")) else None
