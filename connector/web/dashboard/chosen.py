"""What is done with rows that were chosen: questions of the queue, and views that people keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from connector.actions import questions, saved_views
from connector.errors import BadPayload, Conflict, NotFound
from connector.model import Project
from connector.model.access import AccessRole
from connector.store.unit_of_work import UnitOfWork
from connector.web.access import Asking, Running, require
from connector.web.dashboard.doing import in_project
from connector.web.dashboard.listing import clean, query_of
from connector.web.dashboard.lists import OF_PROJECTS
from connector.web.dashboard.rendering import own_path
from connector.web.forms import Form, Posted, stamp
from connector.wording import number_of

MOST_CHOSEN = 200
SHOWN = 5  # of what was changed meanwhile

router = APIRouter(include_in_schema=False)

Do = Callable[[UnitOfWork, Project, str, str], object]
ACTS: Mapping[str, Do] = {
    "one-more": questions.ask_one_more,
    "close": questions.close,
}


@router.post("/p/{project}/chosen/{what}")
def chosen(project: str, what: str, services: Running, form: Form) -> RedirectResponse:
    """Do one thing with each of the questions that were chosen, or with none where one was changed."""
    named = services.settings.projects.get(project)
    adjudicators = () if named is None else named.review.adjudicators

    def escalate(unit: UnitOfWork, stored: Project, issue: str, by: str) -> None:
        questions.escalate(unit, stored, issue, by, adjudicators)

    do = escalate if what == "adjudicate" else ACTS.get(what)
    if do is None:
        msg = "there is no such action"
        raise NotFound(msg)
    wanted = dict(value.rpartition(":")[::2] for value in form.all("chosen"))

    def act(unit: UnitOfWork, stored: Project) -> str:
        if not 0 < len(wanted) <= MOST_CHOSEN:
            raise BadPayload(
                f"chosen: {number_of(len(wanted), 'question is', 'questions are')} chosen, not 1 "
                f"to {MOST_CHOSEN}"
            )
        _require_unchanged(unit, stored, wanted)
        for issue in wanted:
            do(unit, stored, issue, form.who.actor)
        return own_path(form.text("back", f"/p/{project}/queue"))

    return in_project(services, form, project, AccessRole.OPERATOR, act)


def _require_unchanged(unit: UnitOfWork, project: Project, wanted: Mapping[str, str]) -> None:
    """Conflict, saying what they are now, where questions are not as they were when the page was made."""
    tasks = unit.reviews.of_issues(list(wanted))
    changed = []
    for issue_id, was in wanted.items():
        issue = unit.issues.get(issue_id)
        if issue is None or issue.project_id != project.id:
            msg = "there is no such question in this project"
            raise NotFound(msg)
        task = tasks.get(issue_id)
        if was != stamp(issue.state.value, None if task is None else task.overlap):
            item = unit.items.ref(issue.item_id).remote_id
            changed.append(
                f"item {item} is {issue.state.value}, "
                f"{number_of(task.overlap if task else 0, 'person', 'people')} asked"
            )
    if changed:
        more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        raise Conflict(
            f"of {number_of(len(wanted), 'question')} {number_of(len(changed), 'was', 'were')} "
            "changed since the page was loaded "
            f"({'; '.join(changed[:SHOWN])}{more}); nothing was done"
        )


@router.post("/p/{project}/views/{what}")
def keep_view(project: str, what: str, services: Running, form: Form) -> RedirectResponse:
    """Keep a list under a name, or forget one."""
    if what not in ("save", "remove"):
        msg = "there is no such action"
        raise NotFound(msg)

    def act(unit: UnitOfWork, stored: Project) -> str:
        if what == "remove":
            saved_views.remove(unit, stored, form.who.actor, form.needed("view"))
            return f"/p/{project}/views"
        page, query = _list_of(form)
        view = saved_views.save(unit, stored, form.who.actor, form.needed("name"), page, query)
        return f"/p/{project}/views/{view.id}"

    return in_project(services, form, project, AccessRole.VIEWER, act)


def _list_of(form: Posted) -> tuple[str, str]:
    """The list that is to be kept, and its filters in their one order."""
    slug = form.needed("page")
    listing = next((each for each in OF_PROJECTS if each.slug == slug and each.filters), None)
    if listing is None:
        raise BadPayload(f"page: {slug!r} is no list with filters")
    filters = clean(listing, dict(parse_qsl(form.text("query"))))
    return slug, query_of(listing, filters)


@router.get("/p/{project}/views/{view}")
def kept_view(project: str, view: str, services: Running, who: Asking) -> Response:
    """Lead to the list under its filters: the address of a view can be shared."""
    require(who, AccessRole.VIEWER, project)
    with services.store.read() as unit:
        stored = unit.projects.by_name(project)
        result = unit.saved_views.get(view) if view.isprintable() else None
    if result is None or stored is None or result.project_id != stored.id:
        msg = "there is no such view in this project: its owner may have removed it"
        raise NotFound(msg)
    query = f"?{result.query}" if result.query else ""
    return RedirectResponse(f"/p/{project}/{result.page}{query}", status_code=303)
