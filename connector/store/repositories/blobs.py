"""Large content under a name: written in parts, whole or not there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from sqlalchemy import delete, select

from connector.store.repositories.base import Repository
from connector.store.tables import blobs

PART_BYTES = 4 << 20  # of one row: drivers and servers hold a row's content in memory several times

# Each part carries the SHA-256 of all content up to its end, and an empty part ends the content. So a part
# that is missing, doubled or damaged shows, wherever it stands.


class Blobs(Repository):
    def put(self, project_id: int, name: str, content: bytes | Iterable[bytes]) -> int:
        """Store content in place of what had that name; its size in bytes.

        The old content is there until this transaction commits. Two writers of one name take turns.
        """
        check = hashlib.sha256()
        size = number = 0
        for number, part in enumerate(_parts(content)):
            check.update(part)
            size += len(part)
            new = self._insert(blobs).values(
                project_id=project_id,
                name=name,
                part=number,
                content=part,
                digest=check.hexdigest(),
                updated_at=self._now,
            )
            changed = {column: new.excluded[column] for column in ("content", "digest", "updated_at")}
            self._connection.execute(
                new.on_conflict_do_update(index_elements=["project_id", "name", "part"], set_=changed)
            )
        self._connection.execute(
            delete(blobs).where(blobs.c.project_id == project_id, blobs.c.name == name, blobs.c.part > number)
        )
        return size

    def get(self, project_id: int, name: str) -> bytes | None:
        """The whole content; None where there is none, or where a part is missing or damaged."""
        query = (
            select(blobs.c.content, blobs.c.digest)
            .where(blobs.c.project_id == project_id, blobs.c.name == name)
            .order_by(blobs.c.part)
        )
        check = hashlib.sha256()
        result: list[bytes] = []
        with self._connection.execute(query, execution_options={"yield_per": 1}) as rows:
            for row in rows:
                check.update(row.content)
                if check.hexdigest() != row.digest:
                    return None
                result.append(bytes(row.content))
        ended = bool(result) and not result[-1]
        return b"".join(result) if ended else None

    def names(self, project_id: int, prefix: str) -> list[str]:
        """Names that begin so, in order."""
        query = (
            select(blobs.c.name)
            .where(blobs.c.project_id == project_id, blobs.c.name.startswith(prefix, autoescape=True))
            .distinct()
            .order_by(blobs.c.name)
        )
        return list(self._connection.execute(query).scalars())

    def delete(self, project_id: int, name: str) -> None:
        """Remove the content of that name, if there is any."""
        self._connection.execute(delete(blobs).where(blobs.c.project_id == project_id, blobs.c.name == name))


def _parts(content: bytes | Iterable[bytes]) -> Iterator[bytes]:
    """Parts of PART_BYTES, a shorter last one, and the empty one that ends the content."""
    waiting = bytearray()
    for piece in [content] if isinstance(content, bytes) else content:
        for start in range(0, len(piece), PART_BYTES):
            waiting += piece[start : start + PART_BYTES]
            while len(waiting) >= PART_BYTES:
                yield bytes(waiting[:PART_BYTES])
                del waiting[:PART_BYTES]
    if waiting:
        yield bytes(waiting)
    yield b""
