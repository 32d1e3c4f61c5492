"""What exports hold after a correction, by mode and type; and several corrections of one picture."""

from __future__ import annotations

import csv
import io
import json
import uuid
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from connector.model import ItemRef, WriteMode, WriteOrder, WriteRecord
from connector.platforms.label_studio.client import LabelStudioClient
from connector.platforms.label_studio.source import LabelStudioSource
from tests.support.codecs import LABEL_STUDIO
from tests.support.label_studio import LabelStudioServer

CONFIG = """<View><Image name="image" value="$image"/><RectangleLabels name="box" toName="image">
<Label value="car"/><Label value="dog"/></RectangleLabels></View>"""
GIVEN, RIGHT = "car 80,60 160x120 of 800x600", "dog 80,60 160x120 of 800x600"
EXTRA, NO_EXTRA = "car 400,300 80x60 of 800x600", "(nothing) 400,300 80x60 of 800x600"
RELATION = {"type": "relation", "from_id": "r1", "to_id": "r2", "direction": "right"}
BESIDE = pytest.mark.parametrize("mode", [WriteMode.GROUND_TRUTH, WriteMode.REPLACE])

Raw = dict[str, Any]


def region(region_id: str, x: float, y: float, w: float, h: float) -> Raw:
    value = {"x": x, "y": y, "width": w, "height": h, "rotation": 0, "rectanglelabels": ["car"]}
    item = {"id": region_id, "from_name": "box", "to_name": "image", "type": "rectanglelabels"}
    return {**item, "original_width": 800, "original_height": 600, "image_rotation": 0, "value": value}


@dataclass
class RegionScene:
    server: LabelStudioServer
    config: str
    control: str
    data: Raw
    result: Sequence[Raw]

    def __post_init__(self) -> None:
        self.project = self.server.new_project(f"Regions {uuid.uuid4().hex[:8]}", self.config)
        (self.task,) = self.server.import_tasks(self.project, [{"data": self.data}])
        someone = self.server.create_user("a@example.com")
        self.annotation = self.server.annotate(self.task, list(self.result), someone)
        client = LabelStudioClient(self.server.url, self.server.token)
        self.source = LabelStudioSource(
            client, str(self.project), label_control=self.control, codecs=LABEL_STUDIO
        )
        self.before = self.shown()

    def order(self, mode: WriteMode, given: str, label: str) -> WriteOrder:
        (item,) = self.source.fetch([str(self.task)])
        ref = ItemRef(item.remote_id, item.created_at)
        return WriteOrder(f"c-{uuid.uuid4().hex}", mode, ref, str(self.annotation), given, label, 0.9)

    def write(self, mode: WriteMode, given: str, label: str) -> tuple[WriteOrder, WriteRecord]:
        order = self.order(mode, given, label)
        if mode is WriteMode.DRY_RUN:
            return order, self.source.write(order)
        before = self.source.prepare(order)
        written = self.source.write(order)
        again = self.source.write(replace(order, before=before))
        assert again.remote_id == written.remote_id, "and nothing is written twice"
        return order, WriteRecord(written.remote_id, before, written.after)

    def shown(self) -> list[Raw]:
        keys = ("result", "ground_truth", "was_cancelled")
        return [{key: one[key] for key in keys} for one in self.server.task(self.task)["annotations"]]

    def regions(self) -> list[str]:
        """All that the first annotation holds, in whatever order."""
        return sorted(json.dumps(one, sort_keys=True) for one in self.shown()[0]["result"])

    def valid(self) -> list[str | None]:
        """The label that stands: of a ground truth, else of what is not cancelled."""
        (item,) = self.source.fetch([str(self.task)])
        counted = [one for one in item.annotations if one.label is not None]
        truths = [one.label for one in counted if one.ground_truth]
        return truths or [one.label for one in counted]

    def export(self, kind: str) -> bytes:
        with self.server.client() as client:
            found = client.get(f"/api/projects/{self.project}/export", params={"exportType": kind})
        found.raise_for_status()
        return found.content

    def labels(self, kind: str) -> Counter[str]:
        """How often each class is in an export."""
        held = self.export(kind)
        if kind == "JSON":
            rows = [one for task in json.loads(held) for one in task["annotations"]]
            parts = [part for one in rows for part in one["result"] if not one["was_cancelled"]]
            return Counter(part["value"]["rectanglelabels"][0] for part in parts if "value" in part)
        if kind == "JSON_MIN":
            return Counter(one["rectanglelabels"][0] for row in json.loads(held) for one in row["box"])
        if kind == "CSV":
            rows = csv.DictReader(io.StringIO(held.decode()))
            return Counter(one["rectanglelabels"][0] for row in rows for one in json.loads(row["box"]))
        with zipfile.ZipFile(io.BytesIO(held)) as folder:
            if kind == "COCO":
                found = json.loads(folder.read("result.json"))
                names = {one["id"]: one["name"] for one in found["categories"]}
                return Counter(names[one["category_id"]] for one in found["annotations"])
            if kind == "VOC":
                files = [folder.read(one).decode() for one in folder.namelist() if one.endswith(".xml")]
                return Counter(
                    name
                    for text in files
                    for name in ("car", "dog")
                    for _ in text.split(f"<name>{name}<")[1:]
                )
            names = folder.read("classes.txt").decode().split()
            lines = [
                folder.read(one).decode().split("\n") for one in folder.namelist() if one.endswith(".txt")
            ]
            numbers = [line.split()[0] for each in lines for line in each if len(line.split()) == 5]
            return Counter(names[int(number)] for number in numbers)


def box_scene(server: LabelStudioServer) -> RegionScene:
    result = [region("r1", 10, 10, 20, 20), region("r2", 50, 50, 10, 10), RELATION]
    return RegionScene(server, CONFIG, "box", {"image": "/data/one.png"}, result)


OLD, NEW = {"car": 2}, {"car": 1, "dog": 1}
BOTH = {"car": 3, "dog": 1}


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (WriteMode.UPDATE, dict.fromkeys(("JSON", "JSON_MIN", "CSV", "COCO", "YOLO", "VOC"), NEW)),
        (WriteMode.REPLACE, dict.fromkeys(("JSON", "JSON_MIN", "CSV", "COCO", "YOLO", "VOC"), NEW)),
        (
            WriteMode.GROUND_TRUTH,
            dict.fromkeys(("JSON", "JSON_MIN", "CSV", "COCO"), BOTH) | dict.fromkeys(("YOLO", "VOC"), OLD),
        ),
        (WriteMode.PREDICTION, dict.fromkeys(("JSON", "JSON_MIN", "CSV", "COCO", "YOLO", "VOC"), OLD)),
        (WriteMode.DRY_RUN, dict.fromkeys(("JSON", "JSON_MIN", "CSV", "COCO", "YOLO", "VOC"), OLD)),
    ],
)
def test_what_each_export_holds_after_a_correction(
    label_studio: LabelStudioServer, mode: WriteMode, expected: dict[str, dict[str, int]]
) -> None:
    scene = box_scene(label_studio)
    order, record = scene.write(mode, GIVEN, RIGHT)
    assert {kind: dict(scene.labels(kind)) for kind in expected} == expected
    scene.source.revert(order, record)
    assert scene.shown() == scene.before


@BESIDE
@pytest.mark.parametrize("first_back", [0, 1])
def test_corrections_of_one_picture_stand_together_and_go_one_by_one(
    label_studio: LabelStudioServer, mode: WriteMode, first_back: int
) -> None:
    scene = box_scene(label_studio)
    made = [scene.write(mode, GIVEN, RIGHT), scene.write(mode, EXTRA, NO_EXTRA)]
    assert made[0][1].remote_id == made[1][1].remote_id, "one annotation holds both"
    assert scene.valid() == [RIGHT]
    assert (scene.shown()[0]["was_cancelled"], len(scene.shown())) == (mode is WriteMode.REPLACE, 2)

    order, record = made[first_back]
    for _ in range(2):
        scene.source.revert(order, record)
    assert scene.valid() == [[GIVEN, f"{EXTRA}\n{RIGHT}"][first_back]], "the other one stands"
    order, record = made[1 - first_back]
    for _ in range(2):
        scene.source.revert(order, record)
    assert scene.shown() == scene.before


@pytest.mark.parametrize("mode", [WriteMode.UPDATE, WriteMode.GROUND_TRUTH])
def test_a_box_is_removed_from_under_another_and_put_back(
    label_studio: LabelStudioServer, mode: WriteMode
) -> None:
    result = [region("r1", 10, 10, 20, 20), region("r2", 50, 50, 10, 10), region("r3", 50, 50, 10, 11)]
    scene = RegionScene(label_studio, CONFIG, "box", {"image": "/data/one.png"}, result)
    order, record = scene.write(mode, EXTRA, NO_EXTRA)
    assert scene.valid() == ["car 400,300 80x66 of 800x600\n" + GIVEN]
    assert scene.source.find_write(order) is not None
    scene.source.revert(order, record)
    assert scene.shown() == scene.before


@BESIDE
def test_a_write_that_broke_off_before_the_original_was_cancelled_is_finished(
    label_studio: LabelStudioServer, mode: WriteMode
) -> None:
    scene = box_scene(label_studio)
    order, _ = scene.write(mode, GIVEN, RIGHT)
    path = f"/api/annotations/{scene.annotation}/"
    label_studio.call("PATCH", path, json={"was_cancelled": False})
    done = scene.source.find_write(order)
    assert (done is None) is (mode is WriteMode.REPLACE)
    scene.source.prepare(order)
    scene.source.write(order)
    assert scene.source.find_write(order) is not None
    assert scene.valid() == [f"{EXTRA}\n{RIGHT}"]
    assert [one["was_cancelled"] for one in scene.shown()] == [mode is WriteMode.REPLACE, False]


@pytest.mark.parametrize("mode", [WriteMode.UPDATE, WriteMode.GROUND_TRUTH, WriteMode.REPLACE])
@pytest.mark.parametrize("first_back", [0, 1])
def test_each_correction_of_a_picture_says_enough_to_be_owned_up_to_and_taken_back(
    label_studio: LabelStudioServer, mode: WriteMode, first_back: int
) -> None:
    """One region removed, whose mark another carries, and that other one changed then."""
    scene = box_scene(label_studio)
    parts = [(EXTRA, NO_EXTRA), (GIVEN, RIGHT)]
    orders = [
        replace(scene.order(mode, *pair), installation="0a1b2c3d4e5f", issue=f"issue-{n}")
        for n, pair in enumerate(parts)
    ]
    for order in orders:
        scene.source.write(order)
    (item,) = scene.source.fetch([str(scene.task)])
    own = {one.marker: one for one in item.own_writes}
    assert {marker: one.origin for marker, one in own.items()} == {one.marker: one.origin for one in orders}
    assert all(scene.source.find_write(order) is not None for order in orders)

    for order in (orders[first_back], orders[1 - first_back]):
        known = own[order.marker]
        scene.source.revert(order, WriteRecord(known.remote_id, known.before, known.after))
    assert scene.regions() == sorted(json.dumps(one, sort_keys=True) for one in scene.before[0]["result"])
    assert [one["was_cancelled"] for one in scene.shown()] == [False]
    assert scene.source.fetch([str(scene.task)])[0].own_writes == ()


def test_a_deletion_that_hangs_spares_a_later_correction_and_what_it_hits_is_put_right(
    label_studio: LabelStudioServer,
) -> None:
    scene = box_scene(label_studio)
    first, record = scene.write(WriteMode.REPLACE, GIVEN, RIGHT)
    path = f"/api/annotations/{record.remote_id}/"
    label_studio.call("PATCH", path, json={"result": scene.before[0]["result"]})  # as far as a revert came
    later, written = scene.write(WriteMode.REPLACE, EXTRA, NO_EXTRA)
    scene.source.revert(first, record)
    assert scene.valid() == [GIVEN]
    assert [one["was_cancelled"] for one in scene.shown()] == [True, False], "it still stands in its place"

    label_studio.call("DELETE", f"/api/annotations/{written.remote_id}/")
    assert scene.source.find_write(later) is None, "what hit it is noticed"
    scene.source.revert(later, written)
    assert scene.shown() == scene.before


TEXT = "Ana flew to Rome"
SPAN_CONFIG = """<View><Text name="text" value="$text"/><Labels name="ner" toName="text">
<Label value="PER"/><Label value="LOC"/></Labels></View>"""
WRONG, MENDED = 'PER 12-16 "Rome"', 'LOC 12-16 "Rome"'


def span(region_id: str, label: str, start: int, end: int) -> Raw:
    value = {"start": start, "end": end, "text": TEXT[start:end], "labels": [label]}
    return {"id": region_id, "from_name": "ner", "to_name": "text", "type": "labels", "value": value}


def tags_of(exported: bytes) -> list[str]:
    """The tags of each sentence in a CONLL2003 export, as one text."""
    blocks = exported.decode().split("\n\n")
    lines = [[line.split() for line in block.splitlines() if "-X-" in line] for block in blocks]
    rows = [[cells[-1] for cells in each if cells[0] != "-DOCSTART-"] for each in lines]
    return sorted(" ".join(row) for row in rows if row)


def shown_spans(scene: RegionScene) -> dict[str, list[list[str]]]:
    """Export → the labels of each annotation that it holds and that is not cancelled."""
    tasks = json.loads(scene.export("JSON"))
    rows = csv.DictReader(io.StringIO(scene.export("CSV").decode()))
    held = {
        "JSON": [
            [part["value"] for part in one["result"]]
            for task in tasks
            for one in task["annotations"]
            if not one["was_cancelled"]
        ],
        "JSON_MIN": [row["ner"] for row in json.loads(scene.export("JSON_MIN"))],
        "CSV": [json.loads(row["ner"]) for row in rows],
    }
    return {
        kind: sorted(sorted(one["labels"][0] for one in each) for each in found)
        for kind, found in held.items()
    }


OLD_TAGS, NEW_TAGS = "B-PER O O B-PER", "B-PER O O B-LOC"


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (WriteMode.UPDATE, [NEW_TAGS]),
        (WriteMode.REPLACE, [NEW_TAGS]),
        (WriteMode.GROUND_TRUTH, sorted([OLD_TAGS, NEW_TAGS])),
        (WriteMode.PREDICTION, [OLD_TAGS]),
        (WriteMode.DRY_RUN, [OLD_TAGS]),
    ],
)
def test_what_conll_holds_after_a_correction(
    label_studio: LabelStudioServer, mode: WriteMode, expected: list[str]
) -> None:
    result = [span("s1", "PER", 0, 3), span("s2", "PER", 12, 16)]
    scene = RegionScene(label_studio, SPAN_CONFIG, "ner", {"text": TEXT}, result)
    assert tags_of(scene.export("CONLL2003")) == [OLD_TAGS]
    order, record = scene.write(mode, WRONG, MENDED)
    assert tags_of(scene.export("CONLL2003")) == expected
    marked = sorted([["PER", "PER"] if tags == OLD_TAGS else ["LOC", "PER"] for tags in expected])
    assert shown_spans(scene) == {"JSON": marked, "JSON_MIN": marked, "CSV": marked}
    scene.source.revert(order, record)
    assert scene.shown() == scene.before


WHOLE_CONFIG = """<View><Text name="text" value="$text"/>
<Choices name="animal" toName="text" choice="single"><Choice value="cat"/><Choice value="dog"/></Choices>
<Choices name="moods" toName="text" choice="multiple"><Choice value="joy"/><Choice value="fear"/></Choices>
<Rating name="stars" toName="text" maxRating="5"/></View>"""
CORRECTED = {"animal": ("cat", "dog"), "moods": ("joy", "fear, joy"), "stars": ("2", "5")}
WAS, IS = "cat · joy · 2", "dog · fear, joy · 5"


def whole(control: str, kind: str, value: Any) -> Raw:
    return {"id": control, "from_name": control, "to_name": "text", "type": kind, "value": {kind: value}}


def said(animal: Any, moods: Any, stars: Any) -> str:
    """The three labels in words, whichever way an export spells them."""
    found = json.loads(moods) if isinstance(moods, str) and moods[:1] == "{" else moods
    chosen = found["choices"] if isinstance(found, dict) else [found] if isinstance(found, str) else found
    rated = json.loads(stars) if isinstance(stars, str) else stars
    number = rated[0]["rating"] if isinstance(rated, list) else rated
    return f"{animal} · {', '.join(sorted(chosen))} · {number}"


def shown_whole(scene: RegionScene) -> dict[str, list[str]]:
    """Export → what each annotation in it says that is not cancelled."""
    raw = [
        {part["from_name"]: part["value"][part["type"]] for part in one["result"]}
        for task in json.loads(scene.export("JSON"))
        for one in task["annotations"]
        if not one["was_cancelled"]
    ]
    flat = json.loads(scene.export("JSON_MIN"))
    rows = list(csv.DictReader(io.StringIO(scene.export("CSV").decode())))
    return {
        "JSON": sorted(said(one["animal"][0], one["moods"], one["stars"]) for one in raw),
        "JSON_MIN": sorted(said(one["animal"], one["moods"], one["stars"]) for one in flat),
        "CSV": sorted(said(one["animal"], one["moods"], one["stars"]) for one in rows),
    }


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (WriteMode.UPDATE, [IS]),
        (WriteMode.REPLACE, [IS]),
        (WriteMode.GROUND_TRUTH, [WAS, IS]),
        (WriteMode.PREDICTION, [WAS]),
        (WriteMode.DRY_RUN, [WAS]),
    ],
)
def test_what_exports_hold_after_corrections_of_whole_items(
    label_studio: LabelStudioServer, mode: WriteMode, expected: list[str]
) -> None:
    given = [
        whole("animal", "choices", ["cat"]),
        whole("moods", "choices", ["joy"]),
        whole("stars", "rating", 2),
    ]
    scene = RegionScene(label_studio, WHOLE_CONFIG, "animal", {"text": TEXT}, given)
    for control, (was, now) in CORRECTED.items():
        client = LabelStudioClient(label_studio.url, label_studio.token)
        scene.source = LabelStudioSource(
            client, str(scene.project), label_control=control, codecs=LABEL_STUDIO
        )
        scene.write(mode, was, now)
    assert shown_whole(scene) == dict.fromkeys(("JSON", "JSON_MIN", "CSV"), sorted(expected))
