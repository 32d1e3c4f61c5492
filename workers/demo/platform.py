"""The demo's people and their project, through Label Studio's own API, as outsiders use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from workers.demo.digits import (
    ANNOTATORS,
    CLASSES,
    LABEL_CONFIG,
    NOTE_EVERY,
    REVIEW,
    REVIEWERS,
    Digits,
    View,
    note_on,
    seen_by,
)
from workers.demo.home import Progress
from workers.demo.server import (
    RunningLabelStudio,
    ServerError,
    User,
    default_cache_dir,
    prepare_label_studio,
    start_label_studio,
)

TITLE = "Handwritten digits"
IMPORT_AT_ONCE = 300  # tasks in one request


@contextmanager
def label_studio_stage(folder: Path, digits: Digits, say: Progress) -> Iterator[LabelStudioStage]:
    """Start a Label Studio and load the digits into it."""
    say("Preparing Label Studio (the first time, this downloads and sets it up)")
    home = prepare_label_studio(default_cache_dir(), say)
    say("Starting Label Studio")
    with start_label_studio(home, folder / "label-studio") as server:
        annotators = [server.create_user(f"{name}@example.com") for name in ANNOTATORS]
        reviewers = [server.create_user(f"{name}@example.com") for name in REVIEWERS]
        say(f"Loading {len(digits.images)} labeled digits, {int(digits.wrong.sum())} of them labeled wrong")
        yield LabelStudioStage(server, digits, create_project(server, digits, annotators), reviewers)


@dataclass
class LabelStudioStage:
    """Implements Stage."""

    server: RunningLabelStudio
    digits: Digits
    number: int
    people: Sequence[User]
    name: str = "Label Studio"
    counted_in: str = "Label Studio's own export"

    @property
    def truth(self) -> Sequence[str]:
        """The digits that the images show."""
        return [CLASSES[int(digit)] for digit in self.digits.truth]

    @property
    def token(self) -> str:
        """The administrator's."""
        return self.server.token

    def project(self) -> Mapping[str, Any]:
        """Where the digits are."""
        where = {"platform": "label_studio", "url": self.server.url, "project": self.number}
        return where | {"review": REVIEW}

    def labels(self) -> dict[int, str]:
        """From the export: ground truth first."""
        return exported_labels(self.server, self.number)

    def reviewers(self, review_link: str, seed: int) -> Sequence[SimulatedReviewer]:
        """They take from the labelling stream."""
        review_project = int(review_link.split("/projects/")[1].partition("/")[0])
        view_of = self.digits.view_of()
        return [
            SimulatedReviewer(
                self.server.client(user.token),
                review_project,
                view_of,
                np.random.default_rng([seed, number]),
            )
            for number, user in enumerate(self.people)
        ]

    def places(self) -> Mapping[str, str]:
        """Its pages and its logins."""
        server, reviewer = self.server, self.people[0]
        return {
            "Label Studio, the digits": f"{server.url}/projects/{self.number}/data",
            "Label Studio, login as administrator": f"{server.admin_email} / {server.admin_password}",
            "Label Studio, login as reviewer": f"{reviewer.email} / {reviewer.password}",
        }


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
    """Not a person: knows the true digit, and errs on hard ones as the others do, from a seed of its own."""

    client: httpx.Client
    review_project: int
    view_of: Mapping[str, View]
    rng: np.random.Generator
    answered: int = 0

    def answer_next(self) -> bool:
        """Take the next task from the labelling stream and answer it; False when there is none."""
        known = self.client.get(f"/api/projects/{self.review_project}/next")
        if known.status_code == httpx.codes.NOT_FOUND:
            return False
        task = answer(known)
        label = seen_by(self.rng, self.view_of[task["data"]["image"]])
        self.answered += 1
        result = [_region("label", "choices", {"choices": [label]})]
        if self.answered % NOTE_EVERY == 0:
            result.append(_region("note", "textarea", {"text": [note_on(label)]}))
        answer(
            self.client.post(
                f"/api/tasks/{task['id']}/annotations/",
                json={"result": result, "lead_time": float(self.rng.uniform(2, 9))},
            )
        )
        return True

    def close(self) -> None:
        """Let go of the connection."""
        self.client.close()


def _region(control: str, kind: str, value: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": control, "from_name": control, "to_name": "image", "type": kind, "value": dict(value)}


def answer(response: httpx.Response) -> Any:
    """The JSON of an answer that must be a success."""
    if not response.is_success:
        msg = f"Label Studio answered {response.status_code} to {response.request.url.path}"
        raise ServerError(msg)
    return response.json()
