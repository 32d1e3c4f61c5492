"""A file of a model's boxes and spans: COCO's JSON with scores, JSON or lines of rows, parquet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connector.errors import BadPayload
from connector.wording.text import one_line
from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.parquet import read_bounded

Row = Mapping[str, Any]
SHOWN_CHARS = 120  # of a value in a message


@dataclass(frozen=True, slots=True)
class RegionFile:
    """Rows with the place of each. `class_ids` and `pictures` are what COCO's lists name by number."""

    name: str
    rows: tuple[tuple[str, Row], ...]
    class_ids: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, Row] = field(default_factory=dict)

    def bad(self, place: str, problem: str, value: Any, remedy: str) -> NoPredictions:
        """What is wrong with a row, with the row."""
        shown = one_line(json.dumps(value, ensure_ascii=False, default=str), SHOWN_CHARS)
        return bad_file(self.name, f"{place}: {problem}: {shown}", remedy)


def bad_file(name: str, problem: str, remedy: str) -> NoPredictions:
    """What is wrong with a file of predictions."""
    return NoPredictions(f"{name}, {problem}", field="predictions file", remedy=remedy)


def read_region_file(path: Path) -> RegionFile:
    """The rows of a file. NoPredictions for one that is missing, damaged or of another form."""
    try:
        if path.suffix == ".parquet":
            return RegionFile(path.name, tuple(_placed("row", _parquet(path))))
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix in (".jsonl", ".ndjson"):
            return RegionFile(path.name, tuple(_lines(path.name, text)))
        value = json.loads(text)
    except FileNotFoundError as error:
        raise bad_file(path.name, "does not exist", "Save the file there, or correct the path") from error
    except (OSError, ValueError, RecursionError, BadPayload) as error:
        raise bad_file(path.name, f"cannot be read ({error})", "Save it again") from error
    if isinstance(value, Mapping) and isinstance(value.get("annotations"), list):
        return _coco(path.name, value)
    if not isinstance(value, list):
        remedy = "Give a list of rows, or COCO's object of 'images', 'categories' and 'annotations'"
        raise bad_file(path.name, "holds no list of rows", remedy)
    return RegionFile(path.name, tuple(_checked(path.name, _placed("entry", value))))


def _coco(name: str, value: Row) -> RegionFile:
    images, categories = (
        {str(one["id"]): one for one in listed if isinstance(one, Mapping) and "id" in one}
        for listed in (value.get("images") or (), value.get("categories") or ())
    )
    return RegionFile(
        name,
        tuple(_checked(name, _placed("annotation", value["annotations"]))),
        {number: str(one["name"]) for number, one in categories.items() if "name" in one},
        images,
    )


def _lines(name: str, text: str) -> Iterator[tuple[str, Row]]:
    for n, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield from _checked(name, [(f"line {n}", json.loads(line))])
            except (ValueError, RecursionError) as error:
                raise bad_file(name, f"line {n}: is no JSON ({error})", "Write an object a line") from error


def _parquet(path: Path) -> list[Row]:
    try:
        import pyarrow as pa
    except ModuleNotFoundError as error:
        remedy = "Install it with: pip install 'secondlook[parquet]', or give JSONL"
        raise bad_file(path.name, "needs pyarrow", remedy) from error
    try:
        rows: list[Row] = read_bounded(path, path.stat().st_size).to_pylist()
    except pa.ArrowException as error:
        raise bad_file(path.name, f"cannot be read ({error})", "Save it again as parquet") from error
    return rows


def _placed(word: str, values: list[Any]) -> Iterator[tuple[str, Any]]:
    return ((f"{word} {n}", value) for n, value in enumerate(values, start=1))


def _checked(name: str, rows: Any) -> Iterator[tuple[str, Row]]:
    for place, value in rows:
        if not isinstance(value, Mapping):
            remedy = "Give an object a row, with 'task_id' and 'predictions'"
            raise RegionFile(name, ()).bad(place, "is no object", value, remedy)
        yield place, value
