"""Would most reviewers, asked without end, choose another label? What the rule of shares promises."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.consensus.shares import (
    Belief,
    Conclusion,
    End,
    SharePolicy,
    SharePrior,
    ShareVote,
    Terms,
    believe,
    conclude,
    count,
    expected,
    fit,
    odds_of,
    path_of,
    policy_for,
)
from workers.consensus.shares.components import COLD_START, GIVEN_MOST
from workers.consensus.shares.rule import MOST_SPOILED

TERMS = Terms("cat", "dog", frozenset({"several fit", "none fits"}))
POLICY = SharePolicy(change_confidence=0.98)

names = st.sampled_from(["cat", "dog", "cow", "hen", "several fit", "none fits"])
errors = st.sampled_from([0.0, 0.1, 0.35, 0.75])
ballots = st.lists(st.builds(ShareVote, names, errors), max_size=6)
weights = st.lists(st.floats(0.01, 1), min_size=len(COLD_START), max_size=len(COLD_START)).map(
    lambda values: np.array(values) / sum(values)
)


def votes(*positions: str) -> list[ShareVote]:
    return [ShareVote(position) for position in positions]


def believed(ballot: Sequence[ShareVote], usual: np.ndarray = COLD_START, terms: Terms = TERMS) -> Belief:
    return believe(count(ballot, terms), usual)


def concluded(
    ballot: Sequence[ShareVote], usual: np.ndarray = COLD_START, policy: SharePolicy = POLICY
) -> Conclusion:
    counts = count(ballot, TERMS)
    return conclude(counts, believe(counts, usual), policy)


# --- what always holds ------------------------------------------------------------------------


@given(ballots, weights, st.randoms(use_true_random=False))
def test_the_order_of_votes_does_not_matter(ballot: list[ShareVote], usual: np.ndarray, chance) -> None:
    shuffled = list(ballot)
    chance.shuffle(shuffled)
    assert concluded(shuffled, usual) == concluded(ballot, usual)
    assert believed(shuffled, usual) == believed(ballot, usual)


@given(ballots, weights, errors)
def test_one_more_vote_for_the_given_label_never_makes_a_change_more_probable(
    ballot: list[ShareVote], usual: np.ndarray, error: float
) -> None:
    before, after = believed(ballot, usual), believed([*ballot, ShareVote("cat", error)], usual)
    assert all(after.most[position] <= before.most[position] + 1e-12 for position in before.most)
    assert all(after.first[position] <= before.first[position] + 1e-12 for position in before.first)
    assert after.spoiled >= before.spoiled - 1e-12


def test_votes_for_the_given_label_make_a_change_less_sure_and_more_harmful() -> None:
    alone, opposed = believed(votes("dog", "dog")), believed(votes("dog", "dog", "cat", "cat"))
    assert opposed.most["dog"] < alone.most["dog"]
    assert opposed.first["dog"] < alone.first["dog"]
    assert opposed.spoiled > alone.spoiled


@given(ballots, weights, st.permutations(["cat", "dog", "cow", "hen"]))
def test_permuting_class_names_changes_nothing(
    ballot: list[ShareVote], usual: np.ndarray, order: list[str]
) -> None:
    renamed = dict(zip(["cat", "dog", "cow", "hen"], order, strict=True))
    others = [ShareVote(renamed.get(str(one.position), one.position), one.error) for one in ballot]
    terms = Terms(renamed["cat"], renamed["dog"], TERMS.problems)
    before, after = believed(ballot, usual), believed(others, usual, terms)
    assert after.keep == before.keep
    assert after.clear == before.clear
    assert after.most == {renamed.get(str(name), name): value for name, value in before.most.items()}


@given(ballots, weights)
def test_all_are_probabilities_and_the_ends_exclude_each_other(
    ballot: list[ShareVote], usual: np.ndarray
) -> None:
    belief = believed(ballot, usual)
    stated = [belief.keep, belief.clear, *belief.most.values(), *belief.majority.values()]
    assert all(0 <= one <= 1 + 1e-9 for one in stated)
    assert belief.keep + sum(belief.most.values()) <= 1 + 1e-9


@given(ballots, errors, errors)
def test_a_vote_of_greater_error_moves_belief_less(
    ballot: list[ShareVote], first: float, second: float
) -> None:
    surer, doubtful = sorted((first, second))
    moved = [believed([*ballot, ShareVote("cat", error)]).keep for error in (surer, doubtful)]
    assert moved[0] >= moved[1] - 1e-9


def test_positions_may_be_anything_that_can_be_a_key() -> None:
    terms = Terms((1, "span"), (2, "span"))
    counts = count([ShareVote((2, "span"))] * 5, terms)
    conclusion = conclude(counts, believe(counts, COLD_START), POLICY)
    assert (conclusion.end, conclusion.position) == (End.CHANGE, (2, "span"))


# --- what follows from votes, before a project has shown anything ------------------------------


@pytest.mark.parametrize(
    ("said", "end"),
    [
        ((), End.ASK),
        (("cat",), End.KEEP),
        (("dog",), End.ASK),
        (("dog", "dog"), End.ASK),
        (("dog", "dog", "dog"), End.ASK),
        (("dog",) * 4, End.CHANGE),
        (("cow",) * 5, End.CHANGE),
        (("cat", "dog", "dog"), End.ASK),
        (("none fits", "none fits"), End.ASK),
        (("none fits",) * 3, End.PROBLEM),
        (("cat", "dog") * 7 + ("cow",), End.TORN),
    ],
)
def test_a_change_needs_more_than_a_keep(said: tuple[str, ...], end: End) -> None:
    assert concluded(votes(*said)).end == end


def test_whoever_errs_more_than_others_counts_for_less_but_never_for_nothing() -> None:
    assert concluded([ShareVote("dog", 0.75)] * 4).end is End.ASK
    assert believed([ShareVote("dog", 1.0)]).keep < believed([]).keep


def test_a_vote_with_an_impossible_error_is_refused() -> None:
    with pytest.raises(ValueError, match=r"error is 1\.5: give a probability"):
        ShareVote("dog", 1.5)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"change_confidence": 1.0}, "change_confidence is 1.0"),
        ({"keep_confidence": 0.4}, "keep_confidence is 0.4"),
        ({"min_votes": 0}, "min_votes is 0"),
        ({"min_votes": 5, "max_votes": 4}, "min_votes is 5"),
    ],
)
def test_an_impossible_policy_is_refused(bad: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SharePolicy(**bad)  # type: ignore[arg-type]


# --- what is learned ---------------------------------------------------------------------------


def asked(n: int, *positions: str, given: str = "cat") -> list:
    return [(path_of("label_error", given, "dog", 10.0), count(votes(*positions), TERMS).answers)] * n


def test_where_flags_are_mostly_right_fewer_votes_change_a_label() -> None:
    learned = fit(asked(300, "dog", "dog", "dog") + asked(30, "cat"))
    usual = learned.weights(path_of("label_error", "cat", "dog", 10.0))
    assert concluded(votes("dog", "dog"), usual, policy_for(learned)).end is End.CHANGE


def test_where_most_labels_are_right_more_votes_are_asked_than_at_first() -> None:
    learned = fit(asked(300, "cat") + asked(10, "dog", "cat", "dog", "cat"))
    usual = learned.weights(path_of("label_error", "cat", "dog", 10.0))
    assert believed(votes("dog", "dog"), usual).most["dog"] < believed(votes("dog", "dog")).most["dog"]


def test_how_hard_right_labels_are_is_not_learned_from_a_few_that_ended_with_one_answer() -> None:
    learned = fit(asked(200, "hen", "hen", "hen", "dog", given="hen") + asked(40, "cat"))
    here, everywhere = learned.weights(path_of("label_error", "cat", "dog", 10.0)), learned.weights()
    assert here[GIVEN_MOST].sum() > 0.5
    assert here[GIVEN_MOST] / here[GIVEN_MOST].sum() == pytest.approx(
        everywhere[GIVEN_MOST] / everywhere[GIVEN_MOST].sum()
    )
    assert here.sum() == pytest.approx(1)


def test_the_more_is_changed_the_less_each_change_may_spoil() -> None:
    few = fit(asked(300, "cat", "cat") + asked(10, "dog", "dog", "cat"))
    kept = asked(110, "cat", "cat") + asked(40, "cat", "cat", "dog")
    many = fit(kept + asked(150, "dog", "dog", "dog"))
    assert policy_for(few).most_spoiled > policy_for(many).most_spoiled


def test_the_more_questions_are_torn_the_surer_a_change_must_be() -> None:
    def demanded(torn: int) -> float:
        clear = asked(100 - torn, "cat", "cat", "cat", "cat")
        return policy_for(fit(clear + asked(torn, "dog", "cat", "dog", "cat"))).change_confidence

    sure = [demanded(torn) for torn in (0, 10, 40, 100)]
    assert sure == sorted(sure)
    assert sure[0] == sure[1] < sure[2] < sure[3]
    assert sure[3] == pytest.approx(0.99)


def test_one_answer_against_the_label_does_not_end_a_question_however_sure_its_group() -> None:
    sure = np.zeros(len(COLD_START))
    sure[0], sure[-1] = 0.999999, 0.000001  # all for the given label, but for hardly any
    assert believed(votes("dog"), sure).keep > 0.94
    assert concluded(votes("dog"), sure).end is End.ASK
    assert concluded(votes("dog", "cat"), sure).end is End.KEEP


@pytest.mark.parametrize("wrong", [0, 5, 50])
def test_no_change_may_spoil_a_clear_label_with_more_than_a_set_probability(wrong: int) -> None:
    seen = asked(100, "cat") + asked(wrong, "dog", "dog", "dog")
    assert policy_for(fit(seen)).most_spoiled <= MOST_SPOILED


def test_a_limit_that_no_change_keeps_leaves_every_label() -> None:
    for limit in (1e-5, 1e-9):
        outlook = expected(COLD_START, policy_for(SharePrior(), harm_limit=limit))
        assert outlook.spoiled[0] <= limit
    assert outlook.repaired[0] == 0


@given(weights, st.sampled_from([0.001, 0.003, 0.03]), st.sampled_from([1.5, 2.5]))
@settings(max_examples=20)
def test_both_limits_hold_by_what_the_prior_expects(usual: np.ndarray, harm: float, most: float) -> None:
    policy = policy_for(SharePrior(start=usual), harm_limit=harm, votes=most)
    ahead = expected(usual, policy)
    assert ahead.spoiled[0] <= harm or policy.most_spoiled == pytest.approx(0.001)
    assert ahead.votes[0] <= most or policy.price == pytest.approx(0.2)


@given(ballots, weights, errors)
def test_one_more_vote_for_the_given_label_never_ends_in_a_change(
    ballot: list[ShareVote], usual: np.ndarray, error: float
) -> None:
    policy = policy_for(SharePrior(start=usual), votes=1.5)
    before = concluded(ballot, usual, policy).end
    if before is not End.CHANGE:
        assert concluded([*ballot, ShareVote("cat", error)], usual, policy).end is not End.CHANGE


def test_a_question_ends_where_one_more_answer_is_not_worth_it() -> None:
    unclear = fit(asked(200, "dog", "several fit", "cat", "several fit"))
    policy = policy_for(unclear, votes=1.5)
    counts, usual = count(votes("several fit", "cat"), TERMS), unclear.weights()
    worth = expected(usual, policy).worth
    assert conclude(counts, believe(counts, usual), policy).end is End.ASK
    assert conclude(counts, believe(counts, usual), policy, worth=worth).end in (End.ENOUGH, End.TORN)


def test_a_pair_with_few_votes_borrows_from_its_class_and_the_class_from_all() -> None:
    learned = fit(asked(200, "dog", "dog", "dog", given="cat") + asked(3, "cat", "cat", given="cow"))

    def doubt(given: str) -> float:
        return believed([], learned.weights(path_of("label_error", given, "dog", 10.0))).keep

    assert doubt("cat") < doubt("cow") < believed([]).keep
    assert doubt("hen") == pytest.approx(
        believed([], learned.weights(path_of("label_error", "hen", "dog", 10.0)[:2])).keep
    )


def test_a_prior_fitted_on_nothing_is_the_cold_start() -> None:
    for nothing in ([], asked(5)):
        assert np.array_equal(fit(nothing).weights(path_of("label_error", "cat", "dog", None)), COLD_START)


def test_the_model_s_opinion_groups_questions_by_factors_of_ten() -> None:
    assert path_of("label_error", "a", "b", odds_of(0.01, 0.9))[1] == "10^1"
    assert path_of("label_error", "a", "b", odds_of(0.0, 0.9))[1] == "10^5"
    assert path_of("label_error", "a", "b", odds_of(0.9, 0.1))[1] == "10^0"
    assert path_of("label_conflict", "a", "b", None)[1] == "no model"
