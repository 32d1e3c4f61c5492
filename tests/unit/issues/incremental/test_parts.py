"""The pieces that are kept between changes, each against its definition."""

from __future__ import annotations

import numpy as np
import pytest

from workers.issues import confident_thresholds
from workers.issues.incremental import band, ranking
from workers.issues.incremental.band import band_around
from workers.issues.incremental.confidence import thresholds_from
from workers.issues.incremental.growing import grown
from workers.issues.incremental.incoming import checked_values
from workers.issues.incremental.margins import disagreeing
from workers.issues.incremental.members import members_of
from workers.issues.incremental.ranking import Ranking
from workers.issues.selection import smallest

DTYPES = [np.float32, np.float64]


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_mean_of_members_is_numpys_to_the_last_bit(dtype: type) -> None:
    rng = np.random.default_rng(1)
    given, trust = rng.integers(0, 2, 5000).astype(np.int8), rng.random(5000).astype(dtype)
    members = members_of(given, trust, 2)
    for row in rng.permutation(5000)[:800].tolist():
        members[int(given[row])].discard(row)
        given[row] = 1 - given[row]
        members[int(given[row])].add(row, float(trust[row]))
        for label in (0, 1):
            assert members[label].mean() == np.mean(trust[given == label])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("spare", [0, 3, 256])
def test_a_ranking_chooses_what_a_sort_of_all_would(
    dtype: type, spare: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "SPARE", spare)
    rng = np.random.default_rng(spare)
    values = rng.integers(0, 12, 40).astype(dtype) / 12
    kept = Ranking(values.dtype)
    for _ in range(600):
        at = int(rng.integers(len(values)))
        kept.discard(float(values[at]))
        values[at] = rng.integers(0, 12) / 12
        kept.add(float(values[at]))
        n = int(np.clip(rng.normal(15, 8), 0, 45))
        now = values.copy()
        asked = rng.choice(40, 6)
        hit = kept.chosen(n, 40, now[asked], lambda some, asked=asked: asked[some], lambda now=now: now)
        assert np.array_equal(hit, smallest(now, n)[asked])


def test_a_band_names_every_row_that_is_crossed_or_says_that_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(band, "FRESH", 10)
    rng = np.random.default_rng(4)
    column = rng.integers(0, 50, 400) / 50
    there = np.ones(400, dtype=bool)
    around = band_around(0.5, column, there, class_size=5000)  # from 0.3: rows lie on its very edge
    for _ in range(500):
        row = int(rng.integers(400))
        column[row] = rng.integers(0, 50) / 50
        around.note(float(column[row]), row)
        low, high = sorted(rng.integers(13, 38, 2) / 50)
        named = around.crossed(low, high, column)
        if named is None:
            assert low < around.low or high > around.high
        else:
            assert set(np.flatnonzero((column >= low) & (column < high))) <= set(named.tolist())


def test_an_array_with_room_is_not_copied() -> None:
    longer = grown(np.arange(10), 11)
    assert longer[:10].tolist() == list(range(10))
    assert grown(longer, len(longer)) is longer


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_present", [3, 4])
def test_thresholds_have_the_value_and_type_of_the_batch(dtype: type, n_present: int) -> None:
    rng = np.random.default_rng(6)
    probs = rng.dirichlet(np.ones(4), 90).astype(dtype)
    labels = rng.integers(0, n_present, 90)
    picked = probs[np.arange(90), labels]
    means = [float(np.mean(picked[labels == k])) if (labels == k).any() else np.nan for k in range(4)]
    found, expected = thresholds_from(np.array(means), probs.dtype), confident_thresholds(labels, probs)
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_label_that_draws_level_with_the_slack_wins_over_later_classes_only(dtype: type) -> None:
    behind = dtype(0.3)
    top = behind + dtype(1e-6)
    block = np.array([[behind, top, 0.2, 0.2], [top, behind, 0.2, 0.2]], dtype=dtype)
    assert disagreeing(np.array([0, 1]), block).tolist() == [False, True]


def test_only_a_row_that_exceeds_one_by_more_than_the_slack_ends_there() -> None:
    rows = np.array([[1.00001, 0.0], [1.0000005, 0.0], [0.4, 0.6], [1.0001, 0.0]])
    assert checked_values(rows).tolist() == [[1.0, 0.0], [1.0000005, 0.0], [0.4, 0.6], [1.0, 0.0]]
