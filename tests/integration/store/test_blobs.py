"""Large content under a name: whole, or not there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.store.repositories import blobs
from tests.integration.store.house import House, in_thread, together, until_blocked

CONTENT = bytes(range(256)) * 5


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs, "PART_BYTES", 100)


def put(house: House, name: str, content: bytes) -> None:
    with house.store.begin() as unit:
        unit.blobs.put(house.project, name, content)


def get(house: House, name: str) -> bytes | None:
    with house.store.read() as unit:
        return unit.blobs.get(house.project, name)


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 200, 1280])
def test_content_comes_back_as_it_was(house: House, size: int) -> None:
    put(house, "state", CONTENT[:size])

    assert get(house, "state") == CONTENT[:size]


def test_content_that_arrives_in_pieces_is_the_same(house: House) -> None:
    with house.store.begin() as unit:
        size = unit.blobs.put(house.project, "state", (CONTENT[at : at + 7] for at in range(0, 1280, 7)))

    assert size == len(CONTENT)
    assert get(house, "state") == CONTENT


def test_a_name_that_was_never_given_holds_nothing(house: House) -> None:
    assert get(house, "state") is None


def test_new_content_takes_the_place_of_the_old_one(house: House) -> None:
    for content in (CONTENT, b"short", CONTENT[::-1]):
        put(house, "state", content)
        assert get(house, "state") == content


def test_content_belongs_to_its_name_and_project(house: House) -> None:
    other = house.new_project("dogs")
    put(house, "state", b"ours")
    put(house, "state_2", b"second")
    with house.store.begin() as unit:
        unit.blobs.put(other, "state", b"theirs")
        unit.blobs.delete(house.project, "state")

    with house.store.read() as unit:
        assert unit.blobs.get(house.project, "state") is None
        assert unit.blobs.get(house.project, "state_2") == b"second"
        assert unit.blobs.get(other, "state") == b"theirs"
        assert unit.blobs.names(house.project, "state_") == ["state_2"]


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM blobs WHERE part = 0",
        "DELETE FROM blobs WHERE part = 5",
        "DELETE FROM blobs WHERE part = (SELECT max(part) FROM blobs)",
        "DELETE FROM blobs WHERE part >= 12",
        "UPDATE blobs SET content = (SELECT content FROM blobs AS other WHERE other.part = 1) WHERE part = 2",
        "UPDATE blobs SET digest = 'x' WHERE part = 3",
    ],
)
def test_content_with_a_missing_or_damaged_part_counts_as_none(house: House, damage: str) -> None:
    put(house, "state", CONTENT)

    house.tamper(damage)

    assert get(house, "state") is None


def test_a_replacement_that_fails_leaves_the_old_content(house: House) -> None:
    put(house, "state", CONTENT)

    def broken() -> Iterator[bytes]:
        yield CONTENT[::-1]
        raise OSError

    with pytest.raises(OSError), house.store.begin() as unit:  # noqa: PT011 - raised above, with nothing to say
        unit.blobs.put(house.project, "state", broken())

    assert get(house, "state") == CONTENT


def test_writers_at_once_leave_the_whole_content_of_one_of_them(house: House) -> None:
    contents = [bytes([number]) * 100 * (number + 1) for number in range(4)]

    assert together(4, lambda number: put(house, "state", contents[number])) == [None] * 4

    assert get(house, "state") in contents


def test_a_shorter_content_after_a_longer_one_of_another_writer_is_whole(postgres_house: House) -> None:
    with postgres_house.open_transaction() as unit:
        unit.blobs.put(postgres_house.project, "state", CONTENT)
        waiting = in_thread(lambda: put(postgres_house, "state", b"short"))
        until_blocked(postgres_house)
    waiting.outcome()

    assert get(postgres_house, "state") == b"short"
