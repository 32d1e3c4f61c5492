"""One page without scripts: for each project what was found, asked, answered and corrected."""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from connector.model import CorrectionState, IssueState
from connector.model.access import AccessRole, Principal
from connector.store.views import loop
from connector.store.views.findings import kind_views
from connector.store.views.guidance import guidance_views
from connector.store.views.people import reviewers_views
from connector.store.views.secrecy import Sight, sight_of
from connector.web.access import Asking, Running
from connector.web.dashboard.rendering import render
from connector.web.readiness import look
from connector.wiring import Services
from connector.wording import ago, finding_title

SHOWN_DEAD_JOBS = 20

router = APIRouter(include_in_schema=False)


@router.get("/")
def status_page(services: Running, who: Asking) -> Response:
    return _page(services, who)


@router.get("/static/status.css")
def style_sheet() -> PlainTextResponse:
    text = files("connector.web.dashboard").joinpath("static/status.css").read_text("utf-8")
    return PlainTextResponse(text, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


def _page(services: Services, who: Principal) -> Response:
    now = services.clock.now()
    sight = sight_of(who)
    operates = who.may(AccessRole.OPERATOR)
    with services.store.read() as unit:
        stored = loop.project_views(unit, sight=sight)
        told = guidance_views(unit, [project.name for project in stored])
        dead = loop.job_views(unit, limit=SHOWN_DEAD_JOBS).items if operates else ()
        found = {project.name: kind_views(unit, project.name, sight) for project in stored}
        people = reviewers_views(unit, services.settings.projects, sight=sight)
    known = {project.name for project in stored}
    return render(
        "status.html",
        who=who,
        projects=stored,
        waiting=_waiting(services, known, sight),
        dead_jobs=dead,
        found=found,
        people=people,
        finding_title=finding_title,
        ready=look(services),
        guidance=told,
        now=now,
        ago=lambda moment: ago(moment, now),
        issue_states=[state.value for state in IssueState],
        correction_states=[state.value for state in CorrectionState],
    )


def _waiting(services: Services, known: set[str], sight: Sight) -> list[str]:
    """Projects that are configured and were never synced."""
    return sorted(name for name in set(services.settings.projects) - known if sight.reads(name))
