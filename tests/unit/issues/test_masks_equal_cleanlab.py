"""The reference implementation decides which rows are issues; ours must name the same ones."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray

from workers.issues import Method, label_issues

CASES_PER_BLOCK = 60


def reference_mask(labels: NDArray[np.int64], probs: NDArray[np.floating], method: str) -> NDArray[np.bool_]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from cleanlab.filter import find_label_issues

        return find_label_issues(labels, probs, filter_by=method, n_jobs=1)


def random_case(seed: int) -> tuple[NDArray[np.int64], NDArray[np.floating]]:
    """Labels and probabilities with what makes answers fragile: ties, few decimals, missing classes."""
    rng = np.random.default_rng(seed)
    n_classes = int(rng.integers(2, 51) if rng.random() < 0.6 else rng.integers(2, 6))
    n_rows = int(rng.integers(2, 400))
    probs = rng.dirichlet(np.full(n_classes, rng.choice([0.05, 0.3, 1.0, 5.0])), n_rows)
    if rng.random() < 0.5:
        probs = np.round(probs, int(rng.choice([1, 2, 3])))
        probs[probs.sum(axis=1) == 0, 0] = 1
        probs /= probs.sum(axis=1, keepdims=True)
    labels = random_labels(rng, probs)
    if rng.random() < 0.3:
        probs = probs[rng.integers(0, n_rows, n_rows) % max(2, n_rows // 8)]
    return labels, probs.astype(np.float32) if rng.random() < 0.5 else probs


def random_labels(rng: np.random.Generator, probs: NDArray[np.floating]) -> NDArray[np.int64]:
    n_rows, n_classes = probs.shape
    arbitrary = rng.integers(0, n_classes if rng.random() < 0.5 else max(2, n_classes // 2), n_rows)
    wrong = rng.random(n_rows) < rng.choice([0.05, 0.2, 0.6, 1.0])
    labels = np.where(wrong, arbitrary, probs.argmax(axis=1))
    labels[:2] = 0, 1
    return labels


@pytest.mark.parametrize("block", range(8))
def test_masks_equal_on_random_cases(block: int) -> None:
    for seed in range(block * CASES_PER_BLOCK, (block + 1) * CASES_PER_BLOCK):
        labels, probs = random_case(seed)
        for method in Method:
            ours = label_issues(labels, probs, method=method).mask
            assert np.array_equal(ours, reference_mask(labels, probs, method)), (seed, method)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("method", list(Method))
def test_masks_equal_with_many_classes(method: Method, dtype: type) -> None:
    rng = np.random.default_rng(5)
    probs = rng.standard_exponential((3000, 300)) ** 3
    probs[np.arange(3000), rng.integers(0, 300, 3000)] += 300 * rng.gamma(2, 1, 3000)
    probs = (probs / probs.sum(axis=1, keepdims=True)).astype(dtype)
    labels = np.where(rng.random(3000) < 0.15, rng.integers(0, 300, 3000), probs.argmax(axis=1))
    assert np.array_equal(
        label_issues(labels, probs, method=method).mask, reference_mask(labels, probs, method)
    )


@pytest.mark.parametrize("method", list(Method))
def test_masks_equal_on_raw_rounded_rows_that_miss_one(method: Method) -> None:
    rng = np.random.default_rng(11)
    probs = np.round(rng.dirichlet(np.full(6, 0.4), 500), 2)
    labels = np.where(rng.random(500) < 0.2, rng.integers(0, 6, 500), probs.argmax(axis=1))
    found = label_issues(labels, probs, method=method)
    assert np.array_equal(found.mask, reference_mask(labels, probs, method))
    assert "miss a sum of 1 by rounding" in found.warnings[0]


@pytest.mark.parametrize("method", list(Method))
def test_probabilities_above_one_by_rounding_count_as_one(method: Method) -> None:
    rng = np.random.default_rng(3)
    probs = rng.dirichlet(np.full(4, 0.1), 300)
    probs[probs.argmax(axis=1) == 2] = [0.0, 0.0, 1.00001, 0.0]
    labels = np.where(rng.random(300) < 0.2, rng.integers(0, 4, 300), probs.argmax(axis=1))
    ours = label_issues(labels, probs, method=method)
    assert np.array_equal(ours.mask, reference_mask(labels, np.minimum(probs, 1), method))
    assert ours.quality.max() <= 1


@pytest.mark.parametrize("layout", ["fortran", "strided", "read_only"])
def test_memory_layout_does_not_change_the_answer(layout: str) -> None:
    labels, probs = random_case(7)
    expected = label_issues(labels, probs)
    if layout == "fortran":
        probs = np.asfortranarray(probs)
    elif layout == "strided":
        probs = np.repeat(probs, 2, axis=1)[:, ::2]
    else:
        probs.flags.writeable = False
        labels.flags.writeable = False
    assert np.array_equal(label_issues(labels, probs).mask, expected.mask)
