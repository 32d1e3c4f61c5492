"""One page without scripts: for each project what was found, asked, answered and corrected."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from connector.config.keyring import TOKEN_FILE
from connector.errors import SecondlookError, Unauthorised
from connector.model import CorrectionState, IssueState
from connector.store.views import loop
from connector.store.views.findings import kind_views
from connector.store.views.guidance import guidance_views
from connector.store.views.people import reviewers_views
from connector.web.access import Running, require_token
from connector.web.readiness import look
from connector.wiring import Services
from connector.wording import ago, finding_title

SHOWN_DEAD_JOBS = 20

router = APIRouter(include_in_schema=False)


@router.get("/", response_class=HTMLResponse)
def status_page(request: Request, services: Running) -> HTMLResponse:
    try:
        require_token(request, services)
    except Unauthorised:
        return _login(services)
    try:
        return HTMLResponse(_page(services))
    except SecondlookError as error:
        return HTMLResponse(_templates().get_template("trouble.html").render(error=error), status_code=503)


@router.get("/static/status.css")
def style_sheet() -> PlainTextResponse:
    text = files("connector.web.dashboard").joinpath("static/status.css").read_text("utf-8")
    return PlainTextResponse(text, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


def _login(services: Services) -> HTMLResponse:
    """A browser asks for name and password; the page behind it says which."""
    configured = services.settings.server.api_token is not None
    text = _templates().get_template("login.html").render(configured=configured, token_file=TOKEN_FILE)
    return HTMLResponse(
        text,
        status_code=401,
        headers={"WWW-Authenticate": 'Basic realm="secondlook: any user, the API token as password"'},
    )


def _page(services: Services) -> str:
    now = services.clock.now()
    with services.store.read() as unit:
        stored = loop.project_views(unit)
        told = guidance_views(unit, [project.name for project in stored])
        dead = loop.job_views(unit, limit=SHOWN_DEAD_JOBS).items
        found = {project.name: kind_views(unit, project.name) for project in stored}
        people = reviewers_views(unit, services.settings.projects)
    known = {project.name for project in stored}
    return (
        _templates()
        .get_template("status.html")
        .render(
            projects=stored,
            waiting=sorted(set(services.settings.projects) - known),
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
    )


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("connector.web.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
