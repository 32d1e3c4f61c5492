"""The other kinds of issue in a file: on the terminal, and in every form of --out."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.cli.offline.conftest import Ran, annotation, csv_of, task
from workers.cli.offline.dataset import Columns
from workers.cli.offline.dates import moment
from workers.cli.offline.reading import read_file

Scan = Callable[..., Ran]
START = datetime(2026, 1, 1, tzinfo=UTC)
CENTRES = {"cat": (9, 0, 0, 0), "dog": (0, 9, 0, 0), "fox": (0, 0, 9, 0)}


def at(n: int) -> str:
    return (START + timedelta(hours=n)).isoformat()


def faulty(count: int = 450) -> list[dict[str, Any]]:
    """Vectors of three classes: fox is in use since day 8 only, mia calls dogs cats, fax is half wrong."""
    rng = np.random.default_rng(5)
    found = []
    for n in range(count):
        truth = ("cat", "dog", "fox")[n % 3]
        person = ("ann", "ben", "mia")[int(rng.integers(3))]
        label = "dog" if truth == "fox" and n < 190 else truth
        label = "cat" if person == "mia" and truth == "dog" and rng.random() < 0.7 else label
        source = "fax" if rng.random() < 0.2 else "post"
        label = str(rng.choice(["cat", "dog"])) if source == "fax" and rng.random() < 0.5 else label
        vector = (np.array(CENTRES[truth]) + rng.normal(size=4)).round(4).tolist()
        data = {"vector": vector, "source": source}
        made = {"id": n, "created_at": at(n), "updated_at": at(n)}
        found.append({"id": n, "data": data, "annotations": [annotation(label, person, **made)]})
    twin = json.loads(json.dumps(found[400]))
    given = twin["annotations"][0]["result"][0]["value"]["choices"]
    given[0] = "cat" if given[0] == "dog" else "dog"
    found.append({**twin, "id": 9000})
    found.append({"id": 9001, "data": {"vector": [1, 1, 1, 1]}, "annotations": [annotation(None, 1)]})
    return found


@pytest.fixture
def export(tmp_path: Path) -> Path:
    file = tmp_path / "faulty.json"
    file.write_text(json.dumps(faulty()), encoding="utf-8")
    return file


def test_planted_faults_of_every_kind_are_in_the_json(scan: Scan, export: Path) -> None:
    code, out, err = scan(export.name, "--json")
    assert code == 0, err
    found = json.loads(out)
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for one in found["findings"]:
        by_kind.setdefault(one["kind"], []).append(one)
    assert by_kind["taxonomy_change"][0]["subject"] == "fox"
    assert by_kind["taxonomy_change"][0]["facts"]["change"] == "started"
    assert by_kind["taxonomy_change"][0]["facts"]["at"][:10] == "2026-01-08"
    assert [one["subject"] for one in by_kind["annotator_differs"]] == ["mia"]
    assert "source = fax" in {one["subject"] for one in by_kind["worse_group"]}
    assert {one["id"] for one in by_kind["label_conflict"]} == {"400", "9000"}
    assert by_kind["invalid_label"][0]["place"] == "task 9001"
    assert {kind: found["looked"]["found"][kind] for kind in ("annotator_differs", "label_conflict")} == {
        "annotator_differs": 1,
        "label_conflict": 2,
    }


def test_the_csv_and_the_terminal_hold_them_too(scan: Scan, export: Path, tmp_path: Path) -> None:
    code, out, err = scan(export.name, "--out", "issues.csv")
    assert code == 0, err
    assert "Annotators who differ: 1" in out
    assert "'fox' is in use since 2026-01-08 only" in out
    assert "The annotation is empty" not in out
    assert "Not looked for: annotators disagree (no item has answers of two people)." in err
    with (tmp_path / "issues.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    kinds = [row["kind"] for row in rows]
    assert kinds[0] == "label_error"
    (first, second) = [row for row in rows if row["kind"] == "label_conflict"]
    assert {first["id"], second["id"]} == {"400", "9000"}
    assert {first["given"], first["suggested"]} == {second["given"], second["suggested"]}


def test_the_report_shows_them_with_their_items(scan: Scan, export: Path, tmp_path: Path) -> None:
    scan(export.name, "--out", "r.html")
    text = (tmp_path / "r.html").read_text("utf-8")
    assert "Annotators who differ <b>1</b>" in text
    assert "mia labels " in text
    assert "Items with source &#39;fax&#39;" in text
    assert "Not looked for: annotators disagree (no item has answers of two people)." in text


def test_what_a_file_does_not_say_is_not_looked_for(scan: Scan, cats: Path) -> None:
    looked = json.loads(scan(cats.name, "--json")[1])["looked"]["not_looked_for"]
    assert looked["taxonomy_change"] == "it is not known when labels were given"
    assert looked["annotator_differs"] == "it is not known who labeled"
    assert looked["disagreement"] == "no item has answers of two people"


def test_dates_of_rows_are_read_from_the_usual_columns_or_a_named_one(tmp_path: Path) -> None:
    rows = [["text", "label", "date", "when"], ["a", "x", "2026-03-01", "5"], ["b", "y", "", "1767225600"]]
    file = tmp_path / "a.csv"
    file.write_text(csv_of(rows))
    usual = read_file(file, Columns())
    assert usual.records[0].at == datetime(2026, 3, 1, tzinfo=UTC).timestamp()
    assert math.isnan(usual.records[1].at)
    named = read_file(file, Columns(date="when"))
    assert [math.isnan(one.at) for one in named.records] == [True, False]
    assert named.records[1].at == START.timestamp()
    assert "when" not in named.records[0].data


def test_dates_of_an_export_are_those_of_its_annotations(tmp_path: Path) -> None:
    two = task(1, "a", annotation("x", 1, created_at=at(1), updated_at=at(5)), annotation("x", 2))
    file = tmp_path / "a.json"
    file.write_text(json.dumps([two, task(2, "b", annotation("y", 1, created_at="soon"))]))
    first, second = read_file(file, Columns()).records
    assert [start for start in first.times if not math.isnan(start)] == [
        datetime.fromisoformat(at(5)).timestamp()
    ]
    assert math.isnan(second.at)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2026-01-01", START), ("2026-01-01T01:00:00+01:00", START), ("2026-01-01T00:00:00Z", START),
        (1767225600, START), (1767225600000, START), ("1767225600", START),
        ("", None), ("5", None), (True, None), (None, None), (float("nan"), None), ("2026", None), ([], None),
    ],
)  # fmt: skip
def test_a_moment_is_an_iso_date_or_a_unix_time(value: object, found: datetime | None) -> None:
    assert moment(value) == found
