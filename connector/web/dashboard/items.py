"""One item, and one correction: everything that is known, side by side."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import APIRouter, Request, Response

from connector.actions.questions import ASKED
from connector.errors import NotFound
from connector.model import Correction, CorrectionState, IssueKind, Json, LabelSchema, Project
from connector.model.access import AccessRole
from connector.model.item_data import value_at
from connector.model.item_text import labelled_text
from connector.platforms.registry import item_link
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.item import ItemView, Question, item_data, item_page
from connector.store.views.queue import queue_beside
from connector.store.views.secrecy import Sight, is_shown, sight_of
from connector.web.access import Asking, Running, require
from connector.web.dashboard.labels_lists import QUEUE, queue_filter
from connector.web.dashboard.listing import Button, clean, query_of
from connector.web.dashboard.marks import MOST_CHARS, Drawing, drawn_key, drawn_label
from connector.web.dashboard.media import media_path
from connector.web.dashboard.rendering import render
from connector.web.forms import new_key, stamp
from connector.wording import reason_text

MOST_LINES = 400
INSIDE = ("data:image/png", "data:image/jpeg", "data:image/webp", "data:image/gif")

router = APIRouter(include_in_schema=False)


@router.get("/p/{project}/items/{item:path}")
def item(project: str, item: str, request: Request, services: Running, who: Asking) -> Response:
    require(who, AccessRole.VIEWER, project)
    with services.store.read() as unit:
        stored = unit.projects.by_name(project)
        shown = item.isprintable() and stored is not None
        sight = sight_of(who, project)
        result = item_page(unit, stored, item, sight, who) if shown and stored else None
        within = request.query_params.get("within")
        beside = _beside(unit, stored, item, within, sight) if result and stored else {}
    if result is None or stored is None:
        msg = "there is no such item in this project"
        raise NotFound(msg)
    fields = _fields(project, stored.schema, result.id, result.data)
    named = services.settings.projects.get(project)
    judged = bool(named and named.review.adjudicators)
    return render(
        "item.html",
        who=who,
        here=request.url.path,
        project=project,
        now=services.clock.now(),
        item=result,
        fields=fields,
        drawn=_drawings(result, stored.schema),
        picture=_picture(fields),
        link=item_link(stored.platform, stored.url, stored.remote_id, result.id) or None,
        reason_text=reason_text,
        beside=beside,
        secrets=who.may(AccessRole.OPERATOR, project),
        buttons=lambda project, question: _question_buttons(project, question, judged=judged),
        key=new_key,
    )


def _beside(
    unit: UnitOfWork, project: Project, item: str, within: str | None, sight: Sight
) -> dict[str, str]:
    """`prev` and `next`: the pages of the items beside this one in the queue that it was opened from."""
    if within is None:
        return {}
    filters = clean(QUEUE, dict(parse_qsl(within)))
    asked = queue_filter(unit, project.id, filters)
    pair = zip(("prev", "next"), queue_beside(unit, project.id, asked, sight, item), strict=True)
    query = urlencode({"within": query_of(QUEUE, filters)})
    links = {
        rel: f"/p/{project.name}/items/{quote(one, safe='')}?{query}" for rel, one in pair if one is not None
    }
    return links | {"queue": f"/p/{project.name}/queue?{query_of(QUEUE, filters)}"}


def _question_buttons(project: str, question: Question, *, judged: bool) -> list[Button]:
    """What an operator may do with a question that is asked; `judged`: adjudicators are named."""
    issue = question.issue
    if issue.state not in (state.value for state in ASKED) or issue.kind == IssueKind.GOLDEN.value:
        return []
    fields = {"issue": issue.id, "was": stamp(issue.state, question.asked)}
    close = Button("Close without an answer", f"/p/{project}/issues/close", fields)
    if question.asked is None:
        return [close]
    result = [Button("Ask one more person", f"/p/{project}/issues/one-more", fields)]
    if judged and not question.asks_adjudicator:
        result.append(Button("Send to an adjudicator", f"/p/{project}/issues/adjudicate", fields))
    return [*result, close]


@router.get("/p/{project}/corrections/{correction}")
def correction(project: str, correction: str, request: Request, services: Running, who: Asking) -> Response:
    require(who, AccessRole.VIEWER, project)
    sight = sight_of(who, project)
    with services.store.read() as unit:
        stored = unit.projects.by_name(project)
        result = unit.corrections.get(correction) if correction.isprintable() else None
        if result is None or stored is None or result.project_id != stored.id:
            msg = "there is no such correction in this project"
            raise NotFound(msg)
        issue = unit.issues.get(result.issue_id)
        if issue is None or not is_shown(issue.state, issue.kind, sight):
            msg = "there is no such correction in this project"
            raise NotFound(msg)
        remote_id = unit.items.ref(result.item_id).remote_id
        data = item_data(unit, stored.id, remote_id) or {}
        log = list(unit.audit.entries(subject=correction)) if sight.secrets else []
        run = len(unit.corrections.of_run(result.run_id))
        names = unit.projects.annotator_names(stored.id)
    return render(
        "correction.html",
        who=who,
        here=request.url.path,
        project=project,
        now=services.clock.now(),
        key=new_key,
        found=result,
        item=remote_id,
        error=reason_text(result.error),
        diff=difference(result.before, result.after),
        drawn=_drawn_change(data, result, stored.schema),
        names=names,
        picture=_picture(_fields(project, stored.schema, remote_id, data)),
        log=log,
        run=run,
        undoable=result.state in (CorrectionState.APPLIED, CorrectionState.REVERTING),
        held=result.state is CorrectionState.HELD,
        was=stamp(result.state.value),
        operates=who.may(AccessRole.OPERATOR, project),
        keeps=who.may(AccessRole.ADMIN, project),
    )


def difference(before: Json | None, after: Json | None) -> list[tuple[str, str]]:
    """Lines of both as JSON: ('+', '-' or ' ', line); empty where nothing was written.

    `before` holds more than the annotation: what is needed to take the change back, which did not change.
    """
    if after is None:
        return []
    before = (before or {}).get("annotation", before)
    old, new = (
        json.dumps(each or {}, indent=1, sort_keys=True, ensure_ascii=False).splitlines()
        for each in (before, after)
    )
    lines = list(difflib.unified_diff(old, new, lineterm="", n=3))[2:]
    return [(line[:1], line[1:]) for line in lines[:MOST_LINES] if not line.startswith("@@")]


def _drawn_change(data: Json, correction: Correction, schema: LabelSchema | None) -> list[Drawing]:
    """The region before and after, for a label that is one."""
    text = _text(data, schema)
    both = (("Before", correction.given), ("After", correction.label))
    drawn = [drawn_key(f"{title}: {key}", text, key) for title, key in both]
    return [each for each in drawn if each is not None]


def _picture(fields: Sequence[Mapping[str, Any]]) -> str | None:
    return next((each["picture"] for each in fields if each["picture"]), None)


def _text(data: Json, schema: LabelSchema | None) -> str:
    """The text in which spans count; else the longest one of the item."""
    counted = None if schema is None else labelled_text(schema, data)
    texts = [value for value in data.values() if isinstance(value, str) and not value.startswith("data:")]
    return counted or max(texts, key=len, default="")


def _fields(project: str, schema: LabelSchema | None, item: str, data: Json) -> list[dict[str, Any]]:
    """Each field as text, and as a picture or sound where it is one or names one."""
    kinds = {each.field: each.kind.lower() for each in (schema.objects if schema else ())}
    within = {name: value_at(data, name) for name in kinds if name not in data}
    shown = {**{name: value for name, value in within.items() if value is not None}, **data}
    return [_field(project, item, name, value, kinds.get(name)) for name, value in shown.items()]


def _field(project: str, item: str, name: str, value: Any, kind: str | None) -> dict[str, Any]:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    inside = isinstance(value, str) and value.startswith(INSIDE)
    names = isinstance(value, str) and not value.startswith("data:")
    there = media_path(project, item, name)
    return {
        "name": name,
        "text": "" if inside else text[:MOST_CHARS],
        "picture": value if inside else there if names and kind == "image" else None,
        "sound": there if names and kind == "audio" else None,
    }


def _drawings(result: ItemView, schema: LabelSchema | None) -> list[Drawing]:
    """Labels that have regions, and the given beside the suggested region of each question."""
    text = _text(result.data, schema)
    drawn = [
        drawn_label(f"Regions of {one.annotator}", text, one.label, one.result) for one in result.versions
    ]
    for question in result.questions:
        for title, key in (("Given", question.issue.given), ("Suggested", question.issue.suggested)):
            drawn.append(drawn_key(f"{title}: {key}", text, key) if key else None)
    return [each for each in drawn if each is not None]
