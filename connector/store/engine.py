"""Engines: SQLite made safe for several threads and processes, PostgreSQL with a bounded wait."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import Connection, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from connector.config.private import private_file, private_folder
from connector.errors import Misconfigured
from connector.store.failures import POSTGRES_READ_ONLY

BUSY_TIMEOUT_MS = 15_000  # longest wait for another SQLite writer
CONNECT_TIMEOUT_S = 10  # longest wait for a PostgreSQL server that does not answer
READ_ONLY = "secondlook_read_only"  # execution option of connections that only read
QUERY_ONLY = "secondlook_query_only"  # in the info of a connection to SQLite: what it was last told


def open_engine(url: str, *, pooler: bool = False) -> Engine:
    """An engine for `sqlite:///FILE` or `postgresql+psycopg://…`; nothing is connected yet.

    With `pooler` the address is that of a pooler such as PgBouncer in transaction mode: each transaction may
    run on another connection of the server, so nothing of ours outlives one.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise _no_such_database("is not a database URL") from error
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(parsed.set(drivername="sqlite"))
        case "postgresql":
            return _postgresql(parsed, pooler=pooler)
        case other:
            raise _no_such_database(f"{other} is not supported")


def reading(engine: Engine) -> Connection:
    """A connection whose transaction sees one moment and writes nothing."""
    connection = engine.connect()
    connection.execution_options(**{READ_ONLY: True})
    if connection.dialect.name == "postgresql":
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return connection


def _sqlite(url: URL) -> Engine:
    file = None
    if url.database and url.database != ":memory:" and not url.database.startswith("file:"):
        file = Path(url.database)
        folder = file.parent
        try:
            private_folder(folder)
        except OSError as error:
            raise Misconfigured(
                f"the folder {folder} cannot be made ({error.strerror})",
                field="database.url",
                remedy="Name a folder that can be written, on a local disk.",
            ) from error
    # Items are other people's data: their values must not stand in tracebacks and logs.
    engine = create_engine(url, hide_parameters=True)
    if file is not None:
        event.listen(engine, "do_connect", _file_of_ours(file))
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _file_of_ours(file: Path) -> Callable[..., None]:
    """Makes the file before SQLite does, which would let others read it; its journals take its mode."""

    def make(*_: Any) -> None:
        with suppress(OSError):  # what is wrong, the connection says
            private_file(file)

    return make


def _postgresql(url: URL, *, pooler: bool) -> Engine:
    connect_args: dict[str, Any] = (
        {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_TIMEOUT_S}
    )
    # A prepared statement belongs to a connection of the server: behind a pooler the next transaction may
    # miss it, or meet another client's of the same name. The pool is the pooler's then, not ours.
    pooling: dict[str, Any] = {"poolclass": NullPool} if pooler else {"pool_pre_ping": True}
    if pooler:
        connect_args["prepare_threshold"] = None
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args=connect_args,
            hide_parameters=True,
            **pooling,
        )
    except ImportError as error:
        raise Misconfigured(
            "the driver for PostgreSQL is not installed",
            field="database.url",
            remedy="Install secondlook[postgres].",
        ) from error
    event.listen(engine, "handle_error", _leave_a_standby)
    event.listen(engine, "checkin", _forget_read_only)
    if not pooler:  # a setting of the session would leak to others there; unprepared, no plan is kept anyway
        event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _leave_a_standby(context: ExceptionContext) -> None:
    """After a failover the connections that stand lead to the server that takes no writes any more."""
    writes = context.connection is not None and not context.connection.get_execution_options().get(READ_ONLY)
    if writes and getattr(context.original_exception, "sqlstate", None) == POSTGRES_READ_ONLY:
        context.is_disconnect = True


def _forget_read_only(connection: Any, _record: Any) -> None:
    """A connection that has read is handed back as one that writes, by `BEGIN READ WRITE`.

    That would write where an administrator has turned writing off, and be another error than "read-only" on
    a standby.
    """
    if connection is not None and connection.read_only is False:
        connection.read_only = None


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    # A plan that is kept for any values was made while the tables were small, compares hundreds of ids
    # with every row, and cannot use an index over part of the rows.
    connection.execute("SET plan_cache_mode = force_custom_plan")
    connection.commit()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we begin transactions ourselves, see _begin_sqlite
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # a commit survives a power cut
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # IMMEDIATE takes the write lock at once: a transaction that reads first and writes later would
    # otherwise fail with SQLITE_BUSY without waiting for the timeout.
    read_only = bool(connection.get_execution_options().get(READ_ONLY, False))
    if connection.info.get(QUERY_ONLY) != read_only:
        connection.exec_driver_sql(f"PRAGMA query_only = {int(read_only)}")
        connection.info[QUERY_ONLY] = read_only
    connection.exec_driver_sql("BEGIN DEFERRED" if read_only else "BEGIN IMMEDIATE")


def _no_such_database(problem: str) -> Misconfigured:
    return Misconfigured(problem, field="database.url", remedy="Use sqlite:///FILE or postgresql+psycopg://…")
