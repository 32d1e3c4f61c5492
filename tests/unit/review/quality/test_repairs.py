"""What a vote on a question is expected to repair orders the questions; equal worth leaves today's order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.config.project import ReviewSettings
from workers.consensus.shares import SharePrior, ShareVote, Terms, count, fit, path_of, policy_for
from workers.issues.learning import STATIC_EVERY, learned_order
from workers.label_types.registry import label_type
from workers.review.quality.repairs import order_of_worth, repairs_lost, repairs_per_vote, share_policy

CONFIRMED = path_of("label_error", "cat", "dog", 50.0)
REFUTED = path_of("label_error", "hen", "cow", 50.0)
UNKNOWN = [path_of("label_error", "fox", name, 50.0) for name in ("owl", "bee")]

tens = st.sampled_from([0.0, 0.1, 0.2, 0.7])
flags = st.lists(st.tuples(tens, tens), max_size=30).map(lambda rows: np.array(rows).reshape(-1, 2).T)


def learned_of(n: int) -> list[float]:
    """The worth of each pair after `n` questions of two pairs, one always confirmed and one never."""
    said = {CONFIRMED: ("cat", "dog", "dog"), REFUTED: ("hen", "cow", "hen")}
    answered = [
        (path, count([ShareVote(answer)] * 3, Terms(label, other, frozenset())).answers)
        for path, (label, other, answer) in said.items()
        for _ in range(n)
    ]
    prior = fit(answered)
    return repairs_per_vote([CONFIRMED, REFUTED, *UNKNOWN], prior, policy_for(prior)).tolist()


def test_a_pair_that_people_change_repairs_more_for_each_vote_than_one_that_they_keep() -> None:
    confirmed, refuted, unknown, _ = learned_of(20)
    assert confirmed > unknown > refuted >= 0


def test_pairs_of_which_nothing_is_known_tie() -> None:
    assert len(set(learned_of(0))) == 1
    *_, owl, bee = learned_of(20)
    assert owl == bee


@pytest.mark.parametrize(
    ("kind", "one", "other", "pooled"),
    [
        ("choice", ("cat", "dog"), ("cat", "dog"), ("cat", "dog")),
        (
            "boxes",
            ("cat 1,1 5x5 of 50x50", "dog 1,1 5x5 of 50x50"),
            ("cat 9,9 7x7 of 80x80", "dog 9,9 8x8 of 80x80"),
            ("cat", "dog"),
        ),
        (
            "boxes",
            ("cat 1,1 5x5 of 50x50", "cat 1,1 6x8 of 50x50"),
            ("cat 9,9 7x7 of 80x80", "cat 9,9 9x9 of 80x80"),
            ("cat", "cat (at another place)"),
        ),
        (
            "spans",
            ("(nothing) 0-4", 'PER 0-4 "Anna"'),
            ("(nothing) 9-12", 'PER 9-12 "Bob"'),
            ("(nothing)", "PER"),
        ),
        ("multi_label", ("sea, sun", "sea"), ("sky, sun", "sky"), ("sun", "(none)")),
    ],
)
def test_answers_about_the_same_classes_are_pooled_whatever_else_the_labels_hold(
    kind: str, one: tuple[str, str], other: tuple[str, str], pooled: tuple[str, str]
) -> None:
    assert label_type(kind).pooled(*one) == label_type(kind).pooled(*other) == pooled


@given(flags)
def test_equal_worth_leaves_the_order_that_verdicts_give(values: np.ndarray) -> None:
    same = np.full(values.shape[1], 0.07)
    assert order_of_worth(same, values[1]).tolist() == learned_order(values[1]).tolist()
    assert order_of_worth(same, same).tolist() == list(range(len(same)))


@given(flags)
def test_each_flag_has_one_place_and_the_worthiest_come_first(values: np.ndarray) -> None:
    repairs, precision = values
    order = order_of_worth(repairs, precision).tolist()
    assert sorted(order) == list(range(len(repairs)))
    first = [(-repairs[row], -precision[row], row) for row in order[: STATIC_EVERY - 1]]
    assert first == sorted(first)
    assert first == sorted(zip(-repairs, -precision, range(len(repairs)), strict=True))[: STATIC_EVERY - 1]


def test_a_small_team_loses_all_repairs_at_first_and_fewer_once_it_has_shown_its_crowd() -> None:
    start = SharePrior()
    assert repairs_lost(3, start, share_policy(ReviewSettings(), start)) == 1
    answers = count([ShareVote("dog")] * 3, Terms("cat", "dog", frozenset())).answers
    learned = fit([(path_of("label_error", "cat", "dog", 100.0), answers)] * 100)
    policy = share_policy(ReviewSettings(), learned)
    lost = [repairs_lost(people, learned, policy) for people in range(1, 9)]
    assert lost[0] == 1
    assert 0 < lost[2] < 0.5
    assert lost == sorted(lost, reverse=True)
    assert lost[-1] == 0
