"""What changed in a dataset, found by looking at all of it.

Argilla has no list of changes: a record's `updated_at` stays when somebody answers, a suggestion
changes nothing else, and a deleted response leaves no trace. The list of records is cheap, though.
So the cursor holds a fingerprint of the dataset: the records are spread over buckets, and each
bucket's is the sum over its records of a hash of all ids and stamps in it. A bucket whose sum is
another holds a change, and its few records are handed on. No clock plays a part. Only a changed vector
is not seen: it moves no stamp, and reading all vectors at each look would cost a hundred times as much.

A first pass hands on every page as it is read. If it breaks off, it goes on at its offset, but its
fingerprint is lost: the next look then hands everything on once more.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from array import array
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any
from uuid import UUID

from connector.platforms.argilla.client import PAGE_SIZE, ArgillaClient
from connector.platforms.results import dicts

BUCKETS = 4096  # a cursor of 22 kB at most
_WORD = 2**32

Rows = list[dict[str, Any]]


class Fingerprint:
    """A sum for each bucket of records."""

    def __init__(self, sums: array[int] | None = None) -> None:
        self.sums = sums if sums is not None else array("I", bytes(4 * BUCKETS))

    def add(self, rows: Rows) -> None:
        for row in rows:
            where = bucket(row)
            self.sums[where] = (self.sums[where] + _hashed(row)) % _WORD

    def text(self) -> str:
        return base64.b64encode(zlib.compress(self.sums.tobytes())).decode("ascii")

    @classmethod
    def read(cls, text: str) -> Fingerprint | None:
        """A stored fingerprint; None for anything else."""
        try:
            raw = zlib.decompress(base64.b64decode(text, validate=True))
        except (binascii.Error, zlib.error, ValueError):
            return None
        return cls(array("I", raw)) if len(raw) == 4 * BUCKETS else None


def bucket(row: dict[str, Any]) -> int:
    """Where a record belongs, by its id alone."""
    return UUID(str(row["id"])).int % BUCKETS


def _hashed(row: dict[str, Any]) -> int:
    parts = [str(row["id"]), str(row.get("updated_at"))]
    for related in ("responses", "suggestions"):
        parts += sorted(f"{one.get('id')} {one.get('updated_at')}" for one in dicts(row.get(related)))
    return int.from_bytes(blake2b("\n".join(parts).encode(), digest_size=4).digest(), "big")


class ArgillaChanges:
    """Reads one dataset's changes page by page."""

    def __init__(
        self,
        client: ArgillaClient,
        dataset_id: str,
        *,
        vectors: Sequence[str] = (),
        page_size: int = PAGE_SIZE,
    ) -> None:
        self._client = client
        self._dataset_id = dataset_id
        self._vectors = tuple(vectors)
        self._size = page_size

    def since(self, text: str | None) -> Iterator[tuple[Rows, str]]:
        """Rows and the cursor that continues after them. The last cursor starts the next look."""
        offset, known = _parsed(text, self._vectors)
        if known is None:
            yield from self._full(offset)
        else:
            yield from self._delta(known, str(text))

    def _full(self, start: int) -> Iterator[tuple[Rows, str]]:
        seen, offset = Fingerprint(), start
        while True:
            rows = self._client.page(self._dataset_id, offset, self._size, vectors=self._vectors)
            seen.add(rows)
            offset += len(rows)
            if len(rows) < self._size:
                yield rows, self._cursor(seen=(seen if start == 0 else Fingerprint()).text())
                return
            yield rows, self._cursor(offset=offset)

    def _delta(self, known: Fingerprint, text: str) -> Iterator[tuple[Rows, str]]:
        now, places = Fingerprint(), array("H")
        for rows in self._pages():
            now.add(rows)
            places.extend(bucket(row) for row in rows)
        changed = {n for n in range(BUCKETS) if now.sums[n] != known.sums[n]}
        starts = sorted({at - at % self._size for at, where in enumerate(places) if where in changed})
        for start in starts:
            rows = self._client.page(self._dataset_id, start, self._size, vectors=self._vectors)
            # Until all are handed on, the old cursor stands: a look that broke off starts anew.
            yield [row for row in rows if bucket(row) in changed], text
        if starts and self._client.count(self._dataset_id) < len(places):
            # Records were deleted meanwhile and the others moved up, perhaps past us: look again.
            yield [], text
            return
        yield [], self._cursor(seen=now.text())

    def _pages(self) -> Iterator[Rows]:
        offset = 0
        while True:
            rows = self._client.page(self._dataset_id, offset, self._size)
            yield rows
            if len(rows) < self._size:
                return
            offset += len(rows)

    def _cursor(self, **where: Any) -> str:
        return json.dumps({"v": 1, **({"vectors": self._vectors} if self._vectors else {}), **where})


def _parsed(text: str | None, vectors: Sequence[str]) -> tuple[int, Fingerprint | None]:
    """Where to start, and what was seen; anew for what cannot be read or was read with other vectors."""
    try:
        fields = json.loads(text) if text else {}
        if not isinstance(fields, dict) or fields.get("v") != 1:
            return 0, None
        if fields.get("vectors", []) != [*vectors]:
            return 0, None
        if "seen" in fields:
            return 0, Fingerprint.read(str(fields["seen"]))
        return max(0, int(fields.get("offset", 0))), None
    except (ValueError, TypeError, RecursionError):
        return 0, None
