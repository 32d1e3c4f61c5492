"""What all tables share: the metadata, and the column types that hold on every database."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Text,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in UTC on every database; a naive one is a mistake of the caller."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"naive datetime {value!r}: give it a time zone"
            raise ValueError(msg)
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        result: datetime = value
        return result.replace(tzinfo=UTC) if result.tzinfo is None else result.astimezone(UTC)


UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL refuses NUL, UTF-8 has no lone surrogates


def storable(text: str | None) -> str | None:
    """The text with what no database stores shown as U+FFFD: one strange character must not stop a sync."""
    return None if text is None else UNSTORABLE.sub("\ufffd", text)


class PlainText(TypeDecorator[str]):
    """Text from outside, of any length and content."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        del dialect
        return storable(value)


# SQLite numbers rows by itself only in INTEGER primary keys.
RowId = BigInteger().with_variant(Integer(), "sqlite")

Uid = String(36)

RemoteId = PlainText()  # a platform's own id: nobody promises how long it is

Json = JSON(none_as_null=True)


def project_column() -> Column[int]:
    return Column("project_id", RowId, ForeignKey("projects.id"), nullable=False)
