"""From a path to labelled items or regions, whichever a file holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from workers.cli.offline.dataset import Columns, Dataset
from workers.cli.offline.errors import ARGUMENT, BadFile
from workers.cli.offline.formats.entries import FileEntries, FileEntry
from workers.cli.offline.formats.source import InputFile, load, text_of
from workers.cli.offline.kinds import REGIONS, FileKind
from workers.cli.offline.label_studio import is_export
from workers.cli.offline.longest import LONGEST_TEXT, too_long
from workers.cli.offline.reading import entries_of, folder_entries, read_entries
from workers.cli.offline.record import LeftOut
from workers.cli.offline.regions.argilla import read_argilla_spans, span_question
from workers.cli.offline.regions.coco import coco_in, read_coco, refuse_results
from workers.cli.offline.regions.conll import looks_like_conll, read_conll
from workers.cli.offline.regions.controls import BOX_KEYS, chosen_control
from workers.cli.offline.regions.data import RegionData
from workers.cli.offline.regions.label_studio import read_label_studio
from workers.cli.offline.regions.span_rows import read_span_rows, span_column
from workers.cli.offline.regions.tagged_rows import read_tagged_rows, tag_columns
from workers.cli.offline.remembering import without_collection
from workers.detect.predictions.region_values import LABEL_KEYS

SAMPLE = 50


def read_any(path: Path, columns: Columns, encoding: str | None = None) -> Dataset | RegionData:
    """Read a file or a folder of labels of any type; arguments and errors as `read_file`."""
    with without_collection():
        if path.is_dir():
            regions = _folder(path, columns.kind) if columns.kind in (None, FileKind.BOXES) else None
            return regions or read_labels(folder_entries(path, encoding), columns)
        source = load(path, encoding)
        return _of_source(source, columns) or read_labels(entries_of(source), columns)


def read_labels(entries: FileEntries, columns: Columns) -> Dataset | RegionData:
    """The regions that a file's objects hold, else their labels."""
    regions = _regions(entries, columns)
    if regions is not None:
        return _checked(regions)
    if columns.kind in REGIONS:
        raise BadFile(
            f"it holds no {columns.kind} that can be read",
            argument=ARGUMENT,
            remedy="See the forms in docs/offline.md, or leave --type out",
        )
    return read_entries(entries, columns)


def _regions(entries: FileEntries, columns: Columns) -> RegionData | None:
    if not entries.rows or columns.kind not in (None, *REGIONS):
        return None
    if is_export(entries.rows):
        chosen = chosen_control(entries, columns)
        return None if chosen is None else read_label_studio(entries, columns, *chosen)
    question = span_question(entries, columns)
    if question is not None:
        return read_argilla_spans(entries, columns, question)
    if columns.label is None and columns.kind in (None, FileKind.BOXES):
        refuse_results(entries.rows)
    tagged = tag_columns(entries, columns)
    if tagged is not None:
        return read_tagged_rows(entries, columns, *tagged)
    name = _box_column(entries, columns)
    if name is not None:
        return read_label_studio(_as_tasks(entries, name), columns, name, FileKind.BOXES)
    name = span_column(entries, columns)
    return None if name is None else read_span_rows(entries, columns, name)


def _folder(path: Path, kind: FileKind | None) -> RegionData | None:
    from workers.cli.offline.regions.voc import is_voc, read_voc
    from workers.cli.offline.regions.yolo import is_yolo, read_yolo

    if is_voc(path):
        return _checked(read_voc(path))
    return _checked(read_yolo(path)) if is_yolo(path, stated=kind is FileKind.BOXES) else None


def _of_source(source: InputFile, columns: Columns) -> RegionData | None:
    """COCO and CoNLL, which are no rows of items."""
    if columns.kind in (None, FileKind.BOXES):
        value = coco_in(source, ARGUMENT)
        if value is not None:
            return _checked(read_coco(value))
    if columns.kind in (None, FileKind.SPANS) and looks_like_conll(source):
        return _checked(read_conll(text_of(source)[0]))
    return None


def _within_bounds(data: RegionData) -> RegionData:
    """Without the texts that are too long to learn from, which are named."""
    long = [item for item in data.items if len(item.text) > LONGEST_TEXT]
    if not long:
        return data
    name = data.fields[0] if data.fields else "text"
    left_out = [LeftOut(item.place, too_long(name, item.text)) for item in long]
    items = tuple(item for item in data.items if len(item.text) <= LONGEST_TEXT)
    return replace(data, items=items, left_out=(*data.left_out, *left_out))


def _checked(data: RegionData) -> RegionData:
    """BadFile where there is nothing to judge at all."""
    data = _within_bounds(data)
    if any(answer.regions for item in data.items for answer in item.answers):
        return data
    if data.faults:
        return data
    reasons = ", ".join(dict.fromkeys(one.reason for one in data.left_out)) or "nothing is marked"
    raise BadFile(
        f"it holds no {data.kind} that can be judged ({reasons})",
        argument=ARGUMENT,
        remedy="Export items on which something is marked",
    )


def _box_column(entries: FileEntries, columns: Columns) -> str | None:
    """The column of JSON-MIN whose cells are lists of boxes in percent."""
    if columns.kind not in (None, FileKind.BOXES):
        return None
    names = dict.fromkeys(name for row in entries.rows[:SAMPLE] for name in row.values)
    for name in (columns.label,) if columns.label is not None else names:
        cells = [row.values.get(name) for row in entries.rows[:SAMPLE]]
        listed = [cell for cell in cells if isinstance(cell, list) and cell]
        if listed and all(isinstance(one, dict) and set(one) >= BOX_KEYS for cell in listed for one in cell):
            return name
    return None


def _as_tasks(entries: FileEntries, name: str) -> FileEntries:
    """Rows of JSON-MIN as the tasks that they were."""
    rows = []
    for row in entries.rows:
        held = row.values.get(name)
        result = [
            {
                "from_name": name,
                "type": "rectanglelabels" if "rectanglelabels" in one else "labels",
                "value": {key: one[key] for key in (*BOX_KEYS, "rotation", *LABEL_KEYS) if key in one},
                "original_width": one.get("original_width"),
                "original_height": one.get("original_height"),
            }
            for one in (held if isinstance(held, list) else ())
            if isinstance(one, dict)
        ]
        data = {key: value for key, value in row.values.items() if key not in (name, "annotator")}
        given = {"completed_by": row.values.get("annotator"), "result": result}
        task = {"data": data, "annotations": [given]}
        if row.values.get("id") is not None:
            task["id"] = row.values["id"]
        rows.append(FileEntry(row.place, task))
    return FileEntries(tuple(rows), entries.notes)
