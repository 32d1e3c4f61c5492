"""What an answer about one's own label is worth."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workers.consensus.ballot import LEAST_WEIGHT
from workers.review.quality.own_answers import OWN_WEIGHT, AnsweredTwice, own_weight

counts = st.integers(0, 6).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
questions = st.lists(st.builds(lambda own, others: AnsweredTwice(*own, *others), counts, counts), max_size=30)


def test_before_anybody_answered_twice_it_is_half() -> None:
    assert own_weight([]) == own_weight([AnsweredTwice(1, 0, 0, 0)]) == OWN_WEIGHT


def test_people_who_always_repeat_themselves_come_to_the_least() -> None:
    assert own_weight([AnsweredTwice(1, 0, 2, 2)] * 50) == LEAST_WEIGHT


def test_people_who_contradict_themselves_as_others_do_come_to_a_whole_answer() -> None:
    assert own_weight([AnsweredTwice(2, 1, 2, 1)] * 200) > 0.95


def test_people_who_repeat_themselves_in_three_of_ten_come_to_seven_tenths() -> None:
    # Others contradict all of 100 labels, who gave these 70.
    seen = [AnsweredTwice(1, 1, 1, 1)] * 70 + [AnsweredTwice(1, 0, 1, 1)] * 30
    assert abs(own_weight(seen) - 0.7) < 0.02


@given(questions)
def test_it_is_a_share_that_shuts_nobody_out(seen: list[AnsweredTwice]) -> None:
    assert LEAST_WEIGHT <= own_weight(seen) <= 1


@given(questions, st.integers(1, 5))
def test_one_more_contradiction_never_lowers_it(seen: list[AnsweredTwice], others: int) -> None:
    kept, contradicted = AnsweredTwice(1, 0, others, others), AnsweredTwice(1, 1, others, others)
    assert own_weight([*seen, contradicted]) >= own_weight([*seen, kept])
