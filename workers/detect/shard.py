"""One part of a scan that several workers share: its items and their probabilities, read once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connector.config.project import Backend
from connector.model import LabelledItem, LabelSchema, LabelStatus, ShardedScan
from connector.model.reasons import Code, coded
from workers.context import Context, Summary
from workers.detect.encode import encode
from workers.detect.sharding import Part, keep_part
from workers.detect.sources.choose import source_of

AT_ONCE = 5000  # items whose predictions are held as objects

Range = tuple[int, int]  # our ids of the first and the last item


def handle(context: Context) -> Summary:
    scan_id, shard = context.job.payload["scan"], int(context.job.payload["shard"])
    with context.read() as unit:
        scan = unit.sharded_scans.running(context.project.id)
        if scan is None or scan.id != scan_id or shard not in unit.sharded_scans.undone(scan.id):
            return {"shard": shard, "done": "before"}
        between = unit.sharded_scans.ranges_of(scan.id)[shard]
    part = _read(context, scan, between)
    content = part.to_bytes()
    with context.begin() as unit:
        now = unit.sharded_scans.running(context.project.id)  # held from here on
        if now is None or now.id != scan_id:
            return {"shard": shard, "done": "too late"}
        keep_part(unit, context.project.id, now, shard, content)
    return {"shard": shard, "items": len(part.item_ids)}


def _read(context: Context, scan: ShardedScan, between: Range) -> Part:
    schema = context.fresh_project().schema
    if schema is None or schema.classes != scan.plan.classes:
        return _part([], [], [], Counter(), "none", scan)  # the scan will be given up
    return _rows(context, schema, scan, between)


def _rows(context: Context, schema: LabelSchema, scan: ShardedScan, between: Range) -> Part:
    skipped: Counter[Code] = Counter()
    version = scan.plan.model_version or "none"
    ids: list[NDArray[np.int64]] = []
    labels: list[NDArray[np.int64]] = []
    matrices: list[NDArray[np.floating[Any]]] = []
    for items in _chunks(context, between):
        judged = [item for item in items if item.label in schema.classes]
        skipped[coded(LabelStatus.UNKNOWN_CLASS)] += len(items) - len(judged)
        known = source_of(context, schema, version).all(judged)
        skipped.update(known.skipped)
        if not known.items:
            continue
        if scan.plan.source != Backend.PLATFORM.value:
            version = known.model_version
        ids.append(np.array([item.item_id for item in known.items], dtype=np.int64))
        labels.append(encode([item.label for item in known.items], schema.classes))
        matrices.append(known.matrix)
    return _part(ids, labels, matrices, skipped, version, scan)


def _part(
    ids: list[NDArray[np.int64]],
    labels: list[NDArray[np.int64]],
    matrices: list[NDArray[np.floating[Any]]],
    skipped: Counter[Code],
    version: str,
    scan: ShardedScan,
) -> Part:
    none = np.empty(0, dtype=np.int64)
    return Part(
        np.concatenate([none, *ids]),
        np.concatenate([none, *labels]),
        np.concatenate(matrices) if matrices else np.empty((0, len(scan.plan.classes))),
        {name: n for name, n in skipped.items() if n},
        version,
    )


def _chunks(context: Context, between: Range) -> Iterator[list[LabelledItem]]:
    """The part's labelled items, a few thousand at a time; a file is read once for all of them."""
    at_once = None if context.settings.predictions.source is Backend.FILE else AT_ONCE
    with context.read() as unit:
        items = unit.items.labelled(context.project.id, between=between)
        while chunk := list(islice(items, at_once)):
            yield chunk
