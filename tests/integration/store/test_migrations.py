"""The database comes to this version's schema from wherever it is, or is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import JSON, Connection, DateTime, MetaData, String, Table, inspect, text
from sqlalchemy.types import TypeEngine

from connector.errors import Misconfigured, SecondlookError
from connector.model import CorrectionState, IssueState, LabelSchema
from connector.model.reasons import HeldBack, LetGo, NotCounted, NotWritten
from connector.store import migrate
from connector.store.engine import open_engine
from connector.store.tables import metadata
from tests.integration.store.house import House
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


def test_sentences_become_codes_and_words_that_are_not_ours_stay(house: House) -> None:
    """The translation may be run on any later schema: it changes values, not tables."""
    sentences = ("waits for a free place in the review queue", "its class has reached the cap of flags")
    kept = "Reviewers agreed on 'dog' instead of 'cat': 'dog' (2)."
    for number, reason in enumerate((*sentences, kept, None), start=1):
        house.flagged(number, IssueState.SUPPRESSED, reason=reason)
    house.corrected(9, CorrectionState.CANCELLED)
    house.tamper(
        "UPDATE corrections SET error = 'the decision behind it was reopened before it was written'",
    )
    migration = import_module("connector.store.migrations.versions.0009_reason_codes")
    for _ in range(2):  # the second time there is nothing to do
        with (
            house.engine.begin() as connection,
            Operations.context(MigrationContext.configure(connection)),
        ):
            migration.upgrade()

    with house.store.read() as unit:
        found = [one.reason for one in unit.issues.listed(house.project, IssueState.SUPPRESSED, 9)]
        assert sorted(map(str, found)) == sorted(["budget", "class_cap", kept, "None"])
        assert [one.reason for one in unit.issues.waiting_for_budget(house.project, 9)] == [HeldBack.BUDGET]
    assert house.rows("SELECT error FROM corrections") == [("decision_withdrawn",)]


def test_the_migration_knows_every_sentence_that_stands_without_parameters() -> None:
    migration = import_module("connector.store.migrations.versions.0009_reason_codes")
    codes = {**migration.ISSUES, **migration.VOTES, **migration.CORRECTIONS}
    stored = [*HeldBack, *LetGo, *NotCounted, NotWritten.DECISION_WITHDRAWN, NotWritten.NOT_TAKEN_BACK]
    later = {LetGo.REFUSED, LetGo.ITEM_EDITED, LetGo.CORRECTED}  # never stored as a sentence
    assert set(codes.values()) == {code.value for code in stored if code not in later}


def test_the_one_schema_of_a_project_becomes_the_first_of_a_list(house: House) -> None:
    """The translation may be run again: what is a list already stays."""
    before = '{"control": "kind", "to_name": "text", "classes": ["cat", "dog"], "objects": []}'
    house.tamper(f"UPDATE projects SET label_schema = '{before}'")  # noqa: S608 - a constant of this test
    migration = import_module("connector.store.migrations.versions.0010_label_types")
    for _ in range(2):
        with (
            house.engine.begin() as connection,
            Operations.context(MigrationContext.configure(connection)),
        ):
            migration.lists_of_schemas()
    with house.store.read() as unit:
        schema = unit.projects.get(house.project).schema
    assert schema == LabelSchema("kind", "text", ("cat", "dog"), (), "choice")


def test_two_parts_of_an_item_may_be_asked_about_at_once_and_one_of_them_once(house: House) -> None:
    whole = house.flagged(1)
    parts = [replace(whole, id=f"part-{n}", place=f"region-{n}") for n in range(2)]
    with house.store.begin() as unit:
        unit.issues.add([*parts, replace(whole, id="stars", control="stars")])
    with pytest.raises(SecondlookError), house.store.begin() as unit:
        unit.issues.add([replace(parts[0], id="again")])
    assert sorted(house.rows("SELECT control, place FROM issues")) == [
        ("", ""),
        ("", "region-0"),
        ("", "region-1"),
        ("stars", ""),
    ]


def test_the_revisions_by_name_are_those_that_alembic_knows() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    walked = [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()]
    assert list(migrate.revisions()) == walked[::-1]


def test_a_table_that_others_refer_to_is_changed_and_keeps_all_rows(database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0014")
        tables = MetaData()
        tables.reflect(connection)
        project = _row(connection, tables.tables["projects"])
        item = _row(connection, tables.tables["items"], project_id=project)
    migrate.upgrade(engine)
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT id, project_id FROM items")).all()
        assert [tuple(row) for row in kept] == [(item, project)]
    engine.dispose()


def _row(connection: Connection, table: Table, **values: Any) -> Any:
    """One row with something of its type in each column that must hold something; its key."""
    for column in table.columns:
        if (
            column.nullable
            or column.primary_key
            or column.name in values
            or column.server_default is not None
        ):
            continue
        values[column.name] = _something(column.type)
    return connection.execute(table.insert().values(**values)).inserted_primary_key[0]  # type: ignore[index]


def _something(kind: TypeEngine[Any]) -> Any:
    if isinstance(kind, JSON):
        return {}
    if isinstance(kind, DateTime):
        return datetime.now(UTC)
    return "1" if isinstance(kind, String) else 1
