"""Golden items among the review tasks: at the set rate, told from the others by nothing, only measuring."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import pytest

from connector.model import GoldenItem, Issue, IssueKind, IssueState, Json, ReviewState
from connector.model.jobs import JobKind
from tests.support.world import World, withdrawn

Build = Callable[..., World]


def make_golden(world: World, labels: dict[str, str]) -> None:
    """Text of an item → its true label."""
    with world.services.store.begin() as unit:
        ids = unit.items.ids_of([world.held(text).item.remote_id for text in labels], world.project.id)
        data = unit.items.data(ids)
        unit.golden.put(world.project.id, [(one, labels[str(data[one]["text"])]) for one in ids], "cli", "me")


def golden_item(world: World, text: str) -> GoldenItem:
    with world.read() as unit:
        return next(one for one in unit.golden.listed(world.project.id) if world.text_of(one.item_id) == text)


def golden_issues(world: World) -> list[Issue]:
    return [one for one in world.issues() if one.kind is IssueKind.GOLDEN]


def crowded(build: Build, share: float, flags: int = 40, known: int = 30, **policy: Any) -> World:
    """Many flags, many golden items with right labels, all pushed."""
    world = build(policy={"budget": 1000, **policy}, reviewers={"golden_share": share}, review={"quorum": 2})
    world.some_right(each=max(known // 3, 2))
    for n in range(flags):
        world.item(f"odd {n}", "cat", dog=0.9 - n / 1000, cat=0.04, bird=0.06 + n / 1000)
    world.do(JobKind.SYNC)
    make_golden(world, {f"{label} {n}": label for label in ("bird", "cat", "dog") for n in range(known // 3)})
    world.do(JobKind.SCAN)
    world.do(JobKind.PUSH)
    return world


@pytest.fixture
def mixed(build: Build) -> World:
    return crowded(build, share=0.3)


def told(world: World) -> list[tuple[bool, Json]]:
    """(whether it is golden, what was pushed) of each task in the order they stand."""
    golden = {world.text_of(one.item_id) for one in golden_issues(world)}
    standing = [held.item.data for held in world.review.held.values() if not withdrawn(held)]
    return [(str(data["text"]) in golden, data) for data in standing]


def test_nothing_is_mixed_in_without_golden_items(build: Build) -> None:
    world = crowded(build, share=0.3, known=0)
    assert golden_issues(world) == []


def test_nothing_is_mixed_in_at_a_share_of_zero(build: Build) -> None:
    assert golden_issues(crowded(build, share=0.0)) == []


def test_golden_questions_make_up_the_set_share_of_the_tasks(build: Build) -> None:
    world = crowded(build, share=0.25, flags=100, known=150)
    share = len(golden_issues(world)) / len(world.asked())
    assert 0.15 < share < 0.33, "three standard deviations around a quarter"


def test_golden_questions_take_no_place_of_the_budget(build: Build) -> None:
    world = crowded(build, share=0.3, budget=20)
    golden = len(golden_issues(world))
    answered = [text for text in world.asked() if text.startswith("odd")]
    assert golden
    assert len(answered) == 20

    for text in answered:
        world.agree(text, "cat")
    world.settle()

    assert len([text for text in world.asked() if text.startswith("odd") and text not in answered]) == 20


def test_a_golden_question_has_no_deadline(build: Build) -> None:
    review = {"quorum": 2, "deadline_hours": 1}
    world = build(reviewers={"golden_share": 0.5}, review=review)
    world.some_right(each=4)
    for n in range(6):
        world.wrong(f"odd {n}")
    world.do(JobKind.SYNC)
    make_golden(world, {f"{label} {n}": label for label in ("bird", "cat", "dog") for n in range(4)})
    world.do(JobKind.SCAN)
    world.settle()
    golden = len(golden_issues(world))
    assert golden

    world.later(hours=2)  # comes to rest: a question that stays open is not looked at again and again

    states = {(one.kind, one.state) for one in world.issues()}
    assert states == {
        (IssueKind.LABEL_ERROR, IssueState.UNRESOLVED),
        (IssueKind.GOLDEN, IssueState.IN_REVIEW),
    }
    assert len(world.asked()) >= golden


def test_pushing_again_adds_no_golden_question(mixed: World) -> None:
    before = len(golden_issues(mixed))
    assert before > 0
    mixed.do(JobKind.PUSH)
    mixed.do(JobKind.SCAN)
    mixed.do(JobKind.PUSH)
    assert len(golden_issues(mixed)) == before


def test_what_becomes_golden_later_is_asked_beside_questions_that_stand_unanswered(build: Build) -> None:
    world = crowded(build, share=0.5, flags=12, known=0)
    world.answer("odd 0", "rita", "dog")
    world.do(JobKind.COLLECT)
    make_golden(world, {"bird 0": "bird"} | {f"{label} 1": label for label in ("bird", "cat", "dog")})
    world.do(JobKind.PUSH)
    assert len(golden_issues(world)) == 4
    assert sum(is_golden for is_golden, _ in told(world)) == 4
    world.do(JobKind.PUSH)
    assert len(golden_issues(world)) == 4, "each stands open"


def test_no_golden_question_is_put_beside_one_that_was_answered(build: Build) -> None:
    world = crowded(build, share=0.5, flags=2, known=0)
    for text in ("odd 0", "odd 1"):
        world.answer(text, "rita", "dog")
    world.do(JobKind.COLLECT)
    make_golden(world, {"bird 0": "bird"})
    world.do(JobKind.PUSH)
    assert golden_issues(world) == []


def test_what_is_pushed_has_the_same_fields_of_the_same_kinds(mixed: World) -> None:
    shapes = {golden: set() for golden in (True, False)}
    for golden, data in told(mixed):
        shapes[golden].add(tuple(sorted((name, type(value).__name__) for name, value in data.items())))
    assert shapes[True] == shapes[False]


def test_a_golden_question_tells_what_a_flag_of_such_a_label_tells(mixed: World) -> None:
    """Of an item labeled 'cat' the very sentence of a flag; the model's agreement would give it away."""
    said = {str(data["secondlook_context"]) for golden, data in told(mixed) if not golden}
    for issue in golden_issues(mixed):
        assert issue.suggested != issue.given
        if issue.given == "cat":
            task = mixed.review_of(mixed.text_of(issue.item_id))
            assert str(task.item.data["secondlook_context"]) in said


def test_golden_questions_stand_anywhere_in_the_order(build: Build) -> None:
    places = []
    for _ in range(6):
        order = [golden for golden, _ in told(crowded(build, share=0.3))]
        places += [n / len(order) for n, golden in enumerate(order) if golden]
    assert 0.38 < statistics.fmean(places) < 0.62
    assert min(places) < 0.15
    assert max(places) > 0.85


def test_golden_questions_are_blind_as_often_as_the_others(build: Build) -> None:
    world = crowded(build, share=0.4, flags=100, known=120, blind_share=0.5)
    blind = [one.evidence.blind for one in golden_issues(world)]
    assert 0.35 < statistics.fmean(blind) < 0.65


def test_a_golden_question_is_closed_by_its_answers_and_decides_nothing(mixed: World) -> None:
    issue = golden_issues(mixed)[0]
    text = mixed.text_of(issue.item_id)
    before = mixed.labels(text)
    mixed.agree(text, next(one for one in ("cat", "dog") if one != issue.given))
    mixed.settle()

    assert mixed.issue(text).state is IssueState.MEASURED
    assert mixed.task(text).state is ReviewState.DECIDED
    assert mixed.decision(text) is None
    assert mixed.correction(text) is None
    assert mixed.labels(text) == before


def test_it_stays_open_until_enough_people_have_answered(mixed: World) -> None:
    text = mixed.text_of(golden_issues(mixed)[0].item_id)
    mixed.answer(text, "rita", "cat")
    mixed.settle()
    assert mixed.issue(text).state is IssueState.IN_REVIEW


def test_those_asked_least_are_asked_first(build: Build) -> None:
    world = crowded(build, share=0.5, flags=12, known=30)
    first = {one.item_id for one in golden_issues(world)}
    for item_id in first:
        world.agree(world.text_of(item_id), "cat")
    world.settle()
    for n in range(12):
        world.item(f"new {n}", "cat", dog=0.9, cat=0.04, bird=0.06)
    world.do(JobKind.SYNC)
    world.do(JobKind.SCAN)
    world.do(JobKind.PUSH)
    second = {one.item_id for one in golden_issues(world) if one.state is not IssueState.MEASURED}
    assert second
    assert not first & second


def test_a_golden_label_that_most_reviewers_contradict_is_reported_and_not_changed(mixed: World) -> None:
    issue = golden_issues(mixed)[0]
    text, other = mixed.text_of(issue.item_id), next(c for c in ("cat", "dog") if c != issue.given)
    mixed.agree(text, other)
    mixed.settle()

    item = golden_item(mixed, text)
    assert item.doubted_at is not None
    assert item.label == issue.given
    assert [detail["label"] for _, _, detail in mixed.audit("golden.doubted")] == [issue.given]


def test_a_golden_label_is_doubted_too_where_it_is_asked_beside_a_question_that_stood_before(
    build: Build,
) -> None:
    world = crowded(build, share=0.5, flags=12, known=0)
    world.clock.advance(hours=1)
    make_golden(world, {"bird 0": "bird"})
    world.do(JobKind.PUSH)
    world.agree("bird 0", "cat")
    world.settle()
    assert golden_item(world, "bird 0").doubted_at is not None


def test_one_dissenter_doubts_nothing(mixed: World) -> None:
    issue = golden_issues(mixed)[0]
    text, other = mixed.text_of(issue.item_id), next(c for c in ("cat", "dog") if c != issue.given)
    mixed.answer(text, "rita", other)
    mixed.answer(text, "ravi", issue.given)
    mixed.settle()
    assert golden_item(mixed, text).doubted_at is None


def test_two_accounts_of_one_person_do_not_make_a_majority(build: Build) -> None:
    world = crowded(build, share=0.3)
    world.reconfigure(
        policy={"budget": 1000},
        reviewers={"golden_share": 0.3, "same_person": {"ravi": "rita"}},
        review={"quorum": 2},
    )
    issue = golden_issues(world)[0]
    text, other = world.text_of(issue.item_id), next(c for c in ("cat", "dog") if c != issue.given)
    world.agree(text, other)
    world.settle()
    assert golden_item(world, text).doubted_at is None


def test_the_audit_log_says_what_was_asked(mixed: World) -> None:
    assert len(mixed.audit("golden.asked")) == len(golden_issues(mixed))
