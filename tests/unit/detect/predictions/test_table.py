"""Several fields at once: numbers, names, gaps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workers.detect.predictions.crossval import out_of_sample
from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.features import FeatureKind, encoded, extract, read
from workers.detect.predictions.skipping import Skip


def shop(n_rows: int, seed: int = 0) -> tuple[list[dict[str, Any]], np.ndarray]:
    """Orders whose class follows from price and country together, with gaps."""
    rng = np.random.default_rng(seed)
    price = rng.normal(50, 20, n_rows)
    country = rng.choice(["nl", "de", "fr"], n_rows)
    labels = ((price > 50) ^ (country == "nl")).astype(int) + (country == "fr")
    items = [
        {"price": float(p), "country": str(c), "note": f"order {n}", "weight": None if n % 7 else 3}
        for n, (p, c) in enumerate(zip(price, country, strict=True))
    ]
    return items, labels


@pytest.mark.parametrize("most_rows_of_a_kernel_machine", [1000, 200])
def test_numbers_and_names_together_tell_classes_apart(
    monkeypatch: pytest.MonkeyPatch, most_rows_of_a_kernel_machine: int
) -> None:
    monkeypatch.setattr("workers.detect.predictions.models.FEW_ROWS", most_rows_of_a_kernel_machine)
    items, labels = shop(300)

    features = extract(items, ["price", "country", "note", "weight"])
    predicted = out_of_sample(features, labels, 3, seed=0)

    assert features.kind is FeatureKind.TABLE
    assert predicted.accuracy > 0.9
    assert predicted.probs.sum(axis=1) == pytest.approx(1)


def test_numbers_are_scaled_and_gaps_have_a_column_of_their_own() -> None:
    features = extract([{"a": 1, "b": "x"}, {"a": "3.0", "b": "x"}, {"b": "y"}, {"b": "y"}], ["a", "b"])

    assert features.matrix.tolist() == [[-1, 0, 1, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 1, 0, 1]]


def test_fields_that_tell_nothing_are_left_out() -> None:
    items = [{"id": f"n{n}", "same": "x", "constant": 4, "good": n} for n in range(6)]

    assert extract(items, ["id", "same", "constant", "good"]).matrix.shape == (6, 1)


def test_only_the_most_frequent_names_have_columns() -> None:
    items = [{"a": f"name {n % 80}", "b": n} for n in range(240)]

    assert extract(items, ["a", "b"]).matrix.shape == (240, 51)


def test_items_without_any_of_the_fields_are_skipped() -> None:
    features = extract([{"a": 1}, {"c": 2}, {"a": float("nan"), "b": [1]}, {"b": 2}, {"a": True}], ["a", "b"])

    assert features.rows.tolist() == [0, 3, 4]
    assert [(skip.index, skip.reason) for skip in features.skipped] == [(1, Skip.MISSING), (2, Skip.MISSING)]


def test_later_items_become_the_same_columns_whatever_they_hold() -> None:
    items, _ = shop(50)
    first = extract(items, ["price", "country"])

    later = read([{"price": "cheap", "country": "xx"}, items[3]], ["price", "country"])
    again = encoded(later, first.encoder) if first.encoder else None

    assert again is not None
    assert again.matrix.shape == (2, first.matrix.shape[1])
    assert again.matrix[0].tolist() == [0.0] * first.matrix.shape[1]
    np.testing.assert_array_equal(again.matrix[1], first.matrix[3])


@pytest.mark.parametrize("fields", [["none"], ["note"]])
def test_fields_with_nothing_to_learn_from_are_refused_by_name(fields: list[str]) -> None:
    items, _ = shop(20)
    with pytest.raises(
        NoPredictions, match=r"none: no item can be used as table|fields: no field has a value"
    ):
        extract(items, fields)


def test_vectors_of_two_lengths_are_skipped_with_the_reason_now_and_later() -> None:
    items = [{"v": [1.0, 2.0]}, {"v": [1.0, 2.0, 3.0]}, {"v": [2.0, 1.0]}]
    first = extract(items, "v")

    assert first.encoder is not None
    later = encoded(read([{"v": [1.0]}, {"v": [5.0, 6.0]}, {"v": [1.0]}], "v"), first.encoder)

    assert first.rows.tolist() == [0, 2]
    assert [(skip.index, skip.reason) for skip in first.skipped] == [(1, Skip.WRONG_LENGTH)]
    assert later.rows.tolist() == [1]
    assert {skip.reason for skip in later.skipped} == {Skip.WRONG_LENGTH}
