"""Scans that several workers share: which part is read, and who is the last."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, insert, select, update

from connector.model import ScanPlan, ShardedScan
from connector.store.repositories.base import Repository
from connector.store.tables import items, scan_shards, sharded_scans

Range = tuple[int, int]  # our ids of the first and the last item


class ShardedScans(Repository):
    def ranges(self, project_id: int, size: int) -> list[Range]:
        """The project's items in order of their ids, cut into ranges of `size`."""
        present = (
            select(items.c.id)
            .where(items.c.project_id == project_id, items.c.deleted_at.is_(None))
            .order_by(items.c.id)
        )
        result: list[Range] = []
        first = self._connection.execute(present.limit(1)).scalar_one_or_none()
        while first is not None:
            beyond = present.where(items.c.id >= first).offset(size).limit(1)
            following = self._connection.execute(beyond).scalar_one_or_none()
            last = present.with_only_columns(func.max(items.c.id)).order_by(None)
            end = following - 1 if following is not None else self._connection.execute(last).scalar_one()
            result.append((first, end))
            first = following
        return result

    def begin(self, scan_id: str, project_id: int, plan: ScanPlan, ranges: Sequence[Range]) -> None:
        """Begin with all parts unread. The database refuses a second scan beside it."""
        self._connection.execute(
            insert(sharded_scans).values(
                id=scan_id, project_id=project_id, plan=plan.to_json(), started_at=self._now
            )
        )
        rows = [
            {"scan_id": scan_id, "shard": n, "first_item": first, "last_item": last, "done": False}
            for n, (first, last) in enumerate(ranges)
        ]
        self._connection.execute(insert(scan_shards), rows)

    def running(self, project_id: int) -> ShardedScan | None:
        """The project's scan; in a transaction that may write, whoever else asks waits for its end.

        So of two workers that finish the last two parts at once, the second sees that the first is done.
        """
        query = select(sharded_scans).where(sharded_scans.c.project_id == project_id)
        row = self._connection.execute(self._held(query, sharded_scans)).one_or_none()
        return None if row is None else ShardedScan(row.id, ScanPlan.from_json(row.plan), row.started_at)

    def ranges_of(self, scan_id: str) -> list[Range]:
        """The range of each part, in order."""
        query = select(scan_shards.c.first_item, scan_shards.c.last_item)
        result = self._connection.execute(
            query.where(scan_shards.c.scan_id == scan_id).order_by(scan_shards.c.shard)
        )
        return [(row.first_item, row.last_item) for row in result]

    def undone(self, scan_id: str) -> list[int]:
        """The parts that have not been read yet."""
        query = select(scan_shards.c.shard).where(
            scan_shards.c.scan_id == scan_id, scan_shards.c.done.is_(False)
        )
        return list(self._connection.execute(query.order_by(scan_shards.c.shard)).scalars())

    def done(self, scan_id: str, shard: int) -> None:
        """A part has been read."""
        self._connection.execute(
            update(scan_shards)
            .where(scan_shards.c.scan_id == scan_id, scan_shards.c.shard == shard)
            .values(done=True)
        )

    def end(self, scan_id: str) -> None:
        """It was recorded, or is given up."""
        self._connection.execute(delete(scan_shards).where(scan_shards.c.scan_id == scan_id))
        self._connection.execute(delete(sharded_scans).where(sharded_scans.c.id == scan_id))
