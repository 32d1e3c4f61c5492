"""What single answers count for where shares decide."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from connector.model import FlagEvidence, Issue, IssueKind, IssueState, LabelSchema, ObjectTag, Problem, Vote
from connector.model.reasons import NotCounted
from workers.consensus.ballot import QuorumVote
from workers.consensus.shares.answers import Errors, PositionRole
from workers.decide.ballots import Ballots
from workers.decide.shares import counted_answers, weights_with_own
from workers.decide.verdicts import _opinion_of_the_model

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ISSUE = Issue(
    id="issue",
    project_id=1,
    item_id=1,
    annotation_id=1,
    label_version=1,
    label_updated_at=NOON,
    kind=IssueKind.LABEL_ERROR,
    state=IssueState.IN_REVIEW,
    given="cat",
    suggested="dog",
    quality=0.1,
    probability=0.9,
    rank=1,
    method="self_confidence",
    model_version="1",
    scan_id="scan",
    evidence=FlagEvidence(),
)
CANNOT_TELL, SEVERAL, NONE = (
    one.value for one in (Problem.CANNOT_TELL, Problem.SEVERAL_FIT, Problem.NONE_FITS)
)


def groups(*ballot: QuorumVote, **weights: float) -> list[tuple[PositionRole, Errors]]:
    counts, asked = counted_answers(ISSUE, ballot, weights, str, frozenset({CANNOT_TELL}), "dog")
    assert asked == counts.answers.n_votes
    return list(counts.answers.groups)


def vote(reviewer: str, reason: str | None = None) -> Vote:
    return Vote("task", "1", reviewer, "dog", (), None, NOON, NOON, True, None, reason is None, reason)


def test_nobody_counts_for_less_than_a_quarter_of_an_answer() -> None:
    assert groups(QuorumVote("rita", "dog"), rita=0.01) == [(PositionRole.SUGGESTED, (0.75,))]
    assert groups(QuorumVote("rita", "dog"), rita=0.6) == [(PositionRole.SUGGESTED, (0.4,))]


def test_who_cannot_tell_says_nothing_unless_of_something_else_too() -> None:
    assert groups(QuorumVote("rita", None, (CANNOT_TELL,))) == []
    assert groups(QuorumVote("rita", None, (CANNOT_TELL, SEVERAL))) == [(PositionRole.PROBLEM, (0.0,))]


def test_of_several_problems_an_answer_is_for_the_one_that_most_name() -> None:
    both = QuorumVote("rita", None, (SEVERAL, NONE))
    for named in (SEVERAL, NONE):
        assert groups(both, QuorumVote("ravi", None, (named,))) == [(PositionRole.PROBLEM, (0.0, 0.0))]


def test_a_class_that_is_called_like_a_problem_is_a_class() -> None:
    assert groups(QuorumVote("rita", CANNOT_TELL)) == [(PositionRole.OTHER, (0.0,))]


def test_an_answer_about_ones_own_label_never_counts_for_more_than_the_person_does() -> None:
    votes = [vote("rita", NotCounted.OWN_LABEL), vote("ravi", NotCounted.OWN_LABEL), vote("rosa")]
    weights = weights_with_own(votes, {"rita": 0.3, "rosa": 0.9}, str, 0.5)
    assert weights == {"rita": 0.3, "ravi": 0.5, "rosa": 0.9}


def test_an_answer_that_means_the_given_label_does_not_stand_for_the_suggestion() -> None:
    scale = LabelSchema("stars", "text", tuple("12345"), (ObjectTag("text", "Text", "text"),), "rating")
    near = replace(ISSUE, given="3", suggested="4")
    assert Ballots(scale, str, 2).suggested(near, [QuorumVote("rita", "2")]) == "4"


def test_the_models_opinion_holds_what_it_gives_the_given_label() -> None:
    stated = replace(ISSUE, evidence=FlagEvidence(given_probability=0.04, near=(("cow", 0.06),)))
    assert _opinion_of_the_model(stated) == {"cow": 0.06, "dog": 0.9, "cat": 0.04}
    assert _opinion_of_the_model(ISSUE) == {"dog": 0.9}
