"""Pushing review tasks, with all that is recorded, against bare import requests of the same tasks."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence

from lines import Line, interleaved, rates
from scene import Scene, other_than, tasks

from connector.model import FlagEvidence, Issue, IssueKind, IssueState, LabelledItem
from connector.model.jobs import JobKind
from connector.wiring import Services
from workers.demo.service import PROJECT
from workers.review.push import BATCH
from workers.review.question import first_votes, review_task
from workers.service.runner import run_inline

REVIEWS, QUICK_REVIEWS = 500, 100  # in one round
ROUNDS, QUICK_ROUNDS = 5, 2


def measure(scene: Scene) -> Iterator[Line]:
    """The peer sends the very tasks of our first push, in requests of the same size, to a twin project."""
    n = QUICK_REVIEWS if scene.quick else REVIEWS
    rounds = QUICK_ROUNDS if scene.quick else ROUNDS
    source, _ = scene.filled_project("Push", tasks(scene.annotators, n * (rounds + 1)))
    services = scene.services(scene.config(source, policy={"budget": n * (rounds + 1)}))
    run_inline(services, PROJECT, JobKind.SYNC)
    waiting = _labelled(services)
    _push(services, _taken(waiting, n))
    review_project = int(services.project(PROJECT).review_remote_id or 0)
    bodies = scene.as_imported(review_project, n)
    twin = scene.new_project("Bare push", scene.label_config(review_project))

    def ours() -> float:
        seconds = _push(services, _taken(waiting, n))
        scene.say(f"   ours {n / seconds:.0f}/s")
        return n / seconds

    def peer() -> float:
        started = time.perf_counter()
        for start in range(0, n, BATCH):
            scene.import_tasks(twin, bodies[start : start + BATCH])
        seconds = time.perf_counter() - started
        scene.say(f"   bare {n / seconds:.0f}/s")
        return n / seconds

    yield rates("push", *interleaved(rounds, ours, peer), "review tasks/s", reviews=n, batch=BATCH)


def _labelled(services: Services) -> list[LabelledItem]:
    project = services.project(PROJECT)
    with services.store.read() as unit:
        return list(unit.items.labelled(project.id))


def _taken(waiting: list[LabelledItem], n: int) -> list[LabelledItem]:
    taken, waiting[:n] = waiting[:n], []
    return taken


def _push(services: Services, items: Sequence[LabelledItem]) -> float:
    """Plan a review of each item, untimed, then push them all: seconds."""
    project = services.project(PROJECT)
    issues = [_issue(project.id, item) for item in items]
    with services.store.begin() as unit:
        unit.issues.add(issues)
        review = services.project_settings(PROJECT).review
        unit.reviews.plan([review_task(issue, first_votes(review, issue)) for issue in issues])
    started = time.perf_counter()
    result = run_inline(services, PROJECT, JobKind.PUSH)
    seconds = time.perf_counter() - started
    if result.summary["pushed"] != len(items):
        msg = f"{result.summary['pushed']} of {len(items)} review tasks were pushed"
        raise RuntimeError(msg)
    return seconds


def _issue(project_id: int, item: LabelledItem) -> Issue:
    return Issue(
        id=str(uuid.uuid4()),
        project_id=project_id,
        item_id=item.item_id,
        annotation_id=item.annotation_id,
        label_version=item.label_version,
        label_updated_at=item.updated_at,
        kind=IssueKind.LABEL_ERROR,
        state=IssueState.OPEN,
        given=item.label,
        suggested=other_than(item.label),
        quality=0.02,
        probability=0.97,
        rank=0,
        method="bench",
        model_version="bench",
        scan_id="bench",
        evidence=FlagEvidence(),
    )
