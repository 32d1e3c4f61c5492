"""The number of workers follows what waits in the database."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from tests.integration.store.house import House
from tests.unit.docs.test_helm import scaling_query


def test_lanes_that_have_work_now_are_counted_once_each(postgres_house: House) -> None:
    house = postgres_house
    assert _asked(house) == 0
    running = house.enqueue(lane="source:1")
    house.enqueue(lane="source:1"), house.enqueue(lane="review:1"), house.enqueue(), house.enqueue()
    assert house.store.claim(running or "") is not None
    house.enqueue(lane="later", due_at=house.clock.now() + timedelta(days=36_500))
    assert _asked(house) == 4, "two lanes and two jobs without one"


def _asked(house: House) -> int:
    with house.engine.connect() as connection:
        return int(connection.execute(text(scaling_query())).scalar_one())
