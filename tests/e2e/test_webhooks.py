"""Real webhooks of a real Label Studio: with polling switched all but off, changes arrive all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.model import CorrectionState
from tests.support.label_studio import LabelStudioServer, choice
from tests.support.loop import NAME, crew, looking, set_scene, wait_until, write_config
from tests.support.processes import ProcessPark

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def test_a_new_annotation_and_the_reviewers_answers_arrive_without_polling(
    label_studio: LabelStudioServer, processes: ProcessPark, tmp_path: Path
) -> None:
    scene = set_scene(label_studio, n_items=18, n_wrong=2)
    config = write_config(tmp_path / "installation", scene, label_studio.url, poll_seconds=36_000.0)
    one = crew(config, processes)
    one.up()

    def hooks(project: int) -> list[str]:
        found = label_studio.call("GET", "/api/webhooks/", params={"project": project})
        return [hook["url"] for hook in found if hook["is_active"]]

    wait_until("a webhook on the source project", lambda: hooks(scene.project))
    task = label_studio.tasks(scene.project)[-1]["id"]
    label_studio.annotate(task, [choice("dog")], scene.reviewers[2])

    with looking(one) as services:

        def two_labels() -> bool:
            with services.store.read() as unit:
                project = unit.projects.by_name(NAME)
                assert project is not None
                return any(item.others for item in unit.items.labelled(project.id))

        wait_until("the annotation in the store", two_labels)

        def review_project() -> int | None:
            with services.store.read() as unit:
                project = unit.projects.by_name(NAME)
                return int(project.review_remote_id) if project and project.review_remote_id else None

        review = wait_until("a review project", review_project)
        wait_until("a webhook on the review project", lambda: hooks(review))

        def applied() -> bool:
            scene.answer_open(review)
            with services.store.read() as unit:
                project = unit.projects.by_name(NAME)
                assert project is not None
                return unit.corrections.counts(project.id).get(CorrectionState.APPLIED) == 2

        wait_until("the corrections", applied)
    assert [url.rsplit("/", 1)[0] for url in hooks(scene.project)] == [
        f"{one.settings.server.url}/hooks/{NAME}/source"
    ]


def test_a_changed_label_is_judged_at_once_and_its_review_task_arrives_without_a_scan(
    label_studio: LabelStudioServer, processes: ProcessPark, tmp_path: Path
) -> None:
    scene = set_scene(label_studio, n_items=18, n_wrong=2)
    config = write_config(tmp_path / "installation", scene, label_studio.url, poll_seconds=36_000.0)
    one = crew(config, processes)
    one.up()
    with looking(one) as services:

        def review_project() -> int | None:
            with services.store.read() as unit:
                project = unit.projects.by_name(NAME)
                return int(project.review_remote_id) if project and project.review_remote_id else None

        review = wait_until("a review project", review_project)

        def asked() -> set[str]:
            return {task["data"]["text"] for task in scene.review_tasks(review)}

        wait_until("the reviews of the first scan", lambda: len(asked()) == 2)
        source = {"project": scene.project}
        wait_until("a webhook", lambda: label_studio.call("GET", "/api/webhooks/", params=source))

        def at_rest() -> str | None:
            with services.store.read() as unit:
                project = unit.projects.by_name(NAME)
                last = unit.issues.last_scan(project.id) if project else None
                busy = project is None or unit.jobs.unfinished(project.id)
                return None if busy or last is None else last.id

        scan = wait_until("a moment without work", at_rest)
        task = label_studio.tasks(scene.project)[-1]
        right = scene.truth[task["data"]["text"]]
        wrong = next(name for name in ("cat", "dog") if name != right)
        annotation = label_studio.task(task["id"])["annotations"][0]["id"]
        body = {"result": [choice(wrong)]}
        label_studio.call("PATCH", f"/api/annotations/{annotation}/", json=body)

        wait_until("the review of the changed label", lambda: task["data"]["text"] in asked())

        with services.store.read() as unit:
            project = unit.projects.by_name(NAME)
            assert project is not None
            last = unit.issues.last_scan(project.id)
            assert last is not None
            assert last.id == scan
