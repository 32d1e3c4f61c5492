"""What a transaction promises: all or nothing, one moment for a reader, announcements after the commit."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from connector.errors import SecondlookError
from connector.model import Annotator, Hint, LabelSchema, ObjectTag, Role
from connector.model.jobs import JobKind
from connector.store.engine import BUSY_TIMEOUT_MS, open_engine
from tests.integration.store.house import NOW, House, annotation, in_thread, item, new_job, together

SCHEMA = LabelSchema("kind", "photo", ("cat", "dog"), (ObjectTag("photo", "Image", "url"),))


class BrokenOnPurpose(Exception):
    pass


def test_enqueued_jobs_are_announced_after_the_commit(house: House) -> None:
    with house.store.begin() as unit:
        first = unit.enqueue(new_job(house.project, JobKind.SCAN))
        second = unit.enqueue(new_job(house.project, JobKind.PUSH))
        assert house.announced == []
    assert house.announced == [first, second]


def test_nothing_is_stored_or_announced_after_a_rollback(house: House) -> None:
    def write_and_break() -> None:
        with house.store.begin() as unit:
            unit.enqueue(new_job(house.project))
            unit.facts.put("name", "value")
            unit.audit.append("secondlook", "test", "x", {})
            raise BrokenOnPurpose

    with pytest.raises(BrokenOnPurpose):
        write_and_break()
    assert house.announced == []
    with house.store.read() as unit:
        assert unit.jobs.unfinished(house.project) == 0
        assert unit.facts.get("name") is None
        assert unit.audit.head()[0] == 0


def test_jobs_of_later_and_jobs_that_wait_already_are_not_announced(house: House) -> None:
    with house.store.begin() as unit:
        first = unit.enqueue(new_job(house.project, key="k"))
        unit.enqueue(new_job(house.project, key="k"))
        unit.enqueue(new_job(house.project, due_at=NOW + timedelta(minutes=1)))
    assert house.announced == [first]


def test_a_reader_sees_one_moment(house: House) -> None:
    house.apply(item("1", annotation("11")))
    with house.store.read() as unit:
        assert unit.items.count(house.project) == 1
        house.apply(item("2", annotation("12")))
        assert unit.items.count(house.project) == 1
        assert len(list(unit.items.labelled(house.project))) == 1
    assert len(house.labelled()) == 2


def test_a_reader_does_not_wait_for_a_writer(house: House) -> None:
    with house.store.begin() as unit:
        unit.facts.put("name", "not yet")

        def look() -> str | None:
            with house.store.read() as other:
                return other.facts.get("name")

        assert in_thread(look).outcome() is None


def test_a_reader_cannot_write(house: House) -> None:
    """A write there would be lost without a word."""
    with pytest.raises(SecondlookError), house.store.read() as unit:
        unit.facts.put("name", "lost")
    with house.store.begin() as unit:  # the connection writes again afterwards
        unit.facts.put("name", "kept")
    with house.store.read() as unit:
        assert unit.facts.get("name") == "kept"


def test_writers_wait_for_each_other(house: House) -> None:
    def count(_: int) -> None:
        for _ in range(10):
            with house.store.begin() as unit:
                unit.projects.add_changes(house.project, 1)

    assert together(8, count) == [None] * 8
    with house.store.read() as unit:
        assert unit.projects.get(house.project).changes_since_scan == 80


def test_sqlite_is_set_for_several_processes_and_for_power_cuts(tmp_path: object) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/deep/folder/secondlook.db")
    with engine.connect() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "busy_timeout", "synchronous", "foreign_keys")
        }
    engine.dispose()
    assert found == {
        "journal_mode": "wal",
        "busy_timeout": BUSY_TIMEOUT_MS,
        "synchronous": 2,
        "foreign_keys": 1,
    }
    assert BUSY_TIMEOUT_MS >= 5000


def test_a_project_keeps_what_it_is_bound_to(house: House) -> None:
    def bind(name: str, remote_id: str) -> int:
        with house.store.begin() as unit:
            return unit.projects.bind(name, "label_studio", "http://labels.example.org", remote_id).id

    assert bind("cats", "cats") == house.project
    with pytest.raises(SecondlookError, match=r"projects\.cats: the database knows this name as"):
        bind("cats", "another")
    with pytest.raises(SecondlookError, match=r"projects\.lions: .* under another name"):
        bind("lions", "cats")
    assert bind("lions", "lions") != house.project


def test_each_judged_control_of_a_project_has_a_row_of_its_own(house: House) -> None:
    def bind(name: str, control: str | None) -> int:
        with house.store.begin() as unit:
            return unit.projects.bind(name, "label_studio", "http://labels.example.org", "cats", control).id

    with house.store.begin() as unit:
        unit.projects.described(house.project, "Cats", [LabelSchema("kind", "text", ("a", "b"), ())], "1")
    assert bind("ratings", "stars") != house.project
    assert bind("cats", "kind") == house.project
    for name, control in (("kinds", "kind"), ("others", None)):
        with pytest.raises(SecondlookError, match=rf"projects\.{name}: .* under another name, 'cats'"):
            bind(name, control)


def test_a_project_is_bound_once_by_many(house: House) -> None:
    assert len(set(together(6, lambda _: house.new_project("lions")))) == 1


def test_a_project_remembers_how_far_its_work_has_come(house: House) -> None:
    with house.store.begin() as unit:
        unit.projects.described(house.project, "Cats", [SCHEMA], "9")
        unit.projects.set_source_cursor(house.project, "c1")
        unit.projects.set_review_project(house.project, "8", "http://labels.example.org/8")
        unit.projects.set_review_cursor(house.project, "c2")
        unit.projects.synced(house.project)
        unit.projects.hooks_checked(house.project)
    with house.store.read() as unit:
        found = unit.projects.get(house.project)
        assert (found.schema, found.service_user) == (SCHEMA, "9")
        assert (found.source_cursor, found.review_remote_id, found.review_cursor) == ("c1", "8", "c2")
        assert (found.last_sync_at, found.last_scan_at) == (NOW, None)
        assert unit.projects.last_hooks_at(house.project) == NOW
        assert unit.projects.title(house.project) == "Cats"
        assert unit.projects.review_link(house.project) == "http://labels.example.org/8"


def test_changes_are_counted_until_a_scan_has_seen_them(house: House) -> None:
    with house.store.begin() as unit:
        assert unit.projects.add_changes(house.project, 5) == 5
        assert unit.projects.add_changes(house.project, 2) == 7
        unit.projects.scanned(house.project, 5)
        assert unit.projects.get(house.project).changes_since_scan == 2
        unit.projects.scanned(house.project, 5)  # a scan that was run twice
        assert unit.projects.get(house.project).changes_since_scan == 0


def test_annotators_take_their_latest_names(house: House) -> None:
    with house.store.begin() as unit:
        unit.projects.save_annotators(house.project, [])
        unit.projects.save_annotators(house.project, [Annotator("1", "Ann"), Annotator("2", "Bob")])
        unit.projects.save_annotators(house.project, [Annotator("1", "Anna")])
        assert unit.projects.annotator_names(house.project) == {"1": "Anna", "2": "Bob"}


def test_deliveries_wait_until_they_are_handled(house: House) -> None:
    hint = Hint("ANNOTATION_CREATED", item_ids=("1",), annotation_ids=("2", "3"), schema_changed=True)
    other = Hint("ANNOTATIONS_DELETED", annotation_ids=("9",), deleted=True)
    with house.store.begin() as unit:
        assert not unit.deliveries.has_waiting(house.project)
        assert unit.deliveries.add(house.project, Role.SOURCE, [([hint], None)]) == 1
        [(first, _, _)] = unit.deliveries.waiting(house.project, 9)
    house.clock.advance(seconds=1)
    with house.store.begin() as unit:
        assert unit.deliveries.add(house.project, Role.REVIEW, [([other], None)]) == 1
        assert unit.deliveries.waiting(house.project, 1) == [(first, Role.SOURCE, [hint])]
        unit.deliveries.handled([first])
        [(_, role, hints)] = unit.deliveries.waiting(house.project, 9)
        assert (role, hints) == (Role.REVIEW, [other])
        assert unit.deliveries.has_waiting(house.project)


def test_deliveries_of_one_commit_are_counted_and_an_event_is_stored_once(house: House) -> None:
    hint = Hint("record.updated", item_ids=("1",))
    with house.store.begin() as unit:
        arrived = [([hint], event) for event in ("a", "b", "a", None, None)]
        assert unit.deliveries.add(house.project, Role.SOURCE, arrived) == 4
    with house.store.begin() as unit:
        assert unit.deliveries.add(house.project, Role.SOURCE, [([hint], "b")]) == 0
        assert unit.deliveries.add(house.project, Role.SOURCE, []) == 0
        assert len(unit.deliveries.waiting(house.project, 9)) == 4


def test_a_delivery_keeps_whatever_text_it_brings(house: House) -> None:
    hint = Hint("record.\x00 \ud800 \U0001f600 '\"\\ $[0]", item_ids=("ä", "\n"), place="é")
    with house.store.begin() as unit:
        assert unit.deliveries.add(house.project, Role.SOURCE, [([hint, hint], "a"), ([hint], None)]) == 2
    with house.store.read() as unit:
        kept = [hints for _, _, hints in unit.deliveries.waiting(house.project, 9)]
    assert sorted(kept, key=len) == [[hint], [hint, hint]]
