"""Lists of what was kept: views of a person; days, reports and jobs as files beside their pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from connector.model.access import AccessRole
from connector.model.metrics import PREFIX, Tally
from connector.store.views import guidance
from connector.store.views.metrics import watched_metrics
from connector.store.views.similarity import map_about
from connector.web.dashboard.listing import Button, Column, Listing, ListPart, ListQuery, Row, portion, row_of

HISTORY = timedelta(days=365)


def _views(asked: ListQuery) -> ListPart:
    rows = [
        row_of(view) | {"project": asked.its.name}
        for view in asked.unit.saved_views.of(asked.its.id, asked.who.actor)
    ]
    return ListPart(rows)


def _view_buttons(asked: ListQuery, row: Row) -> list[Button]:
    return [Button("Remove", f"{asked.base}/views/remove", {"view": str(row["id"])})]


VIEWS = Listing(
    slug="views",
    title="Your views",
    lead="Lists under filters that you have kept by a name. Only you change them; the links work for all.",
    columns=(
        Column("name", "Name", "text", lambda row: f"/p/{row['project']}/views/{row['id']}"),
        Column("page", "List", "state"),
        Column("query", "Filters", "code"),
        Column("created_at", "Kept", "time"),
    ),
    read=_views,
    empty=lambda _asked: "You keep no view yet: choose filters in the queue, then “Keep this view”.",
    buttons=_view_buttons,
)


def _days(asked: ListQuery) -> ListPart:
    days = asked.unit.quality.history(asked.its.id, (asked.unit.now - HISTORY).date().isoformat())
    part, following = portion(asked, days)
    return ListPart([_day(day, figures) for day, figures in part], following)


def _day(day: str, figures: Row) -> Row:
    controls, flags = figures["controls"], figures["flags"]["precision"]
    return {
        "day": day,
        "bound": figures.get("remaining_high") if figures.get("items") else None,
        "target": figures.get("target"),
        **{f"controls_{name}": controls.get(name) for name in ("value", "low", "high", "n")},
        **{f"flags_{name}": flags.get(name) for name in ("value", "low", "high", "n")},
    }


# Of pages that draw their rows in another way these are the rows of their files.
QUALITY = Listing(
    slug="quality",
    title="Quality over time",
    lead="",
    columns=tuple(
        Column(name, name)
        for name in (
            *("day", "bound", "target", "controls_value", "controls_low", "controls_high", "controls_n"),
            *("flags_value", "flags_low", "flags_high", "flags_n"),
        )
    ),
    read=_days,
    empty=lambda _asked: "",
)


def _reports(asked: ListQuery) -> ListPart:
    rows = [row_of(one) for one in guidance.audit_views(asked.unit, asked.its)]
    return ListPart(rows)


REPORTS = Listing(
    slug="reports",
    title="Reports",
    lead="",
    columns=tuple(Column(name, name) for name in ("at", "reason", "headline", "id")),
    read=_reports,
    empty=lambda _asked: "",
)


def _cells(asked: ListQuery) -> ListPart:
    about = map_about(asked.unit, asked.its.id)
    if about is None:
        return ListPart([])
    cells = about.cells if asked.sight.secrets else about.cells_seen
    return ListPart([{"items": cell.n, "label": cell.label, "asked": cell.asked} for cell in cells])


MAP = Listing(
    slug="map",
    title="Map",
    lead="",
    columns=tuple(Column(name, name) for name in ("items", "label", "asked")),
    read=_cells,
    empty=lambda _asked: "",
)


def _health(asked: ListQuery) -> ListPart:
    rows = [{"kind": kind, **counts} for kind, counts in by_kind(watched_metrics(asked.unit)).items()]
    return ListPart(rows)


def by_kind(samples: Mapping[Tally, float]) -> dict[str, dict[str, float]]:
    """Kind of job → how many in each state, and how long the oldest due one waits (`age`, in seconds)."""
    kinds: dict[str, dict[str, float]] = {}
    for (name, text), value in samples.items():
        if name == f"{PREFIX}jobs":
            kind, state = (value_of(part) for part in text.split(","))
            kinds.setdefault(kind, {})[state] = value
        if name == f"{PREFIX}job_oldest_age_seconds":
            kinds.setdefault(value_of(text), {})["age"] = value
    return dict(sorted(kinds.items()))


def value_of(text: str) -> str:
    """The value of a metric's one label."""
    return text.partition("=")[2].strip('"')


HEALTH = Listing(
    slug="health",
    title="Health",
    lead="",
    columns=tuple(Column(name, name) for name in ("kind", "queued", "running", "done", "dead", "age")),
    read=_health,
    empty=lambda _asked: "",
    least=AccessRole.OPERATOR,
)

OF_PROJECTS = (QUALITY, REPORTS, MAP)
