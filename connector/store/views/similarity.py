"""The map of similar items, as a worker drew it, for who may see it."""

from __future__ import annotations

import json

from sqlalchemy import select

from connector.model.similarity_map import (
    ABOUT,
    ITEMS,
    POINTS,
    SEEN_BY_ALL,
    MapAbout,
    MapLayer,
    chosen_points,
    layer_blob,
)
from connector.store.tables import items
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.secrecy import Sight

ID_BYTES = 8


def map_about(unit: UnitOfWork, project_id: int) -> MapAbout | None:
    """What is drawn; None where nothing is."""
    stored = unit.blobs.get(project_id, ABOUT)
    return None if stored is None else MapAbout.from_json(json.loads(stored))


def map_points(unit: UnitOfWork, project_id: int) -> bytes | None:
    return unit.blobs.get(project_id, POINTS)


def map_layer(unit: UnitOfWork, project_id: int, layer: MapLayer, sight: Sight) -> bytes | None:
    """A layer as it may be seen; None where there is none to see."""
    if not sight.secrets and layer not in SEEN_BY_ALL:
        return None
    return unit.blobs.get(project_id, layer_blob(layer, secrets=sight.secrets))


def item_of_point(unit: UnitOfWork, project_id: int, point: int) -> str | None:
    """The platform's id of the item of a point; None for no point."""
    result = _ids(unit, project_id, [point])
    query = select(items.c.remote_id).where(items.c.project_id == project_id, items.c.id.in_(result))
    remote_id: str | None = unit.connection.execute(query).scalar()
    return remote_id


def items_of_points(unit: UnitOfWork, project_id: int, text: str) -> list[int] | None:
    """Our ids of the items that an address names; None where it names none of the map as it is now."""
    about = map_about(unit, project_id)
    try:
        version, points = chosen_points(text)
    except ValueError:
        return None
    return _ids(unit, project_id, points) if about is not None and version == about.version else None


def _ids(unit: UnitOfWork, project_id: int, points: list[int]) -> list[int]:
    stored = unit.blobs.get(project_id, ITEMS) or b""
    starts = [point * ID_BYTES for point in points if 0 <= point < len(stored) // ID_BYTES]
    return [int.from_bytes(stored[start : start + ID_BYTES], "little") for start in starts]
