"""Items that are the same, exactly or nearly, grouped into sets."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components

from workers.issues.arrays import Rows
from workers.issues.neighbours.result import Neighbours
from workers.issues.validation import InvalidInput

NEAR = 0.13  # of the median distance to the nearest neighbour: cleanlab's choice for Datalab's near_duplicate
SMALLEST_MEDIAN = 1e-6  # also cleanlab's: among mostly equal rows, rounding shall not count as distance
ALONE = -1


@dataclass(frozen=True, slots=True)
class Pairs:
    """Rows `first[i]` and `second[i]` are duplicates of each other, `distance[i]` apart; (E,) each."""

    first: Rows
    second: Rows
    distance: NDArray[np.float64]


@dataclass(frozen=True)
class DuplicateSets:
    """Rows that are the same, directly or through others in between.

    `group` is (N,): the number of a row's set (0, 1, ... in the order of their first rows), -1 for a row
    that is alone. `nearest` (N,) is the nearest duplicate (-1 where alone) and `distance` (N,) how far it
    is (NaN where alone). `score` is (N,) in 0..1, low = duplicate. `limit` is the distance below which rows
    counted as duplicates: 0 for equal content.
    """

    group: Rows
    nearest: Rows
    distance: NDArray[np.float64]
    score: NDArray[np.float64]
    limit: float
    pairs: Pairs
    _links: csr_matrix  # (N, N) distances of pairs, both ways
    _members: Rows  # rows in sets, by set
    _starts: Rows  # where each set begins in `_members`, and the end

    def __len__(self) -> int:
        """How many sets there are."""
        return len(self._starts) - 1

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(N,): which rows have a duplicate."""
        return np.asarray(self.group != ALONE)

    def rows(self, number: int) -> Rows:
        """The rows of one set, ascending."""
        return self._members[self._starts[number] : self._starts[number + 1]]

    def twins(self, row: int) -> tuple[Rows, NDArray[np.float64]]:
        """The other rows of its set and their distances: direct duplicates first, nearest first.

        NaN where the two are duplicates only through others, or the distance was not looked at.
        """
        if self.group[row] == ALONE:
            return np.empty(0, dtype=np.intp), np.empty(0)
        others = self.rows(int(self.group[row]))
        others = others[others != row]
        part = slice(*self._links.indptr[row : row + 2])
        distances = np.full(len(others), np.nan)
        distances[np.searchsorted(others, self._links.indices[part])] = self._links.data[part]
        order = np.lexsort((others, distances))
        return others[order], distances[order]


def near_duplicates(
    neighbours: Neighbours, *, threshold: float = NEAR, exact: DuplicateSets | None = None
) -> DuplicateSets:
    r"""Rows much nearer to each other than rows usually are.

    Parameters
    ----------
    neighbours
        The neighbour graph; a row is compared with its k neighbours only.
    threshold : float
        Rows are duplicates below this share of the median distance to the nearest neighbour; not negative.
    exact : DuplicateSets, optional
        Rows of equal content (`exact_groups`), joined with the near ones.

    Returns
    -------
    DuplicateSets
        Sets are the connected components, so two rows of a set may lie farther apart than the limit.

    Raises
    ------
    InvalidInput
        For a negative threshold, or sets over other rows.

    Notes
    -----
    The rows, the score :math:`1 - \exp(-d_i / \mathrm{median}_j d_j)` of the nearest distance d, and the
    threshold are those of cleanlab 2.9.0's `near_duplicate` issue; cleanlab lists the neighbours of each
    row instead of sets.
    """
    if not threshold >= 0:
        raise InvalidInput(f"is {threshold}", argument="threshold", remedy="Give a share of 0 or more")
    n_rows = len(neighbours)
    if exact is not None and len(exact.group) != n_rows:
        problem = f"is about {len(exact.group)} rows, and the graph about {n_rows}"
        raise InvalidInput(problem, argument="exact", remedy="Give both for the same items")
    if not n_rows or not neighbours.k:
        return exact or _sets(n_rows, _no_pairs(), np.ones(n_rows), 0.0)
    nearest = neighbours.distances[:, 0]
    median = max(float(np.median(nearest)), SMALLEST_MEDIAN)
    rows, columns = np.nonzero(neighbours.distances < threshold * median)
    pairs = Pairs(rows, neighbours.indices[rows, columns], neighbours.distances[rows, columns])
    score = np.where(np.isclose(nearest, 0), 0.0, 1 - np.exp(-nearest / median))
    if exact is not None:
        pairs = _joined(pairs, exact.pairs)
        score = np.where(exact.mask, 0.0, score)
    return _sets(n_rows, pairs, score, threshold * median)


def exact_groups(hashes: Sequence[Hashable | None]) -> DuplicateSets:
    """Rows of equal content.

    Parameters
    ----------
    hashes : N hashable values
        Equal where the content is, for instance its SHA-256; None for a row that has no content.

    Returns
    -------
    DuplicateSets
        With a distance and a score of 0 for rows in sets, and a score of 1 for the others.
    """
    first_of: dict[Hashable, int] = {}
    first, second = [], []
    for row, value in enumerate(hashes):
        if value is None:
            continue
        origin = first_of.setdefault(value, row)
        if origin != row:
            first.append(origin)
            second.append(row)
    pairs = Pairs(
        np.array(first, dtype=np.intp),
        np.array(second, dtype=np.intp),
        np.zeros(len(first), dtype=np.float64),
    )
    score = np.ones(len(hashes))
    score[pairs.first] = score[pairs.second] = 0.0
    return _sets(len(hashes), pairs, score, 0.0)


def _no_pairs() -> Pairs:
    return Pairs(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp), np.empty(0))


def _joined(near: Pairs, exact: Pairs) -> Pairs:
    return Pairs(
        np.concatenate([exact.first, near.first]),
        np.concatenate([exact.second, near.second]),
        np.concatenate([exact.distance, near.distance]),
    )


def _sets(n_rows: int, given: Pairs, score: NDArray[np.float64], limit: float) -> DuplicateSets:
    pairs = _once(given)
    links = _linked(pairs, n_rows)
    group = _numbered(pairs, n_rows)
    members = np.flatnonzero(group != ALONE)
    members = members[np.argsort(group[members], kind="stable")]
    starts = np.searchsorted(group[members], np.arange(int(group.max(initial=ALONE)) + 2))
    nearest, distance = _nearest(links)
    return DuplicateSets(group, nearest, distance, score, limit, pairs, links, members, starts)


def _once(pairs: Pairs) -> Pairs:
    """Each pair once, lower row first, with its shortest distance; by row numbers."""
    low, high = np.minimum(pairs.first, pairs.second), np.maximum(pairs.first, pairs.second)
    order = np.lexsort((pairs.distance, high, low))
    low, high, distance = low[order], high[order], pairs.distance[order]
    new = np.ones(len(low), dtype=bool)
    new[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    return Pairs(low[new], high[new], distance[new])


def _linked(pairs: Pairs, n_rows: int) -> csr_matrix:
    rows = np.concatenate([pairs.first, pairs.second])
    columns = np.concatenate([pairs.second, pairs.first])
    links = coo_matrix((np.tile(pairs.distance, 2), (rows, columns)), shape=(n_rows, n_rows)).tocsr()
    links.sort_indices()
    return links


def _numbered(pairs: Pairs, n_rows: int) -> Rows:
    """Set numbers in the order of first rows, -1 for rows without a pair."""
    if not n_rows:
        return np.empty(0, dtype=np.intp)
    joined = coo_matrix((np.ones(len(pairs.first)), (pairs.first, pairs.second)), shape=(n_rows, n_rows))
    _, component = connected_components(joined, directed=False)
    group = np.full(n_rows, ALONE, dtype=np.intp)
    paired = np.unique(np.concatenate([pairs.first, pairs.second]))
    result, firsts, inverse = np.unique(component[paired], return_index=True, return_inverse=True)
    place = np.empty(len(result), dtype=np.intp)
    place[np.argsort(firsts)] = np.arange(len(result))
    group[paired] = place[inverse]
    return group


def _nearest(links: csr_matrix) -> tuple[Rows, NDArray[np.float64]]:
    n_rows = links.shape[0]
    rows = np.repeat(np.arange(n_rows), np.diff(links.indptr))
    order = np.lexsort((links.indices, links.data, rows))
    sorted_rows, firsts = np.unique(rows[order], return_index=True)
    nearest = np.full(n_rows, ALONE, dtype=np.intp)
    distance = np.full(n_rows, np.nan)
    nearest[sorted_rows] = links.indices[order][firsts]
    distance[sorted_rows] = links.data[order][firsts]
    return nearest, distance
