"""Outlier and out-of-distribution scores, against cleanlab's."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.issues import InvalidInput
from workers.issues.neighbours import knn, ood_scores, outlier_scores


def peer(params=None, **data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from cleanlab.outlier import OutOfDistribution

        return OutOfDistribution(params or {}).fit_score(**data, verbose=False)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(12, 250),
    st.integers(1, 8),
    st.integers(0, 30),
    st.sampled_from(["normal", "clusters", "uniform"]),
    st.integers(0, 2**32),
)
def test_outlier_scores_are_those_of_cleanlab(n_rows, n_columns, n_equal, shape, seed):
    rng = np.random.default_rng(seed)
    points = rng.random((n_rows, n_columns))
    if shape != "uniform":
        points = rng.standard_normal((n_rows, n_columns))
    if shape == "clusters":
        points = 0.1 * points + rng.standard_normal((3, n_columns))[rng.integers(0, 3, n_rows)]
    points[: min(n_equal, n_rows)] = points[0]

    scores = outlier_scores(knn(points))

    np.testing.assert_allclose(scores, peer(features=points), atol=1e-7, rtol=1e-9)


def test_outlier_scores_of_many_rows_are_those_of_cleanlab():
    points = np.random.default_rng(0).standard_normal((2000, 32))

    np.testing.assert_allclose(outlier_scores(knn(points)), peer(features=points), atol=1e-12)


def test_single_precision_differs_from_cleanlab_by_its_rounding_only():
    points = np.random.default_rng(0).standard_normal((500, 32)).astype(np.float32)

    np.testing.assert_allclose(outlier_scores(knn(points)), peer(features=points), atol=1e-6)


def test_a_point_far_from_all_others_has_the_lowest_score():
    points = np.random.default_rng(0).standard_normal((100, 2))
    points[17] = [40.0, 40.0]

    scores = outlier_scores(knn(points))

    assert scores.argmin() == 17
    assert scores[17] < 1e-6
    assert ((scores >= 0) & (scores <= 1)).all()


def test_a_graph_with_more_neighbours_gives_the_same_scores():
    points = np.random.default_rng(0).standard_normal((100, 6))

    np.testing.assert_array_equal(outlier_scores(knn(points, 25)), outlier_scores(knn(points, 10)))


@pytest.mark.parametrize("points", [np.ones((1, 5)), np.ones((30, 5)), np.zeros((30, 5))])
def test_rows_that_nothing_sets_apart_are_no_outliers(points):
    assert (outlier_scores(knn(points)) == 1).all()


@settings(deadline=None, max_examples=80)
@given(
    st.integers(5, 200),
    st.integers(2, 12),
    st.booleans(),
    st.sampled_from(["entropy", "least_confidence"]),
    st.sampled_from([np.float64, np.float32]),
    st.integers(0, 2**32),
)
def test_scores_from_probabilities_are_those_of_cleanlab(n_rows, n_classes, adjust, method, dtype, seed):
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.full(n_classes, 0.3), n_rows).astype(dtype)
    labels = rng.integers(0, n_classes, n_rows)
    labels[:2] = [0, 1]
    labels = np.unique(labels, return_inverse=True)[1]
    probs = probs[:, : labels.max() + 1] / probs[:, : labels.max() + 1].sum(axis=1, keepdims=True)
    given_labels = {"labels": labels} if adjust else {}

    scores = ood_scores(probs, **given_labels, adjust=adjust, method=method)

    expected = peer({"adjust_pred_probs": adjust, "method": method}, pred_probs=probs, **given_labels)
    assert scores.dtype == probs.dtype
    np.testing.assert_allclose(scores, expected, atol=1e-12 if dtype is np.float64 else 1e-6)


def test_adjustment_needs_labels_and_says_so():
    with pytest.raises(InvalidInput, match="labels: are needed to adjust the scores"):
        ood_scores(np.full((3, 2), 0.5))


def test_a_class_without_labels_does_not_change_the_ranking():
    probs = np.array([[0.9, 0.1, 0.0], [0.5, 0.5, 0.0], [0.2, 0.8, 0.0]])

    scores = ood_scores(probs, [0, 0, 1])

    assert scores.argmin() == 1


@pytest.mark.parametrize(("bad", "said"), [(np.nan, "NaN"), (-0.5, "negative")])
def test_what_is_no_probability_is_refused_with_its_row(bad, said):
    probs = np.full((3, 2), 0.5)
    probs[2, 0] = bad
    with pytest.raises(InvalidInput, match=f"pred_probs, row 2: .*{said}"):
        ood_scores(probs, adjust=False)
