"""A scan that several workers share: which part is done, and who comes last."""

from __future__ import annotations

import pytest

from connector.errors import SecondlookError
from connector.model import ScanPlan
from tests.integration.store.house import House, annotation, in_thread, item, until_blocked

PLAN = ScanPlan(("cat", "dog"), "platform", "both", "v1", seq=3, counted=4, skipped={"empty": 2})


def begun(house: House, ranges: list[tuple[int, int]], scan_id: str = "scan") -> None:
    with house.store.begin() as unit:
        unit.sharded_scans.begin(scan_id, house.project, PLAN, ranges)


def finish(house: House, shard: int) -> list[int]:
    """A part ends, as its worker does it; the parts that it finds undone."""
    with house.store.begin() as unit:
        scan = unit.sharded_scans.running(house.project)
        assert scan is not None
        unit.sharded_scans.done(scan.id, shard)
        return unit.sharded_scans.undone(scan.id)


@pytest.mark.parametrize("size", [1, 2, 3, 10])
def test_ranges_hold_every_item_once(house: House, size: int) -> None:
    house.apply(*(item(str(n), annotation(str(n))) for n in range(7)))
    other = house.new_project("dogs")
    with house.store.begin() as unit:
        gone = unit.items.ids_of(["3"], house.project)
        unit.items.mark_deleted(gone)
        unit.items.apply(other, [item("1", annotation("99"))])

    with house.store.read() as unit:
        ranges = unit.sharded_scans.ranges(house.project, size)
        parts = [
            [one.remote_id for one in unit.items.labelled(house.project, between=between)]
            for between in ranges
        ]
        assert unit.sharded_scans.ranges(10_000, size) == []

    assert [one for part in parts for one in part] == ["0", "1", "2", "4", "5", "6"]
    assert {len(part) for part in parts[:-1]} <= {size}


def test_the_parts_of_a_scan_are_done_once_each(house: House) -> None:
    begun(house, [(1, 5), (6, 9)])
    with house.store.read() as unit:
        running = unit.sharded_scans.running(house.project)
        assert running is not None
        assert (running.id, running.plan) == ("scan", PLAN)
        assert unit.sharded_scans.ranges_of("scan") == [(1, 5), (6, 9)]
        assert unit.sharded_scans.undone("scan") == [0, 1]

    assert finish(house, 1) == [0]
    assert finish(house, 1) == [0], "done again is done"
    assert finish(house, 0) == []

    with house.store.begin() as unit:
        unit.sharded_scans.end("scan")
        assert unit.sharded_scans.running(house.project) is None
    begun(house, [(1, 9)], "next")


def test_a_project_has_one_such_scan_at_a_time(house: House) -> None:
    begun(house, [(1, 5)])

    with pytest.raises(SecondlookError):
        begun(house, [(1, 5)], "another")


def test_of_two_parts_that_end_at_once_one_is_the_last(postgres_house: House) -> None:
    house = postgres_house
    begun(house, [(1, 5), (6, 9)])
    with house.open_transaction() as unit:
        scan = unit.sharded_scans.running(house.project)
        assert scan is not None
        unit.sharded_scans.done(scan.id, 0)
        waiting = in_thread(lambda: finish(house, 1))
        until_blocked(house)
        assert unit.sharded_scans.undone(scan.id) == [1]

    assert waiting.outcome() == []
