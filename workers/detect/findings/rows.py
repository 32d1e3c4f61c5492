"""What the detectors look at: rows of arrays, and the names that people know them by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from connector.model.item_data import value_at
from connector.model.reasons import NotSearched
from workers.detect.findings.draft import Missing, missing
from workers.issues import LabelIssues
from workers.issues.neighbours import Neighbours, by_cells, knn, searchable, too_many_rows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NEIGHBOURS = 10
CELL_ROWS = 20_000  # of texts: above, neighbours are searched in the nearest cells only
SEED = 20_210_208  # any fixed number: equal data gives equal findings
NOBODY = -1  # the number of an unknown annotator
NO_GROUP = -1
MOST_VALUES = 50  # distinct values of a data field that divides items into groups
VALUE_CHARS = 80  # longer texts are content, not groups
LEAST_SHARE = 0.5  # of the items that have the field


@dataclass(frozen=True, slots=True)
class Answered:
    """All valid answers, one entry each: (V,) item row, annotator number, class number, time in seconds."""

    row: Ints
    annotator: Ints
    label: Ints
    time: Floats
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Factor:
    """A division of the items: (N,) group numbers, -1 for none, and the groups' names."""

    groups: Ints
    names: tuple[str, ...]


@dataclass(frozen=True)
class LabelledRows:
    """N items with one label each; whatever else is missing is None, and its detectors say so."""

    classes: tuple[str, ...]
    names: Sequence[str]  # of the items; none where they are not at hand
    labels: Ints
    least: int  # items that a class needs
    probs: NDArray[np.floating[Any]] | None = None
    issues: LabelIssues | None = None
    features: Any | None = None
    graph: Neighbours | None = None  # of the features, where it has been computed already
    digests: NDArray[np.uint64] | None = None  # of each item's content; 0 for none
    answered: Answered | None = None
    times: Floats | None = None  # when the item's label was given, in seconds
    factors: Mapping[str, Factor] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def neighbours(self) -> Neighbours | Missing:
        """The neighbour graph of the features, found once; why not, where it cannot be or takes too long."""
        if self.features is None:
            return missing(NotSearched.NO_FEATURES)
        if len(self) <= NEIGHBOURS:
            return missing(NotSearched.FEW_ITEMS)
        if self.graph is not None:
            return self.graph
        if issparse(self.features):
            return knn(self.reduced, NEIGHBOURS, exact_rows=CELL_ROWS, index=by_cells)
        if too_many_rows(len(self)):
            return missing(NotSearched.TOO_MANY_ITEMS)
        return knn(self.reduced, NEIGHBOURS)

    @cached_property
    def reduced(self) -> Any:
        """The features as neighbours and clusters read them: those of many texts in fewer columns."""
        return searchable(self.features, SEED)


class FactorBuilder:
    """Finds which data fields divide the items into few groups, one item after the other."""

    def __init__(self, n_items: int, content: Sequence[str]) -> None:
        self._n = n_items
        self._content = frozenset(content)
        self._codes: dict[str, NDArray[np.int16]] = {}
        self._values: dict[str, dict[str, int]] = {}
        self._dropped: set[str] = set()

    def add(self, row: int, data: Mapping[str, Any]) -> None:
        for name, value in data.items():
            if name in self._dropped or name in self._content or value is None:
                continue
            if not isinstance(value, str | int) or len(str(value)) > VALUE_CHARS:
                self._drop(name)
                continue
            values = self._values.setdefault(name, {})
            code = values.setdefault(str(value), len(values))
            if len(values) > MOST_VALUES:
                self._drop(name)
                continue
            if name not in self._codes:
                self._codes[name] = np.full(self._n, NO_GROUP, dtype=np.int16)
            self._codes[name][row] = code

    def factors(self) -> dict[str, Factor]:
        """Fields with two or more values that at least half of the items have."""
        result: dict[str, Factor] = {}
        for name, codes in self._codes.items():
            known = np.count_nonzero(codes != NO_GROUP)
            if len(self._values[name]) >= 2 and known >= LEAST_SHARE * self._n:
                result[name] = Factor(codes.astype(np.int64), tuple(self._values[name]))
        return result

    def _drop(self, name: str) -> None:
        self._dropped.add(name)
        self._codes.pop(name, None)
        self._values.pop(name, None)


def digest_of(data: Mapping[str, Any], fields: Sequence[str]) -> int:
    """64 bits of what people see of an item, spaces aside; 0 where there is nothing to see."""
    rows = [_plain(value_at(data, name)) for name in fields]
    if not any(each not in (None, "", [], {}) for each in rows):
        return 0
    text = json.dumps(rows, sort_keys=True, default=str)
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()) or 1


def _plain(value: Any) -> Any:
    return " ".join(value.split()) if isinstance(value, str) else value


def calendar(times: Floats) -> dict[str, Factor]:
    """The months in which labels were given; weeks where it was one month, nothing where it was one week.

    Times that are not finite belong to none.
    """
    known = np.isfinite(times)
    if not known.any():
        return {}
    days = np.floor(times[known] / 86_400).astype(np.int64)
    for name, form in (("month", "%Y-%m"), ("week", "%G-W%V")):
        distinct, place = np.unique(days, return_inverse=True)
        called = [datetime.fromtimestamp(int(day) * 86_400, UTC).strftime(form) for day in distinct]
        names = tuple(dict.fromkeys(called))
        if len(names) > 1:
            number = {each: n for n, each in enumerate(names)}
            groups = np.full(len(times), NO_GROUP, dtype=np.int64)
            groups[known] = np.array([number[each] for each in called])[place]
            return {name: Factor(groups, names)}
    return {}


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
