"""Making the review project what it should be, whatever became of earlier tries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from connector.errors import NotFound, Rejected, Retryable, UnknownOutcome
from connector.model import IssueState, ReviewState
from connector.model.jobs import JobKind, JobState
from connector.model.reasons import LetGo, coded
from tests.support.world import SCHEMA, World, withdrawn
from workers.review import push

Build = Callable[..., World]


@pytest.fixture
def found(world: World) -> World:
    """Three suspicious labels are found, and nothing is pushed yet."""
    world.some_right()
    for n in range(3):
        world.item(f"odd {n}", "cat", dog=0.9 - n / 100, cat=0.04, bird=0.06 + n / 100)
    world.do(JobKind.SYNC)
    world.do(JobKind.SCAN)
    return world


ODDS = ["odd 0", "odd 1", "odd 2"]


def test_review_tasks_show_the_item_the_context_and_the_suggestion(found: World) -> None:
    found.settle()

    assert sorted(found.asked()) == ODDS
    held = found.review_of("odd 0")
    assert held.item.data["text"] == "odd 0"
    assert str(held.item.data["secondlook_context"]).startswith("The model is 90% sure this is 'dog'")
    assert held.item.data["secondlook_options"] == ["bird", "cat", "dog"], "the config's order"
    assert [p.label for p in held.item.predictions] == ["dog"]
    assert found.issue("odd 0").state is IssueState.IN_REVIEW


def test_one_review_project_is_made_and_marked_as_ours(found: World) -> None:
    found.settle()
    found.do(JobKind.PUSH)

    ours = [board for board in found.server.boards.values() if board.owner_key]
    assert len(ours) == 1
    assert ours[0].title == "Animals · second look"
    assert len(found.audit("review_project.created")) == 1


def test_a_review_project_that_was_made_but_not_heard_of_is_found_again(found: World) -> None:
    found.server.fail("ensure", UnknownOutcome("timeout"), after=True)

    found.settle()

    assert sum(1 for board in found.server.boards.values() if board.owner_key) == 1


def test_many_questions_are_sent_in_batches(build: Build) -> None:
    world = build(policy={"budget": 150})
    world.some_right(each=60)
    for n in range(120):
        world.wrong(f"odd {n}")

    world.settle()

    assert len(world.asked()) == 120
    assert world.server.calls.count("push") == 2


@pytest.mark.parametrize("after", [False, True])
def test_a_push_that_dies_with_the_next_batch_made_ready_asks_each_question_once(
    found: World, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    monkeypatch.setattr(push, "BATCH", 1)
    found.server.fail("push", UnknownOutcome("killed"), after=after)
    with pytest.raises(UnknownOutcome):
        found.do(JobKind.PUSH)
    assert found.server.calls.count("push") == 1, "the next is not sent before the outcome is known"

    found.settle()

    assert sorted(held.item.data["text"] for held in found.review.held.values()) == ODDS
    assert {found.task(text).state for text in ODDS} == {ReviewState.PUSHED}


# --- lost answers ----------------------------------------------------------------------------


def test_tasks_that_were_made_but_not_heard_of_are_adopted(found: World) -> None:
    found.server.fail("push", UnknownOutcome("timeout"), after=True)

    found.settle()

    assert sorted(found.asked()) == ODDS
    assert len(found.review.held) == 3
    assert {found.task(text).state for text in ODDS} == {ReviewState.PUSHED}


def test_tasks_whose_suggestions_were_dropped_before_the_push_died_get_them(found: World) -> None:
    found.server.fail("push", UnknownOutcome("killed"), after=True)
    with pytest.raises(UnknownOutcome):
        found.do(JobKind.PUSH)
    for held in found.review.held.values():
        found.server.store(held, predictions=())
    found.server.fail("complete", UnknownOutcome("killed again"), after=False)

    found.settle()

    assert {held.item.predictions[0].label for held in found.review.held.values()} == {"dog"}
    assert {found.task(text).state for text in ODDS} == {ReviewState.PUSHED}


def test_answers_given_before_a_task_was_adopted_count(found: World) -> None:
    found.server.fail("push", UnknownOutcome("timeout"), after=True)
    with pytest.raises(UnknownOutcome):
        found.do(JobKind.PUSH)
    found.agree("odd 0", "dog")

    found.settle()

    assert found.labels("odd 0") == [("ann", "cat"), ("service", "dog")]


def test_tasks_that_were_not_made_are_sent_again(found: World) -> None:
    found.server.fail("push", UnknownOutcome("timeout"))

    found.settle()

    assert len(found.review.held) == 3


@contextmanager
def late_push(world: World) -> Iterator[None]:
    """The platform drops the first request, and does it all the same after a second one was looked for."""
    desk = world.services.desk("animals")
    real_push, real_find = desk.push, desk.find
    waiting: list[tuple[str, object]] = []

    def push(review_id, requests):  # type: ignore[no-untyped-def]
        desk.push = real_push  # type: ignore[method-assign]
        waiting.append((review_id, requests))
        raise UnknownOutcome("timeout")

    def find(review_id, batch):  # type: ignore[no-untyped-def]
        seen = real_find(review_id, batch)
        if waiting:
            real_push(*waiting.pop())
        return seen

    desk.push, desk.find = push, find  # type: ignore[method-assign]
    yield
    desk.push, desk.find = real_push, real_find  # type: ignore[method-assign]


def test_doubles_of_a_request_that_was_done_late_are_taken_away(found: World) -> None:
    with late_push(found):
        found.settle()

    assert len(found.review.held) == 6
    assert sorted(found.asked()) == ODDS
    assert [found.review_of(text).item.remote_id for text in ODDS] == [
        found.task(text).remote_id for text in ODDS
    ]


def test_of_tasks_that_stand_twice_the_one_known_is_kept(found: World) -> None:
    found.server.fail("push", UnknownOutcome("timeout"), after=True)
    with pytest.raises(UnknownOutcome):
        found.do(JobKind.PUSH)
    for held in list(found.review.held.values()):
        found.server.add_item(found.review.id, held.item.data)
    twins = len(found.review.held)

    found.settle()

    assert twins == 6
    assert sorted(found.asked()) == ODDS


def test_a_task_that_was_decided_meanwhile_is_not_opened_again_by_its_batch(found: World) -> None:
    """One of a batch was never confirmed; looking for it finds the others as well."""
    found.settle()
    found.agree("odd 0", "cat")
    found.later(seconds=61)
    assert found.task("odd 0").state is ReviewState.DECIDED
    unconfirmed = found.task("odd 1").key
    with found.services.store.begin() as unit:
        unit.reviews.set_state([unconfirmed], ReviewState.PLANNED)

    found.do(JobKind.PUSH)

    assert found.task("odd 0").state is ReviewState.DECIDED
    assert found.task("odd 1").state is ReviewState.PUSHED


# --- labels that change ----------------------------------------------------------------------


def test_a_question_whose_label_changed_is_withdrawn(found: World) -> None:
    found.settle()
    found.relabel("odd 0", "dog")

    found.later(seconds=61)

    assert sorted(found.asked()) == ["odd 1", "odd 2"]
    assert found.issue("odd 0").state is IssueState.STALE
    assert found.issue("odd 0").reason == LetGo.LABEL_CHANGED
    assert found.task("odd 0").state is ReviewState.WITHDRAWN


def test_a_question_whose_label_changed_before_it_was_sent_is_never_sent(found: World) -> None:
    found.relabel("odd 0", "dog")
    found.do(JobKind.SYNC)

    found.settle()

    assert len(found.review.held) == 2


def test_a_question_whose_label_changes_while_it_is_sent_is_withdrawn(found: World) -> None:
    def changed_meanwhile() -> None:
        found.relabel("odd 0", "dog")
        found.do(JobKind.SYNC)

    found.server.meanwhile("push", changed_meanwhile)

    found.settle()

    assert sorted(found.asked()) == ["odd 1", "odd 2"]
    assert found.task("odd 0").state is ReviewState.WITHDRAWN


def test_a_question_withdrawn_while_nobody_knows_whether_it_was_sent_is_withdrawn_there_too(
    found: World,
) -> None:
    found.server.fail("push", UnknownOutcome("timeout"), after=True)
    with pytest.raises(UnknownOutcome):
        found.do(JobKind.PUSH)
    found.relabel("odd 0", "dog")
    found.do(JobKind.SYNC)

    found.settle()

    assert len(found.review.held) == 3
    assert sorted(found.asked()) == ["odd 1", "odd 2"]


def test_a_withdrawal_that_was_not_heard_of_is_repeated(found: World) -> None:
    found.settle()
    found.relabel("odd 0", "dog")
    found.server.fail("withdraw", UnknownOutcome("timeout"), after=True)

    found.later(seconds=61)

    assert found.task("odd 0").state is ReviewState.WITHDRAWN
    assert sum(1 for held in found.review.held.values() if withdrawn(held)) == 1


# --- overlaps --------------------------------------------------------------------------------


def test_a_tie_raises_the_overlap_of_its_task_alone(found: World) -> None:
    found.settle()
    found.answer("odd 0", "rita", "dog")
    found.answer("odd 0", "ravi", "cat")

    found.later(seconds=61)

    assert [found.review_of(text).overlap for text in ODDS] == [3, 2, 2]


def test_an_answer_that_does_not_count_makes_room_for_one_more(found: World) -> None:
    found.settle()
    found.answer("odd 0", "ann", "dog")

    found.later(seconds=61)

    assert found.review_of("odd 0").overlap == 3
    found.review_round(["rita", "ravi", "rosa"], lambda *_: {"label": "cat"})
    assert len(found.review_of("odd 0").item.annotations) == 3


def test_a_task_that_someone_deleted_does_not_hold_up_the_others(found: World) -> None:
    found.settle()
    for text in ("odd 0", "odd 1"):
        found.answer(text, "rita", "dog")
        found.answer(text, "ravi", "cat")
    found.do(JobKind.COLLECT)
    given_up = found.issue("odd 0").id
    found.server.delete_item(found.review_id, found.review_of("odd 0").item.remote_id)

    found.settle()

    assert found.review_of("odd 1").overlap == 3
    lost = next(issue for issue in found.issues() if issue.id == given_up)
    assert (lost.state, lost.reason) == (IssueState.STALE, LetGo.TASK_GONE)
    assert found.review_of("odd 0").item.annotations == (), "asked again, of people who have not answered"
    assert found.jobs(JobState.DEAD) == []


# --- refusals --------------------------------------------------------------------------------


def refuse(world: World, *texts: str) -> None:
    """The platform refuses each request that holds one of these items."""
    desk = world.services.desk("animals")
    real = desk.push

    def push(review_id, requests):  # type: ignore[no-untyped-def]
        if any(request.data["text"] in texts for request in requests):
            raise Rejected("HTTP 400 the key is missing")
        return real(review_id, requests)

    desk.push = push  # type: ignore[method-assign]


def test_one_refused_task_does_not_hold_up_its_batch(found: World) -> None:
    refuse(found, "odd 1")

    found.settle()

    assert sorted(found.asked()) == ["odd 0", "odd 2"]
    assert found.issue("odd 1").state is IssueState.STALE
    assert found.issue("odd 1").reason == coded(LetGo.REFUSED, said="HTTP 400 the key is missing")
    assert found.jobs(JobState.DEAD) == []


def test_where_all_are_refused_nothing_is_given_up_and_a_dead_letter_says_why(found: World) -> None:
    refuse(found, *ODDS)

    found.settle()

    assert {issue.state for issue in found.issues()} == {IssueState.OPEN}
    (dead,) = found.jobs(JobState.DEAD)
    assert "the key is missing" in str(dead.error)


def test_a_review_project_that_vanished_is_made_again(found: World) -> None:
    found.settle()
    del found.server.boards[found.review_id]
    found.wrong("new")
    found.do(JobKind.SYNC)
    found.do(JobKind.SCAN)

    found.do(JobKind.PUSH)
    found.do(JobKind.RECONCILE)
    found.do(JobKind.SCAN)
    found.settle()

    assert sorted(found.asked()) == ["new", *ODDS]


def test_a_push_that_finds_the_project_gone_gives_up_no_question(found: World) -> None:
    found.server.fail("push", NotFound("no such project"))

    found.settle()
    assert {issue.state for issue in found.issues()} == {IssueState.OPEN}
    found.later(seconds=700)

    assert sorted(found.asked()) == ODDS


def test_a_platform_that_is_busy_costs_time_only(found: World) -> None:
    found.server.fail("push", Retryable("busy", after=30), times=3)

    found.settle()

    assert sorted(found.asked()) == ODDS


def test_without_anything_to_ask_no_review_project_is_made(world: World) -> None:
    world.some_right()

    world.settle()

    assert world.project.review_remote_id is None
    assert len(world.server.boards) == 1


# --- a review project that is gone -------------------------------------------------------------


def test_questions_of_a_deleted_review_project_are_asked_again_in_a_new_one(found: World) -> None:
    found.settle()
    old = found.review_id
    del found.server.boards[old]
    found.server.add_project(SCHEMA, "Someone else's")  # which is given the number that became free

    found.do(JobKind.PUSH)
    found.settle()

    assert found.review_id != old
    assert sorted(found.asked()) == ODDS
    for text in ODDS:
        found.agree(text, "dog")
    found.later(minutes=2)
    assert [found.issue(text).state for text in ODDS] == [IssueState.ACCEPTED] * 3
