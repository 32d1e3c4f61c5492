"""Pictures and sounds of items, through this service: the browser asks nobody else, and needs no token."""

from __future__ import annotations

import re
import textwrap
from html import escape
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from connector import logs
from connector.errors import NotFound, Rejected, Retryable, SecondlookError
from connector.model.access import AccessRole
from connector.model.item_data import value_at
from connector.platforms.media import PictureProxy
from connector.ports import MediaAddress, MediaKeeper
from connector.store.views.item import item_data
from connector.web.access import Asking, Running, require
from connector.wiring import Services

log = logs.get(__name__)

# Of what came from elsewhere: it runs nothing and loads nothing, whoever opens it.
ALONE = {"Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'"}
CHARS, LINE = 56, 20
RANGE = re.compile(r"bytes=(?P<first>\d{0,9})-(?P<last>\d{0,9})", re.ASCII)
CODES = ((NotFound, 404), (Rejected, 422), (Retryable, 504))

router = APIRouter(include_in_schema=False)


def media_path(project: str, item: str, field: str) -> str:
    return f"/p/{project}/media?{urlencode({'item': item, 'field': field})}"


@router.get("/p/{project}/media")
def media(project: str, request: Request, services: Running, who: Asking) -> Response:
    """The picture or sound that a field of an item names, or a sentence drawn in its place."""
    require(who, AccessRole.VIEWER, project)
    query = request.query_params
    proxy: PictureProxy = request.app.state.pictures
    try:
        result = proxy.fetch(_address(services, project, query.get("item", ""), query.get("field", "")))
    except SecondlookError as error:
        log.info("picture not shown", project=project, reason=str(error))
        return _error_response(error)
    headers = {**ALONE, "Accept-Ranges": "bytes"}
    wanted = _range(request.headers.get("range", ""), result.size)
    if wanted is None:
        headers["Content-Length"] = str(result.size)
        return StreamingResponse(iter(result.parts), media_type=result.kind, headers=headers)
    first, last = wanted
    headers["Content-Range"] = f"bytes {first}-{last}/{result.size}"
    return Response(b"".join(result.parts)[first : last + 1], 206, headers, result.kind)


def _range(text: str, size: int) -> tuple[int, int] | None:
    """First and last byte of the one range that a player asks for (RFC 9110, 14.2); None for all of it."""
    match = RANGE.fullmatch(text)
    if match is None or not size:
        return None
    first, last = match["first"], match["last"]
    if not first:
        return (max(size - int(last), 0), size - 1) if last and int(last) else None
    end = min(int(last), size - 1) if last else size - 1
    return (int(first), end) if int(first) <= end else None


def _address(services: Services, project: str, item: str, field: str) -> MediaAddress:
    """Of what stands in that field of that stored item, and of nothing else."""
    with services.store.read() as unit:
        stored = unit.projects.by_name(project)
        data = item_data(unit, stored.id, item) if stored is not None and item.isprintable() else None
    value = value_at(data, field)
    if stored is None or not isinstance(value, str):
        msg = "there is no such item or field"
        raise NotFound(msg)
    source = services.source(project)
    if isinstance(source, MediaKeeper):
        return source.media(item, value)
    return MediaAddress(value, stored.url)


def _error_response(error: SecondlookError) -> Response:
    """A browser draws this where the picture would be, though its code is that of an error."""
    code = next((code for kind, code in CODES if isinstance(error, kind)), 503)
    lines = textwrap.wrap(f"This cannot be shown: {error}.", CHARS)
    spans = "".join(f'<tspan x="8" dy="{LINE}">{escape(line)}</tspan>' for line in lines)
    height = LINE * (len(lines) + 1)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="480" height="{height}" viewBox="0 0 480 {height}">'
        f'<text y="0" font-family="sans-serif" font-size="14" fill="#767676">{spans}</text></svg>'
    )
    return Response(svg, code, ALONE, "image/svg+xml")
