"""What the policy does beyond counting: rules of classes, weights, probabilities, deadlines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.consensus import (
    LEAST_WEIGHT,
    Prior,
    QuorumOutcome,
    QuorumPolicy,
    QuorumVote,
    Reason,
    Situation,
    Trust,
    Verdict,
    decide,
    posterior,
)

JUDGE = frozenset({"judge"})
CLASSES = ("cat", "dog", "cow")


def labels(*names: str) -> list[QuorumVote]:
    return [QuorumVote(f"r{number}", name) for number, name in enumerate(names)]


def brief(verdict: Verdict) -> tuple[str, str | None, int]:
    return verdict.outcome, verdict.label, verdict.wanted_votes


# --- classes with rules of their own ----------------------------------------------------------


def test_a_class_has_a_quorum_of_its_own_for_changes_to_it_and_away_from_it() -> None:
    policy = QuorumPolicy(class_quorum={"cow": 3})

    assert brief(decide(labels("cow", "cow"), "cat", policy)) == ("ask_more", None, 3)
    assert brief(decide(labels("cow", "cow", "cow"), "cat", policy)) == ("accept", "cow", 3)
    assert brief(decide(labels("cat", "cat"), "cow", policy)) == ("ask_more", None, 3)
    assert brief(decide(labels("dog", "dog"), "cat", policy)) == ("accept", "dog", 2)


def test_about_a_critical_class_all_three_must_agree() -> None:
    policy = QuorumPolicy(critical=frozenset({"cow"}), adjudicators=JUDGE)

    assert brief(decide(labels("dog", "dog"), "cow", policy)) == ("ask_more", None, 3)
    assert brief(decide(labels("dog", "dog", "dog"), "cow", policy)) == ("accept", "dog", 3)
    split = decide(labels("dog", "dog", "cow"), "cow", policy)
    assert (brief(split), split.reason) == (("escalate", None, 4), Reason.NOT_UNANIMOUS)
    assert brief(decide([*labels("dog", "dog", "cow"), QuorumVote("judge", "dog")], "cow", policy)) == (
        "accept",
        "dog",
        4,
    )


def test_a_dissent_about_a_critical_class_is_not_outvoted() -> None:
    alone = QuorumPolicy(critical=frozenset({"cow"}), max_votes=9)
    verdict = decide(labels("cow", "dog", "dog", "dog", "dog"), "cat", alone)
    assert (verdict.outcome, verdict.reason) == (QuorumOutcome.UNRESOLVED, Reason.NOT_UNANIMOUS)


def test_nothing_is_decided_before_the_least_votes() -> None:
    policy = QuorumPolicy(quorum=2, min_votes=3)
    assert brief(decide(labels("dog", "dog"), "cat", policy)) == ("ask_more", None, 3)
    assert brief(decide(labels("dog", "dog", "cat"), "cat", policy)) == ("accept", "dog", 3)


def test_who_cannot_tell_is_answered_by_asking_another_and_then_an_adjudicator() -> None:
    policy = QuorumPolicy(inconclusive=frozenset({"cannot tell"}), adjudicators=JUDGE)
    unsure = [QuorumVote(name, None, ("cannot tell",)) for name in ("a", "b", "c")]

    assert brief(decide(unsure[:2], "cat", policy)) == ("ask_more", None, 3)
    assert brief(decide(unsure, "cat", policy)) == ("escalate", None, 4)
    assert brief(decide([*unsure[:1], *labels("dog", "dog")], "cat", policy)) == ("accept", "dog", 3)


# --- weights ----------------------------------------------------------------------------------


def test_votes_that_weigh_little_need_company() -> None:
    light = Situation(weights={"r1": 0.3})
    assert brief(decide(labels("dog", "dog"), "cat", QuorumPolicy(), light)) == ("ask_more", None, 3)
    assert brief(decide(labels("dog", "dog", "dog"), "cat", QuorumPolicy(), light)) == ("accept", "dog", 3)


def test_no_vote_weighs_nothing() -> None:
    nobodies = Situation(weights={f"r{n}": 0.0 for n in range(8)})
    policy = QuorumPolicy(quorum=2, max_votes=8)
    assert decide(labels(*["dog"] * 8), "cat", policy, nobodies).outcome == QuorumOutcome.ACCEPT
    assert 8 * LEAST_WEIGHT == 2


@pytest.mark.parametrize("weight", [-0.1, 1.1, float("nan")])
def test_an_impossible_weight_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="r0"):
        decide(labels("dog"), "cat", QuorumPolicy(), Situation(weights={"r0": weight}))


@given(st.lists(st.sampled_from(CLASSES), min_size=1, max_size=5))
def test_full_weights_are_as_none(said: list[str]) -> None:
    full = Situation(weights={f"r{n}": 1.0 for n in range(5)})
    assert decide(labels(*said), "cat", QuorumPolicy(), full) == decide(labels(*said), "cat", QuorumPolicy())


# --- probabilities ----------------------------------------------------------------------------


def likely(**probabilities: float) -> Situation:
    return Situation(probabilities=probabilities)


SURE = QuorumPolicy(confidence=0.95, adjudicators=JUDGE)


def test_a_clear_probability_decides_before_the_quorum() -> None:
    verdict = decide(labels("dog"), "cat", SURE, likely(cat=0.01, dog=0.98, cow=0.01))
    assert (brief(verdict), verdict.reason) == (("accept", "dog", 1), Reason.PROBABLE)


def test_a_quorum_that_is_not_sure_enough_asks_on_and_then_an_adjudicator() -> None:
    doubtful = likely(cat=0.3, dog=0.7, cow=0.0)
    assert brief(decide(labels("dog", "dog"), "cat", SURE, doubtful)) == ("ask_more", None, 3)
    last = decide(labels("dog", "dog", "dog"), "cat", SURE, doubtful)
    assert (brief(last), last.reason) == (("escalate", None, 4), Reason.UNSURE)


def test_without_a_demanded_confidence_probabilities_decide_nothing() -> None:
    verdict = decide(labels("dog"), "cat", QuorumPolicy(), likely(cat=0.0, dog=1.0))
    assert verdict.outcome == QuorumOutcome.ASK_MORE


def test_a_probability_alone_decides_nothing_that_nobody_said_nor_where_a_problem_was_named() -> None:
    sure = likely(cat=0.01, dog=0.99)
    assert decide([], "cat", SURE, sure).outcome == QuorumOutcome.ASK_MORE
    assert decide(labels("cow"), "cat", SURE, sure).outcome == QuorumOutcome.ASK_MORE
    named = [QuorumVote("a", "dog"), QuorumVote("b", None, ("bad data",))]
    assert decide(named, "cat", SURE, sure).outcome == QuorumOutcome.ASK_MORE


def test_a_probability_does_not_stand_in_for_the_rule_of_a_class() -> None:
    strict = QuorumPolicy(confidence=0.95, critical=frozenset({"cat"}), class_quorum={"cow": 2})
    assert decide(labels("dog"), "cat", strict, likely(dog=0.99, cat=0.01)).outcome == QuorumOutcome.ASK_MORE
    assert decide(labels("cow"), "dog", strict, likely(cow=0.99, dog=0.01)).outcome == QuorumOutcome.ASK_MORE


def test_people_are_asked_one_by_one_where_a_probability_may_decide() -> None:
    assert SURE.first_votes(()) == 1
    assert QuorumPolicy().first_votes(()) == 2
    assert QuorumPolicy(confidence=0.95, critical=frozenset({"cow"})).first_votes({"cow", "cat"}) == 3


# --- time, and adjudicators -------------------------------------------------------------------


def test_when_time_is_up_an_adjudicator_is_asked_or_it_is_closed() -> None:
    late = Situation(overdue=True)
    judged = QuorumPolicy(adjudicators=JUDGE)
    asked = decide(labels("dog"), "cat", judged, late)
    assert (brief(asked), asked.reason) == (("escalate", None, 2), Reason.OVERDUE)
    closed = decide(labels("dog"), "cat", QuorumPolicy(), late)
    assert (brief(closed), closed.reason) == (("unresolved", None, 1), Reason.OVERDUE)
    assert brief(decide([], "cat", QuorumPolicy(), late)) == ("unresolved", None, 0)
    assert brief(decide(labels("dog", "dog"), "cat", QuorumPolicy(), late)) == ("accept", "dog", 2)


def test_what_an_adjudicator_says_who_was_asked_is_final() -> None:
    votes = [*labels("dog", "dog", "dog"), QuorumVote("judge", "cow")]
    policy = QuorumPolicy(adjudicators=JUDGE)
    assert brief(decide(votes, "cat", policy)) == ("accept", "dog", 4)
    assert brief(decide(votes, "cat", policy, Situation(escalated=True))) == ("accept", "cow", 4)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"min_votes": 4}, "min_votes"),
        ({"min_votes": 0}, "min_votes"),
        ({"confidence": 1.0}, "confidence"),
        ({"class_quorum": {"cow": 0}}, "quorum"),
    ],
)
def test_an_impossible_policy_is_refused(settings: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        QuorumPolicy(**settings)  # type: ignore[arg-type]


# --- the probabilities themselves -------------------------------------------------------------


def test_the_posterior_is_that_of_the_formula() -> None:
    trust = Trust(accuracy={"r0": 0.9, "ann": 0.6})
    prior = Prior("cat", "ann", {"dog": 0.7, "cat": 0.2, "cow": 0.1}, model_accuracy=0.9)

    found = posterior(labels("dog"), CLASSES, prior, trust)

    weights = {"cat": 0.2 * 0.6 * 0.05, "dog": 0.7 * 0.2 * 0.9, "cow": 0.1 * 0.2 * 0.05}
    expected = {name: weight / sum(weights.values()) for name, weight in weights.items()}
    assert found == pytest.approx(expected)


def test_a_model_is_not_believed_more_than_it_was_right() -> None:
    sure = {"dog": 0.98, "cat": 0.01, "cow": 0.01}
    found = posterior([], CLASSES, Prior(None, None, sure, model_accuracy=0.5), Trust())
    assert found["dog"] == pytest.approx(0.5)
    none = posterior([], CLASSES, Prior(None, None, sure, model_accuracy=0.1), Trust())
    assert none == pytest.approx(dict.fromkeys(CLASSES, 1 / 3))


def test_what_a_person_is_known_to_confuse_counts_by_class() -> None:
    blind_to_cows = Trust(accuracy={"r0": 0.9}, by_class={("r0", "cow"): 1 / 3})
    found = posterior(labels("cat"), CLASSES, Prior(), blind_to_cows)
    assert found["cow"] == pytest.approx((1 / 3) / (0.9 + 0.05 + 1 / 3))


def test_a_label_outside_the_taxonomy_and_a_problem_say_nothing() -> None:
    odd = [QuorumVote("a", "wolf"), QuorumVote("b", "dog", ("bad data",))]
    assert posterior(odd, CLASSES, Prior(), Trust()) == pytest.approx(dict.fromkeys(CLASSES, 1 / 3))


opinions = st.dictionaries(st.sampled_from(CLASSES), st.floats(0, 1), max_size=3)


@given(
    said=st.lists(st.sampled_from([*CLASSES, "wolf"]), max_size=6),
    model=st.none() | opinions,
    accuracy=st.floats(0, 1),
    reliability=st.floats(0, 1),
)
def test_probabilities_are_probabilities_whatever_was_measured(
    said: list[str], model: dict[str, float] | None, accuracy: float, reliability: float
) -> None:
    trust = Trust(usual=reliability)
    found = posterior(labels(*said), CLASSES, Prior("cat", None, model, accuracy), trust)
    assert sum(found.values()) == pytest.approx(1)
    assert all(0 <= one <= 1 for one in found.values())


@given(said=st.permutations(["cat", "dog", "dog", "cow"]))
def test_the_order_of_votes_does_not_matter_to_the_posterior(said: list[str]) -> None:
    alike = Trust(usual=0.8)
    found = posterior(labels(*said), CLASSES, Prior(), alike)
    assert found == pytest.approx(posterior(labels("cat", "dog", "dog", "cow"), CLASSES, Prior(), alike))


# --- simulations with known truth -------------------------------------------------------------

N_ITEMS = 2000
SIX = tuple("abcdef")


def crowd(rng: np.random.Generator, truth: int, accuracy: float) -> int:
    if rng.random() < accuracy:
        return truth
    return int(rng.choice([k for k in range(len(SIX)) if k != truth]))


def played(policy: QuorumPolicy, trust: Trust, people: dict[str, float], seed: int) -> tuple[float, float]:
    """Ask as the policy says, from scratch: (share right of all items, votes an item)."""
    rng = np.random.default_rng(seed)
    right = asked = 0
    for _ in range(N_ITEMS):
        truth = int(rng.integers(len(SIX)))
        given_label = SIX[crowd(rng, truth, 0.7)]
        order = list(rng.permutation(list(people)))
        votes: list[QuorumVote] = []
        verdict = decide([], given_label, policy)
        while verdict.outcome == QuorumOutcome.ASK_MORE and order:
            who = str(order.pop())
            votes.append(QuorumVote(who, SIX[crowd(rng, truth, people[who])]))
            probabilities = posterior(votes, SIX, Prior(given_label), trust)
            situation = Situation(weights=trust.weight, probabilities=probabilities)
            verdict = decide(votes, given_label, policy, situation)
        right += verdict.label == SIX[truth]
        asked += len(votes)
    return right / N_ITEMS, asked / N_ITEMS


PEOPLE = {f"p{n}": 0.85 for n in range(6)}


def test_the_adaptive_policy_is_as_right_as_three_votes_with_fewer() -> None:
    three = QuorumPolicy(quorum=2, min_votes=3, max_votes=3)
    adaptive = QuorumPolicy(confidence=0.95, max_votes=5)

    fixed_right, fixed_votes = played(three, Trust(), PEOPLE, 3)
    right, votes = played(adaptive, Trust(usual=0.85), PEOPLE, 3)

    assert fixed_votes == 3
    assert right >= fixed_right
    assert votes < 2.5


def test_a_reviewer_who_answers_at_random_costs_less_once_known() -> None:
    people = {**{f"p{n}": 0.9 for n in range(3)}, "random": 1 / 6}
    policy = QuorumPolicy(quorum=2, max_votes=4)

    unknown, _ = played(policy, Trust(), people, 5)
    known, _ = played(policy, Trust(weight={"random": 0.0}), people, 5)

    assert known > unknown


def test_people_who_always_take_the_suggestion_are_outweighed_once_known() -> None:
    """Two of four do so; suggestions are right in three of ten cases, as on flagged items."""
    policy = QuorumPolicy(quorum=2, max_votes=4)
    followers = {"f0": 0.0, "f1": 0.0}

    def changed_wrongly(weights: dict[str, float]) -> int:
        rng = np.random.default_rng(7)
        wrong = 0
        for _ in range(N_ITEMS):
            suggestion_right = rng.random() < 0.3
            truth = "dog" if suggestion_right else "cat"
            said = {name: truth if rng.random() < 0.9 else "cow" for name in ("a", "b")}
            answers = [
                QuorumVote(name, said.get(name, "dog")) for name in rng.permutation(["a", "b", *followers])
            ]
            verdict = decide([], "cat", policy)
            while verdict.outcome == QuorumOutcome.ASK_MORE:
                votes = answers[: verdict.wanted_votes]
                verdict = decide(votes, "cat", policy, Situation(weights=weights))
            wrong += verdict.outcome == QuorumOutcome.ACCEPT and verdict.label != truth
        return wrong

    assert changed_wrongly(followers) < changed_wrongly({}) / 2
