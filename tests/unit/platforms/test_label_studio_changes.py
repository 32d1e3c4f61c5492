"""Deltas miss nothing: ties, rows that move, commits that show late, broken-off passes, odd clocks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.platforms.label_studio.changes import LATE_COMMITS_S, LabelStudioChanges, parse, stamp
from connector.platforms.label_studio.client import LabelStudioClient
from connector.platforms.label_studio.mapping import moment

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Rows:
    """The task list of a server: its filters and orders, its clock, and rows that show late."""

    now: datetime = START
    rows: dict[int, tuple[datetime, int]] = field(default_factory=dict)  # id → updated_at, version
    late: list[tuple[datetime, int, datetime]] = field(default_factory=list)  # shows at, id, stamp
    version: int = 0
    requests: int = 0
    read: int = 0

    def touch(self, *ids: int, at: datetime | None = None) -> None:
        """Change rows, all in one moment."""
        self.version += 1
        for row in ids:
            self.rows[row] = (at or self.now, self.version)

    def touch_late(self, row: int, seconds: float) -> None:
        """Change a row now, in a transaction that commits later."""
        self.late.append((self.now + timedelta(seconds=seconds), row, self.now))

    def wait(self, seconds: float) -> None:
        """Time passes, and what was to commit commits."""
        self.now += timedelta(seconds=seconds)
        due = [entry for entry in self.late if entry[0] <= self.now]
        self.late = [entry for entry in self.late if entry[0] > self.now]
        for _, row, at in due:
            if self.rows.get(row, (START, 0))[0] <= at:
                self.touch(row, at=at)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        query = json.loads(request.url.params["query"])
        found = [(i, at) for i, (at, _) in self.rows.items() if self._passes(i, at, query)]
        order = query["ordering"][0]
        found.sort(key=lambda row: row[0] if order == "tasks:id" else row[1], reverse=order.startswith("-"))
        page = found[: int(request.url.params["page_size"])]
        self.read += len(page)
        tasks = [{"id": i, "updated_at": shown(at), "version": self.rows[i][1]} for i, at in page]
        date = format_datetime(self.now.replace(microsecond=0), usegmt=True)
        return httpx.Response(200, json={"tasks": tasks}, headers={"date": date})

    def _passes(self, row: int, at: datetime, query: dict[str, Any]) -> bool:
        for item in query.get("filters", {"items": []})["items"]:
            wanted = item["value"]
            if item["filter"] == "filter:tasks:id":
                if not row > wanted:
                    return False
            else:
                bound = datetime.strptime(wanted, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
                if not (at > bound if item["operator"] == "greater" else at == bound):
                    return False
        return True


def shown(at: datetime) -> str:
    """As Django writes it: without a fraction where that is zero."""
    return at.isoformat().replace("+00:00", "Z")


class Reader:
    """What a sync has stored: the newest version of each row, and the last saved cursor."""

    def __init__(self, server: Rows, size: int = 3) -> None:
        client = LabelStudioClient("http://ls.test", "t", transport=httpx.MockTransport(server))
        self.changes = LabelStudioChanges(client, "1", page_size=size)
        self.cursor: str | None = None
        self.known: dict[int, int] = {}

    def take(self, rows: list[dict[str, Any]], cursor: str) -> None:
        self.known |= {row["id"]: row["version"] for row in rows}
        self.cursor = cursor

    def sync(self, pages: int = 10_000) -> int:
        """Read up to so many pages; how many there were."""
        count = 0
        for rows, cursor in self.changes.since(self.cursor):
            self.take(rows, cursor)
            count += 1
            assert count < 5_000, "a pass ends"
            if count == pages:
                break
        return count

    def knows(self, server: Rows) -> bool:
        return all(self.known.get(row) == version for row, (_, version) in server.rows.items())


def test_a_bulk_change_of_more_rows_than_a_page_holds_is_read_whole() -> None:
    server = Rows()
    reader = Reader(server)
    server.touch(*range(1, 5))
    reader.sync()
    server.wait(60)
    server.touch(*range(1, 30))
    reader.sync()
    assert reader.knows(server)


@pytest.mark.parametrize("pages", range(1, 12))
def test_a_delta_that_broke_off_within_a_bulk_change_goes_on_there(pages: int) -> None:
    server = Rows()
    reader = Reader(server)
    reader.sync()
    for first in (1, 20, 40):
        server.wait(1)
        server.touch(*range(first, first + 10))
    reader.sync(pages)
    server.wait(1)
    server.touch(5)
    reader.sync()
    reader.sync()
    assert reader.knows(server)


def test_an_idle_project_costs_one_request_and_no_row() -> None:
    server = Rows()
    server.touch(*range(1, 100))
    reader = Reader(server, size=50)
    reader.sync()
    for _ in range(2):
        server.wait(LATE_COMMITS_S + 5)
        reader.sync()
    server.requests = server.read = 0
    for _ in range(10):
        server.wait(1)
        reader.sync()
    assert (server.requests, server.read) == (10, 0)


def test_a_delta_costs_what_changed_and_not_what_there_is() -> None:
    server = Rows()
    server.touch(*range(1, 1000))
    reader = Reader(server, size=100)
    reader.sync()
    for _ in range(2):
        server.wait(60)
        reader.sync()
    server.touch(7)
    server.requests = server.read = 0
    reader.sync()
    assert (server.requests, server.read) == (1, 1)


def test_a_commit_that_shows_after_a_newer_one_is_still_read() -> None:
    server = Rows()
    reader = Reader(server)
    server.touch(1, 2)
    reader.sync()
    server.wait(60)
    server.touch_late(2, LATE_COMMITS_S - 1)
    server.wait(0.5)
    server.touch(1)
    for _ in range(int(LATE_COMMITS_S)):
        reader.sync()
        server.wait(1)
    reader.sync()
    assert reader.knows(server)


def test_a_row_without_a_fraction_of_a_second_is_ordered_and_filtered_like_the_others() -> None:
    server = Rows()
    reader = Reader(server)
    reader.sync()
    for n in range(1, 9):
        server.touch(n)
        server.now += timedelta(seconds=0.5)
    reader.sync()
    assert reader.knows(server)


def test_a_server_whose_clock_is_set_back_is_read_anew() -> None:
    server = Rows(now=START + timedelta(hours=1))
    server.touch(1, 2)
    reader = Reader(server)
    reader.sync()
    server.wait(60)
    reader.sync()
    server.now -= timedelta(hours=1)
    server.touch(1)
    reader.sync()
    assert reader.knows(server)


@pytest.mark.parametrize("text", ["", "{}", "null", "[]", '{"v": 2}', '{"v": 1, "x": 5}', "17"])
def test_a_cursor_that_cannot_be_read_begins_anew(text: str) -> None:
    assert parse(text) is None
    server = Rows()
    server.touch(1, 2, 3, 4)
    reader = Reader(server)
    reader.cursor = text
    reader.sync()
    assert reader.knows(server)


OPERATIONS = st.one_of(
    st.tuples(st.just("touch"), st.lists(st.integers(1, 25), min_size=1, max_size=12)),
    st.tuples(st.just("late"), st.integers(1, 25), st.floats(0, LATE_COMMITS_S - 1)),
    st.tuples(st.just("wait"), st.sampled_from([0.0, 0.000001, 0.5, 3.0, 20.0, 100.0])),
    st.tuples(st.just("delete"), st.integers(1, 25)),
    st.tuples(st.just("page")),
    st.tuples(st.just("crash")),
)


@settings(max_examples=150, deadline=None)
@given(operations=st.lists(OPERATIONS, max_size=60), size=st.integers(1, 4))
def test_whatever_happens_between_pages_a_quiet_end_knows_everything(
    operations: list[tuple[Any, ...]], size: int
) -> None:
    server = Rows()
    reader = Reader(server, size)
    pages = None
    for name, *values in operations:
        if name == "touch":
            server.touch(*values[0])
        elif name == "late":
            server.touch_late(values[0], values[1])
        elif name == "wait":
            server.wait(values[0])
        elif name == "delete":
            server.rows.pop(values[0], None)
        elif name == "crash":
            pages = None
        else:
            pages = pages or reader.changes.since(reader.cursor)
            page = next(pages, None)
            if page is None:
                pages = None
            else:
                reader.take(*page)
    server.wait(LATE_COMMITS_S)
    reader.sync()
    reader.sync()
    assert reader.knows(server)


def test_stamps_keep_their_order_as_text() -> None:
    moments = [START, START + timedelta(microseconds=1), START + timedelta(seconds=1)]
    assert sorted(stamp(m) for m in moments) == [stamp(m) for m in moments]
    assert [moment(stamp(m)) for m in moments] == moments
