"""Unanswered questions that fell in the order give their places to better ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from connector.model import CHOICE, IssueState, ReviewState
from connector.model.jobs import JobKind
from connector.model.reasons import HeldBack
from tests.support.world import NAME, Killed, World
from workers.consensus.shares import AnswerSet, GroupPath, ShareVote, Terms, count, fit
from workers.label_types.registry import label_type
from workers.review.quality.crowd import KnownCrowd, crowd_fact, written
from workers.review.quality.repairs import group_path

Build = Callable[..., World]
CATS, DOGS = ["cat 0", "cat 1", "cat 2"], ["dog 0", "dog 1", "dog 2"]


@pytest.fixture
def standing(build: Build) -> World:
    """Three flags of cats are asked, three less suspicious ones of dogs wait, and people change only dogs."""
    world = build(policy={"budget": 3}, review={"rule": "shares"})
    world.some_right()
    for n, text in enumerate(CATS):
        world.item(f"odd {text}", "cat", dog=0.93 - n / 1000, cat=0.03, bird=0.04 + n / 1000)
    for n, text in enumerate(DOGS):
        world.item(f"odd {text}", "dog", bird=0.87 - n / 1000, dog=0.06, cat=0.07 + n / 1000)
    world.settle()
    assert sorted(world.asked()) == odd(CATS)
    learn(world, "dog")
    return world


def odd(texts: list[str]) -> list[str]:
    return [f"odd {text}" for text in texts]


def learn(world: World, changed: str, version: int = 1) -> None:
    """It is known that people change the flags of one class, and no others."""
    with world.services.store.begin() as unit:
        issues = unit.issues.active(world.project.id)
        answers = [answered(one, changes=one.given == changed) for one in issues for _ in range(20)]
        unit.facts.put(crowd_fact(world.project), written(KnownCrowd(fit(answers), version, 0)))


def answered(issue, *, changes: bool) -> tuple[GroupPath, AnswerSet]:  # type: ignore[no-untyped-def]
    terms = Terms(issue.given, issue.suggested, frozenset())
    vote = ShareVote(issue.suggested if changes else issue.given)
    return group_path(issue, label_type(CHOICE)), count([vote] * 3, terms).answers


def test_what_fell_waits_again_and_better_ones_stand_in_its_place(standing: World) -> None:
    did = standing.do(JobKind.PUSH)

    assert (did["taken_back"], did["pushed"], did["withdrawn"]) == (3, 3, 3)
    assert sorted(standing.asked()) == odd(DOGS)
    for text in odd(CATS):
        issue = standing.issue(text)
        assert (issue.state, issue.reason) == (IssueState.SUPPRESSED, HeldBack.BUDGET)
        assert standing.task(text).state is ReviewState.WITHDRAWN
    assert len(standing.audit("reviews.taken_back")) == 1


def test_without_anything_new_nothing_changes_places(standing: World) -> None:
    standing.do(JobKind.PUSH)
    assert standing.do(JobKind.PUSH)["taken_back"] == 0


@pytest.mark.parametrize("how", ["answer", "draft", "skip"])
def test_what_somebody_has_answered_skipped_or_begun_stays(standing: World, how: str) -> None:
    if how == "draft":
        standing.review_of("odd cat 1").drafts.add("rita")
    else:
        standing.answer("odd cat 1", "rita", "cat" if how == "answer" else None, cancelled=how == "skip")

    standing.do(JobKind.PUSH)

    assert len(standing.asked()) == 3
    assert "odd cat 1" in standing.asked()
    assert standing.issue("odd cat 1").state is IssueState.IN_REVIEW


@pytest.mark.parametrize("after", ["untouched", "withdraw"])
def test_an_answer_in_the_same_moment_counts(standing: World, after: str) -> None:
    task_id = standing.review_of("odd cat 0").item.remote_id
    standing.server.meanwhile(after, lambda: standing.server.answer(task_id, "rita", "cat"))

    standing.do(JobKind.PUSH)
    standing.later(seconds=61)

    assert [vote.label for vote in standing.votes("odd cat 0")] == ["cat"]
    assert standing.issue("odd cat 0").state in (IssueState.IN_REVIEW, IssueState.REJECTED)


@pytest.mark.parametrize("after", ["untouched", "withdraw"])
def test_what_is_answered_in_the_same_moment_is_open_to_the_others(standing: World, after: str) -> None:
    task_id = standing.review_of("odd cat 0").item.remote_id
    standing.server.meanwhile(after, lambda: standing.server.answer(task_id, "rita", "bird"))

    standing.do(JobKind.PUSH)
    standing.later(seconds=61)

    assert standing.review_of("odd cat 0").overlap == standing.task("odd cat 0").overlap


def test_a_question_that_a_late_withdrawal_closes_is_opened_again(standing: World) -> None:
    """Its worker was killed; by the next try somebody had begun to answer, and the question stayed."""
    held = standing.review_of("odd cat 0")
    wanted = held.overlap
    held.drafts.add("rita")
    standing.services._desks[NAME].withdraw(standing.review_id, [held.item.remote_id])
    assert "odd cat 0" not in standing.asked()
    standing.later(seconds=61)

    assert standing.review_of("odd cat 0").overlap == wanted


def test_what_was_taken_back_is_asked_again_when_it_has_its_turn(standing: World) -> None:
    standing.do(JobKind.PUSH)
    key = standing.task("odd cat 0").key
    learn(standing, "cat", version=2)

    standing.do(JobKind.PUSH)

    assert sorted(standing.asked()) == odd(CATS)
    assert standing.task("odd cat 0").key == key
    assert standing.task("odd cat 0").remote_id == standing.review_of("odd cat 0").item.remote_id
    standing.agree("odd cat 0", "dog", "rita", "ravi", "rosa", "rolf")
    standing.later(seconds=61)
    assert standing.issue("odd cat 0").state is IssueState.ACCEPTED


def test_a_question_may_have_its_turn_again_before_the_platform_heard_that_it_was_taken_back(
    standing: World, tmp_path: Path
) -> None:
    standing.close()
    whole = standing.fork(tmp_path / "whole")
    whole.do(JobKind.PUSH)
    before_it_heard = whole.points.passed.index("call withdraw")
    whole.close()
    world = standing.fork(tmp_path / "killed")
    world.points.strike(before_it_heard, Killed())
    with pytest.raises(Killed):
        world.do(JobKind.PUSH)
    world.restart()
    assert world.task("odd cat 0").state is ReviewState.WITHDRAWING
    learn(world, "cat", version=2)

    world.settle()
    world.do(JobKind.PUSH)

    assert sorted(world.asked()) == odd(CATS)
    world.close()


def test_wherever_the_push_is_killed_each_question_stands_once_or_waits(
    standing: World, tmp_path: Path
) -> None:
    standing.close()
    whole = standing.fork(tmp_path / "whole")
    whole.do(JobKind.PUSH)
    passed = whole.points.passed
    whole.close()
    for point in range(passed.index("call untouched"), len(passed)):
        world = standing.fork(tmp_path / f"killed {point}")
        world.points.strike(point, Killed())
        with pytest.raises(Killed):
            world.do(JobKind.PUSH)
        world.restart()
        world.settle()
        world.do(JobKind.PUSH)
        assert sorted(world.asked()) == odd(DOGS), f"killed at {point}, {passed[point]}"
        assert {world.issue(text).state for text in odd(CATS)} == {IssueState.SUPPRESSED}
        assert {world.issue(text).state for text in odd(DOGS)} == {IssueState.IN_REVIEW}
        world.close()
