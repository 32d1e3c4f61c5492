"""What changed in a project: a full pass by id, then deltas by `updated_at`, resumable anywhere.

Every position is a key, never an offset, because offsets shift while tasks come and go. Moments
are the server's own, read from its rows; from its `Date` header only differences are used. Our
clock plays no part.

A transaction may commit a little after the moment that it stamped on its rows. So a delta starts
`LATE_COMMITS_S` before the newest row known, until the server's clock has moved on by as much
since that row was seen: then everything up to it is settled and is not read again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from connector.model.moments import EPOCH, moment
from connector.platforms.label_studio.client import (
    ITEM_FIELDS,
    PAGE_SIZE,
    Filter,
    LabelStudioClient,
    id_above,
    updated,
)

LATE_COMMITS_S = 15.0
DATE_STEP_S = 2.0  # the Date header counts whole seconds
CLOCK_SET_BACK_S = 120.0  # beyond this, deltas would miss changes: read everything again

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position. `full` counts ids in a full pass; `tie` counts ids within one moment of a delta."""

    full: int | None = None
    after: str = ""  # rows stamped later than this are still to be read
    tie: int | None = None  # when set: rows stamped exactly `after` with a greater id come first
    until: str = ""  # a delta under way ends here, whatever changes meanwhile
    then: str = ""  # where the next delta starts
    high: str = ""  # the newest stamp known
    at: float = 0.0  # the server's clock when `high` had been seen

    def text(self) -> str:
        """The cursor as it is stored."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(
            {"v": 1, **{name: value for name, value in fields.items() if value not in ("", None)}}
        )


def parse(text: str | None) -> Cursor | None:
    """A stored cursor; None for none, and for one that cannot be read: a full pass repairs that."""
    if text is None:
        return None
    try:
        fields = json.loads(text)
        if fields.pop("v") != 1:
            return None
        return Cursor(**fields)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


class LabelStudioChanges:
    """Reads one project's changes page by page."""

    def __init__(
        self,
        client: LabelStudioClient,
        project_id: str,
        *,
        fields: str = ITEM_FIELDS,
        page_size: int = PAGE_SIZE,
    ) -> None:
        self._client = client
        self._project_id = project_id
        self._fields = fields
        self._size = page_size

    def since(self, text: str | None) -> Iterator[tuple[Rows, str]]:
        """Rows and the cursor that continues after them. The last cursor starts the next delta."""
        cursor = parse(text)
        if cursor is None:
            cursor = self._begin()
        if cursor.full is not None:
            yield from self._full(cursor)
        else:
            yield from self._delta(cursor)

    def _begin(self) -> Cursor:
        # Before the first row is read: what changes during the full pass is stamped later than this.
        newest, at = self._newest()
        return Cursor(full=0, then=earlier(newest, LATE_COMMITS_S), high=newest, at=at)

    def _full(self, cursor: Cursor) -> Iterator[tuple[Rows, str]]:
        while True:
            rows, _ = self._page([id_above(cursor.full or 0)], "tasks:id")
            if len(rows) < self._size:
                done = Cursor(after=cursor.then, high=cursor.high, at=cursor.at)
                yield rows, done.text()
                return
            cursor = replace(cursor, full=rows[-1]["id"])
            yield rows, cursor.text()

    def _delta(self, known: Cursor) -> Iterator[tuple[Rows, str]]:
        started = time.monotonic()
        cursor = known
        now = None
        while True:
            rows, headers = self._step(cursor)
            if now is None:
                now = server_time(headers)
                if now and now < known.at - CLOCK_SET_BACK_S:
                    yield from self._full(self._begin())
                    return
            more = len(rows) == self._size
            if more and not cursor.until:
                cursor = self._bounded(cursor, time.monotonic() - started)
            last = not more and cursor.tie is None
            cursor, rows = self._advance(cursor, rows, more=more)
            if last or (cursor.until and cursor.tie is None and cursor.after >= cursor.until):
                yield rows, next_delta(known, cursor, now).text()
                return
            if rows:
                yield rows, cursor.text()

    def _step(self, cursor: Cursor) -> tuple[Rows, Mapping[str, str]]:
        if cursor.tie is not None:
            return self._page([updated("equal", cursor.after), id_above(cursor.tie)], "tasks:id")
        return self._page([updated("greater", cursor.after)], "tasks:updated_at")

    def _bounded(self, cursor: Cursor, elapsed: float) -> Cursor:
        # The first page was read `elapsed` before this moment: late commits are counted from there.
        newest, at = self._newest()
        return replace(
            cursor, until=newest, then=earlier(newest, LATE_COMMITS_S + elapsed), high=newest, at=at
        )

    def _advance(self, cursor: Cursor, rows: Rows, *, more: bool) -> tuple[Cursor, Rows]:
        if cursor.tie is not None:
            return replace(cursor, tie=rows[-1]["id"] if more else None), rows
        if not more:
            return replace(cursor, after=stamp_of(rows[-1]) if rows else cursor.after), rows
        # Rows with the last stamp may go on beyond the page: leave them to the next one.
        last = stamp_of(rows[-1])
        whole = [row for row in rows if stamp_of(row) != last]
        if whole:
            return replace(cursor, after=stamp_of(whole[-1])), whole
        return replace(cursor, after=last, tie=0), []

    def _newest(self) -> tuple[str, float]:
        rows, headers = self._client.page(
            self._project_id, order="-tasks:updated_at", size=1, fields="id,updated_at"
        )
        return (stamp_of(rows[0]) if rows else stamp(EPOCH)), server_time(headers)

    def _page(self, filters: list[Filter], order: str) -> tuple[Rows, Mapping[str, str]]:
        return self._client.page(
            self._project_id, filters=filters, order=order, size=self._size, fields=self._fields
        )


def next_delta(known: Cursor, done: Cursor, now: float) -> Cursor:
    """Where the delta after one that began at `known` (at server time `now`) and ended at `done` starts.

    As late as is safe, and never earlier than the one before.
    """
    if known.until:  # resumed in the middle: what was known before it began is gone, and not needed
        return Cursor(after=done.then, high=done.high, at=done.at)
    settled = bool(now and known.at) and now - known.at >= LATE_COMMITS_S + DATE_STEP_S
    floor = max(known.after, known.high if settled else "")
    high = done.high if done.until else max(done.after, known.high)
    start = done.then if done.until else earlier(high, LATE_COMMITS_S)
    # Without a Date there is nothing to measure from: the newest rows are then read again each time.
    now_seen = done.at if done.until else now
    seen = known.at if high == known.high and known.at else now_seen
    return Cursor(after=max(floor, start), high=high, at=seen)


def server_time(headers: Mapping[str, str]) -> float:
    """The server's clock in seconds, from the Date header; 0.0 where it gives none."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp()
    except ValueError:
        return 0.0


def stamp(when: datetime) -> str:
    """A moment as the server's filters want it, and so that text order is time order."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def earlier(text: str, seconds: float) -> str:
    """A stamp moved back; never before 1970."""
    when = moment(text)
    return stamp(max(EPOCH, when - timedelta(seconds=seconds)))


def stamp_of(row: Mapping[str, Any]) -> str:
    """A row's `updated_at`; the server leaves the fraction out where it is zero."""
    return stamp(moment(row.get("updated_at")))
