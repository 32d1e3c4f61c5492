"""What all repositories share: a connection, the moment, locks, and statements over many rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, Table, any_, bindparam, literal, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection

from connector.store.engine import READ_ONLY

T = TypeVar("T")
CHUNK = 500  # values in one IN (…): far below every database's limit of bound parameters
ROW = "row_id"  # names the row in the values of `_update_rows`


class Repository:
    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def _insert(self, table: Table) -> Any:
        """An insert with ON CONFLICT, which both databases spell alike but SQLAlchemy does not."""
        if self._connection.dialect.name == "postgresql":
            from sqlalchemy.dialects import postgresql  # SQLite alone need not wait for it

            return postgresql.insert(table)
        return sqlite.insert(table)

    def _update_rows(
        self, table: Table, rows: Sequence[dict[str, Any]], *conditions: ColumnElement[bool]
    ) -> None:
        """Update many rows of one table in one go, those that meet the conditions.

        Each dict names the same columns, and its row by ROW.
        """
        if rows:
            self._connection.execute(update(table).where(table.c.id == bindparam(ROW), *conditions), rows)

    def _among(self, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
        """Whether the column holds one of many values.

        As one array on PostgreSQL: it is one statement to prepare, whatever their number.
        """
        if self._connection.dialect.name == "postgresql":
            from sqlalchemy.dialects import postgresql

            return column == any_(literal([*values], postgresql.ARRAY(column.type)))
        return column.in_(values)

    def _held(self, query: Select[Any], table: Table) -> Select[Any]:
        """The query; in a transaction that may write, nobody else changes the found rows before its end.

        SQLite has one writer anyway. Without this, two jobs on PostgreSQL that decide by what they read
        overwrite each other.
        """
        if self._connection.get_execution_options().get(READ_ONLY, False):
            return query
        return query.with_for_update(of=table)


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
