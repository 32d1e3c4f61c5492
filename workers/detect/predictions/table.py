"""Several fields of an item at once: numbers and names side by side."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connector.model.item_data import value_at
from workers.detect.predictions.errors import NoPredictions

NUMBERS = 0.9  # of a field's values that must be numbers for the field to count as one
MOST_NAMES = 50  # different values of a field that get a column each, the most frequent first
LEAST_OFTEN = 2  # times that a value occurs; one that occurs once tells nothing about others

Cell = float | str | None


def cells(data: Mapping[str, Any], fields: Sequence[str]) -> tuple[Cell, ...] | None:
    """One value for each field, None for one that is missing or no plain value; None where all are."""
    row = tuple(_cell(value_at(data, field)) for field in fields)
    return row if any(value is not None for value in row) else None


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            return None
        return number if math.isfinite(number) else None
    if isinstance(value, str) and (text := value.strip()):
        number_or_none = _number(text)
        return text if number_or_none is None else number_or_none
    return None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


@dataclass(frozen=True)
class NumberColumn:
    """A field of numbers: scaled to mean 0 and deviation 1, missing ones at 0 with a column that says so."""

    place: int
    mean: float
    deviation: float
    gaps: bool

    def columns(self, rows: Sequence[tuple[Cell, ...]]) -> list[NDArray[np.float64]]:
        """One column, or two where values were missing when this was learnt."""
        values = [row[self.place] for row in rows]
        numbers = np.array([value if isinstance(value, float) else np.nan for value in values])
        missing = np.isnan(numbers)
        scaled = np.where(missing, 0.0, (numbers - self.mean) / self.deviation)
        return [scaled, missing.astype(np.float64)] if self.gaps else [scaled]


@dataclass(frozen=True)
class NameColumn:
    """A field of names: one column of 0 and 1 for each that is frequent enough; the rare ones share none."""

    place: int
    names: tuple[str, ...]

    def columns(self, rows: Sequence[tuple[Cell, ...]]) -> list[NDArray[np.float64]]:
        """As many columns as names."""
        cells_of = [row[self.place] for row in rows]
        values = [None if cell is None else _name(cell) for cell in cells_of]
        return [np.array([float(value == name) for value in values]) for name in self.names]


@dataclass(frozen=True)
class TableEncoder:
    """What was learnt of each field; fields that tell nothing are left out."""

    kept: tuple[NumberColumn | NameColumn, ...]

    @classmethod
    def fit(cls, rows: Sequence[tuple[Cell, ...]]) -> TableEncoder:
        """Learn scales and names. NoPredictions where no field has two different values."""
        result = [_learnt(rows, place) for place in range(len(rows[0]))]
        kept = tuple(column for column in result if column is not None)
        if not kept:
            raise NoPredictions(
                "no field has a value that occurs twice, or two different numbers",
                field="fields",
                remedy="Name fields that hold numbers, or names that items share",
            )
        return cls(kept)

    def usable(self, row: tuple[Cell, ...]) -> bool:
        """Any row is: what it lacks is missing."""
        return bool(row)

    def matrix(self, rows: Sequence[tuple[Cell, ...]]) -> NDArray[np.float64]:
        """(N, columns)."""
        return np.column_stack([part for column in self.kept for part in column.columns(rows)])


def _learnt(rows: Sequence[tuple[Cell, ...]], place: int) -> NumberColumn | NameColumn | None:
    present = [row[place] for row in rows if row[place] is not None]
    numbers = np.array([value for value in present if isinstance(value, float)])
    if len(numbers) and len(numbers) >= NUMBERS * len(present):
        deviation = float(numbers.std())
        if deviation == 0 and len(numbers) == len(rows):
            return None
        return NumberColumn(place, float(numbers.mean()), deviation or 1.0, len(numbers) < len(rows))
    counts = Counter(_name(value) for value in present if value is not None)
    frequent = sorted((name for name in counts if counts[name] >= LEAST_OFTEN), key=lambda n: (-counts[n], n))
    if not frequent or counts[frequent[0]] == len(rows):
        return None
    return NameColumn(place, tuple(frequent[:MOST_NAMES]))


def _name(value: float | str) -> str:
    return f"{value:g}" if isinstance(value, float) else value
