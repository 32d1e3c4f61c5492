"""The neighbour graph: exact whatever the features are, and honest where it is not."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.spatial.distance import cdist

from workers.issues import InvalidInput
from workers.issues.neighbours import Metric, by_cells, knn, searchable
from workers.issues.neighbours.exact import exact_search
from workers.issues.neighbours.selection import largest


def brute(features, k, metric):
    """All distances from differences, self excluded, ties in row order."""
    points = np.asarray(features, dtype=np.float64)
    if metric is Metric.COSINE:
        length = np.linalg.norm(points, axis=1, keepdims=True)
        points = points / np.where(length == 0, 1, length)
    apart = cdist(points, points)
    if metric is Metric.COSINE:
        zero = length.ravel() == 0
        apart = np.where(zero[:, None] != zero, 1.0, apart**2 / 2)
    np.fill_diagonal(apart, np.inf)
    return np.sort(apart, axis=1, kind="stable")[:, : min(k, len(points) - 1)]


@st.composite
def features(draw):
    """Few different values, so that rows are often equal or equally far."""
    n_rows, n_columns = draw(st.integers(2, 60)), draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    kind = draw(st.sampled_from(["grid", "normal", "far", "close"]))
    points = rng.integers(-1, 2, (n_rows, n_columns)).astype(float)
    if kind == "normal":
        points = rng.standard_normal((n_rows, n_columns))
    if kind == "far":
        points[0] *= 1e8
    if kind == "close":
        points = 1000 + rng.standard_normal((n_rows, n_columns)) * 1e-3
    return points


@settings(deadline=None, max_examples=150)
@given(features(), st.integers(1, 12), st.sampled_from(Metric), st.booleans())
def test_the_neighbours_are_the_nearest_rows_of_all(points, k, metric, sparse):
    found = knn(csr_matrix(points) if sparse else points, k, metric)

    expected = brute(points, k, metric)
    assert found.indices.shape == expected.shape
    scale = max(1.0, float(expected.max(initial=0)))
    np.testing.assert_allclose(found.distances, expected, atol=1e-7 * scale if sparse else 1e-9 * scale)
    assert not (found.indices == np.arange(len(points))[:, None]).any()
    assert all(len(set(row)) == len(row) for row in found.indices.tolist())


@pytest.mark.parametrize("metric", Metric)
@pytest.mark.parametrize("n_columns", [2, 12])
def test_many_rows_are_found_in_blocks_as_they_are_found_one_by_one(monkeypatch, metric, n_columns):
    points = np.random.default_rng(3).standard_normal((700, n_columns))
    points[100:130] = points[99]  # more equal rows than candidates
    whole = knn(points, 7, metric)

    monkeypatch.setattr("workers.issues.neighbours.exact.BLOCK_CELLS", 3000)
    monkeypatch.setattr("workers.issues.neighbours.space.GATHERED", 100)
    parts = knn(points, 7, metric)

    np.testing.assert_array_equal(whole.indices, parts.indices)
    np.testing.assert_array_equal(whole.distances, parts.distances)
    np.testing.assert_allclose(whole.distances, brute(points, 7, metric), atol=1e-12)


@pytest.mark.parametrize("sparse", [False, True])
def test_equal_rows_are_listed_in_row_order_and_at_no_distance(sparse):
    points = np.repeat(np.random.default_rng(0).standard_normal((2, 5)), 40, axis=0)

    found = knn(csr_matrix(points) if sparse else points, 3)

    assert found.indices[0].tolist() == [1, 2, 3]
    assert found.indices[39].tolist() == [0, 1, 2]
    assert found.indices[79].tolist() == [40, 41, 42]
    assert (found.distances == 0).all()


def test_rows_that_single_precision_cannot_tell_apart_are_told_apart():
    rng = np.random.default_rng(1)
    points = np.ones((300, 20)) + rng.standard_normal((300, 20)) * 1e-4

    found = knn(points, 5, Metric.COSINE)

    np.testing.assert_allclose(found.distances, brute(points, 5, Metric.COSINE), rtol=1e-5)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 400), st.integers(1, 5), st.integers(0, 2**32))
def test_the_largest_entries_are_found_group_by_group(n_columns, count, seed):
    block = np.random.default_rng(seed).integers(0, 30, (4, n_columns)).astype(float)
    count = min(count, n_columns)

    columns, values = largest(block, count)

    np.testing.assert_array_equal(np.take_along_axis(block, columns, axis=1), values)
    np.testing.assert_array_equal(np.sort(values), np.sort(block)[:, -count:])
    assert all(len(set(row)) == count for row in columns.tolist())


def test_three_columns_are_compared_by_distance_and_more_by_angle():
    assert knn(np.eye(3), 1).metric is Metric.EUCLIDEAN
    assert knn(np.eye(4), 1).metric is Metric.COSINE


@pytest.mark.parametrize("n_rows", [0, 1])
def test_without_another_row_there_are_no_neighbours(n_rows):
    found = knn(np.ones((n_rows, 5)), 10)

    assert found.indices.shape == (n_rows, 0)
    assert found.exact


@pytest.mark.parametrize(
    ("points", "k", "metric", "said"),
    [
        (np.array([[1.0, 2.0], [np.nan, 1.0]]), 1, None, "features, row 1: holds NaN or infinity"),
        (csr_matrix(np.array([[1.0, 2.0], [0.0, np.inf]])), 1, None, "features, row 1"),
        (np.ones(3), 1, None, r"features: has the shape \(3,\)"),
        (np.array([["a"]]), 1, None, "features: has dtype"),
        (np.ones((3, 2)), 0, None, "k: is 0"),
        (np.ones((3, 2)), 1, "manhattan", "metric: is 'manhattan'. Choose one of cosine, euclidean"),
    ],
)
def test_what_cannot_be_searched_is_refused_by_name(points, k, metric, said):
    with pytest.raises(InvalidInput, match=said):
        knn(points, k, metric)


def test_an_index_is_corrected_and_its_recall_is_stated():
    """An index that misses every third row: what it gives is put in the right order, and said."""
    points = np.random.default_rng(2).standard_normal((300, 6))

    def forgetful(given_space, count):
        true, _ = exact_search(given_space, np.arange(len(given_space)), count)
        return np.where(true % 3 == 0, -1, true)[:, ::-1]

    found = knn(points, 5, exact_rows=100, index=forgetful)

    exact = knn(points, 5)
    assert not found.exact
    assert found.recall_rows == 300
    assert 0.4 < found.recall < 0.9
    overlap = np.mean([len(set(a) & set(b)) / 5 for a, b in zip(found.indices, exact.indices, strict=True)])
    assert found.recall >= overlap - 0.35
    assert (np.diff(found.distances, axis=1) >= 0).all()
    assert (found.indices >= 0).all()


def test_a_perfect_index_has_a_recall_of_one():
    points = np.random.default_rng(2).standard_normal((300, 6))

    def perfect(given_space, count):
        return exact_search(given_space, np.arange(len(given_space)), count)[0]

    found = knn(points, 5, exact_rows=100, index=perfect)

    assert found.recall == 1.0
    np.testing.assert_array_equal(found.indices, knn(points, 5).indices)


@pytest.mark.parametrize("metric", Metric)
def test_above_the_size_the_installed_index_answers_and_without_one_the_exact_search(metric):
    points = np.random.default_rng(2).standard_normal((2000, 16))

    found = knn(points, 10, metric, exact_rows=1000)

    assert found.exact == (find_spec("usearch") is None)
    assert found.recall > 0.95
    again = knn(points, 10, metric, exact_rows=1000)
    np.testing.assert_array_equal(found.indices, again.indices)


def test_sparse_features_are_reduced_only_when_there_are_many_rows(monkeypatch):
    rng = np.random.default_rng(4)
    points = csr_matrix(rng.random((200, 400)) * (rng.random((200, 400)) < 0.05))
    assert searchable(points, 1) is points

    monkeypatch.setattr("workers.issues.neighbours.reduced.SPARSE_ROWS", 100)
    few = searchable(points, 1)

    assert few.shape == (200, 128)
    np.testing.assert_array_equal(few, searchable(points, 1))
    assert searchable(points.toarray(), 1).shape == (200, 400)


@pytest.mark.parametrize("metric", Metric)
def test_cells_find_nearly_all_of_the_nearest_rows_and_the_same_ones_each_time(metric):
    rng = np.random.default_rng(6)
    points = rng.standard_normal((20, 16))[rng.integers(20, size=6000)] + rng.normal(0, 0.3, (6000, 16))

    result = knn(points, 10, metric, exact_rows=1000, index=by_cells)

    assert result.recall > 0.9
    assert result.recall_rows == 500
    again = knn(points, 10, metric, exact_rows=1000, index=by_cells)
    np.testing.assert_array_equal(result.indices, again.indices)


def test_a_cell_of_many_equal_rows_is_cut_and_each_of_them_still_has_its_equals():
    points = np.random.default_rng(7).standard_normal((6000, 8))
    points[:5000] = points[0]

    result = knn(points, 10, "euclidean", exact_rows=1000, index=by_cells)

    assert (result.distances[:5000] == 0).all()
    assert (result.indices != np.arange(6000)[:, None]).all()


def test_one_far_row_does_not_blur_the_distances_among_the_others():
    points = np.random.default_rng(51).integers(-1, 2, (40, 4)).astype(float)
    points[0] = 1e8

    result = knn(points, 1, "euclidean")

    np.testing.assert_allclose(result.distances[1:], brute(points, 1, Metric.EUCLIDEAN)[1:])
