"""Sets and ratings of one project on real servers: errors in both controls are put right, and taken back."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
import tomli_w

from connector.config.file import load
from connector.model import CorrectionState
from connector.model.jobs import JobKind
from connector.queue import SilentQueue
from connector.wiring import Services, build
from tests.support.argilla import ArgillaServer, text_field
from tests.support.label_studio import LabelStudioServer
from tests.support.loop import work
from workers.cli.app import run as command
from workers.demo.server import free_port
from workers.label_types.registry import codecs

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

MOODS = ("anger", "fear", "joy")
STARS = (1, 2, 3, 4, 5)
KINDS = [("anger",), ("fear",), ("joy",), ("anger", "joy"), ("fear", "joy"), ("anger", "fear")]
N_ITEMS = 48
CONTROLS = {"topics": "moods", "ratings": "stars"}  # section → the control that it judges
WRONG = {"topics": (3, 10, 21, 34), "ratings": (5, 10, 14, 20)}  # item 10 is wrong in both
NOTE = "what nobody judges"
CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="moods" toName="text" choice="multiple">'
    + "".join(f'<Choice value="{name}"/>' for name in MOODS)
    + '</Choices><Rating name="stars" toName="text" maxRating="5"/>'
    + '<TextArea name="note" toName="text"/></View>'
)

Labels = tuple[tuple[str, ...], int]
Raw = dict[str, Any]


def text_of(n: int) -> str:
    return f"item {n:03d}"


def right(n: int) -> Labels:
    return KINDS[n % len(KINDS)], STARS[n % len(STARS)]


def given(n: int) -> Labels:
    moods, stars = right(n)
    if n in WRONG["topics"]:
        moods = tuple(name for name in MOODS if (name in moods) is not (name == "joy"))
    return moods, (6 - stars if n in WRONG["ratings"] else stars)


RIGHT = {text_of(n): right(n) for n in range(N_ITEMS)}
GIVEN = {text_of(n): given(n) for n in range(N_ITEMS)}
TOUCHED = {text_of(n) for rows in WRONG.values() for n in rows}


class Place(Protocol):
    settings: Raw

    def answer(self, review: str, section: str) -> None: ...

    def originals(self) -> Mapping[str, Any]: ...

    def ours(self) -> Mapping[str, list[Labels]]: ...


def scores(moods: tuple[str, ...]) -> dict[str, float]:
    return {name: 0.95 if name in moods else 0.05 for name in MOODS}


@dataclass
class OnLabelStudio:
    server: LabelStudioServer

    def __post_init__(self) -> None:
        self.people = [self.server.create_user(f"reviewer-{n}@example.com") for n in range(3)]
        anna = self.server.create_user("annotator@example.com").id
        self.project = self.server.new_project("Moods", CONFIG, [self._task(n, anna) for n in range(N_ITEMS)])
        self.settings: Raw = {"url": self.server.url, "project": self.project, "token": self.server.token}

    def _task(self, n: int, anna: int) -> Raw:
        moods, stars = right(n)
        predicted = [
            self._region("moods", "choices", list(moods)) | {"meta": {"class_scores": scores(moods)}},
            self._region("stars", "rating", stars),
        ]
        return {
            "data": {"text": text_of(n)},
            "annotations": [{"result": self._result(*given(n)), "completed_by": anna}],
            "predictions": [{"model_version": "held-out-1", "score": 0.9, "result": predicted}],
        }

    def _result(self, moods: tuple[str, ...], stars: int) -> list[Raw]:
        note = self._region("note", "textarea", [NOTE])
        note["value"] = {"text": [NOTE]}
        return [self._region("moods", "choices", list(moods)), note, self._region("stars", "rating", stars)]

    def _region(self, control: str, kind: str, value: Any) -> Raw:
        names = {"id": control, "from_name": control, "to_name": "text", "type": kind}
        return names | {"value": {kind: value}}

    def answer(self, review: str, section: str) -> None:
        for person in self.people:
            with self.server.client(person.token) as client:
                while (found := client.get(f"/api/projects/{review}/next")).status_code == httpx.codes.OK:
                    task = found.json()
                    moods, stars = RIGHT[task["data"]["text"]]
                    said = list(moods) if section == "topics" else [str(stars)]
                    region = self._region("label", "choices", said) | {"to_name": "item"}
                    path = f"/api/tasks/{task['id']}/annotations/"
                    client.post(path, json={"result": [region]}).raise_for_status()

    def originals(self) -> Mapping[str, Any]:
        rows = self.server.tasks(self.project)
        return {task["data"]["text"]: self._split(task)[0] for task in rows}

    def ours(self) -> Mapping[str, list[Labels]]:
        found = {}
        for task in self.server.tasks(self.project):
            ours = self._split(task)[1]
            assert all(self._value(one, "note", "text") == [NOTE] for one in ours), "other controls stay"
            labels = [
                (tuple(self._value(one, "moods", "choices")), int(self._value(one, "stars", "rating")))
                for one in ours
            ]
            found[task["data"]["text"]] = labels
        return {text: labels for text, labels in found.items() if labels}

    def _split(self, task: Raw) -> tuple[list[Any], list[Any]]:
        """The results of people, and those of what we added."""
        rows = task["annotations"]
        people = [one["result"] for one in rows if not one["parent_annotation"]]
        return people, [one["result"] for one in rows if one["parent_annotation"]]

    def _value(self, result: list[Raw], control: str, kind: str) -> Any:
        (region,) = [one for one in result if one["from_name"] == control]
        return region["value"][kind]


@dataclass
class OnArgilla:
    server: ArgillaServer

    def __post_init__(self) -> None:
        moods = {
            "type": "multi_label_selection",
            "options": [{"value": name, "text": name} for name in MOODS],
            "visible_options": None,
        }
        stars = {"type": "rating", "options": [{"value": n} for n in STARS]}
        questions: list[Raw] = [
            {"name": "moods", "title": "moods", "required": True, "settings": moods},
            {"name": "stars", "title": "stars", "required": True, "settings": stars},
            {"name": "note", "title": "note", "required": False, "settings": {"type": "text"}},
        ]
        name = f"Moods {uuid.uuid4().hex[:8]}"
        self.dataset = self.server.new_dataset(name, [text_field("text")], questions)
        ids = {one: self.server.question_id(self.dataset, one) for one in ("moods", "stars")}
        anna = self.server.user_id("anna")
        self.server.add_records(self.dataset, [self._record(n, ids, anna) for n in range(N_ITEMS)])
        self.settings: Raw = {
            "platform": "argilla",
            "url": self.server.url,
            "project": self.dataset,
            "token": self.server.key("owner"),
        }

    def _record(self, n: int, ids: Mapping[str, str], anna: str) -> Raw:
        moods, stars = right(n)
        by_class = scores(moods)
        said = {"question_id": ids["moods"], "value": list(by_class), "score": list(by_class.values())}
        return {
            "fields": {"text": text_of(n)},
            "responses": [{"user_id": anna, "status": "submitted", "values": self._values(*given(n))}],
            "suggestions": [
                said | {"agent": "model"},
                {"question_id": ids["stars"], "value": stars, "agent": "model"},
            ],
        }

    def _values(self, moods: tuple[str, ...], stars: int) -> Raw:
        return {"moods": {"value": list(moods)}, "stars": {"value": stars}, "note": {"value": NOTE}}

    def answer(self, review: str, section: str) -> None:
        for name in ("rita", "saul", "tess"):
            for record in self.server.pending(review, name):
                moods, stars = RIGHT[record["fields"]["text"]]
                said = list(moods) if section == "topics" else str(stars)
                self.server.respond(record["id"], {"label": said}, name)

    def originals(self) -> Mapping[str, Any]:
        return {text: rows.get("anna") for text, rows in self._responses().items()}

    def ours(self) -> Mapping[str, list[Labels]]:
        found = {}
        for text, rows in self._responses().items():
            if values := rows.get("owner"):
                assert values["note"]["value"] == NOTE, "other questions stay"
                found[text] = [(tuple(values["moods"]["value"]), int(values["stars"]["value"]))]
        return found

    def _responses(self) -> dict[str, dict[str, Any]]:
        names = {self.server.user_id(name): name for name in ("anna", "owner")}
        return {
            record["fields"]["text"]: {names[r["user_id"]]: r["values"] for r in record["responses"]}
            for record in self.server.records(self.dataset)
        }


@pytest.fixture(params=["label_studio", "argilla"])
def place(request: pytest.FixtureRequest) -> Place:
    server = request.getfixturevalue(request.param)
    return OnArgilla(server) if request.param == "argilla" else OnLabelStudio(server)


@pytest.fixture
def config(place: Place, tmp_path: Path) -> Path:
    (tmp_path / "token").write_text(place.settings["token"])
    sections = {
        name: place.settings
        | {
            "token": {"file": "token"},
            "label_control": control,
            "predictions": {"source": "platform", "out_of_sample": True},
            "policy": {"control_share": 0.0, "blind_share": 0.0},
            "review": {"rule": "quorum"},
            "writeback": {"mode": "ground_truth", "guidelines": name == "topics"},
        }
        for name, control in CONTROLS.items()
    }
    server = {"host": "127.0.0.1", "port": free_port()}
    path = tmp_path / "secondlook.toml"
    path.write_bytes(tomli_w.dumps({"data_dir": "data", "server": server, "projects": sections}).encode())
    return path


@pytest.fixture
def services(config: Path) -> Iterator[Services]:
    made = build(load(config), SilentQueue(), codecs=codecs())
    yield made
    made.close()


def applied(services: Services, name: str) -> list[str]:
    """The applied corrections of a section."""
    with services.store.read() as unit:
        found = unit.corrections.listed(services.project(name).id, CorrectionState.APPLIED, 100)
    return [one.id for one in found]


def test_errors_in_both_controls_are_put_right_in_one_annotation_and_taken_back(
    place: Place, services: Services, config: Path
) -> None:
    before = place.originals()
    for name in CONTROLS:
        work(services, name, JobKind.SYNC, JobKind.SCAN, JobKind.PUSH)
    for name in CONTROLS:
        place.answer(str(services.project(name).review_remote_id), name)
        work(services, name, JobKind.COLLECT)
    assert {name: len(applied(services, name)) for name in CONTROLS} == {
        name: len(rows) for name, rows in WRONG.items()
    }
    assert place.ours() == {text: [RIGHT[text]] for text in TOUCHED}
    assert place.originals() == before

    # What one section wrote is news to the other, and no label of it.
    for name in CONTROLS:
        work(services, name, JobKind.SYNC, JobKind.RECONCILE, JobKind.SCAN)
        assert len(applied(services, name)) == len(WRONG[name])
    assert place.ours() == {text: [RIGHT[text]] for text in TOUCHED}

    for one in applied(services, "topics"):
        assert command(["--config", str(config), "revert", one]) == 0
    left = {text_of(n): [(GIVEN[text_of(n)][0], RIGHT[text_of(n)][1])] for n in WRONG["ratings"]}
    assert place.ours() == left, "the ratings' corrections stand"
    for one in applied(services, "ratings"):
        assert command(["--config", str(config), "revert", one]) == 0
    assert place.ours() == {}
    assert place.originals() == before
