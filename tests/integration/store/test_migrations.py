"""The database comes to this version's schema from wherever it is, or is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from connector.errors import Misconfigured, SecondlookError
from connector.store import migrate
from connector.store.engine import open_engine
from connector.store.tables import metadata
from tests.support.processes import ProcessPark

MIGRATE = """
import sys
from connector.store import migrate
from connector.store.engine import open_engine

migrate.upgrade(open_engine(sys.argv[1]))
print("migrated")
"""


def tables_of(url: str) -> set[str]:
    engine = open_engine(url)
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found


def test_an_empty_database_gets_all_tables(database_url: str) -> None:
    engine = open_engine(database_url)
    migrate.upgrade(engine)
    engine.dispose()
    assert tables_of(database_url) == {*metadata.tables, "alembic_version"}


def test_the_migrations_build_exactly_the_tables_of_the_code(database_url: str) -> None:
    engine = open_engine(database_url)
    migrate.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, metadata)
    engine.dispose()
    assert differences == []


def test_indexes_hold_the_same_rows_as_in_the_code(database_url: str) -> None:
    """compare_metadata looks at an index's columns, not at which rows it holds."""
    engine = open_engine(database_url)
    migrate.upgrade(engine)
    dialect = engine.dialect.name
    built = {
        index["name"]: str(index.get("dialect_options", {}).get(f"{dialect}_where"))
        for table in metadata.tables
        for index in inspect(engine).get_indexes(table)
    }
    engine.dispose()
    partial = {
        index.name
        for table in metadata.tables.values()
        for index in table.indexes
        if index.dialect_options[dialect]["where"] is not None
    }
    assert {name for name, where in built.items() if where != "None"} == partial


def test_migrating_again_changes_nothing(database_url: str) -> None:
    engine = open_engine(database_url)
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO facts (name, value, at) VALUES ('kept', 'yes', '2026-01-01')"))
    migrate.upgrade(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT value FROM facts")).scalar_one() == "yes"
    engine.dispose()


def test_a_database_of_a_newer_version_is_refused_and_untouched(database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('9999')"))
    with pytest.raises(Misconfigured, match=r"newer version .*9999"):
        migrate.upgrade(engine)
    engine.dispose()
    assert tables_of(database_url) == {"alembic_version"}


def test_a_migration_that_fails_leaves_nothing_behind(database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE votes (id INTEGER)"))  # somebody else's
    with pytest.raises(SecondlookError, match="votes"):
        migrate.upgrade(engine)
    engine.dispose()
    assert tables_of(database_url) <= {"votes", "alembic_version"}


def test_many_processes_may_migrate_at_once(
    database_url: str, processes: ProcessPark, tmp_path: Path
) -> None:
    script = tmp_path / "migrate.py"
    script.write_text(MIGRATE)
    root = str(Path(migrate.__file__).parents[2])
    started = [processes.python(str(script), database_url, env={"PYTHONPATH": root}) for _ in range(6)]
    for process in started:
        assert process.wait(120) == 0, process.output
    assert tables_of(database_url) == {*metadata.tables, "alembic_version"}
