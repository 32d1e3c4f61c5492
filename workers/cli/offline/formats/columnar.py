"""Parquet, Arrow and Feather files, and folders that `datasets` saved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connector.errors import BadPayload
from workers.cli.offline.errors import ARGUMENT, BadFile
from workers.cli.offline.formats.entries import FileEntries, FileEntry
from workers.cli.offline.formats.source import InputFile
from workers.detect.predictions.parquet import read_batches_bounded, read_bounded

PARQUET = b"PAR1"
ARROW = b"ARROW1"
STREAM = b"\xff\xff\xff\xff"  # how an Arrow stream begins, which is what `datasets` writes
DATASET_INFO = "dataset_info.json"
SPLITS_INFO = "dataset_dict.json"


def is_columnar(content: bytes) -> bool:
    """Whether the bytes are of one of these formats."""
    return content.startswith((PARQUET, ARROW, STREAM))


def read(source: InputFile) -> FileEntries:
    """All rows of a file. BadFile where it is damaged, or pyarrow is not installed."""
    return _entries(_table(source.content), "row")


def read_folder(folder: Path) -> FileEntries | None:
    """All rows of a folder of `datasets.save_to_disk`, None where it is none. BadFile for several splits."""
    if (folder / SPLITS_INFO).is_file():
        splits = ", ".join(sorted(each.name for each in folder.iterdir() if each.is_dir()))
        remedy = f"Name one of its folders: {splits}"
        raise BadFile("it holds several splits of a dataset", argument=ARGUMENT, remedy=remedy)
    files = sorted(folder.glob("*.arrow"))
    if not files or not (folder / DATASET_INFO).is_file():
        return None
    pa = _pyarrow()
    table = pa.concat_tables([_table(file.read_bytes()) for file in files])
    return _entries(table, "row")


def _table(content: bytes) -> Any:
    pa = _pyarrow()
    try:
        if content.startswith(PARQUET):
            return read_bounded(pa.BufferReader(content), len(content))
        if content.startswith(ARROW):
            file = pa.ipc.open_file(pa.BufferReader(content))
            batches = (file.get_batch(number) for number in range(file.num_record_batches))
            return read_batches_bounded(file.schema, batches, len(content))
        stream = pa.ipc.open_stream(pa.BufferReader(content))
        return read_batches_bounded(stream.schema, stream, len(content))
    except (pa.ArrowException, OSError) as error:
        problem = f"it cannot be read ({error})"
        raise BadFile(problem, argument=ARGUMENT, remedy="Write or download it again") from error
    except BadPayload as error:
        remedy = "Take the rows and columns that matter, and write them as CSV"
        raise BadFile(str(error), argument=ARGUMENT, remedy=remedy) from error


def _entries(table: Any, word: str) -> FileEntries:
    names = _class_names(table)
    rows = table.to_pylist()
    return FileEntries(
        tuple(
            FileEntry(f"{word} {n}", {key: _named(value, names.get(key)) for key, value in row.items()})
            for n, row in enumerate(rows, start=1)
        ),
        tuple(f"Numbers in '{key}' are replaced by the names of the dataset's classes." for key in names),
    )


def _named(value: Any, names: list[str] | None) -> Any:
    """A class by its name, or each of a list; `datasets` stores numbers, and -1 for none."""
    if names is not None and isinstance(value, list):
        return [_named(one, names) for one in value]
    if names is None or not isinstance(value, int):
        return value
    return names[value] if 0 <= value < len(names) else None


def _class_names(table: Any) -> Mapping[str, list[str]]:
    """The ClassLabel features that `datasets` notes in the schema."""
    import json

    noted = (table.schema.metadata or {}).get(b"huggingface")
    if noted is None:
        return {}
    try:
        features = json.loads(noted)["info"]["features"]
        within = {key: _inner(feature) for key, feature in features.items()}
        return {
            key: [str(name) for name in feature["names"]]
            for key, feature in within.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and feature.get("names")
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _inner(feature: Any) -> Any:
    """What the feature is, of a list what its values are."""
    if isinstance(feature, list):
        return feature[0]
    return feature.get("feature", feature) if isinstance(feature, dict) else feature


def _pyarrow() -> Any:
    try:
        import pyarrow as pa
        import pyarrow.ipc
    except ModuleNotFoundError as error:
        remedy = "Install it with: pip install 'secondlook[parquet]', or save the data as CSV"
        raise BadFile("Parquet and Arrow need pyarrow", argument=ARGUMENT, remedy=remedy) from error
    return pa
