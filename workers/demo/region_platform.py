"""The demo's pictures and sentences on a Label Studio, and simulated reviewers of single regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from workers.demo.digits import ANNOTATORS, MISTAKE_SHARE, REVIEWERS
from workers.demo.home import Progress
from workers.demo.platform import IMPORT_AT_ONCE, answer
from workers.demo.scenes import HEIGHT, WIDTH, Marked, Scenes, all_right, overlap, planted_scenes, same
from workers.demo.server import (
    RunningLabelStudio,
    User,
    default_cache_dir,
    prepare_label_studio,
    start_label_studio,
)

RIGHT, WRONG = "right", "wrong"
DRAWN = "as_mended"  # the code of an answer that names what the reviewer drew
PICTURE = {"original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0}

Raw = dict[str, Any]


@contextmanager
def region_stage(folder: Path, kind: str, seed: int, say: Progress) -> Iterator[RegionStage]:
    """Start a Label Studio and load generated pictures or sentences into it."""
    scenes = planted_scenes(kind, np.random.default_rng(seed))
    say("Preparing Label Studio (the first time, this downloads and sets it up)")
    home = prepare_label_studio(default_cache_dir(), say)
    say("Starting Label Studio")
    with start_label_studio(home, folder / "label-studio") as server:
        annotators = [server.create_user(f"{name}@example.com") for name in ANNOTATORS]
        reviewers = [server.create_user(f"{name}@example.com") for name in REVIEWERS]
        say(f"Loading {len(scenes.shown)} items with {kind}, {scenes.n_wrong} of them with a wrong region")
        yield RegionStage(server, scenes, _project(server, scenes, annotators), reviewers)


@dataclass
class RegionStage:
    """Implements Stage. An item's label is whether all of its regions are right."""

    server: RunningLabelStudio
    scenes: Scenes
    number: int
    people: Sequence[User]
    name: str = "Label Studio"
    counted_in: str = "Label Studio's own export, by item: right where every region is"

    @property
    def token(self) -> str:
        """The administrator's."""
        return self.server.token

    @property
    def truth(self) -> Sequence[str]:
        """All items should be right."""
        return [RIGHT] * len(self.scenes.shown)

    def project(self) -> Mapping[str, Any]:
        """Where the items are; a model's regions stand beside them."""
        return {
            "platform": "label_studio",
            "url": self.server.url,
            "project": self.number,
            "predictions": {"source": "platform"},
        }

    def labels(self) -> dict[int, str]:
        """Whether the regions of each item are the true ones, from the export."""
        with self.server.client() as client:
            known = client.get(
                f"/api/projects/{self.number}/export", params={"exportType": "JSON"}, timeout=300
            )
        rows = {int(task["data"]["row"]): task["annotations"][0]["result"] for task in answer(known)}
        return {
            row: RIGHT if all_right([read(item) for item in result], self.scenes.truth[row]) else WRONG
            for row, result in rows.items()
        }

    def reviewers(self, review_link: str, seed: int) -> Sequence[RegionReviewer]:
        """They take from the labelling stream."""
        review_project = int(review_link.split("/projects/")[1].partition("/")[0])
        truth_of = dict(zip(self.scenes.shown, self.scenes.truth, strict=True))
        return [
            RegionReviewer(
                self.server.client(user.token),
                review_project,
                truth_of,
                np.random.default_rng([seed, number]),
            )
            for number, user in enumerate(self.people)
        ]

    def places(self) -> Mapping[str, str]:
        """Its pages and its logins."""
        server, reviewer = self.server, self.people[0]
        return {
            "Label Studio, the items": f"{server.url}/projects/{self.number}/data",
            "Label Studio, login as administrator": f"{server.admin_email} / {server.admin_password}",
            "Label Studio, login as reviewer": f"{reviewer.email} / {reviewer.password}",
        }


@dataclass
class RegionReviewer:
    """Not a person: knows the true regions, and errs at a set rate, from a seed of its own."""

    client: httpx.Client
    review_project: int
    truth_of: Mapping[str, Sequence[Marked]]
    rng: np.random.Generator

    def answer_next(self) -> bool:
        """Take the next task from the labelling stream and answer it; False when there is none."""
        known = self.client.get(f"/api/projects/{self.review_project}/next")
        if known.status_code == httpx.codes.NOT_FOUND:
            return False
        task = answer(known)
        shown = [dict(item) for item in task["predictions"][0]["result"]]
        code, drawn = self._code(task, shown), []
        if code == DRAWN:
            drawn = [self._drawn(task, read(shown[0]))]
        verdict = {"id": "verdict", "from_name": "label", "to_name": "item", "type": "choices"}
        result = [*shown, *drawn, verdict | {"value": {"choices": [code]}}]
        body = {"result": result, "lead_time": float(self.rng.uniform(2, 9))}
        answer(self.client.post(f"/api/tasks/{task['id']}/annotations/", json=body))
        return True

    def close(self) -> None:
        """Let go of the connection."""
        self.client.close()

    def _code(self, task: Raw, shown: Sequence[Raw]) -> str:
        """The answer, as it is stored."""
        offered = [one["alias"] for one in task["data"]["secondlook_answers"]]
        codes, truth = [code for code in offered if code != DRAWN], self._truth(task)
        if self.rng.random() < MISTAKE_SHARE:
            return str(self.rng.choice(codes))
        by_role = {item["from_name"]: read(item) for item in reversed(shown)}
        if "spot" in by_role:
            return DRAWN if DRAWN in offered else self._blind(by_role["spot"], truth)
        orange = by_role["box"]
        if any(same(orange, one) for one in truth):
            return "given" if "given" in codes else "model"
        if "given" not in codes or "model" not in codes:
            return "remove"
        blue = by_role.get("model")
        there = blue if blue is not None else orange
        return "model" if any(self._there(there, one, named=blue is not None) for one in truth) else "remove"

    def _truth(self, task: Raw) -> Sequence[Marked]:
        return next(truth for shown, truth in self.truth_of.items() if shown in task["data"].values())

    def _drawn(self, task: Raw, spot: Marked) -> Raw:
        """The true region that lies most in the pink one, drawn in orange."""
        truth = self._truth(task)
        nearest = max(truth, key=lambda one: _shared(one, spot))
        shown = next(shown for shown in self.truth_of if shown in task["data"].values())
        return _region(shown, nearest, "drawn") | {"from_name": "box", "to_name": "item"}

    def _blind(self, spot: Marked, truth: Sequence[Marked]) -> str:
        result = next((one for one in truth if self._there(spot, one, named=False)), None)
        return "remove" if result is None else f"label:{result.label}"

    def _there(self, place: Marked, one: Marked, *, named: bool) -> bool:
        return same(place if named else Marked(one.label, place.place), one)


def _shared(one: Marked, spot: Marked) -> float:
    """How much of two regions is the same: characters, or the overlap of boxes."""
    if len(one.place) == len(spot.place) == 2:
        return min(one.place[1], spot.place[1]) - max(one.place[0], spot.place[0])
    return overlap(one, spot)


def read(item: Mapping[str, Any]) -> Marked:
    """A region of a result, in pixels or characters."""
    value = item["value"]
    if "start" in value:
        return Marked(value["labels"][0], (value["start"], value["end"]))
    x, y, w, h = (value[name] for name in ("x", "y", "width", "height"))
    place = (x / 100 * WIDTH, y / 100 * HEIGHT, w / 100 * WIDTH, h / 100 * HEIGHT)
    return Marked(value["rectanglelabels"][0], place)


def _project(server: RunningLabelStudio, scenes: Scenes, annotators: Sequence[User]) -> int:
    with server.client() as client:
        body = {"title": f"Generated {scenes.kind}", "label_config": scenes.config}
        project = answer(client.post("/api/projects/", json=body))
        tasks = [_task(scenes, row, annotators[row % len(annotators)].id) for row in range(len(scenes.shown))]
        for start in range(0, len(tasks), IMPORT_AT_ONCE):
            part = tasks[start : start + IMPORT_AT_ONCE]
            answer(client.post(f"/api/projects/{project['id']}/import", json=part))
    return int(project["id"])


def _task(scenes: Scenes, row: int, who: int) -> Raw:
    shown = scenes.shown[row]
    given = [_region(shown, one, f"given-{n}") for n, one in enumerate(scenes.given[row])]
    model = [_region(shown, one, f"m-{n}") | {"score": p} for n, (one, p) in enumerate(scenes.predicted[row])]
    return {
        "data": {"object": shown, "row": row},
        "annotations": [{"result": given, "completed_by": who, "ground_truth": False}],
        "predictions": [{"model_version": "simulated-1", "result": model}],
    }


def _region(shown: str, one: Marked, region_id: str) -> Raw:
    names = {"id": region_id, "from_name": "region", "to_name": "object"}
    if len(one.place) == 2:
        start, end = (int(n) for n in one.place)
        value: Raw = {"start": start, "end": end, "text": shown[start:end], "labels": [one.label]}
        return {**names, "type": "labels", "value": value}
    x, y, w, h = one.place
    value = {
        "x": x / WIDTH * 100,
        "y": y / HEIGHT * 100,
        "width": w / WIDTH * 100,
        "height": h / HEIGHT * 100,
    }
    held = {**value, "rotation": 0, "rectanglelabels": [one.label]}
    return {**names, "type": "rectanglelabels", **PICTURE, "value": held}
