"""What the settings of the review make of votes: rules of classes, confidence, deadlines, extra votes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector.model import Disposition, DispositionKind, IssueState, Problem
from connector.model.jobs import JobKind
from connector.model.reasons import NotCounted
from connector.wording import reason_text
from tests.support.world import World

Build = Callable[..., World]
KINDS = DispositionKind


def asking_in(world: World) -> World:
    world.some_right()
    world.wrong("odd", given="cat", truly="dog")
    world.settle()
    return world


@pytest.fixture
def asking(world: World) -> World:
    return asking_in(world)


def collected(world: World) -> World:
    world.later(seconds=61)
    return world


def listed(world: World, text: str = "odd") -> list[Disposition]:
    with world.read() as unit:
        return unit.dispositions.of_issue(world.issue(text).id)


# --- rules of classes, and confidence ---------------------------------------------------------


def test_three_are_asked_about_a_critical_class_from_the_start(build: Build) -> None:
    world = asking_in(build(review={"critical_classes": ["dog"]}))
    assert world.review_of("odd").overlap == 3

    world.agree("odd", "dog")
    collected(world)
    assert world.issue("odd").state is IssueState.IN_REVIEW
    world.answer("odd", "rosa", "dog")
    collected(world)
    assert world.issue("odd").state is IssueState.ACCEPTED


def test_a_vote_for_a_class_with_a_rule_asks_as_many_as_the_rule_wants(build: Build) -> None:
    world = asking_in(build(review={"class_quorum": {"bird": 4}}))
    assert world.review_of("odd").overlap == 2

    world.agree("odd", "bird")
    collected(world)

    assert world.issue("odd").state is IssueState.IN_REVIEW
    assert world.review_of("odd").overlap == 4


def test_with_a_confidence_people_are_asked_one_by_one(build: Build) -> None:
    world = asking_in(build(review={"confidence": 0.9}))
    assert world.review_of("odd").overlap == 1

    world.answer("odd", "rita", "dog")
    collected(world)
    assert world.review_of("odd").overlap == 2, "one against the label's author is not enough"
    world.answer("odd", "ravi", "dog")
    collected(world)

    decision = world.decision("odd")
    assert decision is not None
    assert decision.label == "dog"
    assert decision.probability is not None
    assert decision.probability > 0.9


def test_a_probability_that_is_clear_at_once_needs_one_vote(build: Build) -> None:
    world = asking_in(build(review={"confidence": 0.9}))

    world.answer("odd", "rita", "cat")
    collected(world)

    assert world.issue("odd").state is IssueState.REJECTED
    assert reason_text(str(world.issue("odd").reason)).startswith(
        "'cat' is sure enough without asking more people"
    )


# --- deadlines --------------------------------------------------------------------------------


def test_a_question_that_nobody_settles_in_time_is_closed(build: Build) -> None:
    world = asking_in(build(review={"deadline_hours": 24.0}))
    world.answer("odd", "rita", "dog")
    world.later(hours=23)
    assert world.issue("odd").state is IssueState.IN_REVIEW

    world.later(hours=2)

    assert world.issue("odd").state is IssueState.UNRESOLVED
    assert reason_text(world.issue("odd").reason) == "It was not decided in time: 'dog' (1)."


def test_a_question_that_nobody_settles_in_time_goes_to_the_adjudicator_once(build: Build) -> None:
    world = asking_in(build(review={"deadline_hours": 24.0, "adjudicators": ["judge"]}))
    world.later(hours=25)
    world.later(hours=25)
    assert world.issue("odd").state is IssueState.IN_REVIEW
    assert len(world.audit("review.escalate")) == 1

    world.answer("odd", "judge", "bird")
    collected(world)

    assert reason_text(str(world.issue("odd").reason)).startswith("An adjudicator chose 'bird'")


def test_a_question_that_is_weighed_again_is_not_put_to_the_adjudicators_again(build: Build) -> None:
    world = asking_in(build(review={"adjudicators": ["judge"]}))
    for who, label in (("rita", "dog"), ("ravi", "cat"), ("rosa", "bird")):
        world.answer("odd", who, label)
        collected(world)
    asked = world.task("odd").escalated_at
    assert asked is not None
    with world.services.store.begin() as unit:
        assert unit.reviews.mark_answered_undecided(world.project.id) == 1
    collected(world)
    assert (len(world.audit("review.escalate")), world.task("odd").escalated_at) == (1, asked)


def test_without_a_deadline_a_question_waits(asking: World) -> None:
    asking.later(days=60)
    assert asking.issue("odd").state is IssueState.IN_REVIEW


# --- extra votes ------------------------------------------------------------------------------


def test_only_so_many_questions_wait_for_an_extra_vote_the_most_doubtful_first(build: Build) -> None:
    world = build(review={"extra_votes": 1})
    world.some_right()
    world.item("doubtful", "cat", "ann", dog=0.5, cat=0.3, bird=0.2)
    world.wrong("clearer", given="cat", truly="dog")
    world.settle()
    for text, second in (("clearer", "cat"), ("doubtful", "bird")):
        world.answer(text, "rita", "dog")
        world.answer(text, "ravi", second)
    collected(world)

    assert [world.review_of(text).overlap for text in ("doubtful", "clearer")] == [3, 2]

    world.answer("doubtful", "rosa", "dog")
    collected(world)
    assert [world.review_of(text).overlap for text in ("doubtful", "clearer")] == [3, 3]


def test_votes_that_a_class_demands_are_no_extra_votes_and_wait_for_nobody(build: Build) -> None:
    world = build(review={"extra_votes": 1, "class_quorum": {"bird": 3}})
    world.some_right()
    for text in ("one", "two"):
        world.wrong(text)
    world.settle()
    for text in ("one", "two"):
        world.agree(text, "bird")
    collected(world)
    assert [world.review_of(text).overlap for text in ("one", "two")] == [3, 3]


def test_a_changed_quorum_leaves_extra_votes_asked_for(asking: World) -> None:
    asking.answer("odd", "rita", "dog")
    asking.answer("odd", "ravi", "cat")
    collected(asking)
    assert asking.review_of("odd").overlap == 3

    asking.reconfigure(review={"quorum": 1})
    for held in asking.review.held.values():
        held.overlap = 1  # as the server does when the project is changed
    asking.do(JobKind.PUSH)
    asking.settle()

    assert asking.review_of("odd").overlap == 3


def test_a_lower_quorum_decides_what_has_votes_enough(asking: World) -> None:
    asking.answer("odd", "rita", "dog")
    collected(asking)

    asking.reconfigure(review={"quorum": 1})
    asking.do(JobKind.PUSH)
    asking.settle()

    assert asking.issue("odd").state is IssueState.ACCEPTED


# --- answers other than one label -------------------------------------------------------------


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (Problem.SEVERAL_FIT, [(KINDS.MULTI_LABEL, ("bird", "dog"))]),
        (
            Problem.AMBIGUOUS,
            [(KINDS.GUIDELINE_QUESTION, ("cat", "dog")), (KINDS.MULTI_LABEL, ("bird", "dog"))],
        ),
        (Problem.NONE_FITS, [(KINDS.EXCLUDE, ("bird", "dog"))]),
        (Problem.BAD_DATA, [(KINDS.EXCLUDE, ("bird", "dog"))]),
        (Problem.CANNOT_TELL, []),
    ],
)
def test_every_problem_leads_somewhere(
    asking: World, problem: Problem, expected: list[tuple[DispositionKind, tuple[str, ...]]]
) -> None:
    asking.answer("odd", "rita", "dog", problems=[problem])
    asking.answer("odd", "ravi", "bird", problems=[problem])
    collected(asking)

    assert [(one.kind, one.labels) for one in listed(asking)] == expected


def test_who_cannot_tell_is_followed_by_another_and_then_it_is_left(asking: World) -> None:
    for reviewer in ("rita", "ravi"):
        asking.answer("odd", reviewer, problems=[Problem.CANNOT_TELL])
    collected(asking)
    assert asking.review_of("odd").overlap == 3

    asking.answer("odd", "rosa", problems=[Problem.CANNOT_TELL])
    collected(asking)
    assert asking.issue("odd").state is IssueState.UNRESOLVED
    assert reason_text(asking.issue("odd").reason) == "Reviewers did not agree: 'cannot tell' (3)."


def test_an_excluded_item_is_not_flagged_again_whatever_label_it_gets(asking: World) -> None:
    for reviewer in ("rita", "ravi"):
        asking.answer("odd", reviewer, problems=[Problem.BAD_DATA])
    collected(asking)

    asking.relabel("odd", "bird")
    asking.later(seconds=61)
    asking.do(JobKind.SCAN)
    asking.settle()

    assert [one.kind for one in listed(asking)] == [KINDS.EXCLUDE]
    assert asking.issues(IssueState.OPEN) + asking.issues(IssueState.IN_REVIEW) == []


# --- bad input --------------------------------------------------------------------------------


def test_two_accounts_of_one_person_are_one_vote(build: Build) -> None:
    world = asking_in(build(reviewers={"same_person": {"rita2": "rita"}}))
    world.agree("odd", "dog", "rita", "rita2")
    collected(world)

    assert [(v.reviewer, v.counted, v.reason) for v in world.votes("odd")] == [
        ("rita", False, NotCounted.OTHER_ACCOUNT),
        ("rita2", True, None),
    ]
    assert world.issue("odd").state is IssueState.IN_REVIEW


def test_nobody_reviews_their_own_label_from_another_account(build: Build) -> None:
    world = asking_in(build(reviewers={"same_person": {"ann2": "ann"}}))
    world.agree("odd", "cat", "ann2", "rita")
    collected(world)

    assert {v.reviewer: v.reason for v in world.votes("odd")} == {"ann2": NotCounted.OWN_LABEL, "rita": None}


def test_an_adjudicator_is_known_by_any_of_their_accounts(build: Build) -> None:
    world = asking_in(
        build(review={"adjudicators": ["judge"]}, reviewers={"same_person": {"judge2": "judge"}})
    )
    for reviewer, label in (("rita", "dog"), ("ravi", "cat"), ("judge2", "bird")):
        world.answer("odd", reviewer, label)
    collected(world)

    assert reason_text(str(world.issue("odd").reason)).startswith("An adjudicator chose 'bird'")


def test_votes_for_a_withdrawn_task_are_recorded_and_decide_nothing(asking: World) -> None:
    key = asking.review_of("odd").item.remote_id
    asking.server.delete_item(asking.source_id, asking.held("odd").item.remote_id)
    asking.later(hours=7)
    for reviewer in ("rita", "ravi"):
        asking.server.answer(key, reviewer, "dog", problems=(), note=None, cancelled=False)
    collected(asking)

    (issue,) = asking.issues()
    assert issue.state is IssueState.STALE
    with asking.read() as unit:
        assert unit.issues.decision(issue.id) is None
        assert unit.votes.counts(asking.project.id)["all"] == 2
