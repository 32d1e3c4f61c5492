"""A state beside plain arrays that go through the same changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from workers.issues import label_issues
from workers.issues.incremental import LabelIssueState

LEVELS = 10  # tied probabilities are multiples of one part in so many


@dataclass(frozen=True)
class Kind:
    """What the data of one drill looks like."""

    n_classes: int
    dtype: type[np.floating]
    concentration: float
    tied: bool
    used_classes: int

    def probs(self, rng: np.random.Generator, n_rows: int) -> NDArray[np.floating]:
        drawn = rng.dirichlet(np.full(self.n_classes, self.concentration), n_rows)
        if self.tied:
            drawn = np.round(drawn * LEVELS)
            drawn[drawn.sum(axis=1) == 0, 0] = 1
            drawn /= drawn.sum(axis=1, keepdims=True)
        return drawn.astype(self.dtype)


@dataclass
class Twin:
    """The state, and the arrays that `label_issues` gets."""

    kind: Kind
    rng: np.random.Generator
    method: str
    labels: NDArray[np.int64]
    probs: NDArray[np.floating]
    there: NDArray[np.bool_] = field(init=False)
    state: LabelIssueState = field(init=False)

    def __post_init__(self) -> None:
        self.there = np.ones(len(self.labels), dtype=bool)
        self.state = LabelIssueState(self.labels, self.probs, method=self.method)

    def rows(self, n: int) -> NDArray[np.intp]:
        left = np.flatnonzero(self.there)
        return self.rng.choice(left, min(n, len(left)), replace=False)

    def predictions(self, n: int) -> NDArray[np.floating]:
        """New ones, or copies of old ones: equal values are what makes answers fragile."""
        if self.rng.random() < 0.5:
            return self.probs[self.rng.choice(len(self.probs), n)]
        return self.kind.probs(self.rng, n)

    def change(self) -> None:
        """Do one thing, now and then many at once."""
        many = self.rng.random() < 0.1
        steps: list[Callable[[int], None]] = [self.relabel, self.predict, self.append, self.remove]
        steps[self.rng.choice(4, p=[0.35, 0.3, 0.2, 0.15])](25 if many else 1 + int(self.rng.integers(3)))

    def relabel(self, n: int) -> None:
        for row in self.rows(n).tolist():
            changed = self.labels.copy()
            changed[row] = self.rng.integers(self.kind.used_classes)
            if self._allowed(changed, self.there):
                self.state.set_label(row, changed[row])
                self.labels = changed

    def predict(self, n: int) -> None:
        for row in self.rows(n).tolist():
            self.probs = self.probs.copy()
            self.probs[row] = self.predictions(1)[0]
            self.state.set_probs(row, self.probs[row])

    def append(self, n: int) -> None:
        labels, probs = self.rng.integers(self.kind.used_classes, size=n), self.predictions(n)
        rows = self.state.append(labels, probs)
        assert rows.tolist() == list(range(len(self.labels), len(self.labels) + n))
        self.labels = np.append(self.labels, labels)
        self.probs = np.concatenate([self.probs, probs])
        self.there = np.append(self.there, np.ones(n, dtype=bool))

    def remove(self, n: int) -> None:
        rows = self.rows(n)
        left = self.there.copy()
        left[rows] = False
        if self._allowed(self.labels, left):
            self.state.remove(rows)
            self.there = left

    @staticmethod
    def _allowed(labels: NDArray[np.int64], there: NDArray[np.bool_]) -> bool:
        return len(np.unique(labels[there])) > 1

    def check(self) -> None:
        """The state says what a fresh computation over the rows that are left says."""
        batch = label_issues(self.labels[self.there], self.probs[self.there], method=self.method)
        mask = self.state.mask()
        assert mask.shape == self.labels.shape
        assert np.array_equal(mask[self.there], batch.mask)
        assert not mask[~self.there].any()
        assert self.state.rows().tolist() == np.flatnonzero(self.there).tolist()
        place = np.cumsum(self.there) - 1
        for row in self.rows(3).tolist():
            assert self.state.is_issue(row) == mask[row]
            assert self.state.suggested(row) == batch.suggested[place[row]]
            assert self.state.quality(row) == pytest.approx(batch.quality[place[row]], rel=1e-6, abs=1e-12)


@pytest.fixture
def twin() -> Callable[..., Twin]:
    """Make twins of random data from a seed."""

    def made(seed: int, method: str, dtype: type[np.floating], n_rows: int = 0, n_classes: int = 0) -> Twin:
        rng = np.random.default_rng(seed)
        n_classes = n_classes or int(rng.integers(2, 31) if rng.random() < 0.5 else rng.integers(2, 6))
        used = n_classes if rng.random() < 0.6 else max(2, n_classes // 2)
        concentration = float(rng.choice([0.05, 0.3, 1.0, 5.0]))
        kind = Kind(n_classes, dtype, concentration, tied=rng.random() < 0.5, used_classes=used)
        n_rows = n_rows or int(rng.integers(4, 150))
        probs = kind.probs(rng, n_rows)
        wrong = rng.random(n_rows) < rng.choice([0.1, 0.5, 1.0])
        labels = np.where(wrong, rng.integers(0, used, n_rows), probs.argmax(axis=1) % used)
        labels[:2] = 0, 1
        return Twin(kind, rng, method, labels, probs)

    return made
