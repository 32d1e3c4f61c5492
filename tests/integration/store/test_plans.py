"""What runs for every webhook and every tick finds its rows by an index, however large the tables are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import shake_256
from typing import Any

import pytest
from sqlalchemy import event

from connector.model import IssueKind
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.overview import PACE, decided_since
from connector.store.views.pairs import annotator_views, pair_views
from connector.store.views.queue import QueueFilter, queue_count
from connector.store.views.secrecy import EVERYTHING, Sight
from connector.store.views.spot import drawn_labels, spot_checks
from connector.store.views.waiting import waiting_tasks
from tests.integration.store.house import House, annotation, item, new_job, prediction, vote

Work = Callable[[UnitOfWork, int], Any]
WORKS: dict[str, Work] = {
    "a page": lambda unit, project: unit.items.apply(
        project, [item("1", annotation("11"), updated=1, predictions=(prediction("5"),)), item("2")]
    ),
    "items by id": lambda unit, project: unit.items.ids_of(["1", "2"], project),
    "items of annotations": lambda unit, project: unit.items.remote_ids_of_annotations(project, ["11"]),
    "labels of some items": lambda unit, project: list(unit.items.labelled(project, [1, 2])),
    "annotators of an item": lambda unit, _: unit.items.annotators_of(1),
    "predictions of some items": lambda unit, _: unit.items.predicted([1, 2], "m1"),
    "active issues of some items": lambda unit, project: unit.issues.active(project, [1, 2]),
    "issues that wait": lambda unit, project: unit.issues.waiting_for_budget(project, 5),
    "the last scan": lambda unit, project: unit.issues.last_scan(project),
    "a decision": lambda unit, _: unit.issues.decision("issue"),
    "decisions of an issue": lambda unit, _: unit.issues.decisions_of("issue"),
    "what was written for issues": lambda unit, _: unit.corrections.standing(["issue"]),
    "a correction that waits": lambda unit, _: unit.corrections.waiting("issue"),
    "lists of an issue": lambda unit, _: unit.dispositions.of_issue("issue"),
    "items taken off the lists": lambda unit, _: unit.dispositions.withdraw_of_issue("issue"),
    "how many stand on the lists": lambda unit, project: unit.dispositions.counts(project),
    "what is settled": lambda unit, project: unit.issues.settled(project),
    "what is settled of some items": lambda unit, project: unit.issues.settled(project, [1, 2]),
    "what stands of some items": lambda unit, project: unit.issues.standing(project, [1, 2]),
    "what is asked": lambda unit, project: unit.issues.asked(project),
    "changed questions": lambda unit, _: (unit.label_events.note(["issue"]), unit.label_events.flush()),
    "overdue reviews": lambda unit, project: unit.reviews.mark_overdue(project, unit.now),
    "overlaps to forget": lambda unit, project: unit.overlaps.forget(project, 2, 3),
    "undecided reviews": lambda unit, project: unit.reviews.undecided(project, 5),
    "what is unsent": lambda unit, project: unit.reviews.unsent(project),
    "a batch": lambda unit, project: unit.reviews.take_batch(project, 5),
    "uncertain batches": lambda unit, project: unit.reviews.batches(project),
    "reviews of issues": lambda unit, _: unit.reviews.of_issues(["issue"]),
    "open reviews": lambda unit, project: unit.reviews.open_count(project),
    "whether there are overlaps to tell": lambda unit, project: unit.overlaps.unsent(project, 5),
    "overlaps to tell": lambda unit, project: unit.overlaps.to_send(project, 5),
    "votes": lambda unit, _: unit.votes.of(["review"]),
    "a vote": lambda unit, _: unit.votes.save(vote("review-7")),
    "notes to publish": lambda unit, project: unit.notes.publishable(project),
    "notes to take back": lambda unit, _: unit.notes.withdraw_of_issue("issue"),
    "corrections of a run": lambda unit, _: unit.corrections.of_run("run"),
    "a job to enqueue": lambda unit, project: [
        unit.enqueue(new_job(project, key="k")),
        unit.enqueue(new_job(project, key="k")),
    ],
    "a queued job": lambda unit, _: unit.jobs.queued("k"),
    "the next in a lane": lambda unit, _: unit.jobs.next_in_lane("lane"),
    "due jobs": lambda unit, _: unit.jobs.due(timedelta(seconds=60)),
    "expired jobs": lambda unit, _: unit.jobs.requeue_expired(timedelta(seconds=60)),
    "deliveries": lambda unit, project: unit.deliveries.waiting(project, 5),
    "labels to look at": lambda unit, project: spot_checks(
        unit, drawn_labels(unit, project, Sight(secrets=False))
    ),
    "labels of a person": lambda unit, project: drawn_labels(unit, project, EVERYTHING, "7"),
    "what was decided lately": lambda unit, project: decided_since(unit, project, unit.now - PACE),
    "pairs of classes": lambda unit, project: pair_views(unit, project, EVERYTHING),
    "flags by annotator": lambda unit, project: annotator_views(unit, project, EVERYTHING),
    "what waits for whom": waiting_tasks,
    "audit of a subject": lambda unit, _: list(unit.audit.entries(subject="issue")),
}


@contextmanager
def statements_of(unit: UnitOfWork) -> Iterator[list[tuple[str, Any]]]:
    """The statements that the block executes, with their parameters."""
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        first = parameters[0] if many else parameters
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            seen.append((statement, first))

    event.listen(unit.connection, "before_cursor_execute", note)
    yield seen
    event.remove(unit.connection, "before_cursor_execute", note)


def plan(house: House, unit: UnitOfWork, statement: str, parameters: Any) -> str:
    explain = "EXPLAIN" if house.on_postgres else "EXPLAIN QUERY PLAN"
    rows = unit.connection.exec_driver_sql(f"{explain} {statement}", parameters)
    return "\n".join(str(row[-1]) for row in rows)


def reads_a_whole_table(house: House, found: str) -> bool:
    if house.on_postgres:
        return "Seq Scan" in found
    return any(line.startswith("SCAN") and "USING" not in line for line in found.splitlines())


@pytest.mark.parametrize("name", WORKS)
def test_no_table_is_read_as_a_whole(house: House, name: str) -> None:
    house.apply(item("1", annotation("11"), predictions=(prediction("5"),)), item("2"))
    house.reviewed(7)
    with house.store.begin() as unit:
        if house.on_postgres:  # small tables are quicker to read as a whole; large ones are meant
            unit.connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        with statements_of(unit) as seen:
            WORKS[name](unit, house.project)
        for statement, parameters in seen:
            found = plan(house, unit, statement, parameters)
            assert not reads_a_whole_table(house, found), f"{statement}\n{found}"


def test_labels_too_long_for_an_index_are_stored_and_counted(house: House) -> None:
    """PostgreSQL indexes no row of more than 2,704 bytes, and a span's label holds its words."""
    house.apply(item("1", annotation("11")), item("2", annotation("12")))
    words = shake_256(b"words").hexdigest(4_000)  # which no compression makes short
    house.flagged(1, given="cat", suggested="dog", kind=IssueKind.LABEL_ERROR)
    long = house.flagged(2, given=words, place=words, suggested=f"{words}!", kind=IssueKind.LABEL_ERROR)
    with house.store.read() as unit:
        assert unit.issues.get(long.id) == long
        assert [each.place for each in unit.issues.standing(house.project)] == ["", words]
        counted = {(pair.first, pair.second) for pair in pair_views(unit, house.project, EVERYTHING)}
        asked = QueueFilter(given=words, suggested=f"{words}!")
        assert queue_count(unit, house.project, asked, EVERYTHING) == 1
    assert counted == {("cat", "dog"), (words, f"{words}!")}


def test_the_labels_to_look_at_begin_at_an_end_of_the_index_of_present_items(house: House) -> None:
    several = (item(str(n), annotation(f"{n}1")) for n in range(1, 41))  # for one any index does
    house.apply(*several)
    with house.store.begin() as unit:
        if house.on_postgres:
            unit.connection.exec_driver_sql("ANALYZE items")
            unit.connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        with statements_of(unit) as seen:
            drawn_labels(unit, house.project, EVERYTHING)
        ends = [each for each in seen if "min(" in each[0] or "max(" in each[0]]
        assert len(ends) == 2  # together in one statement SQLite would walk the whole index
        for statement, parameters in ends:
            assert "ix_items_present" in plan(house, unit, statement, parameters)


def test_labels_of_one_person_are_found_by_who_gave_them(house: House) -> None:
    house.apply(item("1", annotation("11")))
    with house.store.begin() as unit:
        if house.on_postgres:
            unit.connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        with statements_of(unit) as seen:
            drawn_labels(unit, house.project, EVERYTHING, "7")
        asked = [each for each in seen if "annotator =" in each[0]]
        assert asked
        for statement, parameters in asked:
            assert "ix_annotations_annotator" in plan(house, unit, statement, parameters)
