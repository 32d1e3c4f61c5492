"""The first page: each project in one card; and a project's own page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from connector.model import CorrectionState, IssueState
from connector.model.access import AccessRole
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.findings import kind_views
from connector.store.views.guidance import guidance_views
from connector.store.views.overview import card, cards
from connector.store.views.people import reviewers_views
from connector.store.views.secrecy import Sight, sight_of
from connector.store.views.waiting import WaitingTasks, waiting_tasks
from connector.web.access import Asking, Running, require
from connector.web.dashboard.charts import ChartPoint, line_chart
from connector.web.dashboard.exports import file_links
from connector.web.dashboard.listing import Button
from connector.web.dashboard.rendering import render
from connector.web.forms import new_key
from connector.web.readiness import look
from connector.wording import finding_title

HISTORY = timedelta(days=365)

router = APIRouter(include_in_schema=False)


@router.get("/")
def home(request: Request, services: Running, who: Asking) -> Response:
    """Where to look: one card a project."""
    sight = sight_of(who)
    with services.store.read() as unit:
        result = cards(unit, sight)
    known = {each.name for each in result}
    waiting = sorted(name for name in set(services.settings.projects) - known if sight.reads(name))
    values: dict[str, Any] = {"cards": result, "waiting": waiting, "ready": look(services)}
    return render("home.html", who=who, here=request.url.path, now=services.clock.now(), **values)


@router.get("/p/{project}")
def project_page(project: str, request: Request, services: Running, who: Asking) -> Response:
    """One project: its verdict, progress, states, findings, and what can be started."""
    require(who, AccessRole.VIEWER, project)
    sight = sight_of(who, project)
    with services.store.read() as unit:
        result = card(unit, project, sight)
        values: dict[str, Any] = {
            "card": result,
            "kinds": kind_views(unit, project, sight),
            "people": reviewers_views(unit, services.settings.projects, project, sight).get(project),
            "waiting": _waiting(unit, project, sight),
            "guidance": guidance_views(unit, [project]).get(project),
        }
    return render(
        "project.html",
        who=who,
        here=request.url.path,
        project=project,
        now=services.clock.now(),
        key=new_key,
        operates=who.may(AccessRole.OPERATOR, project),
        steps=_steps(project),
        finding_title=finding_title,
        issue_states=[state.value for state in IssueState],
        correction_states=[state.value for state in CorrectionState],
        **values,
    )


def _waiting(unit: UnitOfWork, name: str, sight: Sight) -> WaitingTasks | None:
    """Shown to operators: answers to golden questions would tell themselves from others."""
    stored = unit.projects.by_name(name)
    return waiting_tasks(unit, stored.id) if stored is not None and sight.secrets else None


def _steps(project: str) -> list[Button]:
    """What can be done before it is due."""
    titles = {"sync": "Sync now", "scan": "Scan now", "push": "Push now", "collect": "Collect answers now"}
    controls = Button(
        "Ask more controls",
        f"/p/{project}/work/controls",
        ask=(("number", "How many unflagged items to ask about", "50"),),
    )
    return [*(Button(title, f"/p/{project}/work/{what}") for what, title in titles.items()), controls]


@dataclass(frozen=True, slots=True)
class Series:
    """One figure over time: its chart, and the same as a table."""

    title: str
    said: str
    svg: str
    rows: Sequence[ChartPoint]


@router.get("/p/{project}/quality")
def quality_page(project: str, request: Request, services: Running, who: Asking) -> Response:
    """How the figures of quality went, day by day."""
    require(who, AccessRole.VIEWER, project)
    now = services.clock.now()
    with services.store.read() as unit:
        result = card(unit, project, sight_of(who, project))
        series = quality_series(unit, project, now)
    return render(
        "quality.html",
        who=who,
        here=request.url.path,
        project=project,
        now=now,
        card=result,
        series=series,
        files=file_links(services, request.url.path),
    )


def quality_series(unit: UnitOfWork, name: str, now: datetime) -> list[Series]:
    stored = unit.projects.by_name(name)
    days = unit.quality.history(stored.id, (now - HISTORY).date().isoformat()) if stored else []
    target = days[-1][1].get("target") if days else None
    bound = [ChartPoint(day, each["remaining_high"]) for day, each in days if each.get("items")]
    controls = [_rate(day, each["controls"]) for day, each in days if each["controls"]["n"]]
    flags = [_rate(day, each["flags"]["precision"]) for day, each in days if each["flags"]["precision"]["n"]]
    return [
        Series(title, text, line_chart(title, points, target if n == 0 else None), points[::-1][:60])
        for n, (title, text, points) in enumerate(
            (
                (
                    "Largest share of labels that can be wrong",
                    "With 95 % confidence; the line is the target.",
                    bound,
                ),
                ("Wrong labels among controls", "Of unflagged items, asked at random.", controls),
                ("Precision of flags", "How often reviewers confirmed a flag.", flags),
            )
        )
    ]


def _rate(day: str, figures: dict[str, Any]) -> ChartPoint:
    return ChartPoint(day, figures["value"], figures["low"], figures["high"])
