"""What verdicts say of flags to come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from workers.issues.learning import (
    LEAST_CAP,
    STATIC_EVERY,
    Verdicts,
    cap_scale,
    expected_precision,
    learned_order,
)
from workers.issues.validation import InvalidInput

K = 4
NONE = Verdicts(*(np.zeros(0, dtype=np.int64) for _ in range(4)))

counts = st.lists(
    st.tuples(
        st.integers(0, K - 1), st.integers(0, K - 1), st.integers(0, 50), st.floats(0, 1, allow_nan=False)
    ),
    max_size=20,
)


def verdicts(rows: list[tuple[int, int, int, int]]) -> Verdicts:
    return Verdicts(*(np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)))


@given(counts)
def test_precision_stays_between_never_and_always(rows: list[tuple[int, int, int, float]]) -> None:
    told = verdicts([(g, s, n, int(n * share)) for g, s, n, share in rows]) if rows else NONE
    g, s = np.divmod(np.arange(K * K), K)

    found = expected_precision(g, s, told, K)

    assert ((found > 0) & (found < 1)).all()


def test_without_verdicts_every_flag_is_as_likely_as_not() -> None:
    assert expected_precision([0, 1], [1, 2], NONE, K).tolist() == [0.5, 0.5]


def test_a_pair_is_judged_by_its_class_until_it_has_verdicts_of_its_own() -> None:
    told = verdicts([(0, 1, 40, 40), (0, 2, 40, 0)])

    confirmed, in_vain, unseen = expected_precision([0, 0, 0], [1, 2, 3], told, K)

    assert confirmed > 0.9
    assert in_vain < 0.1
    assert unseen == pytest.approx(0.5, abs=0.02)


def test_more_verdicts_move_a_pair_further() -> None:
    found = [expected_precision([0], [1], verdicts([(0, 1, n, 0), (2, 3, 50, 25)]), K)[0] for n in (1, 5, 50)]

    assert found == sorted(found, reverse=True)


@given(st.lists(st.floats(0.01, 0.99), max_size=60))
def test_every_flag_is_asked_once(values: list[float]) -> None:
    order = learned_order(np.array(values, dtype=np.float64))

    assert sorted(order.tolist()) == list(range(len(values)))


def test_what_was_flagged_in_vain_is_still_asked_now_and_then() -> None:
    in_vain_first = np.array([0.01] * 10 + [0.9] * 40)

    early = learned_order(in_vain_first)[: 4 * STATIC_EVERY]

    assert (early < 10).sum() == 4


def test_equal_precision_keeps_the_most_suspicious_first() -> None:
    assert learned_order(np.full(12, 0.5)).tolist() == list(range(12))


def test_learning_finds_errors_sooner_than_any_fixed_order() -> None:
    """Half the pairs are flagged in vain. Reviewed in tens, as a queue is."""
    rng = np.random.default_rng(11)
    given_class, suggested = rng.integers(0, K, 400), rng.integers(0, K, 400)
    right = rng.random(400) < np.where((given_class + suggested) % 2 == 0, 0.9, 0.1)

    learned = _errors_found(given_class, suggested, right, reviews=200, learn=True)
    fixed = _errors_found(given_class, suggested, right, reviews=200, learn=False)

    assert learned > 1.3 * fixed


def _errors_found(
    given_class: NDArray[np.int64],
    suggested: NDArray[np.int64],
    right: NDArray[np.bool_],
    *,
    reviews: int,
    learn: bool,
) -> int:
    left, done = np.arange(len(right)), np.zeros(0, dtype=np.int64)
    while len(done) < reviews:
        order = np.arange(len(left))
        if learn and len(done):
            told = Verdicts(
                given_class[done],
                suggested[done],
                np.ones(len(done), dtype=np.int64),
                right[done].astype(int),
            )
            order = learned_order(expected_precision(given_class[left], suggested[left], told, K))
        done = np.concatenate([done, left[order[:10]]])
        left = np.delete(left, order[:10])
    return int(right[done].sum())


def test_a_cap_shrinks_where_flags_are_wrong_but_never_to_nothing() -> None:
    told = verdicts([(0, 1, 400, 200), (1, 0, 400, 100), (2, 0, 400, 0), (3, 0, 400, 380)])

    scale = cap_scale(told, K)

    assert scale[0] == scale[3] == 1.0, "no class may have more than its cap"
    assert 0.5 < scale[1] < 0.7
    assert scale[2] == LEAST_CAP


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(InvalidInput, match="confirmed"):
        verdicts([(0, 1, 3, 4)])
    with pytest.raises(InvalidInput, match="length"):
        Verdicts(np.zeros(1, int), np.zeros(2, int), np.zeros(1, int), np.zeros(1, int))
