"""The disk of the database is full for hours: one line, nothing lost, and all goes on by itself."""

from __future__ import annotations

import errno

from sqlalchemy import event
from structlog.testing import capture_logs

from connector.errors import Misconfigured
from tests.support.world import World
from workers.service.outages import reclassified
from workers.service.sweep import sweep

LARGEST = 1 << 30


def limit_pages(world: World, pages: int) -> None:
    """Let new connections take so many pages at most; the file that is there keeps its own."""

    def limit(connection: object, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}").close()  # type: ignore[attr-defined]

    event.listen(world._engine, "connect", limit)
    world._engine.dispose()


def test_a_full_disk_is_one_line_and_work_goes_on_when_there_is_space(world: World) -> None:
    world.some_right()
    world.settle()
    limit_pages(world, 1)
    for n in range(30):
        world.item(f"{n} {'x' * 5000}", "cat", cat=0.9, dog=0.05, bird=0.05)
    with capture_logs() as lines:
        for _ in range(40):
            world.clock.advance(seconds=30)
            sweep(world.services)
            world.run_messages()
    loud = [line for line in lines if line["log_level"] in ("warning", "error")]
    limit_pages(world, LARGEST)
    world.later(seconds=601)

    assert [(line["event"], line["reason"][:49]) for line in loud] == [
        ("work waits", "database: the disk of the database is full. Free ")
    ]
    with world.read() as unit:
        assert unit.items.count(world.project.id) == 36


def test_a_full_disk_for_files_waits_for_a_person_as_that_of_the_database() -> None:
    found = reclassified(OSError(errno.ENOSPC, "No space left on device", "/data/part"))

    assert isinstance(found, Misconfigured)
    assert "/data/part is full" in str(found)
