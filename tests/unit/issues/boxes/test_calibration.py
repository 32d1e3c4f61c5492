from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.issues.boxes.calibration import calibrated
from workers.issues.boxes.reading import BoxTable


def predictions(seed: int, n: int, classes: int = 2) -> BoxTable:
    rng = np.random.default_rng(seed)
    probability = rng.uniform(0, 1, n)
    return BoxTable(np.zeros((n, 5)), rng.integers(0, classes, n), probability, np.array([n]))


def test_a_model_that_is_too_sure_is_brought_down() -> None:
    table = predictions(0, 20_000)
    matched = np.random.default_rng(1).random(20_000) < table.probability / 2
    worth = calibrated(table, matched, 2)
    assert worth == pytest.approx(table.probability / 2, abs=0.06)


def test_a_class_that_is_less_often_right_is_worth_less() -> None:
    table = predictions(0, 20_000)
    share = np.where(table.label == 0, table.probability, table.probability / 4)
    worth = calibrated(table, np.random.default_rng(1).random(20_000) < share, 2)
    sure = table.probability > 0.9
    assert worth[sure & (table.label == 0)].min() > 2 * worth[sure & (table.label == 1)].max()


def test_a_handful_of_predictions_moves_the_models_own_word_a_little() -> None:
    table = BoxTable(
        np.zeros((4, 5)), np.zeros(4, dtype=np.int64), np.array([0.2, 0.4, 0.6, 0.8]), np.array([4])
    )
    right = calibrated(table, np.ones(4, dtype=bool), 1)
    wrong = calibrated(table, np.zeros(4, dtype=bool), 1)
    assert (wrong < table.probability).all()
    assert (right > table.probability).all()
    assert np.maximum(right - table.probability, table.probability - wrong).max() < 0.35


@given(st.integers(0, 1000), st.integers(0, 400), st.floats(0, 1))
def test_worth_is_a_probability_and_never_falls_within_a_class(seed: int, n: int, share: float) -> None:
    table = predictions(seed, n)
    worth = calibrated(table, np.random.default_rng(seed).random(n) < share, 2)
    assert ((worth >= 0) & (worth <= 1)).all()
    for label in (0, 1):
        rows = np.flatnonzero(table.label == label)
        rows = rows[np.argsort(table.probability[rows])]
        assert (np.diff(worth[rows]) >= -1e-12).all()
