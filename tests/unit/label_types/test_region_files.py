"""Predictions of boxes and spans from a file, on the in-memory platform."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from connector.errors import Misconfigured
from connector.model import LabelSchema
from connector.model.jobs import JobKind
from connector.wording import reason_texts
from tests.support.world import World
from tests.unit.label_types.test_region_loop import BOX_SCHEMA, SPAN_SCHEMA, box, label_of

Build = Callable[..., World]
CAR, DOG = box("car", 50, 50), box("dog", 400, 300)
SEEN_CAR = {"label": "car", "score": 0.95, "bbox": [50, 50, 100, 80]}
SEEN_DOG = {"label": "dog", "score": 0.95, "bbox": [400, 300, 100, 80]}
TEXT = "Ana met Bob in Paris."


def reading(build: Build, path: Path, schema: LabelSchema, **labels: str) -> tuple[World, dict[str, str]]:
    world = build(schema=schema, predictions={"source": "file", "path": path})
    ids = {name: world.item(f"{name}.jpg", label) for name, label in labels.items()}
    world.do(JobKind.SYNC)
    return world, ids


def save_lines(path: Path, *rows: Any) -> None:
    path.write_text("\n".join(map(json.dumps, rows)))


def asked(world: World) -> dict[str, tuple[str, str]]:
    return {world.text_of(one.item_id): (one.given, one.suggested) for one in world.issues()}


def test_boxes_in_lines_are_what_labels_are_held_against(build: Build, tmp_path: Path) -> None:
    path = tmp_path / "seen.jsonl"
    both = label_of(CAR, DOG)
    world, ids = reading(build, path, BOX_SCHEMA, right=both, missed=CAR, extra=both, absent=CAR)
    cat = {**SEEN_DOG, "label": "cat"}
    save_lines(
        path,
        {"task_id": ids["right"], "predictions": [SEEN_CAR, SEEN_DOG]},
        {"task_id": int(ids["missed"]), "predictions": [SEEN_CAR, cat]},
        {"file_name": "missed.jpg", **SEEN_DOG},
        {"file_name": "extra.jpg", "boxes": [SEEN_CAR]},
        {"file_name": "other.jpg", "boxes": [SEEN_CAR]},
    )
    world.do(JobKind.SCAN)

    assert asked(world)["missed.jpg"] == (box("(nothing)", 400, 300), DOG)
    assert "right.jpg" not in asked(world)
    scan = world.last_scan()
    assert scan.skipped == {"not_in_file": 1}
    said = " ".join(reason_texts(scan.warnings))
    assert "1 × label that the control does not have (first: line 2, 'cat')" in said
    assert (
        "1 × prediction of an item that the project does not have, or without a label (first: line 5)" in said
    )


def test_coco_names_pictures_and_classes_by_its_own_numbers(build: Build, tmp_path: Path) -> None:
    path = tmp_path / "coco.json"
    world, _ = reading(build, path, BOX_SCHEMA, right=CAR, missed="(none)", extra=DOG)
    images = [
        {"id": n, "file_name": f"{name}.jpg", "width": 800, "height": 600}
        for n, name in enumerate(("extra", "missed", "right"), start=1)
    ]
    seen = {"category_id": 7, "score": 0.95, "bbox": [50, 50, 100, 80]}
    rows = [{"id": 1, "image_id": 3, **seen}, {"id": 2, "image_id": 2, **seen}]
    path.write_text(
        json.dumps({"images": images, "categories": [{"id": 7, "name": "car"}], "annotations": rows})
    )
    world.do(JobKind.SCAN)

    assert asked(world)["missed.jpg"] == (box("(nothing)", 50, 50), CAR)
    assert "right.jpg" not in asked(world)
    assert world.last_scan().skipped == {}, "the model saw nothing in a picture that it lists"


@pytest.mark.parametrize("ending", ["jsonl", "json", "parquet"])
def test_spans_of_a_file_come_with_their_words(build: Build, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"seen.{ending}"
    world = build(schema=SPAN_SCHEMA, predictions={"source": "file", "path": path})
    item = world.item(TEXT, 'PER 0-3 "Ana"')
    world.do(JobKind.SYNC)
    spans = [(0, 3, "PER"), (8, 11, "PER"), (15, 99, "LOC")]
    rows = [
        {"task_id": item, "spans": [{"start": a, "end": b, "label": k, "score": 0.97} for a, b, k in spans]}
    ]
    if ending == "parquet":
        parquet.write_table(pa.Table.from_pylist(rows), path)
    else:
        path.write_text(json.dumps(rows if ending == "json" else rows[0]))
    world.do(JobKind.SCAN)

    assert [suggested for _, suggested in asked(world).values()] == ['PER 8-11 "Bob"']
    assert "1 × span beyond its text" in " ".join(reason_texts(world.last_scan().warnings))


def test_a_box_on_a_picture_of_unknown_size_is_counted(build: Build, tmp_path: Path) -> None:
    path = tmp_path / "seen.jsonl"
    world, _ = reading(build, path, BOX_SCHEMA, sized="(none)", unsized="(none)")
    save_lines(
        path,
        {"file_name": "sized.jpg", "width": 800, "height": 600, "boxes": [SEEN_DOG]},
        {"file_name": "unsized.jpg", "boxes": [SEEN_DOG]},
        {"file_name": "unsized.jpg", **SEEN_DOG, "width": 100, "height": 80},
    )
    world.do(JobKind.SCAN)

    assert [suggested for _, suggested in asked(world).values()] == [DOG]
    assert "2 × box on a picture whose size is not known" in " ".join(
        reason_texts(world.last_scan().warnings)
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [  # the world's items have other numbers: 1 stands for the one that has a label
        ('{"task_id": 1, "boxes": [{"label": "car", "score": 1.7, "bbox": [1, 1, 9, 9]}]}', "line 1: .*1.7"),
        (
            '{"task_id": 1, "boxes": [{"label": "car", "score": 1, "bbox": [1, NaN, 9, 9]}]}',
            "line 1: .*NaN",
        ),
        ('{"image_id": 1, "category_id": 1, "score": 0.5, "bbox": [1, 1, 9, 9]}', "nothing names its item"),
        ('{"file_name": "a.jpg", "category_id": 1, "score": 0.5, "bbox": [1, 1, 9, 9]}', "categories"),
        ('{"file_name": "z.jpg", "boxes": []}', "names none of the project's labelled items"),
        ("{}\n[1]", "line 1: nothing|line 2: is no object"),
        ('{"task_id": 1,', "line 1: is no JSON"),
        (None, "does not exist"),
    ],
)
def test_what_cannot_be_read_names_the_file_the_place_and_the_value(
    build: Build, tmp_path: Path, text: str | None, said: str
) -> None:
    path = tmp_path / "seen.jsonl"
    world, ids = reading(build, path, BOX_SCHEMA, a=CAR)
    if text is not None:
        path.write_text(text.replace('"task_id": 1', f'"task_id": {ids["a"]}'))

    with pytest.raises(Misconfigured, match=rf"seen\.jsonl, .*({said})"):
        world.do(JobKind.SCAN)
    assert not world.issues()
