"""What goes wrong with a database, by what the caller should do next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, event

from connector.errors import Misconfigured, Rejected, Retryable, SecondlookError
from connector.model import Annotation
from connector.store import migrate
from connector.store.engine import open_engine
from connector.store.unit_of_work import Store
from tests.integration.store.house import HandClock, House, annotation, item

SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|VALUES|FROM|PRAGMA|BEGIN)\b|parameters")
SECRET = "a-secret-label"


def store_over(engine: Engine) -> Store:
    return Store(engine, HandClock(), lambda ids: None, timedelta(seconds=60))


def secret_item() -> Annotation:
    return annotation("11", SECRET)


def failure(house: House) -> SecondlookError:
    """What storing an item raises; it must say nothing of the item or of how it is stored."""
    with pytest.raises(SecondlookError) as caught:
        house.apply(item("1", secret_item()))
    assert not SQL.search(str(caught.value)), str(caught.value)
    assert SECRET not in str(caught.value)
    return caught.value


@pytest.fixture
def sqlite_house(tmp_path: Path) -> Iterator[House]:
    url = f"sqlite:///{tmp_path / 'secondlook.db'}"
    engine = open_engine(url)
    migrate.upgrade(engine)
    made = House(url, engine)
    yield made
    made.store.close()


def set_pragma(house: House, pragma: str) -> None:
    """For all connections from now on."""
    house.engine.dispose()
    event.listen(house.engine, "connect", lambda connection, _: connection.execute(f"PRAGMA {pragma}"))


def test_a_database_without_tables_says_what_to_do(database_url: str) -> None:
    store = store_over(open_engine(database_url))
    with (
        pytest.raises(Misconfigured, match=r"no tables yet.*Run any `secondlook` command"),
        store.begin() as unit,
    ):
        unit.projects.all()
    with pytest.raises(Misconfigured, match="no tables yet"), store.read() as unit:
        unit.projects.all()
    store.close()


def test_a_row_that_points_nowhere_is_refused_for_good(house: House) -> None:
    house.project = 4711
    found = failure(house)
    assert isinstance(found, Rejected)


def test_a_full_disk_is_named(sqlite_house: House) -> None:
    [(pages,)] = sqlite_house.rows("PRAGMA page_count")
    set_pragma(sqlite_house, f"max_page_count = {pages}")
    many = [item(str(number), secret_item(), data={"text": "x" * 5000}) for number in range(200)]
    with pytest.raises(Misconfigured, match=r"disk of the database is full.*Free space") as caught:
        sqlite_house.apply(*many)
    assert SECRET not in str(caught.value)
    with sqlite_house.store.read() as unit:  # what was stored before is still there
        assert unit.projects.get(sqlite_house.project).name == "cats"


def test_a_busy_database_is_tried_again(sqlite_house: House) -> None:
    set_pragma(sqlite_house, "busy_timeout = 1")
    with sqlite_house.store.begin():
        found = failure(sqlite_house)
    assert isinstance(found, Retryable)
    sqlite_house.apply(item("1", secret_item()))


def test_a_database_that_cannot_be_written_says_so(sqlite_house: House) -> None:
    path = sqlite_house.url.removeprefix("sqlite:///")
    engine = open_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    house = sqlite_house
    house.store = store_over(engine)
    found = failure(house)
    assert isinstance(found, Misconfigured)
    assert "opened for writing" in str(found)
    engine.dispose()


def test_a_folder_in_place_of_the_file_says_so(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}")
    with pytest.raises(Misconfigured, match=r"opened for writing.*permissions"):
        migrate.upgrade(engine)
    engine.dispose()


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match=r"database\.url: the folder .* cannot be made"):
        open_engine(f"sqlite:///{tmp_path}/file/secondlook.db")


def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("dear diary\n" * 500)
    engine = open_engine(f"sqlite:///{tmp_path}/notes.txt")
    with pytest.raises(Misconfigured, match="is no SQLite database"):
        migrate.upgrade(engine)
    engine.dispose()
    assert (tmp_path / "notes.txt").read_text().startswith("dear diary")


@pytest.mark.parametrize("url", ["nonsense", "", "mysql://u@h/d", "sqlserver:///file"])
def test_an_address_of_no_database_of_ours_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured, match=r"database\.url"):
        open_engine(url)


def test_a_server_that_is_not_there_is_tried_again(postgres_url: str) -> None:
    nowhere = re.sub(r":\d+/", ":1/", postgres_url)
    store = store_over(open_engine(nowhere))
    with pytest.raises(Retryable), store.begin():
        pass
    with pytest.raises(Retryable), store.read() as unit:
        unit.projects.all()
    store.close()


def test_a_database_that_is_not_there_is_a_persons_matter(postgres_url: str) -> None:
    engine = open_engine(f"{postgres_url}_of_another_name")
    with pytest.raises(Misconfigured, match="user, password and the database's name"):
        migrate.upgrade(engine)
    engine.dispose()


def test_a_connection_that_breaks_is_tried_again_and_nothing_is_half_done(postgres_house: House) -> None:
    house = postgres_house

    def work_through_a_cut() -> None:
        with house.store.begin() as unit:
            unit.projects.pause(house.project, "half done")
            cut_all_connections(house)
            unit.projects.pause(house.project, "more of it")

    with pytest.raises(Retryable, match="connection to the database broke"):
        work_through_a_cut()
    with house.store.read() as unit:
        assert unit.projects.get(house.project).paused_reason is None


def test_connections_that_broke_while_idle_are_replaced_unnoticed(postgres_house: House) -> None:
    cut_all_connections(postgres_house)
    assert postgres_house.labelled() == {}


def test_a_server_that_became_a_standby_is_left_for_the_one_that_takes_writes(postgres_house: House) -> None:
    with postgres_house.engine.connect() as pooled:
        pooled.exec_driver_sql("SET default_transaction_read_only = on")
        pooled.commit()
    found = failure(postgres_house)
    assert isinstance(found, Retryable)
    assert "takes no writes" in str(found)
    postgres_house.apply(item("1", secret_item()))


def cut_all_connections(house: House) -> None:
    with closing(psycopg.connect(house.url.replace("+psycopg", ""), autocommit=True)) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_the_plain_name_of_postgresql_means_our_driver(postgres_url: str) -> None:
    engine = open_engine(postgres_url.replace("postgresql+psycopg://", "postgresql://"))
    migrate.upgrade(engine)
    assert engine.dialect.driver == "psycopg"
    engine.dispose()
