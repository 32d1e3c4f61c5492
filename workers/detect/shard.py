"""One part of a scan that several workers share: one pass over its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connector.config.project import Backend
from connector.errors import Misconfigured
from connector.model import LabelledItem, LabelSchema, LabelStatus, ShardedScan
from workers.context import Context, Summary
from workers.detect import sharding
from workers.detect.predictions.suspicion import in_sample_suspicion
from workers.detect.sharding import EMPTY, Part, PartContent, blob_name, finish_part
from workers.detect.sources.choose import source_of
from workers.issues.sharded import (
    Cuts,
    PairQuestion,
    UnusableState,
    read_evidence,
    read_margins,
    read_trust,
)
from workers.issues.validation import InvalidInput
from workers.label_types.choice.encode import encode

AT_ONCE = 5000  # items whose predictions are held as objects
READ, EVIDENCE, MARGINS = 1, 2, 3

Blobs = dict[str, bytes]


def handle(context: Context) -> Summary:
    payload = context.job.payload
    shard, number = int(payload["shard"]), int(payload["pass"])
    with context.read() as unit:
        scan = unit.sharded_scans.running(context.project.id)
        if scan is None or (scan.id, scan.number) != (payload["scan"], number):
            return {"shard": shard, "pass": number, "done": "before"}
        if shard not in unit.sharded_scans.undone(scan.id, number):
            return {"shard": shard, "pass": number, "done": "before"}
        ranges = unit.sharded_scans.ranges_of(scan.id)
    try:
        blobs, rows = _pass(context, scan, shard, ranges[shard])
    except UnusableState as error:
        with context.begin() as unit:
            sharding.begin_anew(unit, context.project.id, scan.id)
        return {"shard": shard, "pass": number, "given_up": str(error)}
    except InvalidInput as error:
        raise Misconfigured(
            str(error), field=f"projects.{context.project.name}.predictions", remedy="Then scan again."
        ) from error
    with context.begin() as unit:
        for what, content in blobs.items():
            unit.blobs.put(context.project.id, blob_name(scan.id, what, shard), content)
        now = unit.sharded_scans.running(context.project.id)  # held from here on
        if now is None or (now.id, now.number) != (scan.id, number):
            for what in blobs:
                unit.blobs.delete(context.project.id, blob_name(scan.id, what, shard))
            return {"shard": shard, "pass": number, "done": "too late"}
        finish_part(unit, context.project.id, now, shard, number if rows else EMPTY)
    return {"shard": shard, "pass": number, "items": rows}


def _pass(context: Context, scan: ShardedScan, shard: int, between: tuple[int, int]) -> tuple[Blobs, int]:
    """What the pass leaves behind, and of how many rows."""
    if scan.number == READ:
        return _read(context, scan, between)
    content = PartContent.from_bytes(sharding.load(context, scan.id, "rows", shard))
    cuts = Cuts.from_bytes(sharding.load(context, scan.id, "cuts"))
    if scan.number == EVIDENCE:
        found = read_evidence(content.labels, content.matrix, cuts)
        return {"evidence": found.to_bytes()}, len(content.labels)
    question = PairQuestion.from_bytes(sharding.load(context, scan.id, "question"))
    margins = read_margins(content.labels, content.matrix, cuts, question)
    return {"margins": margins.to_bytes()}, len(content.labels)


def _read(context: Context, scan: ShardedScan, between: tuple[int, int]) -> tuple[Blobs, int]:
    """Pass 1: the part's items and probabilities, kept for the passes that follow."""
    schema = context.fresh_project().schema
    if schema is None or list(schema.classes) != scan.plan["classes"]:
        return {}, 0  # the scan will be given up
    part, content = _rows(context, schema, scan, between)
    blobs = {"part": part.to_bytes()}
    if len(content.labels):
        blobs |= {
            "rows": content.to_bytes(),
            "trust": read_trust(content.labels, content.matrix).to_bytes(),
        }
    return blobs, len(content.labels)


def _rows(
    context: Context, schema: LabelSchema, scan: ShardedScan, between: tuple[int, int]
) -> tuple[Part, PartContent]:
    skipped: Counter[str] = Counter()
    version = str(scan.plan["version"] or "none")
    ids: list[NDArray[np.int64]] = []
    labels: list[NDArray[np.int64]] = []
    matrices: list[NDArray[np.floating[Any]]] = []
    for items in _chunks(context, between):
        judged = [item for item in items if item.label in schema.classes]
        skipped[LabelStatus.UNKNOWN_CLASS.value] += len(items) - len(judged)
        found = source_of(context, schema, version).all(judged)
        skipped.update(found.skipped)
        if scan.plan["source"] != Backend.PLATFORM.value and found.items:
            version = found.model_version
        ids.append(np.array([item.item_id for item in found.items], dtype=np.int64))
        labels.append(encode([item.label for item in found.items], schema.classes))
        matrices.append(found.matrix)
    none = np.empty((0, len(schema.classes)))
    filled = [matrix for matrix in matrices if len(matrix)]
    content = PartContent(
        np.concatenate([np.empty(0, dtype=np.int64), *labels]),
        np.concatenate(filled) if filled else none,
    )
    doubt = in_sample_suspicion(content.labels, content.matrix)
    part = Part(
        np.concatenate([np.empty(0, dtype=np.int64), *ids]),
        {name: n for name, n in skipped.items() if n},
        version,
        [] if doubt is None else [doubt],
    )
    return part, content


def _chunks(context: Context, between: tuple[int, int]) -> Iterator[list[LabelledItem]]:
    """The part's labelled items, a few thousand at a time; a file is read once for all of them."""
    at_once = None if context.settings.predictions.source is Backend.FILE else AT_ONCE
    with context.read() as unit:
        items = unit.items.labelled(context.project.id, between=between)
        while chunk := list(islice(items, at_once)):
            yield chunk
