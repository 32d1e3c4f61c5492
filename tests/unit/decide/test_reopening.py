"""Votes that are changed, withdrawn or given after the decision: recorded, and the decision reopened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from connector import wording
from connector.errors import Conflict, Retryable
from connector.model import CorrectionState, Decision, IssueState, Outcome, Problem, ReviewState
from connector.model.jobs import JobKind
from connector.model.reasons import NotReopened, NotWritten
from connector.wording import reason_text
from tests.support.world import World

Build = Callable[..., World]
JUDGED = {"adjudicators": ["judge"]}


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


def corrected(world: World) -> tuple[str, str]:
    """Two people say dog, and it is written; the ids of their answers."""
    ids = world.answer("odd", "rita", "dog"), world.answer("odd", "ravi", "dog")
    collected(world)
    assert world.labels("odd")[0][1] == "dog" or world.labels("odd")[-1] == ("service", "dog")
    return ids


def history(world: World) -> list[Decision]:
    with world.read() as unit:
        return unit.issues.decisions_of(world.issue("odd").id)


def corrections(world: World) -> list[tuple[str, CorrectionState]]:
    with world.read() as unit:
        return [(c.label, c.state) for c in unit.corrections.all_of_issue(world.issue("odd").id)]


# --- what reopens a decision ------------------------------------------------------------------


def test_a_vote_that_is_changed_reopens_the_decision_and_asks_one_more(asking: World) -> None:
    _, second = corrected(asking)

    asking.edit_answer(second, "cat", by="ravi")
    collected(asking)

    assert asking.issue("odd").state is IssueState.IN_REVIEW
    assert asking.task("odd").state is ReviewState.PUSHED
    assert asking.review_of("odd").overlap == 3
    ((_, _, detail),) = asking.audit("decision.reopened")
    assert detail["reason"].startswith("The answers have changed and do not bear the decision any more")
    assert asking.labels("odd")[-1] == ("service", "dog"), "it stays until it is decided anew"


def test_a_problem_that_was_agreed_on_before_does_not_reopen_what_was_decided_since(asking: World) -> None:
    for answer_id in [asking.answer("odd", who, problems=[Problem.SEVERAL_FIT]) for who in ("rita", "ravi")]:
        collected(asking)
        asking.delete_answer(answer_id)
    collected(asking)
    corrected(asking)
    reopened = len(asking.audit("decision.reopened"))
    asking.answer("odd", "rosa", "cat")
    collected(asking)
    assert (asking.issue("odd").state, len(asking.audit("decision.reopened"))) == (
        IssueState.ACCEPTED,
        reopened,
    )
    assert [decision.outcome for decision in history(asking)] == [Outcome.UNRESOLVED, Outcome.ACCEPT]


def test_what_is_being_taken_back_is_written_anew_where_it_is_decided_again(build: Build) -> None:
    world = asking_in(build(review={"reopen_limit": 5}))
    answers = dict(zip(("rita", "ravi"), corrected(world), strict=True))
    for label in ("cat", "dog"):
        for who, answer_id in answers.items():
            world.edit_answer(answer_id, label, by=who)
        world.do(JobKind.COLLECT)
        world.do(JobKind.DECIDE)
        assert ("dog", CorrectionState.REVERTING) in corrections(world)
    assert ("dog", CorrectionState.WAITING) in corrections(world), "until the one before it is gone"
    collected(world)
    assert sorted(corrections(world)) == [("dog", CorrectionState.APPLIED), ("dog", CorrectionState.REVERTED)]
    assert world.labels("odd")[-1] == ("service", "dog")


def test_what_may_just_be_written_is_taken_back_by_whoever_writes_it(asking: World) -> None:
    answers = {who: asking.answer("odd", who, "dog") for who in ("rita", "ravi")}
    asking.do(JobKind.COLLECT)
    asking.do(JobKind.DECIDE)
    asking.server.fail("write", Retryable("lost"), after=True)
    with pytest.raises(Retryable):
        asking.do(JobKind.WRITEBACK, {"correction": asking.corrected("odd").id})
    for who, answer_id in answers.items():
        asking.edit_answer(answer_id, "cat", by=who)
    asking.do(JobKind.COLLECT)
    asking.do(JobKind.DECIDE)
    assert corrections(asking) == [("dog", CorrectionState.PENDING)]

    asking.later(minutes=20)
    assert corrections(asking) == [("dog", CorrectionState.REVERTED)]
    assert asking.labels("odd") == [("ann", "cat")]


def test_a_question_about_another_part_of_the_item_is_in_nobodys_way(asking: World) -> None:
    _, second = corrected(asking)
    with asking.services.store.begin() as unit:
        elsewhere = replace(
            asking.issue("odd"), id="elsewhere", place="elsewhere", state=IssueState.OPEN, reason=None
        )
        unit.issues.add([elsewhere])
    asking.edit_answer(second, "cat", by="ravi")
    asking.do(JobKind.COLLECT)
    asking.do(JobKind.DECIDE)
    assert len(asking.audit("decision.reopened")) == 1
    assert asking.audit("decision.upheld") == []


def test_a_label_that_changed_before_its_votes_were_weighed_is_not_decided_about(asking: World) -> None:
    asking.agree("odd", "dog")
    asking.do(JobKind.COLLECT)
    asking.relabel("odd", "bird")
    with asking.services.store.begin() as unit:  # stored, and its questions not looked at yet
        unit.items.apply(asking.project.id, [asking.held("odd").item])
    asking.do(JobKind.DECIDE)
    assert asking.issue("odd").state is IssueState.STALE
    assert corrections(asking) == []


def test_a_vote_that_is_withdrawn_reopens_the_decision(asking: World) -> None:
    _, second = corrected(asking)

    asking.delete_answer(second)
    collected(asking)

    assert asking.issue("odd").state is IssueState.IN_REVIEW
    assert asking.decision("odd") is None
    assert [one.superseded_at is None for one in history(asking)] == [False]


def test_late_votes_that_make_another_majority_overturn_it_at_once(asking: World) -> None:
    corrected(asking)

    asking.agree("odd", "cat", "rosa", "remy", "ruth")
    collected(asking)

    assert asking.issue("odd").state is IssueState.REJECTED
    assert asking.labels("odd") == [("ann", "cat")]
    assert corrections(asking) == [("dog", CorrectionState.REVERTED)]
    assert [one.outcome for one in history(asking)] == [Outcome.ACCEPT, Outcome.REJECT]
    assert len(asking.audit("correction.revert_asked")) == 1
    assert len(asking.audit("correction.reverted")) == 1


@pytest.mark.parametrize("mode", ["ground_truth", "update", "prediction"])
def test_another_label_that_wins_is_written_after_the_first_was_taken_back(build: Build, mode: str) -> None:
    world = asking_in(build(writeback={"mode": mode}))
    world.agree("odd", "dog")
    collected(world)

    world.agree("odd", "bird", "rosa", "remy", "ruth")
    collected(world)

    assert corrections(world) == [
        ("dog", CorrectionState.REVERTED),
        ("bird", CorrectionState.APPLIED),
    ]
    made = {
        "ground_truth": [("ann", "cat"), ("service", "bird")],
        "update": [("ann", "bird")],
        "prediction": [("ann", "cat")],
    }
    assert world.labels("odd") == made[mode]
    assert world.corrected("odd").given == "cat"


def test_a_decision_that_is_confirmed_anew_keeps_its_correction(asking: World) -> None:
    first, second = corrected(asking)
    asking.edit_answer(second, "cat", by="ravi")
    collected(asking)

    asking.answer("odd", "rosa", "dog")
    collected(asking)

    assert asking.issue("odd").state is IssueState.ACCEPTED
    assert corrections(asking) == [("dog", CorrectionState.APPLIED)]
    current = asking.decision("odd")
    assert current is not None
    assert current.votes != (first, second)
    assert asking.corrected("odd").decision_id == current.id
    assert asking.audit("correction.revert_asked") == []


def test_a_confirmed_label_that_votes_turn_against_is_corrected_after_all(asking: World) -> None:
    asking.agree("odd", "cat")
    collected(asking)

    asking.agree("odd", "dog", "rosa", "remy", "ruth")
    collected(asking)

    assert asking.labels("odd") == [("ann", "cat"), ("service", "dog")]
    assert corrections(asking) == [("dog", CorrectionState.APPLIED)]


def test_a_vote_that_settles_what_was_given_up_reopens_it(asking: World) -> None:
    for reviewer, label in (("rita", "dog"), ("ravi", "cat"), ("rosa", "bird")):
        asking.answer("odd", reviewer, label)
    collected(asking)
    assert asking.issue("odd").state is IssueState.UNRESOLVED

    asking.answer("odd", "remy", "dog")
    collected(asking)

    assert asking.issue("odd").state is IssueState.ACCEPTED
    assert asking.labels("odd")[-1] == ("service", "dog")


# --- what does not ----------------------------------------------------------------------------


def upheld(world: World) -> list[str]:
    return [detail["reason"] for _, _, detail in world.audit("decision.upheld")]


def test_votes_that_come_after_the_window_are_only_recorded(build: Build) -> None:
    world = asking_in(build(review={"reopen_days": 2.0}))
    corrected(world)
    world.clock.advance(days=3)

    world.agree("odd", "cat", "rosa", "remy", "ruth")
    collected(world)

    assert len(world.votes("odd")) == 5
    assert world.issue("odd").state is IssueState.ACCEPTED
    assert upheld(world) == [wording.reason_text(NotReopened.TOO_LATE)]


def test_what_a_person_has_taken_back_is_not_put_again(asking: World) -> None:
    _, second = corrected(asking)
    asking.revert(asking.corrected("odd").id)

    asking.delete_answer(second)
    collected(asking)

    assert asking.issue("odd").state is IssueState.ACCEPTED
    assert upheld(asking) == [wording.reason_text(NotReopened.REVERTED_BY_HAND)]


def test_a_label_that_someone_changed_since_is_not_asked_about(asking: World) -> None:
    _, second = corrected(asking)
    asking.server.annotate(asking.source_id, asking.held("odd").item.remote_id, "bird", "bob")
    asking.server.delete_annotation(asking.source_id, asking.annotation_id("odd", 1))
    asking.server.delete_annotation(asking.source_id, asking.annotation_id("odd", 0))
    collected(asking)

    asking.delete_answer(second)
    collected(asking)

    assert asking.audit("decision.reopened") == []
    assert len(upheld(asking)) == 1


def test_more_votes_for_what_was_decided_change_nothing_whatever_the_rules_are_now(asking: World) -> None:
    corrected(asking)
    asking.reconfigure(review={"quorum": 5, "max_votes": 5})

    asking.answer("odd", "rosa", "dog")
    collected(asking)

    assert asking.issue("odd").state is IssueState.ACCEPTED
    assert asking.audit("decision.reopened") == []


def test_more_votes_for_what_most_had_said_change_nothing_either(asking: World) -> None:
    for who, label in (("rita", "dog"), ("ravi", "cat"), ("remy", "cat")):
        asking.answer("odd", who, label)
        collected(asking)
    assert asking.issue("odd").state is IssueState.REJECTED
    asking.reconfigure(review={"quorum": 5, "max_votes": 5})

    asking.answer("odd", "rosa", "cat")
    collected(asking)
    asking.answer("odd", "remy", "cat")  # again, which counts in the place of the first
    collected(asking)
    assert asking.issue("odd").state is IssueState.REJECTED
    assert asking.audit("decision.reopened") == []

    asking.answer("odd", "ruth", "dog")
    collected(asking)
    assert len(asking.audit("decision.reopened")) == 1


def test_a_skip_after_the_end_opens_nothing_again(asking: World) -> None:
    for who, label in (("rita", "dog"), ("ravi", "cat"), ("remy", "bird")):
        asking.answer("odd", who, label)
        collected(asking)
    assert asking.issue("odd").state is IssueState.UNRESOLVED
    asking.reconfigure(review={"quorum": 2, "max_votes": 5})
    asking.answer("odd", "rosa", cancelled=True)
    collected(asking)
    assert asking.issue("odd").state is IssueState.UNRESOLVED
    assert asking.audit("decision.reopened") == []


def test_a_problem_that_is_agreed_on_late_puts_the_item_on_its_list(build: Build) -> None:
    world = asking_in(build(review={"deadline_hours": 24.0}))
    world.answer("odd", "rita", problems=[Problem.SEVERAL_FIT])
    world.later(hours=25)
    assert world.issue("odd").state is IssueState.UNRESOLVED
    with world.read() as unit:
        assert unit.dispositions.of_issue(world.issue("odd").id) == []

    world.answer("odd", "ravi", problems=[Problem.SEVERAL_FIT])
    collected(world)
    assert world.issue("odd").state is IssueState.UNRESOLVED
    with world.read() as unit:
        (listed,) = unit.dispositions.of_issue(world.issue("odd").id)
    assert listed.problem == Problem.SEVERAL_FIT
    before = len(world.audit("decision.reopened"))
    world.answer("odd", "remy", problems=[Problem.SEVERAL_FIT])
    collected(world)
    assert len(world.audit("decision.reopened")) == before


# --- it ends ----------------------------------------------------------------------------------


def flapping(world: World, times: int) -> None:
    """One person changes their mind again and again, and a second one with them."""
    ids = [world.answer("odd", "rita", "dog"), world.answer("odd", "ravi", "dog")]
    collected(world)
    for n in range(times):
        for answer_id, reviewer in zip(ids, ("rita", "ravi"), strict=True):
            world.edit_answer(answer_id, "cat" if n % 2 == 0 else "dog", by=reviewer)
        collected(world)


def test_a_decision_is_reopened_only_so_often(asking: World) -> None:
    flapping(asking, 5)

    assert len(asking.audit("decision.reopened")) == 2
    assert set(upheld(asking)) == {wording.reason_text(NotReopened.REOPENED_ENOUGH)}
    assert asking.issue("odd").state is IssueState.ACCEPTED
    assert asking.labels("odd") == [("ann", "cat"), ("service", "dog")]
    assert [one.superseded_at is None for one in history(asking)] == [False, False, True]


def test_then_an_adjudicator_settles_it_for_good(build: Build) -> None:
    world = asking_in(build(review=JUDGED))
    flapping(world, 3)
    assert world.issue("odd").state is IssueState.IN_REVIEW

    world.answer("odd", "judge", "bird")
    collected(world)
    assert world.labels("odd")[-1] == ("service", "bird")
    assert reason_text(str(world.issue("odd").reason)).startswith("An adjudicator chose 'bird'")

    world.agree("odd", "cat", "rosa", "remy", "ruth", "rene")
    collected(world)
    assert world.issue("odd").state is IssueState.ACCEPTED
    assert len(world.audit("decision.reopened")) == 3


# --- corrections that are not written yet -----------------------------------------------------


def test_a_correction_that_was_not_written_is_cancelled(asking: World) -> None:
    _, second = corrected_without_writing(asking)
    asking.edit_answer(second, "cat", by="ravi")

    asking.do(JobKind.COLLECT)
    asking.do(JobKind.DECIDE)

    assert corrections(asking) == [("dog", CorrectionState.CANCELLED)]
    assert len(asking.audit("correction.cancelled")) == 1
    asking.settle()
    assert asking.labels("odd") == [("ann", "cat")]
    assert "write" not in asking.server.calls


def corrected_without_writing(world: World) -> tuple[str, str]:
    ids = world.answer("odd", "rita", "dog"), world.answer("odd", "ravi", "dog")
    world.do(JobKind.COLLECT)
    world.do(JobKind.DECIDE)
    assert corrections(world) == [("dog", CorrectionState.PENDING)]
    return ids


@pytest.mark.parametrize("operation", ["prepare", "write", "fetch"])
@pytest.mark.parametrize(
    ("late", "end"),
    [
        ("cat", [("ann", "cat")]),
        ("bird", [("ann", "cat"), ("service", "bird")]),
    ],
)
def test_a_decision_may_be_overturned_while_its_correction_is_written(
    asking: World, operation: str, late: str, end: list[tuple[str, str]]
) -> None:
    corrected_without_writing(asking)

    def overturned() -> None:
        asking.clock.advance(seconds=1)
        asking.agree("odd", late, "rosa", "remy", "ruth")
        asking.do(JobKind.COLLECT)
        asking.do(JobKind.DECIDE)

    asking.server.meanwhile(operation, overturned)
    asking.settle()

    assert asking.labels("odd") == end
    assert corrections(asking)[0][1] in (CorrectionState.CANCELLED, CorrectionState.REVERTED)


def test_a_revert_that_is_refused_gives_up_what_waits_for_it(asking: World) -> None:
    corrected(asking)
    refusal = Conflict("someone has changed it")
    asking.server.fail("revert", refusal)
    asking.agree("odd", "bird", "rosa", "remy", "ruth")

    collected(asking)

    assert [state for _, state in corrections(asking)] == [CorrectionState.APPLIED, CorrectionState.CONFLICT]
    assert asking.corrected("odd").error == NotWritten.NOT_TAKEN_BACK


def test_the_lists_and_the_notes_follow_the_decision(asking: World) -> None:
    asking.answer("odd", "rita", problems=[Problem.BAD_DATA])
    second = asking.answer("odd", "ravi", problems=[Problem.BAD_DATA])
    collected(asking)
    with asking.read() as unit:
        assert len(unit.dispositions.counts(asking.project.id)) == 1

    asking.delete_answer(second)
    collected(asking)

    with asking.read() as unit:
        assert unit.dispositions.counts(asking.project.id) == {}
    assert asking.issue("odd").state is IssueState.IN_REVIEW


def test_a_held_correction_that_is_released_early_waits_for_the_one_before_it(asking: World) -> None:
    corrected(asking)
    asking.server.fail("revert", Retryable("no connection"))
    asking.agree("odd", "bird", "rosa", "remy", "ruth")
    asking.clock.advance(seconds=61)
    asking.do(JobKind.COLLECT)
    asking.do(JobKind.DECIDE)
    made = asking.corrected("odd")
    with asking.services.store.begin() as unit:
        unit.corrections.set_state(made.id, CorrectionState.PENDING)

    with pytest.raises(Retryable):
        asking.do(JobKind.WRITEBACK, {"correction": made.id})
    asking.later(seconds=120)

    assert asking.labels("odd") == [("ann", "cat"), ("service", "bird")]
    assert [state for _, state in corrections(asking)] == [CorrectionState.REVERTED, CorrectionState.APPLIED]
