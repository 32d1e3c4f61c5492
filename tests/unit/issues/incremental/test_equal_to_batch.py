"""After any changes the state's answer is that of `label_issues` on the rows that are left."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.issues import Method, label_issues
from workers.issues.incremental import LabelIssueState, band, ranking

SEEDS, STEPS = 5, 40
DTYPES = [np.float32, np.float64]


@pytest.fixture(params=["narrow", "as shipped"])
def reach(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With little kept sorted, small data too outruns what is kept."""
    if request.param == "narrow":
        monkeypatch.setattr(ranking, "SPARE", 1)
        monkeypatch.setattr(band, "STEPS", 0.2)
        monkeypatch.setattr(band, "LEAST", 4)
        monkeypatch.setattr(band, "FRESH", 2)


@pytest.mark.usefixtures("reach")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("method", list(Method))
def test_mask_equals_batch_after_every_step(method: Method, dtype: type, twin: Callable[..., Any]) -> None:
    for seed in range(SEEDS):
        pair = twin(seed, method, dtype)
        pair.check()
        for _ in range(STEPS):
            pair.change()
            pair.check()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("method", list(Method))
def test_mask_of_a_larger_set_equals_batch_now_and_then(
    method: Method, dtype: type, twin: Callable[..., Any]
) -> None:
    for seed in range(4):
        pair = twin(seed, method, dtype, n_rows=8000)
        for _ in range(4):
            for _ in range(60):
                pair.change()
            pair.check()


@pytest.mark.parametrize("method", list(Method))
def test_mask_equals_batch_with_many_classes(method: Method, twin: Callable[..., Any]) -> None:
    pair = twin(3, method, np.float32, n_rows=900, n_classes=200)
    for _ in range(25):
        pair.change()
        pair.check()


@pytest.mark.usefixtures("reach")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("method", list(Method))
def test_a_restored_state_goes_on_as_the_saved_one_would(
    method: Method, dtype: type, twin: Callable[..., Any]
) -> None:
    for seed in range(6):
        pair = twin(seed, method, dtype)
        for _ in range(3):
            for _ in range(8):
                pair.change()
            file = io.BytesIO()
            pair.state.save(file)
            file.seek(0)
            pair.state = LabelIssueState.restore(file)
            pair.check()


ROWS = st.tuples(st.integers(0, 2), st.integers(0, 4)).map(lambda parts: _row(*parts))


def _row(label: int, level: int) -> tuple[int, list[float]]:
    """A label and one of a few predictions, so that equals abound."""
    quarter = level / 4
    return label, [quarter, (1 - quarter) / 2, (1 - quarter) / 2] if label else [1 - quarter, quarter, 0.0]


@settings(max_examples=150, deadline=None)
@given(
    first=st.lists(ROWS, min_size=2, max_size=12),
    changes=st.lists(st.tuples(st.integers(0, 11), ROWS), max_size=12),
    method=st.sampled_from(list(Method)),
)
def test_few_rows_with_few_values_equal_batch(
    first: list[tuple[int, list[float]]],
    changes: list[tuple[int, tuple[int, list[float]]]],
    method: Method,
) -> None:
    labels = np.array([0, 1] + [label for label, _ in first])
    probs = np.array([[0.5, 0.5, 0.0]] * 2 + [row for _, row in first])
    state = LabelIssueState(labels, probs, method=method)
    for place, (label, row) in changes:
        at = 2 + place % len(first)  # the first two rows keep two classes alive
        labels[at], probs[at] = label, row
        state.set_label(at, label)
        state.set_probs(at, row)
        assert np.array_equal(state.mask(), label_issues(labels, probs, method=method).mask)


@pytest.mark.parametrize("method", list(Method))
def test_rows_above_one_by_rounding_count_as_one(method: Method) -> None:
    rng = np.random.default_rng(3)
    probs = rng.dirichlet(np.full(4, 0.1), 300)
    probs[probs.argmax(axis=1) == 2] = [0.0, 0.0, 1.0, 1.2e-5]
    labels = np.where(rng.random(300) < 0.2, rng.integers(0, 4, 300), probs.argmax(axis=1))
    state = LabelIssueState(labels, probs, method=method)
    for row in range(20):
        probs[row] = [0.0, 1.00002, 0.0, 0.0]
        state.set_probs(row, probs[row])
        assert np.array_equal(state.mask(), label_issues(labels, probs, method=method).mask)
