from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from workers.issues import Method, label_issues


def noisy(seed: int, n_rows: int = 200, n_classes: int = 4) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.full(n_classes, 0.3), n_rows)
    labels = np.where(rng.random(n_rows) < 0.2, rng.integers(0, n_classes, n_rows), probs.argmax(axis=1))
    labels[:2] = 0, 1
    return labels, probs


def test_a_sure_model_that_disagrees_is_an_issue_with_its_guess_suggested() -> None:
    probs = np.tile([[0.95, 0.05], [0.05, 0.95]], (10, 1))
    labels = np.tile([0, 1], 10)
    labels[4] = 1
    found = label_issues(labels, probs)
    assert found.order.tolist() == [4]
    assert found.suggested[4] == 0
    assert found.quality[4] == pytest.approx(0.05)


@given(seed=st.integers(0, 10_000), method=st.sampled_from(list(Method)))
def test_order_lists_exactly_the_masked_rows_least_quality_first(seed: int, method: Method) -> None:
    found = label_issues(*noisy(seed), method=method)
    assert sorted(found.order.tolist()) == np.flatnonzero(found.mask).tolist()
    assert np.all(np.diff(found.quality[found.order]) >= 0)


@given(seed=st.integers(0, 10_000))
def test_pruned_rows_are_never_suggested_their_own_label(seed: int) -> None:
    labels, probs = noisy(seed)
    found = label_issues(labels, probs)
    assert np.all(found.suggested[found.mask] != labels[found.mask])


@given(seed=st.integers(0, 10_000))
def test_both_is_what_noise_rate_and_class_have_in_common(seed: int) -> None:
    case = noisy(seed)
    masks = {method: label_issues(*case, method=method).mask for method in Method}
    common = masks[Method.PRUNE_BY_NOISE_RATE] & masks[Method.PRUNE_BY_CLASS]
    assert np.array_equal(masks[Method.BOTH], common)


@given(seed=st.integers(0, 10_000))
def test_low_scores_are_as_many_as_confident_disagreements(seed: int) -> None:
    case = noisy(seed)
    counts = {method: int(label_issues(*case, method=method).mask.sum()) for method in Method}
    assert counts[Method.LOW_SELF_CONFIDENCE] == counts[Method.CONFIDENT_LEARNING]
    assert counts[Method.LOW_NORMALIZED_MARGIN] == counts[Method.CONFIDENT_LEARNING]


def test_the_arguments_are_left_as_they_were() -> None:
    labels, probs = noisy(1)
    before = labels.copy(), probs.copy()
    label_issues(labels, probs)
    assert np.array_equal(labels, before[0])
    assert np.array_equal(probs, before[1])


def test_quality_follows_the_type_of_the_probabilities() -> None:
    labels, probs = noisy(2)
    assert label_issues(labels, probs.astype(np.float32)).quality.dtype == np.float32
    assert label_issues(labels, probs).quality.dtype == np.float64


def test_lists_are_taken_as_arrays() -> None:
    assert label_issues([0, 1], [[0.9, 0.1], [0.2, 0.8]]).mask.tolist() == [False, False]


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="guess"):
        label_issues([0, 1], [[0.9, 0.1], [0.2, 0.8]], method="guess")
