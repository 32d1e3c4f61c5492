"""What is done otherwise with many rows: blocks, threads, shortcuts to the boundary, input left on disk."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from workers.issues import InvalidInput, LabelIssues, Method, label_issues
from workers.issues.spreading import spread

ROWS = 60_000  # several blocks, and enough in each class for every shortcut


def many(n_classes: int, decimals: int | None, dtype: type) -> tuple[NDArray[Any], NDArray[Any]]:
    rng = np.random.default_rng(n_classes)
    probs = rng.standard_exponential((ROWS, n_classes)) ** 3
    probs[np.arange(ROWS), rng.integers(0, n_classes, ROWS)] += n_classes * rng.gamma(2, 1, ROWS)
    probs /= probs.sum(axis=1, keepdims=True)
    if decimals is not None:
        probs = np.round(probs, decimals)
        probs /= probs.sum(axis=1, keepdims=True)
    labels = np.where(rng.random(ROWS) < 0.15, rng.integers(0, n_classes, ROWS), probs.argmax(axis=1))
    return labels, probs.astype(dtype)


def reference_mask(labels: NDArray[Any], probs: NDArray[Any], method: str) -> NDArray[np.bool_]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from cleanlab.filter import find_label_issues

        return find_label_issues(labels, probs, filter_by=method, n_jobs=1)


def assert_same(found: LabelIssues, expected: LabelIssues) -> None:
    assert np.array_equal(found.mask, expected.mask)
    assert np.array_equal(found.quality, expected.quality)
    assert np.array_equal(found.order, expected.order)
    assert np.array_equal(found.suggested, expected.suggested)
    assert found.warnings == expected.warnings


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n_classes", "decimals"), [(3, None), (4, 2), (10, None)])
def test_masks_equal_and_threads_change_nothing(
    n_classes: int, decimals: int | None, dtype: type, method: Method
) -> None:
    labels, probs = many(n_classes, decimals, dtype)
    found = label_issues(labels, probs, method=method, threads=1)
    assert np.array_equal(found.mask, reference_mask(labels, probs, method))
    assert_same(label_issues(labels, probs, method=method, threads=3), found)
    rows = np.flatnonzero(found.mask)
    assert np.array_equal(found.order, rows[np.argsort(found.quality[rows], kind="stable")])


def test_a_class_that_is_mostly_wrong_is_pruned_alike() -> None:
    labels, probs = many(4, None, np.float64)
    labels[np.random.default_rng(0).random(ROWS) < 0.5] = 2
    for method in (Method.PRUNE_BY_CLASS, Method.PRUNE_BY_NOISE_RATE):
        found = label_issues(labels, probs, method=method).mask
        assert np.array_equal(found, reference_mask(labels, probs, method))


@pytest.mark.parametrize("threads", [1, 3])
def test_the_first_bad_row_is_named_whatever_thread_meets_it(threads: int) -> None:
    labels, probs = many(10, None, np.float64)
    probs[[21_000, 41_000, 41_001, 59_999]] = np.nan
    probs[20_999, :2] = -0.1, 1.1
    with pytest.raises(InvalidInput) as refusal:
        label_issues(labels, probs, threads=threads)
    assert refusal.value.row == 20_999


def test_one_value_above_one_counts_wherever_it_stands() -> None:
    labels, probs = many(4, None, np.float64)
    probs[50_000] = [1.000_005, 0, 0, 0]
    labels[50_000] = 1
    found = label_issues(labels, probs)
    assert_same(label_issues(labels, np.minimum(probs, 1)), found)


@pytest.mark.parametrize("method", list(Method))
def test_a_file_may_stay_on_disk(tmp_path: Path, method: Method) -> None:
    labels, probs = many(4, None, np.float32)
    np.save(tmp_path / "probs.npy", probs)
    mapped = np.load(tmp_path / "probs.npy", mmap_mode="r")
    assert_same(label_issues(labels, mapped, method=method), label_issues(labels, probs, method=method))


def test_of_several_failures_the_first_part_decides() -> None:
    def work(part: int) -> None:
        if part in (3, 5, 8):
            raise ValueError(str(part))

    for threads in (1, 2, 4):
        with pytest.raises(ValueError, match="3"):
            spread(lambda: work, range(10), threads)
