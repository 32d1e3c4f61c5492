"""Health of the service as a page; dated reports by link; what they load."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, StreamingResponse

from connector.errors import NotFound
from connector.model.access import AccessRole
from connector.store.views import guidance
from connector.store.views.metrics import watched_metrics
from connector.store.views.overview import cards
from connector.store.views.secrecy import sight_of
from connector.web.access import Asking, Running, require
from connector.web.dashboard.exports import file_links
from connector.web.dashboard.kept_lists import by_kind, value_of
from connector.web.dashboard.listing import Button
from connector.web.dashboard.rendering import render, static_address, static_text
from connector.web.forms import new_key
from connector.web.readiness import look

STATIC = {"style.css": "text/css", "keys.js": "text/javascript", "map.js": "text/javascript"}
STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
FOR_EVER = "public, max-age=31536000, immutable"

router = APIRouter(include_in_schema=False)


@router.get("/static/{digest}/{name}")
def static(digest: str, name: str) -> Response:
    if name not in STATIC:
        msg = "there is no such file"
        raise NotFound(msg)
    current = static_address(name) == f"/static/{digest}/{name}"
    headers = {"Cache-Control": FOR_EVER if current else "no-store"}
    return PlainTextResponse(static_text(name), media_type=STATIC[name], headers=headers)


@router.get("/ops/health")
def health_page(request: Request, services: Running, who: Asking) -> Response:
    """What runs, what waits, what failed."""
    require(who, AccessRole.OPERATOR)
    with services.store.read() as unit:
        samples = watched_metrics(unit)
        result = cards(unit, sight_of(who))
    workers = {
        text: services.clock.now().timestamp() - at
        for (name, text), at in samples.items()
        if name == "secondlook_worker_last_seen_timestamp_seconds"
    }
    return render(
        "health.html",
        who=who,
        here=request.url.path,
        now=services.clock.now(),
        ready=look(services),
        kinds=by_kind(samples),
        workers={value_of(text): seconds for text, seconds in workers.items()},
        cards=result,
        files=file_links(services, "/ops/health"),
    )


@router.get("/p/{project}/reports")
def reports_page(project: str, request: Request, services: Running, who: Asking) -> Response:
    require(who, AccessRole.VIEWER, project)
    with services.store.read() as unit:
        result = guidance.audit_views(unit, unit.projects.existing(project))
    values: dict[str, Any] = {"reports": result, "operates": who.may(AccessRole.OPERATOR, project)}
    values["make"] = Button("Make a report now", f"/p/{project}/work/report")
    values["files"] = file_links(services, f"/p/{project}/reports")
    values |= {"now": services.clock.now(), "key": new_key}
    return render("reports.html", who=who, here=request.url.path, project=project, **values)


@router.get("/p/{project}/reports/{report}")
def report_page(project: str, report: str, services: Running, who: Asking) -> Response:
    """One dated report, as it is written to a file: to be read, printed, kept."""
    require(who, AccessRole.VIEWER, project)
    with services.store.read() as unit:
        stored = unit.projects.existing(project)
        figures = guidance.audit_figures(unit, stored, report) if report.isprintable() else None
    if figures is None:
        msg = "there is no such report"
        raise NotFound(msg)
    text = "".join(services.documents.report(figures))
    return HTMLResponse(text, headers={"Content-Security-Policy": _policy(text)})


@router.get("/p/{project}/validation.csv")
def validation(project: str, services: Running, who: Asking) -> Response:
    """Every error found with its remedy and its evidence, as a file; it names reviewers and their votes."""
    require(who, AccessRole.OPERATOR, project)
    with services.store.begin() as unit:
        stored = unit.projects.existing(project)
        unit.audit.append(who.actor, "exported", "validation.csv", {}, project)
    headers = {"Content-Disposition": f'attachment; filename="{project}-validation.csv"'}
    lines = services.documents.validation(services.store, stored.id)
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def _policy(text: str) -> str:
    """A report is one file with its style inside: that style alone is allowed, by its hash."""
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
        for style in STYLE.findall(text)
    ]
    styles = " ".join(hashes) or "'none'"
    return (
        f"default-src 'none'; style-src {styles}; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
