"""What the database's server allows us; SQLite has nothing of the kind."""

from __future__ import annotations

from sqlalchemy import text

from connector.store.unit_of_work import UnitOfWork

# Each ends what takes longer, and the work with it.
TIME_LIMITS = ("statement_timeout", "transaction_timeout", "idle_in_transaction_session_timeout")
_WRITES = text("SELECT NOT (pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool)")
_LIMITS = text("SELECT name, setting::bigint FROM pg_settings WHERE name = ANY(:names) AND setting <> '0'")


def takes_writes(unit: UnitOfWork) -> bool:
    """False for a standby, and where writing is turned off."""
    return not _is_postgres(unit) or bool(unit.connection.scalar(_WRITES))


def time_limits(unit: UnitOfWork) -> dict[str, float]:
    """The time limits that hold for us (seconds), by their names; none where there is no limit."""
    if not _is_postgres(unit):
        return {}
    return {name: limit / 1000 for name, limit in unit.connection.execute(_LIMITS, {"names": [*TIME_LIMITS]})}


def _is_postgres(unit: UnitOfWork) -> bool:
    return unit.connection.dialect.name == "postgresql"
