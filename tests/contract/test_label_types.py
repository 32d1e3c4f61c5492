"""Every label type on real servers: read, asked about, answered, written and taken back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from connector.model import (
    ItemRef,
    LabelSchema,
    LabelStatus,
    ReviewRequest,
    ReviewSetup,
    WriteMode,
    WriteOrder,
)
from connector.platforms.argilla.client import ArgillaClient
from connector.platforms.argilla.desk import ArgillaDesk
from connector.platforms.argilla.source import ArgillaSource
from connector.platforms.label_studio.client import LabelStudioClient
from connector.platforms.label_studio.desk import LabelStudioDesk
from connector.platforms.label_studio.source import LabelStudioSource
from connector.ports import ReviewDesk, Source
from tests.support.argilla import ArgillaServer, text_field
from tests.support.codecs import ARGILLA, LABEL_STUDIO
from tests.support.label_studio import LabelStudioServer

CONFIG = """
<View><Text name="text" value="$text"/>
  <Choices name="moods" toName="text" choice="multiple">
    <Choice value="anger"/><Choice value="fear, &quot;deep&quot;"/><Choice value="joy"/>
  </Choices>
  <Rating name="stars" toName="text" maxRating="6"/>
</View>"""
MOODS = ("anger", 'fear, "deep"', "joy")


@dataclass(frozen=True)
class Kind:
    """One label type: its control, labels, and what people and models leave for them on the platforms."""

    name: str
    control: str
    label_studio: tuple[str, Any, Any]  # key of the value, what is given, what is answered
    argilla: tuple[Any, Any]  # what is given, what is answered
    given: str
    answered: str
    scores: Mapping[str, float]


SEVERAL = Kind(
    "multi_label",
    "moods",
    ("choices", ["joy", MOODS[1]], ["joy", "anger"]),
    (["joy", MOODS[1]], ["joy", "anger"]),
    'fear\\, "deep", joy',
    "anger, joy",
    {"anger": 0.9, MOODS[1]: 0.8, "joy": 0.7},
)
STARS = Kind("rating", "stars", ("rating", 2, ["5"]), (2, "5"), "2", "5", {"2": 0.25, "5": 0.75})


class TypeScene(Protocol):
    source: Source
    desk: ReviewDesk

    def source_of(self, control: str) -> Source: ...

    def add(self, kind: Kind) -> tuple[str, str]: ...

    def other(self, item_id: str, annotation_id: str) -> Any: ...

    def answer(self, task_id: str, kind: Kind) -> None: ...


class OnLabelStudio:
    def __init__(self, server: LabelStudioServer, kind: Kind) -> None:
        self.server, self.kind = server, kind
        project = str(server.new_project(f"Moods {uuid.uuid4().hex[:8]}", CONFIG))
        self.project = int(project)
        self.client = LabelStudioClient(server.url, server.token)
        self.source: Source = self.source_of(kind.control)
        self.desk: ReviewDesk = LabelStudioDesk(self.client, codecs=LABEL_STUDIO)

    def source_of(self, control: str) -> Source:
        project = str(self.project)
        return LabelStudioSource(self.client, project, label_control=control, codecs=LABEL_STUDIO)

    def add(self, kind: Kind) -> tuple[str, str]:
        (task,) = self.server.import_tasks(self.project, [{"data": {"text": "a dog"}}])
        result = [self._region("moods", "choices", ["joy", MOODS[1]]), self._region("stars", "rating", 2)]
        annotation = self.server.annotate(task, result, self._anna())
        key, given, _ = kind.label_studio
        predicted = self._region(kind.control, key, given) | {"meta": {"class_scores": dict(kind.scores)}}
        body = {"task": task, "result": [predicted], "score": 0.7, "model_version": "model"}
        self.server.call("POST", "/api/predictions/", json=body)
        return str(task), str(annotation)

    def other(self, item_id: str, annotation_id: str) -> Any:
        rows = self.server.task(int(item_id))["annotations"]
        result = next(row["result"] for row in rows if str(row["id"]) == annotation_id)
        return [part for part in result if part["from_name"] != self.kind.control]

    def answer(self, task_id: str, kind: Kind) -> None:
        answered = kind.label_studio[2]
        region = self._region("label", "choices", answered) | {"to_name": "item"}
        self.server.annotate(int(task_id), [region], self._anna())

    def _anna(self) -> Any:
        return self.server.create_user("anna@example.com")

    def _region(self, control: str, kind: str, value: Any) -> dict[str, Any]:
        names = {"id": f"{control}-1", "from_name": control, "to_name": "text", "type": kind}
        return names | {"value": {kind: value}}


class OnArgilla:
    def __init__(self, server: ArgillaServer, kind: Kind) -> None:
        self.server, self.kind = server, kind
        options = [{"value": name, "text": name} for name in MOODS]
        moods = {"type": "multi_label_selection", "options": options, "visible_options": None}
        stars = {"type": "rating", "options": [{"value": n} for n in range(1, 7)]}
        questions = [
            {"name": "moods", "title": "moods", "required": False, "settings": moods},
            {"name": "stars", "title": "stars", "required": True, "settings": stars},
        ]
        self.project = server.new_dataset(f"Moods {uuid.uuid4().hex[:8]}", [text_field("text")], questions)
        self.client = ArgillaClient(server.url, server.key("owner"))
        self.source: Source = self.source_of(kind.control)
        self.desk: ReviewDesk = ArgillaDesk(self.client, self.project, codecs=ARGILLA)

    def source_of(self, control: str) -> Source:
        return ArgillaSource(self.client, self.project, label_control=control, codecs=ARGILLA)

    def add(self, kind: Kind) -> tuple[str, str]:
        (record,) = self.server.add_records(self.project, [{"fields": {"text": "a dog"}}])
        response = self.server.respond(record, {"moods": ["joy", MOODS[1]], "stars": 2}, "anna")
        question = self.server.question_id(self.project, kind.control)
        body = {"question_id": question, "value": kind.argilla[0], "agent": "model"}
        self.server.call("PUT", f"/records/{record}/suggestions", json=body)
        metadata = {"metadata": {"class_scores": dict(kind.scores)}}
        self.server.call("PATCH", f"/records/{record}", json=metadata)
        return record, response

    def other(self, item_id: str, annotation_id: str) -> Any:
        record = next(row for row in self.server.records(self.project) if row["id"] == item_id)
        values = next(row["values"] for row in record["responses"] if row["id"] == annotation_id)
        return {name: value for name, value in values.items() if name != self.kind.control}

    def answer(self, task_id: str, kind: Kind) -> None:
        self.server.respond(task_id, {"label": kind.argilla[1]}, "anna")


@pytest.fixture(params=[SEVERAL, STARS], ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture(params=["label_studio", "argilla"])
def scene(request: pytest.FixtureRequest, kind: Kind) -> TypeScene:
    server = request.getfixturevalue(request.param)
    return OnArgilla(server, kind) if request.param == "argilla" else OnLabelStudio(server, kind)


def test_labels_and_predictions_are_read_as_the_type_says(scene: TypeScene, kind: Kind) -> None:
    item_id, _ = scene.add(kind)
    schema = scene.source.describe().schema
    assert (schema.kind, schema.control) == (kind.name, kind.control)
    (item,) = scene.source.fetch([item_id])
    assert [(one.label, one.status) for one in item.annotations] == [(kind.given, LabelStatus.VALID)]
    assert [(one.label, one.class_scores) for one in item.predictions] == [(kind.given, kind.scores)]


@pytest.mark.parametrize("mode", [WriteMode.GROUND_TRUTH, WriteMode.UPDATE, WriteMode.PREDICTION])
def test_a_correction_is_written_found_and_taken_back(scene: TypeScene, kind: Kind, mode: WriteMode) -> None:
    written_found_and_taken_back(scene, kind, mode)


def test_what_replaced_the_original_is_taken_back(label_studio: LabelStudioServer, kind: Kind) -> None:
    written_found_and_taken_back(OnLabelStudio(label_studio, kind), kind, WriteMode.REPLACE)


def written_found_and_taken_back(scene: TypeScene, kind: Kind, mode: WriteMode) -> None:
    item_id, annotation = scene.add(kind)
    (item,) = scene.source.fetch([item_id])
    order = WriteOrder(
        marker=f"c-{uuid.uuid4().hex}",
        mode=mode,
        item=ItemRef(item.remote_id, item.created_at),
        annotation_id=annotation,
        expected_label=kind.given,
        label=kind.answered,
        score=0.9,
    )
    untouched = scene.other(item_id, annotation)
    scene.source.prepare(order)
    record = scene.source.write(order)
    assert scene.source.find_write(order) == record
    if mode is not WriteMode.PREDICTION:
        (now,) = scene.source.fetch([item_id])
        (ours,) = [one for one in now.annotations if one.marker == order.marker]
        assert ours.label == kind.answered
        assert scene.other(item_id, ours.remote_id) == untouched, "other controls stay"
    scene.source.revert(order, record)
    (back,) = scene.source.fetch([item_id])
    assert [(one.label, one.marker) for one in back.annotations] == [(kind.given, None)]
    assert [one.label for one in back.predictions] == [kind.given]


def test_a_question_is_asked_and_answered_in_the_types_own_form(scene: TypeScene, kind: Kind) -> None:
    schema: LabelSchema = scene.source.describe().schema
    setup = ReviewSetup(f"https://x/{uuid.uuid4().hex}", "Second look: moods", schema, 1, "<p>Look.</p>")
    review_id = scene.desk.ensure(setup, None)
    assert scene.desk.ensure(setup, review_id) == review_id, "and again"
    key = str(uuid.uuid4())
    request = ReviewRequest(
        key=key,
        batch="b-1",
        title="A second look, please",
        context="Please verify.",
        data={"text": "a dog"},
        options=(),
        suggestion=kind.answered,
        suggestion_score=0.9,
        model_version="model",
        kind=kind.name,
    )
    task_id = scene.desk.push(review_id, [request])[key]
    scene.answer(task_id, kind)
    (review,) = scene.desk.fetch_answers(review_id, [task_id]).reviews
    assert [(review.key, one.label) for one in review.answers] == [(key, kind.answered)]


BOTH_ORDERS = pytest.mark.parametrize("first_back", [0, 1], ids=["first first", "last first"])


@BOTH_ORDERS
@pytest.mark.parametrize("mode", [WriteMode.GROUND_TRUTH, WriteMode.UPDATE])
def test_corrections_of_two_controls_stand_together_and_go_one_by_one(
    request: pytest.FixtureRequest, platform: str, mode: WriteMode, first_back: int
) -> None:
    server = request.getfixturevalue(platform)
    scene = OnArgilla(server, SEVERAL) if platform == "argilla" else OnLabelStudio(server, SEVERAL)
    item_id, annotation = scene.add(SEVERAL)
    sources = [scene.source_of(kind.control) for kind in (SEVERAL, STARS)]
    (item,) = sources[0].fetch([item_id])
    made = []
    for source, kind in zip(sources, (SEVERAL, STARS), strict=True):
        order = WriteOrder(
            marker=f"c-{uuid.uuid4().hex}",
            mode=mode,
            item=ItemRef(item.remote_id, item.created_at),
            annotation_id=annotation,
            expected_label=kind.given,
            label=kind.answered,
            score=0.9,
        )
        source.prepare(order)
        made.append((source, order, source.write(order)))

    def shown(marker: str | None) -> list[list[str | None]]:
        rows = [source.fetch([item_id])[0].annotations for source in sources]
        return [[one.label for one in row if (one.marker is None) is (marker is None)] for row in rows]

    assert shown("ours") == [[SEVERAL.answered], [STARS.answered]]
    for source, order, record in made:
        assert (found := source.find_write(order)) is not None
        assert found.remote_id == record.remote_id, "one annotation holds both"
        assert source.write(order).remote_id == record.remote_id, "and nothing is written twice"
        assert source.remove_doubles(order, record) == 0

    for source, order, record in (made[first_back], made[1 - first_back]):
        source.revert(order, record)
        source.revert(order, record)
        assert source.find_write(order) is None
        if source is sources[first_back]:
            kept = [SEVERAL.answered, STARS.answered][1 - first_back]
            assert shown("ours")[1 - first_back] == [kept], "the other one stands"
            assert shown("ours")[first_back] == []
    assert shown("ours") == [[], []]
    assert shown(None) == [[SEVERAL.given], [STARS.given]]


@pytest.fixture(params=["label_studio", "argilla"])
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)
