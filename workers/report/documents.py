"""What the pages hand out for people to keep: reports, the validation record, tables as Parquet."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from importlib.util import find_spec
from itertools import islice
from typing import Any

from connector.errors import NotFound
from connector.model import Json
from connector.store.unit_of_work import Store
from connector.wording.spreadsheets import BOM
from workers.report import page, validation

AT_ONCE = 10_000  # rows of one group of a Parquet file
PIECE = 1 << 16  # bytes handed on at a time
NUMBERS = {"number", "share", "figure"}


class Files:
    """What is computed for it is imported when a file is asked for."""

    @property
    def has_parquet(self) -> bool:
        """Whether the extra `parquet` is installed."""
        return find_spec("pyarrow") is not None

    def report(self, figures: Json) -> Iterator[str]:
        """A dated report as one HTML file, in pieces."""
        return page.html(figures)

    def validation(self, store: Store, project_id: int) -> Iterator[str]:
        """The validation record of a project as CSV, in pieces."""
        with store.read() as unit:
            buffer = io.StringIO()
            buffer.write(BOM)
            writer = csv.writer(buffer)
            writer.writerow(validation.COLUMNS)
            for entry in validation.entries(unit, project_id):
                writer.writerow(validation.cells(entry))
                if buffer.tell() > PIECE:
                    yield buffer.getvalue()
                    buffer.seek(0)
                    buffer.truncate()
            yield buffer.getvalue()

    def parquet(self, columns: Sequence[Any], rows: Iterator[Mapping[str, Any]]) -> Iterator[bytes]:
        """Rows as a Parquet file, in pieces: numbers, moments in UTC, texts; null where nothing is known.

        Raises
        ------
        NotFound
            The extra `parquet` is not installed.
        """
        if not self.has_parquet:
            msg = "Parquet files need the extra `parquet`: pip install 'secondlook[parquet]'"
            raise NotFound(msg)
        return _parquet(columns, rows)


def _parquet(columns: Sequence[Any], rows: Iterator[Mapping[str, Any]]) -> Iterator[bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"time": pa.timestamp("us", tz="UTC")} | dict.fromkeys(NUMBERS, pa.float64())
    schema = pa.schema([(column.name, kinds.get(column.kind, pa.string())) for column in columns])
    with tempfile.TemporaryFile() as file:
        with pq.ParquetWriter(file, schema) as writer:
            while part := list(islice(rows, AT_ONCE)):
                arrays = {
                    column.name: [_value(row.get(column.name), column.kind) for row in part]
                    for column in columns
                }
                writer.write_table(pa.table(arrays, schema=schema))
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece


def _value(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "time":
        return datetime.fromisoformat(value) if isinstance(value, str) else value
    return float(value) if kind in NUMBERS else str(value)
