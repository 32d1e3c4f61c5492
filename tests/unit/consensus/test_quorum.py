from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.consensus import QuorumOutcome, QuorumPolicy, QuorumVote, Reason, Verdict, decide

POLICY = QuorumPolicy()
JUDGED = QuorumPolicy(adjudicators=frozenset({"judge"}))


def labels(*names: str | None) -> list[QuorumVote]:
    return [QuorumVote(f"r{number}", name) for number, name in enumerate(names)]


def problem(reviewer: str, *names: str, label: str | None = None) -> QuorumVote:
    return QuorumVote(reviewer, label, names)


def outcome(verdict: Verdict) -> tuple[str, str | None, int]:
    return verdict.outcome, verdict.label, verdict.wanted_votes


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), ("ask_more", None, 2)),
        (("cat",), ("ask_more", None, 2)),
        (("cat", "cat"), ("reject", "cat", 2)),
        (("dog", "dog"), ("accept", "dog", 2)),
        (("cat", "dog"), ("ask_more", None, 3)),
        (("cat", "dog", "dog"), ("accept", "dog", 3)),
        (("dog", "cat", "cat"), ("reject", "cat", 3)),
        (("cat", "dog", "cow"), ("unresolved", None, 3)),
        (("cow", "cow", "dog"), ("accept", "cow", 3)),
    ],
)
def test_two_agreeing_votes_decide_and_a_third_breaks_a_tie(
    names: tuple[str, ...], expected: tuple[str, str | None, int]
) -> None:
    assert outcome(decide(labels(*names), "cat", POLICY)) == expected


def test_two_reviewers_naming_one_problem_leave_the_item_unresolved_for_it() -> None:
    verdict = decide([problem("a", "ambiguous"), problem("b", "ambiguous")], "cat", POLICY)
    assert verdict.outcome == QuorumOutcome.UNRESOLVED
    assert verdict.reason == Reason.AGREED_ON_PROBLEM
    assert dict(verdict.params) == {"problem": "ambiguous", "agreeing": 2, "votes": 2}


def test_a_problem_outweighs_the_label_given_with_it() -> None:
    votes = [problem("a", "bad data", label="dog"), QuorumVote("b", "dog")]
    assert decide(votes, "cat", POLICY).outcome == QuorumOutcome.ASK_MORE


def test_two_problems_agreed_on_at_once_are_no_decision() -> None:
    votes = [problem("a", "ambiguous", "several fit"), problem("b", "several fit", "ambiguous")]
    assert decide(votes, "cat", POLICY).outcome == QuorumOutcome.ASK_MORE


def test_a_third_vote_settles_which_problem_it_is() -> None:
    votes = [
        problem("a", "ambiguous", "bad data"),
        problem("b", "bad data", "ambiguous"),
        problem("c", "bad data"),
    ]
    assert dict(decide(votes, "cat", POLICY).params)["problem"] == "bad data"


def test_an_abstention_is_not_a_vote() -> None:
    assert decide([QuorumVote("a"), QuorumVote("b", "dog")], "cat", POLICY).outcome == QuorumOutcome.ASK_MORE
    assert outcome(decide([QuorumVote("a"), *labels("dog", "dog")], "cat", POLICY)) == ("accept", "dog", 2)


def test_a_three_way_split_goes_to_the_adjudicator() -> None:
    verdict = decide(labels("cat", "dog", "cow"), "cat", JUDGED)
    assert outcome(verdict) == ("escalate", None, 4)
    assert verdict.reason == Reason.SPLIT


@pytest.mark.parametrize(
    ("said", "expected"),
    [("cow", ("accept", "cow", 4)), ("cat", ("reject", "cat", 4)), ("yak", ("accept", "yak", 4))],
)
def test_the_adjudicator_decides_a_split(said: str, expected: tuple[str, str, int]) -> None:
    votes = [*labels("cat", "dog", "cow"), QuorumVote("judge", said)]
    assert outcome(decide(votes, "cat", JUDGED)) == expected


def test_an_adjudicator_who_names_a_problem_closes_the_question_with_it() -> None:
    verdict = decide([*labels("cat", "dog", "cow"), problem("judge", "none of the classes")], "cat", JUDGED)
    assert verdict.outcome == QuorumOutcome.UNRESOLVED
    assert dict(verdict.params)["problem"] == "none of the classes"


def test_an_adjudicator_among_the_first_reviewers_decides_when_the_votes_split() -> None:
    votes = [QuorumVote("a", "cat"), QuorumVote("judge", "dog"), QuorumVote("b", "cow")]
    verdict = decide(votes, "cat", JUDGED)
    assert outcome(verdict) == ("accept", "dog", 3)
    assert verdict.reason == Reason.ADJUDICATED


def test_someone_else_who_takes_the_adjudicators_place_leaves_the_question_to_the_adjudicator() -> None:
    assert outcome(decide(labels("cat", "dog", "cow", "yak"), "cat", JUDGED)) == ("escalate", None, 5)


def test_adjudicators_who_differ_leave_it_unresolved() -> None:
    two = QuorumPolicy(adjudicators=frozenset({"judge", "jury"}))
    votes = [*labels("cat", "dog", "cow"), QuorumVote("judge", "yak"), QuorumVote("jury", "ox")]
    assert decide(votes, "cat", two).outcome == QuorumOutcome.UNRESOLVED


def test_three_unanimous_votes_can_be_demanded() -> None:
    strict = QuorumPolicy(quorum=3, max_votes=5)
    assert outcome(decide(labels("dog", "dog"), "cat", strict)) == ("ask_more", None, 3)
    assert outcome(decide(labels("dog", "dog", "dog"), "cat", strict)) == ("accept", "dog", 3)


def test_two_votes_of_one_reviewer_are_refused() -> None:
    with pytest.raises(ValueError, match="ann has several votes"):
        decide([QuorumVote("ann", "dog"), QuorumVote("ann", "dog")], "cat", POLICY)


@pytest.mark.parametrize("numbers", [(0, 3), (3, 2)])
def test_an_impossible_policy_is_refused(numbers: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="quorum"):
        QuorumPolicy(quorum=numbers[0], max_votes=numbers[1])


answers = st.one_of(
    st.builds(lambda name: (name, ()), st.sampled_from(["cat", "dog", "cow", None])),
    st.builds(
        lambda names: (None, tuple(names)), st.lists(st.sampled_from(["p", "q"]), min_size=1, max_size=2)
    ),
)
crowds = st.lists(answers, max_size=6).map(
    lambda said: [
        QuorumVote("judge" if number == 2 else f"r{number}", label, problems)
        for number, (label, problems) in enumerate(said)
    ]
)
rules = st.builds(
    lambda quorum, extra, judge: QuorumPolicy(quorum, quorum + extra, frozenset({"judge"} if judge else ())),
    st.integers(1, 3),
    st.integers(0, 2),
    st.booleans(),
)


@given(crowd=crowds.filter(lambda crowd: len(crowd) <= 4), policy=rules)
def test_the_order_of_votes_does_not_matter(crowd: list[QuorumVote], policy: QuorumPolicy) -> None:
    assert len({decide(list(some), "cat", policy) for some in permutations(crowd)}) == 1


@given(crowd=crowds, policy=rules)
def test_never_more_votes_are_asked_for_than_the_most_and_one_adjudicator(
    crowd: list[QuorumVote], policy: QuorumPolicy
) -> None:
    verdict = decide(crowd, "cat", policy)
    if verdict.outcome == QuorumOutcome.ASK_MORE:
        assert verdict.wanted_votes <= policy.max_votes
    elif verdict.outcome == QuorumOutcome.ESCALATE:
        assert verdict.wanted_votes == sum(1 for vote in crowd if vote.label or vote.problems) + 1


@given(crowd=crowds, policy=rules)
def test_asking_goes_on_only_with_a_vote_that_is_not_there_yet(
    crowd: list[QuorumVote], policy: QuorumPolicy
) -> None:
    verdict = decide(crowd, "cat", policy)
    n_votes = sum(1 for vote in crowd if vote.label is not None or vote.problems)
    asking = verdict.outcome in (QuorumOutcome.ASK_MORE, QuorumOutcome.ESCALATE)
    assert verdict.wanted_votes > n_votes if asking else verdict.wanted_votes == n_votes


@given(crowd=crowds, policy=rules)
def test_reject_names_the_given_label_and_accept_another(
    crowd: list[QuorumVote], policy: QuorumPolicy
) -> None:
    verdict = decide(crowd, "cat", policy)
    assert (verdict.outcome == QuorumOutcome.REJECT) == (verdict.label == "cat")
    assert (verdict.outcome == QuorumOutcome.ACCEPT) == (verdict.label not in (None, "cat"))


@given(policy=rules, said=st.lists(st.sampled_from(["cat", "dog", "cow"]), min_size=8, max_size=8))
def test_asking_ends_after_the_most_votes_and_one_more(policy: QuorumPolicy, said: list[str]) -> None:
    for n_votes in range(policy.max_votes + 2):
        names = [f"r{number}" if number < policy.max_votes else "judge" for number in range(n_votes)]
        votes = [QuorumVote(name, label) for name, label in zip(names, said, strict=False)]
        verdict = decide(votes, "cat", policy)
        if verdict.outcome not in (QuorumOutcome.ASK_MORE, QuorumOutcome.ESCALATE):
            return
    pytest.fail("still asking")
