"""Regions as tools write them; and predictions that cannot be about the labels, which are refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.unit.cli.offline import region_files as files
from tests.unit.cli.offline.conftest import csv_of
from workers.cli.offline.dataset import Columns
from workers.cli.offline.errors import BadFile
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.outcome import FileScan
from workers.cli.offline.regions.data import RegionData
from workers.cli.offline.regions.judging_boxes import judge_boxes
from workers.cli.offline.regions.judging_spans import judge_spans
from workers.cli.offline.regions.own import with_predictions
from workers.cli.offline.regions.reading import read_any

PICTURES, TEXTS = range(30), range(60)
FOUND_SPANS = {(str(files.LOST_TEXT), "missing"), (str(files.TURNED_TEXT), "type")}
TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
Box = tuple[str, float, float, float, float]


def save(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def lines(path: Path, rows: Iterable[Any]) -> Path:
    return save(path, "\n".join(map(json.dumps, rows)))


def judged(data: Path, predictions: Path) -> FileScan:
    read = read_any(data, Columns())
    assert isinstance(read, RegionData)
    judge = judge_boxes if read.kind is FileKind.BOXES else judge_spans
    return judge(with_predictions(read, predictions), predictions.name)


def found(scan: FileScan) -> set[tuple[str, str]]:
    return {(issue.id.rpartition("/")[2].removeprefix("p"), issue.kind) for issue in scan.issues}


def coco_from(folder: Path, first: int = 1) -> Path:
    """The pictures as COCO, whose categories count from there."""
    value = files.coco()
    for one in value["categories"]:
        one["id"] += first - 10
    for one in value["annotations"]:
        one["category_id"] += first - 10
    return save(folder / f"coco{first}.json", value)


def results(first: int = 1) -> list[dict[str, Any]]:
    return [{**one, "category_id": one["category_id"] - 10 + first} for one in files.coco_results()]


def rows_of(region: Callable[[Box], dict[str, Any]], key: str = "predictions") -> list[dict[str, Any]]:
    return [{"file_name": f"p{n}.jpg", key: [region(box) for box in files.truth(n)]} for n in PICTURES]


# --- predictions that do not fit -------------------------------------------------------------------


def wrong_boxes(name: str) -> list[dict[str, Any]]:
    if name == "results from 0":
        return results(0)
    if name in ("normalised", "percent"):
        scale = {"normalised": 1, "percent": 100}[name]
        size = (files.W / scale, files.H / scale) * 2
        return [{**one, "bbox": [v / s for v, s in zip(one["bbox"], size, strict=True)]} for one in results()]
    if name == "two corners in bbox":
        return [{**one, "bbox": [x, y, x + w, y + h]} for one in results() for x, y, w, h in [one["bbox"]]]
    names = {"car": "Car", "dog": "Dog"} if name == "other case" else {"car": "0", "dog": "1"}
    return rows_of(lambda box: {"label": names[box[0]], "box": box[1:], "score": 0.9})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("results from 0", "Numbers of classes may begin at 0 or at 1"),
        ("numbers as words", "Are labels called alike"),
        ("other case", "Are labels called alike"),
        ("normalised", "there is one at 0 of 59 given regions"),
        ("percent", "there is one at 0 of 59 given regions"),
        ("two corners in bbox", "there is one at 0 of 59 given regions"),
    ],
)
def test_predicted_boxes_that_cannot_be_about_the_labels_are_refused(
    tmp_path: Path, name: str, words: str
) -> None:
    with pytest.raises(BadFile, match=words) as refused:
        judged(coco_from(tmp_path), save(tmp_path / "p.json", wrong_boxes(name)))
    assert refused.value.argument == "--predictions"


def test_boxes_of_pictures_that_were_made_smaller_fit_little_which_is_said(tmp_path: Path) -> None:
    smaller = [{**one, "bbox": [0.9 * side for side in one["bbox"]]} for one in results()]
    scan = judged(coco_from(tmp_path), save(tmp_path / "p.json", smaller))
    assert any("fit the labels little: there is one at" in text for text in scan.warnings)


def spans_of(change: Callable[[int, int, str], tuple[int, int, str]]) -> list[dict[str, Any]]:
    return [
        {
            "id": n,
            "predictions": [
                dict(zip(("start", "end", "label"), change(*span), strict=True)) | {"score": 0.9}
                for span in files.sentence(n)[1]
            ],
        }
        for n in TEXTS
    ]


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    return lines(
        tmp_path / "texts.jsonl",
        (
            {"id": n, "text": text, "spans": [{"start": a, "end": b, "label": k} for a, b, k in spans]}
            for n in TEXTS
            for text, spans in [files.marked(n)]
        ),
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a, b, label: (a, b, label.lower()), "Are labels called alike"),
        (lambda a, b, label: (a, b, f"B-{label}"), "Are labels called alike"),
        (lambda a, b, label: (a + 1, b + 1, label), "have the same start and end"),
        (lambda a, b, label: (a, b - 1, label), "with the end exclusive"),
        (lambda a, b, label: (a + 999, b + 999, label), "span beyond its text"),
    ],
)
def test_predicted_spans_that_cannot_be_about_the_labels_are_refused(
    tmp_path: Path, texts: Path, change: Callable[[int, int, str], tuple[int, int, str]], words: str
) -> None:
    with pytest.raises(BadFile, match=words):
        judged(texts, lines(tmp_path / "p.jsonl", spans_of(change)))


def test_an_items_regions_that_nobody_can_read_are_not_taken_for_none(tmp_path: Path, texts: Path) -> None:
    rows = spans_of(lambda *span: span)
    rows[59]["predictions"] = [{"start": 0.5, "end": 4, "label": "PER", "score": 0.9}]
    scan = judged(texts, lines(tmp_path / "p.jsonl", rows))
    assert found(scan) == FOUND_SPANS
    assert {one.reason for one in scan.left_out} == {
        "prediction: span without whole offsets",
        "no prediction",
    }


def test_where_nothing_can_be_judged_the_scan_fails(tmp_path: Path) -> None:
    for n in PICTURES:
        no_size = files.voc_file(n).replace("<width>800", "<width>0")
        save(tmp_path / f"voc/p{n}.xml", no_size)
        save(tmp_path / f"found/p{n}.txt", "\n".join(files.yolo_line(box, 0.9) for box in files.truth(n)))
    with pytest.raises(BadFile, match="of its 30 items none can be judged: picture whose size is not known"):
        judged(tmp_path / "voc", tmp_path / "found")


# --- predictions as tools write them -----------------------------------------------------------------


def torchvision(n: int) -> dict[str, Any]:
    boxes = files.truth(n)
    return {
        "image_id": n,
        "boxes": [list(box[1:]) for box in boxes],
        "labels": [files.CLASSES.index(box[0]) + 1 for box in boxes],
        "scores": [0.9, 0.8],
    }


@pytest.mark.parametrize("form", ["ultralytics", "torchvision", "pipeline", "coco with other numbers"])
def test_predictions_of_detectors_judge_as_they_write_them(tmp_path: Path, form: str) -> None:
    data = coco_from(tmp_path)
    value: Any
    if form == "ultralytics":
        value = [{**one, "image_id": f"p{one['image_id']}"} for one in results()]
    elif form == "torchvision":
        value = [torchvision(n) for n in PICTURES]
    elif form == "pipeline":
        corners = ("xmin", "ymin", "xmax", "ymax")
        value = rows_of(
            lambda box: {"label": box[0], "score": 0.9, "box": dict(zip(corners, box[1:], strict=True))}
        )
    else:
        other = files.coco()
        for image in other["images"]:
            image["id"] = 999 - image["id"]
        found_there = [{**one, "image_id": 999 - one["image_id"]} for one in files.coco_results()]
        value = {**other, "annotations": found_there}
    assert found(judged(data, save(tmp_path / "p.json", value))) == files.PLANTED


@pytest.mark.parametrize("added", ["1a2b3c4d-", "1a2b3c4d__"])
def test_pictures_are_found_by_the_names_that_they_had_before_label_studio(
    tmp_path: Path, added: str
) -> None:
    tasks = files.ls_pictures(predicted=False)
    for n, task in enumerate(tasks):
        task["data"] = {"image": f"/data/upload/3/{added}p{n}.jpg"}
    rows = rows_of(lambda box: {"label": box[0], "box": box[1:], "score": 0.9})
    scan = judged(save(tmp_path / "a.json", tasks), lines(tmp_path / "p.jsonl", rows))
    assert found(scan) == files.PLANTED


def test_lists_of_boxes_are_found_by_the_names_of_their_pictures(tmp_path: Path) -> None:
    save(tmp_path / "set/classes.txt", "car\ndog\n")
    for n in PICTURES:
        save(tmp_path / f"set/labels/p{n}.txt", "\n".join(map(files.yolo_line, files.given(n))))
        picture = tmp_path / f"set/images/p{n}.png"
        picture.parent.mkdir(exist_ok=True)
        Image.new("1", (int(files.W), int(files.H))).save(picture)
    rows = rows_of(lambda box: {"label": box[0], "box": box[1:], "score": 0.9})
    assert found(judged(tmp_path / "set", lines(tmp_path / "p.jsonl", rows))) == files.PLANTED


@pytest.mark.parametrize("form", ["corners", "bbox", "lists"])
def test_cells_of_a_table_spell_boxes(tmp_path: Path, form: str) -> None:
    rows: list[dict[str, Any]] = []
    for n in PICTURES:
        boxes = files.truth(n)
        listed = [{"label": box[0], "score": 0.9, "box": box[1:]} for box in boxes]
        if form == "lists":
            rows.append({"image": f"p{n}.jpg", "predictions": json.dumps(listed)})
        for label, x1, y1, x2, y2 in boxes if form != "lists" else ():
            row = {"image": f"p{n}.jpg", "class": label, "confidence": 0.9}
            corners = {"xmin": x1, "ymin": y1, "xmax": x2, "ymax": y2}
            rows.append(
                row | (corners if form == "corners" else {"bbox": f"[{x1},{y1},{x2 - x1},{y2 - y1}]"})
            )
    table = csv_of([[*rows[0]], *([*row.values()] for row in rows)])
    assert found(judged(coco_from(tmp_path), save(tmp_path / "p.csv", table))) == files.PLANTED


def test_a_cell_that_is_nested_without_end_is_no_box(tmp_path: Path) -> None:
    table = csv_of([["image", "class", "confidence", "bbox"], ["p0.jpg", "car", 0.9, "[" * 100_000]])
    with pytest.raises(BadFile, match="of its 1 region none can be used"):
        judged(coco_from(tmp_path), save(tmp_path / "p.csv", table))


def test_a_cell_of_spans_that_is_nested_without_end_is_left_out(tmp_path: Path) -> None:
    cell = json.dumps([{"start": 0, "end": 3, "label": "person"}])
    rows = [["Ann in Rome", cell] for _ in range(60)]
    table = csv_of([["text", "spans"], *rows, ["Bob in Bonn", "[" * 100_000]])
    data = read_any(save(tmp_path / "spans.csv", table), Columns())
    assert isinstance(data, RegionData)
    assert (len(data.items), len(data.left_out)) == (60, 1)


def test_cells_and_triples_spell_spans(tmp_path: Path, texts: Path) -> None:
    spans = [(n, *span) for n in TEXTS for span in files.sentence(n)[1]]
    table = csv_of([["id", "start", "end", "label", "score"], *([*span, 0.9] for span in spans)])
    assert found(judged(texts, save(tmp_path / "p.csv", table))) == FOUND_SPANS
    rows = [{"id": n, "spans": files.sentence(n)[1]} for n in TEXTS]
    assert found(judged(texts, lines(tmp_path / "p.jsonl", rows))) == FOUND_SPANS


def test_numbers_of_classes_mean_nothing_where_no_list_names_them(tmp_path: Path) -> None:
    for n in PICTURES:
        save(tmp_path / f"voc/Annotations/p{n}.xml", files.voc_file(n))
    value = [{**one, "image_id": f"p{one['image_id']}"} for one in results(0)]
    with pytest.raises(BadFile, match="region without a label that the file's categories know"):
        judged(tmp_path / "voc", save(tmp_path / "p.json", value))


def test_spans_of_pipelines_and_of_spacy_judge(tmp_path: Path, texts: Path) -> None:
    grouped, ents = (
        [{"id": n, key: [more | {label: k, "start": a, "end": b} for a, b, k in files.sentence(n)[1]]}
         for n in TEXTS]
        for key, label, more in (("predictions", "entity_group", {"score": 0.9}), ("ents", "label", {}))
    )  # fmt: skip
    assert found(judged(texts, lines(tmp_path / "a.jsonl", grouped))) == FOUND_SPANS
    scan = judged(texts, lines(tmp_path / "b.jsonl", ents))
    assert found(scan) == FOUND_SPANS
    assert any("120 × prediction without a score: taken as 100 %" in note for note in scan.notes)


def test_loose_tokens_of_a_pipeline_are_refused_with_the_option(tmp_path: Path, texts: Path) -> None:
    rows = [{"id": 1, "predictions": [{"entity": "B-PER", "score": 0.9, "start": 0, "end": 4}]}] * 2
    with pytest.raises(BadFile, match="aggregation_strategy='simple'"):
        judged(texts, lines(tmp_path / "p.jsonl", rows))


def test_a_taggers_columns_judge_sentences_of_the_same_words(tmp_path: Path) -> None:
    right = "\n\n".join("\n".join(map(" ".join, tagged(n, files.sentence))) for n in TEXTS)
    scan = judged(save(tmp_path / "a.conll", files.conll()), save(tmp_path / "p.conll", right))
    assert sorted(issue.kind for issue in scan.issues) == ["missing", "type"]


# --- data as tools write them ------------------------------------------------------------------------


def tagged(n: int, of: Callable[[int], tuple[str, list[tuple[int, int, str]]]]) -> list[tuple[str, str]]:
    """(word, tag) of a text of words, each span being one word."""
    text, spans = of(n)
    starts = {start: f"B-{label}" for start, _, label in spans}
    pairs, at = [], 0
    for word in text.split(" "):
        pairs.append((word, starts.get(at, "O")))
        at += len(word) + 1
    return pairs


def expected() -> list[set[tuple[Any, ...]]]:
    return [{(a, b, label) for a, b, label in files.marked(n)[1]} for n in TEXTS]


def given(path: Path) -> list[set[tuple[Any, ...]]]:
    data = read_any(path, Columns())
    assert isinstance(data, RegionData)
    return [{(*region.spot, region.label) for region in item.answers[0].regions} for item in data.items]


@pytest.mark.parametrize("listed", [{"_type": "List"}, {"_type": "Sequence", "length": -1}])
def test_tokens_and_tags_of_a_dataset_are_spans(tmp_path: Path, listed: dict[str, Any]) -> None:
    rows = [
        {"id": str(n), "tokens": [word for word, _ in pairs], "ner_tags": [tag for _, tag in pairs]}
        for n in TEXTS
        for pairs in [tagged(n, files.marked)]
    ]
    assert given(lines(tmp_path / "a.jsonl", rows)) == expected()
    feature = {"feature": {"names": TAGS, "_type": "ClassLabel"}, **listed}
    numbered = [{**row, "ner_tags": [TAGS.index(tag) for tag in row["ner_tags"]]} for row in rows]
    noted = {"huggingface": json.dumps({"info": {"features": {"ner_tags": feature}}})}
    pq.write_table(pa.Table.from_pylist(numbered).replace_schema_metadata(noted), tmp_path / "a.parquet")
    assert given(tmp_path / "a.parquet") == expected()


def test_rows_of_tags_by_several_people_are_answers_about_one_text(tmp_path: Path) -> None:
    row = {"id": 7, "tokens": ["Anna", "sleeps"], "ner_tags": ["B-PER", "O"]}
    data = read_any(lines(tmp_path / "a.jsonl", [row | {"annotator": who} for who in "ab"]), Columns())
    assert isinstance(data, RegionData)
    assert [[one.annotator for one in item.answers] for item in data.items] == [["a", "b"]]


def test_numbers_of_tags_without_names_are_refused(tmp_path: Path) -> None:
    rows = [{"tokens": ["Anna", "sleeps"], "ner_tags": [1, 0]}] * 9
    with pytest.raises(BadFile, match="'ner_tags' holds numbers of tags that nothing names"):
        read_any(lines(tmp_path / "a.jsonl", rows), Columns())


@pytest.mark.parametrize("wrapped", [False, True])
def test_pairs_of_a_text_and_its_entities_are_spans(tmp_path: Path, wrapped: bool) -> None:
    pairs = [[text, {"entities": spans}] for n in TEXTS for text, spans in [files.marked(n)]]
    value = {"classes": ["PER", "LOC"], "annotations": pairs} if wrapped else pairs
    assert given(save(tmp_path / "a.json", value)) == expected()


FOLDERS = {
    "roboflow": ("train/labels", {"data.yaml": "names: ['car', 'dog']\n", "README.roboflow.txt": "hello\n"}),
    "darknet": ("obj_train_data", {"obj.names": "car\ndog\n", "train.txt": "obj_train_data/p1.png\n"}),
    "a yaml of its own": ("labels/train", {"street.yaml": "names:\n  0: car\n  1: dog  # both\n"}),
}


@pytest.mark.parametrize("form", FOLDERS)
def test_yolo_folders_are_read_as_their_tools_lay_them_out(tmp_path: Path, form: str) -> None:
    place, others = FOLDERS[form]
    for n in PICTURES:
        save(tmp_path / "set" / place / f"p{n}.txt", "\n".join(map(files.yolo_line, files.given(n))))
        save(tmp_path / f"found/p{n}.txt", "\n".join(files.yolo_line(box, 0.9) for box in files.truth(n)))
    for name, text in others.items():
        save(tmp_path / "set" / name, text)
    assert found(judged(tmp_path / "set", tmp_path / "found")) == files.PLANTED


def test_a_folder_of_labels_without_names_of_classes_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "labels/p1.txt", "0 .5 .5 .1 .1\n")
    with pytest.raises(BadFile, match="so that no class has a name"):
        read_any(tmp_path, Columns())


def test_turned_predictions_of_yolo_have_a_tenth_number(tmp_path: Path) -> None:
    def corners(box: Box, *more: float) -> str:
        label, x1, y1, x2, y2 = box
        around = [(x1, y1), (x2, y1), (x2, y2), (x1, y2)]
        shares = [v for x, y in around for v in (x / files.W, y / files.H)]
        return " ".join(map(str, [files.CLASSES.index(label), *shares, *more]))

    save(tmp_path / "set/classes.txt", "car\ndog\n")
    for n in PICTURES:
        save(tmp_path / f"set/labels/p{n}.txt", "\n".join(map(corners, files.given(n))))
        save(tmp_path / f"found/p{n}.txt", "\n".join(corners(box, 0.9) for box in files.truth(n)))
    assert found(judged(tmp_path / "set", tmp_path / "found")) == files.PLANTED


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (results(), "COCO's results, which are predictions"),
        ({key: held for key, held in files.coco().items() if key != "categories"}, "names no categories"),
    ],
)
def test_half_of_coco_is_refused_with_what_is_missing(tmp_path: Path, value: Any, words: str) -> None:
    with pytest.raises(BadFile, match=words):
        read_any(save(tmp_path / "a.json", value), Columns())


def test_the_years_of_a_voc_kit_are_read_together(tmp_path: Path) -> None:
    save(tmp_path / "VOC2007/Annotations/p1.xml", files.voc_file(1))
    save(tmp_path / "VOC2012/Annotations/p2.xml", files.voc_file(2))
    data = read_any(tmp_path, Columns())
    assert isinstance(data, RegionData)
    assert [item.id for item in data.items] == ["p1", "p2"]
