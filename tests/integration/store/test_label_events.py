"""The journal of label changes: nothing that is seen may hide something that came before."""

from __future__ import annotations

from tests.integration.store.house import House, in_thread, until_blocked


def opened(house: House) -> None:
    with house.store.begin() as unit:
        unit.label_events.open(house.project)


def append(house: House, *item_ids: int) -> bool:
    with house.store.begin() as unit:
        return unit.label_events.append(house.project, item_ids)


def after(house: House, seq: int, limit: int = 100) -> list[int]:
    with house.store.read() as unit:
        return unit.label_events.items(house.project, seq, limit)


def head(house: House) -> int:
    with house.store.read() as unit:
        return unit.label_events.head(house.project)


def test_a_closed_journal_takes_nothing(house: House) -> None:
    assert not append(house, 1, 2)

    assert (head(house), after(house, 0)) == (0, [])


def test_events_come_after_what_was_there_when_the_journal_began(house: House) -> None:
    opened(house)
    begun = head(house)
    assert append(house, 7, 5)
    middle = head(house)
    append(house, 7, 9)
    opened(house)

    assert after(house, begun) == [5, 7, 9]
    assert after(house, middle) == [7, 9]
    assert after(house, begun, limit=2) == [5, 7]
    assert after(house, head(house)) == []
    with house.store.read() as unit:
        assert unit.label_events.count(house.project, begun) == 4


def test_events_that_were_taken_in_are_forgotten_and_others_stay(house: House) -> None:
    opened(house)
    append(house, 1, 2)
    middle = head(house)
    append(house, 3)

    with house.store.begin() as unit:
        unit.label_events.forget(house.project, middle)

    assert after(house, 0) == [3]
    assert append(house, 4)
    assert after(house, middle) == [3, 4]


def test_projects_have_journals_of_their_own(house: House) -> None:
    other = house.new_project("dogs")
    opened(house)
    append(house, 1)

    with house.store.begin() as unit:
        assert not unit.label_events.append(other, [2])
        assert unit.label_events.head(other) == 0
    assert after(house, 0) == [1]


def test_nothing_changed_is_no_event(house: House) -> None:
    opened(house)
    begun = head(house)

    assert not append(house)
    assert head(house) == begun


def test_who_sees_an_event_sees_all_that_come_before_it(postgres_house: House) -> None:
    """A second writer cannot take a later number and commit it first."""
    house = postgres_house
    opened(house)
    begun = head(house)
    with house.open_transaction() as unit:
        unit.label_events.append(house.project, [1])
        waiting = in_thread(lambda: append(house, 2))
        until_blocked(house)
        assert (head(house), after(house, begun)) == (begun, []), "the second one has not overtaken"
    assert waiting.outcome()

    assert after(house, begun) == [1, 2]


def test_a_change_that_began_before_the_journal_is_in_what_a_scan_reads(postgres_house: House) -> None:
    """It leaves no event; so whoever begins the journal waits for it, and reads after it."""
    house = postgres_house
    with house.open_transaction() as unit:
        assert not unit.label_events.append(house.project, [1])
        waiting = in_thread(lambda: opened(house))
        until_blocked(house)
    waiting.outcome()

    assert head(house) == 1


def test_the_journal_does_not_keep_others_from_storing_rows_of_the_project(postgres_house: House) -> None:
    house = postgres_house
    opened(house)
    with house.open_transaction() as unit:
        unit.label_events.append(house.project, [1])

        assert house.enqueue() is not None


def test_what_a_state_stands_for_is_replaced_and_forgotten(house: House) -> None:
    with house.store.begin() as unit:
        assert unit.label_states.get(house.project) is None
        unit.label_states.put(house.project, "scan-1", 5, "blob")
        unit.label_states.put(house.project, "scan-2", 9, None)
        found = unit.label_states.get(house.project)
        assert found is not None
        assert (found.scan_id, found.seq, found.blob) == ("scan-2", 9, None)
        unit.label_states.delete(house.project)
        assert unit.label_states.get(house.project) is None
