"""The map of similar items: a page with its table, and the bytes that its script draws."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from connector.errors import NotFound
from connector.model import Project
from connector.model.access import AccessRole
from connector.model.similarity_map import SEEN_BY_ALL, MapAbout, MapCell, MapLayer, chosen_text
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.secrecy import Sight, sight_of
from connector.store.views.similarity import item_of_point, map_about, map_layer, map_points
from connector.web.access import Asking, Running, require
from connector.web.dashboard.exports import file_links
from connector.web.dashboard.rendering import render

NO_MAP = "no map of this project is drawn yet"

router = APIRouter(include_in_schema=False)


@router.get("/p/{project}/map")
def map_page(project: str, request: Request, services: Running, who: Asking) -> Response:
    """Where similar items lie together, and where the doubtful ones are among them."""
    require(who, AccessRole.VIEWER, project)
    sight = sight_of(who, project)
    with services.store.read() as unit:
        stored = unit.projects.existing(project)
        about = map_about(unit, stored.id)
        scan = unit.issues.last_scan(stored.id)
    cells = () if about is None else about.cells if sight.secrets else about.cells_seen
    return render(
        "map.html",
        who=who,
        here=request.url.path,
        project=project,
        now=services.clock.now(),
        about=about,
        older=about is not None and scan is not None and scan.id != about.scan,
        layers=_layers(sight),
        files=file_links(services, f"/p/{project}/map"),
        cells=[(one, _chosen(project, about, one)) for one in cells if about is not None],
    )


@router.get("/p/{project}/map/about")
def about_map(project: str, services: Running, who: Asking) -> Response:
    """What the bytes of the layers mean."""
    with services.store.read() as unit:
        _, sight, about = _asked(unit, who, project)
    named = about.layers if sight.secrets else about.layers_seen
    layers = {layer.value: list(named[layer.value]) for layer in _layers(sight)}
    return JSONResponse({"n": about.n, "version": about.version, "layers": layers})


@router.get("/p/{project}/map/points")
def points(project: str, services: Running, who: Asking) -> Response:
    with services.store.read() as unit:
        stored, _, _ = _asked(unit, who, project)
        return _bytes(map_points(unit, stored.id))


@router.get("/p/{project}/map/layers/{layer}")
def layer_of_map(project: str, layer: str, services: Running, who: Asking) -> Response:
    with services.store.read() as unit:
        stored, sight, _ = _asked(unit, who, project)
        known = layer in [each.value for each in MapLayer]
        return _bytes(map_layer(unit, stored.id, MapLayer(layer), sight) if known else None)


@router.get("/p/{project}/map/items/{point}")
def item_there(project: str, point: str, services: Running, who: Asking) -> Response:
    """The page of the item of one point."""
    with services.store.read() as unit:
        stored, _, _ = _asked(unit, who, project)
        number = int(point) if point.isascii() and point.isdigit() and len(point) < 8 else -1
        item = item_of_point(unit, stored.id, number)
    if item is None:
        msg = "there is no such point on the map"
        raise NotFound(msg)
    return RedirectResponse(f"/p/{project}/items/{quote(item, safe='')}", status_code=303)


def _asked(unit: UnitOfWork, who: Any, project: str) -> tuple[Project, Sight, MapAbout]:
    require(who, AccessRole.VIEWER, project)
    stored = unit.projects.existing(project)
    about = map_about(unit, stored.id)
    if about is None:
        raise NotFound(NO_MAP)
    return stored, sight_of(who, project), about


def _layers(sight: Sight) -> list[MapLayer]:
    return [layer for layer in MapLayer if sight.secrets or layer in SEEN_BY_ALL]


def _chosen(project: str, about: MapAbout, cell: MapCell) -> str | None:
    if not cell.points:
        return None
    query = urlencode({"state": "any", "points": chosen_text(about.version, cell.points)})
    return f"/p/{project}/queue?{query}"


def _bytes(content: bytes | None) -> Response:
    if content is None:
        raise NotFound(NO_MAP)
    return Response(content, media_type="application/octet-stream")
