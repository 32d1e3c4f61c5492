"""The audit log: append-only, and whoever gets round that is found out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from connector.store.repositories.audit import AuditFault, AuditLog
from tests.integration.store.house import NOW, House, in_thread, together, until_blocked

OPEN_DOORS = {
    "sqlite": [f"DROP TRIGGER audit_no_{verb}" for verb in ("update", "delete", "replace")],
    "postgresql": ["DROP TRIGGER audit_append_only ON audit"],
}
DETAILS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def append(house: House, *subjects: str) -> None:
    with house.store.begin() as unit:
        for subject in subjects:
            unit.audit.append("ann", "test.done", subject, {"n": 1.5, "é": ["✓"]}, "cats")


def faults(house: House) -> list[AuditFault]:
    with house.store.read() as unit:
        return list(unit.audit.verify())


def numbers(house: House) -> list[int]:
    return [fault.seq for fault in faults(house)]


def tamper(house: House, *statements: str) -> None:
    house.tamper(*OPEN_DOORS[house.engine.dialect.name], *statements)


def test_an_empty_log_is_whole(house: House) -> None:
    assert faults(house) == []


def test_rows_come_back_as_they_were_written(house: House) -> None:
    append(house, "issue 1", "issue 2")
    with house.store.read() as unit:
        first, second = unit.audit.entries()
    assert (first.seq, first.at, first.actor, first.action) == (1, NOW, "ann", "test.done")
    assert (first.project, first.subject, first.detail) == ("cats", "issue 1", {"n": 1.5, "é": ["✓"]})
    assert second.previous_hash == first.hash
    assert faults(house) == []


def test_rows_can_be_chosen_by_project_subject_and_number(house: House) -> None:
    append(house, "a", "b", "a")
    with house.store.begin() as unit:
        unit.audit.append("bob", "test.done", "a", {})
    with house.store.read() as unit:
        assert [entry.seq for entry in unit.audit.entries(subject="a")] == [1, 3, 4]
        assert [entry.seq for entry in unit.audit.entries(project="cats")] == [1, 2, 3]
        assert [entry.seq for entry in unit.audit.entries(subject="a", after=1)] == [3, 4]


def test_a_transaction_sees_what_it_appended(house: House) -> None:
    with house.store.begin() as unit:
        unit.audit.append("ann", "test.done", "x", {})
        assert [entry.subject for entry in unit.audit.entries()] == ["x"]
        unit.audit.append("ann", "test.done", "y", {})
        assert unit.audit.head()[0] == 2
        assert list(unit.audit.verify()) == []


def test_what_was_appended_does_not_change_with_its_source(house: House) -> None:
    detail = {"label": "cat"}
    with house.store.begin() as unit:
        unit.audit.append("ann", "test.done", "x", detail)
        detail["label"] = "dog"
    with house.store.read() as unit:
        assert [entry.detail for entry in unit.audit.entries()] == [{"label": "cat"}]


@pytest.mark.parametrize(
    "change", ["detail = '{}'", "actor = 'eve'", "project = NULL", "at = '2020'", "subject = 'none of ours'"]
)
def test_a_changed_row_is_named(house: House, change: str) -> None:
    append(house, *"abcde")
    tamper(house, f"UPDATE audit SET {change} WHERE seq = 3")  # noqa: S608 - our own statements
    assert numbers(house) == [3]


def test_a_row_changed_with_its_hash_is_betrayed_by_the_next(house: House) -> None:
    append(house, *"abcde")
    tamper(house, f"UPDATE audit SET hash = '{'f' * 64}' WHERE seq = 3")  # noqa: S608
    assert numbers(house) == [3, 4]


def test_missing_rows_are_named(house: House) -> None:
    append(house, *"abcdef")
    tamper(house, "DELETE FROM audit WHERE seq IN (3, 4)")
    assert faults(house) == [AuditFault(3, "rows 3 to 4 are missing")]


def test_the_missing_beginning_is_named(house: House) -> None:
    append(house, *"abc")
    tamper(house, "DELETE FROM audit WHERE seq = 1")
    assert numbers(house) == [1]


def test_rows_cut_off_at_the_end_are_named(house: House) -> None:
    append(house, *"abcde")
    tamper(house, "DELETE FROM audit WHERE seq > 3")
    assert faults(house) == [AuditFault(4, "rows 4 to 5 are missing at the end")]


def test_rows_put_on_behind_the_end_are_named(house: House) -> None:
    append(house, *"abc")
    house.tamper("UPDATE audit_head SET seq = 2")
    assert numbers(house) == [3]


def test_a_lost_end_of_the_chain_is_named(house: House) -> None:
    append(house, *"abc")
    house.tamper("DELETE FROM audit_head")
    assert numbers(house) == [3]


def test_a_value_that_is_no_text_is_a_fault_and_no_crash(house: House) -> None:
    append(house, "a")
    tamper(
        house,
        "UPDATE audit SET detail = x'00ff' WHERE seq = 1"
        if not house.on_postgres
        else "UPDATE audit SET detail = 'no json'",
    )
    assert numbers(house) == [1]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET actor = 'eve'", "DELETE FROM audit", "DELETE FROM audit WHERE seq = 2"],
)
def test_the_database_refuses_to_change_or_delete_rows(house: House, statement: str) -> None:
    append(house, *"abc")
    with pytest.raises(DBAPIError, match="append-only"):
        house.tamper(statement)
    assert faults(house) == []


def test_the_database_refuses_to_replace_or_empty_rows(house: House) -> None:
    append(house, *"abc")
    columns = "action, project, subject, detail, previous_hash, hash"
    replace = f"INSERT OR REPLACE INTO audit SELECT seq, at, 'eve', {columns} FROM audit"  # noqa: S608
    with pytest.raises(DBAPIError, match="append-only"):
        house.tamper("TRUNCATE audit" if house.on_postgres else replace)
    assert faults(house) == []


def test_many_writers_keep_the_chain_whole(house: House) -> None:
    def write(index: int) -> None:
        for turn in range(5):
            append(house, f"{index}.{turn}", f"{index}.{turn}b")

    assert together(6, write) == [None] * 6
    assert faults(house) == []
    with house.store.read() as unit:
        subjects = [entry.subject for entry in unit.audit.entries()]
    assert len(set(subjects)) == len(subjects) == 60


def test_reading_while_others_write_finds_no_fault(house: House) -> None:
    append(house, *"abc")
    with house.store.read() as unit:
        checking = unit.audit.verify()
        assert unit.audit.head()[0] == 3
        append(house, *"def")
        assert list(checking) == []
    assert faults(house) == []


def test_transactions_that_touch_the_same_rows_in_another_order_do_not_lock_each_other(
    postgres_house: House,
) -> None:
    """The chain's end is taken last, so it is never part of a ring of waiters."""
    house = postgres_house
    other = house.new_project("dogs")

    def second() -> None:
        with house.store.begin() as unit:
            unit.audit.append("bob", "test.done", "second", {})
            unit.projects.pause(house.project, "bob")

    with house.store.begin() as unit:
        unit.projects.pause(house.project, "ann")
        waiting = in_thread(second)
        until_blocked(house)
        unit.audit.append("ann", "test.done", "first", {})
        unit.projects.pause(other, "ann")
    waiting.outcome()
    with house.store.read() as unit:
        assert [entry.subject for entry in unit.audit.entries()] == ["first", "second"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(details=st.lists(st.dictionaries(st.text(max_size=5), DETAILS, max_size=4), min_size=1, max_size=3))
def test_any_detail_is_kept_and_verified(house: House, details: list[dict[str, Any]]) -> None:
    with house.store.begin() as unit:
        after = unit.audit.head()[0]
        for detail in details:
            unit.audit.append("ann", "test.done", "x", detail)
    with house.store.read() as unit:
        assert [entry.detail for entry in unit.audit.entries(after=after)] == details
        assert list(unit.audit.verify()) == []


def test_strange_characters_do_not_break_the_chain(house: House) -> None:
    detail = {"note": "\x00 and \ud800", "\ud800": 1}
    with house.store.begin() as unit:
        unit.audit.append("a\x00", "test.done", "s\ud800", detail)
    with house.store.read() as unit:
        [entry] = unit.audit.entries()
    assert (entry.actor, entry.subject, entry.detail) == ("a\ufffd", "s\ufffd", detail)
    assert faults(house) == []


def test_a_detail_that_is_no_json_is_refused_where_it_is_appended(house: House) -> None:
    with house.store.begin() as unit:
        with pytest.raises(ValueError, match="not JSON compliant"):
            unit.audit.append("ann", "test.done", "x", {"p": float("nan")})
        assert unit.audit.head()[0] == 0


def test_many_rows_of_one_transaction_take_few_statements(house: House) -> None:
    with house.engine.begin() as connection:
        log = AuditLog(connection, NOW)
        for number in range(1000):
            log.append("ann", "test.done", str(number), {})
        assert connection.execute(text("SELECT count(*) FROM audit")).scalar_one() == 0
        log.flush()
    assert faults(house) == []
    assert house.rows("SELECT seq FROM audit_head") == [(1000,)]
