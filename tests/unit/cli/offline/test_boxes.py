"""Boxes in files: every form, what judges them, and input that cannot be judged."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.unit.cli.offline import region_files as files
from workers.cli.offline.dataset import Columns
from workers.cli.offline.errors import BadFile
from workers.cli.offline.regions.data import RegionData
from workers.cli.offline.regions.reading import read_any

Ran = tuple[int, str, str]


def save(folder: Path, name: str, value: Any) -> Path:
    (folder / name).write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return folder / name


def read(folder: Path, value: Any, name: str = "a.json", **columns: Any) -> RegionData:
    data = read_any(save(folder, name, value), Columns(**columns))
    assert isinstance(data, RegionData)
    return data


def planted(found: Any) -> set[tuple[str, str]]:
    return {(issue["id"], issue["kind"]) for issue in found["issues"]}


def yolo_folder(folder: Path) -> Path:
    (folder / "set" / "labels").mkdir(parents=True)
    (folder / "set" / "images").mkdir()
    save(folder, "set/data.yaml", "train: x\nnames:\n  0: car\n  1: 'dog'\nnc: 2\n")
    for n in range(30):
        save(folder, f"set/labels/{n}.txt", "\n".join(map(files.yolo_line, files.given(n))))
    Image.new("L", (int(files.W), int(files.H))).save(folder / "set" / "images" / "3.png")
    save(folder, "set/images/5.png", "no picture")
    return folder / "set"


def test_a_picture_of_an_export_is_called_by_its_file_and_not_by_what_stands_before_it(
    scan: Callable[..., Ran], tmp_path: Path
) -> None:
    tasks = files.ls_pictures(predicted=False)
    for n, task in enumerate(tasks):
        task["data"] = {"sku": "A-17", "image": f"/data/upload/1/p{n}.jpg"}
    save(tmp_path, "a.json", tasks)
    rows = [{"file_name": f"p{n}.jpg", "predictions": []} for n in range(len(tasks))]
    save(tmp_path, "p.json", rows)
    code, out, err = scan("a.json", "--predictions", "p.json", "--json")
    assert code == 0, err
    assert {issue["content"] for issue in json.loads(out)["issues"]} <= {
        f"/data/upload/1/p{n}.jpg" for n in range(len(tasks))
    }


# --- forms ----------------------------------------------------------------------------------------


def test_planted_errors_of_an_export_are_named_by_their_kind(
    scan: Callable[..., Ran], tmp_path: Path
) -> None:
    save(tmp_path, "a.json", files.ls_pictures())
    code, out, err = scan("a.json", "--json")
    found = json.loads(out)
    assert code == 0, err
    assert (found["type"], found["n_items"], found["n_labels"]) == ("boxes", 30, 59)
    assert planted(found) == files.PLANTED
    assert found["judged_by"] == "the predictions in the file"
    swapped = next(issue for issue in found["issues"] if issue["kind"] == "swapped")
    assert swapped["region"] == "r0"
    assert "is seen here with" in swapped["reason"]
    assert 0 < swapped["probability"] <= 1


@pytest.mark.parametrize("form", ["coco_results", "nested_rows", "flat_rows", "parquet"])
def test_coco_is_judged_by_a_file_of_predictions(scan: Callable[..., Ran], tmp_path: Path, form: str) -> None:
    save(tmp_path, "coco.json", files.coco())
    results: Any = files.coco_results()
    if form == "nested_rows":
        results = [
            {
                "file_name": f"some/where/p{n}.jpg",
                "predictions": [
                    {"label": name, "box": corners, "score": 0.95} for name, *corners in files.truth(n)
                ],
            }
            for n in range(30)
        ]
    if form == "flat_rows":
        results = [
            {"image": f"p{n}.jpg", "label": name, "x1": a, "y1": b, "x2": c, "y2": d, "confidence": 0.95}
            for n in range(30)
            for name, a, b, c, d in files.truth(n)
        ]
    name = "p.json"
    if form == "parquet":
        name = "p.parquet"
        pq.write_table(pa.Table.from_pylist(results), tmp_path / name)
    else:
        save(tmp_path, name, results)
    code, out, err = scan("coco.json", "--predictions", name, "--json")
    assert code == 0, err
    assert planted(json.loads(out)) == files.PLANTED


def test_yolo_and_voc_folders_are_judged_alike(scan: Callable[..., Ran], tmp_path: Path) -> None:
    yolo_folder(tmp_path)
    (tmp_path / "found").mkdir()
    (tmp_path / "voc" / "Annotations").mkdir(parents=True)
    for n in range(30):
        save(tmp_path, f"found/{n}.txt", "\n".join(files.yolo_line(box, 0.95) for box in files.truth(n)))
        save(tmp_path, f"voc/Annotations/p{n}.xml", files.voc_file(n))
    rows = [
        {"image": f"p{n}", "label": name, "xmin": a, "ymin": b, "xmax": c, "ymax": d, "score": 0.95}
        for n in range(30)
        for name, a, b, c, d in files.truth(n)
    ]
    save(tmp_path, "p.json", rows)
    yolo = json.loads(scan("set/", "--predictions", "found/", "--json")[1])
    voc = json.loads(scan("voc/", "--predictions", "p.json", "--json")[1])
    assert planted(yolo) == files.PLANTED
    assert {(name.removeprefix("p"), kind) for name, kind in planted(voc)} == files.PLANTED
    assert any(note.startswith("29 × picture that is not there or cannot be read") for note in yolo["notes"])


@pytest.mark.parametrize(
    "names", ["names: [car, dog]", "names:\n- car\n- 'dog'\n", "nc: 2\nnames: {0: car, 1: dog}"]
)
def test_classes_of_yolo_are_read_from_every_spelling(tmp_path: Path, names: str) -> None:
    folder = yolo_folder(tmp_path)
    save(folder, "data.yaml", names)
    data = read_any(folder, Columns())
    assert isinstance(data, RegionData)
    assert data.classes == ("car", "dog")


def test_json_min_keeps_its_boxes(tmp_path: Path) -> None:
    rows = []
    for n in range(4):
        held = [region["value"] | {"original_width": files.W, "original_height": files.H} for region in
                files.ls_picture(n)["annotations"][0]["result"]]  # fmt: skip
        rows.append({"id": n, "image": f"p{n}.jpg", "box": held, "annotator": 4})
    data = read(tmp_path, rows)
    assert data.items[1].answers[0].regions[0].spot == pytest.approx((*files.given(1)[0][1:], 0))
    assert data.items[1].answers[0].annotator == "4"


def test_a_turned_box_is_turned_in_pixels(tmp_path: Path) -> None:
    corners = [(100, 100), (100, 300), (20, 300), (20, 100)]  # a quarter turn clockwise about the first
    line = "0 " + " ".join(f"{x / files.W} {y / files.H}" for x, y in corners)
    folder = yolo_folder(tmp_path)
    save(folder, "labels/3.txt", line)
    data = read_any(folder, Columns())
    assert isinstance(data, RegionData)
    spot = next(item for item in data.items if item.id == "3").answers[0].regions[0].spot
    assert spot == pytest.approx((100, 100, 300, 180, 90))
    task = files.ls_picture(0)
    task["annotations"][0]["result"][0]["value"] |= {
        "x": 12.5,
        "y": 100 / 6,
        "width": 25,
        "height": 80 / 6,
        "rotation": 90,
    }
    assert read(tmp_path, [task, task]).items[0].answers[0].regions[0].spot == pytest.approx(
        (100, 100, 300, 180, 90)
    )


# --- who judges ----------------------------------------------------------------------------------------


def shared(n_people: int) -> list[dict[str, Any]]:
    """Everybody draws the truth; person 1 errs as planted."""
    tasks = files.ls_pictures(12, predicted=False)
    for n, task in enumerate(tasks):
        for person in range(2, n_people + 1):
            drawn = [ls for k, box in enumerate(files.truth(n)) for ls in [files.ls_region(box, f"r{k}")]]
            task["annotations"].append({"id": f"{n}-{person}", "completed_by": person, "result": drawn})
    return tasks


def test_without_a_model_the_others_judge(scan: Callable[..., Ran], tmp_path: Path) -> None:
    save(tmp_path, "a.json", shared(4))
    found = json.loads(scan("a.json", "--json")[1])
    assert found["judged_by"] == "the other annotators, each left out in turn"
    by_first = {(each["id"], each["kind"]) for each in found["issues"] if each["annotator"] == "1"}
    assert by_first >= files.PLANTED
    assert not [each for each in found["issues"] if each["annotator"] != "1" and each["score"] > 0.9]


def test_two_people_judge_each_other_and_that_is_said(scan: Callable[..., Ran], tmp_path: Path) -> None:
    save(tmp_path, "a.json", shared(2))
    found = json.loads(scan("a.json", "--json")[1])
    assert "24 answers are held against one other person's only: either may be wrong." in found["warnings"]


def test_one_annotator_without_predictions_is_refused_with_the_option(
    scan: Callable[..., Ran], tmp_path: Path
) -> None:
    save(tmp_path, "a.json", files.ls_pictures(predicted=False))
    code, out, err = scan("a.json")
    assert (code, out) == (1, "")
    assert "nothing can judge its boxes" in err
    assert "--predictions" in err


def test_a_model_that_finds_nothing_says_so(scan: Callable[..., Ran], tmp_path: Path) -> None:
    tasks = files.ls_pictures()
    for task in tasks:
        task["predictions"][0]["result"] = []
    save(tmp_path, "a.json", tasks)
    found = json.loads(scan("a.json", "--json")[1])
    assert found["issues"] == []
    assert any("hold no region at all" in text for text in found["warnings"])
    assert any(text.startswith("59 boxes are not judged") for text in found["warnings"])


def test_a_model_that_finds_everything_is_worth_little(scan: Callable[..., Ran], tmp_path: Path) -> None:
    tasks = files.ls_pictures(10)
    for task in tasks:
        task["predictions"][0]["result"] += [
            files.ls_region((name, x, y, x + 30, y + 30), f"{name}{x}{y}", 0.99)
            for name in files.CLASSES
            for x in range(0, 770, 35)
            for y in range(0, 570, 35)
        ]
    save(tmp_path, "a.json", tasks)
    found = json.loads(scan("a.json", "--json")[1])
    assert [issue for issue in found["issues"] if issue["kind"] == "overlooked"] == []
    assert any("weaker findings are not listed" in text for text in found["warnings"])


def test_predictions_without_a_score_count_whole_and_that_is_said(tmp_path: Path) -> None:
    tasks = files.ls_pictures(4)
    for task in tasks:
        for region in task["predictions"][0]["result"]:
            del region["score"]
    data = read(tmp_path, tasks)
    assert data.items[0].predictions is not None
    assert data.items[0].predictions[0].score == 1
    assert any("prediction without a score: taken as 100 %" in note for note in data.notes)


# --- bad input ------------------------------------------------------------------------------------------


def spoiled(change: Callable[[dict[str, Any]], None]) -> list[dict[str, Any]]:
    """An export whose first region of the first task is changed."""
    tasks = files.ls_pictures(12)
    change(tasks[0]["annotations"][0]["result"][0])
    return tasks


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda region: region["value"].update(width=0), "box without an area"),
        (lambda region: region["value"].update(height=-3), "box without an area"),
        (lambda region: region["value"].update(x=math.nan), "box with a number that is none"),
        (lambda region: region["value"].update(y=None), "box with a number that is none"),
        (lambda region: region["value"].update(rotation="left"), "box with a number that is none"),
        (lambda region: region["value"].update(rectanglelabels=[]), "region without a label"),
        (lambda region: region["value"].pop("rectanglelabels"), "region without a label"),
    ],
)
def test_a_box_that_is_none_is_counted_and_the_others_are_judged(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], reason: str
) -> None:
    data = read(tmp_path, spoiled(change))
    assert [(one.place, one.reason) for one in data.left_out] == [("task 0, region r0", reason)]
    assert len(data.items[0].answers[0].regions) == 1


def test_percent_beyond_the_picture_is_judged_and_said(tmp_path: Path) -> None:
    data = read(tmp_path, spoiled(lambda region: region["value"].update(x=95, width=40)))
    assert data.items[0].answers[0].regions[0].spot[2] == pytest.approx(1.35 * files.W)
    assert any("box that stands out of its picture (first: task 0, region r0)" in note for note in data.notes)


def test_an_id_twice_and_a_relation_to_nothing_are_said(tmp_path: Path) -> None:
    tasks = files.ls_pictures(3)
    result = tasks[0]["annotations"][0]["result"]
    result[1]["id"] = result[0]["id"]
    result.append({"type": "relation", "from_id": "r0", "to_id": "gone", "direction": "right"})
    data = read(tmp_path, tasks)
    assert len(data.items[0].answers[0].regions) == 2
    assert any("whose id another of its annotation has" in note for note in data.notes)
    assert any("relation with a region that is not there" in note for note in data.notes)


def test_a_missing_size_is_taken_from_another_region_or_percent_are_compared(tmp_path: Path) -> None:
    def without(region: dict[str, Any]) -> None:
        del region["original_width"], region["original_height"]

    whole = read(tmp_path, spoiled(without))
    assert whole.items[0].size == (files.W, files.H)
    tasks = files.ls_pictures(3)
    for one in (*tasks[0]["annotations"], *tasks[0]["predictions"]):
        for region in one["result"]:
            without(region)
    tasks[0]["annotations"][0]["result"][1]["value"]["rotation"] = 30
    data = read(tmp_path, tasks)
    assert data.items[0].size is None
    assert [one.reason for one in data.left_out] == ["turned box without original_width and original_height"]
    assert any("compared in percent" in note for note in data.notes)


def test_predictions_in_pixels_are_not_held_against_percent(scan: Callable[..., Ran], tmp_path: Path) -> None:
    yolo_folder(tmp_path)
    rows = [{"id": n, "label": "car", "box": [1, 1, 9, 9], "score": 0.9} for n in ("3", "4")]
    save(tmp_path, "p.json", rows)
    found = json.loads(scan("set/", "--predictions", "p.json", "--json")[1])
    assert {
        "picture whose size is not known: predictions in pixels cannot be held against its boxes",
        "no prediction",
    } <= {one["reason"] for one in found["left_out"]}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"image_id": 99}, "annotation of an image that is not among the images"),
        ({"category_id": 99}, "category that is not among the categories"),
        ({"iscrowd": 1}, "box of a crowd (iscrowd)"),
        ({"bbox": [1, 2, 0, 5]}, "box without an area"),
        ({"bbox": [1, 2, "x", 5]}, "box with a number that is none"),
        ({"bbox": None}, "box with a number that is none"),
    ],
)
def test_coco_annotations_that_cannot_be_judged_are_counted(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    value = files.coco()
    value["annotations"][4] |= change
    data = read(tmp_path, value)
    assert [one.reason for one in data.left_out] == [reason]
    assert "annotation 4" in data.left_out[0].place


@pytest.mark.parametrize("form", ["mark and line ends of Windows", "utf-16", "in a list", "under a name"])
def test_coco_is_known_however_it_is_wrapped(tmp_path: Path, form: str) -> None:
    value: Any = {"in a list": [files.coco()], "under a name": {"train": files.coco()}}.get(
        form, files.coco()
    )
    text = json.dumps(value, indent=1).replace("\n", "\r\n")
    coded = text.encode("utf-16" if form == "utf-16" else "utf-8-sig")
    (tmp_path / "a.json").write_bytes(coded)
    data = read_any(tmp_path / "a.json", Columns())
    assert isinstance(data, RegionData)
    assert (len(data.items), data.names(), data.left_out) == (30, files.CLASSES, ())


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"train": files.coco(), "val": files.coco()}, "several data sets in COCO's form: train, val"),
        ([files.coco(), files.coco()], "several data sets in COCO's form: 1, 2"),
        (
            files.coco() | {"annotations": [{"image_id": 1, "file_name": "1.png", "segments_info": []}]},
            "panoptic",
        ),
        (
            files.coco() | {"categories": [{"id": 10, "name": ["car"]}]},
            "category 10 has a name that is no text",
        ),
        (files.coco() | {"categories": [{"id": 1, "name": True}]}, "category 1 has a name that is no text"),
    ],
)
def test_coco_that_cannot_be_judged_is_refused_for_what_it_is(tmp_path: Path, value: Any, words: str) -> None:
    with pytest.raises(BadFile, match=words):
        read(tmp_path, value)


def test_what_coco_does_not_define_is_said(tmp_path: Path) -> None:
    value = files.coco()
    value["categories"].append({"id": 12, "name": "dog"})
    value["annotations"][4]["attributes"] = {"rotation": 30.0, "occluded": False}
    value["annotations"][5]["attributes"] = {"rotation": 0.0}
    data = read(tmp_path, value)
    assert data.names() == files.CLASSES
    assert [note.partition(" (first")[0] for note in data.notes if "COCO" in note or "category" in note] == [
        "1 × category that has the name of another: they are one class",
        "1 × box with attributes.rotation, which COCO does not define: compared as upright",
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("7 .5 .5 .1 .1", "class whose number has no name"),
        ("0 .5 .5 nan .1", "box with a number that is none"),
        ("0 .5 .5 0 .1", "box without an area"),
        ("cat .5 .5 .1 .1", "box with a number that is none"),
        ("0 .1 .1 .2 .1 .2 .3", "line of 7 numbers, which is no box (a polygon?)"),
    ],
)
def test_yolo_lines_that_are_no_boxes_are_counted(tmp_path: Path, line: str, reason: str) -> None:
    folder = yolo_folder(tmp_path)
    save(folder, "labels/2.txt", line)
    data = read_any(folder, Columns())
    assert [(one.place, one.reason) for one in data.left_out] == [("2.txt, line 1", reason)]


def test_an_xml_file_that_is_none_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "v").mkdir()
    save(tmp_path, "v/a.xml", files.voc_file(1))
    save(tmp_path, "v/b.xml", "<annotation><object>")
    save(
        tmp_path,
        "v/c.xml",
        "<annotation><object><bndbox/></object><object><name>x</name></object></annotation>",
    )
    data = read_any(tmp_path / "v", Columns())
    assert [one.reason for one in data.left_out] == [
        "file that is no XML of annotations",
        "region without a label",
        "object without a bndbox",
    ]


def test_other_regions_and_cancelled_annotations_are_counted(tmp_path: Path) -> None:
    tasks = files.ls_pictures(3)
    tasks[0]["annotations"][0]["result"].append(
        {
            "id": "z",
            "from_name": "poly",
            "type": "polygonlabels",
            "value": {"points": [[1, 2]], "polygonlabels": ["x"]},
        }
    )
    tasks[1]["annotations"][0]["was_cancelled"] = True
    data = read(tmp_path, tasks)
    assert "1 result of 'poly' (polygonlabels) is not judged: one control at a time." in data.notes
    assert [one.reason for one in data.left_out] == ["annotation cancelled", "not labelled"]


def test_a_class_that_only_the_model_knows_is_a_class(scan: Callable[..., Ran], tmp_path: Path) -> None:
    tasks = files.ls_pictures()
    for task in tasks:
        task["predictions"][0]["result"].append(files.ls_region(("bus", 5, 5, 60, 60), "b", 0.97))
    save(tmp_path, "a.json", tasks)
    code, out, _ = scan("a.json", "--json")
    assert code == 0
    assert planted(json.loads(out)) >= files.PLANTED


def test_a_thousand_regions_in_a_picture_are_judged(scan: Callable[..., Ran], tmp_path: Path) -> None:
    tasks = files.ls_pictures(4)
    grid = [
        ("car", 20.0 * (n % 40), 20.0 * (n // 40), 20.0 * (n % 40) + 18, 20.0 * (n // 40) + 18)
        for n in range(1000)
    ]
    tasks[0]["annotations"][0]["result"] = [
        files.ls_region(box, f"g{n}") for n, box in enumerate(grid[1:], start=1)
    ]
    tasks[0]["predictions"][0]["result"] = [files.ls_region(box, f"m{n}", 0.9) for n, box in enumerate(grid)]
    save(tmp_path, "a.json", tasks)
    found = json.loads(scan("a.json", "--json")[1])
    assert [issue["spot"]["x1"] for issue in found["issues"] if issue["id"] == "0"] == [0]


def test_two_controls_of_boxes_are_asked_about(tmp_path: Path) -> None:
    tasks = files.ls_pictures(3)
    tasks[0]["annotations"][0]["result"][0]["from_name"] = "other"
    with pytest.raises(BadFile, match=r"several controls label regions: .*Name one with --label-column"):
        read(tmp_path, tasks)
    assert read(tmp_path, tasks, label="other").label_name == "other"


def test_several_pictures_of_a_task_are_pictures_of_their_own(tmp_path: Path) -> None:
    tasks = files.ls_pictures(2, predicted=False)
    for page, region in enumerate(tasks[0]["annotations"][0]["result"]):
        region["item_index"] = page
    data = read(tmp_path, tasks)
    assert [item.id for item in data.items] == ["0/1", "0/2", "1"]


def test_what_is_named_is_not_found_is_said(tmp_path: Path) -> None:
    from workers.cli.offline.kinds import FileKind

    with pytest.raises(BadFile, match="no control labels spans"):
        read(tmp_path, files.ls_pictures(2), kind=FileKind.SPANS)
    with pytest.raises(BadFile, match="it holds no boxes that can be read"):
        read(tmp_path, [{"text": "a", "label": "x"}, {"text": "b", "label": "y"}], kind=FileKind.BOXES)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            [{"image_id": 0, "category_id": 99, "bbox": [1, 2, 3, 4], "score": 0.5}],
            "that the file's categories know",
        ),
        (
            [{"image_id": 0, "category_id": 10, "bbox": [1, 2, 3, 4], "score": 1.5}],
            "without a score from 0 to 1",
        ),
        ([{"image_id": 0, "category_id": 10, "bbox": [1, 2, 0, 4], "score": 0.5}], "box without an area"),
    ],
)
def test_predictions_that_are_none_are_counted(
    scan: Callable[..., Ran], tmp_path: Path, rows: list[Any], words: str
) -> None:
    save(tmp_path, "coco.json", files.coco())
    save(tmp_path, "p.json", [*rows, *files.coco_results()])
    found = json.loads(scan("coco.json", "--predictions", "p.json", "--json")[1])
    assert any(words in one["reason"] for one in found["left_out"])
    assert planted(found) == files.PLANTED


def test_predictions_of_other_pictures_are_refused(scan: Callable[..., Ran], tmp_path: Path) -> None:
    save(tmp_path, "coco.json", files.coco())
    save(
        tmp_path,
        "p.json",
        [{"image_id": f"z{n}", "category_id": 10, "bbox": [1, 2, 3, 4], "score": 0.5} for n in (1, 2)],
    )
    code, _, err = scan("coco.json", "--predictions", "p.json")
    assert code == 1
    assert "none of its predictions is about an item of the file" in err


# --- files that are written --------------------------------------------------------------------------------


def test_the_page_draws_boxes_and_the_table_has_their_places(
    scan: Callable[..., Ran], tmp_path: Path
) -> None:
    tasks = files.ls_pictures()
    for task in tasks:
        for one in (*task["annotations"], *task["predictions"]):
            for region in one["result"]:
                region["value"]["rectanglelabels"] = [f"<b>{region['value']['rectanglelabels'][0]}"]
    save(tmp_path, "a.json", tasks)
    assert scan("a.json", "--out", "a.html")[0] == 0
    assert scan("a.json", "--out", "a.csv")[0] == 0
    page = (tmp_path / "a.html").read_text()
    assert page.count('class="suggested"') >= 3
    assert "<b>car" not in page
    assert "&lt;b&gt;car" in page
    table = list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))
    overlooked = next(row for row in table if row["kind"] == "overlooked")
    assert json.loads(overlooked["spot"])["x1"] == pytest.approx(files.truth(3)[1][1], abs=0.01)
    out = scan("a.json")[1]
    assert "1 overlooked" in out
    assert "1 badly located" in out
