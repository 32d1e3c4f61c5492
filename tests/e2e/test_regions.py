"""Boxes and spans on a real Label Studio: planted errors, counted in the platform's own exports."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from connector.actions.golden import AS_LABELLED
from connector.actions.revert import ask_revert
from connector.config.file import load
from connector.model import Correction, CorrectionState
from connector.model.jobs import JobKind
from connector.queue import SilentQueue
from connector.wiring import Services, build
from tests.support.label_studio import LabelStudioServer
from tests.support.loop import NAME, Scene, write_config
from workers.cli.app import run as command
from workers.demo.server import User
from workers.label_types.registry import codecs
from workers.people.golden_set import report
from workers.service.runner import run, run_inline

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

Raw = dict[str, Any]
Region = tuple[Any, ...]  # (label, x, y, w, h) in pixels, or (label, start, end)
Pictures = Mapping[str, tuple[Sequence[Region], Sequence[Region]]]  # name → what is given, what is right

WIDTH, HEIGHT = 800, 600
BOX_CONFIG = """<View><Image name="image" value="$image"/>
<RectangleLabels name="box" toName="image"><Label value="car"/><Label value="dog"/></RectangleLabels>
<Choices name="scene" toName="image"><Choice value="day"/><Choice value="night"/></Choices></View>"""
SPAN_CONFIG = """<View><Text name="text" value="$text"/>
<Labels name="ner" toName="text"><Label value="PER"/><Label value="LOC"/></Labels></View>"""
SCENE = {"id": "scene", "from_name": "scene", "to_name": "image", "type": "choices"} | {
    "value": {"choices": ["day"]}
}


@dataclass
class Installation:
    server: LabelStudioServer
    project: int
    services: Services
    people: list[User]
    config: Path

    @property
    def review(self) -> int:
        return int(self.services.project(NAME).review_remote_id or 0)

    def work(self, *kinds: JobKind) -> None:
        """Run these jobs, and whatever follows from them, until nothing is left to do."""
        for kind in kinds:
            run_inline(self.services, NAME, kind)
        deadline = time.monotonic() + 60
        while True:
            with self.services.store.begin() as unit:
                due = unit.jobs.due(timedelta(0))
                left = unit.jobs.unfinished(self.services.project(NAME).id)
            if not left:
                return
            assert time.monotonic() < deadline, f"{left} jobs do not come to an end"
            for job in due:
                run(self.services, job)
            if not due:
                time.sleep(0.1)

    def answer_all(self, say: Callable[[Raw], str]) -> int:
        """Two people answer all that they are offered, as the page would store it; the number of tasks."""
        given = 0
        for person in self.people:
            with self.server.client(person.token) as client:
                while (
                    found := client.get(f"/api/projects/{self.review}/next")
                ).status_code == httpx.codes.OK:
                    task = found.json()
                    shown = [dict(item) for item in task["predictions"][0]["result"]]
                    verdict = {"id": "v", "from_name": "label", "to_name": "item", "type": "choices"}
                    result = [*shown, verdict | {"value": {"choices": [say(task)]}}]
                    path = f"/api/tasks/{task['id']}/annotations/"
                    client.post(path, json={"result": result}).raise_for_status()
                    given += 1
        return given

    def export(self, kind: str) -> bytes:
        with self.server.client() as client:
            found = client.get(f"/api/projects/{self.project}/export", params={"exportType": kind})
        found.raise_for_status()
        return found.content

    def training_set(self, form: str) -> Path:
        """What `secondlook export` writes of it."""
        run_inline(self.services, NAME, JobKind.SYNC)
        out = self.config.with_name(f"training.{form}")
        asked = ["export", NAME, "--format", form, "--out", str(out)]
        assert command(["--config", str(self.config), *asked]) == 0
        return out

    def results(self) -> dict[str, list[Raw]]:
        """Item → the result of its one annotation."""
        tasks = self.server.tasks(self.project)
        assert all(len(task["annotations"]) == 1 for task in tasks)
        return {_of(task): task["annotations"][0]["result"] for task in tasks}


@contextmanager
def installed(
    server: LabelStudioServer,
    folder: Path,
    config: str,
    control: str,
    tasks: Sequence[Raw],
    **sections: Mapping[str, Any],
) -> Iterator[Installation]:
    project = server.new_project("Regions", config, tasks)
    people = [server.create_user(f"reviewer-{n}@example.com") for n in range(2)]
    scene = Scene(server, project, {}, people)
    path = write_config(folder, scene, server.url, project={"policy": {"min_class_examples": 1}, **sections})
    text = path.read_text().replace(
        f"project = {project}\n", f'project = {project}\nlabel_control = "{control}"\n', 1
    )
    path.write_text(text)
    services = build(load(path), SilentQueue(), codecs=codecs())
    try:
        made = Installation(server, project, services, people, path)
        run_inline(services, NAME, JobKind.SYNC)
        made.work(JobKind.SCAN, JobKind.PUSH)
        yield made
    finally:
        services.close()


# --- boxes -----------------------------------------------------------------------------------


def pictures() -> Pictures:
    """24 right pictures, and 3 for each kind of error."""
    made: dict[str, tuple[list[Region], list[Region]]] = {}
    for n in range(36):
        car, dog = ("car", 40 + 6 * n, 60, 120, 80), ("dog", 300 + 5 * n, 300, 100, 150)
        given = {
            "overlooked": [car],
            "spurious": [car, dog, ("car", 620, 20, 90, 60)],
            "swapped": [car, ("car", *dog[1:])],
            "badly located": [car, ("dog", dog[1] + 35, 345, 100, 150)],
        }
        kind = "right" if n < 24 else list(given)[n % 4]
        made[f"{kind} {n}.png"] = (given.get(kind, [car, dog]), [car, dog])
    return made


def as_box(region: Region, region_id: str, score: float | None = None) -> Raw:
    label, x, y, w, h = region
    value = {
        "x": x / WIDTH * 100,
        "y": y / HEIGHT * 100,
        "width": w / WIDTH * 100,
        "height": h / HEIGHT * 100,
    }
    item = {"id": region_id, "from_name": "box", "to_name": "image", "type": "rectanglelabels"}
    size = {"original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0}
    held = {"value": {**value, "rotation": 0, "rectanglelabels": [label]}}
    return {**item, **size, **held, **({} if score is None else {"score": score})}


def box_task(name: str, given: Sequence[Region], right: Sequence[Region], annotator: int) -> Raw:
    result = [as_box(region, f"r{n}") for n, region in enumerate(given)]
    relation = {"type": "relation", "from_id": "r0", "to_id": f"r{len(given) - 1}", "direction": "right"}
    predicted = [as_box(region, f"p{n}", 0.97) for n, region in enumerate(right)]
    whole = [SCENE, *([relation] if len(given) > 1 else [])]
    return {
        "data": {"image": f"/data/{name}"},
        "annotations": [{"result": [*result, *whole], "completed_by": annotator}],
        "predictions": [{"model_version": "detector-1", "score": 0.97, "result": predicted}],
    }


def in_coco(exported: bytes) -> dict[str, list[Region]]:
    """Picture → its boxes, in the platform's COCO export."""
    with zipfile.ZipFile(io.BytesIO(exported)) as folder:
        return coco_of(folder.read("result.json"))


def coco_of(content: bytes) -> dict[str, list[Region]]:
    """The same of COCO's JSON."""
    found = json.loads(content)
    names = {one["id"]: one["name"] for one in found["categories"]}
    pictures = {one["id"]: _name(one["file_name"]) for one in found["images"]}
    boxes: dict[str, list[Region]] = {name: [] for name in pictures.values()}
    for one in found["annotations"]:
        boxes[pictures[one["image_id"]]].append((names[one["category_id"]], *one["bbox"]))
    return boxes


def in_yolo(exported: bytes) -> dict[str, list[Region]]:
    """The same of the YOLO export."""
    with zipfile.ZipFile(io.BytesIO(exported)) as folder:
        names = folder.read("classes.txt").decode().split()
        rows = {Path(one).stem: folder.read(one).decode() for one in folder.namelist() if "labels/" in one}
    found: dict[str, list[Region]] = {}
    for stem, text in rows.items():
        boxes = [line.split() for line in text.splitlines()]
        numbers = [(names[int(one[0])], *map(float, one[1:5])) for one in boxes]
        found[_name(f"{stem}.png")] = [
            (label, (x - w / 2) * WIDTH, (y - h / 2) * HEIGHT, w * WIDTH, h * HEIGHT)
            for label, x, y, w, h in numbers
        ]
    return found


def in_voc(exported: bytes) -> dict[str, list[Region]]:
    """The same of the Pascal VOC export, whose corners are whole pixels."""
    found: dict[str, list[Region]] = {}
    with zipfile.ZipFile(io.BytesIO(exported)) as folder:
        for file in (one for one in folder.namelist() if one.endswith(".xml")):
            boxes = []
            for each in ET.fromstring(folder.read(file)).iter("object"):  # noqa: S314 - a server of ours
                x1, y1, x2, y2 = (
                    float(each.findtext(f"bndbox/{side}", "")) for side in ("xmin", "ymin", "xmax", "ymax")
                )
                boxes.append((each.findtext("name", ""), x1, y1, x2 - x1, y2 - y1))
            found[_name(f"{Path(file).stem}.png")] = boxes
    return found


BOX_EXPORTS = {"COCO": in_coco, "YOLO": in_yolo, "VOC": in_voc}


def _name(file: str) -> str:
    """The picture's own name: exports put a number before it."""
    return Path(file).name.split("__", 1)[-1]


def wrong_boxes(exported: Mapping[str, Sequence[Region]], right: Pictures) -> tuple[int, int]:
    """(boxes that are wrong or missing, right boxes that are there) in an export."""
    wrong = there = 0
    for name, (_, truth) in right.items():
        left = list(exported[name])
        for region in truth:
            same = next((one for one in left if _same(one, region)), None)
            if same is None:
                wrong += 1
            else:
                left.remove(same)
                there += 1
        wrong += len(left)
    return wrong, there


def _same(one: Region, other: Region) -> bool:
    """Of one class and place; VOC cuts off parts of a pixel."""
    return one[0] == other[0] and all(abs(a - b) < 1.5 for a, b in zip(one[1:], other[1:], strict=True))


def truthful(right: Pictures) -> Callable[[Raw], str]:
    """A reviewer who knows what is on the pictures and reads the question: orange, blue, answers."""

    def say(task: Raw) -> str:
        truth = right[_of(task)][1]
        shown = task["predictions"][0]["result"]
        seen = {item["from_name"]: _region_of(item) for item in reversed(shown)}
        codes = [one["alias"] for one in task["data"]["secondlook_answers"]]
        if any(_same(seen["box"], one) for one in truth):
            return "given" if "given" in codes else "model"
        if (
            "model" in codes
            and "given" in codes
            and ("model" not in seen or any(_same(seen["model"], one) for one in truth))
        ):
            return "model"
        return "remove"

    return say


def _of(task: Raw) -> str:
    """The name of what a task shows."""
    data = task["data"]
    if "secondlook_counted" in data:
        return str(data["secondlook_counted"])
    if "html" in data:
        return unescape(re.sub("<[^>]*>", "", data["html"]))
    if "talk" in data:
        return "\n".join(turn["said"] for turn in data["talk"])
    return Path(data["image"]).name if "image" in data else str(data["text"])


def _region_of(item: Raw) -> Region:
    value = item["value"]
    if "start" in value:
        return (value["labels"][0], value["start"], value["end"])
    x, y, w, h = (value[name] for name in ("x", "y", "width", "height"))
    place = (x / 100 * WIDTH, y / 100 * HEIGHT, w / 100 * WIDTH, h / 100 * HEIGHT)
    return (value["rectanglelabels"][0], *place)


def test_wrong_boxes_are_repaired_in_the_exports_that_people_train_on(
    label_studio: LabelStudioServer, tmp_path: Path
) -> None:
    right = pictures()
    annotator = label_studio.create_user("annotator@example.com")
    tasks = [box_task(name, *regions, annotator.id) for name, regions in right.items()]
    with installed(label_studio, tmp_path, BOX_CONFIG, "box", tasks) as made:
        results = made.results()
        for kind, read in BOX_EXPORTS.items():
            assert wrong_boxes(read(made.export(kind)), right) == (18, 63), kind
        assert made.answer_all(truthful(right)) == 2 * 12
        made.work(JobKind.COLLECT)
        for kind, read in BOX_EXPORTS.items():
            assert wrong_boxes(read(made.export(kind)), right) == (0, 72), kind
        assert wrong_boxes(coco_of(made.training_set("coco").read_bytes()), right) == (0, 72)
        _nothing_else_has_changed(results, made.results())
        _all_is_taken_back(made, results)


# (wrong boxes, right ones that are there) in YOLO and VOC, and how many pictures and boxes COCO lists.
HELD = {
    "ground_truth": ((18, 63), (48, 96)),  # of 12 pictures both annotations
    "replace": ((0, 72), (36, 72)),
    "prediction": ((18, 63), (36, 72)),
}
ORDER = {  # of a corrected picture: whose the annotations of the JSON export are, and those that count
    "ground_truth": (["annotator", "service"], ["service", "annotator"]),
    "replace": (["annotator", "service"], ["service"]),
    "prediction": (["annotator"], ["annotator"]),
}


@pytest.mark.parametrize("mode", HELD)
def test_exports_hold_what_the_docs_say_of_each_way_to_write(
    label_studio: LabelStudioServer, tmp_path: Path, mode: str
) -> None:
    right = pictures()
    annotator = label_studio.create_user("annotator@example.com")
    tasks = [box_task(name, *regions, annotator.id) for name, regions in right.items()]
    with installed(label_studio, tmp_path, BOX_CONFIG, "box", tasks, writeback={"mode": mode}) as made:
        made.answer_all(truthful(right))
        made.work(JobKind.COLLECT)
        assert wrong_boxes(in_yolo(made.export("YOLO")), right) == HELD[mode][0]
        assert wrong_boxes(in_voc(made.export("VOC")), right) == HELD[mode][0]
        assert _listed_in_coco(made.export("COCO")) == HELD[mode][1]
        named = {annotator.id: "annotator"}
        (swapped,) = [one for one in json.loads(made.export("JSON")) if _of(one) == "swapped 26.png"]
        whose = [named.get(one["completed_by"], "service") for one in swapped["annotations"]]
        rows = [one for one in json.loads(made.export("JSON_MIN")) if "swapped 26" in one["image"]]
        assert (whose, [named.get(one["annotator"], "service") for one in rows]) == ORDER[mode]
        assert wrong_boxes(coco_of(made.training_set("coco").read_bytes()), right) == (0, 72)


def _listed_in_coco(exported: bytes) -> tuple[int, int]:
    with zipfile.ZipFile(io.BytesIO(exported)) as folder:
        found = json.loads(folder.read("result.json"))
    return len(found["images"]), len(found["annotations"])


def _nothing_else_has_changed(before: Mapping[str, list[Raw]], after: Mapping[str, list[Raw]]) -> None:
    for name, result in after.items():
        if name.startswith("right"):
            assert result == before[name]
            continue
        old = {item.get("id"): item for item in before[name]}
        touched = [item for item in result if item != old.get(item.get("id"))]
        assert len(touched) <= 1, name
        assert SCENE in result
        assert all("readonly" not in item and item["from_name"] == "box" for item in touched)


def _corrections(made: Installation) -> list[Correction]:
    with made.services.store.read() as unit:
        issues = unit.issues.listed(made.services.project(NAME).id, None, 200)
        return [one for issue in issues for one in unit.corrections.all_of_issue(issue.id)]


def _an_old_page_is_saved(made: Installation, person: User, name: str, old: Sequence[Raw]) -> None:
    """What was open before the correction is sent as it was: that is seen, said, and stands."""
    (row,) = (task for task in made.server.tasks(made.project) if _of(task) == name)
    path = f"/api/annotations/{row['annotations'][0]['id']}/"
    made.server.call("PATCH", path, token=person.token, json={"result": [*old]})
    made.work(JobKind.SYNC)
    assert made.results()[name] == old
    (back,) = (one for one in _corrections(made) if one.state is not CorrectionState.APPLIED)
    assert back.state is CorrectionState.CONFLICT


def _all_is_taken_back(made: Installation, before: Mapping[str, list[Raw]]) -> None:
    found = [one for one in _corrections(made) if one.state is not CorrectionState.CONFLICT]
    assert {one.state for one in found} == {CorrectionState.APPLIED}
    with made.services.store.begin() as unit:
        for one in found:
            ask_revert(unit, one.id, "cli:tester")
    made.work()
    assert made.results() == before


def test_somebodys_unsaved_work_is_waited_for_and_never_deleted(
    label_studio: LabelStudioServer, tmp_path: Path
) -> None:
    right = {
        name: regions for name, regions in pictures().items() if not name.startswith(("spur", "bad", "over"))
    }
    annotator = label_studio.create_user("annotator@example.com")
    tasks = [box_task(name, *regions, annotator.id) for name, regions in right.items()]
    with installed(label_studio, tmp_path, BOX_CONFIG, "box", tasks) as made:
        rows = [task for task in label_studio.tasks(made.project) if _of(task).startswith("swapped")]
        for row in rows:
            path = f"/api/tasks/{row['id']}/annotations/{row['annotations'][0]['id']}/drafts"
            label_studio.call("POST", path, token=annotator.token, json={"result": [SCENE]})
        before = made.results()
        made.answer_all(truthful(right))
        run_inline(made.services, NAME, JobKind.COLLECT)
        run_inline(made.services, NAME, JobKind.DECIDE)
        with made.services.store.begin() as unit:
            due = unit.jobs.due(timedelta(0))
        for job in due:
            run(made.services, job)
        assert made.results() == before
        for row in rows:
            path = f"/api/tasks/{row['id']}/annotations/{row['annotations'][0]['id']}/drafts"
            assert len(label_studio.call("GET", path)) == 1


# --- spans -----------------------------------------------------------------------------------


def sentences() -> Pictures:
    """24 right sentences, and 3 for each kind of error; an emoji stands before the names."""
    made: dict[str, tuple[list[Region], list[Region]]] = {}
    for n in range(36):
        text = f"{chr(0x1F600 + n)} Ana{n} flew to Rome with Bob today"
        place = {
            word: (text.index(word), text.index(word) + len(word)) for word in (f"Ana{n}", "Rome", "Bob")
        }
        ana, rome, bob = ("PER", *place[f"Ana{n}"]), ("LOC", *place["Rome"]), ("PER", *place["Bob"])
        given = [
            [ana, rome],
            [ana, rome, bob, ("LOC", text.index("flew"), text.index("flew") + 4)],
            [ana, ("PER", *place["Rome"]), bob],
            [ana, ("LOC", text.index("to Rome"), place["Rome"][1]), bob],
        ]
        made[text] = ([ana, rome, bob] if n < 24 else given[n % 4], [ana, rome, bob])
    return made


def as_span(text: str, region: Region, region_id: str, score: float | None = None) -> Raw:
    label, start, end = region
    value = {"start": start, "end": end, "text": text[start:end], "labels": [label]}
    item = {"id": region_id, "from_name": "ner", "to_name": "text", "type": "labels", "value": value}
    return {**item, **({} if score is None else {"score": score})}


def span_task(text: str, given: Sequence[Region], right: Sequence[Region], annotator: int) -> Raw:
    result = [as_span(text, region, f"s{n}") for n, region in enumerate(given)]
    predicted = [as_span(text, region, f"p{n}", 0.97) for n, region in enumerate(right)]
    return {
        "data": {"text": text},
        "annotations": [{"result": result, "completed_by": annotator}],
        "predictions": [{"model_version": "tagger-1", "score": 0.97, "result": predicted}],
    }


def in_conll(exported: bytes) -> list[list[tuple[str, str]]]:
    """(word, tag) of each sentence in the platform's CoNLL export."""
    blocks = exported.decode().split("\n\n")
    rows = [[line.split() for line in block.splitlines() if "-X-" in line] for block in blocks]
    read = [[(row[0], row[-1]) for row in block if row[0] != "-DOCSTART-"] for block in rows]
    return [block for block in read if block]


def wrong_tags(exported: bytes, right: Pictures) -> tuple[int, int]:
    """(words with a wrong tag, sentences) in an export."""
    truth: dict[str, str] = {}
    for text, (_, regions) in right.items():
        for label, start, end in regions:
            for n, word in enumerate(text[start:end].split()):
                truth[f"{text.split()[1]} {word}"] = f"{'I' if n else 'B'}-{label}"
    found = in_conll(exported)
    wrong = sum(
        tag != truth.get(f"{sentence[1][0]} {word}", "O") for sentence in found for word, tag in sentence
    )
    return wrong, len(found)


def test_wrong_spans_are_repaired_in_the_export_that_people_train_on(
    label_studio: LabelStudioServer, tmp_path: Path
) -> None:
    right = sentences()
    annotator = label_studio.create_user("annotator@example.com")
    tasks = [span_task(text, *regions, annotator.id) for text, regions in right.items()]
    with installed(label_studio, tmp_path, SPAN_CONFIG, "ner", tasks) as made:
        before = made.results()
        assert wrong_tags(made.export("CONLL2003"), right) == (3 + 3 + 3 + 2 * 3, 36)
        assert made.answer_all(truthful(right)) == 2 * 12
        made.work(JobKind.COLLECT)
        assert wrong_tags(made.export("CONLL2003"), right) == (0, 36)
        training = [json.loads(line) for line in made.training_set("jsonl").read_text().splitlines()]
        for row in training:
            given, truth = right[row["data"]["text"]]
            marked = [(one["label"], one["start"], one["end"]) for one in row["label"]]
            assert sorted(marked) == sorted(truth)
            assert row["status"] == ("unreviewed" if given == truth else "corrected")
        after = made.results()
        for text, (given, truth) in right.items():
            if given == truth:
                assert after[text] == before[text]
        corrected = next(text for text, (given, truth) in right.items() if given != truth)
        _an_old_page_is_saved(made, annotator, corrected, before[corrected])
        _all_is_taken_back(made, before)


# --- spans that count in other units -----------------------------------------------------------

BOTH = '<Label value="PER"/><Label value="LOC"/>'
OTHER_CONFIGS = {
    "html": '<View><HyperText name="o" value="$html"/>'
    f'<HyperTextLabels name="ner" toName="o">{BOTH}</HyperTextLabels></View>',
    "talk": '<View><Paragraphs name="o" value="$talk" nameKey="who" textKey="said"/>'
    f'<ParagraphLabels name="ner" toName="o">{BOTH}</ParagraphLabels></View>',
}


def other_data(kind: str, text: str) -> Raw:
    """A sentence as HTML with a place in bold, or as what two people say."""
    if kind == "html":
        return {"html": f"<p>{text.replace('&', '&amp;').replace(' to ', ' <b>to</b> ')}</p>"}
    first, second = text.split("\n")
    return {"talk": [{"who": "A", "said": first}, {"who": "B", "said": second}]}


def other_span(kind: str, text: str, region: Region, region_id: str, score: float | None = None) -> Raw:
    """A region as the platform's editor was seen to store it."""
    label, start, end = region
    if kind == "html":
        value: Raw = {"globalOffsets": {"start": start, "end": end}, "hypertextlabels": [label]}
    else:
        line = text[:start].count("\n")
        began = text.rfind("\n", 0, start) + 1
        units = [len(text[began:at].encode("utf-16-le")) // 2 for at in (start, end)]
        value = {"start": str(line), "end": str(line), "startOffset": units[0], "endOffset": units[1]}
        value |= {"text": text[start:end], "paragraphlabels": [label]}
    held = {"id": region_id, "from_name": "ner", "to_name": "o", "value": value}
    named = {"type": "hypertextlabels" if kind == "html" else "paragraphlabels"}
    return {**held, **named, **({} if score is None else {"score": score})}


def words_marked(kind: str, task: Raw, result: Sequence[Raw]) -> set[tuple[str, str]]:
    """(label, words) of a result, by the offsets that it stores."""
    found = set()
    for item in result:
        value = item["value"]
        if kind == "html":
            spots, text = value["globalOffsets"], _of(task)
            words = text[spots["start"] : spots["end"]]
            found.add((value["hypertextlabels"][0], words))
            continue
        assert value["start"] == value["end"]
        units = task["data"]["talk"][int(value["start"])]["said"].encode("utf-16-le")
        words = units[2 * value["startOffset"] : 2 * value["endOffset"]].decode("utf-16-le")
        assert words == value["text"]
        found.add((value["paragraphlabels"][0], words))
    return found


@pytest.mark.parametrize("kind", OTHER_CONFIGS)
def test_wrong_spans_of_html_and_of_dialogues_are_repaired_in_their_own_units(
    label_studio: LabelStudioServer, tmp_path: Path, kind: str
) -> None:
    joined = {"html": (" & with ", " & with "), "talk": (" with ", "\nwith ")}[kind]
    moved = [(text.replace(" with ", joined[1], 1), *regions) for text, regions in sentences().items()]
    shift = len(joined[1]) - len(" with ")
    right: dict[str, tuple[list[Region], list[Region]]] = {}
    for text, *both in moved:
        given, truth = ([(k, s + shift * (s > 22), e + shift * (s > 22)) for k, s, e in one] for one in both)
        right[text] = (given, truth)
    annotator = label_studio.create_user("annotator@example.com")
    tasks = [
        {
            "data": other_data(kind, text),
            "annotations": [
                {
                    "result": [other_span(kind, text, region, f"s{n}") for n, region in enumerate(given)],
                    "completed_by": annotator.id,
                }
            ],
            "predictions": [
                {
                    "model_version": "tagger-1",
                    "result": [
                        other_span(kind, text, region, f"p{n}", 0.97) for n, region in enumerate(truth)
                    ],
                }
            ],
        }
        for text, (given, truth) in right.items()
    ]
    with installed(label_studio, tmp_path, OTHER_CONFIGS[kind], "ner", tasks) as made:
        before = made.results()
        assert made.answer_all(truthful(right)) == 2 * 12
        made.work(JobKind.COLLECT)
        after = made.results()
        for task in label_studio.tasks(made.project):
            text = _of(task)
            wanted = {(label, text[start:end]) for label, start, end in right[text][1]}
            assert words_marked(kind, task, after[text]) == wanted
            if right[text][0] == right[text][1]:
                assert after[text] == before[text]
        _all_is_taken_back(made, before)


# --- what several people agree on, imported again ---------------------------------------------


@pytest.mark.parametrize("kind", ["boxes", "spans"])
def test_golden_questions_about_regions_are_asked_and_measure_who_answers(
    label_studio: LabelStudioServer, tmp_path: Path, kind: str
) -> None:
    right = pictures() if kind == "boxes" else sentences()
    task_of, config, control = {
        "boxes": (box_task, BOX_CONFIG, "box"),
        "spans": (span_task, SPAN_CONFIG, "ner"),
    }[kind]
    annotator = label_studio.create_user("annotator@example.com")
    tasks = [task_of(name, *regions, annotator.id) for name, regions in right.items()]
    share = {"golden_share": 0.5}
    with installed(label_studio, tmp_path, config, control, tasks, reviewers=share) as made:
        ids = {_of(task): str(task["id"]) for task in label_studio.tasks(made.project)}
        known = [name for name, (given, truth) in right.items() if given == truth][:7]
        for name in known:
            assert command(["--config", str(made.config), "golden", "add", NAME, ids[name], AS_LABELLED]) == 0
        n_asked = len(label_studio.tasks(made.review))
        made.work(JobKind.PUSH)
        asked = label_studio.tasks(made.review)
        assert len(asked) == n_asked + len(known), "beside each that stood, as many as are known"
        assert sorted(_of(task) for task in asked if _of(task) in known) == sorted(known)
        before = made.results()
        made.answer_all(truthful(right))
        made.work(JobKind.COLLECT)
        with made.services.store.read() as unit:
            stored = made.services.project(NAME)
            found = report(unit, stored, made.services.project_settings(NAME))
        assert [(one.right, one.answers) for one in found.reviewers] == [(len(known), len(known))] * 2
        after = made.results()
        assert {name: after[name] for name in known} == {name: before[name] for name in known}


def test_what_people_agree_on_is_imported_and_exported_as_one_annotation_a_picture(
    label_studio: LabelStudioServer, tmp_path: Path
) -> None:
    right = {name: (truth, truth) for name, (_, truth) in list(pictures().items())[:6]}
    people = [label_studio.create_user(f"annotator-{n}@example.com") for n in range(3)]
    project = label_studio.new_project("Several", BOX_CONFIG)
    tasks = [{"data": {"image": f"/data/{name}"}} for name in right]
    for row, (task, (_, truth)) in enumerate(
        zip(label_studio.import_tasks(project, tasks), right.values(), strict=True)
    ):
        for n, person in enumerate(people):
            missed = truth[1:] if row % 3 == n else truth  # each overlooks what the two others see
            label_studio.annotate(task, [as_box(one, f"r{at}") for at, one in enumerate(missed)], person)
    with label_studio.client() as client:
        exported = client.get(f"/api/projects/{project}/export", params={"exportType": "JSON"}).content
        (tmp_path / "export.json").write_bytes(exported)
        out = tmp_path / "agreed.json"
        assert command(["consensus", str(tmp_path / "export.json"), "--out", str(out)]) == 0
        agreed = label_studio.new_project("Agreed", BOX_CONFIG, json.loads(out.read_text("utf-8")))
        assert [len(task["annotations"]) for task in label_studio.tasks(agreed)] == [1] * 6
        coco = client.get(f"/api/projects/{agreed}/export", params={"exportType": "COCO"}).content
    assert wrong_boxes(in_coco(coco), right) == (0, 12)
