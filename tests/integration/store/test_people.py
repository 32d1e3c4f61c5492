"""Golden items, what was answered to them, and what is known of people."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from connector.model import (
    Decision,
    IssueKind,
    IssueState,
    Outcome,
    PersonDetail,
    PersonSnapshot,
    ReviewState,
    ReviewTask,
)
from tests.integration.store.house import NOW, House, annotation, issue, item, review_task, vote


def golden_ids(house: House, *remote_ids: str) -> list[int]:
    """Items that are golden from now on; our ids of the golden rows."""
    for remote_id in remote_ids:
        house.apply(item(remote_id, annotation(remote_id)))
    with house.store.begin() as unit:
        ids = unit.items.ids_by_remote(house.project, remote_ids)
        unit.golden.put(house.project, [(ids[one], "cat") for one in remote_ids], "cli", "cli:me")
        return [one.id for one in unit.golden.listed(house.project) if one.remote_id in remote_ids]


def ask(house: House, golden_id: int, twin: ReviewTask, name: str) -> ReviewTask:
    """A golden question beside an ordinary task."""
    with house.store.begin() as unit:
        [found] = [one for one in unit.golden.listed(house.project) if one.id == golden_id]
        [label] = unit.items.labelled(house.project, [found.item_id])
        made = replace(
            issue(f"golden-{name}", house.project, found.item_id, label.annotation_id), kind=IssueKind.GOLDEN
        )
        task = review_task(f"task-{name}", made)
        unit.issues.add([made])
        unit.reviews.plan([task])
        unit.golden.ask(task, golden_id, twin.key)
    return task


def test_a_golden_item_is_one_row_whatever_becomes_of_it(house: House) -> None:
    [first] = golden_ids(house, "1")
    with house.store.begin() as unit:
        unit.golden.doubt([first])
        assert unit.golden.counts(house.project) == (1, 1)
        unit.golden.retire([first])
        assert unit.golden.listed(house.project) == []
        assert [one.id for one in unit.golden.listed(house.project, retired=True)] == [first]
    assert golden_ids(house, "1") == [first]
    with house.store.read() as unit:
        assert unit.golden.counts(house.project) == (1, 0)
        assert [one.remote_id for one in unit.golden.of_items(range(100)).values()] == ["1"]


def test_what_can_be_asked_has_no_open_question_and_is_not_doubted(house: House) -> None:
    first, second, third = golden_ids(house, "1", "2", "3")
    twin = house.reviewed(10)
    ask(house, first, twin, "a")
    with house.store.begin() as unit:
        unit.golden.doubt([second])
        assert [one.id for one in unit.golden.askable(house.project)] == [third]
        assert unit.golden.times_asked(house.project) == {first: 1}
        unit.issues.set_state(["golden-a"], IssueState.MEASURED)
        assert [one.id for one in unit.golden.askable(house.project)] == [first, third]


def test_a_task_has_one_golden_question_beside_it_at_its_own_place(house: House) -> None:
    [first] = golden_ids(house, "1")
    twin, other = house.reviewed(10), house.reviewed(11)
    with house.store.read() as unit:
        assert {one.key for one in unit.golden.twins(house.project)} == {twin.key, other.key}
    house.clock.advance(hours=1)
    task = ask(house, first, twin, "a")
    with house.store.begin() as unit:
        assert [one.key for one in unit.golden.twins(house.project)] == [other.key]
        found = unit.golden.asked_by(task.key)
        assert found is not None
        assert found.id == first
        assert unit.golden.asked_by(other.key) is None
    assert (
        len(house.rows("SELECT DISTINCT created_at FROM review_tasks WHERE key IN ('task-a', 'review-10')"))
        == 1
    )


def test_answers_to_a_golden_item_come_with_who_gave_them(house: House) -> None:
    [first] = golden_ids(house, "1")
    task = ask(house, first, house.reviewed(10), "a")
    with house.store.begin() as unit:
        unit.votes.save(replace(vote(task.key, "1"), reviewer="3"))
        unit.votes.save(replace(vote(task.key, "2"), reviewer="4", counted=False))
    with house.store.begin() as unit:
        assert [one.reviewer for one in unit.golden.answers([first])[first]] == ["3"]
        assert [one.reviewer for one in unit.golden.answers([first], since_verified=True)[first]] == ["3"]
    house.clock.advance(minutes=1)
    golden_ids(house, "1")  # confirmed
    with house.store.read() as unit:
        assert unit.golden.answers([first], since_verified=True)[first] == []
        assert unit.golden.flags(house.project, 10)[0].id == "issue-10"
        assert unit.golden.own_flags([1]) == {}


def test_answers_and_decided_labels_are_what_is_measured(house: House) -> None:
    task = house.reviewed(1, ReviewState.PUSHED)
    with house.store.begin() as unit:
        unit.votes.save(replace(vote(task.key, "1"), reviewer="3"))
        unit.votes.save(replace(vote(task.key, "2"), reviewer="4", counted=False))
        unit.issues.decide(Decision("decision", task.issue_id, Outcome.ACCEPT, "dog", "2 of 2", ("1",), NOW))
    with house.store.read() as unit:
        [answer] = unit.people.answers(house.project, 10)
        assert (answer.reviewer, answer.review_key, answer.given) == ("3", task.key, "cat")
        [label] = unit.people.decided_labels(house.project)
        assert (label.annotator, label.given, label.decided, label.remote_id) == ("ann", "cat", "dog", "1")
        assert unit.people.active_since(house.project, NOW) == {"ann", "3", "4"}
        assert unit.people.active_since(house.project, NOW + timedelta(days=1)) == set()
        assert unit.people.labelers_of_open_tasks(house.project) == {task.key: {"ann"}}


def test_a_day_keeps_its_last_figures(house: House) -> None:
    def snapshot(person: str, mean: float) -> PersonSnapshot:
        return PersonSnapshot(person, "", NOW, mean, 0.1, 0.9, 5, 2, 1, 1.0, True, 3, 2, PersonDetail())

    for mean in (0.5, 0.6):
        with house.store.begin() as unit:
            unit.people.save(house.project, [snapshot("3", mean), snapshot("4", mean)])
    house.clock.advance(days=1)
    with house.store.begin() as unit:
        unit.people.save(house.project, [snapshot("3", 0.7)])
        assert {person: one.mean for person, one in unit.people.latest(house.project).items()} == {"3": 0.7}
        assert [mean for _, mean in unit.people.history(house.project)["3"]] == [0.6, 0.7]
        assert unit.people.latest(house.project + 1) == {}
