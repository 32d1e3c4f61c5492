from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.unit.consensus.crowds import crowd
from workers.consensus import (
    Centre,
    InvalidVotes,
    Scale,
    difference_sums,
    number_alpha,
    number_consensus,
)

KRIPPENDORFF_2011 = ("123321412...", "1233224125.3", ".3332342251.", "1233244125 1.".replace(" ", ""))

Floats = NDArray[np.float64]


def published() -> tuple[list[int], list[int], list[float]]:
    given = [
        (t, a, float(x)) for a, row in enumerate(KRIPPENDORFF_2011) for t, x in enumerate(row) if x != "."
    ]
    task, annotator, value = zip(*given, strict=True)
    return list(task), list(annotator), list(value)


def answers(seed: int) -> tuple[NDArray[np.int64], Floats]:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    return rng.integers(0, 8, n), rng.integers(1, 8, n).astype(float)


def test_alpha_of_the_published_example() -> None:
    assert number_alpha(*published(), scale=Scale.ORDINAL) == pytest.approx(0.815, abs=5e-4)
    assert number_alpha(*published(), scale=Scale.INTERVAL) == pytest.approx(0.849, abs=5e-4)


@given(seed=st.integers(0, 1000), scale=st.sampled_from(list(Scale)))
@settings(deadline=None)
def test_alpha_agrees_with_counting_coincidences(seed: int, scale: Scale) -> None:
    votes = crowd(seed, tasks=15, annotators=4).votes
    table = np.zeros((4, 4))
    for task in range(votes.n_tasks):
        labels = votes.label[votes.task == task].tolist()
        for one, other in combinations(labels, 2):
            table[one, other] += 1 / (len(labels) - 1)
            table[other, one] += 1 / (len(labels) - 1)
    n = table.sum(axis=1)

    def distance(c: int, k: int) -> float:
        low, high = min(c, k), max(c, k)
        if scale is Scale.INTERVAL:
            return float(high - low) ** 2
        return float(n[low : high + 1].sum() - (n[c] + n[k]) / 2) ** 2

    apart = np.array([[distance(c, k) if c != k else 0.0 for k in range(4)] for c in range(4)])
    expected = (np.outer(n, n) * apart).sum() / (n.sum() - 1)
    found = number_alpha(votes.task, votes.annotator, votes.label, scale=scale)
    assert found == pytest.approx(1 - (table * apart).sum() / expected)


@given(seed=st.integers(0, 1000))
@settings(deadline=None)
def test_ordinal_alpha_looks_at_the_order_only(seed: int) -> None:
    votes = crowd(seed, tasks=15, annotators=4).votes
    plain = number_alpha(votes.task, votes.annotator, votes.label, scale=Scale.ORDINAL)
    bent = number_alpha(votes.task, votes.annotator, votes.label.astype(float) ** 3, scale=Scale.ORDINAL)
    assert bent == pytest.approx(plain)


def test_alpha_is_not_defined_without_pairs_or_differences() -> None:
    assert np.isnan(number_alpha([0, 1], [0, 1], [1, 2]))
    assert np.isnan(number_alpha([0, 0], [0, 1], [2, 2]))
    assert np.isnan(number_alpha([], [], []))


def test_two_answers_of_one_person_to_a_task_are_refused() -> None:
    with pytest.raises(InvalidVotes, match="two votes on task 0"):
        number_alpha([0, 0], [1, 1], [2, 3])


@given(seed=st.integers(0, 10_000))
@settings(deadline=None)
def test_mean_difference_is_that_of_all_pairs(seed: int) -> None:
    task, value = answers(seed)
    apart = [abs(value[a] - value[b]) for a, b in combinations(range(len(task)), 2) if task[a] == task[b]]
    if apart:
        assert difference_sums(task, value).value() == pytest.approx(np.mean(apart))
    else:
        assert np.isnan(difference_sums(task, value).value())


@given(seed=st.integers(0, 10_000), centre=st.sampled_from(list(Centre)), quorum=st.integers(1, 4))
@settings(deadline=None)
def test_the_centre_is_decided_where_a_quorum_and_most_answers_lie_near(
    seed: int, centre: Centre, quorum: int
) -> None:
    task, value = answers(seed)
    found = number_consensus(task, value, quorum=quorum, tolerance=1, centre=centre)
    for t in range(len(found.value)):
        own = value[task == t]
        if own.size == 0:
            assert np.isnan(found.value[t])
            assert not found.decided[t]
            continue
        assert found.value[t] == pytest.approx(np.median(own) if centre is Centre.MEDIAN else own.mean())
        near = int((np.abs(own - found.value[t]) <= 1 + 1e-9).sum())
        assert (found.answers[t], found.within[t]) == (len(own), near)
        assert found.decided[t] == (near >= quorum and 2 * near > len(own))


def test_two_camps_decide_nothing_between_them() -> None:
    value = [0, 0, 0, 0, 100, 100, 100, 100, 50, 50]
    found = number_consensus([0] * 10, value, quorum=2, tolerance=10, centre=Centre.MEAN)
    assert found.value.tolist() == [50]
    assert found.decided.tolist() == [False]


def test_only_allowed_values_come_out() -> None:
    task, value = [0, 0, 1, 1, 2, 3], [3, 4, 4, 5, 9, -2]
    found = number_consensus(task, value, quorum=1, tolerance=1, allowed=[5, 1, 2, 3, 4])
    assert found.value.tolist() == [3, 4, 5, 1]
    assert found.decided.tolist() == [True, True, False, False]
    only = number_consensus([0, 2], [3, 4], quorum=1, tolerance=0, allowed=[7])
    assert only.value[[0, 2]].tolist() == [7, 7]
    assert np.isnan(only.value[1])


def test_a_tolerance_is_met_in_spite_of_rounding() -> None:
    found = number_consensus([0, 0, 0], [0.1, 0.3, 0.3], quorum=3, tolerance=0.2)
    assert found.decided.tolist() == [True]


@pytest.mark.parametrize(
    ("value", "options", "message"),
    [
        ([1.0, np.nan], {}, "value, answer 1: nan"),
        ([1.0], {}, "task, value differ in length"),
        ([1.0, 2.0], {"quorum": 0}, "quorum 0"),
        ([1.0, 2.0], {"tolerance": -1}, "tolerance -1"),
        ([1.0, 2.0], {"allowed": []}, "allowed holds no values"),
    ],
)
def test_what_cannot_be_agreed_on_is_refused(
    value: list[float], options: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidVotes, match=message):
        number_consensus([0, 0], value, **{"quorum": 2, "tolerance": 1, **options})
