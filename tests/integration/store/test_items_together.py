"""A webhook and a poll bring the same items at the same moment."""

from __future__ import annotations

from dataclasses import replace

from connector.model import Item
from tests.integration.store.house import (
    House,
    annotation,
    at,
    in_thread,
    item,
    prediction,
    together,
    until_blocked,
)


def page(minute: float, label: str, size: int = 120) -> list[Item]:
    return [
        item(
            str(number),
            annotation(str(number), label, updated_at=at(minute)),
            updated=minute,
            predictions=(prediction(str(number)),),
        )
        for number in range(size)
    ]


def test_the_same_new_items_at_once_are_stored_once(house: House) -> None:
    pages = [page(0, "cat"), page(0, "cat")[::-1]]
    changes = together(4, lambda index: house.apply(*pages[index % 2]))
    assert sum(change.new for change in changes) == 120
    assert house.rows("SELECT count(*) FROM items") == [(120,)]
    assert house.rows("SELECT count(*) FROM annotations") == [(120,)]
    assert house.rows("SELECT count(*) FROM predictions") == [(120,)]
    assert set(house.labelled().values()) == {"cat"}


def test_changes_at_once_end_in_the_newest(house: House) -> None:
    house.apply(*page(0, "cat"))
    together(5, lambda index: house.apply(*page(index + 1, f"label {index}")))
    assert set(house.labelled().values()) == {"label 4"}


def test_an_older_state_that_waited_for_a_newer_one_does_not_overwrite_it(postgres_house: House) -> None:
    house = postgres_house
    house.apply(item("1", annotation("11", "cat")))
    with house.store.begin() as unit:
        unit.items.apply(house.project, [item("1", annotation("11", "dog", updated_at=at(2)), updated=2)])
        late = item("1", annotation("11", "cow", updated_at=at(1)), updated=1)
        waiting = in_thread(lambda: house.apply(late))
        until_blocked(house)
    waiting.outcome()
    assert house.labelled() == {"1": "dog"}


def test_an_id_taken_over_twice_at_once_has_one_owner(house: House) -> None:
    first = item("1", annotation("11", "cat"))
    house.apply(first)
    heirs = [
        replace(first, created_at=at(n), updated_at=at(n), annotations=(annotation(f"2{n}", f"heir {n}"),))
        for n in (1, 2, 3)
    ]
    together(6, lambda index: house.apply(heirs[index % 3]))
    assert house.labelled() == {"1": "heir 3"}
