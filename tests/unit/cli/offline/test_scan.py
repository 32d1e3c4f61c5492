"""`secondlook scan FILE`: the planted errors are found, and files are written whole or not at all."""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.offline.conftest import WRONG, Ran, csv_of, texts

Scan = Callable[..., Ran]
PLANTED = {f"t{row}": label for row, label in WRONG.items()}


def test_planted_errors_are_found_in_a_csv(scan: Scan, cats: Path) -> None:
    code, out, _ = scan("cats.csv", "--json")
    found = json.loads(out)
    assert code == 0
    assert {issue["id"]: issue["given"] for issue in found["issues"]} == PLANTED
    assert {issue["suggested"] for issue in found["issues"]} == {"cat"}
    assert "but it is labeled 'dog'" in " ".join(issue["reason"] for issue in found["issues"])
    assert (found["n_items"], found["field_kind"], found["model"]["weak"]) == (60, "text", False)


def test_planted_errors_are_found_in_an_export(scan: Scan, export: Path) -> None:
    code, out, _ = scan("export.json")
    assert code == 0
    assert "export.json: 2 of 60 labels are suspicious" in out
    assert {line.split()[0] for line in out.splitlines()[2:]} == {f"{100 + row}" for row in WRONG}


def test_the_same_file_gives_the_same_answer(scan: Scan, cats: Path) -> None:
    assert scan("cats.csv", "--json")[1] == scan("cats.csv", "--json")[1]


def test_a_limit_says_that_there_are_more(scan: Scan, cats: Path) -> None:
    _, out, err = scan("cats.csv", "--limit", "1", "--method", "predicted_neq_given")
    assert len(out.splitlines()) == 3
    assert "more: --limit" in err


def test_issues_are_written_as_csv(scan: Scan, cats: Path, tmp_path: Path) -> None:
    code, _, err = scan("cats.csv", "--out", "issues.csv")
    assert code == 0
    assert "Wrote issues.csv" in err
    with (tmp_path / "issues.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["id"]: row["given"] for row in rows} == PLANTED
    assert [row["rank"] for row in rows] == ["1", "2"]


def test_the_csv_opens_right_in_a_spreadsheet_whatever_letters_it_holds(scan: Scan, tmp_path: Path) -> None:
    classes = {"cat": "猫", "dog": "собака", "fox": "Füchse"}
    rows = [["文本", "标签"], *([text, classes[label]] for text, label in texts())]
    (tmp_path / "a.csv").write_text(csv_of(rows), encoding="utf-8")
    code, _, _ = scan("a.csv", "--label-column", "标签", "--out", "issues.csv")
    assert code == 0
    content = (tmp_path / "issues.csv").read_bytes()
    assert content.startswith(codecs.BOM_UTF8)
    (row, *_) = csv.DictReader(content.decode("utf-8-sig").splitlines())
    assert {row["given"], row["suggested"]} < set(classes.values())


def test_issues_are_written_as_json(scan: Scan, cats: Path, tmp_path: Path) -> None:
    _, out, _ = scan("cats.csv", "--out", "issues.json", "--json")
    assert json.loads((tmp_path / "issues.json").read_text("utf-8")) == json.loads(out)


def test_text_that_a_spreadsheet_would_run_is_disarmed(scan: Scan, tmp_path: Path) -> None:
    rows = [
        ["id", "text", "label"],
        *([f"=t{n}", text, f"@{label}"] for n, (text, label) in enumerate(texts())),
    ]
    (tmp_path / "a.csv").write_text(csv_of(rows), encoding="utf-8")
    scan("a.csv", "--out", "issues.csv")
    with (tmp_path / "issues.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert {row["id"] for row in found} == {f"'={name}" for name in PLANTED}
    assert {row["suggested"] for row in found} == {"'@cat"}


def test_a_file_is_not_overwritten_unasked(scan: Scan, cats: Path, tmp_path: Path) -> None:
    target = tmp_path / "issues.csv"
    target.write_text("mine")
    code, out, err = scan("cats.csv", "--out", "issues.csv")
    assert (code, out) == (2, "")
    assert "--out: issues.csv exists" in err
    assert "--force" in err
    assert target.read_text() == "mine"
    assert scan("cats.csv", "--out", "issues.csv", "--force")[0] == 0
    assert target.read_text().startswith("rank,id,")


@pytest.mark.parametrize(
    ("out", "words"),
    [("issues.txt", "ends in none of .csv, .json, .html"), ("gone/issues.csv", "no place for a file")],
)
def test_a_target_that_cannot_be_written_is_refused_before_the_work(
    scan: Scan, cats: Path, out: str, words: str
) -> None:
    code, _, err = scan("cats.csv", "--out", out)
    assert code == 2
    assert words in err


def test_on_an_error_nothing_is_written(scan: Scan, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("text,label\na,x\nb,y,z\n")
    code, out, err = scan("bad.csv", "--out", "issues.html")
    assert (code, out) == (1, "")
    assert "FILE, line 3" in err
    assert [file.name for file in tmp_path.iterdir()] == ["bad.csv"]


def test_a_path_that_leads_nowhere_is_said_to_be_one(scan: Scan) -> None:
    code, _, err = scan("gone.json")
    assert code == 2
    assert "FILE: there is no such file" in err


def test_the_content_says_what_a_file_is(scan: Scan, cats: Path) -> None:
    cats.rename(cats.with_suffix(".txt"))
    code, out, _ = scan("cats.txt")
    assert code == 0
    assert "2 of 60 labels are suspicious" in out


def test_items_that_cannot_be_used_are_counted_with_the_reason(scan: Scan, tmp_path: Path) -> None:
    rows: list[list[Any]] = [["text", "label"], *([text, label] for text, label in texts())]
    rows += [["", "cat"], ["purr", ""]]
    (tmp_path / "a.csv").write_text(csv_of(rows), encoding="utf-8")
    _, out, err = scan("a.csv")
    assert "of 60 labels" in out
    assert "1 × no label (line 63)" in err
    assert "1 × 'text': empty (line 62)" in err


def test_images_by_address_are_not_taken_for_text_where_text_is_meant(scan: Scan, tmp_path: Path) -> None:
    rows = [["image", "label"], *([f"http://example.org/{n}.png", "xy"[n % 2]] for n in range(20))]
    (tmp_path / "a.csv").write_text(csv_of(rows), encoding="utf-8")
    code, _, err = scan("a.csv")
    assert code == 2
    assert "addresses" in err
    assert scan("a.csv", "--text-column", "image")[0] == 0


def test_too_few_items_are_refused_with_what_to_do(scan: Scan, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\nred apple,x\ngreen pear,y\n")
    code, _, err = scan("a.csv")
    assert code == 1
    assert "Label more items" in err


def test_rare_classes_are_named(scan: Scan, tmp_path: Path) -> None:
    rows = [["text", "label"], *([text, label] for text, label in texts()), ["moo grass", "cow"]]
    (tmp_path / "a.csv").write_text(csv_of(rows), encoding="utf-8")
    warnings = json.loads(scan("a.csv", "--json")[1])["warnings"]
    [rare] = [text for text in warnings if "fewer items than" in text]
    assert "'cow' (1)" in rare


def test_options_for_files_are_refused_for_a_project(scan: Scan) -> None:
    code, _, err = scan("cats", "--label-column", "x", "--force")
    assert code == 2
    assert "--label-column, --force" in " ".join(err.split())


def test_text_column_and_field_exclude_each_other(scan: Scan, cats: Path) -> None:
    assert scan("cats.csv", "--text-column", "text", "--field", "text")[0] == 2


def test_annotators_are_compared_with_each_other(scan: Scan, tmp_path: Path) -> None:
    rows = [["id", "text", "label", "annotator"]]
    for n, (text, label) in enumerate(texts()):
        rows += [[f"t{n}", text, label, "=ann"], [f"t{n}", text, "cat" if n < 20 else label, "ben"]]
    (tmp_path / "a.csv").write_text(csv_of(rows), encoding="utf-8")
    found = json.loads(scan("a.csv", "--json")[1])["annotators"]
    assert [(row["name"], row["labels"], row["flagged"]) for row in found] == [
        ("=ann", 60, 2),
        ("ben", 60, 0),
    ]
    assert {round(row["agreement"], 3) for row in found} == {round(58 / 60, 3)}


def test_what_would_steer_the_terminal_is_left_out(scan: Scan, tmp_path: Path) -> None:
    rows = [
        ["id", "text", "label"],
        *([f"\x1b[2J{n}", text, f"{label}\x07"] for n, (text, label) in enumerate(texts())),
    ]
    (tmp_path / "a.csv").write_text(csv_of(rows), encoding="utf-8")
    _, out, err = scan("a.csv")
    assert "2 of 60" in out
    assert not {"\x1b", "\x07"} & set(out + err)
    _, _, err = scan("a.csv", "--label-column", "\x1b[2J")
    assert "\x1b" not in err


def test_a_weak_model_says_so(scan: Scan, tmp_path: Path) -> None:
    rows = [["text", "label"], *([f"word{n * 7 % 11} word{n * 5 % 13}", "xyz"[n % 3]] for n in range(60))]
    (tmp_path / "a.csv").write_text(csv_of(rows), encoding="utf-8")
    code, out, err = scan("a.csv", "--out", "r.html")
    assert code == 0
    assert "too weak to judge labels" in err
    assert (said := re.search(r"only the (\d+) most suspicious of (\d+) flagged labels", err))
    assert int(said[1]) <= 0.1 * int(said[2]) + 1
    assert f"{said[1]} of 60 labels are suspicious" in out
    assert 'class="notice bad"' in (tmp_path / "r.html").read_text()


def test_a_class_of_which_no_item_can_be_used_is_shown_without_figures(scan: Scan, tmp_path: Path) -> None:
    rows = [["text", "label"], *([text, label] for text, label in texts()), [" ", "empty"]]
    (tmp_path / "a.csv").write_text(csv_of(rows), encoding="utf-8")
    code, out, _ = scan("a.csv", "--json", "--out", "r.html")
    assert code == 0
    (row,) = [one for one in json.loads(out)["classes"] if one["name"] == "empty"]
    assert (row["items"], row["flagged"], row["accuracy"]) == (0, 0, None)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (("a.csv", "--label-column", "nowhere"), 2),
        (("a.csv", "--id-column", "nowhere"), 2),
        (("a.csv", "--field", "nowhere"), 2),
        (("a.csv", "--encoding", "nowhere"), 2),
        (("bad.json",), 1),
    ],
)
def test_another_column_is_typed_and_a_bad_file_is_refused(
    scan: Callable[..., Ran], tmp_path: Path, typed: tuple[str, ...], code: int
) -> None:
    (tmp_path / "a.csv").write_text(
        "id,text,label\n" + "".join(f"{n},t{n},{'ab'[n % 2]}\n" for n in range(9))
    )
    (tmp_path / "bad.json").write_text("{")
    assert scan(*typed)[0] == code
