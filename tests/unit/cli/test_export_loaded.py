"""Exports as the libraries that people train with load them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import pytest

from connector.model import Annotation, Item, LabelSchema, LabelStatus, ObjectTag
from connector.wiring import Services
from tests.unit.cli.conftest import Secondlook
from tests.unit.cli.offline import region_files as files
from tests.unit.web.seeding import NOW

HTML = ObjectTag("t", "HyperText", "page")
TALK = ObjectTag("t", "Paragraphs", "talk", text_key="said")
PLAIN = ObjectTag("t", "Text", "text")
WITHIN = ObjectTag("t", "Text", "ticket.body")
PICTURE = ObjectTag("im", "Image", "image")


def project_of(services: Services, kind: str, classes: tuple[str, ...], tag: ObjectTag, tasks: Any) -> None:
    """Items with their label's key and what the platform holds of it: (data, key, result) each."""
    project = services.project("cats")
    schema = LabelSchema("q", tag.name, classes, (tag,), kind)
    items = [
        Item(str(n), NOW, NOW, data, (Annotation(str(n), "4", key, LabelStatus.VALID, result, NOW, NOW),))
        for n, (data, key, result) in enumerate(tasks, start=1)
    ]
    with services.store.begin() as unit:
        unit.projects.described(project.id, "Labels", [schema], "9")
        unit.items.apply(project.id, items)


def span(start: int, end: int, label: str, text: str) -> dict[str, Any]:
    return files.ls_span(start, end, label, text, f"s{start}") | {"from_name": "q"}


def box(n: int, rotation: float) -> dict[str, Any]:
    region = files.ls_region(files.truth(n)[0], f"r{n}") | {"from_name": "q"}
    return region | {"value": {**region["value"], "rotation": rotation}}


TEXTS = [("Ana flew 😀 to Rome", [(0, 3, "PER", "Ana"), (14, 18, "LOC", "Rome")]), ("Nothing here", [])]
TURNED = [0.0, 30.0, 0.0]
CASES: dict[str, tuple[str, tuple[str, ...], ObjectTag, Any, list[Any]]] = {
    "choice": ("choice", ("cat", "dog"), PLAIN, [({"text": "a"}, "dog", []), ({"text": "b"}, "cat", [])],
               ["dog", "cat"]),
    "sets": ("multi_label", ("joy", "fear"), PLAIN,
             [({"text": "a"}, "fear, joy", []), ({"text": "b"}, "(none)", [])], [["fear", "joy"], []]),
    "spans": ("spans", ("PER", "LOC"), PLAIN,
              [({"title": "Ana", "text": text}, f"key {n}", [span(*one) for one in spans])
               for n, (text, spans) in enumerate(TEXTS)],
              [[dict(zip(("start", "end", "label", "text"), one, strict=True)) for one in spans]
               for _, spans in TEXTS]),
    "boxes": ("boxes", files.CLASSES, PICTURE,
              [({"image": f"/d/p{n}.jpg"}, f"key {n}", [box(n, turn)]) for n, turn in enumerate(TURNED)], []),
}  # fmt: skip


def plain(value: Any) -> Any:
    """Lists, objects and numbers, of whatever a library holds them in."""
    if isinstance(value, np.ndarray | list):
        return [plain(one) for one in value]
    return {key: plain(one) for key, one in value.items()} if isinstance(value, dict) else value


def columns(frame: pd.DataFrame) -> list[Any]:
    return [plain(one) for one in frame["label"]]


def by_datasets(path: Path) -> list[Any]:
    rows = datasets.load_dataset(str(path), split="train", cache_dir=str(path.parent / "cache"))
    assert rows.num_rows == len(rows["id"])
    feature = rows.features["label"]
    if isinstance(feature, datasets.ClassLabel):
        return [feature.int2str(one) for one in rows["label"]]
    inner = getattr(feature, "feature", None)
    if isinstance(inner, datasets.ClassLabel):
        return [[inner.int2str(one) for one in row] for row in rows["label"]]
    return [plain(one) for one in rows["label"]]


def by_csv(path: Path) -> list[Any]:
    cells = pd.read_csv(path, keep_default_na=False)["label"]
    return [json.loads(one) if one[:1] == "[" else one for one in cells]


LOADED: dict[str, Callable[[Path], list[Any]]] = {
    "jsonl": lambda path: columns(pd.read_json(path, lines=True)),
    "csv": by_csv,
    "parquet": lambda path: columns(pd.read_parquet(path)),
    "hf": by_datasets,
}


@pytest.mark.parametrize("case", CASES)
def test_every_form_loads_as_what_the_project_holds(
    secondlook: Secondlook, configured: Services, case: str
) -> None:
    kind, classes, tag, tasks, expected = CASES[case]
    project_of(configured, kind, classes, tag, tasks)
    hashes = set()
    for form, load in LOADED.items():
        done = secondlook("export", "cats", "--out", f"a.{form}", "--format", form, "--json")
        assert done.code == 0, done.err
        hashes.add(done.json["content_sha256"])
        label = load(Path(f"a.{form}").absolute())
        if case == "boxes":
            spots = [[one[key] for key in ("x1", "y1", "x2", "y2", "rotation")] for (one,) in label]
            right = [[*files.truth(n)[0][1:], turn] for n, turn in enumerate(TURNED)]
            assert np.allclose(spots, right, atol=0.01)
            assert [one["label"] for (one,) in label] == [files.truth(n)[0][0] for n in range(3)]
        else:
            assert label == expected
    assert len(hashes) == 1


def test_turned_boxes_are_in_coco_and_yolo_what_stands_about_them(
    secondlook: Secondlook, configured: Services
) -> None:
    project_of(configured, *CASES["boxes"][:4])
    assert secondlook("export", "cats", "--out", "c.json", "--format", "coco").code == 0
    assert secondlook("export", "cats", "--out", "y", "--format", "yolo").code == 0
    coco = json.loads(Path("c.json").read_text())
    names = {one["id"]: one["name"] for one in coco["categories"]}
    lines = [path.read_text().split() for path in sorted(Path("y/labels").iterdir())]
    for n, (one, cells) in enumerate(zip(coco["annotations"], lines, strict=True)):
        label, x1, y1, x2, y2 = files.truth(n)[0]
        angle = np.radians(TURNED[n])
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        corners = np.array([[0, 0], [x2 - x1, 0], [x2 - x1, y2 - y1], [0, y2 - y1]]) @ turn.T + [x1, y1]
        low, high = corners.min(axis=0), corners.max(axis=0)
        assert np.allclose(one["bbox"], [*low, *(high - low)], atol=0.01)
        assert (names[one["category_id"]], one["area"]) == (
            label,
            pytest.approx((x2 - x1) * (y2 - y1), abs=1),
        )
        assert one.get("attributes", {"rotation": 0})["rotation"] == TURNED[n]
        shares = [float(cell) for cell in cells[1:]]
        size = [files.W, files.H]
        assert np.allclose(shares, [*((low + high) / 2 / size), *((high - low) / size)], atol=1e-4)
        assert files.CLASSES[int(cells[0])] == label


@pytest.mark.parametrize("form", ["text", "within", "html", "talk"])
def test_conll_holds_the_words_in_which_spans_count(
    secondlook: Secondlook, configured: Services, form: str
) -> None:
    """Whatever other text an item has, and of pages and dialogues too."""
    tag = {"text": PLAIN, "within": WITHIN, "html": HTML, "talk": TALK}[form]
    data: dict[str, Any] = {"title": "Ana flew to a place with a long name"}
    value: dict[str, Any] = {"start": 12, "end": 16, "text": "Rome", "labels": ["LOC"]}
    data |= {"text": "Ana flew to Rome", "page": "<p>Ana <b>flew</b> to Rome</p>"}
    data["ticket"] = {"body": "Ana flew to Rome"}
    data["talk"] = [{"who": "A", "said": "Where?"}, {"who": "B", "said": "Ana flew to Rome"}]
    if form == "html":
        value = {"globalOffsets": {"start": 12, "end": 16}, "hypertextlabels": ["LOC"]}
    if form == "talk":
        value = {"start": "1", "end": "1", "startOffset": 12, "endOffset": 16, "paragraphlabels": ["LOC"]}
    kind = {"html": "hypertextlabels", "talk": "paragraphlabels"}.get(form, "labels")
    result = [{"id": "s", "from_name": "q", "to_name": "t", "type": kind, "value": value}]
    project_of(configured, "spans", ("PER", "LOC"), tag, [(data, "key", result), (data, "none", [])])
    done = secondlook("export", "cats", "--out", "s.conll", "--format", "conll")
    assert done.code == 0
    marked, unmarked = Path("s.conll").read_text().strip().split("\n\n")
    assert marked.endswith("Ana O\nflew O\nto O\nRome B-LOC")
    assert unmarked == marked.replace("B-LOC", "O")


def test_a_token_half_covered_is_in_the_span_and_that_is_said(
    secondlook: Secondlook, configured: Services
) -> None:
    task = ({"text": "Ana flew"}, "key", [span(0, 2, "PER", "An"), span(1, 8, "LOC", "na flew")])
    project_of(configured, "spans", ("PER", "LOC"), PLAIN, [task])
    done = secondlook("export", "cats", "--out", "s.conll", "--format", "conll")
    assert "1 span that overlaps a longer one is left out" in done.err
    assert "1 span begins or ends within a token" in done.err
    assert Path("s.conll").read_text() == "Ana B-LOC\nflew I-LOC\n\n"


def test_items_without_a_text_stand_apart(secondlook: Secondlook, configured: Services) -> None:
    project_of(configured, "spans", ("PER",), PLAIN, [({"other": "x"}, "key", []), ({"text": "x"}, "k", [])])
    done = secondlook("export", "cats", "--out", "s.conll", "--format", "conll")
    assert "1 unreadable" in done.out
    assert Path("s.conll").read_text() == "x O\n\n"


def test_an_export_of_nothing_loads_as_nothing(secondlook: Secondlook, configured: Services) -> None:
    project_of(configured, *CASES["spans"][:4])
    for form in ("csv", "parquet"):  # without a line JSONL has no columns, and `datasets` refuses no rows
        assert secondlook("export", "cats", "--out", f"a.{form}", "--format", form, "--decided").code == 0
        assert LOADED[form](Path(f"a.{form}").absolute()) == []
