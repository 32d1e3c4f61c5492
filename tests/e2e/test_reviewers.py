"""Golden questions and reviewer accounts on a real Label Studio: nothing there tells them apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from connector.actions.golden import Line, store
from connector.config.file import load
from connector.model import IssueKind, IssueState
from connector.model.jobs import JobKind
from connector.queue import SilentQueue
from connector.store.views.people import reviewers_view
from connector.wiring import Services, build
from tests.support.label_studio import LabelStudioServer, choice
from tests.support.loop import CLASSES, NAME, Scene, set_scene, write_config
from workers.label_types.registry import codecs
from workers.service.runner import run_inline

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

WRONG = 8  # planted errors


def answer_all(scene: Scene, review: int, liar: int) -> int:
    """Everyone answers all they are offered: all as it is but one, who always says something else."""
    given = 0
    for number, reviewer in enumerate(scene.reviewers):
        with scene.server.client(reviewer.token) as client:
            while (found := client.get(f"/api/projects/{review}/next")).status_code == httpx.codes.OK:
                task = found.json()
                label = scene.truth[task["data"]["text"]]
                if number == liar:
                    label = CLASSES[(CLASSES.index(label) + 1) % len(CLASSES)]
                body = {"result": [choice(label)]}
                client.post(f"/api/tasks/{task['id']}/annotations/", json=body).raise_for_status()
                given += 1
    return given


def do(services: Services, *kinds: JobKind) -> None:
    for kind in kinds:
        run_inline(services, NAME, kind)


def shape(task: dict[str, Any]) -> tuple[Any, ...]:
    """All of a task but what it is about: the names and types of its data, and of its predictions."""
    data = sorted((name, type(value).__name__) for name, value in task["data"].items())
    predictions = [
        sorted((name, type(value).__name__) for name, value in one.items()) for one in task["predictions"]
    ]
    return (*data, len(predictions), *map(tuple, predictions))


def test_golden_questions_look_like_others_and_find_who_errs(
    label_studio: LabelStudioServer, tmp_path: Path
) -> None:
    scene = set_scene(label_studio, n_items=36, n_wrong=WRONG)
    sections = {
        "review": {"quorum": 2, "min_votes": 3, "max_votes": 3},
        "reviewers": {"golden_share": 0.5, "trust_after": 10},
    }
    config = write_config(tmp_path / "installation", scene, label_studio.url, project=sections)
    services = build(load(config), SilentQueue(), codecs=codecs())
    try:
        do(services, JobKind.SYNC)
        project = services.project(NAME)
        right = label_studio.tasks(scene.project)[WRONG:]
        lines = [Line(n, str(one["id"]), scene.truth[one["data"]["text"]]) for n, one in enumerate(right)]
        with services.store.begin() as unit:
            assert store(unit, project, lines, "import", "cli:test").added == len(right)
        do(services, JobKind.SCAN, JobKind.PUSH)

        review = int(services.project(NAME).review_remote_id or 0)
        with services.store.read() as unit:
            golden = {
                str(unit.items.data([one.item_id])[one.item_id]["text"])
                for one in unit.issues.listed(project.id, None, 100)
                if one.kind is IssueKind.GOLDEN
            }
        assert len(golden) == WRONG, "at a share of a half every flag has one beside it"
        tasks = label_studio.tasks(review)
        shapes = {(one["data"]["text"] in golden): set() for one in tasks}
        for one in tasks:
            shapes[one["data"]["text"] in golden].add(shape(one))
        assert shapes[True] == shapes[False]

        assert answer_all(scene, review, liar=2) >= 2 * len(tasks)
        do(services, JobKind.COLLECT, JobKind.DECIDE, JobKind.PUSH)
        answer_all(scene, review, liar=2)
        do(services, JobKind.COLLECT, JobKind.DECIDE, JobKind.REVIEWERS)

        with services.store.read() as unit:
            states = [
                one.state for one in unit.issues.listed(project.id, None, 100) if one.kind is IssueKind.GOLDEN
            ]
            found = reviewers_view(unit, project, services.project_settings(NAME))
        assert set(states) == {IssueState.MEASURED}
        people = {one.person: one for one in found.people}
        liar = people[str(scene.reviewers[2].id)]
        assert not liar.trusted
        assert liar.golden_right == 0
        for honest in scene.reviewers[:2]:
            assert people[str(honest.id)].trusted
            assert people[str(honest.id)].golden_right == people[str(honest.id)].golden > 0
        assert any("instead of 1" in one for one in found.warnings)
    finally:
        services.close()
