"""The database of a small world, a file of SQLite or one of PostgreSQL: copied and put back at will."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg import sql
from sqlalchemy import Engine, event, make_url

from connector.store import migrate
from connector.store.engine import open_engine
from tests.support.postgres import BACKUP


class WorldDatabase(Protocol):
    """What a world needs of its database. It is copied and put back while nobody is connected."""

    def take(self) -> Engine: ...

    def give_back(self, engine: Engine) -> None: ...

    def copied(self) -> str:
        """A backup; its name."""
        ...

    def put_back(self, backup: str) -> None: ...


class Engines:
    """The product's engines, without waiting for the disk: these tests cut no power.

    An engine that is free is pointed to the next database, for it remembers how statements are compiled;
    a test that starts hundreds of worlds would spend most of its time on that.
    """

    def __init__(self) -> None:
        self._free: list[Engine] = []
        self._paths: dict[int, Path] = {}

    def take(self, database: Path) -> Engine:
        engine = self._free.pop() if self._free else self._made(database)
        self._paths[id(engine)] = database
        return engine

    def give_back(self, engine: Engine) -> None:
        engine.dispose()  # the last connection takes the write-ahead log into the file
        if engine not in self._free:
            self._free.append(engine)

    def _made(self, database: Path) -> Engine:
        engine = open_engine(f"sqlite:///{database}")

        def redirect(_dialect: Any, _record: Any, arguments: list[Any], _parameters: Any) -> None:
            arguments[0] = str(self._paths[id(engine)])

        event.listen(engine, "do_connect", redirect)
        event.listen(engine, "connect", _no_fsync)
        return engine


def _no_fsync(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous = OFF").close()


ENGINES = Engines()


class SqliteFile:
    """A file, which begins as a copy of the template."""

    def __init__(self, path: Path, template: Path) -> None:
        self._path = path
        self._numbers = itertools.count(1)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(template, path)

    def take(self) -> Engine:
        return ENGINES.take(self._path)

    def give_back(self, engine: Engine) -> None:
        ENGINES.give_back(engine)

    def copied(self) -> str:
        return str(shutil.copy(self._path, self._path.with_name(f"backup-{next(self._numbers)}")))

    def put_back(self, backup: str) -> None:
        for part in self._path.parent.glob(f"{self._path.name}-*"):
            part.unlink()
        shutil.copy(backup, self._path)


class PostgresDatabase:
    """A database of a test's cluster; its tables are made where it has none."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._numbers = itertools.count(1)

    def take(self) -> Engine:
        engine = open_engine(self._url)
        migrate.upgrade(engine)
        return engine

    def give_back(self, engine: Engine) -> None:
        engine.dispose()

    def copied(self) -> str:
        backup = f"{self._name}{BACKUP}{next(self._numbers)}"
        self._copy(self._name, backup)
        return backup

    def put_back(self, backup: str) -> None:
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(self._name)))
        self._copy(backup, self._name)

    @property
    def _name(self) -> str:
        return str(make_url(self._url).database)

    def _copy(self, name: str, to: str) -> None:
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._execute(copy.format(sql.Identifier(to), sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        cluster = make_url(self._url).set(drivername="postgresql", database="postgres")
        with psycopg.connect(cluster.render_as_string(), autocommit=True) as connection:
            connection.execute(statement)


def migrated_template(folder: Path) -> Path:
    """An empty database of this version, to be copied."""
    path = folder / "template.db"
    engine = ENGINES.take(path)
    migrate.upgrade(engine)
    ENGINES.give_back(engine)
    return path
