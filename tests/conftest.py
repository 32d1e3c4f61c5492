"""Servers that tests share. A missing server program fails the test: nothing is skipped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from connector.store import migrate
from connector.store.engine import open_engine
from tests.support.argilla import ArgillaServer, running_argilla
from tests.support.databases import migrated_template
from tests.support.label_studio import LabelStudioServer, running_label_studio
from tests.support.pgbouncer import PgBouncer
from tests.support.postgres import PostgresServer
from tests.support.processes import ProcessPark
from tests.support.rabbitmq import RabbitMqServer
from tests.support.redis_server import RedisServer

# Speed is measured by `make bench`, never asserted. In CI the same cases run each time, so that a
# submission is judged by what it changed; runs by hand look for new ones.
settings.register_profile("hand", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "hand")


@pytest.fixture(scope="session")
def label_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabelStudioServer]:
    """A real Label Studio whose webhooks may reach this machine."""
    with running_label_studio(tmp_path_factory.mktemp("label-studio") / "data") as server:
        yield server


@pytest.fixture(scope="session")
def argilla(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArgillaServer]:
    """A real Argilla with its worker and Redis; its search engine is a stand-in."""
    with running_argilla(tmp_path_factory.mktemp("argilla")) as server:
        yield server


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A real Redis that the test may flush, restart or kill."""
    with RedisServer(tmp_path) as server:
        yield server


@pytest.fixture
def rabbitmq_server() -> Iterator[RabbitMqServer]:
    """A real RabbitMQ that the test may purge, restart or kill."""
    with RabbitMqServer() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The address of an empty Redis."""
    return redis_server.url


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The PostgreSQL cluster that tests share; do not kill this one."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The SQLAlchemy address of a fresh database."""
    with postgres_server.fresh_database() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PostgresServer) -> Iterator[str]:
    """The name of a database with all tables and no row, to be copied: quicker than migrating."""
    with postgres_server.fresh_database() as url:
        engine = open_engine(url)
        migrate.upgrade(engine)
        engine.dispose()
        yield url.rsplit("/", 1)[1]


@pytest.fixture
def migrated_postgres_url(postgres_server: PostgresServer, migrated_postgres: str) -> Iterator[str]:
    """The SQLAlchemy address of a fresh database with all tables."""
    with postgres_server.fresh_database(migrated_postgres) as url:
        yield url


@pytest.fixture(scope="session")
def template_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated and empty database file: copying it is quicker than migrating again."""
    return migrated_template(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def pgbouncer(postgres_server: PostgresServer) -> Iterator[PgBouncer]:
    """A pooler in transaction mode in front of the shared cluster."""
    with PgBouncer(postgres_server) as pooler:
        yield pooler


@pytest.fixture
def pooled_url(pgbouncer: PgBouncer, postgres_url: str) -> str:
    """The address of a fresh database behind the pooler."""
    return pgbouncer.address_of(postgres_url)


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[ProcessPark]:
    """Starts real processes; what still runs at the end of the test is killed."""
    park = ProcessPark(tmp_path)
    yield park
    park.kill_all()
