"""Every test of the store runs on SQLite and on PostgreSQL, most of them behind PgBouncer too."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.store.engine import open_engine
from tests.integration.store.house import House
from tests.support.pgbouncer import PgBouncer


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of one kind after the other."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'secondlook.db'}"


@pytest.fixture(params=["sqlite", "postgresql", "pgbouncer"])
def house(
    request: pytest.FixtureRequest, tmp_path: Path, template_database: Path, pgbouncer: PgBouncer
) -> Iterator[House]:
    """A store with tables, one project, and a clock that the test moves."""
    if request.param == "sqlite":
        shutil.copyfile(template_database, tmp_path / "secondlook.db")
        url = f"sqlite:///{tmp_path / 'secondlook.db'}"
    else:
        url = str(request.getfixturevalue("migrated_postgres_url"))
    pooler = request.param == "pgbouncer"
    if pooler:
        url = pgbouncer.address_of(url)
    made = House(url, open_engine(url, pooler=pooler), pooler=pooler)
    yield made
    made.store.close()


@pytest.fixture
def postgres_house(migrated_postgres_url: str) -> Iterator[House]:
    """The same on PostgreSQL only, for what SQLite's single writer rules out."""
    made = House(migrated_postgres_url, open_engine(migrated_postgres_url))
    yield made
    made.store.close()
