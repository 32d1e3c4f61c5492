"""Which of a changing set of values are among its n smallest."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable

import numpy as np

from workers.issues.arrays import Mask, Probabilities, Rows
from workers.issues.incremental.growing import floats
from workers.issues.selection import smallest

SPARE = 256  # more values are kept than asked for: a quarter, and this many


class Ranking:
    """The smallest values of a set, sorted: all those up to a ceiling.

    Changes above the ceiling need not be known in detail. Where more values are asked for than are kept,
    the whole set is looked at again.
    """

    def __init__(self, dtype: np.dtype[np.floating]) -> None:
        self._dtype = dtype
        self._low = floats(np.empty(0, dtype=dtype))
        self._ceiling = -np.inf
        self._replayed: Mask | None = None
        self._replayed_n = 0

    def add(self, value: float) -> None:
        """A value has come."""
        self._replayed = None
        if value <= self._ceiling:
            insort(self._low, value)

    def discard(self, value: float) -> None:
        """A value has gone."""
        self._replayed = None
        if value <= self._ceiling:
            del self._low[bisect_left(self._low, value)]

    def chosen(
        self,
        n: int,
        size: int,
        values: Probabilities,
        places: Callable[[Rows], Rows],
        everything: Callable[[], Probabilities],
    ) -> Mask:
        """Mark which of some members `selection.smallest` marks when given the whole set.

        `values` are those of the members asked about, `size` is the number of all, `places` says where in
        `everything()` some of those asked about stand, by position in `values`. Both are called only if
        needed.
        """
        if n <= 0 or n >= size:
            return np.full(len(values), n > 0)
        if n > len(self._low):
            self._fill(n, everything())
        limit = self._dtype.type(self._low[n - 1])
        hit: Mask = values <= limit
        if len(self._low) > n and self._low[n] == self._low[n - 1]:
            equal = np.flatnonzero(values == limit)
            if equal.size:
                hit[equal] = self._replay(n, everything)[places(equal)]
        return hit

    def prepare(self, n: int, size: int, everything: Callable[[], Probabilities]) -> None:
        """Look at the whole set now if a question about n would."""
        if len(self._low) < n < size:
            self._fill(n, everything())

    def _fill(self, n: int, everything: Probabilities) -> None:
        wanted = n + n // 4 + SPARE
        if wanted < len(everything):
            ceiling = np.partition(everything, wanted - 1)[wanted - 1]
            everything = everything[everything <= ceiling]
            self._ceiling = float(ceiling)
        else:
            self._ceiling = np.inf
        self._low = floats(np.sort(everything))

    def _replay(self, n: int, everything: Callable[[], Probabilities]) -> Mask:
        """The choice among equals, which depends on the order of all."""
        if self._replayed is None or self._replayed_n != n:
            self._replayed, self._replayed_n = smallest(everything(), n), n
        return self._replayed

    def kept(self) -> tuple[float, Probabilities]:
        """What to save: the ceiling, and the values up to it."""
        return self._ceiling, np.array(np.frombuffer(self._low, dtype=self._dtype))

    def keep(self, ceiling: float, values: Probabilities) -> None:
        """Go on from what was saved."""
        self._ceiling = ceiling
        self._low = floats(values)
