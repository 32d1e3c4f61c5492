"""Draw the map of a project's items: their places, and a layer for each thing that it can be coloured by."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connector.model import IssueState, LabelledItem
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.model.similarity_map import (
    ABOUT,
    DOUBTS,
    ITEMS,
    MOST_CHOSEN,
    MOST_NAMES,
    MOST_POINTS,
    OTHERS,
    POINTS,
    VECTORS,
    VERDICTS,
    MapAbout,
    MapCell,
    MapLayer,
    MapMethod,
    layer_blob,
)
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.asked import AskedItem, asked_items
from workers.context import Context, Summary
from workers.detect.projection import Floats, Ids, on_the_map, placed

Codes = NDArray[np.uint8]

Layer = tuple[Codes, Sequence[str]]  # a byte for each point, and what they mean

CELLS = 16  # along each side
MOST_CELLS = 12  # in the table
STATES = {
    IssueState.OPEN.value: 1,
    IssueState.IN_REVIEW.value: 1,
    IssueState.MEASURED.value: 1,
    IssueState.SUPPRESSED.value: 2,
    IssueState.ACCEPTED.value: 3,
    IssueState.REJECTED.value: 4,
    IssueState.UNRESOLVED.value: 5,
}


@dataclass(frozen=True, slots=True)
class PlacedItems:
    """Items (N,) at places (N, 2)."""

    ids: Ids
    places: Floats
    method: MapMethod


def handle(context: Context) -> Summary:
    project = context.fresh_project()
    with context.read() as unit:
        items = {each.item_id: each for each in unit.items.labelled(project.id)}
        names = unit.projects.annotator_names(project.id)
        asked = asked_items(unit, project.id)
        scan = unit.issues.last_scan(project.id)
        result = _places(context, unit, list(items))
    if result is None or scan is None:
        return {"points": 0}
    about, contents = drawn_map(result, items, names, asked)
    about = replace(about, scan=scan.id, at=context.services.clock.now().isoformat())
    with context.begin() as unit:
        for name, content in contents.items():
            unit.blobs.put(project.id, name, content)
        unit.blobs.put(project.id, ABOUT, json.dumps(about.to_json()).encode())
        unit.blobs.delete(project.id, VECTORS)
    return {"points": about.n, "method": about.method.value, "left_out": about.left_out}


def drawn_map(
    placed_items: PlacedItems,
    items: Mapping[int, LabelledItem],
    names: Mapping[str, str],
    asked: Mapping[int, AskedItem],
) -> tuple[MapAbout, dict[str, bytes]]:
    """What there is to say of a map, and the content of its blobs by name."""
    order = np.argsort(_scattered(placed_items.ids), kind="stable")[:MOST_POINTS]
    ids, spots = placed_items.ids[order], on_the_map(placed_items.places)[order]
    shown = [items[item_id] for item_id in ids.tolist()]
    verdicts, verdicts_seen, hidden = _verdicts(ids, asked)
    given = _named([each.label for each in shown])
    by_whom = _named([names.get(str(each.annotator), each.annotator) for each in shown])
    dated = _dated(shown)
    layers: dict[MapLayer, tuple[Layer, Layer | None]] = {
        MapLayer.GIVEN: (given, _masked(given, hidden)),
        MapLayer.VERDICT: ((verdicts, VERDICTS), (verdicts_seen, VERDICTS)),
        MapLayer.ANNOTATOR: (by_whom, _masked(by_whom, hidden)),
        MapLayer.TIME: (dated, dated),
        MapLayer.DOUBT: ((_doubts(ids, asked), DOUBTS), None),
    }
    contents = {POINTS: spots.astype("<u2").tobytes(), ITEMS: ids.astype("<i8").tobytes()}
    for layer, (whole, seen) in layers.items():
        contents[layer_blob(layer, secrets=True)] = whole[0].tobytes()
        if seen is not None:
            contents[layer_blob(layer, secrets=False)] = seen[0].tobytes()
    about = MapAbout(
        scan="",
        at="",
        method=placed_items.method,
        n=len(ids),
        left_out=len(items) - len(ids),
        layers={layer.value: whole[1] for layer, (whole, _) in layers.items()},
        layers_seen={layer.value: seen[1] for layer, (_, seen) in layers.items() if seen is not None},
        cells=_cells(spots, *given, verdicts),
        cells_seen=_cells(spots, *_masked(given, hidden), verdicts_seen),
    )
    return about, contents


def keep_vectors(context: Context, items: Sequence[LabelledItem], columns: NDArray[np.float16]) -> None:
    """Have the next map drawn from these."""
    buffer = io.BytesIO()
    np.savez(buffer, ids=np.array([each.item_id for each in items], dtype=np.int64), columns=columns)
    with context.begin() as unit:
        unit.blobs.put(context.project.id, VECTORS, buffer.getvalue())
        unit.enqueue(job(JobKind.MAP, context.project.id))


def _places(context: Context, unit: UnitOfWork, present: list[int]) -> PlacedItems | None:
    """Of the fields that hold them, else of what the last scan left, else as they were."""
    project_id, own = context.project.id, context.settings.map.fields
    if own:
        pairs = _own(unit.items.data(present), own)
        ids = np.array(list(pairs), dtype=np.int64)
        return PlacedItems(ids, np.array(list(pairs.values())), MapMethod.OWN) if pairs else None
    known, stored = _known(unit, project_id), unit.blobs.get(project_id, VECTORS)
    if stored is not None:
        with np.load(io.BytesIO(stored), allow_pickle=False) as kept:
            ids, columns = kept["ids"], kept["columns"]
        places, method = placed(columns, ids, known)
    elif known is not None:
        (ids, places), method = known, _about(unit, project_id).method
    else:
        return None
    stays = np.isin(ids, np.array(present, dtype=np.int64))
    return PlacedItems(ids[stays], places[stays], method) if stays.any() else None


def _own(data: Mapping[int, Mapping[str, Any]], fields: Sequence[str]) -> dict[int, tuple[float, float]]:
    """The items whose two fields are finite numbers."""
    result = {}
    for item_id, held in data.items():
        pair = [held.get(name) for name in fields]
        if all(isinstance(n, int | float) and not isinstance(n, bool) and np.isfinite(n) for n in pair):
            result[item_id] = (float(pair[0]), float(pair[1]))  # type: ignore[arg-type]
    return result


def _about(unit: UnitOfWork, project_id: int) -> MapAbout:
    return MapAbout.from_json(json.loads(unit.blobs.get(project_id, ABOUT) or b"{}"))


def _known(unit: UnitOfWork, project_id: int) -> tuple[Ids, Floats] | None:
    """The items of the last map, and where they stood."""
    ids, points = unit.blobs.get(project_id, ITEMS), unit.blobs.get(project_id, POINTS)
    if not ids or not points:
        return None
    spots = np.frombuffer(points, dtype="<u2").reshape(-1, 2).astype(np.float64)
    return np.frombuffer(ids, dtype="<i8").astype(np.int64), spots


def _scattered(ids: Ids) -> NDArray[np.uint64]:
    """A number for each id that tells nothing of it, the same each time (splitmix64, Steele et al. 2014)."""
    z = ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    result: NDArray[np.uint64] = z ^ (z >> np.uint64(27))
    return result


def _masked(layer: Layer, hidden: NDArray[np.bool_]) -> Layer:
    """Without the items that are hidden, and without names that only they bear."""
    codes = np.where(hidden, 0, layer[0]).astype(np.uint8)
    left = set(np.unique(codes).tolist())
    return codes, [name if n in left else "" for n, name in enumerate(layer[1], start=1)]


def _named(values: Sequence[str | None]) -> Layer:
    """A byte for each value, and the names by their place: the most frequent first, the rarest as one."""
    counts = Counter(each for each in values if each is not None).most_common()
    names = [name for name, _ in counts[: MOST_NAMES if len(counts) <= MOST_NAMES else MOST_NAMES - 1]]
    code = {name: n for n, name in enumerate(names, start=1)}
    if len(counts) > len(names):
        names.append(OTHERS)
    rest = len(names)
    codes = [0 if each is None else code.get(each, rest) for each in values]
    return np.array(codes, dtype=np.uint8), names


def _dated(items: Sequence[LabelledItem]) -> Layer:
    """By month, the first first; of more than there are names for, the earliest are one."""
    months = [each.updated_at.strftime("%Y-%m") for each in items]
    names = sorted(set(months))[-MOST_NAMES:]
    code = {name: n for n, name in enumerate(names, start=1)}
    return np.array([code.get(month, 1) for month in months], dtype=np.uint8), names


def _verdicts(ids: Ids, asked: Mapping[int, AskedItem]) -> tuple[Codes, Codes, NDArray[np.bool_]]:
    """What came of the question about each item, the same as viewers see it, and whose label they do not."""
    result, seen = np.zeros(len(ids), np.uint8), np.zeros(len(ids), np.uint8)
    hidden = np.zeros(len(ids), bool)
    for n, item_id in enumerate(ids.tolist()):
        one = asked.get(item_id)
        if one is not None:
            result[n], seen[n] = STATES.get(one.state, 0), STATES.get(one.state_seen, 0)
            hidden[n] = one.hidden
    return result, seen, hidden


def _doubts(ids: Ids, asked: Mapping[int, AskedItem]) -> Codes:
    """How far the label of each flagged item is doubted."""
    doubts = [asked[i].doubt if i in asked else None for i in ids.tolist()]
    codes = [0 if doubt is None else 1 + round(doubt * (MOST_NAMES - 1)) for doubt in doubts]
    return np.array(codes, dtype=np.uint8)


def _cells(spots: NDArray[np.uint16], given: Codes, names: Sequence[str], verdicts: Codes) -> list[MapCell]:
    """The cells with most items, for who reads a table."""
    cell = (spots[:, 0].astype(int) * CELLS // 65_536) * CELLS + spots[:, 1].astype(int) * CELLS // 65_536
    result = []
    for number, n in Counter(cell.tolist()).most_common(MOST_CELLS):
        here = np.flatnonzero(cell == number)
        (code, _), *_ = Counter(given[here].tolist()).most_common(1)
        about = here[verdicts[here] > 0]
        label = names[code - 1] if code else None
        result.append(MapCell(int(n), label, len(about), about[:MOST_CHOSEN].tolist()))
    return result
