"""Agreed answers as a file: importable tasks where the file was an export, else a row an item."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from connector.errors import Misconfigured
from workers.cli.offline.agreed.label_studio import label_studio_tasks
from workers.cli.offline.agreed.shapes import AgreedItem, FileAgreement
from workers.cli.offline.errors import BadFile
from workers.cli.offline.formats.source import load
from workers.cli.offline.label_studio import is_export
from workers.cli.offline.reading import entries_of, folder_entries
from workers.cli.offline.target import replace_file

ENDINGS = (".json", ".jsonl")


def write(out: Path, source: Path, agreement: FileAgreement, encoding: str | None = None) -> list[str]:
    """Write the file, and give what could not be said in its form."""
    if out.suffix.lower() == ".jsonl":
        lines = (
            json.dumps(row_of(item, agreement), ensure_ascii=False, allow_nan=False)
            for item in agreement.items
        )
        replace_file(out, "".join(f"{line}\n" for line in lines))
        return []
    if out.suffix.lower() != ".json":
        raise Misconfigured(
            f"'{out.name}' ends in neither of {', '.join(ENDINGS)}", field="--out", remedy="Rename it."
        )
    rows, problems = _tasks(source, agreement, encoding)
    replace_file(out, json.dumps(rows, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    return problems


def _tasks(source: Path, agreement: FileAgreement, encoding: str | None) -> tuple[list[Any], list[str]]:
    try:
        entries = folder_entries(source) if source.is_dir() else entries_of(load(source, encoding))
    except BadFile:  # a form without rows of items, such as COCO
        return [row_of(item, agreement) for item in agreement.items], []
    if not is_export(entries.rows):
        return [row_of(item, agreement) for item in agreement.items], []
    return label_studio_tasks(entries.rows, agreement)


def row_of(item: AgreedItem, agreement: FileAgreement) -> dict[str, Any]:
    """One item as plain values."""
    return {
        "id": item.id,
        "status": "agreed" if item.open_ is None else "open",
        "reason": None if item.open_ is None else item.open_.value,
        "label": item.label,
        "quality": None if item.quality is None else round(item.quality, 4),
        "answers": item.answers,
        "agreed_by": list(item.agreed_by),
        "type": agreement.kind.value,
        "data": dict(item.data),
    }


def document(agreement: FileAgreement, source: str) -> dict[str, Any]:
    """What is agreed, how far, and what is open, without the items that are."""
    return {
        "source": source,
        "type": agreement.kind.value,
        "label": agreement.label_name,
        "method": agreement.method,
        "n_items": len(agreement.items),
        "n_agreed": len(agreement.agreed),
        "n_open": len(agreement.still_open),
        "regions_dropped": agreement.dropped,
        "agreement": [
            {
                "name": each.name,
                "value": _number(each.value),
                "low": _number(each.low),
                "high": _number(each.high),
                "items": each.items,
            }
            for each in agreement.figures
        ],
        "open": [
            {"id": item.id, "place": item.place, "reason": str(item.open_)} for item in agreement.still_open
        ],
        "left_out": [{"place": one.place, "reason": one.reason} for one in agreement.left_out],
        "notes": list(agreement.notes),
    }


def _number(value: float) -> float | None:
    return round(value, 4) if value == value else None
