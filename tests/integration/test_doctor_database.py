"""What `doctor`, `/ready` and commands that read say of a database that is there and does not do its work."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from connector.config.keyring import DATABASE_FILE
from connector.config.settings import DatabaseSettings, Settings
from connector.queue import SilentQueue
from connector.store import engine
from connector.web.readiness import look
from connector.wiring import Services, build
from workers.cli.checks import Check, Level
from workers.cli.checks.local import with_services


@contextmanager
def services_over(settings: Settings, *, reading: bool = True) -> Iterator[Services]:
    services = build(settings, SilentQueue(), reading=reading)
    try:
        yield services
    finally:
        services.close()


def said_of_database(settings: Settings) -> Check:
    with services_over(settings) as services:
        return next(one for one in with_services(services, settings) if one.name == "database")


@pytest.fixture
def on_postgres(postgres_url: str, tmp_path: Path) -> Settings:
    """A database with all tables."""
    settings = Settings(data_dir=tmp_path / "data", database=DatabaseSettings(url=postgres_url))
    with services_over(settings, reading=False):
        pass
    return settings


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Settings:
    settings = Settings(data_dir=tmp_path / "data")
    with services_over(settings, reading=False):
        pass
    return settings


def set_for_all(settings: Settings, setting: str) -> None:
    assert settings.database.url is not None
    made = create_engine(settings.database.url)
    with made.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = connection.scalar(text("SELECT current_database()"))
        connection.execute(text(f'ALTER DATABASE "{name}" SET {setting}'))
    made.dispose()


@contextmanager
def write_locked(settings: Settings) -> Iterator[None]:
    """Another process is in a transaction."""
    with closing(sqlite3.connect(settings.data_dir / DATABASE_FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def test_a_database_that_does_its_work_is_ok(on_postgres: Settings, on_sqlite: Settings) -> None:
    assert [said_of_database(one).level for one in (on_postgres, on_sqlite)] == [Level.OK, Level.OK]


def test_a_database_that_takes_no_writes_fails_and_is_not_ready(on_postgres: Settings) -> None:
    set_for_all(on_postgres, "default_transaction_read_only = on")
    check = said_of_database(on_postgres)
    assert (check.level, "takes no writes" in check.found) == (Level.FAIL, True)
    assert "takes writes" in check.remedy
    with services_over(on_postgres) as services:
        assert (look(services).ready, look(services).database) == (False, "read-only")


@pytest.mark.parametrize(("limit", "level"), [("2s", Level.FAIL), ("2min", Level.WARN), ("10min", Level.OK)])
def test_a_limit_that_ends_long_statements_is_told(on_postgres: Settings, limit: str, level: Level) -> None:
    set_for_all(on_postgres, f"statement_timeout = '{limit}'")
    check = said_of_database(on_postgres)
    assert check.level is level
    assert ("statement_timeout" in check.remedy) is (level is not Level.OK)


def test_a_file_that_another_process_keeps_locked_fails_with_the_way_to_find_that_process(
    on_sqlite: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 100)
    with write_locked(on_sqlite):
        check = said_of_database(on_sqlite)
    assert check.level is Level.FAIL
    assert "another process keeps the database file locked" in check.found
    assert f"fuser {on_sqlite.data_dir / DATABASE_FILE}" in check.remedy


def test_what_only_reads_does_not_wait_for_another_process(
    on_sqlite: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 100)
    with write_locked(on_sqlite), services_over(on_sqlite) as services:
        assert look(services).database == "ok"
