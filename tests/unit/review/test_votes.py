"""Which answers count as votes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connector.model import Answer, Problem, Vote
from connector.model.reasons import NotCounted
from workers.review.votes import count_answers, submitted_without_counting

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CLASSES = ("cat", "dog")


def answer(n: int = 1, reviewer: str = "rita", label: str | None = "dog", **changes: object) -> Answer:
    moment = NOON + timedelta(seconds=n)
    made = Answer("key", "t1", f"a{n}", reviewer, label, (), None, moment, moment, False, False, "manual")
    return replace(made, **changes)  # type: ignore[arg-type]


def counted(*answers: Answer, own: tuple[str, ...] = (), known: tuple[Vote, ...] = ()) -> list[Vote]:
    return count_answers("key", answers, known, False, own, CLASSES)


def reasons(*answers: Answer, own: tuple[str, ...] = ()) -> list[str | None]:
    return [vote.reason for vote in counted(*answers, own=own)]


def test_each_reviewer_has_one_vote_and_the_latest_answer_is_it() -> None:
    said = reasons(answer(1, label="cat"), answer(2, label="dog"), answer(3, "ravi"))

    assert said == [NotCounted.SUPERSEDED, None, None]


def test_whoever_labeled_the_item_before_is_recorded_and_does_not_count() -> None:
    votes = counted(answer(1, "ann"), own=("ann", "bob"))

    assert [(vote.reviewer, vote.label, vote.counted, vote.reason) for vote in votes] == [
        ("ann", "dog", False, NotCounted.OWN_LABEL)
    ]


def test_skipped_edited_empty_and_unknown_answers_do_not_count() -> None:
    assert reasons(
        answer(1, "a", cancelled=True),
        answer(2, "b", edited_by_other=True),
        answer(3, "c", label=None),
        answer(4, "d", label="wolf"),
    ) == [NotCounted.SKIPPED, NotCounted.EDITED, NotCounted.NO_ANSWER, NotCounted.UNKNOWN_LABEL]


def test_a_problem_counts_whatever_label_stands_beside_it() -> None:
    assert reasons(answer(1, label="wolf", problems=(Problem.NONE_FITS,))) == [None]


def test_a_skip_after_an_answer_does_not_take_the_answer_away() -> None:
    assert reasons(answer(1), answer(2, cancelled=True)) == [None, NotCounted.SKIPPED]


def test_an_answer_that_someone_else_edited_leaves_the_reviewers_other_one_standing() -> None:
    assert reasons(answer(1), answer(2, label="cat", edited_by_other=True)) == [None, NotCounted.EDITED]


def test_an_answer_that_is_gone_is_a_withdrawn_vote_and_stays_one() -> None:
    before = counted(answer(1))

    gone = counted(known=tuple(before))
    again = counted(known=tuple(gone))

    assert [(vote.withdrawn, vote.counted) for vote in gone] == [(True, False)]
    assert again == gone


def test_answers_that_do_not_count_still_take_a_place_in_the_overlap() -> None:
    votes = counted(answer(1, "ann"), answer(2, "b", cancelled=True), answer(3, "c"), own=("ann",))

    assert submitted_without_counting(votes) == 1


given_answers = st.lists(
    st.builds(
        answer,
        st.integers(1, 50),
        st.sampled_from(["ann", "rita", "ravi"]),
        st.sampled_from(["cat", "dog", "wolf", None]),
        cancelled=st.booleans(),
        edited_by_other=st.booleans(),
        problems=st.sampled_from([(), (Problem.BAD_DATA,)]),
    ),
    unique_by=lambda one: one.remote_id,
)


@given(given_answers)
def test_never_two_votes_of_one_reviewer(answers: list[Answer]) -> None:
    voters = [vote.reviewer for vote in counted(*answers, own=("ann",)) if vote.counted]

    assert len(voters) == len(set(voters))
    assert "ann" not in voters


@given(given_answers)
def test_every_answer_is_recorded_and_those_that_do_not_count_say_why(answers: list[Answer]) -> None:
    votes = counted(*answers)

    assert [vote.remote_id for vote in votes] == [one.remote_id for one in answers]
    assert all(vote.counted == (vote.reason is None) for vote in votes)


@given(given_answers)
def test_counting_again_changes_nothing(answers: list[Answer]) -> None:
    once = counted(*answers)

    assert counted(*answers, known=tuple(once)) == once
