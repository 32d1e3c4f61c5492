"""Models of sets of classes and of numbers: each item is judged by one that has not seen its label."""

from __future__ import annotations

import numpy as np
import pytest

from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.features import Features
from workers.detect.predictions.kinds import FeatureKind
from workers.detect.predictions.numbers import out_of_sample_numbers
from workers.detect.predictions.sets import out_of_sample_sets


def vectors(matrix: np.ndarray) -> Features:
    return Features(FeatureKind.VECTOR, matrix, np.arange(len(matrix)), (), None, np.arange(len(matrix)))


def test_each_class_of_a_set_is_told_apart_and_rare_ones_have_their_share() -> None:
    rng = np.random.default_rng(3)
    matrix = rng.normal(size=(200, 4))
    marks = np.column_stack([matrix[:, 0] > 0, matrix[:, 1] > 0.5, np.arange(200) == 7])
    found = out_of_sample_sets(vectors(matrix), marks, seed=1)
    assert found.learnt.tolist() == [True, True, False]
    assert (found.gain[:2] > 0.7).all()
    assert np.isnan(found.gain[2])
    assert (found.probs[:, 2] == 1 / 200).all()
    assert found.mean_gain == pytest.approx(found.gain[:2].mean())


def test_the_same_seed_gives_the_same_probabilities() -> None:
    rng = np.random.default_rng(3)
    matrix = rng.normal(size=(60, 3))
    marks = matrix[:, :2] > 0
    first, second = (out_of_sample_sets(vectors(matrix), marks, seed=5).probs for _ in range(2))
    assert (first == second).all()


def test_nothing_is_learnt_where_no_class_can_be_told_apart() -> None:
    with pytest.raises(NoPredictions, match="nothing can be told apart"):
        out_of_sample_sets(vectors(np.eye(6)), np.zeros((6, 2), dtype=bool), seed=1)


def test_an_items_own_number_is_not_what_is_expected_of_it() -> None:
    rng = np.random.default_rng(3)
    matrix = rng.normal(size=(120, 3))
    given = 10 * matrix[:, 0] + rng.normal(size=120)
    spoiled = given.copy()
    spoiled[5] += 500
    found, other = (out_of_sample_numbers(vectors(matrix), each, seed=1) for each in (given, spoiled))
    assert found.r2 > 0.8
    assert abs(other.expected[5] - given[5]) < 60


def test_few_numbers_are_not_learnt_from() -> None:
    with pytest.raises(NoPredictions, match="9 items are too few"):
        out_of_sample_numbers(vectors(np.eye(9)), np.arange(9.0), seed=1)


def test_equal_numbers_explain_nothing() -> None:
    assert out_of_sample_numbers(vectors(np.eye(20)), np.full(20, 3.0), seed=1).r2 == 0
