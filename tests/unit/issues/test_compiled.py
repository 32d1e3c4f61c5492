"""Compiled loops find what numpy's find, to the last bit."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.issues import InvalidInput, Method, compiled, label_issues


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_rows=st.integers(2, 3_000),
    n_classes=st.integers(2, 50),
    decimals=st.sampled_from([None, 1, 2, 3]),
    dtype=st.sampled_from([np.float32, np.float64]),
    method=st.sampled_from(list(Method)),
)
def test_the_answer_is_the_same(
    seed: int, n_rows: int, n_classes: int, decimals: int | None, dtype: type, method: Method
) -> None:
    """With ties, classes without rows, rows that miss 1 and values below 0 by rounding."""
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.full(n_classes, rng.choice([0.05, 0.3, 1.0])), n_rows)
    if decimals is not None:
        probs = np.round(probs, decimals)
        probs[np.abs(probs.sum(axis=1) - 1) > 1e-4] = np.eye(n_classes)[0]
    probs[rng.random(n_rows) < 0.01, 0] -= 1e-9
    labels = np.where(rng.random(n_rows) < 0.3, rng.integers(0, n_classes, n_rows), probs.argmax(axis=1))
    labels[:2] = 0, 1
    expected = label_issues(labels, probs.astype(dtype), method=method)

    found = label_issues(labels, probs.astype(dtype), method=method, compiled=True)

    for name in ("mask", "quality", "order", "suggested"):
        assert np.array_equal(getattr(found, name), getattr(expected, name)), name
    assert found.warnings == expected.warnings


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1, 0.7])
def test_the_same_rows_are_refused(value: float) -> None:
    probs = np.tile([0.5, 0.25, 0.25], (900, 1))
    probs[701, 1] = value
    said = []
    for chosen in (False, True):
        with pytest.raises(InvalidInput) as refused:
            label_issues(np.arange(900) % 3, probs, compiled=chosen)
        said.append(str(refused.value))
    assert said[0] == said[1]


def test_without_numba_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    compiled._loop.cache_clear()
    try:
        with pytest.raises(InvalidInput, match=r"secondlook\[compiled\]"):
            label_issues([0, 1], np.eye(2), compiled=True)
    finally:
        compiled._loop.cache_clear()
