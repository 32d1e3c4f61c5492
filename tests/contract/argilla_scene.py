"""The same small world on Argilla."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.model import Problem
from connector.platforms.argilla.client import ArgillaClient
from connector.platforms.argilla.desk import ArgillaDesk
from connector.platforms.argilla.source import ArgillaSource
from connector.ports import ReviewDesk, Source
from tests.contract.scenes import CLASSES, Power
from tests.support.argilla import ArgillaServer, label_question, text_field
from tests.support.codecs import ARGILLA

_MOODS = {
    "name": "mood",
    "title": "mood",
    "required": True,
    "settings": {
        "type": "multi_label_selection",
        "options": [{"value": "calm", "text": "calm"}, {"value": "wild", "text": "wild"}],
        "visible_options": None,
    },
}
_MOOD = {"mood": ["calm", "wild"]}
_SETTLE_S = 5.0  # statuses of records are worked out by the server's worker, a moment later


@dataclass
class ArgillaScene:
    """A dataset of its own on a real Argilla."""

    server: ArgillaServer
    powers: frozenset[Power] = frozenset()
    project_id: str = field(init=False)
    client: ArgillaClient = field(init=False)

    def __post_init__(self) -> None:
        questions = [label_question("breed", CLASSES, required=False), _MOODS]
        self.project_id = self.server.new_dataset(
            f"Dogs {uuid.uuid4().hex[:8]}", [text_field("text")], questions
        )
        self.client = ArgillaClient(self.server.url, self.server.key("owner"))
        self.source: Source = self.small_source(500)
        self.desk: ReviewDesk = self.small_desk(500)

    def small_source(self, page_size: int) -> Source:
        return ArgillaSource(
            self.client,
            self.project_id,
            label_control="breed",
            page_size=page_size,
            codecs=ARGILLA,
        )

    def small_desk(self, page_size: int) -> ReviewDesk:
        return ArgillaDesk(self.client, self.project_id, page_size=page_size, codecs=ARGILLA)

    def add_items(self, texts: Sequence[str]) -> list[str]:
        return self.server.add_records(self.project_id, [{"fields": {"text": text}} for text in texts])

    def delete_item(self, item_id: str) -> None:
        self.server.call("DELETE", f"/datasets/{self.project_id}/records", params={"ids": item_id})

    def annotate(
        self, item_id: str, label: str | None, by: str = "anna", *, ground_truth: bool = False
    ) -> str:
        if label is None or label in CLASSES:
            return self.server.respond(item_id, _MOOD | ({"breed": label} if label else {}), by)
        # The server refuses options that it does not have. One that was removed stays in old responses.
        given = self.server.respond(item_id, _MOOD | {"breed": CLASSES[0]}, by)
        values = {name: {"value": value} for name, value in (_MOOD | {"breed": label}).items()}
        self.server.write_to_database(
            'UPDATE responses SET "values" = ? WHERE id = ?', (json.dumps(values), uuid.UUID(given).hex)
        )
        return given

    def skip(self, item_id: str, by: str = "anna") -> str:
        return self.server.respond(item_id, {}, by, status="discarded")

    def edit(self, annotation_id: str, label: str, by: str = "anna") -> None:
        self._edit(annotation_id, _MOOD | {"breed": label}, by)

    def delete_annotation(self, annotation_id: str) -> None:
        self.server.call("DELETE", f"/responses/{annotation_id}")

    def predict(self, item_id: str, label: str, scores: Mapping[str, float] | None = None) -> None:
        question = self.server.question_id(self.project_id, "breed")
        body = {"question_id": question, "value": label, "score": 0.7, "agent": "model"}
        self.server.call("PUT", f"/records/{item_id}/suggestions", json=body)
        if scores is not None:
            metadata = {"class_scores": dict(scores)}
            self.server.call("PATCH", f"/records/{item_id}", json={"metadata": metadata})

    def ground_truths(self, item_id: str) -> set[str]:
        item = self.source.fetch([item_id])[0]
        return {a.remote_id for a in item.annotations if a.ground_truth}

    def user_id(self, name: str) -> str:
        return self.server.user_id(name)

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
        values: dict[str, Any] = self._choice(task_id, label)
        if problems:
            values["problem"] = [problem.value for problem in problems]
        if note is not None:
            values["note"] = note
        return self.server.respond(task_id, values, by, status="discarded" if cancelled else "submitted")

    def begin(self, task_id: str, by: str, label: str) -> None:
        self.server.respond(task_id, self._choice(task_id, label), by, status="draft")

    def edit_answer(self, answer_id: str, label: str, by: str) -> None:
        self._edit(answer_id, {"label": label}, by)

    def delete_answer(self, answer_id: str) -> None:
        self.delete_annotation(answer_id)

    def offered(self, review_id: str, by: str) -> str | None:
        """The pending queue, as the page asks for it."""
        deadline = time.monotonic() + _SETTLE_S
        found = self._pending(review_id, by)
        while time.monotonic() < deadline:
            time.sleep(0.25)
            if (now := self._pending(review_id, by)) != found:
                return now
        return found

    def _pending(self, review_id: str, by: str) -> str | None:
        rows = self.server.pending(review_id, by)
        return str(rows[0]["id"]) if rows else None

    def _choice(self, record_id: str, label: str | None) -> dict[str, Any]:
        if label is None:
            return {"label": "secondlook:none"}
        dataset = self.server.call("GET", f"/records/{record_id}")["dataset_id"]
        questions = self.server.call("GET", f"/datasets/{dataset}/questions")["items"]
        options = next(row for row in questions if row["name"] == "label")["settings"]["options"]
        if label in {option["value"] for option in options}:
            return {"label": label}
        return {"label": "secondlook:other", "other_label": label}

    def _edit(self, response_id: str, values: Mapping[str, Any], by: str) -> None:
        body = {"status": "submitted", "values": {name: {"value": value} for name, value in values.items()}}
        path = f"/responses/{response_id}"
        # Only its author or an owner may change a response.
        if not self.server.request("PUT", path, by=by, json=body).is_success:
            self.server.call("PUT", path, json=body)
