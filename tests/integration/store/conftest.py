"""Every test of the store runs on SQLite and on PostgreSQL, most of them behind PgBouncer too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.store import migrate
from connector.store.engine import open_engine
from tests.integration.store.house import House


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of one kind after the other."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'secondlook.db'}"


@pytest.fixture(params=["sqlite", "postgresql", "pgbouncer"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A store with tables, one project, and a clock that the test moves."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'secondlook.db'}"
    else:
        name = "postgres_url" if request.param == "postgresql" else "pooled_url"
        url = str(request.getfixturevalue(name))
    pooler = request.param == "pgbouncer"
    engine = open_engine(url, pooler=pooler)
    migrate.upgrade(engine)
    made = House(url, engine, pooler=pooler)
    yield made
    made.store.close()


@pytest.fixture
def postgres_house(postgres_url: str) -> Iterator[House]:
    """The same on PostgreSQL only, for what SQLite's single writer rules out."""
    engine = open_engine(postgres_url)
    migrate.upgrade(engine)
    made = House(postgres_url, engine)
    yield made
    made.store.close()
