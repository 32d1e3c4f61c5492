"""What stands above both rules of decision: adjudicators, deadlines, disputes, classes of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from workers.consensus import QuorumOutcome, QuorumPolicy, QuorumVote, Reason, Situation, Verdict, decide
from workers.consensus.shares import Conclusion
from workers.consensus.shares.rule import End
from workers.consensus.shares.verdict import verdict_by_shares

TORN_IS = "ambiguous"
PLAIN = QuorumPolicy(quorum=2, max_votes=3)
JUDGED = QuorumPolicy(quorum=2, max_votes=3, adjudicators=frozenset({"judge"}))
UNDECIDED = Conclusion(End.ASK, None, 0.6)
TO_DOG = Conclusion(End.CHANGE, ("label", "dog"), 0.95)

Rule = Callable[[Sequence[QuorumVote], QuorumPolicy, Situation, Conclusion], Verdict]


def by_votes(
    votes: Sequence[QuorumVote],
    policy: QuorumPolicy,
    situation: Situation,
    conclusion: Conclusion,
) -> Verdict:
    return decide(votes, "cat", policy, situation)


def by_shares(
    votes: Sequence[QuorumVote], policy: QuorumPolicy, situation: Situation, conclusion: Conclusion
) -> Verdict:
    return verdict_by_shares(votes, "cat", policy, situation, conclusion, TORN_IS)


def cast(**labels: str) -> list[QuorumVote]:
    return [QuorumVote(reviewer, label) for reviewer, label in labels.items()]


both = pytest.mark.parametrize("rule", [by_votes, by_shares])


@both
@pytest.mark.parametrize("situation", [Situation(overdue=True), Situation(escalated=True)])
def test_an_adjudicator_who_has_answered_decides_once_nobody_else_is_waited_for(
    rule: Rule, situation: Situation
) -> None:
    votes = cast(rita="cat", judge="dog")
    verdict = rule(votes, JUDGED, situation, UNDECIDED)
    assert (verdict.outcome, verdict.label, verdict.reason) == (
        QuorumOutcome.ACCEPT,
        "dog",
        Reason.ADJUDICATED,
    )
    assert rule(votes, JUDGED, Situation(), UNDECIDED).outcome is QuorumOutcome.ASK_MORE


@both
def test_what_was_disputed_too_often_goes_to_the_adjudicators_and_without_any_votes_decide(
    rule: Rule,
) -> None:
    votes, disputed = cast(rita="dog", ravi="dog"), Situation(disputed=True)
    asked = rule(votes, JUDGED, disputed, TO_DOG)
    assert (asked.outcome, asked.reason) == (QuorumOutcome.ESCALATE, Reason.DISPUTED)
    decided = rule(votes, PLAIN, disputed, TO_DOG)
    assert (decided.outcome, decided.label) == (QuorumOutcome.ACCEPT, "dog")


@both
def test_an_adjudicator_among_the_first_decides_alone_only_when_all_were_asked(rule: Rule) -> None:
    first = rule(cast(judge="dog", rita="cat"), JUDGED, Situation(), UNDECIDED)
    assert first.outcome is QuorumOutcome.ASK_MORE
    last = rule(cast(judge="dog", rita="cat", ravi="cow"), JUDGED, Situation(), UNDECIDED)
    assert (last.label, last.reason) == ("dog", Reason.ADJUDICATED)


@both
def test_an_adjudicator_among_two_equal_quorums_settles_them(rule: Rule) -> None:
    patient = QuorumPolicy(quorum=2, max_votes=5, adjudicators=frozenset({"judge"}))
    verdict = rule(cast(judge="dog", rita="dog", ravi="cat", rosa="cat"), patient, Situation(), UNDECIDED)
    assert (verdict.label, verdict.reason) == ("dog", Reason.ADJUDICATED)
    fewer = rule(cast(judge="dog", ravi="cat"), patient, Situation(), UNDECIDED)
    assert fewer.outcome is QuorumOutcome.ASK_MORE


@both
def test_an_adjudicator_does_not_end_what_a_class_asks_more_people_about(rule: Rule) -> None:
    strict = QuorumPolicy(quorum=2, max_votes=2, class_quorum={"dog": 4}, adjudicators=frozenset({"judge"}))
    verdict = rule(cast(judge="dog", rita="cat"), strict, Situation(), UNDECIDED)
    assert (verdict.outcome, verdict.wanted_votes) == (QuorumOutcome.ASK_MORE, 4)


def test_a_critical_class_never_needs_fewer_than_any_other() -> None:
    policy = QuorumPolicy(quorum=5, max_votes=5, critical=frozenset({"dog"}))
    assert [policy.quorum_of(label) for label in ("cat", "dog")] == [5, 5]


@both
def test_a_change_to_a_critical_class_needs_its_quorum_and_nobody_against_it(rule: Rule) -> None:
    critical = QuorumPolicy(quorum=2, max_votes=5, critical=frozenset({"dog"}))
    two, three = cast(rita="dog", ravi="dog"), cast(rita="dog", ravi="dog", rosa="dog")
    assert rule(two, critical, Situation(), TO_DOG).outcome is QuorumOutcome.ASK_MORE
    assert rule(three, critical, Situation(), TO_DOG).label == "dog"
    contested = rule([*three, QuorumVote("zoe", "cat")], critical, Situation(), TO_DOG)
    assert (contested.outcome, contested.reason) == (QuorumOutcome.UNRESOLVED, Reason.NOT_UNANIMOUS)


@both
def test_a_quorum_of_a_class_above_the_most_votes_is_still_asked_for(rule: Rule) -> None:
    strict = QuorumPolicy(quorum=2, max_votes=2, class_quorum={"dog": 4})
    three = cast(rita="dog", ravi="dog", rosa="dog")
    asked = rule(three, strict, Situation(), TO_DOG)
    assert (asked.outcome, asked.wanted_votes) == (QuorumOutcome.ASK_MORE, 4)


def test_a_torn_question_is_left_with_its_problem_and_changes_nothing() -> None:
    verdict = by_shares(cast(rita="dog", ravi="cat"), JUDGED, Situation(), Conclusion(End.TORN, None, 0.95))
    assert (verdict.outcome, verdict.label, verdict.problem) == (QuorumOutcome.UNRESOLVED, None, TORN_IS)


def test_where_asking_on_is_worth_nothing_an_adjudicator_is_asked_or_the_label_stays() -> None:
    votes, enough = cast(rita="dog"), Conclusion(End.ENOUGH, None, 0.7)
    asked = by_shares(votes, JUDGED, Situation(), enough)
    left = by_shares(votes, PLAIN, Situation(), enough)
    assert (asked.outcome, asked.reason) == (QuorumOutcome.ESCALATE, Reason.LITTLE_CHANCE)
    assert (left.outcome, left.reason) == (QuorumOutcome.UNRESOLVED, Reason.LITTLE_CHANCE)
