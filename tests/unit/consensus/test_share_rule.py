"""When answers suffice: each condition of the rule of shares, by a belief that is stated by hand."""

from __future__ import annotations

import pytest

from workers.consensus.shares import Belief, Conclusion, End, SharePolicy, ShareVote, Terms, conclude, count

TERMS = Terms("cat", "dog", frozenset({"several fit"}))
POLICY = SharePolicy(change_confidence=0.9, keep_confidence=0.93, max_votes=5, most_spoiled=0.01)
SURE = {"most": 0.95, "first": 0.95, "majority": 0.95}


def ended(
    *said: str,
    about: str = "dog",
    keep: float = 0.0,
    most: float = 0.0,
    first: float = 0.0,
    majority: float = 0.0,
    clear: float = 0.9,
    spoiled: float = 0.0,
    policy: SharePolicy = POLICY,
    asked: int | None = None,
    worth: bool = True,
) -> Conclusion:
    named = [about] if about in said else []  # a belief is about what was named
    belief = Belief(
        keep,
        dict.fromkeys(named, most),
        dict.fromkeys(named, first),
        dict.fromkeys(named, majority),
        clear,
        spoiled,
    )
    counts = count([ShareVote(position) for position in said], TERMS)
    return conclude(counts, belief, policy, asked=asked, worth=lambda _: worth)


def test_a_label_is_kept_only_where_somebody_said_so() -> None:
    assert ended("cat", keep=0.95).end is End.KEEP
    assert ended("dog", keep=0.95).end is End.ASK  # no change is likely, and nobody confirmed the label
    assert ended("cat", keep=0.92).end is End.ASK


def test_a_label_that_would_be_kept_or_called_wrong_for_a_problem_is_changed_by_nobody() -> None:
    either = ended("cat", "several fit", about="several fit", keep=0.5, most=0.45, first=0.45, majority=0.4)
    assert either.end is End.TORN
    assert ended("cat", "dog", keep=0.5, most=0.45, first=0.45, majority=0.4).end is End.ASK


def test_two_people_who_are_surely_most_change_a_label() -> None:
    assert ended("dog", "dog", **SURE) == Conclusion(End.CHANGE, "dog", 0.95)
    assert ended("dog", **SURE).end is End.ASK


@pytest.mark.parametrize(
    "weaker",
    [{"most": 0.59}, {"majority": 0.59}, {"majority": 0.49}, {"first": 0.89}],
    ids=["most", "majority", "no majority", "first"],
)
def test_whatever_of_it_is_less_sure_keeps_a_change_waiting(weaker: dict[str, float]) -> None:
    assert ended("dog", "dog", **(SURE | weaker)).end is End.ASK


def test_a_change_that_may_spoil_a_clear_label_waits() -> None:
    assert ended("dog", "dog", **SURE, spoiled=0.01).end is End.CHANGE
    assert ended("dog", "dog", **SURE, spoiled=0.011).end is End.ASK


def test_a_problem_is_agreed_on_where_it_is_sure_or_no_label_is_clear() -> None:
    assert ended("several fit", about="several fit", most=0.94, majority=0.94).end is End.PROBLEM
    assert ended("several fit", about="several fit", most=0.6, majority=0.6).end is End.ASK
    assert ended("several fit", about="several fit", most=0.6, majority=0.6, clear=0.05).end is End.PROBLEM
    assert ended("several fit", about="several fit", most=0.6, majority=0.4, clear=0.05).end is End.TORN


def test_nothing_is_decided_before_the_least_number_was_asked() -> None:
    patient = SharePolicy(change_confidence=0.9, min_votes=2)
    assert ended("dog", "dog", **SURE, policy=patient, asked=1).end is End.ASK
    assert ended("dog", "dog", **SURE, policy=patient, asked=2).end is End.CHANGE


def test_asking_ends_where_an_answer_is_not_worth_its_price_but_never_before_the_least_number() -> None:
    priced = SharePolicy(min_votes=2, price=0.1)
    assert ended("dog", "cat", policy=priced, worth=False).end is End.ENOUGH
    assert ended("dog", "cat", policy=priced, worth=True).end is End.ASK
    assert ended("dog", policy=priced, worth=False).end is End.ASK
    assert ended("dog", "cat", policy=SharePolicy(min_votes=2), worth=False).end is End.ASK


def test_when_the_most_were_asked_it_is_torn_where_no_label_is_likely_clear() -> None:
    five = ("dog", "dog", "cat", "cat", "cow")
    assert ended(*five, clear=0.5).end is End.UNRESOLVED
    assert ended(*five, clear=0.49).end is End.TORN
