"""Templates, and what every page is given."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from connector.model.access import AccessRole, Principal
from connector.wording import ago, day_text, held_by_others, moment_text, number_of, one_line, share

# Slug, title and least role of the pages of a project, in the order of its navigation.
PROJECT_PAGES = (
    ("queue", "Queue", AccessRole.VIEWER),
    ("pairs", "Pairs", AccessRole.VIEWER),
    ("annotators", "Annotators", AccessRole.VIEWER),
    ("spot-checks", "Spot checks", AccessRole.VIEWER),
    ("agreement", "Agreement", AccessRole.VIEWER),
    ("reviewers", "Reviewers", AccessRole.VIEWER),
    ("map", "Map", AccessRole.VIEWER),
    ("quality", "Quality", AccessRole.VIEWER),
    ("reports", "Reports", AccessRole.VIEWER),
    ("corrections", "Corrections", AccessRole.VIEWER),
    ("guidelines", "Guidelines", AccessRole.VIEWER),
    ("questions", "Open rules", AccessRole.VIEWER),
    ("dispositions", "Set aside", AccessRole.VIEWER),
    ("findings", "Findings", AccessRole.VIEWER),
    ("golden", "Golden set", AccessRole.ADMIN),
)

# What follows `g` on the keyboard, where the script of the pages runs.
PAGE_KEYS = {
    "queue": "q",
    "pairs": "p",
    "annotators": "a",
    "reviewers": "r",
    "quality": "y",
    "map": "m",
    "corrections": "c",
    "guidelines": "l",
}


def render(template: str, *, who: Principal | None = None, code: int = 200, **values: Any) -> HTMLResponse:
    """A page for somebody, or for nobody who is known; `here` is its address, for the navigation."""
    here = values.pop("here", None)
    text = templates().get_template(template).render(who=who, current=_current(here), **values)
    return HTMLResponse(text, status_code=code)


@cache
def templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("connector.web.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        static_address=static_address, project_pages=PROJECT_PAGES, page_keys=PAGE_KEYS
    )
    environment.filters.update(
        iso=_iso,
        ago=_ago,
        moment=lambda value: moment_text(_moment(value)),
        day=lambda value: day_text(_moment(value)),
        number_of=number_of,
        sentence=_sentence,
        short=_short,
        coded=_coded,
        others=held_by_others,
        percent=lambda value: share(float(value)),
    )
    return environment


@cache
def static_text(name: str) -> str:
    return files("connector.web.dashboard").joinpath("static", name).read_text("utf-8")


@cache
def static_address(name: str) -> str:
    """With the hash of its content, so that browsers may keep it for ever."""
    return f"/static/{hashlib.sha256(static_text(name).encode()).hexdigest()[:16]}/{name}"


def here(request: Request) -> str:
    """The address of this page, as a link on it has it."""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.url.path}{query}"


def own_path(text: str) -> str:
    """The address where it is one of this service's own pages, else its first page."""
    plain = text.isprintable() and "\\" not in text
    own = plain and text.startswith("/") and not text.startswith("//")
    return text if own else "/"


def _current(here: str | None) -> Any:
    return lambda path: Markup(' aria-current="page"') if path == here else ""


def _moment(value: datetime | str) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _iso(value: datetime | str) -> str:
    return _moment(value).isoformat(timespec="seconds")


def _ago(value: datetime | str, now: datetime) -> str:
    """How long ago; the day where that is long."""
    moment = _moment(value)
    if moment > now:
        return moment_text(moment)
    return ago(moment, now) if (now - moment).days < 30 else day_text(moment)


def _short(value: object, limit: int = 80) -> str:
    return one_line(str(value), limit)


def _sentence(value: object) -> str:
    """What an error says, as a sentence of its own."""
    text = str(value).rstrip(". ")
    is_word = text.partition(" ")[0].isalpha()  # the name of a field or a person is left as it is
    return f"{text[:1].upper() if is_word else text[:1]}{text[1:]}."


def _coded(value: str) -> Markup:
    """A sentence of ours, what stands between backticks as code."""
    parts = [
        Markup("<code>{}</code>").format(part) if n % 2 else escape(part)
        for n, part in enumerate(value.split("`"))
    ]
    return Markup("").join(parts)
