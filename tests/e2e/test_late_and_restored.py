"""Real servers that hear of our requests late, or come back older; and our own database that does.

What is expected is counted on the platform itself.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connector.config.file import load
from connector.config.keyring import KEY_FILE
from connector.model import Correction, CorrectionState, IssueState, ReviewState
from connector.model.jobs import JobKind
from connector.model.reasons import ADOPTED, LetGo, NotWritten
from connector.queue import SilentQueue
from connector.wiring import Services, build
from tests.support.argilla import ArgillaServer
from tests.support.argilla_loop import (
    CLASSES,
    REVIEWERS,
    answers_of,
    dataset_with_errors,
    write_argilla_config,
)
from tests.support.cut_proxy import FaultRule, HttpProxy
from tests.support.label_studio import LabelStudioServer, choice
from tests.support.loop import (
    NAME,
    Crew,
    Scene,
    crew,
    looking,
    set_scene,
    wait_until,
    work,
    write_config,
)
from tests.support.processes import GuardedProcess, ProcessPark
from workers.cli.app import run as command
from workers.label_types.registry import codecs
from workers.service.runner import run_inline

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

N_ITEMS, N_WRONG = 15, 3
TRUTHS = {0: N_ITEMS - N_WRONG, 1: N_WRONG}  # how many ground truths → on how many tasks
ASK = (JobKind.SYNC, JobKind.SCAN, JobKind.PUSH)
DECIDE = (JobKind.COLLECT, JobKind.DECIDE)


@pytest.fixture
def scene(label_studio: LabelStudioServer) -> Scene:
    return set_scene(label_studio, n_items=N_ITEMS, n_wrong=N_WRONG)


# --- requests that arrive late ------------------------------------------------------------------


def test_requests_that_hang_while_their_worker_is_killed_leave_nothing_twice(
    scene: Scene, label_studio: LabelStudioServer, processes: ProcessPark, tmp_path: Path
) -> None:
    with HttpProxy(label_studio.url) as proxy:
        config = write_config(tmp_path / "installation", scene, proxy.url, poll_seconds=1.0)
        one = crew(config, processes)
        with looking(one) as services:
            service, imported = killed_while_it_hangs(one, one.up(), proxy, r"/import")
            review = wait_until("questions", lambda: asked(services))
            assert proxy.let_through(imported) == 201
            answered = answer_a_double(scene, review)
            wait_until("one task for each question", lambda: set(standing(scene, review).values()) == {1})

            hangs = proxy.hold("POST", r"/api/tasks/\d+/annotations")
            wait_until("a write that hangs", lambda: scene.answer_open(review) < 0 or hangs.hits)
            service, _ = restarted(one, service, hangs)
            wait_until("all corrections", lambda: scene.answer_open(review) < 0 or applied(services))
            assert proxy.let_through(hangs) == 201
            wait_until("each correction once", lambda: scene.annotations_per_task() == corrected_once())
            assert scene.labels() == scene.truth
            wait_until("one truth for each", lambda: truths_per_task(scene) == TRUTHS)
            assert answered in votes_that_count(services), "the answer in the double counts"
            service.stop()

            late = written_by(services, hangs)
        assert proxy.let_through(hangs) == 201
        assert command(["--config", str(config), "revert", late.id]) == 0
        assert scene.annotations_per_task() == {1: N_ITEMS - N_WRONG + 1, 2: N_WRONG - 1}
        assert proxy.let_through(hangs) == 201
        with working(config) as services:
            work(services, NAME, JobKind.SYNC)
        assert scene.annotations_per_task() == {1: N_ITEMS - N_WRONG + 1, 2: N_WRONG - 1}


def killed_while_it_hangs(
    installation: Crew, service: GuardedProcess, proxy: HttpProxy, path: str
) -> tuple[GuardedProcess, FaultRule]:
    return restarted(installation, service, proxy.hold("POST", path))


def restarted(
    installation: Crew, service: GuardedProcess, hangs: FaultRule
) -> tuple[GuardedProcess, FaultRule]:
    """Kill the service while its request hangs, and start it again."""
    hangs.wait(60)
    service.kill()
    return installation.up(), hangs


def asked(services: Services) -> int | None:
    """The review project, once all its tasks are sent."""
    with services.store.read() as unit:
        project = unit.projects.by_name(NAME)
        sent = project and unit.reviews.counts(project.id).get(ReviewState.PUSHED)
    return int(project.review_remote_id or 0) if project and sent == N_WRONG else None


def standing(scene: Scene, review: int) -> Counter[str]:
    """Key of a question → how many tasks stand for it."""
    data = [task["data"] for task in scene.review_tasks(review)]
    return Counter(one["secondlook_key"] for one in data if not one["secondlook_title"].startswith("With"))


def answer_a_double(scene: Scene, review: int) -> str:
    """Somebody answers the last task, which is one that came late, and no other; the answer's id."""
    one = scene.server.create_user("reviewer-of-a-double@example.com")
    task = max(scene.review_tasks(review), key=lambda one: int(one["id"]))
    label = scene.truth[task["data"]["text"]]
    return str(scene.server.annotate(task["id"], [choice(label)], one))


def applied(services: Services) -> bool:
    return states(services).get(CorrectionState.APPLIED) == N_WRONG


def states(services: Services) -> dict[CorrectionState, int]:
    with services.store.read() as unit:
        return unit.corrections.counts(services.project(NAME).id)


def corrected_once() -> dict[int, int]:
    """How many tasks have how many annotations when each wrong label has its correction beside it."""
    return {1: N_ITEMS - N_WRONG, 2: N_WRONG}


def truths_per_task(scene: Scene) -> Counter[int]:
    tasks = scene.server.tasks(scene.project)
    return Counter(sum(one["ground_truth"] for one in task["annotations"]) for task in tasks)


def corrections(services: Services) -> list[Correction]:
    with services.store.read() as unit:
        return unit.corrections.listed(services.project(NAME).id)


def written_by(services: Services, hangs: FaultRule) -> Correction:
    """The correction whose marker the held-up request carries."""
    return next(one for one in corrections(services) if one.id.encode() in hangs.held)


def votes_that_count(services: Services) -> set[str]:
    with services.store.read() as unit:
        issues = unit.issues.listed(services.project(NAME).id, None, 100)
        keys = [task.key for task in unit.reviews.of_issues([one.id for one in issues]).values()]
        return {vote.remote_id for votes in unit.votes.of(keys).values() for vote in votes if vote.counted}


# --- servers that come back older ---------------------------------------------------------------


@dataclass
class Desk:
    """An installation without processes: its jobs run when they are called."""

    scene: Scene
    services: Services

    @property
    def server(self) -> LabelStudioServer:
        return self.scene.server

    @property
    def review(self) -> int:
        return int(self.services.project(NAME).review_remote_id or 0)

    def work(self, *kinds: JobKind) -> None:
        work(self.services, NAME, *kinds)

    def source_task(self, text: str) -> dict[str, Any]:
        return self._task(self.scene.project, text)

    def question(self, text: str) -> dict[str, Any]:
        return self._task(self.review, text)

    def _task(self, project: int, text: str) -> dict[str, Any]:
        return [task for task in self.server.tasks(project) if task["data"]["text"] == text][-1]

    def answer(self, text: str, *labels: str) -> None:
        task = self.question(text)
        for label, reviewer in zip(labels, self.scene.reviewers, strict=False):
            self.server.annotate(task["id"], [choice(label)], reviewer)

    def stored(self) -> dict[str, str]:
        """Text → the label that we know of."""
        with self.services.store.read() as unit:
            labelled = list(unit.items.labelled(self.services.project(NAME).id))
            data = unit.items.data([one.item_id for one in labelled])
        return {str(data[one.item_id]["text"]): one.label for one in labelled}

    def issues_about(self, text: str) -> list[tuple[IssueState, str | None]]:
        return about(self.services, text)


def about(services: Services, text: str) -> list[tuple[IssueState, str | None]]:
    """State and reason of each issue about that item."""
    with services.store.read() as unit:
        listed = unit.issues.listed(services.project(NAME).id, None, 100)
        data = unit.items.data([one.item_id for one in listed])
    return [(one.state, one.reason) for one in listed if data[one.item_id]["text"] == text]


@contextmanager
def at_work(folder: Path, scene: Scene, **sections: Any) -> Iterator[Desk]:
    with working(write_config(folder, scene, scene.server.url, project=sections)) as services:
        yield Desk(scene, services)


@contextmanager
def working(config: Path) -> Iterator[Services]:
    services = build(load(config), SilentQueue(), codecs=codecs())
    try:
        yield services
    finally:
        services.close()


def test_a_platform_that_was_restored_is_believed_and_its_new_tasks_are_left_alone(
    scene: Scene, tmp_path: Path
) -> None:
    with at_work(tmp_path / "installation", scene) as desk:
        desk.work(*ASK)
        backup = desk.server.backup(tmp_path / "platform.db")
        relabelled, corrected, new = "item 009", "item 000", "made later"
        changed = desk.source_task(relabelled)["annotations"][0]["id"]
        desk.server.call("PATCH", f"/api/annotations/{changed}/", json={"result": [choice("dog")]})
        desk.server.import_tasks(scene.project, [made_later(desk, new)])
        desk.work(*ASK)
        lost = desk.question(new)
        desk.answer(corrected, scene.truth[corrected], scene.truth[corrected])
        desk.work(*DECIDE)
        assert states(desk.services) == {CorrectionState.APPLIED: 1}
        assert desk.stored()[relabelled] == "dog"

        desk.server.restore(backup)
        foreign = [lost["data"] | {"text": "foreign", "secondlook_key": f"theirs {n}"} for n in range(3)]
        assert lost["id"] in desk.server.import_tasks(desk.review, foreign), "the number is given anew"
        theirs = desk.server.task(lost["id"])
        desk.work(JobKind.SYNC, JobKind.RECONCILE, JobKind.COLLECT)

        assert desk.stored() == scene.labels()
        assert new not in desk.stored()
        (undone,) = corrections(desk.services)  # its answers went with it
        assert (undone.state, undone.error) == (CorrectionState.CANCELLED, NotWritten.DECISION_WITHDRAWN)
        assert all(state is IssueState.STALE for state, _ in desk.issues_about(new))
        now = desk.server.task(lost["id"])
        assert [now[each] for each in ("data", "overlap", "is_labeled")] == [
            theirs[each] for each in ("data", "overlap", "is_labeled")
        ]
        assert set(standing(scene, desk.review).values()) == {1}


def made_later(desk: Desk, text: str) -> dict[str, Any]:
    """A task whose label the model contradicts, like one that is there."""
    like = desk.source_task("item 000")
    keys = ("result", "score", "model_version", "completed_by", "ground_truth")
    rows = {
        name: [{key: row[key] for key in keys if key in row} for row in like[name]]
        for name in ("annotations", "predictions")
    }
    return {"data": {"text": text}, **rows}


def test_a_text_that_is_edited_under_review_is_asked_about_anew(scene: Scene, tmp_path: Path) -> None:
    with at_work(tmp_path / "installation", scene) as desk:
        desk.work(*ASK)
        task, question = desk.source_task("item 001"), desk.question("item 001")
        desk.answer("item 001", "dog")
        desk.work(JobKind.COLLECT)
        body = json.dumps({"data": {"text": "item 001, edited"}})
        path = f"/api/tasks/{task['id']}/"
        desk.server.call("PATCH", path, content=body, headers={"Content-Type": "application/json"})
        desk.work(JobKind.SYNC)

        assert (IssueState.STALE, LetGo.ITEM_EDITED) in desk.issues_about("item 001, edited")
        again = desk.question("item 001, edited")
        assert again["id"] != question["id"]
        assert again["annotations"] == []
        desk.server.annotate(question["id"], [choice("dog")], scene.reviewers[1])  # it was open in a browser
        desk.work(*DECIDE)
        assert corrections(desk.services) == [], "two answers to what it was decide nothing"


def test_our_database_restored_knows_its_update_in_place_and_takes_it_back(
    scene: Scene, tmp_path: Path
) -> None:
    """Of a moment before the write; and of one before the issue, when it is told by its mark alone."""
    folder, given = tmp_path / "installation", scene.labels()
    with at_work(folder, scene, writeback={"mode": "update"}) as desk:
        desk.work(JobKind.SYNC)
        database = Path(str(desk.services.store._engine.url.database))
    shutil.copy(database, tmp_path / "older.db")
    with at_work(folder, scene, writeback={"mode": "update"}) as desk:
        desk.work(*ASK)
        desk.answer("item 000", scene.truth["item 000"], scene.truth["item 000"])
        for kind in DECIDE:
            run_inline(desk.services, NAME, kind)
    shutil.copy(database, tmp_path / "backup.db")
    with at_work(folder, scene, writeback={"mode": "update"}) as desk:
        desk.work()
        assert states(desk.services) == {CorrectionState.APPLIED: 1}
        (written,) = corrections(desk.services)
    for backup in ("backup.db", "older.db"):
        for part in database.parent.glob(f"{database.name}*"):
            part.unlink()
        shutil.copy(tmp_path / backup, database)
        with at_work(folder, scene, writeback={"mode": "update"}) as desk:
            desk.work(*ASK)
            (known,) = corrections(desk.services)
            assert (known.id, known.state) == (written.id, CorrectionState.APPLIED)
            assert [state for state, _ in desk.issues_about("item 000")] == [IssueState.ACCEPTED]
            assert sum(one["data"]["text"] == "item 000" for one in scene.review_tasks(desk.review)) == 1
    assert command(["--config", str(folder / "secondlook.toml"), "revert", "--run", known.run_id]) == 0
    assert scene.labels() == given


# --- the same on Argilla ------------------------------------------------------------------------


def test_on_argilla_an_edited_text_is_asked_about_anew_and_a_restore_is_believed(
    argilla: ArgillaServer, tmp_path: Path
) -> None:
    truth = {f"item {n:03d}": CLASSES[n % 3] for n in range(N_ITEMS)}
    dataset = dataset_with_errors(argilla, truth, N_WRONG)
    config = write_argilla_config(tmp_path / "installation", argilla, dataset)
    with working(config) as services:
        work(services, NAME, *ASK)
        review = str(services.project(NAME).review_remote_id)
        record = next(one for one in argilla.records(dataset) if one["fields"]["text"] == "item 001")
        argilla.call("PATCH", f"/records/{record['id']}", json={"fields": {"text": "item 001, edited"}})
        work(services, NAME, JobKind.SYNC, JobKind.PUSH)
        assert set(about(services, "item 001, edited")) == {
            (IssueState.STALE, LetGo.ITEM_EDITED),
            (IssueState.IN_REVIEW, None),
        }
        asked_texts = Counter(one["fields"]["text"] for one in argilla.records(review))
        assert asked_texts["item 001, edited"] == 1

        backup = argilla.backup(tmp_path / "argilla.db")
        for name in REVIEWERS[:2]:
            question = next(one for one in argilla.records(review) if one["fields"]["text"] == "item 000")
            argilla.respond(question["id"], {"label": truth["item 000"]}, name)
        work(services, NAME, *DECIDE)
        assert states(services) == {CorrectionState.APPLIED: 1}
        lost = write_argilla_config(tmp_path / "database lost", argilla, dataset)
        load(lost).data_dir.mkdir(mode=0o700)
        shutil.copy(services.settings.data_dir / KEY_FILE, load(lost).data_dir / KEY_FILE)
        with working(lost) as anew:
            work(anew, NAME, *ASK)
            assert [one.id for one in corrections(anew)] == [one.id for one in corrections(services)]
            assert about(anew, "item 000") == [(IssueState.ACCEPTED, ADOPTED)]
        argilla.restore(backup)
        work(services, NAME, JobKind.SYNC, JobKind.RECONCILE, JobKind.COLLECT)
        (undone,) = corrections(services)  # its answers went with it
        assert (undone.state, undone.error) == (CorrectionState.CANCELLED, NotWritten.DECISION_WITHDRAWN)
        assert answers_of(argilla, dataset, "owner") == {}
