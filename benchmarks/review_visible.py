"""From a changed label to its review task in Label Studio, through real webhooks and `secondlook up`.

The peer is the least that any service must do: the same change of a label, and at once one bare import
request of one review task, watched for in the same way.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from lines import Line, figures, times
from scene import CLASSES, Json, Scene, choice, other_than, tasks

from workers.demo.service import Service, running

TASKS, QUICK_TASKS = 1_000, 200
ROUNDS, QUICK_ROUNDS = 20, 5
PLANTED = 3  # wrong labels that are there from the start: with them the review project is made
LOOK_EVERY_S = 0.1
LONGEST_S = 120.0
START_S = 300.0
POLICY = {
    "method": "predicted_neq_given",  # certain to flag what is planted here
    "scan_after_changes": 1_000_000,  # changed labels are judged at once, without a scan
    "budget": 1_000,
    "class_cap": 1.0,
    "control_share": 0.0,
    "blind_share": 0.0,
}
SYNC = {"poll_seconds": 3600.0}  # the webhook, not the poll, has to bring the news


@dataclass(frozen=True)
class Label:
    """An annotation that will be changed."""

    id: int
    number: int  # of its ticket
    label: str


def measure(scene: Scene) -> Iterator[Line]:
    """One change at a time; ours and the peer in turn."""
    n = QUICK_TASKS if scene.quick else TASKS
    rounds = QUICK_ROUNDS if scene.quick else ROUNDS
    # One annotator each: with two, the other's right label would still be the item's label.
    made = tasks(scene.annotators[:1], n)
    for wrong in made[-PLANTED:]:
        right = CLASSES[wrong["data"]["number"] % len(CLASSES)]
        wrong["annotations"][0]["result"] = [choice(other_than(right))]
    source, ids = scene.filled_project("Review visible", made)
    bare_source, bare_ids = scene.filled_project("Bare source", made[: rounds + 1])
    del bare_source
    labels, bare_labels = _labels(scene, ids[: rounds + 1]), _labels(scene, bare_ids)
    with running(scene.config(source, policy=POLICY, sync=SYNC)) as service:
        review_project = _ready(scene, service, source)
        twin = scene.new_project("Bare reviews", scene.label_config(review_project))
        review = scene.as_imported(review_project, 1)[0]
        ours, peer = [], []
        for number, (label, bare) in enumerate(zip(labels, bare_labels, strict=True)):
            took = _seconds(scene, label, review_project, lambda: None)
            review["data"]["text"] = f"Ticket {bare.number}: bare"
            floor = _seconds(scene, bare, twin, lambda: scene.import_tasks(twin, [review]))
            scene.say(f"   ours {took:.2f} s, bare {floor:.2f} s")
            if number:  # the first one warms both up
                ours.append(took)
                peer.append(floor)
    yield times(
        "review_visible",
        ours,
        peer,
        "s",
        ours_p90=figures(quantiles(ours, n=10, method="inclusive")[-1]),
        peer_p90=figures(quantiles(peer, n=10, method="inclusive")[-1]),
        tasks=n,
        scan_after_changes=POLICY["scan_after_changes"],
        predictions="platform",
        looked_every_s=LOOK_EVERY_S,
    )


def _labels(scene: Scene, ids: list[int]) -> list[Label]:
    rows = [scene.call("GET", f"/api/tasks/{task_id}") for task_id in ids]
    return [
        Label(row["annotations"][0]["id"], number, CLASSES[number % len(CLASSES)])
        for row in rows
        for number in [row["data"]["number"]]
    ]


def _ready(scene: Scene, service: Service, source: int) -> int:
    """Wait until the first scan's reviews and both webhooks stand; the review project's number."""
    state = service.wait("the first review tasks", _first_reviews, START_S)
    review_project = int(state["review_link"].split("/projects/")[1].split("/")[0])
    deadline = time.monotonic() + START_S
    while not all(
        scene.call("GET", "/api/webhooks/", params={"project": p}) for p in (source, review_project)
    ):
        if time.monotonic() > deadline:
            msg = "the webhooks were not registered"
            raise RuntimeError(msg)
        time.sleep(1)
    return review_project


def _first_reviews(state: dict[str, Any]) -> bool:
    reviews = state.get("reviews", {})
    return reviews.get("pushed", 0) >= PLANTED and not reviews.get("planned", 0)


def _seconds(scene: Scene, label: Label, review_project: int, then: Callable[[], object]) -> float:
    """Change a label to a wrong one, do what follows, and look for the new review task."""
    last = max((row["id"] for row in _newest(scene, review_project, 0)), default=0)
    started = time.perf_counter()
    body = {"result": [choice(other_than(label.label))]}
    scene.call("PATCH", f"/api/annotations/{label.id}/", json=body)
    then()
    while time.perf_counter() - started < LONGEST_S:
        if any(_asks_about(row, label) for row in _newest(scene, review_project, last)):
            return time.perf_counter() - started
        time.sleep(LOOK_EVERY_S)
    msg = f"no review task was seen within {LONGEST_S:.0f} s"
    raise RuntimeError(msg)


def _asks_about(row: Json, label: Label) -> bool:
    return str(row["data"].get("text")).startswith(f"Ticket {label.number}:")


def _newest(scene: Scene, review_project: int, last: int) -> list[Json]:
    above = {"filter": "filter:tasks:id", "operator": "greater", "type": "Number", "value": last}
    query = {"ordering": ["-tasks:id"], "filters": {"conjunction": "and", "items": [above]}}
    params: dict[str, Any] = {
        "project": review_project,
        "page": 1,
        "page_size": 5,
        "fields": "all",
        "include": "id,data",
        "query": json.dumps(query),
    }
    return list(scene.call("GET", "/api/tasks", params=params)["tasks"])
