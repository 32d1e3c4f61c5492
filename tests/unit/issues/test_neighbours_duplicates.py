"""Sets of duplicates, and duplicates with different labels."""

from __future__ import annotations

import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.issues import InvalidInput
from workers.issues.neighbours import exact_groups, knn, label_conflicts, near_duplicates


def cleanlab_near_duplicates(features):
    """(mask, scores, neighbours within the threshold of each row) of Datalab's near_duplicate."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from cleanlab.datalab.internal.issue_manager.duplicate import NearDuplicateIssueManager

        class Lab:
            def get_info(self, name):
                return {}

        manager = NearDuplicateIssueManager(Lab())
        manager.find_issues(features=features)
    near = manager.near_duplicate_sets
    return manager.issues.iloc[:, 0].to_numpy(), manager.issues.iloc[:, 1].to_numpy(), near


def scene(seed, n_rows=80, n_columns=6):
    """Random rows, some of which are others again, exactly or with a little noise."""
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((n_rows, n_columns))
    points[10:14] = points[0]
    points[20:23] = points[1:4] + rng.standard_normal((3, n_columns)) * 1e-3
    return points


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32), st.integers(2, 8))
def test_near_duplicates_and_their_scores_are_those_of_cleanlab(seed, n_columns):
    points = scene(seed, n_columns=n_columns)

    found = near_duplicates(knn(points))

    mask, scores, near = cleanlab_near_duplicates(points)
    np.testing.assert_array_equal(found.mask, mask)
    np.testing.assert_allclose(found.score, scores, atol=1e-9)
    for row, others in enumerate(near):
        assert set(others.tolist()) <= set(found.twins(row)[0].tolist())


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.floats(0, 3))
def test_sets_hold_what_is_connected_and_nothing_else(seed, threshold):
    neighbours = knn(scene(seed, n_rows=40), 4)

    found = near_duplicates(neighbours, threshold=threshold)

    rows = np.concatenate([found.rows(number) for number in range(len(found))] or [np.empty(0, int)])
    assert sorted(rows.tolist()) == np.flatnonzero(found.mask).tolist()
    assert all(len(found.rows(number)) >= 2 for number in range(len(found)))
    assert all(found.rows(a)[0] < found.rows(a + 1)[0] for a in range(len(found) - 1))
    close = neighbours.distances < found.limit
    for row, column in np.argwhere(close):
        assert found.group[row] == found.group[neighbours.indices[row, column]] >= 0
    assert (found.group[found.pairs.first] == found.group[found.pairs.second]).all()
    paired = found.mask
    assert (found.distance[paired] < found.limit).all()
    assert np.isnan(found.distance[~paired]).all()


def test_rows_connected_through_others_are_one_set_with_the_distances_that_are_known():
    points = np.array([[0.0], [1.0], [2.0], [50.0], [90.0], [130.0], [170.0], [210.0]])
    neighbours = knn(points, 1)

    found = near_duplicates(neighbours, threshold=0.1)

    assert [found.rows(n).tolist() for n in range(len(found))] == [[0, 1, 2]]
    others, distances = found.twins(0)
    assert others.tolist() == [1, 2]
    assert distances[0] == 1.0
    assert np.isnan(distances[1])


def test_equal_content_is_one_set_whatever_the_features_say():
    points = np.random.default_rng(0).standard_normal((6, 5))
    exact = exact_groups(["a", "b", "a", None, None, "a"])

    joined = near_duplicates(knn(points), exact=exact)

    assert [exact.rows(n).tolist() for n in range(len(exact))] == [[0, 2, 5]]
    assert exact.distance[[0, 2, 5]].tolist() == [0, 0, 0]
    assert exact.score.tolist() == [0, 1, 0, 1, 1, 0]
    assert joined.rows(0).tolist() == [0, 2, 5]
    assert joined.score[0] == 0


@pytest.mark.parametrize("n_rows", [0, 1])
def test_nothing_to_compare_makes_no_sets(n_rows):
    assert len(near_duplicates(knn(np.ones((n_rows, 4))))) == 0
    assert len(exact_groups(["a"] * n_rows)) == 0
    assert len(label_conflicts(exact_groups(["a"] * n_rows), np.zeros(n_rows, dtype=int)).rows) == 0


def test_bad_arguments_are_named():
    neighbours = knn(np.eye(5))
    with pytest.raises(InvalidInput, match="threshold: is -1"):
        near_duplicates(neighbours, threshold=-1)
    with pytest.raises(InvalidInput, match="exact: is about 2 rows"):
        near_duplicates(neighbours, exact=exact_groups(["a", "a"]))
    with pytest.raises(InvalidInput, match="labels: has"):
        label_conflicts(exact_groups(["a", "a"]), [0, 1, 2])
    with pytest.raises(InvalidInput, match="labels, row 1: holds -1"):
        label_conflicts(exact_groups(["a", "a"]), [0, -1])


def test_duplicates_with_different_labels_are_found_with_the_evidence():
    sets = exact_groups(["x", "x", "x", "y", "y", "z", None])

    found = label_conflicts(sets, [4, 4, 2, 1, 1, 0, 0])

    assert found.rows.tolist() == [2, 0, 1]
    assert found.score.tolist() == pytest.approx([2 / 3, 2 / 3, 1 / 3, 1, 1, 1, 1])
    assert found.suggested.tolist() == [2, 2, 4, -1, -1, -1, -1]
    assert [(twin.row, twin.label, twin.distance) for twin in found.evidence(0)][:1] == [(2, 2, 0.0)]
    assert [twin.row for twin in found.evidence(2)] == [0, 1]
    assert len(found.evidence(2, limit=1)) == 1
    assert found.evidence(5) == []


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 3)), min_size=1, max_size=40))
def test_the_score_is_the_share_of_the_set_with_the_same_label(items):
    content, labels = zip(*items, strict=True)

    found = label_conflicts(exact_groups(content), labels)

    for row, (value, label) in enumerate(items):
        same = [other for what, other in items if what == value]
        disputed = len(set(same)) > 1
        assert found.mask[row] == disputed
        assert found.score[row] == pytest.approx(same.count(label) / len(same))
        if disputed:
            rest = [other for other in same if other != label]
            assert rest.count(found.suggested[row]) == max(rest.count(other) for other in rest)
    assert all(found.score[a] <= found.score[b] for a, b in pairwise(found.rows))
