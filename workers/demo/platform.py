"""The demo's people and their project, through Label Studio's own API, as outsiders use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np

from workers.demo.digits import CLASSES, LABEL_CONFIG, Digits
from workers.demo.server import RunningLabelStudio, ServerError, User

TITLE = "Handwritten digits"
IMPORT_AT_ONCE = 300  # tasks in one request
MISTAKE_SHARE = 0.05  # how often a simulated reviewer is wrong
NOTE_EVERY = 12  # a simulated reviewer leaves a note on every so many answers


def create_project(server: RunningLabelStudio, digits: Digits, annotators: Sequence[User]) -> int:
    """The source project, with every digit labeled once by one of the annotators; its number."""
    with server.client() as client:
        project = answer(client.post("/api/projects/", json={"title": TITLE, "label_config": LABEL_CONFIG}))
        tasks = [_task(digits, row, annotators) for row in range(len(digits.images))]
        for start in range(0, len(tasks), IMPORT_AT_ONCE):
            part = tasks[start : start + IMPORT_AT_ONCE]
            answer(client.post(f"/api/projects/{project['id']}/import", json=part))
    return int(project["id"])


def _task(digits: Digits, row: int, annotators: Sequence[User]) -> dict[str, Any]:
    label = CLASSES[int(digits.given[row])]
    value = {"choices": [label]}
    region = {"id": "given", "from_name": "digit", "to_name": "image", "type": "choices", "value": value}
    who = annotators[int(digits.annotator[row])].id
    return {
        "data": {"image": digits.images[row], "row": row},
        # An imported annotation counts as ground truth unless it is said that it is not.
        "annotations": [{"result": [region], "completed_by": who, "ground_truth": False}],
    }


def exported_labels(server: RunningLabelStudio, project: int) -> dict[int, str]:
    """Row of the digit → the label it carries, from Label Studio's own export: ground truth first."""
    with server.client() as client:
        export = answer(
            client.get(f"/api/projects/{project}/export", params={"exportType": "JSON"}, timeout=300)
        )
    return {int(task["data"]["row"]): _carried(task["annotations"]) for task in export}


def _carried(annotations: Sequence[Mapping[str, Any]]) -> str:
    kept = [one for one in annotations if not one.get("was_cancelled")]
    truths = [one for one in kept if one.get("ground_truth")]
    chosen = truths[-1] if truths else kept[0]
    label: str = next(r for r in chosen["result"] if r["from_name"] == "digit")["value"]["choices"][0]
    return label


@dataclass
class SimulatedReviewer:
    """Not a person: knows the true digit, and errs at a set rate, from a seed of its own."""

    client: httpx.Client
    truth_of: Mapping[str, str]
    rng: np.random.Generator
    answered: int = 0

    def answer_next(self, review_project: int) -> bool:
        """Take the next task from the labelling stream and answer it; False when there is none."""
        found = self.client.get(f"/api/projects/{review_project}/next")
        if found.status_code == httpx.codes.NOT_FOUND:
            return False
        task = answer(found)
        truth = self.truth_of[task["data"]["image"]]
        label = truth
        if self.rng.random() < MISTAKE_SHARE:
            label = str(self.rng.choice([name for name in CLASSES if name != truth]))
        self.answered += 1
        result = [_region("label", "choices", {"choices": [label]})]
        if self.answered % NOTE_EVERY == 0:
            text = f"Look at the strokes, not at the size: this one is a {label}."
            result.append(_region("note", "textarea", {"text": [text]}))
        answer(
            self.client.post(
                f"/api/tasks/{task['id']}/annotations/",
                json={"result": result, "lead_time": float(self.rng.uniform(2, 9))},
            )
        )
        return True


def _region(control: str, kind: str, value: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": control, "from_name": control, "to_name": "image", "type": kind, "value": dict(value)}


def answer(response: httpx.Response) -> Any:
    """The JSON of an answer that must be a success."""
    if not response.is_success:
        msg = f"Label Studio answered {response.status_code} to {response.request.url.path}"
        raise ServerError(msg)
    return response.json()
