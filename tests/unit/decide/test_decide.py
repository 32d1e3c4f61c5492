"""From answers to votes, and from votes to decisions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector.model import CorrectionState, IssueState, Outcome, Problem, ReviewState
from connector.model.jobs import JobKind
from connector.model.reasons import LetGo, NotCounted
from connector.wording import reason_text
from tests.support.world import World

Build = Callable[..., World]


def asking_in(world: World) -> World:
    """One question stands: 'odd' is labeled cat, the model says dog."""
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


# --- votes -----------------------------------------------------------------------------------


def test_answers_become_votes_with_what_the_reviewer_saw(build: Build) -> None:
    for share, blind in ((0.0, False), (1.0, True)):
        world = asking_in(build(policy={"blind_share": share}))
        world.answer("odd", "rita", "dog", note="floppy ears")
        collected(world)

        (vote,) = world.votes("odd")
        assert (vote.reviewer, vote.label, vote.note, vote.counted) == ("rita", "dog", "floppy ears", True)
        assert (vote.blind, vote.origin) == (blind, "manual")


def test_collecting_again_finds_nothing_new(asking: World) -> None:
    asking.answer("odd", "rita", "dog")
    collected(asking)

    assert asking.do(JobKind.COLLECT) == {"reviews": 0, "votes": 0}
    assert len(asking.audit("vote.given")) == 1


def test_before_there_is_a_review_project_there_is_nothing_to_collect(world: World) -> None:
    world.some_right()

    assert world.do(JobKind.COLLECT) == {"reviews": 0, "votes": 0}


def test_one_person_answering_twice_is_one_vote(asking: World) -> None:
    asking.agree("odd", "dog", "rita", "rita")

    collected(asking)

    assert [(v.counted, v.reason) for v in asking.votes("odd")] == [
        (False, NotCounted.SUPERSEDED),
        (True, None),
    ]
    assert asking.issue("odd").state is IssueState.IN_REVIEW


def test_whoever_labeled_the_item_is_recorded_and_not_counted(asking: World) -> None:
    asking.agree("odd", "dog", "ann", "rita")

    collected(asking)

    reasons = {vote.reviewer: vote.reason for vote in asking.votes("odd")}
    assert reasons == {"ann": NotCounted.OWN_LABEL, "rita": None}
    assert asking.issue("odd").state is IssueState.IN_REVIEW


def test_an_answer_that_someone_else_edited_does_not_count(asking: World) -> None:
    answer_id = asking.answer("odd", "rita", "cat")
    asking.answer("odd", "ravi", "dog")
    asking.edit_answer(answer_id, "dog", by="mallory")

    collected(asking)

    assert {v.reviewer: v.reason for v in asking.votes("odd")} == {"rita": NotCounted.EDITED, "ravi": None}
    assert asking.issue("odd").state is IssueState.IN_REVIEW


def test_a_skipped_task_is_no_vote_and_takes_no_place(asking: World) -> None:
    asking.answer("odd", "rita", "dog", cancelled=True)
    asking.answer("odd", "ravi", "dog")

    collected(asking)

    assert {v.reviewer: v.reason for v in asking.votes("odd")} == {"rita": NotCounted.SKIPPED, "ravi": None}
    assert asking.review_of("odd").overlap == 2


def test_a_vote_that_is_changed_before_the_decision_counts_as_changed(asking: World) -> None:
    answer_id = asking.answer("odd", "rita", "cat")
    collected(asking)
    asking.edit_answer(answer_id, "dog", by="rita")
    asking.answer("odd", "ravi", "dog")

    collected(asking)

    assert asking.issue("odd").state is IssueState.ACCEPTED
    assert len(asking.audit("vote.changed")) == 1


def test_a_vote_that_is_withdrawn_before_the_decision_counts_no_more(asking: World) -> None:
    answer_id = asking.answer("odd", "rita", "dog")
    collected(asking)
    asking.delete_answer(answer_id)
    asking.answer("odd", "ravi", "dog")

    collected(asking)

    assert {v.reviewer: (v.counted, v.withdrawn) for v in asking.votes("odd")} == {
        "rita": (False, True),
        "ravi": (True, False),
    }
    assert asking.issue("odd").state is IssueState.IN_REVIEW
    assert len(asking.audit("vote.withdrawn")) == 1


def test_votes_after_the_decision_that_do_not_overturn_it_are_only_recorded(asking: World) -> None:
    asking.agree("odd", "dog")
    collected(asking)

    asking.agree("odd", "cat", "rosa")
    asking.agree("odd", "dog", "remy")
    collected(asking)

    assert len(asking.votes("odd")) == 4
    assert asking.issue("odd").state is IssueState.ACCEPTED
    late = [detail["late"] for _, _, detail in asking.audit("vote.given")]
    assert sorted(late) == [False, False, True, True]
    assert len(asking.audit("decision.accept")) == 1
    assert asking.audit("decision.reopened") == []


def test_a_label_that_the_project_does_not_have_is_no_vote(asking: World) -> None:
    asking.answer("odd", "rita", "dog")
    held = asking.review_of("odd")
    asking.server.annotate(asking.review_id, held.item.remote_id, "wolf", "ravi")

    collected(asking)

    assert {v.reviewer: v.reason for v in asking.votes("odd")} == {
        "rita": None,
        "ravi": NotCounted.UNKNOWN_LABEL,
    }


# --- decisions -------------------------------------------------------------------------------


def test_two_who_agree_on_another_label_accept_the_change(asking: World) -> None:
    asking.agree("odd", "dog")

    collected(asking)

    decision = asking.decision("odd")
    assert decision is not None
    assert (decision.outcome, decision.label) == (Outcome.ACCEPT, "dog")
    assert reason_text(decision.reason) == (
        "Reviewers agreed on 'dog' instead of 'cat': 'dog' (2). "
        "With their reliability, the given label and the model, the probability of 'dog' is 93%."
    )
    assert decision.probability == pytest.approx(0.93, abs=0.005)
    assert len(decision.votes) == 2
    assert asking.issue("odd").state is IssueState.ACCEPTED
    assert asking.task("odd").state is ReviewState.DECIDED


def test_two_who_agree_on_the_given_label_reject_the_suspicion(asking: World) -> None:
    asking.agree("odd", "cat")

    collected(asking)

    assert asking.issue("odd").state is IssueState.REJECTED
    assert reason_text(str(asking.issue("odd").reason)).startswith("Reviewers confirmed 'cat': 'cat' (2). ")
    assert asking.correction("odd") is None
    assert asking.labels("odd") == [("ann", "cat")]


def test_two_who_agree_on_a_third_class_are_followed(asking: World) -> None:
    asking.agree("odd", "bird")

    collected(asking)

    assert asking.corrected("odd").label == "bird"
    assert asking.labels("odd")[-1] == ("service", "bird")


def test_one_vote_decides_nothing(asking: World) -> None:
    asking.answer("odd", "rita", "dog")

    collected(asking)

    assert asking.decision("odd") is None
    assert asking.issue("odd").state is IssueState.IN_REVIEW


def test_a_tie_is_broken_by_a_third_vote(asking: World) -> None:
    asking.answer("odd", "rita", "dog")
    asking.answer("odd", "ravi", "cat")
    collected(asking)
    assert asking.issue("odd").state is IssueState.IN_REVIEW

    assert asking.review_round(["rita", "ravi", "rosa"], lambda *_: {"label": "cat"}) == 1
    collected(asking)

    assert asking.issue("odd").state is IssueState.REJECTED
    assert reason_text(str(asking.issue("odd").reason)).startswith(
        "Reviewers confirmed 'cat': 'cat' (2) and 'dog' (1). "
    )


def test_three_who_differ_leave_it_unresolved(asking: World) -> None:
    for reviewer, label in (("rita", "dog"), ("ravi", "cat"), ("rosa", "bird")):
        asking.answer("odd", reviewer, label)

    collected(asking)

    assert asking.issue("odd").state is IssueState.UNRESOLVED
    assert (
        reason_text(asking.issue("odd").reason)
        == "Reviewers did not agree: 'dog' (1), 'cat' (1) and 'bird' (1)."
    )
    assert asking.labels("odd") == [("ann", "cat")]


def test_three_who_differ_are_settled_by_an_adjudicator_where_there_is_one(build: Build) -> None:
    world = asking_in(build(review={"adjudicators": ["judge"]}))
    for reviewer, label in (("rita", "dog"), ("ravi", "cat"), ("rosa", "bird")):
        world.answer("odd", reviewer, label)
    collected(world)
    assert world.issue("odd").state is IssueState.IN_REVIEW
    assert world.review_of("odd").overlap == 4
    assert len(world.audit("review.escalate")) == 1

    world.answer("odd", "judge", "wolf", problems=[Problem.NONE_FITS])
    collected(world)

    assert world.issue("odd").state is IssueState.UNRESOLVED
    assert reason_text(str(world.issue("odd").reason)).startswith(
        "An adjudicator found that no single label can be chosen"
    )


def test_an_adjudicator_among_the_first_three_settles_their_disagreement(build: Build) -> None:
    world = asking_in(build(review={"adjudicators": ["judge"]}))
    for reviewer, label in (("rita", "dog"), ("ravi", "cat"), ("judge", "bird")):
        world.answer("odd", reviewer, label)

    collected(world)

    assert reason_text(str(world.issue("odd").reason)).startswith("An adjudicator chose 'bird'")
    assert world.labels("odd")[-1] == ("service", "bird")


def test_two_who_see_the_same_problem_leave_it_unresolved(asking: World) -> None:
    asking.answer("odd", "rita", "dog", problems=[Problem.BAD_DATA, Problem.AMBIGUOUS])
    asking.answer("odd", "ravi", None, problems=[Problem.BAD_DATA])

    collected(asking)

    assert asking.issue("odd").state is IssueState.UNRESOLVED
    assert reason_text(asking.issue("odd").reason) == (
        "Reviewers agreed that no single label can be chosen: 'bad data' (2) and 'ambiguous' (1)."
    )


def test_a_quorum_of_one_and_of_three(build: Build) -> None:
    alone = asking_in(build(review={"quorum": 1}))
    alone.answer("odd", "rita", "dog")
    assert collected(alone).issue("odd").state is IssueState.ACCEPTED

    three = asking_in(build(review={"quorum": 3, "max_votes": 5}))
    three.agree("odd", "dog", "rita", "ravi")
    assert collected(three).issue("odd").state is IssueState.IN_REVIEW
    three.agree("odd", "dog", "rosa")
    assert collected(three).issue("odd").state is IssueState.ACCEPTED


def test_a_label_that_changed_before_the_decision_makes_it_stale(asking: World) -> None:
    asking.agree("odd", "dog")
    asking.relabel("odd", "bird")

    collected(asking)

    (stale,) = asking.issues(IssueState.STALE)
    assert (stale.given, stale.reason) == ("cat", LetGo.LABEL_CHANGED)
    assert asking.decision("odd") is None
    assert asking.labels("odd") == [("ann", "bird")]


def test_the_same_label_by_another_annotation_is_the_one_that_is_corrected(asking: World) -> None:
    item_id = asking.held("odd").item.remote_id
    asking.server.annotate(asking.source_id, item_id, "cat", "bob")
    asking.server.delete_annotation(asking.source_id, asking.annotation_id("odd"))
    asking.agree("odd", "dog")

    collected(asking)

    assert asking.corrected("odd").state is CorrectionState.APPLIED
    assert asking.labels("odd") == [("bob", "cat"), ("service", "dog")]


def test_a_decision_keeps_its_evidence(asking: World) -> None:
    asking.agree("odd", "dog")

    collected(asking)

    evidence = asking.corrected("odd").evidence
    assert evidence.model_version == "model"
    assert evidence.method == "predicted_neq_given"
    assert evidence.probability == pytest.approx(0.9)
    assert [(v["reviewer"], v["label"], v["blind"]) for v in evidence.votes] == [
        ("rita", "dog", False),
        ("ravi", "dog", False),
    ]


def test_a_control_that_reviewers_relabel_is_corrected_like_any_other(build: Build) -> None:
    world = build(policy={"control_share": 1.0})
    world.some_right()
    world.settle()

    world.agree("cat 0", "dog")
    collected(world)

    assert world.labels("cat 0") == [("ann", "cat"), ("service", "dog")]
    assert world.corrected("cat 0").evidence.issue_kind == "control"


def test_corrections_of_one_decision_run_share_their_run(asking: World) -> None:
    asking.wrong("even", given="bird", truly="cat")
    asking.do(JobKind.SYNC)
    asking.do(JobKind.SCAN)
    asking.settle()
    asking.agree("odd", "dog")
    asking.agree("even", "cat")

    collected(asking)

    assert asking.corrected("odd").run_id == asking.corrected("even").run_id
