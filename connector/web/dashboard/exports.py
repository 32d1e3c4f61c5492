"""A list as a file: CSV, JSON or Parquet, read page by page under the same filters and the same policy."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from connector.model.access import Principal
from connector.web.dashboard.listing import Column, ListPart, Row
from connector.wiring import Services
from connector.wording.spreadsheets import BOM, safe

MOST_ROWS = 1_000_000
AT_ONCE = 1000
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json", "parquet": "application/octet-stream"}

Reader = Callable[[str | None], ListPart]


def file_links(services: Services, path: str, query: str = "") -> dict[str, str]:
    """Of each kind of file that can be made here the address of the rows of a page."""
    kinds = [kind for kind in TYPES if kind != "parquet" or services.documents.has_parquet]
    return {kind: f"{path}.{kind}?{query}" if query else f"{path}.{kind}" for kind in kinds}


def rows_of(read: Reader) -> Iterator[Row]:
    """Every row, in pages by key; at most `MOST_ROWS`."""
    after, n = None, 0
    while n < MOST_ROWS:
        part = read(after)
        yield from part.rows
        n += len(part.rows)
        after = part.next
        if after is None:
            return


def csv_text(columns: Sequence[Column], rows: Iterator[Row]) -> Iterator[str]:
    buffer = io.StringIO()
    buffer.write(BOM)
    writer = csv.writer(buffer)
    writer.writerow([column.name for column in columns])
    for row in rows:
        writer.writerow([_cell(row.get(column.name)) for column in columns])
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def json_text(columns: Sequence[Column], rows: Iterator[Row]) -> Iterator[str]:
    yield "["
    for n, row in enumerate(rows):
        result = {column.name: _plain(row.get(column.name)) for column in columns}
        yield (",\n" if n else "\n") + json.dumps(result, ensure_ascii=False, allow_nan=False)
    yield "\n]\n"


def audited(
    services: Services, who: Principal, what: str, project: str | None, rows: Iterator[Row], query: str
) -> Iterator[Row]:
    """The rows; what was taken, and how much, is a row of the audit log."""
    n = 0
    try:
        for row in rows:
            yield row
            n += 1
    finally:
        with services.store.begin() as unit:
            unit.audit.append(who.actor, "exported", what, {"rows": n, "query": query}, project)


def _cell(value: Any) -> Any:
    plain = _plain(value)
    return "" if plain is None else safe(plain)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float) else str(value)
