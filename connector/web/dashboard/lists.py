"""Every list at two kinds of addresses: a page, and the same rows as a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from connector.config.settings import PROJECT_NAME
from connector.errors import NO_PROJECT, NotFound
from connector.store.views.secrecy import sight_of
from connector.web.access import Asking, Running, require
from connector.web.dashboard import alert_lists, kept_lists, labels_lists, ops_lists, people_lists
from connector.web.dashboard.exports import AT_ONCE, TYPES, audited, csv_text, file_links, json_text, rows_of
from connector.web.dashboard.listing import PAGE_ROWS, Listing, ListPart, ListQuery, address, clean, query_of
from connector.web.dashboard.rendering import render
from connector.web.forms import new_key
from connector.wiring import Services

OF_PROJECTS = (*labels_lists.LISTS, *people_lists.LISTS, kept_lists.VIEWS)

router = APIRouter(include_in_schema=False)


def _page(listing: Listing, folder: str) -> Callable[..., Response]:
    """The handler of a list's page; of a project where `folder` has none."""

    def page(request: Request, services: Running, who: Asking, project: str | None = None) -> Response:
        _require(who, listing, project)
        query = dict(request.query_params)
        filters = clean(listing, query)
        with services.store.read() as unit:
            asked = _asked(services, unit, who, project, filters, PAGE_ROWS, query.get("after"))
            part = listing.read(asked)
            rows = [
                (
                    row,
                    listing.buttons(asked, row) if listing.buttons else (),
                    listing.chosen(asked, row) if listing.chosen else None,
                )
                for row in part.rows
            ]
            head = listing.head(asked) if listing.head else ()
            path = f"{asked.base or folder}/{listing.slug}"
            views = unit.saved_views.of(asked.its.id, who.actor) if asked.project and listing.filters else ()
            return render(
                "list.html",
                who=who,
                here=request.url.path,
                project=project,
                now=services.clock.now(),
                listing=listing,
                filters=filters,
                rows=rows,
                head=head,
                total=part.total,
                capped=part.capped,
                empty="" if rows else listing.empty(asked),
                first=address(path, listing, filters) if query.get("after") else None,
                next=address(path, listing, filters, after=part.next) if part.next else None,
                files=file_links(services, path, query_of(listing, filters)),
                clear=path if filters != clean(listing, {}) else None,
                key=new_key,
                views=[view for view in views if view.page == listing.slug],
                query=query_of(listing, filters),
                acts=listing.acts(asked) if listing.acts else (),
                chart=listing.chart(part) if listing.chart else "",
            )

    return page


def _file(listing: Listing, kind: str) -> Callable[..., Response]:
    """The handler of a list as a file of one kind."""

    def file(request: Request, services: Running, who: Asking, project: str | None = None) -> Response:
        _require(who, listing, project)
        filters = clean(listing, dict(request.query_params))
        with services.store.read() as unit:
            _asked(services, unit, who, project, filters, 1, None)  # 404 before the first byte

        def read(after: str | None) -> ListPart:
            with services.store.read() as unit:
                return listing.read(_asked(services, unit, who, project, filters, AT_ONCE, after))

        query = address("", listing, filters)
        rows = audited(services, who, f"{listing.slug}.{kind}", project, rows_of(read), query)
        columns = [column for column in listing.columns if column.in_files]
        write: Any = {"csv": csv_text, "json": json_text}.get(kind, services.documents.parquet)
        name = f"{project}-{listing.slug}.{kind}" if project else f"{listing.slug}.{kind}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(write(columns, rows), media_type=TYPES[kind], headers=headers)

    return file


def _require(who: Any, listing: Listing, project: str | None) -> None:
    """Lists of no project need the role everywhere, but for those that are filtered by project."""
    if project is not None and not PROJECT_NAME.fullmatch(project):
        raise NotFound(NO_PROJECT)
    require(who, listing.least, project)


def _asked(
    services: Services, unit: Any, who: Any, project: str | None, filters: Any, limit: int, after: str | None
) -> ListQuery:
    stored = None if project is None else unit.projects.existing(project)
    return ListQuery(unit, services, who, sight_of(who, project), stored, filters, limit, after)


def _register(folder: str, path: str, listing: Listing) -> None:
    router.add_api_route(path, _page(listing, folder), methods=["GET"], name=f"{folder}/{listing.slug}")
    _register_files(path, listing)


def _register_files(path: str, listing: Listing) -> None:
    for kind in TYPES:
        router.add_api_route(f"{path}.{kind}", _file(listing, kind), methods=["GET"])


for _listing in OF_PROJECTS:
    _register("", f"/p/{{project}}/{_listing.slug}", _listing)
for _listing in (*ops_lists.OPS, *alert_lists.LISTS):
    _register("/ops", f"/ops/{_listing.slug}", _listing)
for _listing in ops_lists.ADMIN:
    _register("/admin", f"/admin/{_listing.slug}", _listing)
for _listing in kept_lists.OF_PROJECTS:
    _register_files(f"/p/{{project}}/{_listing.slug}", _listing)
_register_files("/ops/health", kept_lists.HEALTH)
