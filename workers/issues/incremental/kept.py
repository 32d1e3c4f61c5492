"""Everything that a state must not compute again, as named arrays and back."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Rows
from workers.issues.incremental.band import Band
from workers.issues.incremental.choices import Evidence, Pair
from workers.issues.incremental.confidence import Confidence
from workers.issues.incremental.members import members_of
from workers.issues.incremental.ranking import Ranking
from workers.issues.incremental.saving import Arrays
from workers.issues.incremental.table import Table
from workers.issues.thresholds import given_probs

_Scalar = TypeVar("_Scalar", bound=np.generic)


def arrays_of(evidence: Evidence, rankings: dict[Pair, Ranking]) -> Arrays:
    """The rows, what is known of each, the bands and all that is sorted."""
    table, confidence = evidence.table, evidence.confidence
    return {
        "given": table.given,
        "probs": table.probs,
        "confident": confidence.confident,
        "disagreeing": confidence.disagreeing,
        **_of_bands(confidence.bands),
        **_of_rankings(rankings, table.probs.dtype),
    }


def evidence_of(arrays: Arrays) -> tuple[Evidence, dict[Pair, Ranking]]:
    """What `arrays_of` took apart."""
    table = Table(arrays["given"], arrays["probs"])
    members = members_of(table.given, given_probs(table.given, table.probs), table.n_classes)
    bands = _bands(arrays, table.n_classes)
    confidence = Confidence(table, members, arrays["disagreeing"], arrays["confident"], bands)
    return Evidence(table, members, confidence), _rankings(arrays)


def _of_bands(bands: list[Band]) -> Arrays:
    return {
        "band_ends": np.cumsum([len(band.rows) for band in bands]).astype(np.int64),
        "band_bounds": np.array([(band.low, band.high) for band in bands], dtype=np.float64),
        "band_rows": np.concatenate([band.rows for band in bands]).astype(np.int64),
        "band_values": np.concatenate([band.values for band in bands]),
    }


def _bands(arrays: Arrays, n_classes: int) -> list[Band]:
    rows: Rows = arrays["band_rows"].astype(np.intp)
    parts = zip(
        arrays["band_bounds"].tolist(),
        _split(arrays["band_values"], arrays["band_ends"]),
        _split(rows, arrays["band_ends"]),
        strict=True,
    )
    bands = [Band(low, high, values, of_band) for (low, high), values, of_band in parts]
    return bands[:n_classes]


def _of_rankings(rankings: dict[Pair, Ranking], dtype: np.dtype[np.floating]) -> Arrays:
    kept = [ranking.kept() for ranking in rankings.values()]
    return {
        "ranking_pairs": np.array(list(rankings), dtype=np.int64).reshape(-1, 2),
        "ranking_ceilings": np.array([ceiling for ceiling, _ in kept], dtype=np.float64),
        "ranking_ends": np.cumsum([len(values) for _, values in kept]).astype(np.int64),
        "ranking_values": np.concatenate([np.empty(0, dtype=dtype), *(values for _, values in kept)]),
    }


def _rankings(arrays: Arrays) -> dict[Pair, Ranking]:
    result = {}
    values = arrays["ranking_values"]
    for (a, b), ceiling, part in zip(
        arrays["ranking_pairs"].tolist(),
        arrays["ranking_ceilings"].tolist(),
        _split(values, arrays["ranking_ends"]),
        strict=True,
    ):
        result[a, b] = Ranking(values.dtype)
        result[a, b].keep(ceiling, part)
    return result


def _split(values: NDArray[_Scalar], ends: NDArray[np.int64]) -> list[NDArray[_Scalar]]:
    return np.split(values, ends[:-1]) if len(ends) else []
