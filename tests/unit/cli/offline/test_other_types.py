"""Sets of classes and numbers in files: read, judged, and what cannot be judged is said."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.cli.offline.conftest import csv_of
from workers.cli.offline.dataset import Columns, Dataset
from workers.cli.offline.errors import BadFile
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.label_sets import read_set
from workers.cli.offline.labels import NoClass
from workers.cli.offline.reading import read_file

Ran = tuple[int, str, str]
WORDS = {
    "anger": "furious shout rage mad",
    "joy": "happy laugh smile glad",
    "fear": "panic dread scared afraid",
}
LOST, ADDED = 6, 20  # rows with a class too few, and one too many


def sets() -> list[tuple[str, list[str]]]:
    """60 texts with none to two classes, two of them labelled wrong."""
    names = sorted(WORDS)
    rows = []
    for n in range(60):
        truth = [name for k, name in enumerate(names) if (n % 5, n // 5 % 3)[k % 2] == k] or names[
            n % 3 : n % 3 + 1
        ]
        if n % 3 == 0:
            truth = sorted({*truth, names[(n // 3) % 3]})
        words = [word for name in truth for word in WORDS[name].split()[n % 2 : n % 2 + 3]]
        rows.append((" ".join([*words, f"number{n}"]), truth))
    rows[LOST] = (rows[LOST][0], rows[LOST][1][1:])
    spare = next(name for name in names if name not in rows[ADDED][1])
    rows[ADDED] = (rows[ADDED][0], sorted([*rows[ADDED][1], spare]))
    return rows


def multi_task(n: int, text: str, named: list[str], **more: Any) -> dict[str, Any]:
    region = {"from_name": "feels", "to_name": "t", "type": "choices", "value": {"choices": named}}
    given = {"id": n, "completed_by": 1, "result": [region] if named else []}
    return {"id": n, "data": {"text": text}, "annotations": [given], **more}


def export(tmp_path: Path) -> Path:
    file = tmp_path / "feelings.json"
    file.write_text(json.dumps([multi_task(n, text, named) for n, (text, named) in enumerate(sets())]))
    return file


def read(tmp_path: Path, name: str, text: str, **columns: Any) -> Dataset:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return read_file(tmp_path / name, Columns(**columns))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["b", "a"], "a, b"),
        ([], "(none)"),
        ('["b", "a"]', "a, b"),
        ('{"choices": ["a", "b"]}', "a, b"),
        ({"choices": ["a"]}, "a"),
        ("a", "a"),
        ("a|b", "a, b"),
        ({"taxonomy": [["animal", "dog"], ["plant"]]}, "animal / dog, plant"),
        (["x, y"], "x\\, y"),
        ("", NoClass.NONE),
        (None, NoClass.NONE),
        ([{"start": 1, "end": 2}], NoClass.PLACES),
        ([["a", 1]], NoClass.UNREADABLE),
    ],
)
def test_a_set_is_read_from_lists_objects_and_joined_text(value: Any, expected: str) -> None:
    assert read_set(value, "|") == expected


@pytest.mark.parametrize("form", ["export", "json_min", "jsonl", "hash", "list_cell"])
def test_sets_are_recognised_in_every_form_and_the_planted_ones_flagged(
    scan: Callable[..., Ran], tmp_path: Path, form: str
) -> None:
    rows = sets()
    if form == "export":
        file = export(tmp_path)
    elif form == "json_min":
        file = tmp_path / "min.json"
        held = [{"choices": named} if len(named) != 1 else named[0] for _, named in rows]
        file.write_text(json.dumps([{"id": n, "text": rows[n][0], "feels": held[n]} for n in range(60)]))
    elif form == "jsonl":
        file = tmp_path / "sets.jsonl"
        file.write_text(
            "\n".join(json.dumps({"id": n, "text": rows[n][0], "label": rows[n][1]}) for n in range(60))
        )
    else:
        file = tmp_path / "sets.csv"
        cells = ["#".join(named) if form == "hash" else json.dumps(named) for _, named in rows]
        file.write_text(csv_of([["id", "text", "labels"], *([n, rows[n][0], cells[n]] for n in range(60))]))
    columns = ["--label-column", "feels"] if form == "json_min" else []
    code, out, err = scan(file.name, "--json", *columns)
    found = json.loads(out)
    assert code == 0, err
    assert found["type"] == "multi_label"
    assert {str(LOST), str(ADDED)} <= {issue["id"] for issue in found["issues"]}
    assert found["n_flagged"] <= 6
    assert "judged as sets of classes; --type choice" in found["notes"][-1 if form != "export" else 0]
    lost = next(issue for issue in found["issues"] if issue["id"] == str(LOST))
    assert "it is not chosen" in lost["reason"]
    assert lost["suggested"] != lost["given"]


def test_an_annotation_without_a_class_is_an_answer_and_that_is_said(tmp_path: Path) -> None:
    tasks = [multi_task(n, text, named) for n, (text, named) in enumerate(sets())]
    tasks += [multi_task(100, "chair", []), multi_task(101, "lamp", [])]
    tasks[-1]["annotations"][0]["was_cancelled"] = True
    data = read(tmp_path, "a.json", json.dumps(tasks))
    assert (data.kind, data.records[-1].label) == (FileKind.MULTI_LABEL, "(none)")
    assert any("chooses no class: taken to say that none applies" in sentence for sentence in data.notes)
    assert [one.reason for one in data.left_out] == ["annotation cancelled"]


def test_the_kind_that_is_named_is_taken(tmp_path: Path) -> None:
    text = json.dumps([multi_task(n, text, named) for n, (text, named) in enumerate(sets())])
    data = read(tmp_path, "a.json", text, kind=FileKind.CHOICE)
    assert data.kind is FileKind.CHOICE
    assert {one.reason for one in data.left_out} == {"annotation with several labels"}


def test_own_probabilities_are_used_and_what_they_lack_is_left_out(
    scan: Callable[..., Ran], tmp_path: Path
) -> None:
    names = sorted(WORDS)
    lines = []
    for n, (_, named) in enumerate(sets()):
        scores = {name: 0.9 if name in named else 0.1 for name in names}
        if n == LOST + 1:
            scores = dict.fromkeys(names, 0.98)
        if n != 3:
            lines.append(json.dumps({"id": n, "scores": scores}))
    (tmp_path / "p.jsonl").write_text("\n".join([*lines, json.dumps({"id": 999, "scores": {}})]))
    found = json.loads(scan(export(tmp_path).name, "--predictions", "p.jsonl", "--json")[1])
    assert [issue["id"] for issue in found["issues"]] == [str(LOST + 1)]
    assert found["judged_by"] == "probabilities of p.jsonl"
    assert found["left_out"] == [{"reason": "no prediction", "count": 1, "places": ["task 3"]}]
    assert "1 prediction is of an item that the file does not have." in found["warnings"]


def test_the_predictions_of_an_export_judge_where_most_tasks_have_one(
    scan: Callable[..., Ran], tmp_path: Path
) -> None:
    tasks = []
    for n, (text, named) in enumerate(sets()):
        scores = {name: 0.9 if name in named else 0.1 for name in WORDS}
        if n == LOST + 1:
            scores = dict.fromkeys(WORDS, 0.98)
        region = {
            "from_name": "feels",
            "to_name": "t",
            "type": "choices",
            "value": {},
            "meta": {"class_scores": scores},
        }
        found = [{"model_version": "a", "result": [region]}] if n != 3 else []
        tasks.append(multi_task(n, text, named, predictions=found))
    (tmp_path / "a.json").write_text(json.dumps(tasks))
    found = json.loads(scan("a.json", "--json")[1])
    assert [issue["id"] for issue in found["issues"]] == [str(LOST + 1)]
    assert found["judged_by"] == "the predictions in the file"
    assert found["left_out"][0]["reason"] == "no prediction"


def test_numbers_that_an_export_predicts_judge_its_ratings(scan: Callable[..., Ran], tmp_path: Path) -> None:
    tasks = []
    for n, (text, given) in enumerate(rated()):
        region = {"from_name": "stars", "to_name": "t", "type": "rating"}
        made = region | {"value": {"rating": given}}
        predicted = region | {"value": {"rating": n % 5 + 1 + (n % 7) / 50}}
        one = {"id": n, "data": {"text": text}, "annotations": [{"id": n, "result": [made]}]}
        tasks.append(one | {"predictions": [{"result": [predicted]}]})
    (tmp_path / "a.json").write_text(json.dumps(tasks))
    found = json.loads(scan("a.json", "--json")[1])
    assert {issue["id"] for issue in found["issues"]} == {str(n) for n in FAR_OFF}
    assert found["judged_by"] == "the predictions in the file"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"id": 1, "scores": {"joy": 2, "fear": 0, "anger": 0}}], "item 1: it is 2"),
        ([{"id": 1, "scores": {"joy": "high"}}], "'joy' is 'high', no number"),
        ([{"id": 1, "scores": {}}, {"id": 1, "scores": {}}], "id 1 occurs twice"),
        ([{"scores": {}}], "it has no 'id'"),
    ],
)
def test_bad_predictions_are_refused_with_their_place(
    scan: Callable[..., Ran], tmp_path: Path, rows: list[Any], words: str
) -> None:
    (tmp_path / "p.json").write_text(json.dumps([*rows, {"id": 59, "scores": {}}]))
    code, out, err = scan(export(tmp_path).name, "--predictions", "p.json")
    assert (code, out) == (1, "")
    assert "--predictions" in err
    assert words in err


def test_predictions_as_an_array_have_the_files_shape(scan: Callable[..., Ran], tmp_path: Path) -> None:
    file = export(tmp_path)
    np.save(tmp_path / "p.npy", np.full((60, 2), 0.5))
    assert (
        "(60, 2) of float64, and the file's judged items need (60, 3)"
        in scan(file.name, "--predictions", "p.npy")[2]
    )
    np.save(tmp_path / "p.npy", np.full((60, 3), 0.5))
    assert scan(file.name, "--predictions", "p.npy")[0] == 0


# --- numbers -----------------------------------------------------------------------------------

STEPS = ("awful", "bad", "okay", "good", "superb")
FAR_OFF = (9, 42)


def rated() -> list[tuple[str, int]]:
    rows = []
    for n in range(80):
        step = n % 5
        rows.append(
            (f"{STEPS[step]} {STEPS[step]} {('film', 'book', 'room')[n // 5 % 3]} number{n}", step + 1)
        )
    for n in FAR_OFF:
        rows[n] = (rows[n][0], 1 if rows[n][1] > 3 else 5)
    return rows


@pytest.mark.parametrize("control", ["rating", "number"])
def test_ratings_of_an_export_are_judged_by_their_distance(
    scan: Callable[..., Ran], tmp_path: Path, control: str
) -> None:
    tasks = [
        {
            "id": n,
            "data": {"text": text},
            "annotations": [
                {
                    "id": n,
                    "result": [
                        {"from_name": "stars", "to_name": "t", "type": control, "value": {control: given}}
                    ],
                }
            ],
        }
        for n, (text, given) in enumerate(rated())
    ]
    (tmp_path / "r.json").write_text(json.dumps(tasks))
    code, out, _ = scan("r.json", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["type"] == "rating"
    assert {issue["id"] for issue in found["issues"]} == {str(n) for n in FAR_OFF}
    assert found["issues"][0]["reason"].startswith("It is ")
    assert found["issues"][0]["probability"] is None
    assert found["model"]["variance_explained"] > 0.2


def test_numbers_without_steps_are_judged_where_it_is_asked_for(
    scan: Callable[..., Ran], tmp_path: Path
) -> None:
    rows = [[n, text, given + n / 1000] for n, (text, given) in enumerate(rated())]
    (tmp_path / "n.csv").write_text(csv_of([["id", "text", "target"], *rows]))
    assert "Judge them as numbers with --type rating" in scan("n.csv")[2]
    found = json.loads(scan("n.csv", "--type", "rating", "--json")[1])
    assert {issue["id"] for issue in found["issues"]} == {str(n) for n in FAR_OFF}
    assert found["classes"] == []


def test_a_column_of_stars_is_a_scale_and_own_numbers_judge_it(
    scan: Callable[..., Ran], tmp_path: Path
) -> None:
    rows = rated()
    (tmp_path / "s.csv").write_text(
        csv_of([["id", "text", "stars"], *([n, *row] for n, row in enumerate(rows))])
    )
    predicted = [{"id": n, "expected": n % 5 + 1.1 + (n % 7) / 50} for n in range(80) if n != 1]
    (tmp_path / "p.json").write_text(json.dumps(predicted))
    found = json.loads(scan("s.csv", "--predictions", "p.json", "--json")[1])
    assert {issue["id"] for issue in found["issues"]} == {str(n) for n in FAR_OFF}
    assert {issue["suggested"] for issue in found["issues"]} == {"5", "3"}
    assert found["left_out"][0]["reason"] == "no prediction"


def test_one_rating_for_all_is_refused(tmp_path: Path) -> None:
    text = csv_of([["text", "rating"], *(["a text", 3] for _ in range(9))])
    with pytest.raises(BadFile, match="all 9 labels in 'rating' are '3'"):
        read(tmp_path, "a.csv", text, kind=FileKind.RATING)


def test_a_weak_model_says_so_and_names_the_option(scan: Callable[..., Ran], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [[n, " ".join(rng.choice(list("abcdefghij"), 5)) + " word", rng.normal()] for n in range(60)]
    (tmp_path / "n.csv").write_text(csv_of([["id", "text", "target"], *rows]))
    code, _, err = scan("n.csv", "--type", "rating")
    assert code == 0
    assert "too weak to judge numbers" in err
    assert "--predictions" in err


# --- files that are written ------------------------------------------------------------------------


def test_the_files_hold_each_issue_and_escape_what_comes_from_outside(
    scan: Callable[..., Ran], tmp_path: Path
) -> None:
    rows = sets()
    rows[LOST] = ("=cmd() <script>alert(1)</script> " + rows[LOST][0], rows[LOST][1])
    (tmp_path / "x.jsonl").write_text(
        "\n".join(json.dumps({"id": n, "text": text, "label": named}) for n, (text, named) in enumerate(rows))
    )
    for ending in ("csv", "json", "html"):
        assert scan("x.jsonl", "--out", f"x.{ending}")[0] == 0
    table = list(csv.DictReader((tmp_path / "x.csv").read_text().splitlines()))
    stored = json.loads((tmp_path / "x.json").read_text())
    page = (tmp_path / "x.html").read_text()
    assert len(table) == len(stored["issues"]) > 0
    mine = next(row for row in table if row["id"] == str(LOST))
    assert mine["content"].startswith("'=cmd()")
    assert "<script>alert" not in page
    assert "=cmd()" in page
    assert "other classes" in page.lower()


def test_single_choices_take_no_predictions_and_say_what_does(scan: Callable[..., Ran], cats: Path) -> None:
    code, _, err = scan(cats.name, "--predictions", "p.json")
    assert code == 2
    assert "evaluate" in err


def test_a_file_is_read_without_what_computes() -> None:
    """A file that cannot be used is refused at once."""
    seen = "import sys, workers.cli.scan, workers.cli.offline.regions.reading; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
