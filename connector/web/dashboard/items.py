"""One item, and one correction: everything that is known, side by side."""

from __future__ import annotations

import difflib
import json
from typing import Any

from fastapi import APIRouter, Request, Response

from connector.errors import NotFound
from connector.model import CorrectionState, Json
from connector.model.access import AccessRole
from connector.platforms.registry import item_link
from connector.store.views.item import ItemView, item_page
from connector.store.views.secrecy import is_shown, sight_of
from connector.web.access import Asking, Running, require
from connector.web.dashboard.marks import boxes, pieces
from connector.web.dashboard.rendering import render
from connector.web.forms import new_key, stamp
from connector.wording import reason_said

MOST_LINES = 400
MOST_CHARS = 20_000  # of one field of an item

router = APIRouter(include_in_schema=False)


@router.get("/p/{project}/items/{item:path}")
def item(project: str, item: str, request: Request, services: Running, who: Asking) -> Response:
    require(who, AccessRole.VIEWER, project)
    with services.store.read() as unit:
        stored = unit.projects.by_name(project)
        shown = item.isprintable() and stored is not None
        found = item_page(unit, stored, item, sight_of(who, project), who) if shown and stored else None
    if found is None or stored is None:
        msg = "there is no such item in this project"
        raise NotFound(msg)
    return render(
        "item.html",
        who=who,
        here=request.url.path,
        project=project,
        now=services.clock.now(),
        item=found,
        fields=[_field(name, value) for name, value in found.data.items()],
        drawings=_drawings(found),
        link=item_link(stored.platform, stored.url, stored.remote_id, found.id) or None,
        reason_said=reason_said,
        secrets=who.may(AccessRole.OPERATOR, project),
    )


@router.get("/p/{project}/corrections/{correction}")
def correction(project: str, correction: str, request: Request, services: Running, who: Asking) -> Response:
    require(who, AccessRole.VIEWER, project)
    sight = sight_of(who, project)
    with services.store.read() as unit:
        stored = unit.projects.by_name(project)
        found = unit.corrections.get(correction) if correction.isprintable() else None
        if found is None or stored is None or found.project_id != stored.id:
            msg = "there is no such correction in this project"
            raise NotFound(msg)
        issue = unit.issues.get(found.issue_id)
        if issue is None or not is_shown(issue.state, issue.kind, sight):
            msg = "there is no such correction in this project"
            raise NotFound(msg)
        remote_id = unit.items.ref(found.item_id).remote_id
        log = list(unit.audit.entries(subject=correction)) if sight.secrets else []
        run = len(unit.corrections.of_run(found.run_id))
    return render(
        "correction.html",
        who=who,
        here=request.url.path,
        project=project,
        now=services.clock.now(),
        key=new_key,
        found=found,
        item=remote_id,
        error=reason_said(found.error),
        diff=difference(found.before, found.after),
        log=log,
        run=run,
        undoable=found.state in (CorrectionState.APPLIED, CorrectionState.REVERTING),
        held=found.state is CorrectionState.HELD,
        was=stamp(found.state.value),
        operates=who.may(AccessRole.OPERATOR, project),
        keeps=who.may(AccessRole.ADMIN, project),
    )


def difference(before: Json | None, after: Json | None) -> list[tuple[str, str]]:
    """Lines of both as JSON: ('+', '-' or ' ', line); empty where nothing was written."""
    if after is None:
        return []
    old, new = (
        json.dumps(each or {}, indent=1, sort_keys=True, ensure_ascii=False).splitlines()
        for each in (before, after)
    )
    lines = list(difflib.unified_diff(old, new, lineterm="", n=3))[2:]
    return [(line[:1], line[1:]) for line in lines[:MOST_LINES] if not line.startswith("@@")]


def _field(name: str, value: Any) -> dict[str, Any]:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    picture = isinstance(value, str) and value.startswith(
        ("data:image/png", "data:image/jpeg", "data:image/webp")
    )
    return {"name": name, "text": text[:MOST_CHARS], "picture": text if picture else None}


def _drawings(found: ItemView) -> list[dict[str, Any]]:
    """Versions that have regions: boxes over the picture, or spans over the longest text."""
    texts = [
        value for value in found.data.values() if isinstance(value, str) and not value.startswith("data:")
    ]
    text = max(texts, key=len, default="")
    drawn = []
    for version in found.versions:
        drawn_boxes, marked = boxes(version.result), pieces(text[:MOST_CHARS], version.result)
        if drawn_boxes or any(piece.labels for piece in marked):
            drawn.append({"version": version, "boxes": drawn_boxes, "pieces": marked})
    return drawn
