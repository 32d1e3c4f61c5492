"""`secondlook export`: labels as people train on them, the same bytes for the same labels."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from connector.model import (
    Annotation,
    CorrectionState,
    IssueState,
    Item,
    LabelSchema,
    LabelStatus,
    ObjectTag,
    Outcome,
    WriteMode,
)
from connector.store.views import training
from connector.wiring import Services
from tests.unit.cli.conftest import Secondlook
from tests.unit.cli.offline import region_files as files
from tests.unit.web.seeding import HOSTILE, NOW, seed, set_aside
from workers.cli.offline.dataset import Columns
from workers.cli.offline.regions.data import RegionData
from workers.cli.offline.regions.reading import read_any
from workers.cli.training.decided import decided_items
from workers.cli.training.shapes import ApartItem, ApartReason, LabelStanding, TrainingExample
from workers.cli.training.standing import example_of
from workers.cli.training.values import reader_of
from workers.label_types.boxes.label_type import Boxes


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


# --- what an item's label is ------------------------------------------------------------------------


def part(**changes: Any) -> training.ReviewedPart:
    plain = training.ReviewedPart(
        "",
        "cat",
        IssueState.ACCEPTED,
        0.1,
        Outcome.ACCEPT,
        "dog",
        0.97,
        "by_votes",
        NOW,
        CorrectionState.APPLIED,
    )
    return replace(plain, **changes)


def item(label: str | None, *parts: training.ReviewedPart, **changes: Any) -> training.TrainingItem:
    answers = () if label is None else (label,)
    return replace(training.TrainingItem("7", {"text": "t"}, label, answers, [], parts, {}), **changes)


@pytest.mark.parametrize(
    ("carried", "reviewed", "label", "standing", "quality"),
    [
        ("dog", part(), "dog", LabelStanding.CORRECTED, 0.97),
        ("cat", part(correction=CorrectionState.PENDING), "dog", LabelStanding.CORRECTED, 0.97),
        ("cat", part(correction=CorrectionState.DRY_RUN), "dog", LabelStanding.CORRECTED, 0.97),
        ("cat", part(correction=CorrectionState.HELD), "cat", LabelStanding.HELD, 0.1),
        ("cat", part(correction=CorrectionState.REVERTED), "cat", LabelStanding.REVERTED, None),
        ("cat", part(correction=CorrectionState.CONFLICT), "cat", LabelStanding.REVERTED, None),
        ("fox", part(), "fox", LabelStanding.RELABELLED, None),
        (
            "cat",
            part(outcome=Outcome.REJECT, label="cat", correction=None),
            "cat",
            LabelStanding.CONFIRMED,
            0.97,
        ),
        (
            "fox",
            part(outcome=Outcome.REJECT, label="cat", correction=None),
            "fox",
            LabelStanding.RELABELLED,
            None,
        ),
        (
            "cat",
            part(outcome=None, state=IssueState.IN_REVIEW, correction=None),
            "cat",
            LabelStanding.FLAGGED,
            0.1,
        ),
        (
            "cat",
            part(outcome=None, state=IssueState.STALE, correction=None),
            "cat",
            LabelStanding.UNREVIEWED,
            None,
        ),
    ],
)
def test_the_label_is_what_reviews_came_to(
    carried: str, reviewed: training.ReviewedPart, label: str, standing: LabelStanding, quality: float | None
) -> None:
    found = example_of(item(carried, reviewed), lambda _, key: key)
    assert isinstance(found, TrainingExample)
    assert (found.label, found.standing, found.quality) == (label, standing, quality)
    assert found.weight == (1.0 if quality is None else quality)


REJECTED = part(outcome=Outcome.REJECT, label="cat", correction=None, probability=0.8)
OPEN = part(outcome=None, state=IssueState.IN_REVIEW, label=None, correction=None)


@pytest.mark.parametrize(
    ("reviewed", "standing", "quality"),
    [
        ((), LabelStanding.UNREVIEWED, None),
        ((part(),), LabelStanding.CORRECTED, 0.97),
        ((part(), REJECTED), LabelStanding.CORRECTED, 0.8),
        ((REJECTED,), LabelStanding.CONFIRMED, 0.8),
        ((part(), OPEN), LabelStanding.FLAGGED, 0.1),
        ((part(), part(correction=CorrectionState.HELD)), LabelStanding.HELD, 0.97),
        ((part(), part(correction=CorrectionState.REVERTED)), LabelStanding.REVERTED, 0.97),
        ((part(outcome=None, state=IssueState.STALE, correction=None),), LabelStanding.UNREVIEWED, None),
    ],
)
def test_of_several_regions_the_least_certain_one_speaks_for_the_item(
    reviewed: tuple[training.ReviewedPart, ...], standing: LabelStanding, quality: float | None
) -> None:
    found = example_of(item("all of them", *reviewed), lambda _, key: key, Boxes())
    assert isinstance(found, TrainingExample)
    assert (found.label, found.standing, found.quality) == ("all of them", standing, quality)


CAR, DOG = "car 80,60 160x120 of 800x600", "dog 80,60 160x120 of 800x600"
LEFT = "car 400,300 80x60 of 800x600"
MADE = {"correction": CorrectionState.APPLIED, "mode": WriteMode.PREDICTION}
STREET = LabelSchema("box", "image", ("car", "dog"), (ObjectTag("image", "Image", "image"),), "boxes")


def drawn(region_id: str, label: str, x: float, y: float, w: float, h: float) -> dict[str, Any]:
    value = {"x": x, "y": y, "width": w, "height": h, "rotation": 0, "rectanglelabels": [label]}
    size = {"original_width": 800, "original_height": 600}
    of = {"id": region_id, "from_name": "box", "to_name": "image", "type": "rectanglelabels"}
    return {**of, **size, "value": value}


def exported(held: training.TrainingItem) -> TrainingExample | ApartItem:
    (decided,) = decided_items([held], STREET, "label_studio")
    return example_of(decided, reader_of(STREET, []), Boxes())


GIVEN = [drawn("a", "car", 10, 10, 20, 20), drawn("b", "car", 50, 50, 10, 10)]


@pytest.mark.parametrize(
    "how",
    [
        MADE,
        {"correction": CorrectionState.DRY_RUN, "mode": WriteMode.DRY_RUN},
        {"correction": CorrectionState.PENDING, "mode": WriteMode.UPDATE},
        {"correction": CorrectionState.FAILED, "mode": WriteMode.UPDATE},
    ],
)
def test_regions_are_as_decided_where_the_annotation_was_not_corrected(how: dict[str, Any]) -> None:
    swapped = part(given=CAR, label=DOG, **how)
    gone = part(given=LEFT, label=LEFT.replace("car", "(nothing)"), **how)
    held = item(f"{CAR}\n{LEFT}", swapped, gone, result=GIVEN, data={"image": "1.png"})
    found = exported(held)
    assert isinstance(found, TrainingExample)
    assert found.standing is LabelStanding.CORRECTED
    assert [(one["label"], one["x1"], one["y2"]) for one in found.label] == [("dog", 80, 180)]


def test_a_region_that_somebody_changed_since_is_theirs_and_no_correction() -> None:
    swapped = part(given=CAR, label=DOG, **MADE)
    held = item(LEFT, swapped, result=GIVEN[1:], data={"image": "1.png"})
    found = exported(held)
    assert isinstance(found, TrainingExample)
    assert (found.standing, len(found.label)) == (LabelStanding.RELABELLED, 1)


def test_an_unreviewed_label_is_worth_what_its_annotators_say() -> None:
    found = example_of(item("cat", answers=("cat", "cat", "dog")), lambda _, key: key)
    assert isinstance(found, TrainingExample)
    assert (found.standing, found.quality) == (LabelStanding.UNREVIEWED, 0.6667)


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (item("cat", set_aside={"exclude": ("cat",)}), ApartReason.EXCLUDED),
        (item("cat", part(outcome=Outcome.UNRESOLVED, label=None, reason="torn")), ApartReason.TORN),
        (item("cat", part(outcome=Outcome.UNRESOLVED, label=None, reason="overdue")), ApartReason.UNRESOLVED),
        (item(None), ApartReason.UNLABELLED),
    ],
)
def test_what_no_single_label_answers_stands_apart(one: training.TrainingItem, reason: ApartReason) -> None:
    found = example_of(one, lambda _, key: key)
    assert isinstance(found, ApartItem)
    assert found.reason is reason


# --- a project ------------------------------------------------------------------------------------------


def test_labels_come_with_how_they_came_to_be(secondlook: Secondlook, configured: Services) -> None:
    seed(configured, issues=2)
    done = secondlook("export", "cats", "--out", "cats.jsonl", "--json")
    assert done.code == 0, done.err
    rows = lines(Path("cats.jsonl"))
    assert [(row["id"], row["label"], row["status"], row["given"]) for row in rows] == [
        ("1", HOSTILE, "corrected", "lynx"),
        ("2", "lynx", "flagged", "lynx"),
        ("3", "lynx", "unreviewed", "lynx"),
        ("4", "lynx", "unreviewed", "lynx"),
    ]
    assert [row["weight"] for row in rows] == [1.0, 0.01, 1.0, 1.0]
    assert done.json == json.loads(Path("cats.jsonl.manifest.json").read_text())
    assert done.json["status"] == {"corrected": 1, "flagged": 1, "unreviewed": 2}
    assert Path("cats.jsonl.apart.jsonl").read_text() == ""


def test_only_decided_labels_where_that_is_asked_for(secondlook: Secondlook, configured: Services) -> None:
    seed(configured, issues=2)
    done = secondlook("export", "cats", "--out", "cats.jsonl", "--decided")
    assert [row["id"] for row in lines(Path("cats.jsonl"))] == ["1"]
    assert "3 labels that nobody decided on are left out" in done.err


def test_excluded_items_stand_in_a_file_of_their_own(secondlook: Secondlook, configured: Services) -> None:
    set_aside(configured)
    with configured.store.begin() as unit:
        unit.connection.exec_driver_sql("UPDATE dispositions SET state = 'open'")
    done = secondlook("export", "cats", "--out", "cats.csv", "--format", "csv")
    (apart,) = lines(Path("cats.csv.apart.jsonl"))
    assert (apart["id"], apart["reason"]) == ("1", "excluded")
    assert "1 excluded" in done.out
    assert [row["id"] for row in csv.DictReader(Path("cats.csv").read_text("utf-8-sig").splitlines())] == [
        "2",
        "3",
    ]


def test_the_same_labels_give_the_same_bytes_and_page_size_changes_nothing(
    secondlook: Secondlook, configured: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(configured, issues=2)
    hashes = []
    for n, size in enumerate((1000, 1, 3)):
        monkeypatch.setattr(training, "AT_ONCE", size)
        for form in ("jsonl", "csv", "parquet"):
            secondlook("export", "cats", "--out", f"{n}.{form}", "--format", form)
        manifest = [
            json.loads(Path(f"{n}.{form}.manifest.json").read_text()) for form in ("jsonl", "csv", "parquet")
        ]
        hashes.append((
            {one["content_sha256"] for one in manifest},
            [next(iter(one["files"].values())) for one in manifest],
        ))  # fmt: skip
    assert hashes[0] == hashes[1] == hashes[2]
    assert len(hashes[0][0]) == 1


def test_another_label_is_another_hash(secondlook: Secondlook, configured: Services) -> None:
    seed(configured, issues=2)
    first = secondlook("export", "cats", "--out", "a.jsonl", "--json").json["content_sha256"]
    with configured.store.begin() as unit:
        unit.connection.exec_driver_sql("UPDATE decisions SET probability = 0.5")
    assert (
        secondlook("export", "cats", "--out", "a.jsonl", "--force", "--json").json["content_sha256"] != first
    )


def test_formulas_do_not_run_in_a_spreadsheet(secondlook: Secondlook, configured: Services) -> None:
    seed(configured)
    with configured.store.begin() as unit:
        unit.connection.exec_driver_sql("""UPDATE items SET data = '{"=head": "=cmd()", "label": "-1+1"}'""")
    secondlook("export", "cats", "--out", "a.csv", "--format", "csv")
    (row, *_) = csv.DictReader(Path("a.csv").read_text("utf-8-sig").splitlines())
    assert row["'=head"] == "'=cmd()"
    assert row["data.label"] == "'-1+1"


def test_parquet_and_a_folder_for_datasets(secondlook: Secondlook, configured: Services) -> None:
    seed(configured, issues=2)
    assert secondlook("export", "cats", "--out", "a.parquet", "--format", "parquet").code == 0
    assert secondlook("export", "cats", "--out", "hf", "--format", "hf").code == 0
    table = pq.read_table("a.parquet").to_pydict()
    assert table["label"] == [HOSTILE, "lynx", "lynx", "lynx"]
    assert table["photo"] == ["a.png", "b.png", "b.png", "b.png"]
    stored = pq.read_table("hf/data/train-00000-of-00001.parquet")
    assert stored.column("label").to_pylist() == [1, 0, 0, 0]
    features = json.loads(stored.schema.metadata[b"huggingface"])["info"]["features"]
    assert features["label"] == {"names": ["lynx", HOSTILE], "_type": "ClassLabel"}
    assert list(features) == stored.schema.names
    _, head, body = Path("hf/README.md").read_text().split("---\n")
    values = dict(line.split(": ", 1) for line in head.splitlines())
    named = {each["name"]: each["dtype"] for each in json.loads(values["dataset_info"])["features"]}
    assert named["label"] == {"class_label": {"names": {"0": "lynx", "1": HOSTILE}}}
    assert json.loads(values["configs"])[0]["data_files"] == [{"split": "train", "path": "data/*.parquet"}]
    assert "as reviewers left them" in body
    assert set(json.loads(Path("hf/manifest.json").read_text())["files"]) == {
        "README.md",
        "apart.jsonl",
        "data/train-00000-of-00001.parquet",
    }


def test_what_could_not_be_written_is_refused_before_any_work(
    secondlook: Secondlook, configured: Services
) -> None:
    assert "has not been synced yet" in secondlook("export", "cats", "--out", "a.jsonl").err
    seed(configured)
    Path("a.jsonl").write_text("mine")
    assert "a.jsonl exists" in secondlook("export", "cats", "--out", "a.jsonl").err
    assert Path("a.jsonl").read_text() == "mine"
    assert "holds boxes" in secondlook("export", "cats", "--out", "b.json", "--format", "coco").err
    Path("mine").mkdir()
    assert (
        "a folder that no export made"
        in secondlook("export", "cats", "--out", "mine", "--format", "hf", "--force").err
    )
    assert secondlook("export", "dogs", "--out", "b.jsonl").code == 2
    assert sorted(path.name for path in Path().iterdir() if path.name.startswith((".b", "b"))) == []


def test_a_folder_into_which_somebody_put_files_is_never_replaced(
    secondlook: Secondlook, configured: Services
) -> None:
    seed(configured)
    again = ("export", "cats", "--out", "hub", "--format", "hf", "--force")
    assert secondlook(*again).code == 0
    assert secondlook(*again).code == 0, "what an export wrote is replaced"
    Path("hub/images").mkdir()
    Path("hub/images/one.png").write_bytes(b"mine")
    refused = secondlook(*again)
    assert refused.code == 2
    assert "1 file that the last export did not write, such as images/one.png" in refused.err
    assert Path("hub/images/one.png").read_bytes() == b"mine"
    assert sorted(path.name for path in Path().iterdir() if path.name.startswith(".hub")) == []


# --- regions ------------------------------------------------------------------------------------------------


def project_of(
    services: Services, kind: str, control: str, classes: tuple[str, ...], tasks: list[dict[str, Any]]
) -> None:
    project = services.project("cats")
    shown = ObjectTag("im", "Text", "text") if kind == "spans" else ObjectTag("im", "Image", "image")
    schema = LabelSchema(control, "im", classes, (shown,), kind)
    items = []
    for task in tasks:
        annotation = Annotation(
            str(task["id"]),
            "4",
            f"key {task['id']}",
            LabelStatus.VALID,
            task["annotations"][0]["result"],
            NOW,
            NOW,
        )
        items.append(Item(str(task["id"]), NOW, NOW, task["data"], (annotation,)))
    with services.store.begin() as unit:
        unit.projects.described(project.id, "Regions", [schema], "9")
        unit.items.apply(project.id, items)


def test_boxes_are_written_as_coco_and_yolo_and_read_again_alike(
    secondlook: Secondlook, configured: Services
) -> None:
    project_of(configured, "boxes", "box", files.CLASSES, files.ls_pictures(6, predicted=False))
    assert secondlook("export", "cats", "--out", "c.json", "--format", "coco").code == 0
    assert secondlook("export", "cats", "--out", "y", "--format", "yolo").code == 0
    coco, yolo = (read_any(Path(name), Columns()) for name in ("c.json", "y"))
    assert isinstance(coco, RegionData)
    assert isinstance(yolo, RegionData)
    for n in range(6):
        expected = [box[1:] for box in files.given(n)]
        found = [region.spot[:4] for region in coco.items[n].answers[0].regions]
        shares = [
            region.spot[:4] for region in yolo.items[n].answers[0].regions
        ]  # in percent: no picture is there
        assert np.allclose(found, expected, atol=0.01)
        assert np.allclose(shares, percent(expected), atol=0.01)
        assert [region.label for region in coco.items[n].answers[0].regions] == [
            box[0] for box in files.given(n)
        ]
    assert coco.items[3].name == "/data/p3.jpg"
    assert yolo.classes == files.CLASSES


@pytest.mark.parametrize(
    ("shown", "stem"),
    [("/data/upload/1/p{}.jpg", "p{}"), ("/data/local-files/?d=set/p{}.jpg", "p{}"), ("s3://b/p{}", "p{}")],
)
def test_a_picture_is_called_by_its_file_whatever_else_its_item_says(
    secondlook: Secondlook, configured: Services, shown: str, stem: str
) -> None:
    tasks = files.ls_pictures(2, predicted=False)
    for n, task in enumerate(tasks):
        task["data"] = {"sku": "A-17", "seen": "old.jpg", "image": shown.format(n)}
    tasks[1]["annotations"][0]["result"] = []
    project_of(configured, "boxes", "box", files.CLASSES, tasks)
    secondlook("export", "cats", "--out", "c.json", "--format", "coco")
    secondlook("export", "cats", "--out", "y", "--format", "yolo")
    images = json.loads(Path("c.json").read_text("utf-8"))["images"]
    assert [one["file_name"] for one in images] == [shown.format(n) for n in (0, 1)]
    assert sorted(path.stem for path in Path("y/labels").iterdir()) == [stem.format(n) for n in (0, 1)]


def percent(boxes: list[Any]) -> list[list[float]]:
    return [
        [100 * a / files.W, 100 * b / files.H, 100 * c / files.W, 100 * d / files.H] for a, b, c, d in boxes
    ]


def test_turned_boxes_and_pictures_of_one_name_are_said(secondlook: Secondlook, configured: Services) -> None:
    tasks = files.ls_pictures(2, predicted=False)
    tasks[0]["annotations"][0]["result"][0]["value"]["rotation"] = 30
    tasks[1]["data"] = tasks[0]["data"]
    project_of(configured, "boxes", "box", files.CLASSES, tasks)
    done = secondlook("export", "cats", "--out", "y", "--format", "yolo")
    assert "1 turned box is written as the upright one about it." in done.err
    assert "1 picture has the name of an earlier one: a number stands behind it." in done.err
    assert sorted(path.name for path in Path("y/labels").iterdir()) == ["p0.txt", "p0_2.txt"]


def test_spans_are_written_as_conll_and_read_again_alike(
    secondlook: Secondlook, configured: Services
) -> None:
    project_of(configured, "spans", "ent", ("PER", "LOC"), files.ls_texts(20))
    assert secondlook("export", "cats", "--out", "s.conll", "--format", "conll").code == 0
    assert secondlook("export", "cats", "--out", "s.jsonl").code == 0
    data = read_any(Path("s.conll"), Columns())
    assert isinstance(data, RegionData)
    for row, item in zip(lines(Path("s.jsonl")), data.items, strict=True):
        expected = files.marked(int(row["id"]))[1]
        assert [(one["start"], one["end"], one["label"]) for one in row["label"]] == expected
        assert [region.label for region in item.answers[0].regions] == [label for _, _, label in expected]


def test_classes_that_a_tag_cannot_tell_apart_are_said(secondlook: Secondlook, configured: Services) -> None:
    project_of(configured, "spans", "ent", ("PER A", "PER_A", "LOC"), files.ls_texts(2))
    done = secondlook("export", "cats", "--out", "s.conll", "--format", "conll")
    assert "2 classes are written as 'PER_A': a tag has no blanks." in done.err


def test_a_region_that_cannot_be_read_is_counted(secondlook: Secondlook, configured: Services) -> None:
    tasks = files.ls_texts(3)
    tasks[1]["annotations"][0]["result"][0]["value"]["text"] = "elsewhere"
    project_of(configured, "spans", "ent", ("PER", "LOC"), tasks)
    done = secondlook("export", "cats", "--out", "s.jsonl")
    assert "1 × span whose offsets do not fit its text (task 1, region s0)" in done.err


def test_sets_and_ratings_are_lists_and_numbers(secondlook: Secondlook, configured: Services) -> None:
    task = {"id": 1, "data": {"text": "t"}, "annotations": [{"result": []}]}
    project_of(configured, "multi_label", "q", ("a", "b"), [task])
    with configured.store.begin() as unit:
        unit.connection.exec_driver_sql("UPDATE annotations SET label = 'a, b'")
    for form in ("jsonl", "hf"):
        assert secondlook("export", "cats", "--out", f"m.{form}", "--format", form).code == 0
    assert lines(Path("m.jsonl"))[0]["label"] == ["a", "b"]
    assert pq.read_table("m.hf/data/train-00000-of-00001.parquet").column("label").to_pylist() == [[0, 1]]
