"""The same small world on each platform: a source project, its people, and reviewers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from connector.model import LabelSchema, ObjectTag, Problem
from connector.platforms.label_studio.client import LabelStudioClient
from connector.platforms.label_studio.desk import LabelStudioDesk
from connector.platforms.label_studio.source import LabelStudioSource
from connector.platforms.memory import MemoryDesk, MemoryServer, MemorySource
from connector.ports import ReviewDesk, Source
from tests.support.codecs import LABEL_STUDIO, MEMORY
from tests.support.label_studio import LabelStudioServer

CLASSES = ("Labrador", "Golden Retriever", 'Poodle <toy> & "co"')
CONFIG = """
<View><Text name="text" value="$text"/>
  <Choices name="breed" toName="text" choice="single">
    <Choice value="Labrador"/><Choice value="Golden Retriever"/>
    <Choice value="Poodle &lt;toy&gt; &amp; &quot;co&quot;"/>
  </Choices>
  <Choices name="mood" toName="text" choice="multiple"><Choice value="calm"/><Choice value="wild"/></Choices>
</View>"""
SCHEMA = LabelSchema("breed", "text", CLASSES, (ObjectTag("text", "Text", "text"),))


class Power(StrEnum):
    """What some platforms can tell or do, and others cannot."""

    NAMES_EDITORS = "says who edited an answer"
    KNOWS_ORIGIN = "says whether a suggestion was kept"
    SHOWS_SOUND = "shows sound"
    KEEPS_WITHDRAWN = "keeps a review task that was taken away from reviewers"


ALL_POWERS = frozenset(Power)


class Scene(Protocol):
    """What people do on a platform, for a test to set its scene."""

    powers: frozenset[Power]
    source: Source
    desk: ReviewDesk
    project_id: str

    def small_source(self, page_size: int) -> Source: ...

    def small_desk(self, page_size: int) -> ReviewDesk: ...

    def add_items(self, texts: Sequence[str]) -> list[str]: ...

    def delete_item(self, item_id: str) -> None: ...

    def annotate(
        self, item_id: str, label: str | None, by: str = "anna", *, ground_truth: bool = False
    ) -> str: ...

    def skip(self, item_id: str, by: str = "anna") -> str: ...

    def edit(self, annotation_id: str, label: str, by: str = "anna") -> None: ...

    def delete_annotation(self, annotation_id: str) -> None: ...

    def predict(self, item_id: str, label: str, scores: Mapping[str, float] | None = None) -> None: ...

    def ground_truths(self, item_id: str) -> set[str]: ...

    def user_id(self, name: str) -> str: ...

    def answer(
        self,
        task_id: str,
        by: str,
        label: str | None = None,
        *,
        problems: Sequence[Problem] = (),
        note: str | None = None,
        cancelled: bool = False,
    ) -> str: ...

    def begin(self, task_id: str, by: str, label: str) -> None:
        """Choose an answer without giving it."""
        ...

    def edit_answer(self, answer_id: str, label: str, by: str) -> None: ...

    def delete_answer(self, answer_id: str) -> None: ...

    def offered(self, review_id: str, by: str) -> str | None:
        """The review task that the platform would give to this reviewer next."""
        ...


class MemoryScene:
    """The in-memory platform."""

    powers = ALL_POWERS

    def __init__(self) -> None:
        self.server = MemoryServer()
        self.project_id = self.server.add_project(SCHEMA, "Dogs")
        self.source: Source = MemorySource(self.server, self.project_id, codecs=MEMORY)
        self.desk: ReviewDesk = MemoryDesk(self.server, codecs=MEMORY)

    def small_source(self, page_size: int) -> Source:
        return MemorySource(self.server, self.project_id, page_size=page_size, codecs=MEMORY)

    def small_desk(self, page_size: int) -> ReviewDesk:
        return MemoryDesk(self.server, page_size=page_size, codecs=MEMORY)

    def add_items(self, texts: Sequence[str]) -> list[str]:
        return [self.server.add_item(self.project_id, {"text": text}) for text in texts]

    def delete_item(self, item_id: str) -> None:
        self.server.delete_item(self.project_id, item_id)

    def annotate(
        self, item_id: str, label: str | None, by: str = "anna", *, ground_truth: bool = False
    ) -> str:
        return self.server.annotate(self.project_id, item_id, label, by, ground_truth=ground_truth)

    def skip(self, item_id: str, by: str = "anna") -> str:
        return self.server.annotate(self.project_id, item_id, None, by, cancelled=True)

    def edit(self, annotation_id: str, label: str, by: str = "anna") -> None:
        self.server.edit(self.project_id, annotation_id, label, by)

    def delete_annotation(self, annotation_id: str) -> None:
        self.server.delete_annotation(self.project_id, annotation_id)

    def predict(self, item_id: str, label: str, scores: Mapping[str, float] | None = None) -> None:
        self.server.predict(self.project_id, item_id, label, score=0.7, class_scores=scores)

    def ground_truths(self, item_id: str) -> set[str]:
        held = self.server.find_held(self.project_id, item_id)
        return {a.remote_id for a in held.item.annotations if a.ground_truth}

    def user_id(self, name: str) -> str:
        return name

    def answer(
        self,
        task_id: str,
        by: str,
        label: str | None = None,
        *,
        problems: Sequence[Problem] = (),
        note: str | None = None,
        cancelled: bool = False,
    ) -> str:
        return self.server.answer(task_id, by, label, problems=problems, note=note, cancelled=cancelled)

    def begin(self, task_id: str, by: str, label: str) -> None:
        board = next(one for one in self.server.boards.values() if task_id in one.held)
        board.held[task_id].drafts.add(by)

    def edit_answer(self, answer_id: str, label: str, by: str) -> None:
        self.server.edit(self._review_of(answer_id), answer_id, label, by)

    def delete_answer(self, answer_id: str) -> None:
        self.server.delete_annotation(self._review_of(answer_id), answer_id)

    def offered(self, review_id: str, by: str) -> str | None:
        return self.server.offered(review_id, by)

    def _review_of(self, answer_id: str) -> str:
        for board in self.server.boards.values():
            for held in board.held.values():
                if answer_id in {a.remote_id for a in held.item.annotations}:
                    return board.id
        raise AssertionError(answer_id)


@dataclass
class LabelStudioScene:
    """A project of its own on a real Label Studio."""

    server: LabelStudioServer
    page_size: int = 500
    powers: frozenset[Power] = ALL_POWERS
    project_id: str = field(init=False)
    client: LabelStudioClient = field(init=False)

    def __post_init__(self) -> None:
        self.project_id = str(self.server.new_project(f"Dogs {uuid.uuid4().hex[:8]}", CONFIG))
        self.client = LabelStudioClient(self.server.url, self.server.token)
        self.source: Source = LabelStudioSource(
            self.client, self.project_id, label_control="breed", codecs=LABEL_STUDIO
        )
        self.desk: ReviewDesk = LabelStudioDesk(self.client, codecs=LABEL_STUDIO)

    def small_source(self, page_size: int) -> Source:
        return LabelStudioSource(
            self.client,
            self.project_id,
            label_control="breed",
            page_size=page_size,
            codecs=LABEL_STUDIO,
        )

    def small_desk(self, page_size: int) -> ReviewDesk:
        return LabelStudioDesk(self.client, page_size=page_size, codecs=LABEL_STUDIO)

    def add_items(self, texts: Sequence[str]) -> list[str]:
        tasks = [{"data": {"text": text}} for text in texts]
        return [str(i) for i in self.server.import_tasks(int(self.project_id), tasks)]

    def delete_item(self, item_id: str) -> None:
        self.server.call("DELETE", f"/api/tasks/{item_id}/")

    def annotate(
        self, item_id: str, label: str | None, by: str = "anna", *, ground_truth: bool = False
    ) -> str:
        result = [] if label is None else [region("breed", "text", [label]), MOOD]
        more = {"ground_truth": True} if ground_truth else {}
        return self._submit(item_id, by, result, **more)

    def skip(self, item_id: str, by: str = "anna") -> str:
        return self._submit(item_id, by, [], was_cancelled=True)

    def edit(self, annotation_id: str, label: str, by: str = "anna") -> None:
        # As the page does it: the regions stay, with all that hangs on them, and one value changes.
        held = self.server.call("GET", f"/api/annotations/{annotation_id}/")["result"]
        for part in held:
            if part["from_name"] == "breed":
                part["value"] = {"choices": [label]}
        self._patch(annotation_id, held, by)

    def delete_annotation(self, annotation_id: str) -> None:
        self.server.call("DELETE", f"/api/annotations/{annotation_id}/")

    def predict(self, item_id: str, label: str, scores: Mapping[str, float] | None = None) -> None:
        made = region("breed", "text", [label])
        if scores is not None:
            made["meta"] = {"class_scores": dict(scores)}
        body = {"task": int(item_id), "result": [made], "score": 0.7, "model_version": "model"}
        self.server.call("POST", "/api/predictions/", json=body)

    def ground_truths(self, item_id: str) -> set[str]:
        annotations = self.server.task(int(item_id))["annotations"]
        return {str(a["id"]) for a in annotations if a["ground_truth"]}

    def user_id(self, name: str) -> str:
        return str(self._user(name).id)

    def answer(
        self,
        task_id: str,
        by: str,
        label: str | None = None,
        *,
        problems: Sequence[Problem] = (),
        note: str | None = None,
        cancelled: bool = False,
    ) -> str:
        result = [] if label is None else [region("label", "item", [label]) | {"origin": "manual"}]
        if problems:
            result.append(region("problem", "item", [problem.value for problem in problems]))
        if note is not None:
            result.append(
                {"from_name": "note", "to_name": "item", "type": "textarea", "value": {"text": [note]}}
            )
        return self._submit(task_id, by, result, **({"was_cancelled": True} if cancelled else {}))

    def begin(self, task_id: str, by: str, label: str) -> None:
        result = [region("label", "item", [label]) | {"origin": "manual"}]
        path, body = f"/api/tasks/{task_id}/drafts", {"result": result, "lead_time": 1.0}
        self.server.call("POST", path, token=self._user(by).token, json=body)

    def edit_answer(self, answer_id: str, label: str, by: str) -> None:
        self._patch(answer_id, [region("label", "item", [label])], by)

    def delete_answer(self, answer_id: str) -> None:
        self.delete_annotation(answer_id)

    def offered(self, review_id: str, by: str) -> str | None:
        with self.server.client(self._user(by).token) as client:
            answer = client.get(f"/api/projects/{review_id}/next")
        return str(answer.json()["id"]) if answer.is_success else None

    def _user(self, name: str) -> Any:
        return self.server.create_user(f"{name}@example.com")

    def _submit(self, item_id: str, by: str, result: list[dict[str, Any]], **more: Any) -> str:
        return str(self.server.annotate(int(item_id), result, self._user(by), **more))

    def _patch(self, annotation_id: str, result: list[dict[str, Any]], by: str) -> None:
        path = f"/api/annotations/{annotation_id}/"
        self.server.call("PATCH", path, token=self._user(by).token, json={"result": result})


def region(control: str, target: str, choices: Sequence[str]) -> dict[str, Any]:
    """What a Choices control leaves in a result."""
    return {
        "id": f"{control}-1",
        "from_name": control,
        "to_name": target,
        "type": "choices",
        "value": {"choices": [*choices]},
    }


MOOD = region("mood", "text", ["calm", "wild"])
