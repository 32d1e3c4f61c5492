"""Keeping a list under filters by a name of one's own."""

from __future__ import annotations

from connector.errors import BadPayload, Conflict, NotFound
from connector.model import Project
from connector.model.saved_views import SavedView
from connector.store.unit_of_work import UnitOfWork

LONGEST_NAME = 80
MOST_VIEWS = 50  # of one person in one project


def save(unit: UnitOfWork, project: Project, owner: str, name: str, page: str, query: str) -> SavedView:
    """Keep a list under a name; what the person kept under it before is replaced.

    Raises
    ------
    BadPayload
        The name is empty, too long, or holds what cannot be shown.
    Conflict
        The person keeps so many already.
    """
    name = name.strip()
    if not (name and len(name) <= LONGEST_NAME and name.isprintable()):
        raise BadPayload(f"name: {name[:LONGEST_NAME]!r} is none of 1 to {LONGEST_NAME} printable characters")
    known = unit.saved_views.of(project.id, owner)
    if len(known) >= MOST_VIEWS and name not in {view.name for view in known}:
        raise Conflict(f"you keep {len(known)} views of {project.name} already: remove one first")
    unit.audit.append(owner, "view.saved", name, {"page": page, "query": query[:500]}, project.name)
    return unit.saved_views.add(project.id, owner, name, page, query)


def remove(unit: UnitOfWork, project: Project, owner: str, view_id: str) -> None:
    """Forget a view; NotFound where the person keeps none of this id."""
    view = unit.saved_views.get(view_id)
    if view is None or view.project_id != project.id or view.owner != owner:
        msg = "you keep no such view in this project"
        raise NotFound(msg)
    unit.saved_views.remove(view_id)
    unit.audit.append(owner, "view.removed", view.name, {}, project.name)
