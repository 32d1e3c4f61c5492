"""Templates, and what every page is given."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from connector.model.access import Principal


def render(template: str, *, who: Principal | None = None, code: int = 200, **values: Any) -> HTMLResponse:
    """A page for somebody, or for nobody who is known."""
    text = templates().get_template(template).render(who=who, **values)
    return HTMLResponse(text, status_code=code)


@cache
def templates() -> Environment:
    return Environment(
        loader=PackageLoader("connector.web.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def here(request: Request) -> str:
    """The address of this page, as a link on it has it."""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.url.path}{query}"


def own_path(text: str) -> str:
    """The address where it is one of this service's own pages, else its first page."""
    parts = urlsplit(text)
    plain = text.isprintable() and "\\" not in text
    own = plain and text.startswith("/") and not text.startswith("//") and not parts.netloc
    return text if own else "/"
